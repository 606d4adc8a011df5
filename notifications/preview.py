"""Look a week ahead for one person: what would come if nobody did anything more, and why no more than that.

The chores themselves are played on a copy of the person's desk, with a clock that is moved on, so that what is foretold
is what the worker would do. Nothing is kept, and nothing goes out.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from domain.ids import PersonId, RecordId
from domain.news import News
from domain.prompt_kinds import PROMPT_KINDS, PROMPTS, Reason
from domain.prompts import AGAINST, Drop, Person, Prompt, decide
from notifications.memory import MemoryStore
from notifications.planning import as_of
from notifications.ports import Delivery, Desk, End, Errand, Facts, Planned, Told, Words
from notifications.rhythms import invitation, invite_minute
from notifications.service import Desks, plan_round, send_round

AHEAD: Final = timedelta(days=7)
DAYS: Final = 8
"""So many local dates lie at least in part within a week, and a little more where clocks change."""
STEPS_MAX: Final = 400
"""More instants than a week has at which something is due or looked at."""
ROUNDS_MAX: Final = 10
"""More rounds than one person ever needs at one instant."""
LASTING: Final = (Reason.OFF, Reason.NO_CONSENT, Reason.NO_DEVICE, Reason.PARTED, Reason.OTHER_COUPLE)
"""What stands against a kind until its person does something, or for weeks."""


class Coming(Struct, frozen=True, kw_only=True):
    """A prompt that would be sent."""

    kind: str
    at: datetime


class Held(Struct, frozen=True, kw_only=True):
    """A prompt that does not come at its time."""

    kind: str
    at: datetime
    reason: Reason
    until: datetime | None = None
    """Until when it waits; None: it does not come at all."""


class Ahead(Struct, frozen=True, kw_only=True):
    """A week, as far as it can be told."""

    until: datetime
    coming: tuple[Coming, ...]
    held: tuple[Held, ...]
    against: Mapping[str, Reason]
    """By kind, why it does not come, or no more often; what is left out comes when there is something to tell."""


async def preview(
    desk: Desk,
    facts: Facts,
    words: Words,
    now: datetime,
    *,
    taken: Collection[str] = (),
    waits: Mapping[str, Reason] = MappingProxyType({}),
) -> Ahead:
    """Return what would come to this person within seven days of `now`, and what stands against more.

    `taken` are the slots of what was sent before, `waits` those of what was put off already, and why.
    """
    until = now + AHEAD
    world = _World(desk, facts, words, now, taken)
    world.store.put_off(desk, waits)
    against = _lasting(facts.person, now)
    at: datetime | None = now
    for _ in range(STEPS_MAX):
        if at is None or at > until:
            break
        before = await world.desk(at)
        await world.play(at)
        after = await world.desk(at)
        for kind, reason in _uninvited(before, after, facts, at):
            against.setdefault(kind, reason)
        at = _following(after, facts.person, at)
    coming = [each for each in (await world.desk(until)).ledger if each.prompt not in world.sent_before]
    return Ahead(
        until=until,
        coming=tuple(Coming(kind=each.sent.kinds[0], at=each.sent.at) for each in coming),
        held=tuple(world.store.held),
        against=against,
    )


class _World:
    """A copy of a desk, people who stay as they are, and nobody who sends."""

    def __init__(self, desk: Desk, facts: Facts, words: Words, now: datetime, taken: Collection[str]) -> None:
        self._person = desk.person
        self.store = _Watched(desk, facts, taken, now)
        # Whatever was planned last: it is looked at with what is so now.
        self.store.put_news(_look_again(desk.person, now))
        self.sent_before = {each.prompt for each in desk.ledger}
        self._desks = Desks(store=self.store, people=_AsTheyAre(facts), courier=_Nowhere(), words=words, new_id=uuid4)

    async def desk(self, at: datetime) -> Desk:
        return (await self.store.desks([self._person], at))[self._person]

    async def play(self, at: datetime) -> None:
        self.store.now = at
        for _ in range(ROUNDS_MAX):
            if not await plan_round(self._desks, at):
                break
        for _ in range(ROUNDS_MAX):
            if not await send_round(self._desks, at, uuid4()):
                break


class _Watched(MemoryStore):
    """Remembers what was put off or dropped, and why."""

    def __init__(self, desk: Desk, facts: Facts, taken: Collection[str], now: datetime) -> None:
        super().__init__()
        self.put_desk(desk, taken)
        self.held: list[Held] = []
        self.now = now
        self._arrived = facts.arrived

    async def settle(self, planned: Planned, owner: UUID, end: End) -> bool:
        kind = self._told_as(planned.prompt)
        # Of what was taken back before it was told, nobody is told that it was there.
        if end.reason is not None and kind is not None and end.reason is not Reason.NOTHING_LEFT:
            self.held.append(Held(kind=kind, at=self.now, reason=end.reason, until=end.due))
        return await super().settle(planned, owner, end)

    def put_off(self, desk: Desk, waits: Mapping[str, Reason]) -> None:
        """Remember what was put off before."""
        for each in desk.planned:
            kind, reason = self._told_as(each.prompt), waits.get(each.slot)
            if kind is not None and reason is not None:
                self.held.append(Held(kind=kind, at=self.now, reason=reason, until=each.prompt.due))

    def _told_as(self, prompt: Prompt) -> str | None:
        """Return the kind of a prompt: of what has arrived, of that which is still there; None where nothing is."""
        if not prompt.arrived:
            return prompt.kind
        there = {told for told, standing in self._arrived.items() if standing.stands}
        kinds = {each.kind for each in prompt.arrived if (each.kind, each.record) in there}
        return next((kind for kind in PROMPT_KINDS if kind in kinds), None)


class _AsTheyAre:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    async def heads(self, people: Collection[PersonId]) -> Mapping[PersonId, int]:
        return dict.fromkeys(people, 0)

    async def facts(self, asked: Mapping[PersonId, Collection[Told]], now: datetime) -> Mapping[PersonId, Facts]:
        assert now is not None
        return dict.fromkeys(asked, self._facts)


class _Nowhere:
    async def send(self, errands: Sequence[Errand], now: datetime) -> Sequence[Delivery]:
        assert now is not None
        return [Delivery(outcome="accepted") for _ in errands]


def _look_again(person: PersonId, now: datetime) -> News:
    return News(id=uuid4(), person=person, couple=None, kind=None, record=RecordId(uuid4()), at=now)


def _lasting(person: Person, now: datetime) -> dict[str, Reason]:
    """Return by kind what stands against it for longer than a moment."""
    found: dict[str, Reason] = {}
    for name in PROMPTS:
        kind = PROMPT_KINDS[name]
        prompt = invitation(kind, person, now)
        obstacles = (AGAINST[reason](person, kind, prompt, now) for reason in LASTING)
        first = next((each for each in obstacles if each is not None), None)
        if first is not None:
            found[name] = first.reason
    return found


def _uninvited(before: Desk, after: Desk, facts: Facts, at: datetime) -> list[tuple[str, Reason]]:
    """Return which invitations do not come at this instant and why, where it is the minute for one."""
    person = as_of(before, facts, at)
    if at != invite_minute(person, person.clock.day(at)):
        return []
    known = {each.prompt for each in before.ledger}
    came = {kind for each in after.ledger if each.prompt not in known for kind in each.sent.kinds}
    found = []
    for name in PROMPTS:
        kind = PROMPT_KINDS[name]
        if kind.is_invite and name not in came:
            verdict = decide(person, invitation(kind, person, at), at)
            # Of several that may come on a day one does.
            reason = verdict.reason if isinstance(verdict, Drop) else Reason.ONE_INVITE_A_DAY
            found.append((name, reason))
    return found


def _following(desk: Desk, person: Person, at: datetime) -> datetime | None:
    """Return the next instant at which something is due or an invitation could come."""
    today = person.clock.day(at)
    minutes = [invite_minute(person, today + timedelta(days=ahead)) for ahead in range(DAYS)]
    times = [*minutes, *(each.prompt.due for each in desk.planned), *([] if desk.next_at is None else [desk.next_at])]
    return min((each for each in times if each > at), default=None)
