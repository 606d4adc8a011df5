"""Closing what stands open of a person's: on a board alone, and against what other own phones say."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from domain.ids import DeviceId, RecordId, SpaceId
from domain.kinds import KINDS
from domain.records import Record
from sync import service
from sync.closing import close_all, closing
from sync.ports import Caller, Revision, Value
from sync.withheld import COPIED, SEEN_OPEN
from tests.pair import Pair, change, in_memory
from tests.rules.boards import ANA, BEN, OWN, TOGETHER, a_board

OPENED: dict[str, dict[str, Any]] = {
    "check_in": {"local_date": "2026-11-23", "text": "ill", "shared_parts": ["text"]},
    "own_goal": {"title": "Swim", "why": "for me", "shared_parts": ["why"]},
    "boundary": {"form": "space", "zone": "UTC", "message": "alone", "visibility": "effect_and_message"},
}


@pytest.fixture
async def pair() -> Pair:
    return await in_memory()


def worker(pair: Pair) -> Caller:
    """Ana, on none of her devices."""
    return replace(pair.ana.phone, device=DeviceId(UUID(int=0)))


async def close(pair: Pair) -> dict[SpaceId, int]:
    """Close all of Ana's; return the heads that moved."""
    moved: dict[SpaceId, int] = {}
    upto: int | None = 0
    while upto is not None:
        closed = await service.close_some(pair.store, pair.keys, worker(pair), upto, pair.now)
        moved, upto = moved | closed.moved, closed.upto
    return moved


async def shown(pair: Pair, kind: str) -> list[Record]:
    return [each for each in await pair.of_kind(pair.ben, KINDS[kind].window.shows) if each.live]  # type: ignore[union-attr]


def test_there_is_a_closing_for_every_kind_that_the_partner_may_see_open() -> None:
    assert {kind.name for kind in KINDS.values() if closing(kind)} == {*COPIED, "support_request", "note_draft"}
    assert set(SEEN_OPEN) == {"shown_check_in", "shown_boundary", "shown_goal", "support_request"}


def test_the_other_s_windows_and_what_is_no_window_stay() -> None:
    theirs = Record(
        space=TOGETHER,
        kind="support_request",
        id=RecordId(uuid4()),
        version=3,
        created=3,
        author=BEN,
        fields={"form": "listen", "text": "slip", "when": "now", "state": "open", "lapses_at": None},
    )
    offer = replace(theirs, kind="support_offer", id=RecordId(uuid4()), version=4, author=ANA)
    board = a_board(theirs, offer)
    close_all(board)
    assert not board.writes().spaces


def test_a_copy_without_its_master_goes_too() -> None:
    copy = Record(
        space=TOGETHER, kind="shown_goal", id=RecordId(uuid4()), version=3, created=3, author=ANA, fields={"title": "a"}
    )
    board = a_board(copy)
    close_all(board)
    assert board.records[TOGETHER, copy.id].gone
    assert set(board.writes().spaces) == {TOGETHER}


def test_i22_a_copy_goes_though_its_master_is_closed_already() -> None:
    copy = Record(space=TOGETHER, kind="shown_goal", id=RecordId(uuid4()), version=3, created=3, author=ANA, fields={})
    fields = {name: field.shape.empty for name, field in KINDS["own_goal"].fields.items()} | {"title": "a"}
    master = replace(copy, space=OWN, kind="own_goal", id=RecordId(uuid4()), fields=fields, shown_id=copy.id)
    board = a_board(master, copy)
    close_all(board)
    assert board.records[TOGETHER, copy.id].gone
    assert set(board.writes().spaces) == {TOGETHER}, "what is closed needs no closing"


@pytest.mark.parametrize("kind", OPENED)
async def test_a_window_is_closed_and_all_words_stay_with_their_author(pair: Pair, kind: str) -> None:
    entry = uuid4()
    await pair.one(pair.ana.phone, change(kind, entry, OPENED[kind] | {"audience": str(pair.couple)}))
    before = await pair.look(pair.ana, entry)
    assert len(await shown(pair, kind)) == 1

    assert (await close(pair)).keys() == {pair.space, pair.ana.personal}

    assert not await shown(pair, kind)
    after = await pair.look(pair.ana, entry)
    assert after.fields == before.fields | {"audience": "only_me"}
    assert after.live
    assert await close(pair) == {}, "twice is once"


@pytest.mark.parametrize("kind", OPENED)
@pytest.mark.parametrize("device", ["phone", "tablet"])
async def test_i10_what_an_own_phone_says_without_having_seen_the_closing_opens_nothing(
    pair: Pair, kind: str, device: str
) -> None:
    entry, values = uuid4(), OPENED[kind] | {"audience": str(pair.couple)}
    await pair.one(pair.ana.phone, change(kind, entry, values))
    base = (await pair.look(pair.ana, entry)).version
    await close(pair)

    who: Caller = getattr(pair.ana, device)
    choice = KINDS[kind].window.chosen_by  # type: ignore[union-attr]
    await pair.one(who, change(kind, entry, {"audience": str(pair.couple), choice: values[choice]}, base=base))
    await pair.one(who, change(kind, entry, values, base=base))
    assert not await shown(pair, kind)

    seen = (await pair.look(pair.ana, entry)).version
    await pair.one(who, change(kind, entry, {"audience": str(pair.couple)}, base=seen))
    assert len(await shown(pair, kind)) == 1, "whoever has seen it may open it again"


async def test_a_request_is_withdrawn_and_no_older_edit_brings_it_back(pair: Pair) -> None:
    asked = uuid4()
    await pair.one(
        pair.ana.phone, change("support_request", asked, {"form": "listen", "text": "slip"}, couple=pair.couple)
    )
    base = (await pair.look(pair.ana, asked)).version
    await pair.one(
        pair.ben.phone,
        change("response", uuid4(), {"to": str(asked), "form": "heard_you", "text": "here"}, couple=pair.couple),
    )

    assert (await close(pair)).keys() == {pair.space}

    after = await pair.look(pair.ana, asked)
    assert (after.removed, after.fields["text"]) == (True, "slip")
    late = change("support_request", asked, {"text": "slip, again"}, couple=pair.couple, base=base)
    await pair.one(pair.ana.tablet, late)
    await pair.one(pair.ana.tablet, change("support_request", asked, couple=pair.couple, base=base, remove=False))
    assert (await pair.look(pair.ana, asked)).removed
    [answer] = await pair.of_kind(pair.ben, "response")
    assert answer.fields["text"] == "here"


async def test_what_was_closed_by_a_part_alone_stays_as_it_is(pair: Pair) -> None:
    entry = uuid4()
    await pair.one(pair.ana.phone, change("check_in", entry, OPENED["check_in"] | {"audience": str(pair.couple)}))
    base = (await pair.look(pair.ana, entry)).version
    await pair.one(pair.ana.phone, change("check_in", entry, {"shared_parts": []}, base=base))
    assert await close(pair) == {}


@pytest.mark.parametrize("kind", OPENED)
async def test_whoever_has_seen_the_closing_may_open_again_at_once(pair: Pair, kind: str) -> None:
    entry = uuid4()
    await pair.one(pair.ana.phone, change(kind, entry, OPENED[kind] | {"audience": str(pair.couple)}))
    await close(pair)
    seen = (await pair.look(pair.ana, entry)).version
    await pair.one(pair.ana.tablet, change(kind, entry, {"audience": str(pair.couple)}, base=seen))
    assert len(await shown(pair, kind)) == 1


async def test_for_whom_a_window_was_open_stays_behind_it_and_who_closed_it_is_known(pair: Pair) -> None:
    entry = RecordId(uuid4())
    await pair.one(pair.ana.phone, change("check_in", entry, OPENED["check_in"] | {"audience": str(pair.couple)}))
    before = await pair.look(pair.ana, entry)
    await close(pair)
    after = await pair.look(pair.ana, entry)

    past = await pair.store.behind(pair.ana.phone, "check_in", entry, before=after.version + 1, limit=9)
    assert past is not None
    opened = Value("audience", str(pair.couple), pair.ana.person, since=before.version)
    assert [each.revision for each in past.revisions] == [
        Revision(space=pair.ana.personal, record=entry, version=after.version, values=(opened,))
    ]
    assert after.stamp("audience").person == pair.ana.person


async def test_closing_keeps_the_time_of_nothing_but_the_closing(pair: Pair) -> None:
    """Whoever looks back sees a record whose only news is its audience."""
    entry = uuid4()
    await pair.one(pair.ana.phone, change("check_in", entry, OPENED["check_in"] | {"audience": str(pair.couple)}))
    before = await pair.look(pair.ana, entry)
    pair.now += timedelta(days=1)
    await close(pair)
    after = await pair.look(pair.ana, entry)
    assert {name for name in after.stamps if after.stamps[name] != before.stamps.get(name)} == {"audience"}


async def test_letters_that_wait_for_their_time_are_held_back(pair: Pair) -> None:
    waits, kept, given = uuid4(), uuid4(), uuid4()
    dated = {"for_couple": str(pair.couple), "for_what": "slip", "delivery": "at", "on": "2026-12-24", "at": "09:00"}
    await pair.one(pair.ana.phone, change("note_draft", waits, dated | {"send": True}))
    await pair.one(pair.ana.phone, change("note_draft", kept, dated))
    await pair.one(pair.ana.phone, change("note_draft", given, dated | {"delivery": "now", "send": True}))
    letters = await pair.of_kind(pair.ben, "note")
    before = await pair.look(pair.ana, waits)
    assert (before.fields["state"], before.due_at is None) == ("queued", False)

    assert (await close(pair)).keys() == {pair.ana.personal}

    after = await pair.look(pair.ana, waits)
    assert after.fields == before.fields | {"send": False, "state": "draft"}
    assert after.due_at is None
    assert await pair.of_kind(pair.ben, "note") == letters, "what was given is its receiver's"
    assert await close(pair) == {}, "twice is once"


async def test_a_letter_that_was_held_back_is_sent_by_no_phone_that_had_not_seen_that(pair: Pair) -> None:
    draft = uuid4()
    dated = {"for_couple": str(pair.couple), "for_what": "slip", "delivery": "at", "on": "2026-12-24", "at": "09:00"}
    await pair.one(pair.ana.phone, change("note_draft", draft, dated | {"send": True}))
    seen = (await pair.look(pair.ana, draft)).version
    await close(pair)
    await pair.one(pair.ana.tablet, change("note_draft", draft, {"send": True}, base=seen))
    assert (await pair.look(pair.ana, draft)).fields["send"] is False


async def test_letters_that_do_not_open_keep_nobody_waiting(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    async def waiting(*_: Any, **__: Any) -> list[RecordId]:
        return [RecordId(uuid4())]

    monkeypatch.setattr(pair.store, "waiting_letters", waiting)
    assert await close(pair) == {}
