"""Read what an operator chose from the environment: once, all faults together, no value in a complaint."""

import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

GOOGLE = "https://fcm.googleapis.com"
"""Where FCM answers, as `notifications.fcm` has it, which nobody needs to load who only reads settings."""

EMULATOR: Final = "FIREBASE_AUTH_EMULATOR_HOST"
"""Where this is set, Google's library takes tokens that nobody has signed."""

EXIT_UNFIT = 78
"""EX_CONFIG of sysexits.h: a supervisor should not try again before somebody has changed something."""


class SettingsUnfit(Exception):  # noqa: N818 - a past-tense fact, read by a person
    """The environment does not fit; `faults` holds a sentence for each variable that is wrong."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Secret(Struct, frozen=True):
    """A text that no traceback, print or log may show."""

    text: str

    def __repr__(self) -> str:
        return "Secret(***)"


class Address(Struct, frozen=True):
    """Where to listen; port 0 lets the system choose a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be chosen, read once. Defaults are those of development; units stand last."""

    mode: Literal["development", "production"] = "development"
    database_url: Secret | None = None
    keys_dsn: Secret | None = None
    hints_dsn: Secret | None = None
    keys: str | None = None
    bind: Address = Address("127.0.0.1", 8000)
    admin_bind: Address = Address("127.0.0.1", 8001)
    public_url: str | None = None
    pool_max: int = 10
    pool_wait_s: float = 2.0
    statement_s: float = 5.0
    statement_cache: int = 100
    body_bytes_max: int = 1024 * 1024
    inflated_bytes_max: int = 4 * 1024 * 1024
    in_flight_max: int = 200
    streams_max: int = 10_000
    schema_min: int = 1
    identity: Literal["local", "firebase", "oidc"] | None = None
    identity_providers: tuple[str, ...] = ("apple.com", "google.com")
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    fcm: Literal["log", "send"] | None = None
    fcm_base_url: str | None = None
    firebase_project: str | None = None
    google_credentials: str | None = None
    bye_s: float = 3.0
    drain_s: float = 25.0
    tick_s: float = 1.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    test_dsn: Secret | None = None

    @property
    def development(self) -> bool:
        """Whether this is somebody's own machine, where a convenience outweighs a guard."""
        return self.mode == "development"

    @property
    def vouches(self) -> Literal["local", "firebase", "oidc"] | None:
        """Who vouches for a person: on somebody's own machine anybody, unless it is chosen; else only who is chosen."""
        return self.identity or ("local" if self.development else None)

    @property
    def over_tls(self) -> bool:
        """Whether phones reach this over TLS, and may be told to come in no other way."""
        return self.public_url is not None and self.public_url.startswith("https://")

    @property
    def sends(self) -> bool:
        """Whether prompts are handed to FCM; otherwise they are only counted."""
        return not self.development if self.fcm is None else self.fcm == "send"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Return the settings in `environ`; raise SettingsUnfit with every fault at once.

        A secret may also be named by a file (`DATABASE_URL_FILE`). A variable set to nothing is absent.
        Names that begin with HAVEN_ and are not known are refused: a slip would otherwise do nothing.
        """
        faults: list[str] = []
        given: dict[str, Any] = {}
        for variable in VARIABLES:
            text = _text_of(variable, environ, faults)
            if text:
                try:
                    given[variable.field] = variable.read(text)
                except ValueError as fault:
                    faults.append(f"{variable.name} {fault}.")
        known = {name for variable in VARIABLES for name in variable.names} | OF_OTHERS
        faults += [
            f"{name} is not a setting of Haven. `haven check` (in a checkout: `.venv/bin/haven check`) lists them all."
            for name in sorted(environ)
            if name.startswith("HAVEN_") and name not in known
        ]
        settings = cls(**given)
        faults += _unsafe_pairs(settings)
        if settings.mode == "production":
            faults += _unsafe_in_production(settings, environ)
        if faults:
            raise SettingsUnfit(faults)
        return settings


class Variable(Struct, frozen=True):
    """One environment variable: the field it fills, how its text is read, what it means."""

    name: str
    field: str
    read: Callable[[str], Any]
    meaning: str
    secret: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The variable itself and, for a secret, the one that names a file."""
        return (self.name, f"{self.name}_FILE") if self.secret else (self.name,)


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be {' or '.join(allowed)}")
        return text

    return read


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def _seconds(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text) or not least <= float(text) <= most:
            raise ValueError(f"must be a number of seconds from {least:g} to {most:g}")
        return float(text)

    return read


def _dsn(text: str) -> Secret:
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://, as in postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    found = _DSN.fullmatch(text)
    ports = [] if found is None else re.findall(r":([0-9]+)(?=,|$)", found["hosts"])
    try:
        urlsplit(text)
    except ValueError:  # it quotes the password
        found = None
    if found is None or re.search(r"%(?![0-9a-fA-F]{2})", text) or not all(1 <= int(port) <= 0xFFFF for port in ports):
        raise ValueError(
            "must read postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with a number from 1 to 65535 for PORT."
            " Within USER, PASSWORD and DATABASE, # is written %23, / is %2F, ? is %3F, @ is %40, : is %3A, % is %25,"
            " [ is %5B, and a blank is %20"
        )
    return Secret(text)


_HOST: Final = r"(?: [A-Za-z0-9._%-]+ | \[ [0-9a-fA-F:.]+ \] ) (?: :[0-9]{1,5} )?"
# A sign that would end a part too early is escaped in it: asyncpg would look for a host in half of a password.
_DSN: Final = re.compile(
    rf"""
    postgres(?:ql)?://
    (?: [^\s:/?\#@\[\]]* (?: : [^\s/?\#@\[\]]* )? @ )?    # user and password
    (?P<hosts> (?: {_HOST} (?: , {_HOST} )* )? )
    (?: / [^\s/?\#@]* )?                                 # database
    (?: \? (?: [A-Za-z_.]+ = [^\s&?\#@]* (?: & (?!$) | $ ) )* )?
    """,
    re.VERBOSE,
)


def _address(text: str) -> Address:
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})", text)
    if found is None or int(found[3]) > 0xFFFF:
        raise ValueError(
            "must be host:port with a port up to 65535, such as 127.0.0.1:8000 for this machine alone,"
            " or 0.0.0.0:8000 or [::]:8000 for others too"
        )
    return Address(found[1] or found[2], int(found[3]))


def _key_ring(text: str) -> str:
    if not re.fullmatch(r"file:.+", text):
        raise ValueError("must be file: and the path of a key file, such as file:/srv/haven/keys.json")
    return text


def _base_url(text: str) -> str:
    found = re.fullmatch(r"(https?)://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?", text)
    if found is None or (found[1] == "http" and found[2] not in ("127.0.0.1", "localhost", "[::1]")):
        raise ValueError(
            "must be an address without a path, such as http://127.0.0.1:8080 for this machine, or https://HOST:PORT:"
            " whoever answers there is shown an access token"
        )
    return text


def _public_url(text: str) -> str:
    if not re.fullmatch(r"https?://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?", text):
        raise ValueError("must be an address without a path, such as https://haven.example.org")
    return text


def _providers(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if not all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", name) for name in names) or "anonymous" in names:
        raise ValueError(
            "must be names of Firebase's providers with commas between, such as apple.com,google.com,password."
            " anonymous proves nothing, and is never taken"
        )
    return names


def _issuer(text: str) -> str:
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?", text):
        raise ValueError("must be an https address as the issuer writes it of itself, such as https://id.example.org")
    return text


def _audience(text: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", text):
        raise ValueError("must be what the issuer calls the app: up to 255 plain characters without a blank")
    return text


def _project(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", text):
        raise ValueError("must be the id of a project: 6 to 30 lower-case letters, digits and dashes")
    return text


NOT_YET: Final = (
    "HAVEN_MODE=production cannot be used yet: what guards it against floods and restores is not built."
    " Use HAVEN_MODE=development on your own machine."
)

OF_OTHERS: Final = frozenset({"HAVEN_DEVICE"})
"""Known here, and not settings of this program: what `haven-device` reads may be set for a whole shell."""

VARIABLES: Final = (
    Variable("HAVEN_MODE", "mode", _choice("development", "production"), "development or production"),
    Variable("DATABASE_URL", "database_url", _dsn, "main database; absent: an embedded one", secret=True),
    Variable("HAVEN_KEYS_DSN", "keys_dsn", _dsn, "database of the keys; absent: the main one", secret=True),
    Variable("HAVEN_HINTS_DSN", "hints_dsn", _dsn, "direct way to the database, past a pooler", secret=True),
    Variable("HAVEN_KEYS", "keys", _key_ring, "file:PATH of the root keys; absent: made once, in development"),
    Variable("HAVEN_BIND", "bind", _address, "where phones connect"),
    Variable("HAVEN_ADMIN_BIND", "admin_bind", _address, "where probes connect; keep it inside"),
    Variable("HAVEN_PUBLIC_URL", "public_url", _public_url, "where phones reach this, from outside: https://HOST"),
    Variable("HAVEN_POOL_MAX", "pool_max", _whole(1, 1000), "database connections of a process"),
    Variable("HAVEN_POOL_WAIT_S", "pool_wait_s", _seconds(0.01, 60), "wait for a connection; then 503"),
    Variable("HAVEN_STATEMENT_S", "statement_s", _seconds(0.1, 600), "longest statement"),
    Variable("HAVEN_STATEMENT_CACHE", "statement_cache", _whole(0, 10_000), "prepared statements; 0: none"),
    Variable("HAVEN_BODY_BYTES_MAX", "body_bytes_max", _whole(64 * 1024, 2**26), "largest body; then 413"),
    Variable("HAVEN_INFLATED_BYTES_MAX", "inflated_bytes_max", _whole(64 * 1024, 2**28), "largest inflated body"),
    Variable("HAVEN_IN_FLIGHT_MAX", "in_flight_max", _whole(1, 100_000), "requests at once; then 503"),
    Variable("HAVEN_STREAMS_MAX", "streams_max", _whole(0, 1_000_000), "live streams at once"),
    Variable("HAVEN_SCHEMA_MIN", "schema_min", _whole(1, 10_000), "oldest schema of an app; older: 426"),
    Variable("HAVEN_IDENTITY", "identity", _choice("local", "firebase", "oidc"), "who vouches for people"),
    Variable("HAVEN_IDENTITY_PROVIDERS", "identity_providers", _providers, "Firebase's providers that may vouch"),
    Variable("HAVEN_OIDC_ISSUER", "oidc_issuer", _issuer, "issuer of OpenID Connect, if that vouches"),
    Variable("HAVEN_OIDC_AUDIENCE", "oidc_audience", _audience, "what that issuer calls the app"),
    Variable("HAVEN_FCM", "fcm", _choice("log", "send"), "send prompts, or only count them; absent: by HAVEN_MODE"),
    Variable("HAVEN_FCM_BASE_URL", "fcm_base_url", _base_url, "where a fake FCM answers; for tests"),
    Variable("HAVEN_FIREBASE_PROJECT", "firebase_project", _project, "project whose apps are reached by push"),
    Variable("GOOGLE_APPLICATION_CREDENTIALS", "google_credentials", str, "key file; absent: this machine's account"),
    Variable("HAVEN_BYE_S", "bye_s", _seconds(0, 600), "time to say goodbye to streams"),
    Variable("HAVEN_DRAIN_S", "drain_s", _seconds(0, 3600), "time to finish everything at the end"),
    Variable("HAVEN_TICK_S", "tick_s", _seconds(0.05, 3600), "pause between two rounds of the worker"),
    Variable("HAVEN_LOG_LEVEL", "log_level", _choice("debug", "info", "warning", "error"), "least level"),
    Variable("HAVEN_TEST_DSN", "test_dsn", _dsn, "server for the tests; absent: embedded", secret=True),
)


def masked(settings: Settings) -> dict[str, str | int | float | None]:
    """Return every variable with its present value; of a secret only whether there is one."""
    shown: dict[str, str | int | float | None] = {}
    for variable in VARIABLES:
        value = getattr(settings, variable.field)
        if isinstance(value, Secret):
            shown[variable.name] = "***"
        elif isinstance(value, Address):
            shown[variable.name] = str(value)
        else:
            shown[variable.name] = value
    return shown


def _text_of(variable: Variable, environ: Mapping[str, str], faults: list[str]) -> str | None:
    text = environ.get(variable.name) or None
    path = environ.get(f"{variable.name}_FILE") if variable.secret else None
    if not path:
        return text
    if text:
        faults.append(f"{variable.name} and {variable.name}_FILE are both set: choose one.")
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        reason = why_unreadable(fault) if isinstance(fault, OSError) else "it is not text"
        faults.append(f"{variable.name}_FILE names a file that cannot be read: {reason}.")
        return None


def _meet(one: Address, other: Address) -> bool:
    everywhere = {"0.0.0.0", "::"}  # noqa: S104 - what somebody may choose
    hosts = {one.host, other.host}
    return one.port == other.port != 0 and (len(hosts) == 1 or bool(hosts & everywhere))


def why_unreadable(fault: OSError) -> str:
    """Say why a file cannot be read, as the end of a sentence that has named it."""
    return _UNREADABLE.get(type(fault)) or fault.strerror or "the system does not say why"


_UNREADABLE: Final[Mapping[type[OSError], str]] = {
    FileNotFoundError: "there is no such file",
    IsADirectoryError: "it is a folder",
    NotADirectoryError: "there is no such folder",
    PermissionError: "this account may not read it",
}


def _unsafe_pairs(settings: Settings) -> list[str]:
    faults, usual = [], Settings()
    if settings.bye_s > settings.drain_s:
        faults.append(
            f"HAVEN_BYE_S must not be longer than HAVEN_DRAIN_S, which it is a part of. Unless set they are"
            f" {usual.bye_s:g} and {usual.drain_s:g}."
        )
    if _meet(settings.bind, settings.admin_bind):
        faults.append(
            "HAVEN_BIND and HAVEN_ADMIN_BIND take the same port: probes are not for the public. Unless set they are"
            f" {usual.bind} and {usual.admin_bind}."
        )
    faults += _nobody_vouches(settings)
    if settings.sends and settings.firebase_project is None:
        faults.append(
            "HAVEN_FIREBASE_PROJECT is required where prompts are sent: it names the project whose apps are reached."
            " HAVEN_FCM=log sends none."
        )
    return faults


def _unsafe_in_production(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    faults = [NOT_YET]
    if settings.fcm_base_url not in (None, GOOGLE):
        faults.append("HAVEN_FCM_BASE_URL is for tests: in production prompts are handed to Google and nobody else.")
    if environ.get(EMULATOR):
        faults.append(f"{EMULATOR} is set: with it anybody's unsigned word would be taken.")
    if not settings.over_tls:
        faults.append(
            "HAVEN_PUBLIC_URL must be an https address in production: what phones say is for nobody on the way."
        )
    if settings.database_url is None:
        faults.append("DATABASE_URL is required in production: the embedded database is for development.")
    if settings.keys is None:
        faults.append("HAVEN_KEYS is required in production: keys that were made by chance get lost.")
    else:
        faults += _key_file_faults(Path(settings.keys.removeprefix("file:")))
    return faults


def _key_file_faults(path: Path) -> list[str]:
    """Return what is wrong with who may read the key file; what is in it is judged where it is opened."""
    try:
        open_to_others = stat.S_IMODE(path.stat().st_mode) & 0o077
    except OSError as fault:
        return [f"HAVEN_KEYS names a key file that cannot be read: {why_unreadable(fault)}."]
    if open_to_others:
        return ["HAVEN_KEYS names a key file that others may read: it must be its owner's alone (chmod 600)."]
    return []


def _nobody_vouches(settings: Settings) -> list[str]:
    """Return what is wrong with who vouches for a person."""
    faults = []
    if settings.mode == "production" and settings.vouches in (None, "local"):
        faults.append("HAVEN_IDENTITY must be firebase or oidc in production: local vouches for any name.")
    if settings.vouches == "firebase" and settings.firebase_project is None:
        faults.append("HAVEN_FIREBASE_PROJECT is required where Firebase vouches for people: it names the project.")
    if settings.vouches == "oidc" and (settings.oidc_issuer is None or settings.oidc_audience is None):
        faults.append("HAVEN_OIDC_ISSUER and HAVEN_OIDC_AUDIENCE are required where an issuer of one's own vouches.")
    return faults
