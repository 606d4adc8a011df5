"""`haven push test --dry-run` as an operator meets it: a real process, a fake of FCM, nothing delivered."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from api.pushing import open_push
from api.rehearsing import SENTENCES, devices_of, rehearse, tell
from api.settings import Settings
from api.wiring import Parts
from domain.ids import DeviceId, PersonId
from notifications import target_store
from notifications.answers import ANSWERS, Accepted
from notifications.messages import FORMS, Target
from notifications.targets import Reached
from tests import fake_fcm
from tests.fake_fcm import PROJECT, FakeFcm, faking, key_file
from tests.house.test_cli import run
from tests.people import Person, another_device, ok, person

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DRY = ("push", "test", "--dry-run")


@pytest.fixture
async def fake() -> AsyncIterator[FakeFcm]:
    async with faking() as fake:
        yield fake


@pytest.fixture
def environ(fake: FakeFcm, tmp_path: Path, dsn: str, keys_file: Path, parts: Parts) -> dict[str, str]:
    return {
        "HAVEN_FIREBASE_PROJECT": PROJECT,
        "HAVEN_FCM_BASE_URL": fake.base_url,
        "GOOGLE_APPLICATION_CREDENTIALS": str(key_file(tmp_path, fake.base_url)),
        "DATABASE_URL": dsn,
        "HAVEN_KEYS": f"file:{keys_file}",
    }


def without_database(environ: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in ("DATABASE_URL", "HAVEN_KEYS")}


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    return Settings.read(environ)


async def said_in(settings: Settings, capsys: pytest.CaptureFixture[str], reached: list[Reached] | None) -> str:
    """What the command says, in this process: a process of its own takes two seconds."""
    tell(await rehearse(settings, reached, NOW), as_json=False)
    return "".join(capsys.readouterr())


async def with_two_devices(client: httpx.AsyncClient) -> tuple[Person, list[str]]:
    ana = await person(client, "Ana")
    tablet, values = await another_device(client, ana), [f"quittenmarmelade:{uuid4().hex}" for _ in range(2)]
    for who, value, platform in zip((ana, tablet), values, ("android", "ios"), strict=True):
        body = {"kind": "token", "value": value, "platform": platform}
        await ok(client.put("/v1/devices/current/push-target", headers=who.headers, json=body))
    return ana, values


async def test_the_command_tries_every_form_and_each_device_and_delivers_nothing(
    fake: FakeFcm, environ: dict[str, str], client: httpx.AsyncClient, parts: Parts
) -> None:
    ana, values = await with_two_devices(client)
    fake.answers(values[1], fake_fcm.UNREGISTERED)
    code, said = await run(*DRY, "--json", "--person", str(ana.id), **environ)
    assert (code, "quittenmarmelade" in said) == (0, False)
    told = json.loads(said)
    today = parts.clock().date().isoformat()
    assert (told["usable"], told["project"], told["forms"]) == (True, PROJECT, dict.fromkeys(FORMS, "accepted"))
    assert sorted(told["devices"], key=lambda each: str(each["platform"])) == [
        {"platform": "android", "kind": "token", "registered_on": today, "answer": "accepted"},
        {"platform": "ios", "kind": "token", "registered_on": today, "answer": "target_gone"},
    ]
    assert len(fake.sent) == len(FORMS) + 2
    assert all(body["validate_only"] is True for body in fake.sent)
    assert set(fake.tokens_shown) == {"Bearer ya29.fake-1"}
    assert len(await target_store.of_persons(parts.pool, [ana.id])) == 2, "it forgets none"


async def test_to_people_it_speaks_in_sentences(
    fake: FakeFcm, settings: Settings, client: httpx.AsyncClient, parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    ana, values = await with_two_devices(client)
    fake.answers(values[1], fake_fcm.UNREGISTERED)
    reached = await devices_of(parts, ana.id, parts.clock().date())
    assert reached is not None
    said = await said_in(settings, capsys, reached)
    assert said.splitlines()[0] == "What Haven sends, to the project haven-test:"
    assert [line.split()[:2] for line in said.splitlines()[1:5]] == [[form, "accepted"] for form in FORMS]
    assert "FCM knows it no more; it is forgotten with the next prompt" in said
    assert said.endswith("\nNothing was delivered to anybody.\n")
    assert "quittenmarmelade" not in said
    assert "This person has no device that a prompt would be sent to." in await said_in(settings, capsys, [])
    assert "person" not in await said_in(settings, capsys, None)
    assert await devices_of(parts, PersonId(uuid4()), NOW.date()) is None


async def test_what_fcm_would_not_take_is_told_with_a_sentence(
    fake: FakeFcm, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.anything = fake_fcm.NOT_ALLOWED
    said = await said_in(settings, capsys, None)
    assert said.count("FCM does not let this credential send for this project") == len(FORMS)
    assert "FCM would not take all that Haven sends." in said
    fake.token_reply = fake_fcm.Reply(status=400, body=b'{"error": "invalid_grant"}')
    rehearsal = await rehearse(settings, None, NOW)
    assert not rehearsal.usable
    assert {answer.code for answer in rehearsal.forms.values()} == {"unknown"}


@pytest.mark.long
async def test_nobody_is_told_as_nobody_and_trouble_ends_with_1(fake: FakeFcm, environ: dict[str, str]) -> None:
    assert await run(*DRY, "--person", str(uuid4()), **environ) == (1, "There is no such account.\n")
    assert fake.sent == []
    fake.anything = fake_fcm.NOT_ALLOWED
    assert (await run(*DRY, **without_database(environ)))[0] == 1


async def test_it_is_never_anything_but_a_rehearsal(fake: FakeFcm, environ: dict[str, str]) -> None:
    code, said = await run("push", "test", **environ)
    assert (code, "--dry-run" in said, fake.sent) == (2, True, [])


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        pytest.param("HAVEN_FIREBASE_PROJECT", "", "HAVEN_FIREBASE_PROJECT is not set", marks=pytest.mark.long),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json", "GOOGLE_APPLICATION_CREDENTIALS names cannot be read"),
    ],
)
async def test_settings_that_do_not_suffice_end_with_78(
    fake: FakeFcm, environ: dict[str, str], variable: str, value: str, sentence: str
) -> None:
    code, said = await run(*DRY, **{**without_database(environ), variable: value})
    assert (code, sentence in said, fake.sent) == (78, True, [])
    assert "Traceback" not in said


def test_there_is_a_sentence_for_every_answer() -> None:
    assert SENTENCES.keys() == {answer.code for answer in ANSWERS}


async def test_the_settings_choose_who_sends(fake: FakeFcm, tmp_path: Path) -> None:
    target, chosen = Target(device=DeviceId(uuid4()), kind="fid", value="x", platform="ios"), Settings()
    async with open_push(chosen) as sends:
        assert await sends.send([target], NOW) == [Accepted()]
    assert fake.sent == []
    chosen = Settings(
        fcm="send",
        firebase_project=PROJECT,
        fcm_base_url=fake.base_url,
        google_credentials=str(key_file(tmp_path, fake.base_url)),
    )
    async with open_push(chosen) as sends:
        assert await sends.send([target], NOW) == [Accepted()]
    assert fake.targets == ["x"]
