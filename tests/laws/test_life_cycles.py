"""What the tables of lives say is what the rules do: every step taken in very many histories, and no other."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.counsel import approval, summary_state
from domain.couples import Invitation, cancel, confirm, redeem
from domain.goal_kinds import ACTS
from domain.goals import Act, Terms, derive
from domain.ids import CoupleId, PersonId, RecordId, SpaceId
from domain.kind import Around
from domain.kinds import KINDS
from domain.life_cycles import (
    GOAL,
    INVITATION,
    LIFE_CYCLES,
    NOTHING,
    OWN_GOAL,
    PAUSE,
    REQUEST,
    SUMMARY,
    LifeCycle,
)
from domain.own_goals import ENDINGS
from domain.pauses import Pause, current
from domain.records import Record
from domain.shapes import Anything, OneOf
from domain.support import asked, request_state
from domain.times import written
from tests.world import Device, World

ANA, BEN = PersonId(UUID(int=1)), PersonId(UUID(int=2))
BOTH = frozenset({ANA, BEN})
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RUNS = 3000
DOES = (*ACTS, "accept", "accept", "accept", "mark_done", "mark_done")

Steps = Iterator[str | None]
"""The state after each thing that happens."""


def steps_of(life: Callable[[random.Random], Steps]) -> set[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for seed in range(RUNS):
        before = NOTHING
        for state in life(random.Random(seed)):
            now = state or NOTHING
            if now != before:
                seen.add((before, now))
            before = now
    return seen


def goal(chance: random.Random) -> Steps:
    terms: list[Terms] = []
    acts: list[Act] = []
    agreement, view = chance.random() < 0.5, derive(BOTH, [], [], agreement=False)
    for n in range(1, chance.randrange(2, 14)):
        ended = view.state in ("achieved", "let_go")
        if not terms or (chance.random() < 0.25 and not ended):
            based_on = chance.choice([view.terms_in_force, None])
            terms.append(Terms(id=RecordId(UUID(int=n)), author=chance.choice([ANA, BEN]), order=n, based_on=based_on))
        else:
            act: Any = chance.choice(DOES)
            named, who = chance.choice(terms).id, chance.choice([ANA, BEN])
            acts.append(Act(id=RecordId(UUID(int=n)), author=who, order=n, terms=named, act=act, on=date(2026, 11, 23)))
        view = derive(BOTH, terms, acts, agreement=agreement)
        yield view.state


def record(kind: str, fields: dict[str, Any], **other: Any) -> Record:
    return Record(
        space=SpaceId(UUID(int=9)),
        kind=kind,
        id=RecordId(uuid4()),
        version=1,
        created=1,
        author=ANA,
        fields=fields,
        **other,
    )


def shown(kind: str, fields: dict[str, Any], now: datetime) -> str:
    """How a record stands for whoever looks now."""
    passing = KINDS[kind].passing
    assert passing is not None
    return str(passing.shown(fields, now)["state"])


def request(chance: random.Random) -> Steps:
    now, responses = NOON, list[Record]()
    for _ in range(6):
        one = record("support_request", {"state": "open"} | asked(NOON, None))
        derived = request_state(one, responses, Around(members=BOTH, today=now.date()))
        yield shown(one.kind, one.fields | derived.fields, now)
        now += timedelta(hours=chance.choice([1, 30, 80]))
        if chance.random() < 0.3:
            responses.append(record("response", {}))


def pause(chance: random.Random) -> Steps:
    now, one = NOON, None
    for _ in range(8):
        if one is None:
            started_at = now - timedelta(minutes=chance.choice([0, 0, 90]))
            one = Pause(id=RecordId(UUID(int=1)), author=ANA, started_at=started_at, return_at=now + _minutes(chance))
            if chance.random() < 0.2:
                one = _with(one, return_at=now - timedelta(minutes=10))
        else:
            now += timedelta(minutes=chance.choice([1, 40, 200, 1500]))
            person = chance.choice([ANA, BEN])
            match chance.randrange(7):
                case 0:
                    longest = one.started_at + timedelta(hours=24)
                    later = min(max(one.return_at, now) + _minutes(chance), longest)
                    one = _with(one, return_at=max(later, one.return_at), resumed_by=one.resumed_by - {person})
                case 1 | 2 | 3:
                    one = _with(one, resumed_by=one.resumed_by | {person})
                case 4:
                    one = _with(one, resumed_by=one.resumed_by - {person})
                case 5:
                    one = _with(one, set_aside=one.set_aside or chance.random() < 0.4)
                case _:
                    pass
        together = current([one], BOTH, now)
        assert together is not None
        yield together.state
        if together.state == "set_aside":
            return


def _minutes(chance: random.Random) -> timedelta:
    return timedelta(minutes=chance.choice([20, 60, 600]))


def _with(one: Pause, **changes: Any) -> Pause:
    known = {name: getattr(one, name) for name in one.__struct_fields__}
    return Pause(**(known | changes))


def summary(chance: random.Random) -> Steps:
    now, told = NOON, record("counsel_summary", {"state": "draft", "link_until": None})
    text, approved = "We walk.", False
    for nth in range(8):
        match chance.randrange(5) if nth else 4:
            case 0:
                approved = not approved
            case 1:
                told = record("counsel_summary", told.fields | {"link_until": written(now + timedelta(days=7))})
            case 2:
                told = record("counsel_summary", told.fields | {"link_until": None})
            case 3:
                now += timedelta(days=8)
            case _:
                pass
        said = [approval(ANA, text)] if approved else []
        parts = [record("counsel_part", {"section": "hopes", "text": text, "approvals": said})]
        derived = summary_state(told, parts, Around(members=BOTH, today=now.date()))
        told = record("counsel_summary", told.fields | derived.fields)
        yield shown(told.kind, told.fields, now)


def invitation(chance: random.Random) -> Steps:
    now, one = NOON, Invitation(inviter=ANA, invited_at=NOON)
    for _ in range(7):
        yield one.state(now).value
        now += timedelta(hours=chance.choice([0, 1, 25])) if chance.random() < 0.3 else timedelta()
        person = chance.choice([ANA, BEN])
        step: Any = chance.choice(
            [
                redeem(one, BEN, now),
                confirm(one, person, now, couple=CoupleId(UUID(int=7))),
                confirm(one, person, now, couple=CoupleId(UUID(int=7))),
                cancel(one, person, now) if chance.random() < 0.2 else one,
            ]
        )
        one = step if isinstance(step, Invitation) else one


def own_goal(chance: random.Random) -> Steps:
    for _ in range(6):
        yield chance.choice(ENDINGS)


@pytest.mark.parametrize(
    ("cycle", "life"),
    [
        (GOAL, goal),
        (REQUEST, request),
        (PAUSE, pause),
        (SUMMARY, summary),
        (INVITATION, invitation),
        (OWN_GOAL, own_goal),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_rules_take_exactly_the_steps_of_the_table(
    cycle: LifeCycle, life: Callable[[random.Random], Steps]
) -> None:
    assert steps_of(life) == {(move.before, move.after) for move in cycle.moves}


@pytest.mark.parametrize("cycle", [each for each in LIFE_CYCLES if each.field], ids=lambda cycle: cycle.name)
def test_a_table_knows_the_states_that_its_field_can_say(cycle: LifeCycle) -> None:
    assert cycle.kind is not None
    assert cycle.field is not None
    kind = KINDS[cycle.kind]
    shape = kind.fields[cycle.field].shape
    if isinstance(shape, OneOf):
        said = set(shape.values)
    else:
        assert isinstance(shape, Anything)
        said = set(shape.schema.get("anyOf", [shape.schema])[0]["enum"])
    assert cycle.states == said | ({kind.passing.into} if kind.passing else set())


# Through the front door ----------------------------------------------------------------------------------------


class Lives:
    """Ana with two phones and Ben, in whose world windows open and notes are given."""

    def __init__(self) -> None:
        self.world = World(seed=3)
        ana, ben = self.world.person("Ana"), self.world.person("Ben")
        self.couple = self.world.pair(ana, ben)
        self.phone, self.tablet, self.bens = (self.world.device(each) for each in (ana, ana, ben))

    def window(self, entry: RecordId) -> str:
        stored = self.world.stored(entry)
        shown = [each for each in self.world.records("shown_check_in") if each.id == stored.shown_id]
        return "removed" if stored.removed else "shown" if shown else "private"

    def note(self, draft: RecordId) -> str:
        stored = self.world.stored(draft)
        return "given" if stored.gone else str(stored.fields["state"])

    async def after(self, device: Device, look: Callable[[RecordId], str], identity: RecordId) -> str:
        await device.sync()
        await self.world.settle()
        return look(identity)


async def test_a_window_lives_as_its_table_says() -> None:
    lives = Lives()
    await lives.world.settle()
    opened = {"audience": str(lives.couple.id), "shared_parts": ["text"]}
    entry = lives.phone.make("check_in", local_date="2026-03-02", text="Rain.")
    states = [await lives.after(lives.phone, lives.window, entry)]
    for does in ({**opened}, {"audience": "only_me"}, {**opened}):
        lives.phone.write(entry, **does)
        states.append(await lives.after(lives.phone, lives.window, entry))
    phone, tablet = lives.phone, lives.tablet
    for device, does in ((phone, "remove"), (phone, "bring_back"), (phone, "remove"), (tablet, "bring_back")):
        getattr(device, does)(entry)
        states.append(await lives.after(device, lives.window, entry))
    lives.phone.remove(entry)
    states.append(await lives.after(lives.phone, lives.window, entry))
    assert states == ["private", "shown", "private", "shown", "removed", "shown", "removed", "private", "removed"]
    another = lives.phone.make("check_in", local_date="2026-03-02", text="Sun.", **opened)
    assert await lives.after(lives.phone, lives.window, another) == "shown"
    lives.world.part(lives.couple)
    assert await lives.after(lives.phone, lives.window, another) == "private"


async def test_a_note_lives_as_its_table_says() -> None:
    lives = Lives()
    await lives.world.settle()
    later = {"delivery": "at", "on": "2026-03-09", "at": "08:00", "send": True}
    draft = lives.phone.make("note_draft", for_what="Soup.", for_couple=lives.couple.id)
    states = [await lives.after(lives.phone, lives.note, draft)]
    for does in (later, {"send": False}, later, {"delivery": "now"}):
        lives.phone.write(draft, **does)
        states.append(await lives.after(lives.phone, lives.note, draft))
    assert states == ["draft", "queued", "draft", "queued", "given"]
    for fields, state in ((later, "queued"), ({"send": True}, "given")):
        made = lives.phone.make("note_draft", for_what="Tea.", for_couple=lives.couple.id, **fields)
        assert await lives.after(lives.phone, lives.note, made) == state
    direct = lives.phone.make("note_draft", for_what="Bread.", for_couple=lives.couple.id)
    await lives.world.settle()
    lives.phone.write(direct, send=True)
    assert await lives.after(lives.phone, lives.note, direct) == "given"
