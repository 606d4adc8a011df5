"""Haven's own client on the real application: edits on disk first, lost answers, restarts, two processes, live news."""

import asyncio
import gzip
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.client import (
    RETURNS_MAX,
    TRIES_MAX,
    WAIT_MAX_S,
    AnotherPersonError,
    Client,
    Hint,
    OfflineError,
    TurnedAwayError,
)
from api.device_store import DeviceFileError, DeviceStore
from api.wiring import Parts
from domain.ids import RecordId
from domain.refusals import Refusal
from sync.replica import EditRefusedError, Replica
from tests.streams import served

Open = Callable[..., Client]


class Faulty(httpx.AsyncBaseTransport):
    """A network that does what it is told to the next requests, and then works."""

    def __init__(self, behind: httpx.AsyncBaseTransport, *faults: Any) -> None:
        self.behind = behind
        self.faults = list(faults)
        self.bodies: list[bytes] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(await request.aread())
        match self.faults.pop(0) if self.faults else None:
            case "unreachable":
                raise httpx.ConnectError("no route")
            case "answer lost":
                await self.behind.handle_async_request(request)
                raise httpx.ReadError("cut")
            case int(status), dict(headers):
                return httpx.Response(status, headers=headers)
            case int(status), dict(headers), said:
                return httpx.Response(status, headers=headers, json=said)
            case _:
                return await self.behind.handle_async_request(request)


@pytest.fixture
async def open_client(client: httpx.AsyncClient, tmp_path: Path) -> AsyncIterator[Open]:
    """Open a device's file as often as wanted; without faults it talks to the application in this loop."""
    opened: list[Client] = []

    def open_one(name: str, *faults: Any, slept: list[float] | None = None) -> Client:
        async def sleep(seconds: float) -> None:
            (slept if slept is not None else []).append(seconds)

        http = httpx.AsyncClient(transport=Faulty(client._transport, *faults), base_url="http://haven.test")
        one = Client(tmp_path / f"{name}.db", http=http, sleep=sleep)
        opened.append(one)
        return one

    yield open_one
    for one in opened:
        await one.http.aclose()
        one.store.close()


async def signed_in(one: Client, name: str = "Ana", subject: str | None = None) -> Client:
    await one.sign_in_for_development(subject or f"{name}-{uuid4()}")
    await one.begin(name)
    return one


async def pair(ana: Client, ben: Client) -> str:
    pairing = (await ben.redeem((await ana.invite())["code"]))["id"]
    await ben.confirm(pairing)
    couple: str = (await ana.confirm(pairing))["couple"]["id"]
    return couple


async def two(open_client: Open) -> tuple[Client, Client]:
    ana, ben = await signed_in(open_client("ana")), await signed_in(open_client("ben"), "Ben")
    await pair(ana, ben)
    await ana.sync()
    await ben.sync()
    return ana, ben


def shown(one: Client, kind: str) -> list[dict[str, Any]]:
    assert one.replica is not None
    return [each.fields for each in one.replica.view(kind)]


def modes_of(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("ana.db*")}


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("ana.db*"))


def entry(one: Client, text: str = "A long day.") -> RecordId:
    change = one.edit("check_in", None, {"local_date": "2026-03-02", "text": text})
    assert change is not None
    return RecordId(change.id)


async def test_a_long_outbox_travels_compressed_and_a_short_one_as_it_is(open_client: Open) -> None:
    ana = await signed_in(open_client("ana"))
    network = ana.http._transport
    assert isinstance(network, Faulty)
    for text in ("Short.", "A long day. " * 150):
        entry(ana, text)
        assert [each.status for each in (await ana.sync()).outcomes] == ["applied"]
    short, long = [body for body in network.bodies if b"check_in" in body or body.startswith(b"\x1f\x8b")]
    assert b"Short." in short
    assert len(long) < len(gzip.decompress(long))
    assert b"A long day." in gzip.decompress(long)


async def test_two_phones_edit_offline_and_agree(open_client: Open) -> None:
    ana, ben = await two(open_client)
    goal = ana.edit("goal", None, {"notes": "One."})
    assert goal is not None
    assert goal.id.version == 4
    ana.edit("goal_terms", None, {"goal": str(goal.id), "title": "An island"})
    told = await ana.sync()
    assert [each.status for each in told.outcomes] == ["applied", "applied"]
    await ben.sync()
    ana.edit("goal", RecordId(goal.id), {"notes": "Zero. One."})
    ben.edit("goal", RecordId(goal.id), {"notes": "One. Two."})
    await ben.sync()
    await ana.sync()
    await ben.sync()
    assert shown(ana, "goal") == shown(ben, "goal")
    assert shown(ana, "goal")[0]["notes"] == "Zero. One. Two."
    ben.confirm_text(RecordId(goal.id), "notes")
    await ben.sync()
    await ana.sync()
    assert ana.replica is not None
    assert ana.replica.view("goal")[0].merged == ()


async def test_an_edit_is_on_disk_when_the_call_returns(open_client: Open, tmp_path: Path) -> None:
    ana = await signed_in(open_client("ana"))
    identity = entry(ana)
    assert identity.version == 7
    assert shown(open_client("ana"), "check_in")[0]["text"] == "A long day."
    assert modes_of(tmp_path) == {0o600}


async def test_a_lost_answer_and_a_restart_store_an_edit_once(open_client: Open) -> None:
    ana = await signed_in(open_client("ana"))
    await ana.sync()
    entry(ana)
    slept: list[float] = []
    cut = open_client("ana", *["answer lost"] * TRIES_MAX, slept=slept)
    with pytest.raises(OfflineError):
        await cut.sync()
    transport = cut.http._transport
    assert isinstance(transport, Faulty)
    assert len(transport.bodies) == TRIES_MAX
    assert len(set(transport.bodies)) == 1, "the same keys at every attempt"
    assert slept == [0.5, 1.0, 2.0, 4.0]
    again = open_client("ana")
    (outcome,) = (await again.sync()).outcomes
    assert outcome.status == "duplicate"
    assert len(shown(again, "check_in")) == 1
    assert again.replica is not None
    assert again.replica.waiting() == []


async def test_a_busy_server_is_asked_again_when_it_said(open_client: Open) -> None:
    await signed_in(open_client("ana"))
    slept: list[float] = []
    ana = open_client("ana", (503, {"Retry-After": "7"}), (429, {"Retry-After": "900"}), (503, {}), slept=slept)
    entry(ana)
    assert [each.status for each in (await ana.sync()).outcomes] == ["applied"]
    assert slept == [7.0, WAIT_MAX_S, 2.0]


async def test_without_a_network_every_edit_is_kept(open_client: Open) -> None:
    await signed_in(open_client("ana"))
    ana = open_client("ana", *["unreachable"] * TRIES_MAX)
    identity = entry(ana)
    ana.edit("check_in", identity, {"text": "A longer day."})
    with pytest.raises(OfflineError) as caught:
        await ana.sync()
    assert "kept" in str(caught.value)
    assert shown(ana, "check_in")[0]["text"] == "A longer day."
    assert [each.status for each in (await ana.sync()).outcomes] == ["applied", "applied"]


async def test_what_does_harm_twice_is_not_asked_twice(open_client: Open) -> None:
    ana, ben = await signed_in(open_client("ana")), await signed_in(open_client("ben"), "Ben")
    code = (await ana.invite())["code"]
    cut = open_client("ben", "answer lost")
    with pytest.raises(OfflineError):
        await cut.redeem(code)
    transport = cut.http._transport
    assert isinstance(transport, Faulty)
    assert len(transport.bodies) == 1
    assert len((await ben.me())["pairings"]) == 1


async def test_what_the_server_wants_first_is_said_and_the_edits_are_kept(open_client: Open) -> None:
    ana = open_client("ana")
    await ana.sign_in_for_development(f"new-{uuid4()}")
    entry(ana)
    with pytest.raises(TurnedAwayError) as caught:
        await ana.sync()
    assert (caught.value.status, caught.value.type) == (403, "consent_needed")
    assert ana.replica is not None
    assert len(ana.replica.waiting()) == 1
    await ana.begin("Ana")
    assert [each.status for each in (await ana.sync()).outcomes] == ["applied"]


async def test_with_a_cursor_that_is_not_known_any_more_it_begins_anew_and_keeps_what_waits(open_client: Open) -> None:
    ana = await signed_in(open_client("ana"))
    before = entry(ana, "Before.")
    await ana.sync()
    ana.store.change(lambda replica: replica.shelves.move_to("of-another-server"))
    entry(ana, "After.")

    outcomes = (await ana.sync()).outcomes

    assert [each.status for each in outcomes] == ["applied"]
    assert sorted(each["text"] for each in shown(ana, "check_in")) == ["After.", "Before."]
    assert ana.replica is not None
    assert ana.replica.cursor not in (None, "of-another-server")
    assert not ana.replica.rebuilds
    assert not ana.replica.waiting()
    assert ana.replica.shown(before) is not None


async def test_where_beginning_anew_helps_nothing_either_it_says_so(open_client: Open) -> None:
    await signed_in(open_client("ana"))
    said = {"type": "urn:haven:problem:malformed", "title": "No.", "where": "$.cursor"}
    ana = open_client("ana", *[(400, {}, said)] * 3)
    with pytest.raises(TurnedAwayError) as caught:
        await ana.sync()
    assert caught.value.where == "$.cursor"
    network = ana.http._transport
    assert isinstance(network, Faulty)
    assert len(network.bodies) == 2


async def test_an_answer_that_is_no_problem_of_ours_is_told_by_its_number(open_client: Open) -> None:
    await signed_in(open_client("ana"))
    ana = open_client("ana", (418, {}))
    with pytest.raises(TurnedAwayError) as caught:
        await ana.me()
    assert (caught.value.status, str(caught.value)) == (418, "The server answered 418")


async def test_a_change_that_fails_halfway_leaves_nothing(open_client: Open) -> None:
    ana = await signed_in(open_client("ana"))
    entry(ana)

    def halfway(replica: Replica) -> None:
        replica.keep(replica.waiting()[0].change, None)
        replica.forget(RecordId(replica.waiting()[0].change.id))
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        ana.store.change(halfway)
    assert len(shown(ana, "check_in")) == 1
    assert len(shown(open_client("ana"), "check_in")) == 1


async def test_an_edit_against_a_rule_keeps_nothing_and_says_why(open_client: Open) -> None:
    ana = await signed_in(open_client("ana"))
    with pytest.raises(EditRefusedError) as caught:
        ana.edit("notice", None, {"code": "x"})
    assert caught.value.code is Refusal.SERVER_OWNED
    with pytest.raises(EditRefusedError):
        ana.edit("no_such_kind", None, {})
    assert ana.replica is not None
    assert ana.replica.waiting() == []


async def test_two_processes_share_one_file(open_client: Open) -> None:
    ana = await signed_in(open_client("ana"))
    other = open_client("ana")
    first = entry(ana, "From the first.")
    assert shown(other, "check_in")[0]["text"] == "From the first."
    other.edit("check_in", first, {"text": "From the second."})
    assert shown(ana, "check_in")[0]["text"] == "From the second."
    told = await asyncio.gather(ana.sync(), other.sync())
    assert {each.status for one in told for each in one.outcomes} <= {"applied", "duplicate"}
    assert shown(ana, "check_in") == shown(other, "check_in")
    assert ana.replica is not None
    assert ana.replica.waiting() == []


async def test_a_file_belongs_to_one_person(open_client: Open) -> None:
    ana = await signed_in(open_client("ana"))
    entry(ana)
    token = ana.store.account["token"]
    with pytest.raises(AnotherPersonError):
        await ana.sign_in_for_development(f"somebody-else-{uuid4()}")
    assert ana.store.account["token"] == token
    assert len(shown(ana, "check_in")) == 1


async def test_what_was_signed_in_for_somebody_else_on_this_file_is_signed_out_again(open_client: Open) -> None:
    ana, subject = await signed_in(open_client("ana")), f"ben-{uuid4()}"
    ben = await signed_in(open_client("ben"), "Ben", subject)
    token = ana.store.account["token"]
    with pytest.raises(AnotherPersonError):
        await ana.sign_in(await ana.vouched_for_development(subject))
    assert [each["this"] for each in await ben.devices()] == [True]
    assert ana.store.account["token"] == token
    assert [each["this"] for each in await ana.devices()] == [True]


async def test_signing_in_again_keeps_what_is_on_the_phone(open_client: Open) -> None:
    subject = f"ana-{uuid4()}"
    ana = await signed_in(open_client("ana"), subject=subject)
    device = ana.store.account["device"]
    entry(ana)
    await ana.sign_in_for_development(subject)
    assert ana.store.account["device"] == device
    assert [each.status for each in (await ana.sync()).outcomes] == ["applied"]


async def test_purged_words_leave_the_phone_and_the_server(open_client: Open, tmp_path: Path) -> None:
    ana = await signed_in(open_client("ana"))
    stored, unsent = entry(ana, "Not for ever."), None
    await ana.sync()
    unsent = entry(ana, "Never sent.")
    ana.edit("check_in", stored, {"text": "Not for ever. And more."})
    await ana.purge("check_in", unsent)
    await ana.purge("check_in", stored)
    assert [each["text"] for each in shown(ana, "check_in")] == [None]
    ana.store.close()
    kept = bytes_of(tmp_path)
    assert b"Not for ever" not in kept
    assert b"Never sent" not in kept


async def test_leaving_a_couple_closes_its_space_here(open_client: Open) -> None:
    ana, ben = await two(open_client)
    await ben.part((await ben.me())["couple"]["id"])
    await ana.sync()
    assert ana.replica is not None
    assert ana.replica.couple is None
    with pytest.raises(EditRefusedError):
        ana.edit("goal", None, {})


async def test_a_pick_ends_the_choice_on_both_phones(open_client: Open) -> None:
    ana, ben = await two(open_client)
    goal = ana.edit("goal", None, {"notes": "At dusk."})
    assert goal is not None
    ana.edit("goal_terms", None, {"goal": str(goal.id), "title": "Walk"})
    await ana.sync()
    await ben.sync()
    ana.edit("goal", RecordId(goal.id), {"notes": "At dawn."})
    ben.edit("goal", RecordId(goal.id), {"notes": "At noon."})
    await ana.sync()
    await ben.sync()
    assert ben.replica is not None
    assert [each.text for each in ben.replica.view("goal")[0].alternatives["notes"]] == ["At noon."]
    ben.pick(RecordId(goal.id), "notes", "At noon.")
    await ben.sync()
    await ana.sync()
    assert shown(ana, "goal")[0]["notes"] == shown(ben, "goal")[0]["notes"] == "At noon."


def test_a_file_that_is_no_device_is_told_by_its_name(tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear Ben, this is no database. " * 100)
    with pytest.raises(DeviceFileError) as caught:
        DeviceStore(other)
    assert "letter.txt" in str(caught.value)
    with pytest.raises(DeviceFileError):
        DeviceStore(tmp_path / "no such folder" / "ana.db")


def test_a_file_from_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ana.db"
    DeviceStore(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DeviceFileError) as caught:
        DeviceStore(file)
    assert "newer" in str(caught.value)


def test_notes_about_the_account_can_be_forgotten(tmp_path: Path) -> None:
    store = DeviceStore(tmp_path / "ana.db")
    store.note(token="t", server="s")
    store.note(token=None)
    assert store.account == {"server": "s"}
    assert store.replica is None
    store.close()


# Live ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def address(parts: Parts) -> AsyncIterator[str]:
    async with served(parts) as server:
        yield str(server.base_url)


async def test_news_arrive_by_themselves_and_the_stream_ends_when_signed_out(
    address: str, tmp_path: Path, open_client: Open
) -> None:
    ana, ben = await two(open_client)
    listening = Client(tmp_path / "ana.db", server=address)
    heard: asyncio.Queue[Hint] = asyncio.Queue()

    async def listen() -> None:
        async for hint in listening.listen():
            heard.put_nowait(hint)

    running = asyncio.create_task(listen())
    goal = ben.edit("goal", None, {})
    assert goal is not None
    ben.edit("goal_terms", None, {"goal": str(goal.id), "title": "An island"})
    await ben.sync()
    hint = await asyncio.wait_for(heard.get(), 30)
    assert ana.replica is not None
    assert hint.space in ana.replica.spaces
    assert len(shown(listening, "goal")) == 1
    await listening._ask("POST", "/v1/sign-out")
    await asyncio.wait_for(running, 30)
    await listening.close()


async def test_a_stream_that_breaks_is_taken_up_again_and_given_up_in_the_end(open_client: Open) -> None:
    await signed_in(open_client("ana"))
    slept: list[float] = []
    ana = open_client("ana", *["unreachable"] * (RETURNS_MAX - 1), (503, {}), slept=slept)
    with pytest.raises(OfflineError):
        async for _ in ana.listen():
            pass
    assert len(slept) == RETURNS_MAX
    assert max(slept) == WAIT_MAX_S


async def test_events_of_a_stream_are_read_whatever_else_is_in_it(open_client: Open) -> None:
    ana, _ = await two(open_client)
    assert ana.replica is not None
    space = next(iter(ana.replica.spaces))
    hint_and_bye = (
        f': beat\n\nevent: hint\ndata: {{"space":"{space}","head":99}}\n\nevent: other\ndata: {{}}\n\n'
        'retry: soon\nid: 7\n\nevent: bye\nretry: 4000\ndata: {"why":"restart"}\n\n'
    )
    slept: list[float] = []
    ana = open_client("ana", slept=slept)
    transport = ana.http._transport
    assert isinstance(transport, Faulty)
    behind, given = transport.behind, [hint_and_bye, 'event: bye\ndata: {"why":"replaced"}\n\n']

    class Scripted(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/v1/live":
                return httpx.Response(200, text=given.pop(0))
            return await behind.handle_async_request(request)

    transport.behind = Scripted()
    heard = [hint async for hint in ana.listen()]
    assert [(hint.space, hint.head) for hint in heard] == [(space, 99)]
    assert slept == [4.0]


async def test_a_live_stream_for_nobody_says_so(open_client: Open) -> None:
    ana = await signed_in(open_client("ana"))
    ana.store.note(token="hvn_no_such_token")
    with pytest.raises(TurnedAwayError) as caught:
        async for _ in ana.listen():
            pass
    assert caught.value.status == 401
