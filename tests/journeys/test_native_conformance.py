"""The conformance cases of the native protocol, by their names: real devices, the real server, PostgreSQL.

Ana has two phones, Ben has one. A phone is `sync.replica.Replica` over HTTP; it is offline until `sync`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.wiring import Parts
from tests.journeys.phones import Home, Phone, home_of


@pytest.fixture
async def home(client: httpx.AsyncClient, parts: Parts) -> AsyncIterator[Home]:
    """A couple with three phones, all in sync, and a goal that both accepted."""
    async with home_of(client, parts) as home:
        yield home


async def agree(*phones: Phone) -> dict[str, Any]:
    """Sync all until nothing moves, and return what the first shows; all of one person show the same."""
    for _ in range(2):
        for phone in phones:
            await phone.sync()
    return phones[0].couple_view()


def equal_everywhere(*phones: Phone) -> None:
    first, *others = [phone.couple_view() for phone in phones]
    assert all(other == first for other in others)


async def test_basic(home: Home) -> None:
    step = home.a1.edit("step", goal=home.goal, title="Book ferry")
    assert home.a1.fields(step)["title"] == "Book ferry", "shown at once, before any network"

    await agree(home.a1, home.b1, home.a2)

    equal_everywhere(home.a1, home.a2, home.b1)
    assert home.b1.fields(step)["title"] == "Book ferry"


async def test_create_then_edit(home: Home) -> None:
    step = home.a1.edit("step", goal=home.goal, title="Book")
    home.a1.edit("step", step, title="Book ferry")
    home.a1.edit("step", step, title="Book the ferry")
    home.a1.edit("step", step, done=True)
    home.a1.edit("step", step, done=False)

    await agree(home.a1, home.b1)

    assert home.b1.fields(step) == home.a1.fields(step)
    assert (home.b1.fields(step)["title"], home.b1.fields(step)["done"]) == ("Book the ferry", False)
    assert home.b1.record(step).alternatives == {}
    assert home.a1.notices() == []


async def test_different_fields(home: Home) -> None:
    step = await home.shared_step("Book ferry")
    home.a1.edit("step", step, title="Book the ferry")
    home.b1.edit("step", step, done=True)

    await agree(home.a1, home.b1)
    version = home.a1.record(step).version
    await agree(home.a1, home.b1, home.a2)

    equal_everywhere(home.a1, home.a2, home.b1)
    assert (home.a2.fields(step)["title"], home.a2.fields(step)["done"]) == ("Book the ferry", True)
    assert home.a1.record(step).version == version


async def test_same_text_other_sentences(home: Home) -> None:
    await home.write_notes("We leave on Friday. We take the dog.")
    home.a1.edit("goal", home.goal, notes="We leave on Friday at noon. We take the dog.")
    home.b1.edit("goal", home.goal, notes="We leave on Friday. We take the dog and the tent.")

    await agree(home.a1, home.b1, home.a2)

    equal_everywhere(home.a1, home.a2, home.b1)
    assert home.b1.fields(home.goal)["notes"] == "We leave on Friday at noon. We take the dog and the tent."
    assert home.a1.record(home.goal).alternatives == {}
    assert home.a1.notices() == home.b1.notices() == []


async def test_same_sentence(home: Home) -> None:
    step = await home.shared_step("Book ferry")
    home.a1.edit("step", step, title="Book the early ferry")
    home.b1.edit("step", step, title="Book the night ferry")

    await agree(home.a1, home.b1, home.a2)

    record = home.b1.record(step)
    assert record.fields["title"] == "Book the early ferry", "the stored text stays first"
    assert [(each.by, each.text) for each in record.alternatives["title"]] == [(home.b1.person, "Book the night ferry")]
    assert [each["code"] for each in home.a1.notices()] == ["kept_both"]
    assert [each["code"] for each in home.b1.notices()] == ["kept_both"]

    home.a2.edit("step", step, title="Book the early ferry!")
    await agree(home.a2, home.b1)
    assert "title" in home.b1.record(step).alternatives, "an edit of the text alone clears nothing"

    home.b1.pick(step, "title", "Book the night ferry")
    await agree(home.b1, home.a1, home.a2)
    equal_everywhere(home.a1, home.a2, home.b1)
    assert home.a1.fields(step)["title"] == "Book the night ferry"
    assert home.a1.record(step).alternatives == {}
    assert [len(phone.notices()) for phone in (home.a1, home.b1)] == [1, 1]


async def test_lost_response(home: Home) -> None:
    step = await home.shared_step("Book ferry")
    home.a1.edit("step", step, title="Book the ferry")
    await home.a1.sync_with_the_answer_lost()
    assert home.a1.pending() == 1
    home.a1.later(timedelta(hours=1))

    await agree(home.a1, home.b1)

    assert home.a1.pending() == 0
    assert await home.revisions_of(step) == 1
    assert home.b1.fields(step)["title"] == "Book the ferry"
    assert home.a1.notices() == home.b1.notices() == []


@pytest.mark.parametrize("first", ["remover", "editor"])
async def test_remove_edit(home: Home, first: str) -> None:
    step = await home.shared_step("Book ferry")
    home.a1.remove(step)
    home.b1.edit("step", step, title="Book the ferry for three")

    order = (home.a1, home.b1) if first == "remover" else (home.b1, home.a1)
    await agree(*order, home.a2)

    equal_everywhere(home.a1, home.a2, home.b1)
    record = home.a1.record(step)
    assert not record.removed
    assert record.fields["title"] == "Book the ferry for three"
    assert [each["code"] for each in home.a1.notices()] == ["came_back"]
    assert home.b1.notices() == []


async def test_window_cycle(home: Home) -> None:
    entry = home.a1.edit("check_in", local_date="2026-11-20", text="first private", valence=-2)
    seen: list[list[str | None]] = []
    words = ["first private", "then shown", "private again", "shown again"]
    for text, audience in zip(words, ["only_me", home.couple, "only_me", home.couple], strict=True):
        home.a1.edit("check_in", entry, text=text, audience=audience, shared_parts=["text"])
        await agree(home.a1, home.b1)
        seen.append([each.fields.get("text") for each in home.b1.all("shown_check_in")])

    assert seen == [[], ["then shown"], [], ["shown again"]]
    assert all(each.fields.get("valence") is None for each in home.b1.all("shown_check_in"))
    everything = home.b1.bytes_received() + home.b1.database_bytes()
    for private in ("first private", "private again"):
        assert private.encode() not in everything


@pytest.mark.parametrize("first", ["opener", "writer"])
async def test_open_and_write(home: Home, first: str) -> None:
    entry = home.a1.edit("check_in", local_date="2026-11-20", text="A long day.")
    await agree(home.a1, home.a2)
    home.a1.edit("check_in", entry, audience=home.couple, shared_parts=["text", "mood"], valence=-1)
    home.a2.edit("check_in", entry, text="A long day. I am not telling anyone this.")

    order = (home.a1, home.a2) if first == "opener" else (home.a2, home.a1)
    await agree(*order, home.b1)

    assert b"not telling" not in home.b1.bytes_received() + home.b1.database_bytes()
    assert home.a1.fields(entry)["text"] == "A long day. I am not telling anyone this."
    assert home.a1.fields(entry)["shared_parts"] == ["mood"]
    assert [each.fields.get("text") for each in home.b1.all("shown_check_in")] == [None]
    assert [each["code"] for each in home.a1.notices()] == ["kept_private"]


async def test_withdraw_race(home: Home) -> None:
    entry = home.a1.edit(
        "check_in", local_date="2026-11-20", text="A hard day", audience=home.couple, shared_parts=["text"]
    )
    await agree(home.a1, home.b1)
    [shown] = home.b1.all("shown_check_in")
    answer = home.b1.edit("response", to=str(shown.id), form="here_with_you", text="I read it twice")
    home.a1.edit("check_in", entry, audience="only_me")

    await agree(home.a1, home.b1)

    assert home.b1.all("shown_check_in") == []
    assert home.b1.all("response") == home.a1.all("response") == []
    [box] = home.b1.all("unplaced")
    assert box.fields["words"] == {"text": "I read it twice"}
    assert (box.fields["meant"], box.fields["code"]) == ("response", "parent_gone")
    assert home.b1.pending() == 0
    assert answer not in {each.id for each in home.a1.everything()}
    assert home.a1.all("unplaced") == []


async def test_paging(home: Home) -> None:
    steps = {home.a1.edit("step", goal=home.goal, title=f"step {nth}") for nth in range(25)}
    notes = {home.a1.edit("note_draft", for_what=f"thanks {nth}") for nth in range(40)}
    await home.a1.sync()
    newcomer = await home.another_phone("ana", limit=5)
    writer = asyncio.create_task(home.write_steadily(200))

    rounds = await newcomer.sync()
    await writer
    await newcomer.sync()
    await home.a1.sync()

    assert rounds > len(steps | notes) / 5 - 1
    assert newcomer.couple_view() == home.a1.couple_view()
    assert {each.id for each in newcomer.everything()} == {each.id for each in home.a1.everything()}
    assert steps | notes <= {each.id for each in newcomer.everything()}
    assert newcomer.versions_seen_twice() == Counter()


async def test_poison(home: Home) -> None:
    for nth in range(3):
        home.b1.queue_raw("step", {"goal": home.goal, "title": f"good {nth}"})
        home.b1.queue_raw("step", {"goal": home.goal, "title": "bad " * 40 + str(nth)})
        home.b1.queue_raw("step", {"goal": home.goal, "title": f"good too {nth}"})
        await home.b1.sync()
        assert home.b1.pending() == 0

    await agree(home.b1, home.a1)
    titles = {each.fields["title"] for each in home.a1.all("step")}
    assert titles == {f"good {nth}" for nth in range(3)} | {f"good too {nth}" for nth in range(3)}
    boxes = [each.fields for each in home.b1.all("unplaced")]
    assert sorted(each["words"]["title"] for each in boxes) == [f"{'bad ' * 40}{nth}" for nth in range(3)]
    assert {each["code"] for each in boxes} == {"invalid"}


async def test_parallel_pushes(home: Home) -> None:
    changes = [home.b1.raw_change("step", {"goal": home.goal, "title": f"at once {nth}"}) for nth in range(8)]

    answers = await asyncio.gather(*(home.b1.push_raw([change]) for change in changes))

    outcomes = [outcome for answer in answers for outcome in answer["outcomes"]]
    assert [each["status"] for each in outcomes] == ["applied"] * 8
    versions = sorted(each["version"] for each in outcomes)
    assert versions == list(range(versions[0], versions[0] + 8))
    await agree(home.b1, home.a1)
    assert len(home.a1.all("step")) == 8

    again = await asyncio.gather(*(home.b1.push_raw([change]) for change in changes))
    assert {outcome["status"] for answer in again for outcome in answer["outcomes"]} == {"duplicate"}


async def test_restore(home: Home) -> None:
    kept = await home.shared_step("kept by the dump")
    dump = await home.dump()
    lost = home.a1.edit("step", goal=home.goal, title="after the dump")
    entry = home.a1.edit("check_in", local_date="2026-11-20", text="also after the dump")
    await agree(home.a1, home.b1)
    home.b1.edit("step", kept, title="kept by the dump, dirty at Ben's")

    await home.restore(dump)
    await agree(home.a1, home.b1, home.a2)
    await agree(home.a1, home.b1, home.a2)

    equal_everywhere(home.a1, home.a2, home.b1)
    titles = Counter(each.fields["title"] for each in home.b1.all("step"))
    assert titles == Counter(["after the dump", "kept by the dump, dirty at Ben's"])
    assert home.a2.fields(entry)["text"] == "also after the dump"
    assert home.b1.fields(lost)["title"] == "after the dump"
    assert all(each.alternatives == {} for each in home.a1.everything())
    assert home.a1.pending() == home.b1.pending() == 0


async def test_long_absence(home: Home) -> None:
    step = await home.shared_step("Book ferry")
    dropped = await home.shared_step("something that goes")
    home.b1.edit("step", step, title="Book the ferry, said while away")
    home.a1.remove(dropped)
    await home.a1.sync()
    await home.forget_tombstones()

    await home.b1.sync()
    assert home.b1.resets() == 1
    await agree(home.b1, home.a1)

    equal_everywhere(home.a1, home.b1)
    assert home.a1.fields(step)["title"] == "Book the ferry, said while away"
    assert dropped not in {each.id for each in home.b1.everything()}


@pytest.mark.parametrize("skew", [timedelta(days=365), timedelta(days=-20_000)], ids=["a year ahead", "1970"])
async def test_clocks(home: Home, skew: timedelta) -> None:
    home.b1.skew(skew)
    await home.write_topic("us")
    home.a1.edit("goal", home.goal, topic="work")
    home.a1.later(timedelta(hours=2))
    home.b1.later(timedelta(hours=2))
    home.b1.edit("goal", home.goal, topic="family")
    home.b1.later(timedelta(hours=1))
    home.a1.later(timedelta(hours=1))

    await agree(home.b1, home.a1)

    assert home.a1.fields(home.goal)["topic"] == "family", "made an hour ago beats made three hours ago"
    equal_everywhere(home.a1, home.b1)


async def test_purge(home: Home) -> None:
    await home.write_notes("Ben likes boats. Ana fears the sea.", by=home.a1)
    home.b1.edit("goal", home.goal, notes="Ben likes boats. Ana fears the sea. Ben said this.")
    await agree(home.b1, home.a1, home.a2)
    home.a2.edit("goal", home.goal, notes="Ben likes boats. Ana fears the sea. Ben said this. Old from A2.")
    home.b1.edit("goal", home.goal, notes="Ben likes boats. Ana fears the sea. Ben said this. Old from B.")

    await home.a1.purge("goal", home.goal)
    await agree(home.a1, home.b1, home.a2)
    await agree(home.a1, home.b1, home.a2)

    equal_everywhere(home.a1, home.a2, home.b1)
    notes = home.b1.fields(home.goal)["notes"]
    assert "Ben said this." in notes
    assert "Old from A2." in notes
    assert "Old from B." in notes
    for words in ("Ben likes boats", "Ana fears the sea"):
        assert words not in notes
        assert await home.nowhere_on_the_server(words)


async def test_parting(home: Home) -> None:
    step = await home.shared_step("Book ferry")
    entry = home.a1.edit(
        "check_in", local_date="2026-11-20", text="shown to Ben", audience=home.couple, shared_parts=["text"]
    )
    await agree(home.a1, home.b1)
    home.b1.edit("step", step, title="Book the ferry for two")
    await home.a1.part()

    await home.b1.sync()
    assert home.b1.all("shown_check_in") == []
    assert home.b1.fields(step)["title"] == "Book ferry", "the keepsake stays as it stood"
    [box] = home.b1.all("unplaced")
    assert box.fields["words"] == {"title": "Book the ferry for two"}
    assert home.b1.couple_state() == "closed"
    home.a1.edit("check_in", entry, text="after parting")
    await agree(home.a1, home.b1)
    assert b"after parting" not in home.b1.bytes_received()

    await home.pair_anew()
    fresh = home.a1.edit("goal", notes="a new beginning")
    terms = home.a1.edit("goal_terms", goal=fresh, title="Start again")
    late = home.a1.edit("step", goal=fresh, title="one more step")
    await agree(home.a1, home.b1, home.a2)
    assert {fresh, terms, late} <= {each.id for each in home.b1.everything()}
    assert home.b1.fields(step)["title"] == "Book ferry"
    assert home.b1.couple_state() == "active"
