"""How seldom a kind of prompt comes to somebody who does not follow it: silence makes it rarer and never more frequent.

Two ignored in a row double its interval, up to four times what was chosen; after four in a row it rests until its
person does something in the app, and nothing says so. Following it halves the interval again, down to what was chosen.
"""

from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.prompt_kinds import A_WEEK_MAX, SELDOM_MAX, PromptKind

IGNORED_AFTER: Final = timedelta(hours=48)
DOUBLES_AT: Final = 2
RESTS_AT: Final = 4
STRETCH_MAX: Final = 4


class Pace(Struct, frozen=True, kw_only=True):
    """How often one kind has come to one person, and what they made of it."""

    days: tuple[date, ...] = ()
    """Local dates of the last ones that were sent, the newest last; as many as a week can hold."""
    open: tuple[datetime, ...] = ()
    """When those were sent of which it is not known yet whether they were followed, the newest last."""
    ignored: int = 0
    """How many in a row were not."""
    stretch: int = 1
    """By how much the interval is longer than was chosen: 1, 2 or 4."""
    rests_since: datetime | None = None
    """Since when it rests."""
    acted_at: datetime | None = None
    """The last act of this kind that was counted."""


def sent(pace: Pace, day: date, at: datetime) -> Pace:
    """Return the pace after a prompt of this kind."""
    return replace(pace, days=(*pace.days, day)[-A_WEEK_MAX:], open=(*pace.open, at)[-A_WEEK_MAX:])


def unsent(pace: Pace, day: date, at: datetime) -> Pace:
    """Return the pace as it was before a prompt of this kind that has to be sent once more."""
    days = list(pace.days)
    if day in days:
        days.remove(day)
    return replace(pace, days=tuple(days), open=tuple(each for each in pace.open if each != at))


def judged(pace: Pace, acted_at: datetime | None, used_at: datetime | None, now: datetime) -> Pace:
    """Return the pace as it is now.

    `acted_at` is when the person last did what this kind is about, `used_at` when they last did anything in the app.
    What they did between two of these questions counts once.
    """
    acted = acted_at is not None and (pace.acted_at is None or acted_at > pace.acted_at)
    for sent_at in pace.open:
        over = sent_at + IGNORED_AFTER
        if over <= now and not (acted_at is not None and sent_at < acted_at <= over):
            pace = _ignored(pace, over)
    pace = replace(pace, open=tuple(each for each in pace.open if each + IGNORED_AFTER > now))
    if acted:
        assert acted_at is not None
        later = tuple(each for each in pace.open if each >= acted_at)
        return Pace(days=pace.days, open=later, stretch=max(1, pace.stretch // 2), acted_at=acted_at)
    if pace.rests_since is not None and used_at is not None and used_at > pace.rests_since:
        return replace(pace, rests_since=None, ignored=0, open=())
    return pace


def _ignored(pace: Pace, over: datetime) -> Pace:
    ignored = pace.ignored + 1
    return replace(
        pace,
        ignored=ignored,
        stretch=min(STRETCH_MAX, pace.stretch * 2) if ignored % DOUBLES_AT == 0 else pace.stretch,
        rests_since=over if ignored >= RESTS_AT else None,
    )


def first_day(kind: PromptKind, pace: Pace, *, times: int, seldom: int) -> date | None:
    """Return the first day for another one, as far as the rhythm goes; None for any day.

    `times` is what was chosen for each period, at most what the kind allows; `seldom` how often it was asked for less.
    They are spread evenly: between this one and the last i of them lie i parts of the period, so that no stretch of a
    period holds more than was chosen.
    """
    times = min(times, kind.most)
    period = kind.days * pace.stretch * 2 ** min(seldom, SELDOM_MAX)
    spread = [
        day + timedelta(days=max(1, nth * period // times)) for nth, day in enumerate(reversed(pace.days[-times:]), 1)
    ]
    if kind.monthly and pace.days:
        spread.append(_next_month(pace.days[-1]))
    return max(spread, default=None)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
