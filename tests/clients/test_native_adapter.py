"""The native adapter's own loop, against the real server: whatever goes wrong with a request, and what it hears."""

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar import Litestar

from api.app import create_app
from api.edge import Application, Bounds
from api.wiring import Parts
from domain.ids import RecordId
from tests import people
from tests.clients.compiling import NATIVE, native_adapter
from tests.clients.conftest import RUN, nothing_tested_with, what_sqlite_lacks
from tests.clients.installing import ADAPTERS
from tests.clients.proxy import Fault, Once, proxied
from tests.clients.readers import Node, ReaderPhone, TurnedAwayError, address_of
from tests.journeys.phones import Home, Phone, home_of
from tests.streams import DEADLINE_S, serving, until

BODY_BYTES_MAX = 4_000
LIVE = "/v1/live"


@dataclass
class Gate:
    """Stands before the server, and answers some of the next requests in its place."""

    server: Application
    next: dict[str, list[tuple[int, bytes, Mapping[str, str]]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def answers(self, path: str, status: int, type_: str, **headers: str) -> None:
        problem = {"type": f"urn:haven:problem:{type_}", "title": "Not now", "detail": "Please come again."}
        self.says(path, status, msgspec.json.encode(problem), **headers)

    def says(self, path: str, status: int, body: bytes, **headers: str) -> None:
        self.next.setdefault(path, []).append((status, body, headers))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        self.asked[path] += 1
        if not self.next.get(path):
            await self.server(scope, receive, send)
            return
        status, body, headers = self.next[path].pop(0)
        told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": body})


class Place:
    """A couple whose phones may have the adapter, which is hurried here, and a server that can turn them away."""

    def __init__(self, home: Home, gate: Gate, app: Litestar, address: str, node: Node) -> None:
        self.home, self.gate, self.app, self.address, self.node = home, gate, app, address, node

    async def phone(self, whose: str = "ana", **how: Any) -> ReaderPhone:
        """One more phone, which has pulled all there is."""
        owner = self.home.ana if whose == "ana" else self.home.ben
        someone = await people.another_device(self.home.client, owner)
        how = {"address": self.address, "limit": 500, "hurried": True} | how
        phone = ReaderPhone(self.node, how.pop("address"), self.home.client, someone, **how)
        await phone.sync()
        return phone

    async def titles(self) -> list[str]:
        """The steps that are stored, as Ben's phone shows them."""
        await self.home.b1.sync()
        return sorted(each.fields["title"] for each in self.home.b1.all("step"))


@asynccontextmanager
async def place_of(client: httpx.AsyncClient, parts: Parts, node: Node, **how: Any) -> AsyncIterator[Place]:
    app = create_app(parts)
    gate = Gate(app)
    async with home_of(client, parts) as home, serving(gate, **how) as server:
        yield Place(home, gate, app, address_of(server), node)


@pytest.fixture
async def place(client: httpx.AsyncClient, parts: Parts, node: Node) -> AsyncIterator[Place]:
    async with place_of(client, parts, node) as place:
        yield place


def step(phone: Phone, place: Place, title: str) -> RecordId:
    return phone.edit("step", goal=place.home.goal, title=title)


def met(phone: ReaderPhone) -> dict[str, Any]:
    said: dict[str, Any] = phone.tell("met")
    return said


def statuses(phone: ReaderPhone) -> list[int]:
    return [each["status"] for each in met(phone)["sent"]]


async def problem_of(phone: ReaderPhone) -> tuple[int, str]:
    """What a sync is turned away with."""
    with pytest.raises(TurnedAwayError) as turned:
        await phone.sync()
    return turned.value.problem["status"], turned.value.problem["code"]


async def test_an_answer_that_is_lost_is_asked_for_again_by_the_loop_itself(place: Place) -> None:
    async with proxied(place.address) as proxy:
        phone = await place.phone(address=proxy.address)
        titled = step(phone, place, "Book the ferry")
        weather = proxy.weather = Once(Fault.UNANSWERED, "POST", "/v1/sync")
        await phone.sync()

        assert weather.happened
        assert (phone.pending(), phone.outcome().status) == (0, "duplicate")
        assert phone.record(titled).version > 0
        assert await place.titles() == ["Book the ferry"]


@pytest.mark.parametrize("keeper", ["file", "SQLite"])
async def test_an_app_that_is_killed_in_the_middle_of_a_push_goes_on_from_what_it_kept(
    place: Place, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str, keeper: str
) -> None:
    if keeper == "SQLite" and (missing := what_sqlite_lacks(RUN)):
        nothing_tested_with("the native adapter's keeper in SQLite", missing)
    compiled = native_adapter(tmp_path_factory, worker_id)
    place.node = Node(compiled, tmp_path)
    phone = await place.phone(keeper=keeper)
    titled = step(phone, place, "Book the ferry")
    phone.tell("hold")
    heads = await place.home.heads()
    sent = place.node.told("sync", device=phone.someone.device)
    async with asyncio.timeout(DEADLINE_S):
        while await place.home.heads() == heads:  # noqa: ASYNC110 - the server is waited for
            await asyncio.sleep(0.01)
    place.node.kill()
    assert isinstance(sent.exception(), AssertionError), "nobody was told what came of it"

    node = Node(compiled, tmp_path)
    phone.moved_to(node)
    assert phone.pending() == 1, "it was on the disk before it was sent"
    assert phone.fields(titled)["title"] == "Book the ferry"
    await phone.sync()
    assert (phone.pending(), phone.outcome().status) == (0, "duplicate")
    assert await place.titles() == ["Book the ferry"]
    node.end()


async def test_a_token_that_opens_nothing_leaves_base_and_outbox_as_they_are(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Book the ferry")
    held, good = phone.holds(), phone.someone.token
    phone.tell("sign", token=f"{good[:-4]}none")
    phone.begin_again()

    assert await problem_of(phone) == (401, "unauthenticated")
    assert (phone.pending(), phone.holds()) == (1, held)
    assert statuses(phone)[-1] == 401, "once: no waiting mends it"
    phone.tell("sign", token=good)
    phone.begin_again()
    await phone.sync()
    assert await place.titles() == ["Book the ferry"]


async def test_without_the_consent_it_pulls_and_keeps_what_waits(place: Place) -> None:
    phone, home = await place.phone(), place.home
    kept = phone.edit("check_in", local_date="2026-11-20", text="A day of my own.")
    await people.consent(home.client, home.ana, "core_sensitive", given=False)
    home.b1.edit("goal", home.goal, notes="Ben's words.")
    await home.b1.sync()

    assert await problem_of(phone) == (403, "consent_needed")
    assert phone.fields(home.goal)["notes"] == "Ben's words."
    assert phone.pending() == 1
    await people.consent(home.client, home.ana, "core_sensitive")
    await phone.sync()
    assert phone.pending() == 0
    assert phone.record(kept).version > 0


async def test_a_request_that_is_too_large_goes_in_halves(client: httpx.AsyncClient, parts: Parts, node: Node) -> None:
    """So small is no server's bound; words that hardly can be packed fill it soon, and one edit does so alone."""
    async with place_of(client, parts, node, bounds=Bounds(body_bytes_max=BODY_BYTES_MAX)) as place:
        phone = await place.phone()
        days = [
            phone.edit("check_in", local_date=f"2026-11-{day:02}", text=unpackable(day, 500)) for day in range(1, 21)
        ]
        long = phone.edit("check_in", local_date="2026-11-21", text=unpackable(21, 4 * BODY_BYTES_MAX))
        await phone.sync()

        sent = met(phone)["sent"]
        assert 413 in statuses(phone)
        assert any(each["packed"] for each in sent)
        assert phone.pending() == 0
        assert all(phone.record(each).version > 0 for each in days)
        [aside] = phone.tell("aside")
        assert (aside["change"]["id"], aside["change"]["set"]["text"][:4]) == (str(long), "0021")
        assert aside["said"]


def unpackable(nth: int, length: int) -> str:
    """Words in which nothing comes again."""
    return f"{nth:04}" + Random(nth).randbytes(length // 2).hex()


async def test_an_app_that_is_too_old_keeps_its_outbox(place: Place) -> None:
    phone, parts = await place.phone(), cast("Parts", place.app.state.parts)
    step(phone, place, "Book the ferry")
    settings = msgspec.structs.replace(parts.settings, schema_min=2)
    place.app.state.parts = msgspec.structs.replace(parts, settings=settings)

    assert await problem_of(phone) == (426, "schema_too_old")
    assert phone.pending() == 1
    place.app.state.parts = parts
    await phone.sync()
    assert await place.titles() == ["Book the ferry"]


async def test_it_waits_as_long_as_it_is_told(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Book the ferry")
    place.gate.answers("/v1/sync", 429, "too_many_tries", retry_after="40")
    place.gate.answers("/v1/sync", 503, "busy", retry_after="80")
    await phone.sync()

    first, second = met(phone)["paused"]
    assert 40_000 <= first <= 50_000
    assert 80_000 <= second <= 100_000
    assert await place.titles() == ["Book the ferry"]


async def test_its_pauses_grow_to_a_minute_and_are_never_equal(place: Place) -> None:
    phone = await place.phone(tries=12)
    step(phone, place, "Book the ferry")
    for _ in range(11):
        place.gate.answers("/v1/sync", 500, "internal")
    await phone.sync()

    paused = met(phone)["paused"]
    assert len(set(paused)) == len(paused) == 11
    for nth, each in enumerate(paused):
        whole = min(1_000 * 2**nth, 60_000)
        assert whole / 2 <= each <= whole
    assert phone.pending() == 0
    for _ in range(20):
        place.gate.answers("/v1/sync", 500, "internal")
    assert await problem_of(phone) == (500, "internal"), "there is an end to each sync"
    assert len(place.gate.next["/v1/sync"]) == 20 - 12


async def test_a_change_that_no_server_reads_is_put_aside_with_a_word(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Before.")
    words = {
        "key": "9c1e0000-0000-4000-8000-000000000001",
        "kind": "step",
        "id": "none",
        "set": {"title": "Malformed."},
    }
    phone.tell("keep", change=words, made_ms=0)
    step(phone, place, "After.")
    await phone.sync()

    assert await place.titles() == ["After.", "Before."]
    [aside] = phone.tell("aside")
    assert aside["change"]["set"] == {"title": "Malformed."}
    assert aside["said"].startswith("The request is not well formed. ")
    phone.begin_again()
    assert phone.tell("aside") == [aside], "until its person has read it"
    phone.tell("call", method="putAway", args=[aside["change"]["key"]])
    phone.begin_again()
    assert phone.tell("aside") == []


async def test_an_answer_that_was_overtaken_is_not_taken(place: Place) -> None:
    phone = await place.phone()
    home = place.home
    phone.tell("hold")
    step(phone, place, "Book the ferry")
    syncing = phone.node.told("sync", device=phone.someone.device)
    await until(lambda: len(met(phone)["sent"]) > 1)
    home.b1.edit("goal", home.goal, notes="Written meanwhile.")
    await home.b1.sync()
    await phone.page()
    cursor = phone.device.replica.cursor
    phone.tell("release")

    assert len((await phone.node.waited_for(syncing))["heard"]) == 2
    assert statuses(phone)[1:] == [200, 200], "it asked again"
    assert phone.device.replica.cursor == cursor
    assert phone.fields(home.goal)["notes"] == "Written meanwhile."
    assert phone.holds() == await home.holds(home.ana)


async def test_it_asks_at_each_hint_of_a_stream_that_it_finds_again(place: Place) -> None:
    home = place.home
    async with proxied(place.address) as proxy:
        phone = await place.phone(address=proxy.address)
        phone.tell("listen")
        for text in ("A boat.", "A boat. A tent.", "A boat. A tent. A stove."):
            home.b1.edit("goal", home.goal, notes=text)
            await home.b1.sync()
            await shows(phone, home.goal, notes=text)
            proxy.cut_streams()
        phone.tell("stop")


async def test_while_it_listens_an_edit_is_sent_without_being_asked_for(place: Place) -> None:
    phone = await place.phone()
    phone.tell("listen")
    title = {"goal": str(place.home.goal), "title": "Book the ferry"}
    made = phone.tell("call", method="make", args=["step", title])
    phone.tell("call", method="write", args=[made, {"done": True}])
    await shows(phone, made, waits=False, done=True)
    phone.tell("stop")
    assert await place.titles() == ["Book the ferry"]


async def test_a_device_that_is_shut_out_while_it_listens_asks_no_more(place: Place) -> None:
    phone, home = await place.phone(), place.home
    phone.tell("listen")
    await until(lambda: len(met(phone)["sent"]) > 1)
    await people.ok(home.client.post("/v1/sign-out", headers=phone.someone.headers))
    home.b1.edit("goal", home.goal, notes="Not for this phone.")
    await home.b1.sync()
    phone.tell("call", method="remove", args=[str(step(phone, place, "Too late"))])

    await until(lambda: bool(met(phone)["problems"]))
    assert {(each["status"], each["code"]) for each in met(phone)["problems"]} == {(401, "unauthenticated")}
    asked = len(met(phone)["sent"])
    phone.tell("call", method="make", args=["step", {"goal": str(home.goal), "title": "Later still"}])
    for _ in range(5):
        await home.b1.sync()
    assert len(met(phone)["sent"]) == asked
    assert phone.pending() == 3, "all of it is kept"


async def test_a_stream_that_is_refused_for_their_number_is_not_sought_sooner_than_told(place: Place) -> None:
    phone = await place.phone()
    place.gate.answers(LIVE, 429, "too_many_tries", retry_after="45")
    phone.tell("listen")
    await until(lambda: any(each >= 45_000 for each in met(phone)["paused"] if each <= 100_000))
    home = place.home
    home.b1.edit("goal", home.goal, notes="Heard after all.")
    await home.b1.sync()
    await shows(phone, home.goal, notes="Heard after all.")
    phone.tell("stop")


async def test_after_a_restart_it_comes_back_when_it_was_told_to(place: Place) -> None:
    phone, home = await place.phone(), place.home
    place.gate.says(LIVE, 200, b'event: bye\nretry: 1234\ndata: {"why": "restart"}\n\n')
    phone.tell("listen")
    await until(lambda: place.gate.asked[LIVE] == 2)
    assert 1234 in met(phone)["paused"]
    home.b1.edit("goal", home.goal, notes="Heard again.")
    await home.b1.sync()
    await shows(phone, home.goal, notes="Heard again.")
    phone.tell("stop")


async def test_it_does_not_fight_for_a_stream_that_another_one_has_taken(place: Place) -> None:
    phone = await place.phone()
    place.gate.says(LIVE, 200, b'event: bye\nretry: 1234\ndata: {"why": "replaced"}\n\n')
    phone.tell("listen")
    await until(lambda: place.gate.asked[LIVE] == 1)
    made = phone.tell("call", method="make", args=["step", {"goal": str(place.home.goal), "title": "Book the ferry"}])
    await shows(phone, made, waits=False)
    assert place.gate.asked[LIVE] == 1
    phone.tell("stop")


async def test_while_it_listens_without_the_consent_it_asks_at_hints_alone(place: Place) -> None:
    phone, home = await place.phone(), place.home
    await people.consent(home.client, home.ana, "core_sensitive", given=False)
    kept = phone.edit("check_in", local_date="2026-11-20", text="A day of my own.")
    phone.tell("listen")
    for text in ("A boat.", "A boat. A tent."):
        home.b1.edit("goal", home.goal, notes=text)
        await home.b1.sync()
        await shows(phone, home.goal, notes=text)
    assert {each["code"] for each in met(phone)["problems"]} == {"consent_needed"}
    assert not [each for each in met(phone)["paused"] if each <= 60_000], "it rests, and tries nothing over and over"
    await people.consent(home.client, home.ana, "core_sensitive")
    await phone.sync()
    assert phone.record(kept).version > 0
    phone.tell("stop")


async def test_a_network_that_answers_in_haven_s_place_is_none(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Book the ferry")
    place.gate.says("/v1/sync", 200, b"<html>Welcome to our hotel.</html>", content_type="text/html")
    place.gate.says("/v1/sync", 200, b'{"welcome": true}')
    await phone.sync()
    assert len(met(phone)["paused"]) == 2
    assert await place.titles() == ["Book the ferry"]


async def test_what_cannot_be_kept_was_not_edited(place: Place) -> None:
    phone = await place.phone()
    step(phone, place, "Kept.")
    phone.tell("block_disk")
    with pytest.raises(AssertionError, match="This could not be kept"):
        step(phone, place, "Not kept.")
    assert [each.fields["title"] for each in phone.all("step")] == ["Kept."]
    phone.tell("free_disk")
    step(phone, place, "Kept, too.")
    phone.begin_again()
    await phone.sync()
    assert await place.titles() == ["Kept, too.", "Kept."]


async def test_a_file_is_one_person_s(place: Place) -> None:
    phone = await place.phone()
    with pytest.raises(AssertionError, match="belongs to another person"):
        phone.tell("begin", **phone.how, person=place.home.ben.id)


async def test_of_a_keepsake_that_was_let_go_nothing_stays(place: Place) -> None:
    phone, home = await place.phone(), place.home
    home.b1.edit("goal", home.goal, notes="Words of both.")
    await home.b1.sync()
    await phone.sync()
    await people.ok(people.part(home.client, home.ana, home.couple))
    await phone.sync()
    assert b"Words of both." in phone.database_bytes(), "it is kept until it is let go"
    path = f"/v1/couples/{home.couple}/keepsake"
    await people.ok(home.client.delete(path, headers=home.ana.headers))
    await phone.sync()

    assert b"Words of both." not in phone.database_bytes()
    assert {each.home for each in phone.device.replica.spaces.values()} == {"personal"}
    assert {space for space, _ in phone.holds()} == set(phone.device.replica.spaces)


async def shows(phone: ReaderPhone, identity: UUID | str, *, waits: bool | None = None, **fields: Any) -> None:
    """Return once it shows this of a record, without being asked to sync."""

    def does() -> bool:
        found = phone.tell("look", id=str(identity))
        return bool(found) and fields.items() <= found["fields"].items() and waits in (None, found["waits"])

    await until(does)


# The page -----------------------------------------------------------------------------------------------------------

PAGE = (ADAPTERS / "native.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"## An adapter to paste.*?```js\n(.+?)```", re.DOTALL)


async def test_the_app_of_the_page_runs_as_it_stands_there(
    place: Place, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> None:
    found = EXAMPLE.search(PAGE)
    assert found is not None
    shutil.copytree(native_adapter(tmp_path_factory, worker_id), tmp_path / "native")
    shutil.copy(NATIVE / "kinds.json", tmp_path / "native")
    ana = await people.another_device(place.home.client, place.home.ana)
    given = {"server": place.address, "token": ana.token, "person": str(ana.id)}
    begins = [f"const {name} = {msgspec.json.encode(value).decode()};" for name, value in given.items()]
    app = tmp_path / "app.mjs"
    app.write_text("\n".join([*begins, found[1], "await device.sync();", "stop();"]), encoding="utf-8")
    pipe = asyncio.subprocess.PIPE
    async with asyncio.timeout(DEADLINE_S):
        node = await asyncio.create_subprocess_exec("node", str(app), cwd=tmp_path, stdout=pipe, stderr=pipe)
        said, complaints = await node.communicate()

    assert (node.returncode, complaints.decode()) == (0, "")
    assert said.decode() == "A long walk.\n"
    await place.home.a1.sync()
    [entry] = place.home.a1.all("check_in")
    assert (entry.fields["text"], entry.fields["valence"]) == ("A long walk.", 2)
