"""Closing what stands open to the partner, on every store."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

import pytest

from domain.ids import SpaceId
from sync import service
from sync.ports import (
    Caller,
    Writes,
)
from sync.withheld import as_told
from tests.contracts.grounds import Ground
from tests.pair import NOON, Pair, Somebody, change


def opens(pair: Pair, kind: str, **values: Any) -> Any:
    return change(kind, uuid4(), {"audience": str(pair.couple), **values})


def shows_all(pair: Pair, times: int) -> list[Any]:
    """Edits of Ana's that open every sort of window, so many of each."""
    return [
        each
        for nth in range(times)
        for each in (
            opens(
                pair,
                "check_in",
                local_date=f"2026-{nth % 12 + 1:02}-{nth % 28 + 1:02}",
                text="a",
                shared_parts=["text"],
            ),
            opens(pair, "own_goal", title="b", shared_parts=["why"], why="c"),
            opens(pair, "boundary", form="space", zone="UTC", visibility="effect"),
            change("support_request", uuid4(), {"form": "listen", "text": "d"}, couple=pair.couple),
        )
    ]


async def close_all(pair: Pair, who: Caller | None = None) -> list[dict[SpaceId, int]]:
    """Close everything of Ana's; return what each batch moved."""
    moved = []
    upto: int | None = 0
    while upto is not None:
        closed = await service.close_some(pair.store, pair.keys, who or pair.ana.phone, upto, NOON)
        upto = closed.upto
        if closed.moved:
            moved.append(closed.moved)
    return moved


async def seen_by(pair: Pair, who: Somebody) -> list[str]:
    """The kinds of what stands in the couple's space for one of the two."""
    page = await pair.page(who)
    rows = [as_told(row, who.person, page.spaces) for row in page.rows]
    return sorted(row.kind for row in rows if row.space == pair.space and not row.gone and not row.removed)


async def test_what_stands_open_is_named_by_what_closes_it_a_page_at_a_time(pair: Pair) -> None:
    changes = shows_all(pair, 1)
    await pair.push(pair.ana.phone, *changes, opens(pair, "check_in", local_date="2026-11-23", text="private"))
    found = await pair.store.open_to_partner(pair.ana.phone, 0, limit=10)
    assert {each.id for each in found} == {each.id for each in changes}
    assert [each.version for each in found] == sorted(each.version for each in found)
    first = await pair.store.open_to_partner(pair.ana.phone, 0, limit=3)
    rest = await pair.store.open_to_partner(pair.ana.phone, first[-1].version, limit=3)
    assert [*first, *rest] == found
    assert await pair.store.open_to_partner(pair.ben.phone, 0, limit=10) == [], "none of it is his"


async def test_i11_everything_that_stands_open_is_closed_and_nothing_else_is_touched(pair: Pair) -> None:
    theirs = [each for each in shows_all(pair, 1) if each.kind != "boundary"]
    await pair.push(pair.ben.phone, *theirs)
    await pair.push(
        pair.ana.phone,
        change("goal", uuid4(), couple=pair.couple),
        change("repair", uuid4(), {"form": "lightness", "text": "e"}, couple=pair.couple),
        change("reflection", uuid4(), {"need": "f"}),
    )
    before = {(row.id, row.version) for row in (await pair.page(pair.ana)).rows}
    his = {(row.id, row.version) for row in (await pair.page(pair.ben)).rows}
    kinds = await seen_by(pair, pair.ben)
    await pair.push(pair.ana.phone, *shows_all(pair, 2))

    await close_all(pair)

    assert await seen_by(pair, pair.ben) == kinds
    assert before <= {(row.id, row.version) for row in (await pair.page(pair.ana)).rows}
    assert his <= {(row.id, row.version) for row in (await pair.page(pair.ben)).rows}
    assert await pair.store.open_to_partner(pair.ana.phone, 0, limit=10) == []


async def test_several_hundred_windows_are_closed_in_bounded_batches(pair: Pair) -> None:
    asked = [
        change("support_request", uuid4(), {"form": "listen", "text": f"d {nth}"}, couple=pair.couple)
        for nth in range(2 * service.CLOSED_AT_ONCE_MAX)
    ]
    days = [f"2026-{nth // 28 + 1:02}-{nth % 28 + 1:02}" for nth in range(service.CLOSED_AT_ONCE_MAX)]
    entries = [opens(pair, "check_in", local_date=day, text="a", shared_parts=["text"]) for day in days]
    await pair.push(pair.ana.phone, *asked, *entries)
    assert len(await seen_by(pair, pair.ben)) == 3 * service.CLOSED_AT_ONCE_MAX

    moved = await close_all(pair)

    assert len(moved) == 3
    assert await seen_by(pair, pair.ben) == []
    assert {(await pair.look(pair.ana, each.id)).fields["text"] for each in entries} == {"a"}


async def test_closing_that_loses_a_race_looks_again(ground: Ground, pair: Pair) -> None:
    await pair.push(pair.ana.phone, *shows_all(pair, 1))
    store = Overtaken(ground.store, lambda: pair.push(pair.ana.tablet, *shows_all(pair, 1)), times=2)

    closed = await service.close_some(cast("Any", store), pair.keys, pair.ana.phone, 0, NOON)

    assert (store.lost, set(closed.moved)) == (2, {pair.space, pair.ana.personal})
    assert await seen_by(pair, pair.ben) == [], "what was opened meanwhile, too"


async def test_closing_that_loses_every_race_says_so_and_leaves_all_as_it_was(ground: Ground, pair: Pair) -> None:
    await pair.push(pair.ana.phone, *shows_all(pair, 1))
    goal = lambda: pair.push(pair.ben.phone, change("goal", uuid4(), couple=pair.couple))  # noqa: E731
    store = Overtaken(ground.store, goal, times=9)
    with pytest.raises(service.BusyError):
        await service.close_some(cast("Any", store), pair.keys, pair.ana.phone, 0, NOON)
    assert len([kind for kind in await seen_by(pair, pair.ben) if kind != "goal"]) == 4


async def test_after_parting_nothing_needs_closing(ground: Ground, pair: Pair) -> None:
    await pair.push(pair.ana.phone, *shows_all(pair, 1))
    await ground.close(pair.space)
    assert await pair.store.open_to_partner(pair.ana.phone, 0, limit=10) == []
    assert await close_all(pair) == []


class Overtaken:
    """A store in which somebody else is faster, a number of times."""

    def __init__(self, store: Any, by: Callable[[], Any], *, times: int) -> None:
        self.store, self.by, self.times, self.lost = store, by, times, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def save(self, caller: Caller, writes: Writes, now: datetime) -> dict[SpaceId, int] | None:
        if self.times:
            self.times -= 1
            await self.by()
        heads: dict[SpaceId, int] | None = await self.store.save(caller, writes, now)
        self.lost += heads is None
        return heads
