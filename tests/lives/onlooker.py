"""Look at the tables of prompts while lives go on, and let the checks of `tests/lives` judge what is found there."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.postgres import Pool
from domain.ids import PersonId
from domain.prompts import Sent
from notifications.ports import Entry, Errand, Facts
from notifications.store import _READ, _planned
from tests.lives.checks import Checks
from tests.lives.household import Household

State = tuple[str, str | None, datetime]
"""How a prompt stands, why, and when it is due."""


class Onlooker:
    """Reads the ledger, what is planned and what is in a worker's hands; decides nothing of the product's."""

    def __init__(self, pool: Pool, households: Sequence[Household], hits: Counter[str]) -> None:
        self.pool, self.hits = pool, hits
        self.now = datetime.min.replace(tzinfo=UTC)
        self._of = {own.id: (each, Checks(each.home)) for each in households for own in each.home.two}
        for each in households:
            shared = self._of[each.home.two[0].id]
            self._of[each.home.two[1].id] = shared
        self._owners: set[UUID] = set()
        self._states: dict[UUID, State] = {}
        self._written = 0

    @property
    def checks(self) -> list[Checks]:
        """Those of each household once."""
        return list({id(checks): checks for _, checks in self._of.values()}.values())

    def of(self, person: PersonId) -> tuple[Household, Checks, int]:
        """Whose household a person is of, what is checked there, and which of the two they are."""
        household, checks = self._of[person]
        return household, checks, household.home.who(person)

    async def read_ledger(self) -> None:
        """Check every line that is new."""
        for row in await self.pool.fetch(LEDGER, self.now):
            person, identity = PersonId(row["person_id"]), row["prompt_id"]
            _, checks, _ = self.of(person)
            entry = Entry(
                prompt=identity,
                sent=Sent(kinds=tuple(row["kinds"]), day=row["day"], at=row["sent_at"]),
                records=tuple(row["records"]),
                record_kinds=tuple(row["record_kinds"]),
                text=row["text_id"],
            )
            if checks.entries.get(identity) == entry:
                continue
            self._written += identity not in checks.entries
            checks.now = self.now
            checks.begun(_planned(person, row["planned"]), entry)
            for kind in entry.sent.kinds:
                self.hits[f"sent: {kind}"] += 1

    async def in_hand(self, people: Collection[PersonId]) -> Mapping[PersonId, UUID]:
        """Which prompt of each of these people is about to be sent: that which one worker has just begun.

        It stands in the ledger: that is read, and every message checked, before anything leaves.
        """
        await self.read_ledger()
        rows = await self.pool.fetch(IN_HAND, list(people), list(self._owners))
        found = {PersonId(row["person_id"]): row["prompt_id"] for row in rows}
        assert len(found) == len(rows), "a worker sends one prompt of a person at a time"
        assert len({row["owner"] for row in rows}) <= 1
        self._owners |= {row["owner"] for row in rows}
        for person, prompt in found.items():
            _, checks, _ = self.of(person)
            checks.goes_out(Errand(person=person, prompt=prompt, expires=self.now, tries=0), self.now)
        return found

    async def read_ends(self) -> None:
        """Check what was put off, and count why something does not come."""
        for row in await self.pool.fetch(STATES, self.now - timedelta(days=2)):
            planned = _planned(row["person_id"], row["planned"])
            state = (row["state"], row["reason"], planned.prompt.due)
            if self._states.get(planned.id) == state:
                continue
            self._states[planned.id] = state
            if row["reason"] is not None and row["state"] != "claimed":
                self.hits[f"{row['state']}: {row['reason']}"] += 1
                if row["state"] == "planned":
                    self.of(planned.person)[1].put_off(planned, self.now, planned.prompt.due)

    async def wakes_at(self) -> datetime | None:
        """When the worker has something to do next."""
        at: datetime | None = await self.pool.fetchval(WAKES, self.now)
        return at

    async def looked_at_now(self) -> list[PersonId]:
        """For whom an invitation is looked for at this instant."""
        return [row["person_id"] for row in await self.pool.fetch(LOOKED_AT, self.now)]

    async def at_the_end(self) -> None:
        """Nothing was written into the ledger that nobody looked at."""
        assert await self.pool.fetchval("SELECT count(*) FROM prompt_ledger") == self._written
        for checks in self.checks:
            checks.at_the_end()
            self.hits["repeated"] += sum(count > 1 for count in checks.accepted.values())


def as_lived(facts: Facts, household: Household, who: int) -> None:
    """What the store says of a person is what they and their partner did."""
    read, lived = facts.person, household.home.person(who)
    for name in ("consents", "reachable", "wanted", "invite_at", "day_cap", "week_cap", "low_at", "gave_at"):
        assert getattr(read, name) == getattr(lived, name), name
    if household.home.couples == 1 and lived.couple is not None:
        assert read.used_at == lived.used_at
    # What they did with a couple that has parted is not looked at any more.
    assert read.used_at is None or (lived.used_at is not None and read.used_at <= lived.used_at)
    assert (read.clock.zone, read.clock.quiet) == (lived.clock.zone, lived.clock.quiet)
    assert _boundaries(read.clock.boundaries) == _boundaries(lived.clock.boundaries)
    assert lived.checked_in_on >= read.checked_in_on
    assert lived.balanced_in == read.balanced_in
    assert sorted((each.on, each.at, each.open) for each in read.steps) == sorted(
        (each.on, each.at, each.open) for each in lived.steps
    )
    assert (read.couple is None) == (lived.couple is None)
    if read.couple is None or lived.couple is None:
        assert read.parted_at == lived.parted_at
        return
    assert (read.couple.id, read.couple.members) == (lived.couple.id, lived.couple.members)
    assert read.couple.paired_at == lived.couple.paired_at
    assert _pauses(read.couple.pauses) == _pauses(lived.couple.pauses)
    theirs = household.home.two[1 - who].boundaries
    assert sorted(map(str, read.couple.partners_space)) == sorted(
        str((each.begins, each.until)) for name, each in theirs.items() if name in household.shown
    )
    if read.wanted["goal_lookback"]:
        assert read.couple.has_active_goal == lived.couple.has_active_goal


def _boundaries(those: Sequence[object]) -> list[str]:
    return sorted(
        f"{each.is_space} {each.begins} {each.until} {sorted(each.covered)} {each.most_a_day}"  # type: ignore[attr-defined]
        for each in those
    )


def _pauses(those: Sequence[object]) -> list[str]:
    return sorted(
        f"{each.author} {each.started_at} {each.return_at} {sorted(each.resumed_by)} {each.set_aside}"  # type: ignore[attr-defined]
        for each in those
    )


_PROMPT = ", ".join(f"p.{name}" for name in _READ.split(", "))

LEDGER = f"""
SELECT l.*, ROW({_PROMPT}) AS planned FROM prompt_ledger l
JOIN prompt p ON p.person_id = l.person_id AND p.prompt_id = l.prompt_id
WHERE l.sent_at >= $1 ORDER BY l.sent_at"""

IN_HAND = """
SELECT person_id, prompt_id, owner FROM prompt
WHERE person_id = ANY($1::uuid[]) AND begun AND state IN ('claimed', 'sent') AND owner IS NOT NULL
    AND owner <> ALL($2::uuid[])"""

STATES = f"""
SELECT person_id, state, reason, ROW({_PROMPT}) AS planned FROM prompt p
WHERE state IN ('planned', 'claimed') OR due_at > $1"""

WAKES = """
SELECT least(
    (SELECT min(next_at) FROM desk),
    (SELECT min(greatest(due_at, held_until)) FROM prompt WHERE state IN ('planned', 'claimed')),
    (SELECT $1::timestamptz FROM outbox LIMIT 1)
)"""

LOOKED_AT = "SELECT person_id FROM desk WHERE next_at <= $1"
