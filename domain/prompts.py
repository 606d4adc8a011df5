"""Decide whether a prompt may come to somebody now: one rule for every kind, from values to a value.

Nothing that is the partner's alone can be an input: `Person` has what the person's own records, settings, boundaries
and acts say, and what both may see. It is asked when a prompt is planned and again just before it is sent; what has
changed meanwhile wins. The usual answer is no.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from msgspec import Struct

from domain.ids import CoupleId, PersonId, RecordId
from domain.pace import Pace, first_day
from domain.pauses import Pause, current
from domain.prompt_kinds import PROMPT_KINDS, PromptKind, Reason
from domain.quiet import AFTERWARDS_MAX_S, AFTERWARDS_MIN_S, Clock, chance
from domain.times import comes

GAP: Final = timedelta(hours=3)
DAY: Final = timedelta(hours=24)
WEEK: Final = timedelta(days=7)
JUST_PAIRED: Final = timedelta(hours=48)
AFTER_PARTING: Final = timedelta(days=30)
JUST_USED: Final = timedelta(hours=3)
LOW_FOR: Final = timedelta(hours=24)
LOW: Final = -3
"""A mood of this or less removes invitations; no mood ever brings a prompt."""
GAVE_LATELY: Final = timedelta(hours=48)
ARRIVAL_HOLDS: Final = timedelta(hours=24)
"""So long something that arrived is worth a prompt; the app shows it anyway."""
SPREAD_MAX_S: Final = 10 * 60
"""What waits for a moment comes up to so long after it."""
AT_ITS_MINUTE: Final = timedelta(minutes=15)
"""What is not put off is dropped when its minute is over for so long."""


class Arrived(Struct, frozen=True, kw_only=True):
    """One thing that the partner left for this person: one cause of a prompt."""

    kind: str
    """The kind of prompt."""
    record: RecordId
    at: datetime
    stands: bool = True
    """Whether it is still there, still open, and has prompted nobody yet."""
    fetched: bool = False
    """Whether one of the person's devices has it already."""
    hushed_until: datetime | None = None
    """Until when nothing is said of it: somebody was not ready yet."""


class Prompt(Struct, frozen=True, kw_only=True):
    """A prompt to one person that is planned, and not sent."""

    kind: str
    """Of arrivals, that of any of them: together they are one prompt."""
    due: datetime
    expires: datetime
    couple: CoupleId | None = None
    """The couple that it is about."""
    about: RecordId | None = None
    """The step's date, or the boundary, that it comes from."""
    arrived: tuple[Arrived, ...] = ()


class Sent(Struct, frozen=True, kw_only=True):
    """A prompt that was sent, as the ledger has it."""

    kinds: tuple[str, ...]
    """Of arrivals all kinds that it told of."""
    day: date
    """The person's local date then."""
    at: datetime


class Step(Struct, frozen=True, kw_only=True):
    """A step that the person has taken upon themselves, and the day that they set for it."""

    record: RecordId
    """Of the date."""
    on: date
    at: time
    open: bool
    """Whether the step is there, is theirs, and is not done."""


class Couple(Struct, frozen=True, kw_only=True):
    """What both may see of the couple."""

    id: CoupleId
    members: frozenset[PersonId]
    paired_at: datetime
    pauses: tuple[Pause, ...] = ()
    many_pauses: bool = False
    """Whether there are more pauses than are looked at: then one goes on."""
    partners_space: tuple[tuple[datetime | None, datetime | None], ...] = ()
    """From when and until when the partner has shown that they take space for themselves."""
    has_active_goal: bool = False


class Person(Struct, frozen=True, kw_only=True):
    """All that a prompt to this person may depend on."""

    id: PersonId
    clock: Clock
    seed: str = ""
    """What chance follows from for them; where it is kept from the partner, they cannot reckon a moment."""
    consents: bool
    """Whether they agree to what goes through the vendor of push messages."""
    reachable: bool
    """Whether one of their devices can be told."""
    wanted: Mapping[str, int]
    """Their settings for each kind."""
    seldom: Mapping[str, int] = {}
    """How often they asked for less of a kind."""
    invite_at: time
    day_cap: int
    week_cap: int
    sent: tuple[Sent, ...] = ()
    """At least those of the last eight days, the newest last."""
    paces: Mapping[str, Pace] = {}
    used_at: datetime | None = None
    """When they last did something in the app."""
    low_at: datetime | None = None
    """When they noted their newest mood, if that is a low one."""
    checked_in_on: frozenset[date] = frozenset()
    gave_at: datetime | None = None
    balanced_in: frozenset[str] = frozenset()
    """Months, `yyyy-mm`."""
    steps: tuple[Step, ...] = ()
    couple: Couple | None = None
    parted_at: datetime | None = None
    """When their last couple parted, while they are in none."""

    @property
    def luck(self) -> str:
        """Return what chance follows from: their seed, or who they are."""
        return self.seed or str(self.id)

    def cap_a_day(self, now: datetime) -> int:
        """Return how many may come a day: a boundary that holds can only lower what the settings say."""
        limits = [each.most_a_day for each in self.clock.boundaries if each.holds(now)]
        return min([self.day_cap, *(each for each in limits if each is not None)])


class Send(Struct, frozen=True, kw_only=True):
    """It may come now."""

    kinds: tuple[str, ...]
    """What it tells of; its words are those of the first."""
    records: tuple[RecordId, ...] = ()
    """Of arrivals, what it tells of."""
    record_kinds: tuple[str, ...] = ()
    """As what it tells of each of these."""


class Wait(Struct, frozen=True, kw_only=True):
    """Ask again then, and not before."""

    until: datetime
    reason: Reason


class Drop(Struct, frozen=True, kw_only=True):
    """It does not come at all."""

    reason: Reason


Verdict = Send | Wait | Drop


class Obstacle(Struct, frozen=True):
    """Something that stands against a prompt."""

    reason: Reason
    until: datetime | None = None
    """When it will be gone, where that is known."""


Against = Callable[[Person, PromptKind, Prompt, datetime], Obstacle | None]


def decide(person: Person, prompt: Prompt, now: datetime) -> Verdict:
    """Return whether this prompt may come to this person at this instant, later, or not at all.

    What may wait is put off to an instant that is free, within 25 hours and before it expires; anything else is dropped
    by the first obstacle. The instants are aware.
    """
    arrived = tuple(each for each in prompt.arrived if _speaks(person, prompt, each, now))
    kinds = tuple(kind for kind in PROMPT_KINDS.values() if any(each.kind == kind.name for each in arrived))
    if prompt.arrived and not kinds:
        return Drop(reason=Reason.NOTHING_LEFT)
    kind = kinds[0] if kinds else PROMPT_KINDS[prompt.kind]
    for obstacle in _obstacles(person, kind, prompt, now):
        until = obstacle.until
        later = None if until is None or not kind.waits else _free(person, kind, prompt, _spread(person, until, now))
        return Drop(reason=obstacle.reason) if later is None else Wait(until=later, reason=obstacle.reason)
    return Send(
        kinds=tuple(each.name for each in kinds) or (kind.name,),
        records=tuple(each.record for each in arrived),
        record_kinds=tuple(each.kind for each in arrived),
    )


def against_waking(person: Person, now: datetime) -> Reason | None:
    """Return why the person's devices are not woken in silence to sync now; None where nothing stands against it.

    Nothing is shown by it; still it is none of what a quiet hour is for.
    """
    prompt = Prompt(kind=_ANY.name, due=now, expires=now + DAY)
    obstacles = (AGAINST[reason](person, _ANY, prompt, now) for reason in NOT_WOKEN)
    first = next((each for each in obstacles if each is not None), None)
    return None if first is None else first.reason


def _spread(person: Person, until: datetime, now: datetime) -> datetime:
    """Return when to look again: not at the very moment at which something ends, which the partner may have chosen."""
    if until <= now:
        return now
    return until + timedelta(seconds=chance(SPREAD_MAX_S + 1, person.luck, "spread", until))


def _free(person: Person, kind: PromptKind, prompt: Prompt, until: datetime) -> datetime | None:
    clock = person.clock.heeding(space=kind.cause != "account")
    spread_s = AFTERWARDS_MAX_S - AFTERWARDS_MIN_S + 1
    afterwards_s = AFTERWARDS_MIN_S + chance(spread_s, person.luck, "afterwards", clock.day(until))
    free = clock.free_from(until, prompt.expires, afterwards=timedelta(seconds=afterwards_s))
    return free if free is not None and free < prompt.expires else None


def _speaks(person: Person, prompt: Prompt, each: Arrived, now: datetime) -> bool:
    kind = PROMPT_KINDS[each.kind]
    apart = timedelta(days=kind.apart_days)
    return (
        each.stands
        and not each.fetched
        and now < each.at + ARRIVAL_HOLDS
        and person.wanted[each.kind] > 0
        and (each.hushed_until is None or each.hushed_until <= now)
        and not any(each.kind in past.kinds and past.at > now - apart for past in person.sent if apart)
        and all(AGAINST[reason](person, kind, prompt, now) is None for reason in kind.unless)
    )


def _obstacles(person: Person, kind: PromptKind, prompt: Prompt, now: datetime) -> Iterator[Obstacle]:
    """Give what stands against a prompt, in the order in which it is asked; only the first matters."""
    for reason in (*ALWAYS, *(() if kind.cause == "account" else MOSTLY), *kind.unless):
        obstacle = AGAINST[reason](person, kind, prompt, now)
        if obstacle is not None:
            yield obstacle


def _expired(_: Person, kind: PromptKind, prompt: Prompt, now: datetime) -> Obstacle | None:
    late = not kind.waits and now >= prompt.due + AT_ITS_MINUTE
    return Obstacle(Reason.EXPIRED) if late or now >= prompt.expires else None


def _no_consent(person: Person, _: PromptKind, __: Prompt, ___: datetime) -> Obstacle | None:
    return None if person.consents else Obstacle(Reason.NO_CONSENT)


def _no_device(person: Person, _: PromptKind, __: Prompt, ___: datetime) -> Obstacle | None:
    return None if person.reachable else Obstacle(Reason.NO_DEVICE)


def _off(person: Person, kind: PromptKind, _: Prompt, __: datetime) -> Obstacle | None:
    return None if person.wanted[kind.name] > 0 else Obstacle(Reason.OFF)


def _parted(person: Person, _: PromptKind, __: Prompt, now: datetime) -> Obstacle | None:
    lately = person.couple is None and person.parted_at is not None and now < person.parted_at + AFTER_PARTING
    return Obstacle(Reason.PARTED) if lately else None


def _other_couple(person: Person, kind: PromptKind, prompt: Prompt, _: datetime) -> Obstacle | None:
    same = person.couple is not None and person.couple.id == prompt.couple
    return Obstacle(Reason.OTHER_COUPLE) if kind.of_couple and not same else None


def _just_paired(person: Person, kind: PromptKind, _: Prompt, now: datetime) -> Obstacle | None:
    lately = person.couple is not None and now < person.couple.paired_at + JUST_PAIRED
    return Obstacle(Reason.JUST_PAIRED) if lately and not kind.is_arrival else None


def _pause(person: Person, kind: PromptKind, _: Prompt, now: datetime) -> Obstacle | None:
    if person.couple is None or kind.cause == "pause":
        return None
    if person.couple.many_pauses:
        return Obstacle(Reason.PAUSE)
    pause = current(person.couple.pauses, person.couple.members, now)
    going_on = pause is not None and pause.state == "active"
    return Obstacle(Reason.PAUSE, pause.return_at) if pause is not None and going_on else None


def _own_space(person: Person, _: PromptKind, __: Prompt, now: datetime) -> Obstacle | None:
    return Obstacle(Reason.OWN_SPACE, now) if person.clock.in_space(now) else None


def _quiet(person: Person, _: PromptKind, __: Prompt, now: datetime) -> Obstacle | None:
    return Obstacle(Reason.QUIET, now) if person.clock.is_quiet(now) else None


def _counted(person: Person, *, day: bool) -> list[Sent]:
    """Return what counts toward a cap: all but notices about the account and, within a day, the return of a pause."""
    outside = ("account", "pause") if day else ("account",)
    counted = [each for each in person.sent if PROMPT_KINDS[each.kinds[0]].cause not in outside]
    return sorted(counted, key=lambda each: each.at)


def _day_cap(person: Person, kind: PromptKind, _: Prompt, now: datetime) -> Obstacle | None:
    if kind.cause == "pause":
        # It stands outside of the caps, and so comes once a day at most, however many pauses somebody makes.
        back = [each.at for each in person.sent if kind.name in each.kinds and each.at > now - DAY]
        return Obstacle(Reason.DAY_CAP, max(back) + DAY) if back else None
    cap = person.cap_a_day(now)
    if cap == 0:
        return Obstacle(Reason.DAY_CAP)
    today = person.clock.day(now)
    counted = _counted(person, day=True)
    rolling = [each.at for each in counted if each.at > now - DAY]
    dated = [each for each in counted if today in (each.day, person.clock.day(each.at))]
    until = [rolling[-cap] + DAY] if len(rolling) >= cap else []
    if len(dated) >= cap:
        until.append(comes(today + timedelta(days=1), time(0), person.clock.zone))
    return Obstacle(Reason.DAY_CAP, max(until)) if until else None


def _week_cap(person: Person, _: PromptKind, __: Prompt, now: datetime) -> Obstacle | None:
    if person.week_cap == 0:
        return Obstacle(Reason.WEEK_CAP)
    rolling = [each.at for each in _counted(person, day=False) if each.at > now - WEEK]
    full = len(rolling) >= person.week_cap
    return Obstacle(Reason.WEEK_CAP, rolling[-person.week_cap] + WEEK) if full else None


def _gap(person: Person, kind: PromptKind, _: Prompt, now: datetime) -> Obstacle | None:
    if kind.cause == "pause":
        return None
    last = max((each.at for each in _counted(person, day=True)), default=None)
    return Obstacle(Reason.GAP, last + GAP) if last is not None and now < last + GAP else None


def _one_invite_a_day(person: Person, kind: PromptKind, _: Prompt, now: datetime) -> Obstacle | None:
    if not kind.is_invite:
        return None
    today = person.clock.day(now)
    invited = any(
        today in (each.day, person.clock.day(each.at)) and PROMPT_KINDS[each.kinds[0]].is_invite for each in person.sent
    )
    return Obstacle(Reason.ONE_INVITE_A_DAY) if invited else None


def _already_today(person: Person, kind: PromptKind, _: Prompt, now: datetime) -> Obstacle | None:
    if kind.cause != "step":
        return None
    today = person.clock.day(now)
    already = any(kind.name in each.kinds and each.day == today for each in person.sent)
    return Obstacle(Reason.ALREADY_TODAY) if already else None


def _rhythm(person: Person, kind: PromptKind, _: Prompt, now: datetime) -> Obstacle | None:
    if not kind.is_invite:
        return None
    first = due_from(person, kind)
    return Obstacle(Reason.RHYTHM) if first is not None and person.clock.day(now) < first else None


def due_from(person: Person, kind: PromptKind) -> date | None:
    """Return the first day for an invitation of this kind, by what its person chose and followed; None for any."""
    pace = person.paces.get(kind.name, Pace())
    return first_day(kind, pace, times=person.wanted[kind.name], seldom=person.seldom.get(kind.name, 0))


def _resting(person: Person, kind: PromptKind, _: Prompt, __: datetime) -> Obstacle | None:
    rests = person.paces.get(kind.name, Pace()).rests_since is not None
    return Obstacle(Reason.RESTING) if rests else None


def _used_the_app(person: Person, kind: PromptKind, _: Prompt, now: datetime) -> Obstacle | None:
    lately = person.used_at is not None and now < person.used_at + JUST_USED
    return Obstacle(Reason.USED_THE_APP) if lately and kind.is_invite else None


def _low(person: Person, kind: PromptKind, _: Prompt, now: datetime) -> Obstacle | None:
    lately = person.low_at is not None and now < person.low_at + LOW_FOR
    return Obstacle(Reason.LOW) if lately and kind.is_invite else None


def _checked_in(person: Person, _: PromptKind, __: Prompt, now: datetime) -> Obstacle | None:
    return Obstacle(Reason.CHECKED_IN) if person.clock.day(now) in person.checked_in_on else None


def _gave_lately(person: Person, _: PromptKind, __: Prompt, now: datetime) -> Obstacle | None:
    lately = person.gave_at is not None and now < person.gave_at + GAVE_LATELY
    return Obstacle(Reason.GAVE_LATELY) if lately else None


def _balanced(person: Person, _: PromptKind, __: Prompt, now: datetime) -> Obstacle | None:
    return Obstacle(Reason.BALANCED) if f"{person.clock.day(now):%Y-%m}" in person.balanced_in else None


def _no_goal(person: Person, _: PromptKind, __: Prompt, ___: datetime) -> Obstacle | None:
    return None if person.couple is not None and person.couple.has_active_goal else Obstacle(Reason.NO_GOAL)


def _partners_space(person: Person, _: PromptKind, __: Prompt, now: datetime) -> Obstacle | None:
    shown = () if person.couple is None else person.couple.partners_space
    holds = any((begins is None or begins <= now) and (until is None or now < until) for begins, until in shown)
    return Obstacle(Reason.PARTNERS_SPACE) if holds else None


def _step_done(person: Person, _: PromptKind, prompt: Prompt, now: datetime) -> Obstacle | None:
    today = person.clock.day(now)
    left = any(each.record == prompt.about and each.open and each.on == today for each in person.steps)
    return None if left else Obstacle(Reason.STEP_DONE)


def _not_due(person: Person, kind: PromptKind, prompt: Prompt, now: datetime) -> Obstacle | None:
    due = _pause_is_due(person, now) if kind.cause == "pause" else _space_is_over(person, prompt, now)
    return None if due else Obstacle(Reason.NOT_DUE)


def _pause_is_due(person: Person, now: datetime) -> bool:
    if person.couple is None:
        return False
    pause = current(person.couple.pauses, person.couple.members, now)
    if pause is None or pause.state != "due":
        return False
    return not all(person.id in each.resumed_by for each in person.couple.pauses if each.id in pause.pauses)


def _space_is_over(person: Person, prompt: Prompt, now: datetime) -> bool:
    return any(
        each.record == prompt.about and each.is_space and each.until is not None and each.until <= now
        for each in person.clock.boundaries
    )


AGAINST: Final[Mapping[Reason, Against]] = {
    Reason.EXPIRED: _expired,
    Reason.NO_CONSENT: _no_consent,
    Reason.NO_DEVICE: _no_device,
    Reason.OFF: _off,
    Reason.PARTED: _parted,
    Reason.OTHER_COUPLE: _other_couple,
    Reason.JUST_PAIRED: _just_paired,
    Reason.PAUSE: _pause,
    Reason.OWN_SPACE: _own_space,
    Reason.QUIET: _quiet,
    Reason.WEEK_CAP: _week_cap,
    Reason.DAY_CAP: _day_cap,
    Reason.GAP: _gap,
    Reason.ONE_INVITE_A_DAY: _one_invite_a_day,
    Reason.ALREADY_TODAY: _already_today,
    Reason.RHYTHM: _rhythm,
    Reason.RESTING: _resting,
    Reason.USED_THE_APP: _used_the_app,
    Reason.LOW: _low,
    Reason.CHECKED_IN: _checked_in,
    Reason.GAVE_LATELY: _gave_lately,
    Reason.BALANCED: _balanced,
    Reason.NO_GOAL: _no_goal,
    Reason.PARTNERS_SPACE: _partners_space,
    Reason.STEP_DONE: _step_done,
    Reason.NOT_DUE: _not_due,
}
ALWAYS: Final = (Reason.EXPIRED, Reason.NO_CONSENT, Reason.NO_DEVICE)
"""What is asked of every kind."""
MOSTLY: Final = (
    Reason.OFF,
    Reason.PARTED,
    Reason.OTHER_COUPLE,
    Reason.JUST_PAIRED,
    Reason.PAUSE,
    Reason.OWN_SPACE,
    Reason.QUIET,
    Reason.WEEK_CAP,
    Reason.DAY_CAP,
    Reason.GAP,
    Reason.ONE_INVITE_A_DAY,
    Reason.ALREADY_TODAY,
    Reason.RHYTHM,
    Reason.RESTING,
    Reason.USED_THE_APP,
    Reason.LOW,
)
"""What is asked of every kind that is not about the person's own account."""
NOT_WOKEN: Final = (Reason.NO_CONSENT, Reason.NO_DEVICE, Reason.PAUSE, Reason.OWN_SPACE, Reason.QUIET)
"""What stands against waking a device."""
_ANY: Final = PROMPT_KINDS["letter_arrived"]
"""For obstacles that are the same whatever the kind."""
