"""Two people and what they do for a year, by seed: what is private of one is drawn from a chance of its own."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import CoupleId, PersonId, RecordId
from domain.pauses import Pause
from domain.prompt_kinds import PROMPT_KINDS
from domain.prompts import Couple, Person, Step
from domain.quiet import Boundary, Clock
from domain.settings import DAY_CAP_MAX, WEEK_CAP_MAX
from domain.shapes import Windows, covered_quarters
from notifications.ports import Standing, Told

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Pacific/Chatham",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Asia/Tehran",
)
NIGHTS = [{"weekday": day, "from": "21:30", "to": "08:00"} for day in range(7)]
DAY = timedelta(days=1)
ARRIVALS = [kind.name for kind in PROMPT_KINDS.values() if kind.is_arrival]
ACTS = {kind.name: kind.acts for kind in PROMPT_KINDS.values() if kind.acts}


class Deed(Struct, frozen=True, order=True):
    """Something that somebody does at an instant."""

    at: datetime
    who: int
    """0 or 1."""
    what: str
    nth: int
    """Which deed of its sort it is: from this its details are drawn."""


OPEN_DEEDS = (
    # what, how often a day
    ("leave", 0.5),
    ("fetch", 0.5),
    ("begin_pause", 0.02),
    ("lengthen_pause", 0.01),
    ("resume", 0.03),
    ("show_space", 0.01),
    ("goal", 0.03),
    ("take_back", 0.03),
    ("not_ready", 0.02),
    ("part", 0.003),
    ("pair", 0.03),
)
"""What both may see of what somebody does."""
PRIVATE_DEEDS = (
    ("use", 0.7),
    ("check_in", 0.4),
    ("reflect", 0.1),
    ("balance", 0.02),
    ("draft", 0.15),
    ("settings", 0.05),
    ("boundary", 0.04),
    ("end_boundary", 0.04),
    ("step_date", 0.08),
    ("travel", 0.02),
    ("consent", 0.01),
    ("device", 0.02),
)
"""What is of somebody's own space alone, and their own account."""


def deeds(seed: str, who: int, what: tuple[tuple[str, float], ...], begins: datetime, days: int) -> Iterator[Deed]:
    # Some are seldom there.
    lively = Random(f"{seed}/{who}").choice([1.0, 1.0, 1.0, 0.02])
    for name, often in what:
        chance = Random(f"{seed}/{who}/{name}")
        a_day = often * lively
        at, nth = begins, 0
        while True:
            at += timedelta(seconds=int(chance.expovariate(a_day / 86400)) + 1)
            if at > begins + days * DAY:
                break
            yield Deed(at=at, who=who, what=name, nth=nth)
            nth += 1
            # Now and then much happens at once.
            if chance.random() < 0.03:
                for _ in range(chance.randint(1, 12)):
                    yield Deed(at=at + timedelta(seconds=chance.randint(0, 400)), who=who, what=name, nth=nth)
                    nth += 1


class Resident:
    """One of the two, with what is theirs alone."""

    def __init__(self, person: PersonId, seed: str) -> None:
        chance = Random(f"{seed}/settings")
        self.id = person
        self.zone = chance.choice(ZONES)
        self.windows: list[dict[str, Any]] = NIGHTS
        self.covered = frozenset(covered_quarters(NIGHTS))
        self.quiet_off = False
        self.boundaries: dict[RecordId, Boundary] = {}
        self.consents = self.reachable = True
        self.wanted = {name: kind.default for name, kind in PROMPT_KINDS.items()}
        self.seldom: dict[str, int] = {}
        self.invite_at = time(18, 40)
        self.day_cap, self.week_cap = 2, 7
        self.used_at: datetime | None = None
        self.low_at: datetime | None = None
        self.checked_in: set[date] = set()
        self.gave_at: datetime | None = None
        self.balanced: set[str] = set()
        self.steps: dict[RecordId, Step] = {}
        self.acted: dict[str, datetime] = {}
        self.done: list[tuple[datetime, tuple[str, ...]]] = []
        """All that they ever did in the app, with the kinds of records that they wrote."""
        self.choose(chance)

    def choose(self, chance: Random) -> None:
        """Change something in the settings."""
        for name, kind in PROMPT_KINDS.items():
            if kind.cause != "account" and chance.random() < 0.5:
                self.wanted[name] = chance.randint(0, 7) if kind.is_invite else chance.choice([1, 1, 0])
        if chance.random() < 0.3:
            windows = [
                {"weekday": chance.randrange(7), "from": _quarter(chance), "to": _quarter(chance)}
                for _ in range(chance.randint(0, 9))
            ]
            self.windows = Windows().judged(windows)
        else:
            self.windows = NIGHTS
        self.covered = frozenset(covered_quarters(self.windows))
        self.quiet_off = chance.random() < 0.1
        self.invite_at = time(chance.randrange(24), chance.randrange(60))
        self.day_cap = chance.choice([*range(DAY_CAP_MAX + 1), 2, 3])
        self.week_cap = chance.choice([*range(WEEK_CAP_MAX + 1), 7, 14])
        if chance.random() < 0.1:
            rhythm = chance.choice([name for name, kind in PROMPT_KINDS.items() if kind.is_invite])
            self.seldom[rhythm] = chance.randint(0, 3)

    @property
    def clock(self) -> Clock:
        return Clock(
            zone=self.zone,
            quiet=frozenset() if self.quiet_off else self.covered,
            boundaries=tuple(self.boundaries.values()),
        )

    def act(self, at: datetime, *kinds: str) -> None:
        self.used_at = at
        self.done.append((at, kinds))
        for name, acts in ACTS.items():
            if set(acts) & set(kinds):
                self.acted[name] = at


def _quarter(chance: Random) -> str:
    return f"{chance.randrange(24):02}:{chance.choice(['00', '15', '30', '45'])}"


class Left(Struct, kw_only=True):
    """Something that one has left for the other."""

    kind: str
    record: RecordId
    couple: CoupleId
    to: int
    at: datetime
    stands: bool = True
    hushed_until: datetime | None = None


class Home:
    """Two people, what is private of each, and what both may see."""

    def __init__(
        self,
        number: int,
        seed: str,
        begins: datetime,
        *,
        private: tuple[str, str] | None = None,
        swapped: bool = False,
    ) -> None:
        self.number, self.seed = number, seed
        self.order = (1, 0) if swapped else (0, 1)
        """Whose life each of the two leads, and under whose id."""
        self.private = private or (seed, seed)
        ids = [PersonId(UUID(int=(number + 1) * 1000 + who)) for who in (0, 1)]
        self.two = [Resident(ids[who], f"{self.private[who]}/{who}") for who in self.order]
        self.couples = 0
        self.couple: CoupleId | None = None
        self.paired_at = begins
        self.parted_at: datetime | None = None
        self.pauses: dict[RecordId, Pause] = {}
        self.shown_spaces: dict[int, tuple[datetime | None, datetime | None]] = {}
        self.has_goal = False
        self.left: dict[RecordId, Left] = {}
        self._records = 0

    def who(self, person: PersonId) -> int:
        return next(nth for nth, each in enumerate(self.two) if each.id == person)

    def new_record(self) -> RecordId:
        self._records += 1
        return RecordId(UUID(int=(self.number + 1) * 10**9 + self._records))

    def pair(self, at: datetime) -> None:
        self.couples += 1
        self.couple = CoupleId(UUID(int=(self.number + 1) * 10**6 + self.couples))
        self.paired_at, self.parted_at = at, None
        self.pauses, self.shown_spaces, self.left, self.has_goal = {}, {}, {}, False

    def part(self, at: datetime) -> None:
        self.couple, self.parted_at = None, at

    def story(self, begins: datetime, days: int, often: Mapping[str, float] | None = None) -> list[Deed]:
        """All that the two will do; `often` says for some deeds how often a day they do it, instead of the tables."""
        open_deeds, private_deeds = (
            tuple((name, (often or {}).get(name, a_day)) for name, a_day in table)
            for table in (OPEN_DEEDS, PRIVATE_DEEDS)
        )
        told = [
            replace(deed, who=self.order.index(who))
            for who in (0, 1)
            for deed in (
                *deeds(f"{self.seed}/{self.number}", who, open_deeds, begins, days),
                *deeds(f"{self.private[who]}/{self.number}", who, private_deeds, begins, days),
            )
        ]
        return sorted(told, key=lambda deed: (deed.at, self.order[deed.who], deed.what, deed.nth))

    def person(self, who: int) -> Person:
        """All that a prompt to one of the two may depend on."""
        own = self.two[who]
        couple = None
        if self.couple is not None:
            shown = self.shown_spaces.get(1 - who)
            couple = Couple(
                id=self.couple,
                members=frozenset(each.id for each in self.two),
                paired_at=self.paired_at,
                pauses=tuple(self.pauses.values()),
                partners_space=() if shown is None else (shown,),
                has_active_goal=self.has_goal,
            )
        return Person(
            id=own.id,
            clock=own.clock,
            consents=own.consents,
            reachable=own.reachable,
            wanted=own.wanted,
            seldom=own.seldom,
            invite_at=own.invite_at,
            day_cap=own.day_cap,
            week_cap=own.week_cap,
            used_at=own.used_at,
            low_at=own.low_at,
            checked_in_on=frozenset(own.checked_in),
            gave_at=own.gave_at,
            balanced_in=frozenset(own.balanced),
            steps=tuple(own.steps.values()),
            couple=couple,
            parted_at=self.parted_at,
        )

    def arrived(self, who: int) -> dict[Told, Standing]:
        return {
            (each.kind, each.record): Standing(stands=each.stands, hushed_until=each.hushed_until)
            for each in self.left.values()
            if each.to == who and each.couple == self.couple
        }

    # What somebody does. Each returns what the other is told of by it, and whether plans of the two may change.

    def do(self, deed: Deed) -> Left | None:
        return getattr(self, f"_{deed.what}")(deed, self._chance(deed))

    def _chance(self, deed: Deed) -> Random:
        private = any(deed.what == name for name, _ in PRIVATE_DEEDS)
        life = self.order[deed.who]
        seed = self.private[life] if private else self.seed
        return Random(f"{seed}/{self.number}/{life}/{deed.what}/{deed.nth}")

    def _leave(self, deed: Deed, chance: Random) -> Left | None:
        if self.couple is None:
            return None
        kind = chance.choice([*ARRIVALS, "letter_arrived", "letter_arrived"])
        self.two[deed.who].act(deed.at, *(("note_draft",) if kind == "letter_arrived" else ()))
        left = Left(kind=kind, record=self.new_record(), couple=self.couple, to=1 - deed.who, at=deed.at)
        self.left[left.record] = left
        if len(self.left) > 60:
            del self.left[next(iter(self.left))]
        return left

    def _fetch(self, deed: Deed, _: Random) -> None:
        """A phone takes what was left: their plans note it (`tests/lives/play.py`)."""

    def _take_back(self, deed: Deed, _: Random) -> None:
        for each in [each for each in self.left.values() if each.to == 1 - deed.who][-3:]:
            each.stands = False

    def _not_ready(self, deed: Deed, _: Random) -> None:
        for each in [each for each in self.left.values() if each.to == 1 - deed.who][-2:]:
            each.hushed_until = deed.at + timedelta(hours=72)

    def _begin_pause(self, deed: Deed, chance: Random) -> None:
        if self.couple is None:
            return
        self.two[deed.who].act(deed.at)
        started = deed.at - timedelta(minutes=chance.choice([0, 0, 30]))
        minutes = chance.choice([20, 60, 180, 600, 1440])
        identity = self.new_record()
        self.pauses[identity] = Pause(
            id=identity,
            author=self.two[deed.who].id,
            started_at=started,
            return_at=started + timedelta(minutes=minutes),
        )

    def _lengthen_pause(self, deed: Deed, chance: Random) -> None:
        for pause in list(self.pauses.values())[-1:]:
            longer = max(pause.return_at, pause.started_at + timedelta(minutes=chance.choice([240, 1440])))
            back = pause.resumed_by - {self.two[deed.who].id}
            self.pauses[pause.id] = replace(pause, return_at=longer, resumed_by=back)

    def _resume(self, deed: Deed, chance: Random) -> None:
        for pause in list(self.pauses.values())[-2:]:
            aside = pause.set_aside or chance.random() < 0.1
            back = pause.resumed_by | {self.two[deed.who].id}
            self.pauses[pause.id] = replace(pause, resumed_by=back, set_aside=aside)

    def _show_space(self, deed: Deed, chance: Random) -> None:
        if self.couple is not None:
            self.shown_spaces[deed.who] = (deed.at, deed.at + timedelta(hours=chance.choice([2, 20, 100])))

    def _goal(self, deed: Deed, chance: Random) -> None:
        if self.couple is not None:
            self.two[deed.who].act(deed.at, "goal_act")
            self.has_goal = chance.random() < 0.8

    def _part(self, deed: Deed, _: Random) -> None:
        if self.couple is not None:
            self.part(deed.at)

    def _pair(self, deed: Deed, _: Random) -> None:
        if self.couple is None:
            self.pair(deed.at)

    def _use(self, deed: Deed, _: Random) -> None:
        self.two[deed.who].act(deed.at)

    def _check_in(self, deed: Deed, chance: Random) -> None:
        own = self.two[deed.who]
        own.act(deed.at, "check_in")
        own.checked_in.add(own.clock.day(deed.at))
        own.low_at = deed.at if chance.randint(-4, 4) <= -3 else None

    def _reflect(self, deed: Deed, _: Random) -> None:
        self.two[deed.who].act(deed.at, "reflection")

    def _balance(self, deed: Deed, _: Random) -> None:
        own = self.two[deed.who]
        own.act(deed.at, "balance_note")
        own.balanced.add(f"{own.clock.day(deed.at):%Y-%m}")

    def _draft(self, deed: Deed, _: Random) -> None:
        own = self.two[deed.who]
        own.act(deed.at, "note_draft")
        own.gave_at = deed.at

    def _settings(self, deed: Deed, chance: Random) -> None:
        own = self.two[deed.who]
        own.act(deed.at)
        own.choose(chance)

    def _boundary(self, deed: Deed, chance: Random) -> None:
        own = self.two[deed.who]
        own.act(deed.at)
        if len(own.boundaries) >= 20:
            return
        begins = deed.at + timedelta(minutes=chance.randint(-200, 2000))
        is_space = chance.random() < 0.6
        windows = [
            {"weekday": chance.randrange(7), "from": _quarter(chance), "to": _quarter(chance)}
            for _ in range(chance.choice([0, 0, 3]))
        ]
        identity = RecordId(UUID(int=chance.getrandbits(100)))
        own.boundaries[identity] = Boundary(
            record=identity,
            is_space=is_space,
            begins=chance.choice([None, begins]),
            until=chance.choice([None, begins + timedelta(minutes=chance.randint(30, 4000))]),
            covered=frozenset(covered_quarters(Windows().judged(windows))),
            most_a_day=chance.choice([None, None, 0, 1, 3]),
        )

    def _end_boundary(self, deed: Deed, chance: Random) -> None:
        own = self.two[deed.who]
        for identity in list(own.boundaries)[:2]:
            if chance.random() < 0.5:
                own.boundaries[identity] = replace(own.boundaries[identity], until=deed.at)
            else:
                del own.boundaries[identity]

    def _step_date(self, deed: Deed, chance: Random) -> None:
        own = self.two[deed.who]
        own.act(deed.at, "step_date")
        if len(own.steps) >= 20 or chance.random() < 0.3:
            for identity, step in list(own.steps.items())[:3]:
                own.steps[identity] = replace(step, open=False)
        if len(own.steps) >= 20:
            own.steps.clear()
        on = own.clock.day(deed.at) + timedelta(days=chance.randint(0, 3))
        identity = RecordId(UUID(int=chance.getrandbits(100)))
        own.steps[identity] = Step(
            record=identity, on=on, at=time(chance.randrange(24), chance.randrange(60)), open=True
        )

    def _travel(self, deed: Deed, chance: Random) -> None:
        self.two[deed.who].zone = chance.choice(ZONES)

    def _consent(self, deed: Deed, chance: Random) -> None:
        self.two[deed.who].consents = chance.random() < 0.8

    def _device(self, deed: Deed, chance: Random) -> None:
        self.two[deed.who].reachable = chance.random() < 0.8
