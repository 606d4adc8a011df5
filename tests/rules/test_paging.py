"""One page of what is new, and where the device stands after it: how much it holds, and of which lives."""

from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.ids import DeviceId, PersonId, RecordId, SpaceId
from domain.records import Alternative, Record
from sync.bodies import decoded, encoded
from sync.cursor import Cursor
from sync.memory import MemoryStore
from sync.paging import PAGE_BYTES_MAX, Asked, NewsPage, read_page
from sync.ports import Caller, Hushed, Life, Place, Space
from tests.rules.boards import ANA, BEN, COUPLE_SPACE, ID_KEYS, NOON, OWN, OWN_SPACE, TOGETHER

HEAD = 20
"""Of both spaces."""
PRESENT, BEFORE, NEXT = OWN_SPACE.epoch, UUID(int=52), UUID(int=53)
STRANGE = SpaceId(UUID(int=29))
"""A space that Ana has left."""
PHONE = Caller(ANA, DeviceId(UUID(int=9)), (OWN, STRANGE, TOGETHER), may_keep=True)


def a_store(*records: Record, **of_spaces: Any) -> MemoryStore:
    store = MemoryStore(OWN_SPACE.store_epoch)
    filled(store, *records, **of_spaces)
    return store


def filled(store: MemoryStore, *records: Record, **of_spaces: Any) -> None:
    store.spaces = {each.id: replace(each, **of_spaces) for each in (OWN_SPACE, COUPLE_SPACE)}
    store.own_epochs = dict.fromkeys(store.spaces, UUID(int=60))
    store.records = {(each.space, each.id): each for each in records}


def entry(version: int, text: str = "Tea.", kind: str = "check_in") -> Record:
    return a_record(OWN, version, kind, text)


def step(version: int) -> Record:
    return a_record(TOGETHER, version, "step", "Pack.")


def a_record(space: SpaceId, version: int, kind: str, text: str) -> Record:
    identity = RecordId(UUID(int=100 * space.int + version))
    return Record(
        space=space,
        kind=kind,
        id=identity,
        version=version,
        created=version,
        author=PersonId(ANA),
        fields={"text": text},
    )


async def page(
    store: MemoryStore,
    places: dict[SpaceId, Place] | None = None,
    *,
    limit: int = 10,
    schema: int = 1,
    caller: Caller = PHONE,
    **rest: Any,
) -> NewsPage:
    """What a device at these places is told, and by which app: its cursor is of the first schema."""
    asked = Asked(
        caller=caller, cursor=Cursor(1, places or {}), schema=schema, limit=limit, now=NOON, own_key=ID_KEYS[OWN]
    )
    return await read_page(store, asked, lambda: NEXT, **rest)


def versions(told: NewsPage) -> list[tuple[SpaceId, int]]:
    return [(row.space, row.version) for row in told.rows]


# How much a page holds -------------------------------------------------------------------------------------------


def of_bytes(version: int, count: int) -> Record:
    """An entry whose body has this many bytes."""
    return entry(version, "x" * (count - len(encoded(entry(version, "")) or b"")))


@pytest.mark.parametrize(("last", "held"), [(0, 3), (1, 2)])
async def test_a_page_ends_before_the_row_with_which_it_would_hold_too_many_bytes(last: int, held: int) -> None:
    half = PAGE_BYTES_MAX // 2
    store = a_store(of_bytes(1, half - 100), of_bytes(2, half), of_bytes(3, 100 + last), entry(4))
    told = await page(store)
    assert (len(told.rows), told.more) == (held, True)


async def test_a_row_that_is_too_long_for_any_page_comes_alone() -> None:
    told = await page(a_store(of_bytes(1, PAGE_BYTES_MAX + 1), entry(2)))
    assert (versions(told), told.more) == ([(OWN, 1)], True)


# Where a device stands after it ----------------------------------------------------------------------------------


async def test_after_the_last_page_a_device_has_come_to_the_heads_whatever_it_was_told() -> None:
    told = await page(a_store(entry(3), entry(5, kind="notice"), step(4)), kind="check_in")
    assert (versions(told), told.more) == ([(OWN, 3)], False)
    assert told.reached == {OWN: Place(PRESENT, HEAD), TOGETHER: Place(PRESENT, HEAD)}


@pytest.mark.parametrize(("by", "come_to"), [(ANA, HEAD), (BEN, 10)])
async def test_a_device_has_come_no_further_than_to_what_its_person_is_told_of(by: PersonId, come_to: int) -> None:
    told = await page(a_store(hushed=Hushed(by=by, after=10, upto=HEAD)), {TOGETHER: Place(PRESENT, 3)})
    assert told.reached[TOGETHER] == Place(PRESENT, come_to)


async def test_after_a_page_that_ends_early_it_knows_of_a_head_that_it_alone_has_moved() -> None:
    store = a_store(step(12), step(14), hushed=Hushed(by=ANA, after=10, upto=HEAD))
    told = await page(store, {OWN: Place(PRESENT, HEAD), TOGETHER: Place(PRESENT, 3)}, limit=1)
    assert told.reached[TOGETHER] == Place(PRESENT, 12, reach=HEAD)


async def test_after_a_page_that_ends_early_it_has_come_to_the_last_row_and_knows_of_the_heads() -> None:
    told = await page(a_store(entry(3), entry(5), step(4)), {TOGETHER: Place(PRESENT, 2)}, limit=1)
    assert (versions(told), told.more) == ([(OWN, 3)], True)
    assert told.reached == {OWN: Place(PRESENT, 3, reach=HEAD), TOGETHER: Place(PRESENT, 2, reach=HEAD)}


async def test_a_space_that_one_has_left_is_told_of_no_more_and_those_after_it_are() -> None:
    told = await page(a_store(step(4)), {STRANGE: Place(PRESENT, 2)})
    assert versions(told) == [(TOGETHER, 4)]
    assert told.reached.keys() == {OWN, TOGETHER}


async def test_a_copy_keeps_the_horizon_with_which_it_was_begun() -> None:
    store = a_store(entry(8), horizon=6)
    begun, fresh = {OWN: Place(PRESENT, 7, 2)}, {OWN: Place(PRESENT, 0, 2)}
    assert (await page(store, begun)).reached[OWN].horizon == 2
    for told in (await page(store, fresh), await page(store), await page(store, begun, schema=2)):
        assert told.reached[OWN].horizon == 6


# Of which life ---------------------------------------------------------------------------------------------------


async def test_a_space_that_went_back_is_read_from_the_beginning_and_the_others_are_not() -> None:
    store = a_store(entry(1), entry(3), entry(4, kind="notice"), step(1), step(4), lives=(Life(BEFORE, 2),))
    told = await page(
        store,
        {OWN: Place(BEFORE, 3), TOGETHER: Place(PRESENT, 3)},
        again=[step(1).id, step(4).id],
    )
    assert versions(told) == [(OWN, 1), (OWN, 3), (OWN, 4), (TOGETHER, 4)]
    assert [(reset.space, reset.epoch, reset.head) for reset in told.resets] == [(OWN, PRESENT, 2)]
    assert [row.version for row in told.besides] == [1], "what is in the page does not come besides"


async def test_what_is_read_from_the_beginning_is_still_of_the_one_kind() -> None:
    store = a_store(entry(1), entry(4, kind="notice"), lives=(Life(BEFORE, 2),))
    told = await page(store, {OWN: Place(BEFORE, 3)}, kind="check_in")
    assert versions(told) == [(OWN, 1)]


async def test_who_has_written_alone_what_nobody_else_is_told_of_has_seen_it_in_the_life_before_too() -> None:
    quiet = Hushed(by=ANA, after=10, upto=HEAD)
    store = a_store(lives=(Life(BEFORE, 15),), hushed=quiet)
    assert (await page(store, {TOGETHER: Place(BEFORE, 15)})).resets == []
    of_ben = a_store(lives=(Life(BEFORE, 15),), hushed=replace(quiet, by=BEN))
    told = await page(of_ben, {TOGETHER: Place(BEFORE, 15)})
    assert [(reset.space, reset.head) for reset in told.resets] == [(TOGETHER, 10)]


@pytest.mark.parametrize(("by", "resets"), [(ANA, [TOGETHER]), (BEN, [])])
async def test_what_was_forgotten_beyond_what_one_is_told_of_one_never_had(by: PersonId, resets: list[SpaceId]) -> None:
    store = a_store(horizon=15, hushed=Hushed(by=by, after=10, upto=HEAD))
    told = await page(store, {TOGETHER: Place(PRESENT, 12)})
    assert [(reset.space, reset.head) for reset in told.resets] == [(each, HEAD) for each in resets]


@pytest.mark.parametrize(("version", "begins"), [(0, False), (1, True)])
async def test_a_life_that_nobody_remembers_was_one_where_anything_of_it_had_been_shown(
    version: int, *, begins: bool
) -> None:
    store = a_store(entry(1))
    told = await page(store, {OWN: Place(BEFORE, version)})
    assert bool(told.resets) is bool(store.spaces[OWN].lives) is begins


async def test_what_comes_besides_a_page_comes_as_its_author_has_it() -> None:
    beside = replace(entry(3), alternatives={"text": (Alternative(ANA, "Coffee."),)})
    told = await page(a_store(beside), {OWN: Place(PRESENT, HEAD)}, again=[beside.id])
    assert [decoded(row.body).alternatives for row in told.besides] == [beside.alternatives]


async def test_a_device_that_knows_more_than_the_store_begins_a_new_life_of_the_space_for_everybody() -> None:
    store = a_store(entry(1))
    told = await page(store, {OWN: Place(PRESENT, HEAD + 1)})
    assert [(reset.space, reset.head) for reset in told.resets] == [(OWN, HEAD)]
    assert store.spaces[OWN].lives == (Life(PRESENT, HEAD),)
    assert told.reached[OWN].epoch == store.spaces[OWN].epoch != PRESENT


class WrittenMeanwhile(MemoryStore):
    """A store in which somebody writes in the very moment in which a new life would begin, so that none does."""

    async def begin_anew(self, caller: Caller, space: Space, epoch: UUID) -> None:
        self.spaces[space.id] = replace(space, head=space.head + 1)
        await super().begin_anew(caller, space, epoch)


async def test_where_somebody_writes_in_that_moment_it_is_found_out_with_the_next_pull() -> None:
    store = WrittenMeanwhile(OWN_SPACE.store_epoch)
    filled(store, entry(1), step(4))
    ahead = Place(PRESENT, HEAD + 5)
    told = await page(store, {OWN: ahead}, kind="check_in", again=[entry(1).id])
    assert (versions(told), [row.version for row in told.besides], told.resets) == ([], [1], [])
    assert told.reached[OWN] == Place(PRESENT, HEAD + 1, reach=ahead.version)
    assert [reset.head for reset in (await page(a_store(), {OWN: told.reached[OWN]})).resets] == [HEAD]
