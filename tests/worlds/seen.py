"""What came to somebody and what was planned for them in a world, and what a world holds beside it."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from domain.ids import SpaceId
from tests import people
from tests.simulation.servers import stock_of
from tests.worlds.world import World


class Got(Struct, frozen=True):
    """All that prompts have come to for one person."""

    ledger: list[tuple[Any, ...]]
    """Kinds, local date, instant, records and text of what was sent."""
    plans: list[tuple[Any, ...]]
    """What was planned, with the reason where it was put off or dropped."""
    desk: list[tuple[Any, ...]]
    """How often their plans were changed, their paces, and when an invitation is looked for next."""
    calls: list[tuple[datetime, bytes]]
    """What FCM was asked to bring to their devices, and when, to the byte: prompts, and wakes."""
    pages: list[Any]
    """What the server shows them of it: what was sent, without the ids, and the week ahead to the byte."""

    @property
    def kinds(self) -> set[str]:
        return {kind for line in self.ledger for kind in line[0]}


async def got(world: World, name: str) -> Got:
    """What `name` has got in this world."""
    person = world.persons[name].id
    ledger, plans, desk = [
        [tuple(row.values()) for row in await world.parts.pool.fetch(sql, person)] for sql in (LEDGER, PLANS, DESK)
    ]
    # Their targets begin with their name. What goes to two devices at once arrives in any order.
    calls = sorted((at, came) for at, came in world.calls if f'"{name}:'.encode() in came)
    return Got(ledger, plans, desk, calls, await _pages(world, name))


async def _pages(world: World, name: str) -> list[Any]:
    headers = world.persons[name].headers
    sent = await people.ok(world.client.get("/v1/prompts", headers=headers))
    ahead = await world.client.get("/v1/prompts/preview", headers=headers)
    assert ahead.status_code == 200, ahead.text
    return [[{**each, "id": None} for each in sent["prompts"]], ahead.content]


def difference(one: Got, other: Got) -> list[str]:
    """Which parts of what somebody got are not the same in two worlds."""
    theirs = asdict(other)
    return [part for part, mine in asdict(one).items() if mine != theirs[part]]


LEDGER = """
SELECT kinds, day, sent_at, records, text_id FROM prompt_ledger WHERE person_id = $1 ORDER BY sent_at, text_id"""

PLANS = """
SELECT slot, kind, couple_id, about, arrived, due_at, expires_at, tries, begun, state, reason FROM prompt
WHERE person_id = $1 ORDER BY due_at, slot, state, reason, arrived"""
"""All but the ids, which chance draws, and who claimed it."""

DESK = "SELECT version, paces, next_at FROM desk WHERE person_id = $1"


async def held(world: World, *, by: str) -> dict[str, list[str]]:
    """By kind, what the spaces hold that are this person's own, or both's (`by` is "both"): words and all."""
    found: dict[str, list[str]] = {}
    async with world.parts.pool.acquire() as connection:
        rows = await connection.fetch(SPACES, None if by == "both" else world.persons[by].id)
    spaces = [SpaceId(row["space_id"]) for row in rows]
    stock = await stock_of(world.parts.pool, world.parts.store, world.parts.keys, spaces)
    for record in stock.records.values():
        fields = {name: value for name, value in record.fields.items() if name not in BY_THE_GIVER}
        found.setdefault(record.kind, []).append(
            f"{record.id} {record.version} {record.removed} {sorted(fields.items())}"
        )
    return {kind: sorted(each) for kind, each in found.items()}


BY_THE_GIVER = {"given_on", "shown_on", "achieved_on", "proof"}
"""Days by the calendar of whoever gave or showed something, who shows so much of their zone by it; and what is sealed
about that."""

SPACES = """
SELECT space_id FROM space WHERE home = 'couple' AND $1::uuid IS NULL
UNION ALL SELECT space_id FROM person WHERE person_id = $1"""


async def devices(world: World, name: str) -> tuple[list[Any], list[Any]]:
    """On which devices somebody is signed in, and since which registration each is reached."""
    person = world.persons[name].id
    signed_in = await world.parts.pool.fetch("SELECT device_id FROM device WHERE person_id = $1 ORDER BY 1", person)
    reached = await world.parts.pool.fetch("SELECT value_hash FROM push_target WHERE person_id = $1 ORDER BY 1", person)
    return [row[0] for row in signed_in], [row[0] for row in reached]
