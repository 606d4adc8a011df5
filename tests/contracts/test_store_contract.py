"""What every store of spaces does alike: each test here runs on the memory store and on PostgreSQL."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, cast
from uuid import uuid4

import pytest
from msgspec.structs import replace

from domain.ids import PersonId, RecordId, SpaceId
from domain.records import Alternative, Purged, Record, Stamp
from sync.bodies import decoded, encoded
from sync.lives import LIVES_MAX
from sync.ports import (
    Archive,
    Box,
    Caller,
    Life,
    Loaded,
    Owed,
    Page,
    Revision,
    Shadow,
    Snapshot,
    Space,
    Stood,
    Stored,
    Value,
    Wanted,
    Writes,
)
from sync.wire import VERSION_MAX, Origin, Outcome
from tests.contracts.grounds import Ground
from tests.pair import NOON, Pair, change, somebody


def step(pair: Pair, version: int, title: str = "Ferry", **rest: Any) -> Record:
    return Record(
        space=pair.space,
        kind="step",
        id=RecordId(uuid4()),
        version=version,
        created=version,
        author=pair.ana.person,
        fields={"goal": str(uuid4()), "title": title, "taken_by": [], "done": False},
        **rest,
    )


async def space_of(pair: Pair, space: SpaceId | None = None, who: Caller | None = None) -> Space:
    loaded = await pair.store.load(who or pair.ana.phone, Wanted())
    return loaded.spaces[space or pair.space]


async def writes(pair: Pair, *records: Record, space: SpaceId | None = None, **rest: Any) -> Writes:
    """Writes of these records on the space as it stands now."""
    read = await space_of(pair, space)
    head = max([read.head, *(record.version for record in records)])
    return Writes(
        spaces={read.id: read},
        heads={read.id: head},
        records=tuple(Stored(record, encoded(record)) for record in records),
        **rest,
    )


async def saved(pair: Pair, *records: Record, **rest: Any) -> dict[SpaceId, int] | None:
    return await pair.store.save(pair.ana.phone, await writes(pair, *records, **rest), NOON)


def outcome() -> Outcome:
    return Outcome(key=uuid4(), status="merged", version=3, fields={"title": "kept_both"})


def notice(pair: Pair, **rest: Any) -> Stored:
    """A notice for Ben, as a push of Ana's leaves it."""
    record = Record(
        space=pair.ben.personal,
        kind="notice",
        id=RecordId(uuid4()),
        version=0,
        created=0,
        author=pair.ben.person,
        fields={"code": "kept_both", "about": str(uuid4()), "field": "title", "on": "2026-11-23"},
        **rest,
    )
    return Stored(record, encoded(record))


# Load ----------------------------------------------------------------------------------------------------------


async def test_what_was_saved_is_loaded_whole(pair: Pair) -> None:
    record = step(
        pair,
        1,
        removed=True,
        alternatives={"title": (Alternative(pair.ben.person, "Cabin"),)},
        merged=("title",),
        stamps={
            "title": Stamp(1, pair.ana.phone.device, 0, 1_700_000_000_000, pair.ana.person),
            "done": Stamp(1, None, 0, None, None),
        },
        family=uuid4(),
        purged=Purged(1, frozenset({b"x" * 12, b"y" * 12})),
    )
    assert await saved(pair, record) == {pair.space: 1}
    loaded = await pair.store.load(pair.ana.phone, Wanted(ids=[record.id]))
    assert loaded.records == {(pair.space, record.id): record}
    assert loaded.unreadable == frozenset()


async def test_a_tombstone_is_loaded_without_words(pair: Pair) -> None:
    record = replace(step(pair, 1), gone=True, fields={})
    await saved(pair, record)
    assert (await pair.look(pair.ana, record.id)) == record


async def test_the_caller_s_spaces_are_loaded_with_their_members(pair: Pair) -> None:
    loaded = await pair.store.load(pair.ana.phone, Wanted())
    assert loaded.spaces.keys() == {pair.space, pair.ana.personal}
    space = loaded.spaces[pair.space]
    assert (space.home, space.couple, space.state, space.head) == ("couple", pair.couple, "active", 0)
    assert set(space.members) == set(pair.members)
    own = loaded.spaces[pair.ana.personal]
    assert (own.home, own.couple, own.head) == ("personal", None, 1)
    assert loaded.records == {}


async def test_both_members_read_the_same_space(pair: Pair) -> None:
    ana = await space_of(pair)
    ben = await space_of(pair, who=pair.ben.phone)
    assert replace(ana, members=()) == replace(ben, members=())
    assert set(ana.members) == set(ben.members)


async def test_families_are_loaded_by_kind(pair: Pair) -> None:
    goal = uuid4()
    steps = [step(pair, 1, family=goal), step(pair, 2, family=goal), step(pair, 3, family=uuid4())]
    terms = replace(step(pair, 4, family=goal), kind="goal_terms")
    await saved(pair, *steps, terms)
    loaded = await pair.store.load(pair.ana.phone, Wanted(families=[(goal, "step"), (uuid4(), "goal_act")]))
    assert {identity for _, identity in loaded.records} == {steps[0].id, steps[1].id}


async def test_live_records_are_counted_a_space_and_kind(pair: Pair) -> None:
    goals = [replace(step(pair, version), kind="goal") for version in range(1, 6)]
    goals[3] = replace(goals[3], removed=True)
    goals[4] = replace(goals[4], gone=True, fields={})
    await saved(pair, *goals, step(pair, 6))
    loaded = await pair.store.load(pair.ana.phone, Wanted(counted=["goal", "check_in"]))
    assert loaded.counts == {(pair.space, "goal"): 3}


async def test_the_shown_copy_comes_with_its_master(pair: Pair) -> None:
    shown = replace(step(pair, 1), kind="shown_check_in")
    await saved(pair, shown)
    master = replace(step(pair, 2), space=pair.ana.personal, kind="check_in", shown_id=shown.id)
    await saved(pair, master, space=pair.ana.personal)
    loaded = await pair.store.load(pair.ana.phone, Wanted(ids=[master.id]))
    assert loaded.records.keys() == {(pair.ana.personal, master.id), (pair.space, shown.id)}


async def test_earlier_outcomes_are_loaded_for_the_device_that_has_them(pair: Pair) -> None:
    mine, other = outcome(), outcome()
    assert await saved(pair, outcomes=((pair.space, mine), (pair.space, other))) == {pair.space: 0}
    loaded = await pair.store.load(pair.ana.phone, Wanted(keys=[mine.key, uuid4()]))
    assert loaded.outcomes == {mine.key: mine}
    tablet = await pair.store.load(pair.ana.tablet, Wanted(keys=[mine.key]))
    assert tablet.outcomes == {}


# Save ----------------------------------------------------------------------------------------------------------


async def test_a_record_saved_again_is_replaced(pair: Pair) -> None:
    first = step(pair, 1)
    await saved(pair, first)
    second = replace(first, version=2, fields=first.fields | {"title": "Cabin"})
    assert await saved(pair, second) == {pair.space: 2}
    assert await pair.look(pair.ana, first.id) == second


async def test_a_lost_race_stores_nothing(pair: Pair) -> None:
    stale = await writes(
        pair,
        late := step(pair, 1),
        outcomes=((pair.space, decided := outcome()),),
        revisions=(),
    )
    await saved(pair, step(pair, 1))
    assert await pair.store.save(pair.ben.phone, stale, NOON) is None
    loaded = await pair.store.load(pair.ben.phone, Wanted(ids=[late.id], keys=[decided.key]))
    assert (loaded.records, loaded.outcomes) == ({}, {})
    assert loaded.spaces[pair.space].head == 1


async def test_a_race_lost_in_one_of_two_spaces_stores_nothing_in_either(pair: Pair) -> None:
    couple, personal = await space_of(pair), await space_of(pair, pair.ana.personal)
    shared, private = step(pair, 1), replace(step(pair, 2), space=pair.ana.personal)
    both = Writes(
        spaces={couple.id: couple, personal.id: replace(personal, head=personal.head - 1)},
        heads={couple.id: 1, personal.id: 2},
        records=tuple(Stored(each, encoded(each)) for each in (shared, private)),
        deposits=(notice(pair),),
    )
    assert await pair.store.save(pair.ana.phone, both, NOON) is None
    loaded = await pair.store.load(pair.ana.phone, Wanted(ids=[shared.id, private.id]))
    assert loaded.records == {}
    assert [loaded.spaces[each].head for each in (pair.space, pair.ana.personal)] == [0, 1]
    assert (await space_of(pair, pair.ben.personal, pair.ben.phone)).head == 1


async def test_a_key_decided_meanwhile_stores_nothing(pair: Pair) -> None:
    decided = outcome()
    await saved(pair, outcomes=((pair.space, decided),))
    late = step(pair, 1)
    assert await saved(pair, late, outcomes=((pair.space, decided),)) is None
    loaded = await pair.store.load(pair.ana.phone, Wanted(ids=[late.id]))
    assert loaded.records == {}
    assert loaded.spaces[pair.space].head == 0


async def test_two_devices_may_use_the_same_key(pair: Pair) -> None:
    decided = outcome()
    await saved(pair, outcomes=((pair.space, decided),))
    write = await writes(pair, outcomes=((pair.space, decided),))
    assert await pair.store.save(pair.ben.phone, write, NOON) == {pair.space: 0}


async def test_a_closed_space_takes_nothing(ground: Ground, pair: Pair) -> None:
    before = await writes(pair, step(pair, 1))
    await ground.close(pair.space)
    assert await pair.store.save(pair.ana.phone, before, NOON) is None
    closed = await space_of(pair)
    late = step(pair, closed.head + 1)
    assert await saved(pair, late) is None
    assert (await pair.store.load(pair.ana.phone, Wanted(ids=[late.id]))).records == {}


async def test_two_spaces_are_saved_together(pair: Pair) -> None:
    couple, personal = await space_of(pair), await space_of(pair, pair.ana.personal)
    shared, private = step(pair, 1), replace(step(pair, 2), space=pair.ana.personal)
    both = Writes(
        spaces={couple.id: couple, personal.id: personal},
        heads={couple.id: 1, personal.id: 2},
        records=tuple(Stored(each, encoded(each)) for each in (shared, private)),
    )
    assert await pair.store.save(pair.ana.phone, both, NOON) == {couple.id: 1, personal.id: 2}
    assert await pair.look(pair.ana, shared.id) == shared
    assert await pair.look(pair.ana, private.id) == private


async def test_deposits_get_the_next_versions_of_a_space_that_nobody_read(pair: Pair) -> None:
    first, second = notice(pair), notice(pair)
    moved = await saved(pair, step(pair, 1), deposits=(first, second))
    assert moved == {pair.space: 1, pair.ben.personal: 3}
    page = await pair.page(pair.ben)
    own = [(row.id, row.version) for row in page.rows if row.kind == "notice"]
    assert own == [(first.record.id, 2), (second.record.id, 3)]
    assert (await pair.look(pair.ben, first.record.id)).created == 2


async def test_a_deposit_whose_id_is_there_is_left_alone(pair: Pair) -> None:
    there = notice(pair)
    await saved(pair, step(pair, 1), deposits=(there,))
    before = await pair.look(pair.ben, there.record.id)
    again = Stored(replace(there.record, fields={"code": "other"}), b'{"fields":{"code":"other"}}')
    assert await saved(pair, step(pair, 2), deposits=(again,)) is not None
    assert await pair.look(pair.ben, there.record.id) == before


async def test_a_deposit_for_a_space_that_is_no_more_stops_nothing(pair: Pair) -> None:
    lost, own = notice(pair), step(pair, 1)
    lost = Stored(replace(lost.record, space=SpaceId(uuid4())), lost.body)
    assert await saved(pair, own, deposits=(lost,)) == {pair.space: 1}
    assert await pair.look(pair.ana, own.id) == own


async def test_a_deposit_with_a_lost_race_is_not_made(pair: Pair) -> None:
    stale = await writes(pair, step(pair, 1), deposits=(notice(pair),))
    await saved(pair, step(pair, 1))
    assert await pair.store.save(pair.ana.phone, stale, NOON) is None
    assert (await space_of(pair, pair.ben.personal, pair.ben.phone)).head == 1


# Revisions, scope ----------------------------------------------------------------------------------------------


def behind(record: Record, *values: Value) -> Revision:
    return Revision(space=record.space, record=record.id, version=record.version, values=values)


async def test_history_gives_the_texts_that_a_record_once_held(pair: Pair) -> None:
    record, other = step(pair, 1), step(pair, 2)
    ana, ben = pair.ana.person, pair.ben.person
    await saved(pair, record, other, revisions=(behind(record, Value("title", "Old", ana), Value("done", True, ben)),))
    later = replace(record, version=3)
    await saved(pair, later, revisions=(behind(later, Value("title", "Older", ben)),))
    keys = [(pair.space, record.id), (pair.space, other.id), (pair.ana.personal, record.id)]
    assert (await pair.store.history(pair.ana.phone, keys, [])).texts == {
        keys[0]: frozenset({"Old", "Older"}),
        keys[1]: frozenset(),
        keys[2]: frozenset(),
    }


async def test_history_tells_how_long_a_value_stood_and_nothing_of_what_never_did(pair: Pair) -> None:
    record, ana = step(pair, 1), pair.ana.person
    await saved(pair, record)
    for version, values in (
        (4, [Value("title", "First", ana, since=1), Value("title", "Lost", ana)]),
        (6, [Value("title", "Second", ana, since=4)]),
    ):
        later = replace(record, version=version)
        await saved(pair, later, revisions=(behind(later, *values),))
    key = (pair.space, record.id)
    stood = (await pair.store.history(pair.ben.phone, [key], [])).stood[key]
    assert sorted(stood, key=lambda each: each.since) == [
        Stood("title", "First", since=1, until=4),
        Stood("title", "Second", since=4, until=6),
    ]


async def test_history_tells_of_one_s_own_boxes_that_are_asked_for_and_of_those_destroyed_about_a_record(
    pair: Pair,
) -> None:
    about, mark = RecordId(uuid4()), Purged(7, frozenset({b"hash"}))

    def box(version: int, space: SpaceId, **rest: Any) -> Record:
        return replace(step(pair, version, family=about, **rest), space=space, kind="unplaced")

    asked, other = box(2, pair.ana.personal), box(3, pair.ana.personal)
    gone, destroyed = (box(nth, pair.ana.personal, gone=True, purged=each) for nth, each in ((4, None), (5, mark)))
    elsewhere = replace(destroyed, id=RecordId(uuid4()), family=uuid4(), version=6)
    await saved(pair, asked, other, gone, destroyed, elsewhere, space=pair.ana.personal)
    theirs = box(2, pair.ben.personal, gone=True, purged=mark)
    read = await space_of(pair, pair.ben.personal, pair.ben.phone)
    write = Writes(spaces={read.id: read}, heads={read.id: 2}, records=(Stored(theirs, encoded(theirs)),))
    assert await pair.store.save(pair.ben.phone, write, NOON)

    history = await pair.store.history(pair.ana.phone, [(pair.space, about)], [asked.id, gone.id, theirs.id])

    assert sorted(history.boxes, key=lambda each: each.id) == sorted(
        (
            Box(id=asked.id, about=about, gone=False, purged=None),
            Box(id=gone.id, about=about, gone=True, purged=None),
            Box(id=destroyed.id, about=about, gone=True, purged=mark),
        ),
        key=lambda each: each.id,
    )
    assert history.box(gone.id) == Box(id=gone.id, about=about, gone=True, purged=None)
    assert history.box(other.id) is None
    assert history.destroyed(about) == [(destroyed.id, mark)]


async def test_what_is_forgotten_stands_behind_no_more(pair: Pair) -> None:
    record = step(pair, 1)
    await saved(pair, record, revisions=(behind(record, Value("title", "Old", pair.ana.person)),))
    later = replace(record, version=2)
    key = (pair.space, record.id)
    await saved(
        pair,
        later,
        forgotten=(key,),
        revisions=(behind(later, Value("title", "Kept", pair.ben.person)),),
    )
    assert (await pair.store.history(pair.ana.phone, [key], [])).texts == {key: frozenset({"Kept"})}


async def test_a_purge_sees_the_record_its_copy_and_both_boxes(pair: Pair) -> None:
    shown = replace(step(pair, 1), kind="shown_check_in")
    record = step(pair, 2, shown_id=shown.id)
    revision = behind(record, Value("title", "Old", pair.ana.person))
    about, elsewhere = notice(pair, family=record.id), notice(pair, family=uuid4())
    await saved(pair, shown, record, step(pair, 3), revisions=(revision,), deposits=(about, elsewhere))
    own = replace(
        about.record, space=pair.ana.personal, id=RecordId(uuid4()), version=2, created=2, author=pair.ana.person
    )
    await saved(pair, own, space=pair.ana.personal)
    scope = await pair.store.scope(pair.ana.phone, record.id)
    assert scope.spaces.keys() == {pair.space, pair.ana.personal}
    assert scope.inboxes.keys() == {pair.ana.personal, pair.ben.personal}
    assert {each.id for each in scope.records} == {record.id, shown.id, own.id, about.record.id}
    assert tuple(replace(each, put_at=None) for each in scope.revisions) == (revision,)


async def test_a_purge_of_a_letter_sees_the_draft_it_was_given_from(pair: Pair) -> None:
    letter = replace(step(pair, 1), kind="note")
    await saved(pair, letter)
    draft = replace(
        step(pair, 2),
        space=pair.ana.personal,
        kind="note_draft",
        gone=True,
        fields={},
        shown_id=letter.id,
    )
    revision = behind(draft, Value("text", "First try", pair.ana.person))
    await saved(pair, draft, space=pair.ana.personal, revisions=(revision,))
    mine = await pair.store.scope(pair.ana.phone, letter.id)
    assert {each.id for each in mine.records} == {letter.id, draft.id}
    assert tuple(replace(each, put_at=None) for each in mine.revisions) == (revision,)
    bens = await pair.store.scope(pair.ben.phone, letter.id)
    assert [each.id for each in bens.records] == [letter.id], "whoever received it never sees the drafts"
    assert bens.revisions == ()


async def test_a_purge_of_an_unknown_id_sees_nothing(pair: Pair) -> None:
    scope = await pair.store.scope(pair.ana.phone, RecordId(uuid4()))
    assert (scope.inboxes, scope.records, scope.revisions) == ({}, (), ())


# Changed since -------------------------------------------------------------------------------------------------


def versions(page: Page) -> list[tuple[SpaceId, int]]:
    return [(row.space, row.version) for row in page.rows]


async def test_rows_come_by_the_order_of_spaces_and_their_versions(pair: Pair) -> None:
    await saved(pair, *(step(pair, version) for version in (3, 1, 2)))
    page = await pair.page(pair.ana)
    own, couple = pair.ana.personal, pair.space
    assert versions(page) == [(own, 1), (couple, 1), (couple, 2), (couple, 3)]
    assert page.spaces.keys() == {own, couple}


async def test_rows_before_the_place_are_filtered_before_they_are_counted(pair: Pair) -> None:
    await saved(pair, *(step(pair, version) for version in range(1, 11)))
    after = {pair.ana.personal: 1, pair.space: 6}
    page = await pair.store.changed_since(pair.ana.phone, after, limit=3)
    assert versions(page) == [(pair.space, 7), (pair.space, 8), (pair.space, 9), (pair.space, 10)]
    end = await pair.store.changed_since(pair.ana.phone, {pair.ana.personal: 1, pair.space: 9}, limit=3)
    assert versions(end) == [(pair.space, 10)]


async def test_a_page_ends_one_row_beyond_its_limit(pair: Pair) -> None:
    await saved(pair, *(step(pair, version) for version in range(1, 11)))
    page = await pair.store.changed_since(pair.ana.phone, {}, limit=2)
    assert versions(page) == [(pair.ana.personal, 1), (pair.space, 1), (pair.space, 2)]


async def test_of_one_kind_only_its_rows_are_counted_and_returned(pair: Pair) -> None:
    goals = [replace(step(pair, version), kind="goal") for version in (1, 3)]
    await saved(pair, goals[0], step(pair, 2), goals[1], step(pair, 4))
    page = await pair.store.changed_since(pair.ben.phone, {}, limit=1, kind="goal")
    assert versions(page) == [(pair.space, 1), (pair.space, 3)]
    assert page.spaces.keys() == {pair.ben.personal, pair.space}


async def test_a_row_carries_its_body_unread_and_a_tombstone_none(pair: Pair) -> None:
    record, gone = step(pair, 1, removed=True), replace(step(pair, 2), gone=True, fields={})
    await saved(pair, record, gone)
    rows = {row.id: row for row in (await pair.page(pair.ben)).rows}
    assert decoded(rows[record.id].body).fields == record.fields
    assert (rows[record.id].removed, rows[record.id].gone, rows[record.id].author) == (True, False, pair.ana.person)
    assert (rows[gone.id].gone, rows[gone.id].body) == (True, None)


async def test_a_record_asked_for_again_comes_besides_whatever_its_version(pair: Pair) -> None:
    first, second = step(pair, 1), step(pair, 2)
    await saved(pair, first, second)
    after = {pair.space: 2, pair.ana.personal: 1}
    page = await pair.store.changed_since(pair.ana.phone, after, limit=10, again=[first.id, RecordId(uuid4())])
    assert page.rows == []
    assert [row.id for row in page.besides] == [first.id]


async def test_places_in_other_spaces_open_nothing(pair: Pair) -> None:
    page = await pair.store.changed_since(pair.ana.phone, {pair.ben.personal: 0, SpaceId(uuid4()): 0}, limit=10)
    assert {row.space for row in page.rows} == {pair.ana.personal}
    assert pair.ben.personal not in page.spaces


# What devices of client libraries submit -------------------------------------------------------------------------


async def submit(pair: Pair, who: Caller, record: Record, at: datetime = NOON, **fields: Any) -> None:
    shadow = Shadow(
        space=pair.space, record=record.id, kind=record.kind, version=record.version, snapshot=Snapshot(fields)
    )
    assert await pair.store.save(who, await writes(pair, shadows=(shadow,)), at)


async def test_what_a_device_submitted_last_is_kept_for_it_alone(pair: Pair) -> None:
    record = step(pair, 1)
    await saved(pair, record)
    for title in ("first", "second"):
        await submit(pair, pair.ana.phone, record, title=title)
    (shadow,) = await pair.store.shadows(pair.ana.phone, [record.id, RecordId(uuid4())])
    assert (shadow.version, shadow.snapshot) == (1, Snapshot({"title": "second"}))
    assert await pair.store.shadows(pair.ana.tablet, [record.id]) == []
    stranger = replace(pair.ana.phone, person=PersonId(uuid4()))
    assert await pair.store.shadows(stranger, [record.id]) == []


async def test_what_a_device_has_submitted_lately_is_named_newest_first(pair: Pair) -> None:
    first, second, goal = step(pair, 1), step(pair, 2), replace(step(pair, 3), kind="goal")
    await saved(pair, first, second, goal)
    for nth, record in enumerate((first, second, goal)):
        await submit(pair, pair.ana.phone, record, at=NOON + nth * timedelta(seconds=1), title="first")
    for since, limit, named in (
        (NOON - timedelta(seconds=1), 9, [second.id, first.id]),
        (NOON - timedelta(seconds=1), 1, [second.id]),
        (NOON, 9, [second.id]),
    ):
        assert await pair.store.submitted(pair.ana.phone, "step", since, limit=limit) == named
    everything = await pair.store.submitted(pair.ana.phone, None, NOON - timedelta(seconds=1), limit=9)
    assert everything == [goal.id, second.id, first.id]
    stranger = replace(pair.ana.phone, person=PersonId(uuid4()))
    for other in (pair.ana.tablet, stranger):
        assert await pair.store.submitted(other, "step", NOON - timedelta(days=1), limit=9) == []


async def test_what_was_submitted_goes_with_what_is_forgotten_of_a_record(pair: Pair) -> None:
    record, other = step(pair, 1), step(pair, 2)
    await saved(pair, record, other)
    for who in (pair.ana.phone, pair.ben.phone):
        for each in (record, other):
            await submit(pair, who, each, title="first")
    assert await saved(pair, forgotten=((pair.space, record.id),))
    for who in (pair.ana.phone, pair.ben.phone):
        assert [each.record for each in await pair.store.shadows(who, [record.id, other.id])] == [other.id]


async def owed_to(pair: Pair, who: Caller, after: int = 0, upto: int = 99, limit: int = 9) -> list[tuple[str, int]]:
    found = await pair.store.owed(who, after=after, upto=upto, limit=limit)
    return [(each.named, each.version) for each in found]


async def test_what_a_device_is_owed_stands_at_the_raised_head_of_the_person_s_own_space(pair: Pair) -> None:
    phone, step_ = pair.ana.phone, "step"
    head = (await space_of(pair, pair.ana.personal)).head
    for nth, named in enumerate(("a", "b"), 1):
        assert await pair.store.owe(phone, [Owed(kind=step_, named=named)], told=0, now=NOON) == head + nth
    assert (await space_of(pair, pair.ana.personal)).head == head + 2
    assert await owed_to(pair, phone) == [("a", head + 1), ("b", head + 2)]
    assert await owed_to(pair, phone, after=head + 1) == [("b", head + 2)]
    assert await owed_to(pair, phone, upto=head + 1) == [("a", head + 1)]
    assert await owed_to(pair, phone, limit=1) == [("a", head + 1)]
    for other in (pair.ana.tablet, pair.ben.phone, replace(phone, person=PersonId(uuid4()))):
        assert await owed_to(pair, other) == []


async def test_what_is_owed_again_is_told_again_and_what_was_told_is_forgotten(pair: Pair) -> None:
    phone, owed = pair.ana.phone, [Owed(kind="step", named=named) for named in ("a", "b", "c")]
    first = await pair.store.owe(phone, owed[:2], told=0, now=NOON)
    assert first is not None
    await pair.store.owe(pair.ana.tablet, owed[:1], told=0, now=NOON)
    assert await pair.store.owe(phone, owed[1:], told=first, now=NOON) == first + 2
    assert await owed_to(pair, phone) == [("b", first + 2), ("c", first + 2)]
    assert await owed_to(pair, pair.ana.tablet) == [("a", first + 1)]


async def test_nobody_else_raises_a_head_by_owing(pair: Pair) -> None:
    stranger = replace(pair.ana.phone, person=PersonId(uuid4()))
    head = (await space_of(pair, pair.ana.personal)).head
    assert await pair.store.owe(stranger, [Owed(kind="step", named="a")], told=0, now=NOON) is None
    assert (await space_of(pair, pair.ana.personal)).head == head
    assert await owed_to(pair, pair.ana.phone) == []


# A stranger ----------------------------------------------------------------------------------------------------


async def everything(pair: Pair) -> tuple[Loaded, Page, Page]:
    """All that the two can be told, to see that it does not change."""
    loaded = await pair.store.load(pair.ana.phone, Wanted(counted=["step"]))
    return loaded, await pair.page(pair.ana), await pair.page(pair.ben)


STRANGERS: dict[str, Callable[[Pair], Caller]] = {
    "cleo": lambda pair: replace(somebody().phone, spaces=(pair.ana.personal, pair.space, pair.ben.personal)),
    "the partner": lambda pair: replace(pair.ben.phone, spaces=(pair.ana.personal,)),
}


@pytest.mark.parametrize("who", STRANGERS)
async def test_a_stranger_with_the_right_ids_gets_nothing_and_changes_nothing(pair: Pair, who: str) -> None:
    ana, couple = pair.ana, pair.space
    stranger = STRANGERS[who](pair)
    family, decided = uuid4(), outcome()
    record = replace(step(pair, 2, family=family), space=ana.personal, kind="check_in")
    await saved(
        pair,
        record,
        space=ana.personal,
        revisions=(behind(record, Value("title", "Old", ana.person)),),
        outcomes=((ana.personal, decided),),
    )
    before = await everything(pair)
    space = await space_of(pair, ana.personal)
    loaded = await pair.store.load(
        replace(stranger, device=ana.phone.device),
        Wanted(ids=[record.id], families=[(family, "check_in")], keys=[decided.key], counted=["check_in"]),
    )
    assert (loaded.spaces, loaded.records, loaded.outcomes, loaded.counts) == ({}, {}, {}, {})
    page = await pair.store.changed_since(stranger, {}, limit=10, again=[record.id])
    assert (page.spaces, page.rows, page.besides) == ({}, [], [])
    key = (ana.personal, record.id)
    assert not (await pair.store.history(stranger, [key], [])).texts[key]
    assert await archive_of(pair).pasts(stranger, ana.personal, None, limit=10) == []
    scope = await pair.store.scope(stranger, record.id)
    assert (scope.spaces, scope.inboxes, scope.records, scope.revisions) == ({}, {}, (), ())
    await pair.store.begin_anew(stranger, space, uuid4())
    forged = replace(record, version=3, fields={"text": "forged"})
    write = Writes(spaces={space.id: space}, heads={space.id: 3}, records=(Stored(forged, encoded(forged)),))
    assert await pair.store.save(stranger, write, NOON) is None
    forget = replace(write, forgotten=(key,))
    assert await pair.store.save(stranger, forget, NOON) is None
    assert await everything(pair) == before
    assert (await pair.store.history(ana.phone, [key], [])).texts[key] == {"Old"}
    assert (await space_of(pair)).id == couple


# What stands behind ---------------------------------------------------------------------------------------------


def archive_of(pair: Pair) -> Archive:
    return cast("Archive", pair.store)


async def test_what_stands_behind_all_records_of_a_space_comes_record_by_record_in_pages(pair: Pair) -> None:
    ana, ben = pair.ana.person, pair.ben.person
    one, other = sorted((step(pair, 1), step(pair, 2)), key=lambda each: each.id)
    await saved(pair, *sorted((one, other), key=lambda each: each.version))
    for version, record in ((3, other), (4, one), (5, other)):
        later = replace(record, version=version)
        await saved(pair, later, revisions=(behind(later, Value("title", f"{version}", ana if version < 5 else ben)),))
    seen: list[tuple[RecordId, str, PersonId, int, tuple[Value, ...]]] = []
    after = None
    while pasts := await archive_of(pair).pasts(pair.ben.phone, pair.space, after, limit=2):
        assert {past.dated.on for past in pasts} == {NOON.date()}
        for past in pasts:
            revision = past.dated.revision
            assert (revision.space, revision.record) == (pair.space, past.record)
            seen.append((past.record, past.kind, past.author, revision.version, revision.values))
        after = (pasts[-1].record, pasts[-1].dated.revision.version)
    assert seen == [
        (one.id, "step", ana, 4, (Value("title", "4", ana),)),
        (other.id, "step", ana, 3, (Value("title", "3", ana),)),
        (other.id, "step", ana, 5, (Value("title", "5", ben),)),
    ]
    assert await archive_of(pair).pasts(pair.ana.phone, pair.ana.personal, None, limit=2) == []


async def test_what_stands_behind_a_record_comes_newest_first_and_page_by_page(pair: Pair) -> None:
    goal, identity = uuid4(), uuid4()
    titles = ["One.", "Two.", "Three.", "Four."]
    await pair.one(pair.ana.phone, change("step", identity, {"goal": str(goal), "title": "One."}, couple=pair.couple))
    for base, (was, title) in enumerate(pairwise(titles), 1):
        await pair.one(
            pair.ana.phone,
            change("step", identity, {"title": title}, was={"title": was}, base=base, couple=pair.couple),
        )
    behind = await pair.store.behind(pair.ben.phone, "step", RecordId(identity), before=VERSION_MAX, limit=2)
    assert behind is not None
    assert (behind.author, behind.gone) == (pair.ana.person, False)
    assert [each.revision.values for each in behind.revisions] == [
        (Value("title", "Three.", pair.ana.person, since=3),),
        (Value("title", "Two.", pair.ana.person, since=2),),
    ]
    assert {each.on for each in behind.revisions} == {pair.now.date()}
    last = behind.revisions[-1].revision.version
    rest = await pair.store.behind(pair.ben.phone, "step", RecordId(identity), before=last, limit=2)
    assert rest is not None
    assert [each.revision.values[0].value for each in rest.revisions] == ["One."]


async def test_what_stands_behind_is_nobody_else_s_to_see(pair: Pair) -> None:
    identity = uuid4()
    await pair.one(pair.ana.phone, change("check_in", identity, {"local_date": "2026-11-23", "text": "One."}))
    await pair.one(pair.ana.phone, change("check_in", identity, {"text": "Two."}, was={"text": "One."}, base=2))
    asked = {"before": VERSION_MAX, "limit": 9}
    own = await pair.store.behind(pair.ana.phone, "check_in", RecordId(identity), **asked)
    assert own is not None
    assert len(own.revisions) == 1
    assert await pair.store.behind(pair.ben.phone, "check_in", RecordId(identity), **asked) is None
    assert await pair.store.behind(pair.ana.phone, "step", RecordId(identity), **asked) is None
    assert await pair.store.behind(pair.ana.phone, "check_in", RecordId(uuid4()), **asked) is None


# Lives ---------------------------------------------------------------------------------------------------------


async def test_closing_wipes_the_windows_raises_the_head_and_keeps_the_rest(ground: Ground, pair: Pair) -> None:
    kept = step(pair, 1)
    shown = [replace(step(pair, version, family=uuid4()), kind="shown_check_in") for version in (2, 3)]
    wiped = replace(step(pair, 4), kind="shown_check_in", gone=True, fields={})
    await saved(pair, kept, *shown, wiped)
    assert await ground.close(pair.space) == 7
    space = await space_of(pair)
    assert (space.state, space.head) == ("closed", 7)
    page = await pair.page(pair.ben, {pair.space: 4, pair.ben.personal: 1})
    assert [(row.id, row.gone, row.body) for row in page.rows] == [(each.id, True, None) for each in shown]
    assert [row.version for row in page.rows] == sorted({row.version for row in page.rows})
    assert all(4 < row.version <= 7 for row in page.rows)
    assert await pair.look(pair.ana, kept.id) == kept


async def test_closing_an_empty_space_still_makes_a_decided_push_lose(ground: Ground, pair: Pair) -> None:
    assert await ground.close(pair.space) == 1


async def test_closing_twice_is_closing_once(ground: Ground, pair: Pair) -> None:
    first = await ground.close(pair.space)
    assert await ground.close(pair.space) == first


async def test_a_new_life_of_the_store_is_a_new_epoch_of_every_space(ground: Ground, pair: Pair) -> None:
    await saved(pair, step(pair, 1))
    before = await space_of(pair)
    await ground.bump(uuid4())
    after = await space_of(pair)
    assert after.epoch != before.epoch
    assert (after.lives, after.head) == ((Life(before.epoch, 1),), 1)
    own = await space_of(pair, pair.ana.personal)
    assert [life.head for life in own.lives] == [1]


async def test_what_is_saved_in_the_new_life_is_not_common_to_both(ground: Ground, pair: Pair) -> None:
    await saved(pair, step(pair, 1))
    before = await space_of(pair)
    await ground.bump(uuid4())
    await saved(pair, step(pair, 2))
    after = await space_of(pair)
    assert (after.lives, after.head) == ((Life(before.epoch, 1),), 2)


async def test_a_notice_left_in_the_new_life_is_not_common_to_both(ground: Ground, pair: Pair) -> None:
    """Else a phone that is ahead would think that the notice's version is one that it has."""
    before = await space_of(pair, pair.ben.personal, pair.ben.phone)
    await ground.bump(uuid4())
    await saved(pair, step(pair, 1), deposits=(notice(pair),))
    after = await space_of(pair, pair.ben.personal, pair.ben.phone)
    assert (after.lives, after.head) == ((Life(before.epoch, 1),), 2)


async def test_closing_in_the_new_life_is_not_common_to_both(ground: Ground, pair: Pair) -> None:
    await saved(pair, step(pair, 1))
    before = await space_of(pair)
    await ground.bump(uuid4())
    await ground.close(pair.space)
    after = await space_of(pair)
    assert (after.lives, after.head) == ((Life(before.epoch, 1),), 2)


async def test_a_space_whose_device_is_ahead_begins_anew_once(pair: Pair) -> None:
    await saved(pair, step(pair, 1))
    read = await space_of(pair)
    await pair.store.begin_anew(pair.ana.phone, read, uuid4())
    new = await space_of(pair)
    assert new.lives == (Life(read.epoch, 1),)
    assert new.epoch != read.epoch
    await pair.store.begin_anew(pair.ben.phone, read, uuid4())
    assert (await space_of(pair)).epoch == new.epoch, "the second to find out begins no third life"
    own = await space_of(pair, pair.ana.personal)
    assert own.lives == ()


async def test_lives_that_came_and_went_while_a_space_stood_still_are_known(ground: Ground, pair: Pair) -> None:
    """A phone may have read the space in any of them."""
    await saved(pair, step(pair, 1))
    read = [(await space_of(pair)).epoch]
    for _ in range(3):
        await ground.bump(uuid4())
        read.append((await space_of(pair)).epoch)
    assert (await space_of(pair)).lives == tuple(Life(epoch, 1) for epoch in read[:-1])
    await saved(pair, step(pair, 2))
    space = await space_of(pair)
    assert (space.lives, space.epoch, space.head) == (tuple(Life(epoch, 1) for epoch in read[:-1]), read[-1], 2)


async def test_a_space_s_own_new_life_within_a_new_life_of_the_store_is_known(ground: Ground, pair: Pair) -> None:
    await saved(pair, step(pair, 1))
    first = await space_of(pair)
    await ground.bump(uuid4())
    second = await space_of(pair)
    await pair.store.begin_anew(pair.ana.phone, second, uuid4())
    third = await space_of(pair)
    assert third.lives == (Life(first.epoch, 1), Life(second.epoch, 1))
    await ground.bump(uuid4())
    await saved(pair, step(pair, 2))
    assert (await space_of(pair)).lives == (*third.lives, Life(third.epoch, 1))


async def test_the_newest_lives_of_a_space_are_remembered_and_no_more(ground: Ground, pair: Pair) -> None:
    heads = []
    for version in range(1, LIVES_MAX + 3):
        heads.append((await space_of(pair)).epoch)
        await ground.bump(uuid4())
        await saved(pair, step(pair, version))
    assert [life.epoch for life in (await space_of(pair)).lives] == heads[-LIVES_MAX:]


async def test_a_race_across_a_new_life_is_decided_by_the_head_alone(ground: Ground, pair: Pair) -> None:
    """A write decided before the bump may still be stored, in the life in which it was read; nothing is lost."""
    decided = await writes(pair, record := step(pair, 1))
    await ground.bump(uuid4())
    assert await pair.store.save(pair.ana.phone, decided, NOON) == {pair.space: 1}
    assert await pair.look(pair.ana, record.id) == record


@pytest.mark.parametrize("forged", [False, True], ids=["as it was", "with another word"])
async def test_what_was_lost_is_believed_by_its_proof_in_every_later_life(
    ground: Ground, pair: Pair, forged: bool
) -> None:
    """Also when the space has long counted beyond it: its proof names a life that ended before it."""
    goal, terms, act = uuid4(), uuid4(), uuid4()
    proposed = {"goal": str(goal), "title": "Walk."}
    await pair.push(
        pair.ana.phone,
        change("goal", goal, couple=pair.couple),
        change("goal_terms", terms, proposed, couple=pair.couple),
    )
    dump = await ground.dump(pair.space, pair.ana.personal, pair.ben.personal)
    said = {"goal": str(goal), "terms": str(terms), "act": "decline"}
    await pair.one(pair.ben.phone, change("goal_act", act, said, couple=pair.couple))
    before = await pair.look(pair.ben, act)
    await ground.restore(dump, uuid4())
    for nth in range(3):
        values = {"goal": str(goal), "title": f"Step {nth}."}
        await pair.one(pair.ana.phone, change("step", uuid4(), values, couple=pair.couple))
        await ground.bump(uuid4())
    space = await space_of(pair)
    assert (await pair.store.load(pair.ana.phone, Wanted(ids=[before.id]))).records == {}
    assert space.head > before.created
    assert len(space.lives) == 4

    fields = {name: value for name, value in before.fields.items() if name != "proof"}
    origin = Origin(author=pair.ben.person, proof=before.fields["proof"])
    again = fields | {"act": "accept"} if forged else fields
    came = await pair.one(pair.ana.phone, change("goal_act", act, again, couple=pair.couple, origin=origin))

    if forged:
        assert (came.status, came.code) == ("refused", "not_author")
        assert (await pair.store.load(pair.ana.phone, Wanted(ids=[before.id]))).records == {}
        return
    back = await pair.look(pair.ana, act)
    assert (came.status, back.author) == ("applied", pair.ben.person)
    assert {**back.fields, "proof": None} == {**before.fields, "proof": None}
    assert back.fields["proof"] != before.fields["proof"], "it is proven anew, as of the life that it is in now"


# Through the use-case ------------------------------------------------------------------------------------------


async def test_a_push_is_the_same_on_every_store(pair: Pair) -> None:
    goal, first, second = uuid4(), uuid4(), uuid4()
    made = [
        change("goal", goal, couple=pair.couple),
        change("step", first, {"goal": str(goal), "title": "Ferry."}, couple=pair.couple),
        change("check_in", second, {"local_date": "2026-11-23", "text": "Tired."}),
    ]
    assert [each.status for each in await pair.push(pair.ana.phone, *made)] == ["applied"] * 3
    again = await pair.push(pair.ana.phone, *made)
    assert [each.status for each in again] == ["duplicate"] * 3
    await pair.push(
        pair.ben.phone,
        change("step", first, {"title": "Cabin."}, was={"title": "Ferry."}, base=2, couple=pair.couple),
    )
    came = await pair.one(
        pair.ana.tablet,
        change("step", first, {"title": "Train."}, was={"title": "Ferry."}, base=2, couple=pair.couple),
    )
    assert came.fields == {"title": "kept_both"}
    record = await pair.look(pair.ben, first)
    assert record.alternatives == {"title": (Alternative(pair.ana.person, "Train."),)}
    assert await pair.told(pair.ben) == [("kept_both", "title")]
    assert await pair.told(pair.ana) == [("kept_both", "title")]


async def test_a_refused_change_asks_for_the_history_before_it_keeps_words(pair: Pair) -> None:
    """What the step once held is the other's to know of: it does not come back as one's own."""
    goal, identity = uuid4(), uuid4()
    await pair.one(pair.ana.phone, change("step", identity, {"goal": str(goal), "title": "Old."}, couple=pair.couple))
    await pair.one(pair.ana.phone, change("step", identity, {"title": "New."}, base=1, couple=pair.couple))
    stranger = str(uuid4())
    for title, kept in (("Old.", []), ("My own.", [{"title": "My own."}])):
        values = {"title": title, "taken_by": [stranger]}
        came = await pair.one(
            pair.ben.phone, change("step", identity, values, was={"taken_by": []}, base=2, couple=pair.couple)
        )
        assert came.code == "needs_their_yes"
        assert [each["words"] for each in await pair.words_for(pair.ben)] == kept
