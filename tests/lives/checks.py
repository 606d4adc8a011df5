"""What has to hold whenever a prompt goes out: written without the rule that it looks at."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from domain.ids import PersonId
from domain.pauses import current
from domain.prompt_kinds import PROMPT_KINDS
from notifications.ports import Entry, Errand, Planned
from tests.lives.lives import Home, Resident

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ACT_OF = {
    "check_in_invite": {"check_in"},
    "appreciation_spark": {"note_draft"},
    "reflection_invite": {"reflection"},
    "balance_invite": {"balance_note"},
    "goal_lookback": {"goal_act"},
}
"""By writing what, in these lives, somebody follows an invitation."""
APART = {"request_arrived": 72 * HOUR, "own_goal_cheer": 7 * DAY, "goal_lookback": 14 * DAY - 26 * HOUR}
NOT_MORE_THAN_A_WEEK = {"check_in_invite": 7, "appreciation_spark": 2, "reflection_invite": 1}


class Checks:
    """Looks at one home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.now = datetime(1, 1, 1, tzinfo=UTC)
        self.entries: dict[UUID, Entry] = {}
        self.planned: dict[UUID, Planned] = {}
        self.of: dict[PersonId, list[Entry]] = defaultdict(list)
        self.accepted: Counter[UUID] = Counter()
        self.unknown: Counter[UUID] = Counter()
        self.crashes = 0

    def begun(self, planned: Planned, entry: Entry) -> None:
        """A prompt is written into the ledger: it counts from now on (P2, P5, P6, P7, P13)."""
        own = self.home.two[self.home.who(planned.person)]
        if planned.id in self.entries:
            self._again(own, entry)
            return
        past = self.of[planned.person]
        self.entries[planned.id], self.planned[planned.id] = entry, planned
        lead = entry.sent.kinds[0]
        assert entry.sent.day == _wall(own, entry.sent.at).date()
        assert all(own.wanted[kind] > 0 for kind in entry.sent.kinds), "what is off does not come (P13)"
        self._caps(own, past, entry)
        if PROMPT_KINDS[lead].cause in ("rhythm", "step"):
            assert not any((each.sent.kinds, each.sent.day) == (entry.sent.kinds, entry.sent.day) for each in past), (
                "one of a kind on a date (P5)"
            )
        self._seldom(own, past, entry)
        repeated = [each for each in past if each.text == entry.text and entry.sent.at - each.sent.at < 30 * DAY]
        assert not repeated, "no text comes again within thirty days (P11)"
        told = {each for line in past for each in line.told if PROMPT_KINDS[each[0]].once}
        assert not told & entry.told, "a record prompts once"
        past.append(entry)

    def _again(self, own: Resident, entry: Entry) -> None:
        """What arrived goes out once more, as after a crash: it is the same line, and the next gap counts from now."""
        was = self.entries[entry.prompt]
        assert replace(was, sent=replace(was.sent, at=entry.sent.at)) == entry, "the ledger has one line for a prompt"
        assert PROMPT_KINDS[entry.sent.kinds[0]].is_arrival
        assert was.sent.at < entry.sent.at
        others = [each for each in self.of[own.id] if each.prompt != entry.prompt]
        assert all(abs(entry.sent.at - each.sent.at) >= 3 * HOUR for each in others if _counts(each)), "the gap (P2)"
        self.entries[entry.prompt] = entry
        self.of[own.id] = [*others, entry]

    def _caps(self, own: Resident, past: list[Entry], entry: Entry) -> None:
        at, day = entry.sent.at, entry.sent.day
        cap = min(
            [
                own.day_cap,
                *(
                    each.most_a_day
                    for each in own.boundaries.values()
                    if each.most_a_day is not None and _lasts(each.begins, each.until, at)
                ),
            ]
        )
        week = [each for each in past if at - 7 * DAY < each.sent.at] + [entry]
        assert len(week) <= own.week_cap <= 14, "a week holds no more (P2)"
        if entry.sent.kinds == ("pause_return",):
            return
        counted = [each for each in past if _counts(each)]
        assert len([each for each in counted if at - DAY < each.sent.at]) + 1 <= cap <= 3, "24 hours (P2)"
        assert len([each for each in counted if each.sent.day == day]) + 1 <= cap, "a local date (P2)"
        assert all(at - each.sent.at >= 3 * HOUR for each in counted), "three hours apart (P2)"
        invites = [each for each in (*counted, entry) if PROMPT_KINDS[each.sent.kinds[0]].is_invite]
        assert len([each for each in invites if each.sent.day == day]) <= 1, "one invitation a day"

    def _seldom(self, own: Resident, past: list[Entry], entry: Entry) -> None:
        at = entry.sent.at
        for kind in entry.sent.kinds:
            before = [each.sent for each in past if kind in each.sent.kinds]
            apart = APART.get(kind)
            assert apart is None or all(at - each.at >= apart for each in before), f"{kind} comes too often"
            most = NOT_MORE_THAN_A_WEEK.get(kind)
            days = [each.day for each in before if (entry.sent.day - each.day).days < 7]
            assert most is None or len(days) + 1 <= most, f"{kind} comes too often in a week"
            if kind == "balance_invite":
                assert not any(f"{each.day:%Y-%m}" == f"{entry.sent.day:%Y-%m}" for each in before), "once a month"
            if kind in ACT_OF:
                who = self.home.who(own.id)
                assert not self._rests(who, kind, [each.at for each in before], at), "silence brings rest (P6)"

    def _rests(self, who: int, kind: str, sent: list[datetime], now: datetime) -> bool:
        """Count anew, from all that was ever done, whether four in a row were ignored and nothing was done since."""
        done = self.home.two[who].done
        acts, uses = [at for at, wrote in done if ACT_OF[kind] & set(wrote)], [at for at, _ in done]
        events = [(at + 48 * HOUR, 0, at) for at in sent if at + 48 * HOUR <= now] + [(at, 1, at) for at in acts]
        ignored, rests_since = 0, None
        for at, is_act, began in sorted(events):
            if rests_since is not None and any(rests_since < use < at for use in uses):
                ignored, rests_since = 0, None
            if is_act:
                ignored, rests_since = 0, None
            elif not any(began < act <= at for act in acts):
                ignored += 1
                rests_since = at if ignored >= 4 else None
        return rests_since is not None and not any(rests_since < use for use in uses)

    def goes_out(self, errand: Errand, now: datetime) -> None:
        """A message leaves (P3, P8, P9, P12)."""
        entry, planned = self.entries[errand.prompt], self.planned[errand.prompt]
        who = self.home.who(errand.person)
        own, kind = self.home.two[who], PROMPT_KINDS[entry.sent.kinds[0]]
        assert own.consents, "nothing without consent"
        assert own.reachable
        assert all(own.wanted[each] > 0 for each in entry.sent.kinds[:1]), "a mute takes effect on what is queued (P13)"
        assert not _is_quiet(own, now), "nothing in quiet hours (P3)"
        assert not _in_space(own, now), "nothing in own space (P3)"
        parted = self.home.couple is None and self.home.parted_at is not None
        assert not parted or now >= self.home.parted_at + 30 * DAY, "nothing after parting (P9)"
        if kind.of_couple:
            assert planned.prompt.couple == self.home.couple is not None, "nothing of a couple that has parted (P9)"
        pause = current(self.home.pauses.values(), frozenset(each.id for each in self.home.two), now)
        if self.home.couple is not None and pause is not None and pause.state == "active":
            assert kind.cause == "pause", "in a pause nothing else (P8)"
        if self.home.couple is not None and now < self.home.paired_at + 48 * HOUR:
            assert kind.is_arrival, "at first only what arrives"
        if kind.is_own:
            assert self.accepted[errand.prompt] == 0, "one of their own is not repeated (P12)"
        assert now <= max((each.at for each in planned.prompt.arrived), default=now) + 24 * HOUR

    def put_off(self, planned: Planned, now: datetime, until: datetime) -> None:
        """Something waits (P4)."""
        own = self.home.two[self.home.who(planned.person)]
        assert now <= until <= now + 25 * HOUR, "no longer than 25 hours (P4)"
        assert not _is_quiet(own, until), "and not into quiet hours (P4)"
        assert PROMPT_KINDS[planned.prompt.kind].is_arrival, "only arrivals wait"

    def at_the_end(self) -> None:
        repeats = sum(count - 1 for count in self.accepted.values())
        assert repeats <= self.crashes + sum(self.unknown.values()), "repeats come of crashes and time-outs alone (P12)"


def _counts(entry: Entry) -> bool:
    return entry.sent.kinds != ("pause_return",)


def _wall(own: Resident, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(own.zone))


def _lasts(begins: datetime | None, until: datetime | None, at: datetime) -> bool:
    return (begins is None or begins <= at) and (until is None or at < until)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _inside(windows: list[dict[str, Any]], wall: datetime) -> bool:
    now = wall.hour * 60 + wall.minute
    for window in windows:
        start, end = _minutes(window["from"]), _minutes(window["to"])
        today, yesterday = window["weekday"] == wall.weekday(), (window["weekday"] + 1) % 7 == wall.weekday()
        if start < end:
            if today and start <= now < end:
                return True
        elif (today and now >= start) or (yesterday and now < end):
            return True
    return False


def _quarter(wall: datetime) -> int:
    return (wall.weekday() * 24 + wall.hour) * 4 + wall.minute // 15


def _is_quiet(own: Resident, at: datetime) -> bool:
    wall = _wall(own, at)
    if not own.quiet_off and _inside(own.windows, wall):
        return True
    return any(
        not each.is_space and _lasts(each.begins, each.until, at) and _quarter(wall) in each.covered
        for each in own.boundaries.values()
    )


def _in_space(own: Resident, at: datetime) -> bool:
    return any(
        each.is_space
        and _lasts(each.begins, each.until, at)
        and (not each.covered or _quarter(_wall(own, at)) in each.covered)
        for each in own.boundaries.values()
    )
