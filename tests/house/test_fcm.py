"""What leaves for FCM, and what is made of each of its answers: through Google's own library, to a fake beside us."""

import asyncio
import importlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from domain.ids import DeviceId
from domain.prompt_kinds import PROMPT_KINDS
from notifications import fcm
from notifications.answers import (
    Accepted,
    Answer,
    Hold,
    NotLetIn,
    OurFault,
    SlowDown,
    TargetGone,
    TryLater,
    Unknown,
    WrongSender,
)
from notifications.fcm import AT_ONCE_MAX, BATCH_MAX, PATIENCE_S, Sender, SenderUnusable, open_sender
from notifications.messages import FORMS, Kind, Platform, Target, form_of
from tests import fake_fcm
from tests.fake_fcm import PROJECT, FakeFcm, Reply, StaticCredential, after, faking, key_file
from tests.streams import until

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
EXPIRES = str(int(NOW.timestamp()) + 86400)
SECRET = "cXa8Quittenmarmelade:APA91bQuittenmarmelade"
INNER_TRIES = 5


def target(
    platform: Platform = "android", *, value: str = SECRET, kind: Kind = "token", hidden: bool = False
) -> Target:
    return Target(device=DeviceId(uuid4()), kind=kind, value=value, platform=platform, hidden=hidden)


EVERY_TARGET = [
    target(platform, value=f"{kind}-{platform}-{hidden}", kind=kind, hidden=hidden)
    for kind in ("token", "fid")
    for platform in ("android", "ios", "web")
    for hidden in (False, True)
]


@pytest.fixture(scope="module")
async def one_fake() -> AsyncIterator[FakeFcm]:
    async with faking() as fake:
        yield fake


@pytest.fixture(scope="module")
async def one_sender(one_fake: FakeFcm) -> AsyncIterator[Sender]:
    """Opening one takes a quarter of a second, most of it for certificates."""
    async with open_sender(project=PROJECT, base_url=one_fake.base_url, credential=StaticCredential()) as sender:
        yield sender


@pytest.fixture
def fake(one_fake: FakeFcm) -> FakeFcm:
    one_fake.forget()
    return one_fake


@pytest.fixture
def sender(one_sender: Sender) -> Sender:
    one_sender.patience_s = PATIENCE_S
    return one_sender


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the library would have waited between its inner tries; it does not wait here."""
    made: list[float] = []

    async def sleep(seconds: float) -> None:
        made.append(seconds)

    retries = importlib.import_module("firebase_admin._retry")
    monkeypatch.setattr(retries, "asyncio", SimpleNamespace(sleep=sleep))
    return made


# What leaves the server


async def test_each_form_is_written_exactly_as_decided(sender: Sender, fake: FakeFcm) -> None:
    wanted: dict[str, dict[str, Any]] = {
        "android": {
            "data": {"v": "1"},
            "android": {"collapse_key": "h", "priority": "normal", "ttl": "86400s"},
        },
        "ios": {
            "data": {"v": "1"},
            "apns": {
                "headers": {
                    "apns-push-type": "alert",
                    "apns-priority": "5",
                    "apns-collapse-id": "h",
                    "apns-expiration": EXPIRES,
                },
                "payload": {"aps": {"alert": {"loc-key": "haven_new"}, "mutable-content": 1, "thread-id": "h"}},
            },
        },
        "ios_hidden": {
            "data": {"v": "1"},
            "apns": {
                "headers": {"apns-push-type": "background", "apns-priority": "5", "apns-collapse-id": "h"},
                "payload": {"aps": {"content-available": 1}},
            },
        },
        "web": {
            "data": {"v": "1"},
            "webpush": {"headers": {"TTL": "86400", "Urgency": "normal", "Topic": "h"}},
        },
    }
    targets = [each for each in EVERY_TARGET if form_of(each) is not None]
    for each in targets:
        assert await sender.send([each], NOW) == [Accepted()]
    assert fake.messages == [wanted[str(form_of(each))] for each in targets]
    for each, body in zip(targets, fake.sent, strict=True):
        assert body["message"][each.kind] == each.value, "exactly one of `fid` and `token`"
        assert {"fid", "token", "topic", "condition"} & body["message"].keys() == {each.kind}


async def test_p10_over_all_kinds_there_is_one_message_a_form(sender: Sender, fake: FakeFcm) -> None:
    """P10. L4: what is sent depends on nothing but the form: the sender is not even told the kind of the prompt."""
    moments = [NOW + timedelta(minutes=7 * nth) for nth, _ in enumerate(PROMPT_KINDS)]
    for moment in moments:
        await sender.send(EVERY_TARGET, moment)
    of_form: dict[str, set[str]] = {}
    by_value = {each.value: form_of(each) for each in EVERY_TARGET}
    for value, message in zip(fake.targets, fake.messages, strict=True):
        message.get("apns", {}).get("headers", {}).pop("apns-expiration", None)
        of_form.setdefault(str(by_value[value]), set()).add(json.dumps(message, sort_keys=True))
    assert {form: len(different) for form, different in of_form.items()} == dict.fromkeys(FORMS, 1)
    assert len(set().union(*of_form.values())) == len(FORMS)
    assert all(message["data"] == {"v": "1"} for message in fake.messages)


async def test_a_browser_is_sent_nothing_for_whoever_wants_nothing_shown(sender: Sender, fake: FakeFcm) -> None:
    """A page cannot hide a message (docs/adr/0021); that it was tried is a fault of ours."""
    assert await sender.send([target("web", hidden=True)], NOW) == [OurFault()]
    assert fake.sent == []


async def test_what_is_sent_is_sent_in_earnest(sender: Sender, fake: FakeFcm) -> None:
    """The library's own default, one layer down, is a rehearsal."""
    await sender.send(EVERY_TARGET, NOW)
    assert fake.sent
    assert all(body.keys() == {"message"} for body in fake.sent)
    assert set(fake.paths) == {f"POST /v1/projects/{PROJECT}/messages:send"}


async def test_a_rehearsal_delivers_nothing(sender: Sender, fake: FakeFcm) -> None:
    fake.answers("gone", fake_fcm.UNREGISTERED)
    forms, answers = await sender.rehearse(NOW, [target(value="gone"), target(value="there")])
    assert forms == dict.fromkeys(FORMS, Accepted())
    assert answers == [TargetGone(), Accepted()]
    assert all(body["validate_only"] is True for body in fake.sent)


# What is made of each answer

ROWS: list[tuple[str, Reply, Answer]] = [
    ("unregistered", fake_fcm.UNREGISTERED, TargetGone()),
    ("no token", fake_fcm.NO_TOKEN, TargetGone()),
    ("no token, by field", fake_fcm.NO_TOKEN_BY_FIELD, TargetGone()),
    ("no installation id", fake_fcm.NO_FID, TargetGone()),
    ("a bad field of ours", fake_fcm.BAD_TTL, OurFault()),
    ("bad JSON of ours", fake_fcm.BAD_JSON, OurFault()),
    ("a 400 of somebody between", Reply(status=400, body=b"<html>no</html>"), OurFault()),
    ("wrong sender", fake_fcm.WRONG_SENDER, WrongSender()),
    ("quota", fake_fcm.QUOTA, SlowDown(60.0)),
    ("quota, with a time", after(fake_fcm.QUOTA, "17"), SlowDown(17.0)),
    (
        "quota, with a date",
        after(fake_fcm.QUOTA, format_datetime(NOW + timedelta(seconds=90), usegmt=True)),
        SlowDown(90.0),
    ),
    ("quota, with a date gone by", after(fake_fcm.QUOTA, "Thu, 01 Jan 2015 00:00:00 GMT"), SlowDown(0.0)),
    ("quota, with nonsense", after(fake_fcm.QUOTA, "soon"), SlowDown(60.0)),
    ("quota, with a year", after(fake_fcm.QUOTA, "99999999999999999999"), SlowDown(86400.0)),
    ("quota in no words", Reply(status=429), SlowDown(60.0)),
    ("our token is refused", fake_fcm.UNAUTHENTICATED, NotLetIn()),
    ("our account may not send", fake_fcm.NOT_ALLOWED, NotLetIn()),
    ("no such project", fake_fcm.NO_PROJECT, NotLetIn()),
    ("broken JSON", fake_fcm.BROKEN_JSON, Unknown("no_answer")),
    ("an answer cut short", fake_fcm.CUT_SHORT, Unknown("no_answer")),
    ("a connection that is closed", fake_fcm.CLOSED, Unknown("no_answer")),
    ("a page of a hotel", fake_fcm.NOT_JSON, Unknown("no_answer")),
    ("an empty object", fake_fcm.EMPTY, Unknown("no_answer")),
    ("a list", fake_fcm.A_LIST, Unknown("no_answer")),
    ("a gateway between", fake_fcm.GATEWAY, Unknown("no_answer")),
    ("a gateway that waited", fake_fcm.TOO_LATE, Unknown("timeout")),
    ("an error that is no object", fake_fcm.ODD_ERROR, Unknown("no_answer")),
]


@pytest.mark.parametrize(("reply", "answer"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
async def test_each_row_of_the_table(sender: Sender, fake: FakeFcm, reply: Reply, answer: Answer) -> None:
    """Also that the others of the batch have answers of their own."""
    fake.answers(SECRET, reply)
    assert await sender.send([target(), target(value="another")], NOW) == [answer, Accepted()]
    assert await sender.send([target()], NOW) == [answer]
    again = [value for value in fake.targets if value == SECRET]
    assert len(again) == (6 if reply.status == 401 else 2), (
        "P12: nothing is tried again in here but what the library does"
    )


async def test_a_401_about_apple_holds_ios_and_the_web_and_nothing_else(sender: Sender, fake: FakeFcm) -> None:
    """The library tries it three times, with a fresh token if it could."""
    fake.answers(SECRET, fake_fcm.THIRD_PARTY)
    targets = [target("ios"), target("web"), target("android"), target("android", value="another")]
    assert await sender.send(targets, NOW) == [Hold("ios"), Hold("web"), NotLetIn(), Accepted()]
    assert [fake.targets.count(value) for value in (SECRET, "another")] == [9, 1]


@pytest.mark.parametrize("reply", [fake_fcm.UNAVAILABLE, fake_fcm.INTERNAL], ids=["503", "500"])
async def test_the_library_tries_five_times_before_it_says_that_fcm_is_not_well(
    sender: Sender, fake: FakeFcm, pauses: list[float], reply: Reply
) -> None:
    """And waits 7 s in all, whatever `Retry-After` says: that is told to us, and counts from then on."""
    fake.answers(SECRET, reply)
    assert await sender.send([target()], NOW) == [TryLater(None)]
    assert (len(fake.sent), pauses) == (INNER_TRIES, [0, 1.0, 2.0, 4.0])
    fake.answers(SECRET, after(reply, "123"))
    assert await sender.send([target()], NOW) == [TryLater(123.0)]
    assert pauses[4:] == [0, 1.0, 2.0, 4.0]
    bodies = {json.dumps(body, sort_keys=True) for body in fake.sent}
    assert len(bodies) == 1, "P12: inner tries share their collapse key"


async def test_an_inner_try_that_is_taken_is_taken(sender: Sender, fake: FakeFcm, pauses: list[float]) -> None:
    fake.answers(
        SECRET, fake_fcm.UNAVAILABLE, fake_fcm.INTERNAL, Reply(body=b'{"name": "projects/haven-test/messages/1"}')
    )
    assert await sender.send([target()], NOW) == [Accepted()]
    assert pauses == [0, 1.0]


@pytest.mark.long
async def test_the_inner_tries_of_the_library_take_seven_seconds(sender: Sender, fake: FakeFcm) -> None:
    """Nothing is measured: that the patience of one batch is enough for them is what is shown."""
    fake.answers(SECRET, fake_fcm.UNAVAILABLE)
    fake.answers("another", fake_fcm.INTERNAL)
    assert await sender.send([target(), target(value="another")], NOW) == [TryLater(None)] * 2
    assert len(fake.sent) == 2 * INNER_TRIES


async def test_where_nobody_listens_it_is_tried_later() -> None:
    async with open_sender(project=PROJECT, base_url="http://127.0.0.1:9", credential=StaticCredential()) as sender:
        assert await sender.send([target()], NOW) == [TryLater(None)]


# Patience, and numbers


async def test_what_has_no_answer_in_time_is_unknown_and_the_rest_is_as_it_is(sender: Sender, fake: FakeFcm) -> None:
    """F31: the bound is our own, around the library's two minutes."""
    assert PATIENCE_S == 20
    sender.patience_s = 1
    fake.answers("hangs", fake_fcm.HANG)
    fake.answers("slow", Reply(body=b'{"name": "projects/haven-test/messages/1"}', slow_s=0.05))
    fake.answers("gone", fake_fcm.UNREGISTERED)
    answers = await sender.send([target(value=value) for value in ("hangs", "slow", "gone", "fine")], NOW)
    assert answers == [Unknown("timeout"), Accepted(), TargetGone(), Accepted()]
    sender.patience_s = PATIENCE_S
    assert await sender.send([target(value="fine")], NOW) == [Accepted()], "other batches go on"


async def test_what_has_not_begun_in_time_is_for_later_and_was_surely_not_sent(sender: Sender, fake: FakeFcm) -> None:
    sender.patience_s = 0.5
    fake.anything = fake_fcm.HANG
    answers = await sender.send([target(value=f"t{nth}") for nth in range(AT_ONCE_MAX + 3)], NOW)
    assert answers == [Unknown("timeout")] * AT_ONCE_MAX + [TryLater()] * 3
    assert set(fake.targets) <= {f"t{nth}" for nth in range(AT_ONCE_MAX)}


async def test_whoever_is_told_to_stop_stops(sender: Sender, fake: FakeFcm) -> None:
    fake.answers(SECRET, fake_fcm.HANG)
    sending = asyncio.create_task(sender.send([target()], NOW))
    await until(lambda: bool(fake.sent))
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_501_messages_go_in_two_batches_and_keep_their_order(
    sender: Sender, fake: FakeFcm, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.patience_s = 600
    batches: list[int] = []
    within_patience = sender._within_patience

    async def counted(sends: Any) -> list[Answer]:
        batches.append(len(sends))
        return await within_patience(sends)

    monkeypatch.setattr(sender, "_within_patience", counted)
    gone = {f"t{nth}" for nth in range(0, BATCH_MAX + 1, 7)}
    for value in gone:
        fake.answers(value, fake_fcm.UNREGISTERED)
    answers = await sender.send([target(value=f"t{nth}") for nth in range(BATCH_MAX + 1)], NOW)
    assert answers == [TargetGone() if f"t{nth}" in gone else Accepted() for nth in range(BATCH_MAX + 1)]
    assert batches == [500, 1]
    assert len(fake.sent) == len(set(fake.targets)) == BATCH_MAX + 1
    assert await sender.send([], NOW) == []


# One loop, one client


async def test_each_opening_is_a_client_of_its_own_and_leaves_nothing_behind(fake: FakeFcm) -> None:
    import firebase_admin  # noqa: PLC0415 - as nowhere else in these tests

    before = set(firebase_admin._apps)
    for nth in range(3):
        async with open_sender(project=PROJECT, base_url=fake.base_url, credential=StaticCredential()) as sender:
            assert await sender.send([target(value=f"t{nth}")], NOW) == [Accepted()]
    assert set(firebase_admin._apps) == before


def test_another_loop_than_its_own_is_refused() -> None:
    """The library keeps connections that belong to the loop that made them: on another one they are dead."""

    async def opened_and_left() -> Sender:
        async with (
            faking() as fake,
            open_sender(project=PROJECT, base_url=fake.base_url, credential=StaticCredential()) as sender,
        ):
            await sender.send([target()], NOW)
            return sender

    with asyncio.Runner() as runner:
        sender = runner.run(opened_and_left())
    with asyncio.Runner() as runner, pytest.raises(AssertionError, match="one loop"):
        runner.run(sender.send([target()], NOW))


async def test_the_places_of_the_library_that_we_reach_into_are_there() -> None:
    """It has no setting for another address, and closes its client on another loop. Look here after an upgrade."""
    from firebase_admin import messaging  # noqa: PLC0415

    assert messaging._MessagingService.FCM_URL == fcm.GOOGLE + "/v1/projects/{0}/messages:send"
    app, service = fcm._opened("some-project", fcm._Access(StaticCredential()), None)
    assert service._fcm_url == fcm.GOOGLE + "/v1/projects/some-project/messages:send"
    assert callable(service._async_client.aclose)
    await service._async_client.aclose()
    await asyncio.to_thread(fcm._forget, app)
    app, service = fcm._opened("some-project", fcm._Access(StaticCredential()), "http://127.0.0.1:1/")
    assert service._fcm_url == "http://127.0.0.1:1/v1/projects/some-project/messages:send"
    await service._async_client.aclose()
    await asyncio.to_thread(fcm._forget, app)


def test_the_library_is_loaded_by_nothing_but_an_open_sender() -> None:
    """It takes 0.9 s and 50 MB."""
    asked = "import sys, notifications.fcm, api.app, api.worker; sys.exit('firebase_admin' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0  # noqa: S603 - our own words


# Who we are


async def test_a_key_file_opens_fcm_by_a_token_that_is_kept(fake: FakeFcm, tmp_path: Path) -> None:
    file = key_file(tmp_path, fake.base_url)
    async with open_sender(project=PROJECT, key_file=file, base_url=fake.base_url) as sender:
        for nth in range(3):
            assert await sender.send([target(value=f"t{nth}")], NOW) == [Accepted()]
    assert fake.tokens_given == 1
    assert set(fake.tokens_shown) == {"Bearer ya29.fake-1"}


async def test_a_token_that_is_not_taken_any_more_is_fetched_anew_for_the_next_batch(
    fake: FakeFcm, tmp_path: Path
) -> None:
    fake.answers(SECRET, *[fake_fcm.UNAUTHENTICATED] * 3, Reply(body=b'{"name": "projects/haven-test/messages/1"}'))
    file = key_file(tmp_path, fake.base_url)
    async with open_sender(project=PROJECT, key_file=file, base_url=fake.base_url) as sender:
        assert await sender.send([target()], NOW) == [NotLetIn()]
        assert fake.tokens_given == 1, "not in the middle of a request, which stops the loop"
        assert await sender.send([target()], NOW) == [Accepted()]
    assert fake.tokens_shown[-1] == "Bearer ya29.fake-2"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=400, body=b'{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}'),
        Reply(body=b"not json"),
        fake_fcm.CLOSED,
    ],
    ids=["refused", "nonsense", "closed"],
)
async def test_a_token_that_cannot_be_fetched_fails_the_whole_batch(
    fake: FakeFcm, tmp_path: Path, reply: Reply
) -> None:
    fake.token_reply = reply
    file = key_file(tmp_path, fake.base_url)
    async with open_sender(project=PROJECT, key_file=file, base_url=fake.base_url) as sender:
        assert await sender.send([target(), target("ios")], NOW) == [Unknown("no_credential")] * 2
        assert fake.sent == []
        fake.token_reply = None
        assert await sender.send([target()], NOW) == [Accepted()]


async def test_a_token_endpoint_that_hangs_stops_neither_the_loop_nor_the_next_batch(
    fake: FakeFcm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcm, "REFRESH_S", 0.3)
    fake.token_reply = fake_fcm.HANG
    file = key_file(tmp_path, fake.base_url)
    async with open_sender(project=PROJECT, key_file=file, base_url=fake.base_url) as sender:
        sender.patience_s = 0.2
        assert await sender.send([target()], NOW) == [TryLater()]
        fake.token_reply = None
        sender.patience_s = 20
        assert await sender.send([target()], NOW) == [Accepted()]


async def test_tokens_are_fetched_off_the_loop(fake: FakeFcm) -> None:
    class Told(StaticCredential):
        valid = False
        token = None

        def refresh(self, _request: Any) -> None:
            self.token, self.thread = "ya29.told", threading.current_thread()
            self.valid = True

    credential = Told()
    async with open_sender(project=PROJECT, base_url=fake.base_url, credential=credential) as sender:
        await sender.send([target()], NOW)
    assert credential.thread is not threading.main_thread()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot be read"), ("{", "No credential"), ('{"type": "service_account"}', "No credential")],
)
async def test_a_key_file_that_is_none_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, sentence: str
) -> None:
    file = tmp_path / "key.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SenderUnusable, match=sentence):
        async with open_sender(project=PROJECT, key_file=file):
            pass


# What is told to nobody


@pytest.fixture
def loud() -> Iterator[list[logging.LogRecord]]:
    """Everything that any library says at any level, in this process."""
    heard: list[logging.LogRecord] = []

    class Everything(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record)

    handler, root = Everything(), logging.getLogger()
    before = {name: logging.getLogger(name).level for name in ("", "httpx", "httpcore", "haven")}
    root.addHandler(handler)
    for name in before:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield heard
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


async def test_no_value_of_a_target_is_in_a_log_an_exception_or_a_repr(
    sender: Sender, fake: FakeFcm, loud: list[logging.LogRecord], pauses: list[float]
) -> None:
    """Also where FCM, or somebody between, repeats it in an error. At DEBUG the libraries tell headers, and no body."""
    each = target()
    echoes = [
        Reply(status=status, body=f"what about {SECRET}?".encode())
        for status in (200, 400, 401, 403, 404, 418, 429, 503)
    ]
    for reply in [*(row[1] for row in ROWS), *echoes]:
        fake.answers(SECRET, reply)
        answers = await sender.send([each], NOW)
        assert SECRET not in repr(answers)
    told = [f"{record.getMessage()} {record.__dict__}" for record in loud]
    assert any("'event': 'push'" in line for line in told)
    assert not [line for line in told if "uittenmarmelade" in line]
    for shown in (repr(each), str(each), f"{each}", f"{[each]}", str(list(each.__rich_repr__())), repr(sender)):
        assert "uittenmarmelade" not in shown


async def test_outcomes_are_counted_by_code_and_alarms_are_errors(
    sender: Sender, fake: FakeFcm, caplog: pytest.LogCaptureFixture
) -> None:
    fake.answers("gone", fake_fcm.UNREGISTERED)
    fake.answers("apple", fake_fcm.THIRD_PARTY)
    fake.answers("alien", fake_fcm.WRONG_SENDER)
    caplog.set_level(logging.INFO, "haven")
    values = ["fine", "gone", "apple", "gone", "alien"]
    await sender.send([target("ios", value=value) for value in values], NOW)
    lines = [(record.levelname, record.code, record.count) for record in caplog.records if record.message == "push"]  # type: ignore[attr-defined]
    assert lines == [
        ("INFO", "accepted", 1),
        ("ERROR", "hold", 1),
        ("INFO", "target_gone", 2),
        ("WARNING", "wrong_sender", 1),
    ]
