"""A6: what makes production unsafe is refused before anything is opened, by a real process; and what TLS asks for."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from api.app import create_app
from api.keys import make_ring_file
from api.settings import NOT_YET
from api.wiring import Parts
from tests.answers import HOOKS
from tests.house.test_app import with_settings
from tests.house.test_cli import run


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody has: whoever tries to open it fails, and says so."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening.getsockname()[1]


@pytest.fixture
def safe(tmp_path: Path, taken: int) -> dict[str, str]:
    """All that production asks for; nothing answers at any of these addresses."""
    path = tmp_path / "keys.json"
    make_ring_file(path)
    content = msgspec.json.decode(path.read_bytes())
    del content["for_development"]
    path.write_bytes(msgspec.json.encode(content))
    return {
        "HAVEN_MODE": "production",
        "HAVEN_BIND": f"127.0.0.1:{taken}",
        "HAVEN_ADMIN_BIND": "127.0.0.1:0",
        "HAVEN_PUBLIC_URL": "https://haven.example",
        "HAVEN_IDENTITY": "firebase",
        "HAVEN_FIREBASE_PROJECT": "haven-test",
        "DATABASE_URL": "postgresql://haven@127.0.0.1:1/haven",
        "HAVEN_KEYS": f"file:{path}",
    }


async def faults_of(environ: dict[str, str]) -> list[str]:
    code, said = await run("serve", **environ)
    assert code == 78
    head, *faults = (line.strip() for line in said.splitlines())
    assert head == "The settings do not fit:"
    faults.remove(NOT_YET)
    return faults


async def test_a6_where_all_is_safe_nothing_else_is_complained_of(safe: dict[str, str]) -> None:
    assert await faults_of(safe) == []


@pytest.mark.parametrize(
    ("differs", "named"),
    [
        ({"FIREBASE_AUTH_EMULATOR_HOST": "quittenmarmelade:9099"}, "FIREBASE_AUTH_EMULATOR_HOST is set"),
        ({"HAVEN_IDENTITY": "local"}, "HAVEN_IDENTITY must be firebase or oidc in production"),
        ({"HAVEN_IDENTITY": ""}, "HAVEN_IDENTITY must be firebase or oidc in production"),
        ({"HAVEN_KEYS": ""}, "HAVEN_KEYS is required in production"),
        ({"HAVEN_KEYS": "file:quittenmarmelade.json"}, "HAVEN_KEYS names a key file that cannot be read"),
        ({"HAVEN_PUBLIC_URL": "http://quittenmarmelade.example"}, "HAVEN_PUBLIC_URL must be an https address"),
        ({"HAVEN_PUBLIC_URL": ""}, "HAVEN_PUBLIC_URL must be an https address"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is required in production"),
        ({"HAVEN_FCM_BASE_URL": "http://127.0.0.1:1"}, "HAVEN_FCM_BASE_URL is for tests"),
        ({"HAVEN_X": "quittenmarmelade"}, "HAVEN_X is not a setting of Haven"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
async def test_a6_what_is_unsafe_is_named_and_never_its_value(
    safe: dict[str, str], differs: dict[str, str], named: str
) -> None:
    said = await faults_of(safe | differs)
    assert [fault for fault in said if fault.startswith(named)] == said
    assert len(said) == 1
    assert "marmelade" not in said[0]


async def test_a6_a_key_file_that_others_may_read_is_refused(safe: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keys.json").chmod(0o644)
    (fault,) = await faults_of(safe)
    assert fault == "HAVEN_KEYS names a key file that others may read: it must be its owner's alone (chmod 600)."


async def test_a6_all_of_it_is_told_at_once(safe: dict[str, str]) -> None:
    said = await faults_of(
        safe | {"FIREBASE_AUTH_EMULATOR_HOST": "a:1", "HAVEN_IDENTITY": "local", "HAVEN_PUBLIC_URL": "http://a.example"}
    )
    assert len(said) == 3


@pytest.mark.parametrize(("public_url", "told"), [("https://haven.example", "max-age=31536000"), (None, None)])
async def test_browsers_are_told_to_come_over_tls_alone_where_it_is_there(
    parts: Parts, public_url: str | None, told: str | None
) -> None:
    door = httpx.ASGITransport(app=create_app(with_settings(parts, public_url=public_url)))
    async with httpx.AsyncClient(transport=door, base_url="https://haven.example", event_hooks={**HOOKS}) as client:
        for path in ("/v1/resources", "/v1/me", "/nowhere"):
            answer = await client.get(path)
            assert answer.headers.get("strict-transport-security") == told
