"""A2, A4, A5 with accounts of the real emulator of Firebase Authentication: `make test-firebase`.

It makes the accounts, says what Firebase says of them, and is asked by Google's library whether they stand. Only the
signature is ours: the emulator signs nothing, and what nobody has signed is refused.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import pytest

from api.auth import IdentityRefused, ProviderRefused
from api.firebase_issuer import FirebaseIssuer
from tests.security.google import Credential, google, signed

HERE: Final = Path(__file__).parent / "emulator"
FIREBASE: Final = HERE / "node_modules" / ".bin" / "firebase"
PROJECT: Final = "demo-haven"
PATIENCE_S: Final = 60

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not FIREBASE.exists() and os.environ.get("HAVEN_EMULATOR") != "required",
        reason="the emulator of Firebase Authentication is not installed: make test-firebase installs it",
    ),
]


class Emulator:
    """Accounts, as an app and as their operator see them."""

    def __init__(self, client: httpx.Client, host: str) -> None:
        self._client, self._base_url = client, f"http://{host}/identitytoolkit.googleapis.com/v1"
        self.accounts_url = f"{self._base_url}/projects/{PROJECT}"

    def as_app(self, what: str, **body: Any) -> dict[str, Any]:
        return self._asked(f"/accounts:{what}", body | {"returnSecureToken": True}, {"key": "any"}, {})

    def as_operator(self, what: str, **body: Any) -> dict[str, Any]:
        return self._asked(f"/projects/{PROJECT}/accounts:{what}", body, {}, {"Authorization": "Bearer owner"})

    def _asked(self, path: str, body: dict[str, Any], query: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
        answer = self._client.post(f"{self._base_url}{path}", json=body, params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def with_apple(subject: str) -> dict[str, str]:
    told = f'{{"sub":"{subject}","email":"{subject}@example.com"}}'
    return {"postBody": f"id_token={told}&providerId=apple.com", "requestUri": "http://127.0.0.1"}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    assert FIREBASE.exists(), "HAVEN_EMULATOR=required, and tests/security/emulator is not installed"
    folder = tmp_path_factory.mktemp("emulator")
    auth, hub, log = (_free_port() for _ in range(3))
    ports = ((name, port) for name, port in (("auth", auth), ("hub", hub), ("logging", log)))
    listed = ",".join(f'"{name}":{{"host":"127.0.0.1","port":{port}}}' for name, port in ports)
    (folder / "firebase.json").write_text(f'{{"emulators":{{{listed},"ui":{{"enabled":false}}}}}}')
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(  # noqa: S603 - our own argument list
            [shutil.which("node") or "node", FIREBASE, "emulators:start", "--only", "auth", "--project", PROJECT],
            cwd=folder,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "CI": "1"},
        )
        try:
            _wait(process, f"http://127.0.0.1:{auth}/", folder / "said")
            with httpx.Client(timeout=PATIENCE_S) as client:
                yield Emulator(client, f"127.0.0.1:{auth}")
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], url: str, said: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"The emulator did not start. It said:\n{said.read_text()}")


@pytest.fixture
def issuer(emulator: Emulator) -> Iterator[FirebaseIssuer]:
    with google() as fake:
        issuer = FirebaseIssuer(
            PROJECT,
            ("apple.com", "password"),
            credential=Credential(),
            certificates_url=f"{fake.base_url}/certificates",
            accounts_url=emulator.accounts_url,
        )
        yield issuer
        issuer.close()


def now() -> datetime:
    return datetime.now(UTC)


def signed_by_us(account: dict[str, Any]) -> str:
    """What the emulator says of an account, and our signature under it."""
    told: dict[str, Any] = jwt.decode(account["idToken"], options={"verify_signature": False})
    return signed(told)


@pytest.mark.parametrize(
    "made",
    [
        lambda emulator: emulator.as_app("signInWithIdp", **with_apple("ana")),
        lambda emulator: emulator.as_app("signUp", email="ben@example.com", password="quittenmarmelade"),
    ],
    ids=["apple", "password"],
)
async def test_an_account_that_stands_is_vouched_for(
    emulator: Emulator, issuer: FirebaseIssuer, made: Callable[[Emulator], dict[str, Any]]
) -> None:
    account = made(emulator)
    found = await issuer.verify(signed_by_us(account), now(), closely=True)
    assert found.subject == account["localId"]
    assert found.issuer == f"https://securetoken.google.com/{PROJECT}"
    assert abs((now() - found.auth_time).total_seconds()) < PATIENCE_S


async def test_a2_what_the_emulator_says_is_signed_by_nobody_and_refused(
    emulator: Emulator, issuer: FirebaseIssuer
) -> None:
    account = emulator.as_app("signInWithIdp", **with_apple("clara"))
    assert account["idToken"].endswith("."), "there is no signature"
    with pytest.raises(IdentityRefused):
        await issuer.verify(account["idToken"], now())


async def test_a5_whoever_has_proven_nothing_is_refused(emulator: Emulator, issuer: FirebaseIssuer) -> None:
    with pytest.raises(ProviderRefused):
        await issuer.verify(signed_by_us(emulator.as_app("signUp")), now())


@pytest.mark.parametrize("end", ["switched off", "revoked", "deleted"])
async def test_a5_an_account_that_ended_is_refused_where_it_is_looked_closely(
    emulator: Emulator, issuer: FirebaseIssuer, end: str
) -> None:
    account = emulator.as_app("signInWithIdp", **with_apple(end.replace(" ", "-")))
    token, whose = signed_by_us(account), account["localId"]
    assert (await issuer.verify(token, now(), closely=True)).subject == whose
    if end == "switched off":
        emulator.as_operator("update", localId=whose, disableUser=True)
    elif end == "revoked":
        emulator.as_operator("update", localId=whose, validSince=str(int(time.time()) + 1))
    else:
        emulator.as_operator("delete", localId=whose)
    with pytest.raises(IdentityRefused):
        await issuer.verify(token, now(), closely=True)
    assert (await issuer.verify(token, now())).subject == whose, "nobody is asked about a device that is known"
