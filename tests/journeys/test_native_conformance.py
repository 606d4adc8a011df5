"""The conformance cases of the native protocol, by their names: real devices, the real server, PostgreSQL.

Ana has two phones, Ben has one. A phone is `sync.replica.Replica` over HTTP; it is offline until `sync`. Wherever the
phones are said to be equal, each holds and shows exactly what is stored for its person.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from api.app import create_app
from api.settings import Secret, Settings
from api.wiring import Parts, open_parts
from domain.goal_kinds import STEPS_A_GOAL_MAX
from domain.ids import RecordId
from sync.wire import Change
from tests.clocks import StillClock
from tests.conftest import app_client, create_migrated_database, database_of, drop_database
from tests.journeys.phones import Home, Phone, home_of
from tests.journeys.town import HttpServer, HttpTown
from tests.schemas import NEWER, serve_second_schema
from tests.simulation.coverage import Hits
from tests.simulation.play import play_in
from tests.streams import serving
from tests.world import SYNCS_MAX


@pytest.fixture
async def home(client: httpx.AsyncClient, parts: Parts) -> AsyncIterator[Home]:
    """A couple with three phones, all in sync, and a goal that both accepted."""
    async with home_of(client, parts) as home:
        yield home


async def agree(*phones: Phone) -> None:
    """Sync all in turn, twice: whatever one of them brings, the others have then."""
    for _ in range(2):
        for phone in phones:
            await phone.sync()


async def equal_everywhere(home: Home, *others: Phone) -> None:
    """These phones and the three of the house hold what is stored for their person, and show it."""
    for person in (home.ana, home.ben):
        stored = await home.holds(person)
        for phone in (home.a1, home.a2, home.b1, *others):
            if phone.someone.id == person.id:
                assert phone.holds() == stored
                assert phone.shows_what_it_holds()


def alternatives(phone: Phone, identity: RecordId, field: str) -> list[tuple[Any, str]]:
    """What stands beside a text on a phone: by whom, and what."""
    return [(each.by, each.text) for each in phone.record(identity).alternatives.get(field, ())]


def nothing_beside(*phones: Phone) -> bool:
    """Whether no text on these phones has another one beside it."""
    return all(each.alternatives == {} for phone in phones for each in phone.everything())


async def test_basic(home: Home) -> None:
    step = home.a1.edit("step", goal=home.goal, title="Book ferry")
    entry = home.a1.edit("check_in", local_date="2026-11-20", text="A day of my own.")
    assert home.a1.fields(step)["title"] == "Book ferry", "shown at once, before any network"

    for phone in (home.a1, home.b1, home.a2):
        await phone.sync()

    await equal_everywhere(home)
    assert home.a2.fields(step)["title"] == home.b1.fields(step)["title"] == "Book ferry"
    assert home.a2.fields(entry)["text"] == "A day of my own."
    assert home.b1.all("check_in") == []


async def test_create_then_edit(home: Home) -> None:
    step = home.a1.edit("step", goal=home.goal, title="Book")
    home.a1.edit("step", step, title="Book ferry")
    home.a1.edit("step", step, title="Book the ferry")
    home.a1.edit("step", step, done=True)
    home.a1.edit("step", step, done=False)
    assert home.a1.pending() == 5

    await agree(home.a1, home.b1, home.a2)

    await equal_everywhere(home)
    assert (home.b1.fields(step)["title"], home.b1.fields(step)["done"]) == ("Book the ferry", False)
    assert nothing_beside(home.a1, home.a2, home.b1)
    assert home.b1.record(step).merged == ()
    assert home.a1.notices() == home.b1.notices() == []


async def test_different_fields(home: Home) -> None:
    step = await home.shared_step("Book ferry")
    home.a1.edit("step", step, title="Book the ferry")
    home.b1.edit("step", step, done=True)

    for phone in (home.a1, home.b1, home.a1):
        await phone.sync()

    for phone in (home.a1, home.b1):
        assert (phone.fields(step)["title"], phone.fields(step)["done"]) == ("Book the ferry", True)
    heads = await home.heads()
    await agree(home.a1, home.b1, home.a2)
    await equal_everywhere(home)
    assert (home.a2.fields(step)["title"], home.a2.fields(step)["done"]) == ("Book the ferry", True)
    assert await home.heads() == heads, "nothing moves any more"
    assert home.a1.notices() == home.b1.notices() == []


async def test_same_text_other_sentences(home: Home) -> None:
    await home.write_notes("We leave on Friday. We take the dog.")
    home.a1.edit("goal", home.goal, notes="We leave on Friday at noon. We take the dog.")
    home.b1.edit("goal", home.goal, notes="We leave on Friday. We take the dog and the tent.")

    await agree(home.a1, home.b1, home.a2)

    await equal_everywhere(home)
    for phone in (home.a1, home.a2, home.b1):
        assert phone.fields(home.goal)["notes"] == "We leave on Friday at noon. We take the dog and the tent."
    assert nothing_beside(home.a1, home.a2, home.b1)
    assert home.a1.notices() == home.b1.notices() == []


async def test_same_sentence(home: Home) -> None:
    step = await home.shared_step("Book ferry")
    home.a1.edit("step", step, title="Book the early ferry")
    home.b1.edit("step", step, title="Book the night ferry")

    await agree(home.a1, home.b1, home.a2)

    await equal_everywhere(home)
    bens = [(home.b1.person, "Book the night ferry")]
    for phone in (home.a1, home.a2, home.b1):
        assert phone.fields(step)["title"] == "Book the early ferry", "the stored text stays first"
        assert alternatives(phone, step, "title") == bens
        assert [(each["code"], each["about"]) for each in phone.notices()] == [("kept_both", str(step))]

    # A client that knows nothing of alternatives sends the text alone, whoever's it is.
    for phone, title in ((home.a2, "Book the early ferry!"), (home.b1, "Book the early ferry, please!")):
        phone.edit("step", step, title=title)
        await agree(phone, home.a1, home.a2, home.b1)
        assert [each.fields(step)["title"] for each in (home.a1, home.a2, home.b1)] == [title] * 3
        for each in (home.a1, home.a2, home.b1):
            assert alternatives(each, step, "title") == bens, "an edit of the text alone clears nothing"

    home.b1.pick(step, "title", "Book the night ferry")
    await agree(home.b1, home.a1, home.a2)
    await equal_everywhere(home)
    for phone in (home.a1, home.a2, home.b1):
        assert phone.fields(step)["title"] == "Book the night ferry"
        assert len(phone.notices()) == 1
    assert nothing_beside(home.a1, home.a2, home.b1)


async def test_lost_response(home: Home) -> None:
    """Here the server has a socket, and its clock moves on as the phone's does."""
    step = await home.shared_step("Book ferry")
    clock = StillClock()
    async with serving(create_app(msgspec.structs.replace(home.parts, clock=clock))) as server:
        home.a1.talk_to(server)
        home.a1.edit("step", step, title="Book the ferry")
        await home.a1.sync_with_the_socket_cut(server)
        heads = await home.heads()
        assert home.a1.pending() == 1
        home.a1.later(timedelta(hours=1))
        clock.move(minutes=60)

        await agree(home.a1, home.b1, home.a2)

        assert home.a1.outcome().status == "duplicate", "it had been stored before the socket was cut"
        assert await home.heads() == heads
        assert await home.revisions_of(step) == 1
        await equal_everywhere(home)
        assert home.b1.fields(step)["title"] == "Book the ferry"
        assert nothing_beside(home.a1, home.a2, home.b1)
        assert home.a1.notices() == home.b1.notices() == []


@pytest.mark.parametrize("first", ["remover", "editor"])
async def test_remove_edit(home: Home, first: str) -> None:
    step = await home.shared_step("Book ferry")
    home.a1.remove(step)
    home.b1.edit("step", step, title="Book the ferry for three")

    order = (home.a1, home.b1) if first == "remover" else (home.b1, home.a1)
    await agree(*order, home.a2)

    await equal_everywhere(home)
    for phone in (home.a1, home.a2, home.b1):
        record = phone.record(step)
        assert not record.removed
        assert record.fields["title"] == "Book the ferry for three"
        assert record.alternatives == {}
    assert [(each["code"], each["about"]) for each in home.a1.notices()] == [("came_back", str(step))]
    assert home.b1.notices() == []


async def test_window_cycle(home: Home) -> None:
    tablet = await home.another_phone("ben")
    entry = home.a1.edit("check_in", local_date="2026-11-20", text="first private", valence=-2)
    await agree(home.a1, home.b1, tablet)
    seen = [[each.fields.get("text") for each in home.b1.all("shown_check_in")]]
    phases = [("then shown", home.couple), ("private again", "only_me"), ("shown again", home.couple)]
    for text, audience in phases:
        home.a1.edit("check_in", entry, text=text, audience=audience, shared_parts=["text"])
        await agree(home.a1, home.a2, home.b1, tablet)
        shown = home.b1.all("shown_check_in")
        seen.append([each.fields.get("text") for each in shown])
        assert all(each.fields.get("valence") is None for each in shown)
        for phone in (home.b1, tablet):
            assert (b"then shown" in phone.database_bytes()) is (text == "then shown"), "shown while it is open"
            for private in (b"first private", b"private again"):
                assert private not in phone.bytes_received() + phone.database_bytes()
        assert not await home.b1.may_look_behind("check_in", entry)
        await equal_everywhere(home, tablet)

    assert seen == [[], ["then shown"], [], ["shown again"]]
    assert await home.a1.may_look_behind("check_in", entry)


@pytest.mark.parametrize("first", ["opener", "writer"])
async def test_open_and_write(home: Home, first: str) -> None:
    entry = home.a1.edit("check_in", local_date="2026-11-20", text="A long day.")
    await agree(home.a1, home.a2)
    home.a1.edit("check_in", entry, audience=home.couple, shared_parts=["text", "mood"], valence=-1)
    home.a2.edit("check_in", entry, text="A long day. I am not telling anyone this.")

    order = (home.a1, home.a2) if first == "opener" else (home.a2, home.a1)
    await order[0].sync()
    await home.b1.sync()
    await agree(*order, home.b1)

    await equal_everywhere(home)
    assert b"not telling" not in home.b1.bytes_received() + home.b1.database_bytes()
    for phone in (home.a1, home.a2):
        assert phone.fields(entry)["text"] == "A long day. I am not telling anyone this."
        assert phone.fields(entry)["shared_parts"] == ["mood"]
        assert [(each["code"], each["about"]) for each in phone.notices()] == [("kept_private", str(entry))]
    [shown] = home.b1.all("shown_check_in")
    assert (shown.fields.get("text"), shown.fields.get("valence")) == (None, -1)
    assert home.b1.notices() == []


async def test_withdraw_race(home: Home) -> None:
    entry = home.a1.edit(
        "check_in", local_date="2026-11-20", text="A hard day", audience=home.couple, shared_parts=["text"]
    )
    await agree(home.a1, home.b1)
    [shown] = home.b1.all("shown_check_in")
    answer = home.b1.edit("response", to=str(shown.id), form="here_with_you", text="I read it twice")
    home.a1.edit("check_in", entry, audience="only_me")

    await agree(home.a1, home.b1, home.a2)

    await equal_everywhere(home)
    assert home.b1.all("shown_check_in") == []
    assert b"A hard day" not in home.b1.database_bytes()
    assert home.b1.all("response") == home.a1.all("response") == []
    [box] = home.b1.all("unplaced")
    assert box.fields["words"] == {"text": "I read it twice"}
    assert (box.fields["meant"], box.fields["code"]) == ("response", "parent_gone")
    assert answer not in {identity for _, identity in (await home.stock()).records}
    assert b"I read it twice" not in home.a1.bytes_received() + home.a2.bytes_received()
    assert home.a1.fields(entry)["text"] == "A hard day"
    assert home.a1.all("unplaced") == []


PAGE = 5
JUST_PUSHED = 200
WRITERS = 200
WRITERS_A_PAGE = 4


async def test_paging(home: Home) -> None:
    """Two phones read page by page, one that has just pushed and a new one; with each page some others write."""
    older = [home.b1.edit("goal", topic="us", notes=f"Goal {nth}.") for nth in range(20)]
    await home.b1.sync()
    pusher = await home.another_phone("ana", limit=PAGE)
    await pusher.sync()
    pushed = mixed_rows(home, pusher)
    newcomer = await home.another_phone("ana", limit=PAGE)
    assert (await pusher.page()).more
    writers = iter([writer(home, older, nth) for nth in range(WRITERS)])
    reading = [pusher, newcomer]

    for _ in range(SYNCS_MAX):
        writing = [change for change, _ in zip(writers, range(WRITERS_A_PAGE), strict=False)]
        pages = await asyncio.gather(*(phone.page() for phone in reading), *(wrote(home.b1, each) for each in writing))
        for phone, page in zip(list(reading), pages, strict=False):
            assert len(page.records) + len(page.gone) == PAGE if page.more else True, "pages are full"
            if not page.more:
                reading.remove(phone)
        if not reading:
            break
    else:
        pytest.fail("a pull does not end")
    left = list(writers)
    await asyncio.gather(*(wrote(home.b1, each) for each in left))
    assert len(left) < WRITERS / 2, "most of them wrote meanwhile"
    await agree(pusher, newcomer, home.a1, home.a2, home.b1)

    await equal_everywhere(home, pusher, newcomer)
    assert len(pushed) == JUST_PUSHED
    assert pusher.all("unplaced") == []
    assert pushed <= {identity for _, identity in newcomer.holds()}
    assert newcomer.versions_seen_twice() == pusher.versions_seen_twice() == Counter()


async def wrote(phone: Phone, change: Change) -> None:
    """Push one change, which must be stored."""
    [outcome] = (await phone.push_raw([change]))["outcomes"]
    assert (outcome["status"], outcome["code"]) in (("applied", None), ("merged", None))


def mixed_rows(home: Home, phone: Phone) -> set[RecordId]:
    """Make so many records of several kinds that nothing is refused for their number."""
    made = {phone.edit("step", goal=home.goal, title=f"Step {nth}.") for nth in range(STEPS_A_GOAL_MAX)}
    made |= {phone.edit("note_draft", for_what=f"Thanks {nth}.") for nth in range(60)}
    made |= {phone.edit("check_in", local_date=f"2026-11-{day:02}", text="A day.") for day in range(1, 21)}
    made |= {phone.edit("goal", notes=f"Plan {nth}.") for nth in range(40)}
    terms = phone.fields(home.goal)["terms_in_force"]
    made |= {phone.edit("goal_act", goal=home.goal, terms=terms, act="accept") for _ in range(JUST_PUSHED - len(made))}
    return made


def writer(home: Home, older: list[RecordId], nth: int) -> Change:
    """What Ben writes: every other time something new, else an older record is moved to the end."""
    if nth % 2:
        goal = older[nth // 2 % len(older)]
        return Change(
            key=uuid4(), kind="goal", id=goal, couple=home.b1.device.replica.couple, set={"notes": f"No {nth}."}
        )
    terms = home.b1.fields(home.goal)["terms_in_force"]
    return home.b1.raw_change("goal_act", {"goal": home.goal, "terms": terms, "act": "accept"})


BAD: dict[str, Callable[[Home], tuple[str, dict[str, Any]]]] = {
    "too long": lambda home: ("step", {"goal": home.goal, "title": "bad " * 40}),
    "for somebody else": lambda home: ("step", {"goal": home.goal, "title": "bad", "taken_by": [str(home.ana.id)]}),
    "of no kind": lambda _: ("wish", {"title": "bad"}),
}


@pytest.mark.parametrize("bad", BAD)
async def test_poison(home: Home, bad: str) -> None:
    """Three times: by a phone that hears no answer to the first two, and then by three edits more."""
    kind, values = BAD[bad](home)
    for nth in range(1, 4):
        home.b1.queue_raw("step", {"goal": home.goal, "title": f"good {nth}"})
        home.b1.queue_raw(kind, values | {"title": f"{values['title']}{nth}"})
        home.b1.queue_raw("step", {"goal": home.goal, "title": f"good too {nth}"})
        await home.b1.sync_with_the_answer_lost()
        await home.b1.sync_with_the_answer_lost()
        assert home.b1.pending() == 3
        await home.b1.sync()

        assert home.b1.pending() == 0
        await agree(home.b1, home.a1, home.a2)
        await equal_everywhere(home)
        titles = sorted(each.fields["title"] for each in home.a1.all("step"))
        assert titles == sorted(f"good {word}{each}" for each in range(1, nth + 1) for word in ("", "too "))
        boxes = [each.fields for each in home.b1.all("unplaced")]
        assert [each["words"] for each in boxes] == [
            {"title": f"{values['title']}{each}"} for each in range(1, nth + 1)
        ]
        assert home.a1.all("unplaced") == []


async def test_parallel_pushes(home: Home) -> None:
    """Eight at once, and each of them twice."""
    changes = [home.b1.raw_change("step", {"goal": home.goal, "title": f"at once {nth}"}) for nth in range(8)]
    before = max((await home.heads()).values())

    answers = await asyncio.gather(*(home.b1.push_raw([change]) for change in changes * 2))

    outcomes = [outcome for answer in answers for outcome in answer["outcomes"]]
    by_key = {each["key"]: each for each in outcomes if each["status"] == "applied"}
    assert Counter(each["status"] for each in outcomes) == {"applied": 8, "duplicate": 8}
    assert by_key.keys() == {str(change.key) for change in changes}
    assert all(each["version"] == by_key[each["key"]]["version"] for each in outcomes)
    versions = sorted(each["version"] for each in by_key.values())
    assert versions == list(range(versions[0], versions[0] + 8))
    stored = (await home.stock()).records
    made = {record.id: record.version for record in stored.values() if record.kind == "step"}
    assert made == {change.id: by_key[str(change.key)]["version"] for change in changes}
    assert before < versions[-1]

    again = await asyncio.gather(*(home.b1.push_raw([change]) for change in changes))
    assert {outcome["status"] for answer in again for outcome in answer["outcomes"]} == {"duplicate"}
    await agree(home.b1, home.a1, home.a2)
    await equal_everywhere(home)
    assert {each.fields["title"] for each in home.a1.all("step")} == {f"at once {nth}" for nth in range(8)}
    assert len(home.a1.all("step")) == 8


async def test_restore(home: Home) -> None:
    kept = await home.shared_step("Kept by the dump.")
    reworded = await home.shared_step("Also kept.")
    await home.write_notes("Kept.")
    dump = await home.dump()
    lost = home.a1.edit("step", goal=home.goal, title="After the dump.")
    entry = home.a1.edit("check_in", local_date="2026-11-20", text="Also after the dump.")
    home.b1.edit("step", reworded, title="Said in other words after the dump.")
    home.b1.edit("goal", home.goal, notes="Kept. And more after the dump.")
    await agree(home.a1, home.b1, home.a2)
    home.b1.edit("step", kept, title="Kept by the dump, dirty at Ben's.")

    await home.restore(dump)
    assert {identity for _, identity in (await home.stock()).records}.isdisjoint({lost, entry})
    await agree(home.a1, home.b1, home.a2)
    heads = await home.heads()
    await agree(home.a1, home.b1, home.a2)

    await equal_everywhere(home)
    assert await home.heads() == heads, "it comes back once"
    assert all(phone.resets() for phone in (home.a1, home.a2, home.b1))
    assert {each.id: each.fields["title"] for each in home.a2.all("step")} == {
        kept: "Kept by the dump, dirty at Ben's.",
        reworded: "Said in other words after the dump.",
        lost: "After the dump.",
    }
    assert home.a2.fields(home.goal)["notes"] == "Kept. And more after the dump."
    assert [(each.id, each.fields["text"]) for each in home.a2.all("check_in")] == [(entry, "Also after the dump.")]
    assert nothing_beside(home.a1, home.a2, home.b1)
    for phone in (home.a1, home.b1):
        assert phone.notices() == phone.all("unplaced") == []


async def test_long_absence(home: Home) -> None:
    """Ben's phone is away for so long that nobody knows any more what was removed meanwhile."""
    await home.write_notes("We leave on Friday. We take the dog.")
    step = await home.shared_step("Book ferry")
    dropped = await home.shared_step("something that goes")
    home.b1.edit("goal", home.goal, notes="We leave on Friday. We take the dog and the tent.")
    home.b1.edit("step", step, title="Book the ferry, said while away")
    home.a1.edit("goal", home.goal, notes="We leave on Friday at noon. We take the dog.")
    home.a1.edit("step", step, done=True)
    home.a1.remove(dropped)
    await home.a1.sync()
    await home.pass_the_horizon()
    assert dropped not in {identity for _, identity in (await home.stock()).records}

    await home.b1.sync()
    assert home.b1.resets() == 1
    assert home.b1.pending() == 0
    await agree(home.b1, home.a1, home.a2)

    await equal_everywhere(home)
    assert home.b1.resets() == 1
    for phone in (home.a1, home.a2, home.b1):
        assert (phone.fields(step)["title"], phone.fields(step)["done"]) == ("Book the ferry, said while away", True)
        assert phone.fields(home.goal)["notes"] == "We leave on Friday at noon. We take the dog and the tent."
        assert dropped not in {each.id for each in phone.everything()}
    assert nothing_beside(home.a1, home.a2, home.b1)


YEAR_AHEAD = timedelta(days=365)
IN_1970 = timedelta(days=-20_500)


@pytest.mark.parametrize(
    ("anas", "bens"),
    [(timedelta(), YEAR_AHEAD), (timedelta(), IN_1970), (YEAR_AHEAD, IN_1970)],
    ids=["a year ahead", "1970", "both"],
)
async def test_clocks(home: Home, anas: timedelta, bens: timedelta) -> None:
    """Whoever wrote later and whoever syncs first: what was made an hour ago beats what was made three hours ago."""
    home.a1.skew(anas)
    home.b1.skew(bens)
    for (later, earlier), ben_first in product([(home.a1, home.b1), (home.b1, home.a1)], [True, False]):
        await home.write_topic("us")
        earlier.edit("goal", home.goal, topic="work")
        for phone in (home.a1, home.b1):
            phone.later(timedelta(hours=2))
        later.edit("goal", home.goal, topic="family")
        for phone in (home.a1, home.b1):
            phone.later(timedelta(hours=1))

        await agree(*((home.b1, home.a1) if ben_first else (home.a1, home.b1)), home.a2)

        assert home.a1.fields(home.goal)["topic"] == "family"
        await equal_everywhere(home)


async def test_schema(home: Home, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server knows a second schema, with a field `where` of steps, and Ben has a phone that does, too."""
    serve_second_schema(monkeypatch, {"step": NEWER})
    newer = await home.another_phone("ben")
    newer.schema = 2
    await newer.sync()
    step = newer.edit("step", goal=home.goal, title="Book ferry", where="At the pier.")
    await agree(newer, home.a1, home.a2, home.b1)
    home.a1.edit("step", step, title="Book the ferry")
    newer.edit("step", step, done=True)

    await agree(home.a1, newer, home.a2, home.b1)

    for phone in (home.a1, home.a2, home.b1):
        shown = phone.fields(step)
        assert (shown["title"], shown["done"], "where" in shown) == ("Book the ferry", True, False)
        assert b"At the pier." not in phone.bytes_received()
    assert newer.fields(step)["where"] == "At the pier.", "the older app has edited the record"
    for phone in (home.a1, home.a2, home.b1, newer):
        assert phone.all("unplaced") == phone.notices() == []

    settings = msgspec.structs.replace(parts.settings, schema_min=2)
    async with app_client(create_app(msgspec.structs.replace(parts, settings=settings))) as server:
        for phone in (home.a1, home.a2, home.b1, newer):
            phone.talk_to(server)
        home.a1.edit("step", step, title="Book the ferry for two")
        assert await home.a1.refused() == (426, "urn:haven:problem:schema_too_old")
        assert home.a1.pending() == 1
        for phone in (home.a1, home.a2, home.b1):
            phone.schema = 2
        await agree(home.a1, home.a2, home.b1, newer)
        await equal_everywhere(home, newer)
    for phone in (home.a1, home.a2, home.b1, newer):
        assert (phone.fields(step)["title"], phone.fields(step)["where"]) == ("Book the ferry for two", "At the pier.")


async def test_purge(home: Home) -> None:
    """Before it, the words are in every place in which words can be: in the text, in what stands beside it and behind
    it, and among the words of both that had no place."""
    both = "Ben likes boats. Ana fears the sea."
    await home.write_notes(both, by=home.a1)
    home.b1.edit("goal", home.goal, notes=f"{both} Ben said this.")
    await agree(home.b1, home.a1, home.a2)
    home.b1.edit("goal", home.goal, notes=f"{both} Ben says this.")
    home.a1.edit("goal", home.goal, notes=f"{both} Ana says that.")
    await agree(home.b1, home.a1, home.a2)
    assert alternatives(home.b1, home.goal, "notes") == [(home.a1.person, f"{both} Ana says that.")]
    refused(home.b1, home.goal, f"{both} Ben had no place.")
    refused(home.a1, home.goal, f"{both} Ana had no place.")
    await agree(home.b1, home.a1, home.a2)
    assert [phone.all("unplaced")[0].fields["words"] for phone in (home.b1, home.a1)] == [
        {"notes": f"{both} Ben had no place."},
        {"notes": f"{both} Ana had no place."},
    ]
    assert await home.revisions_of(home.goal) > 1
    assert [len(phone.notices()) for phone in (home.a1, home.b1)] == [1, 1]
    for phone, name in ((home.a2, "A2"), (home.b1, "B")):
        home_notes = phone.fields(home.goal)["notes"]
        phone.edit("goal", home.goal, notes=f"{home_notes} Old from {name}.")
        refused(phone, home.goal, f"{both} Ana says that. Old without a place from {name}.")

    await home.a1.purge("goal", home.goal)
    await agree(home.a1, home.b1, home.a2)
    heads = await home.heads()
    await agree(home.a1, home.b1, home.a2)

    assert await home.heads() == heads
    await equal_everywhere(home)
    notes = home.b1.fields(home.goal)["notes"]
    for own in ("Ben says this.", "Old from A2.", "Old from B."):
        assert own in notes
    assert [each.fields["words"]["notes"] for each in home.b1.all("unplaced")] == [
        "Ben had no place.",
        "Old without a place from B.",
    ]
    assert [each.fields["words"]["notes"] for each in home.a1.all("unplaced")] == ["Old without a place from A2."]
    for words in ("Ben likes boats", "Ana fears the sea", "Ana says that", "Ana had no place"):
        assert await home.nowhere_on_the_server(words)
        for phone in (home.a1, home.a2, home.b1, await home.another_phone("ana"), await home.another_phone("ben")):
            await phone.sync()
            assert words.encode() not in phone.database_bytes()


def refused(phone: Phone, goal: RecordId, notes: str) -> None:
    """Write notes in an edit that has to be refused: what a goal is stays as it was made."""
    phone.queue_raw("goal", {"form": "agreement", "notes": notes}, goal)


async def test_parting(home: Home) -> None:
    step = await home.shared_step("Book ferry")
    entry = home.a1.edit(
        "check_in", local_date="2026-11-20", text="shown to Ben", audience=home.couple, shared_parts=["text"]
    )
    await agree(home.a1, home.b1, home.a2)
    assert [each.fields["text"] for each in home.b1.all("shown_check_in")] == ["shown to Ben"]
    home.b1.edit("step", step, title="Book the ferry for two")
    home.b1.edit("step", goal=home.goal, title="Pack for two")
    home.a2.edit("goal", home.goal, notes="Offline at Ana's.")
    before = len(home.b1.bytes_received())
    await home.a1.part()

    new = await home.another_phone("ben")
    await new.sync()
    assert {step, home.goal} <= {identity for _, identity in new.holds()}
    await home.b1.sync()
    for received in (new.bytes_received(), home.b1.bytes_received()[before:], home.b1.database_bytes()):
        assert b"shown to Ben" not in received
    assert home.b1.all("shown_check_in") == []
    assert home.b1.fields(step)["title"] == "Book ferry", "the keepsake stays as it stood"
    boxes = [each.fields for each in home.b1.all("unplaced")]
    assert [each["words"] for each in boxes] == [{"title": "Book the ferry for two"}, {"title": "Pack for two"}]
    assert {each["code"] for each in boxes} == {"closed"}
    assert home.b1.couple_state() == "closed"
    home.a1.edit("check_in", entry, text="after parting")
    await agree(home.a1, home.a2, home.b1)
    await equal_everywhere(home)
    assert [each.fields["words"] for each in home.a1.all("unplaced")] == [{"notes": "Offline at Ana's."}]
    assert b"after parting" not in home.b1.bytes_received()
    keepsake = {each.id for each in home.b1.everything() if each.kind not in ("settings", "notice", "unplaced")}
    assert {step, home.goal} <= keepsake

    await home.pair_anew()
    fresh = home.a1.edit("goal", notes="a new beginning")
    terms = home.a1.edit("goal_terms", goal=fresh, title="Start again")
    late = home.a1.edit("step", goal=fresh, title="one more step")
    await agree(home.a1, home.b1, home.a2)
    theirs = home.b1.edit("step", goal=fresh, title="and one of Ben's")
    await agree(home.b1, home.a1, home.a2)
    await equal_everywhere(home)
    for phone in (home.a1, home.a2, home.b1):
        assert {fresh, terms, late, theirs} | keepsake <= {each.id for each in phone.everything()}
        assert phone.fields(step)["title"] == "Book ferry"
        assert phone.couple_state() == "active"
    assert home.b1.all("shown_check_in") == []


# Mixed -----------------------------------------------------------------------------------------------------------

SEEDS = range(6)
SEEDS_LONG = range(100, 200)
OPERATIONS = 100
FAULTS = {
    "drop": ("a request lost", "an answer lost"),
    "delay": ("a request late", "an answer late", "requests in another order", "an answer overtaken"),
    "duplicate": ("a request twice", "an answer twice"),
    "restart": ("the phone started anew", "the server died before it saved", "the server died after it saved"),
}


@pytest.fixture(scope="module")
async def own_parts(server_dsn: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parts]:
    """The application on a database for these seeds alone: they go back in time, and nobody else there should."""
    name = f"haven_test_{os.getpid()}_{worker_id}_mixed"
    await create_migrated_database(server_dsn, name)
    settings = Settings(database_url=Secret(database_of(server_dsn, name)), pool_wait_s=10, statement_s=30)
    keys_file: Path = tmp_path_factory.mktemp("keys") / "keys.json"
    async with open_parts(settings, keys_file=keys_file) as parts:
        yield parts
    await drop_database(server_dsn, name)


@pytest.mark.parametrize(
    "seeds",
    [SEEDS[0::2], SEEDS[1::2], pytest.param(SEEDS_LONG, marks=pytest.mark.long)],
    ids=["even", "odd", "many"],
)
async def test_mixed_random(own_parts: Parts, seeds: range, record_property: Callable[[str, object], None]) -> None:
    """Two couples with eight phones, as `tests/simulation` plays them, with all of its laws after every step.

    At the end every phone holds and shows what is stored, and no word that was ever accepted is missing there.
    """
    hits = Hits()
    for seed in seeds:
        print(f"seed {seed}")  # noqa: T201 - pytest shows it where the seed breaks a law
        server = HttpServer(own_parts, seed)
        await server.begin()
        hits.update((await play_in(await HttpTown.founded(seed, server), steps=OPERATIONS)).hits)
    record_property("hits", dict(hits))
    for what, faults in FAULTS.items():
        assert any(hits[f"fault: {fault}"] for fault in faults), what
