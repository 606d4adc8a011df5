"""Wall clocks, quiet hours and a person's own space: when nothing is said to somebody, wherever they are.

Windows are those of `domain/shapes.py:Windows`: quarter-hours of a week as the person's own clock shows them, which
is read anew at each instant, so that travel and changes of clocks move them with the person.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import RecordId

QUARTER: Final = timedelta(minutes=15)
QUARTER_S: Final = 900
"""Every clock on earth is a whole number of quarter-hours away from UTC, and changes by whole quarter-hours."""
AHEAD_MAX: Final = timedelta(hours=25)
"""Nothing is put off for longer: a day, and the hour that a day may be longer."""
AFTERWARDS_MIN_S: Final = 5 * 60
AFTERWARDS_MAX_S: Final = 45 * 60
"""What waits for the end of quiet hours comes so long after them, so that not everybody is told at once."""
TRIES_MAX: Final = 50
"""More free stretches than 25 hours of quarter-hours can have between quiet ones."""


class Boundary(Struct, frozen=True, kw_only=True):
    """A boundary of the person's own, as far as prompts go by it."""

    record: RecordId
    is_space: bool
    begins: datetime | None
    """None: it holds already."""
    until: datetime | None
    """None: it holds until its person ends it."""
    covered: frozenset[int] = frozenset()
    """Quarter-hours of the week in which it holds; none named is all of the time for a space, and none for the rest."""
    most_a_day: int | None = None

    def holds(self, at: datetime) -> bool:
        """Return whether an instant lies between its beginning and its end."""
        return (self.begins is None or self.begins <= at) and (self.until is None or at < self.until)


class Clock(Struct, frozen=True, kw_only=True):
    """How a person's time is divided: their zone, their quiet hours and their boundaries."""

    zone: str
    quiet: frozenset[int] = frozenset()
    """Quarter-hours of the week, of the settings; none where they are switched off."""
    boundaries: tuple[Boundary, ...] = ()

    def wall(self, at: datetime) -> datetime:
        """Return what the person's clock shows at an instant."""
        return at.astimezone(ZoneInfo(self.zone))

    def day(self, at: datetime) -> date:
        """Return the person's local date at an instant."""
        return self.wall(at).date()

    def is_quiet(self, at: datetime) -> bool:
        """Return whether an instant is in quiet hours or in a window of an own boundary other than a space."""
        quarter = quarter_of(self.wall(at))
        return quarter in self.quiet or any(
            not each.is_space and quarter in each.covered and each.holds(at) for each in self.boundaries
        )

    def in_space(self, at: datetime) -> bool:
        """Return whether the person has taken space for themselves at an instant."""
        return any(
            each.is_space and each.holds(at) and (not each.covered or quarter_of(self.wall(at)) in each.covered)
            for each in self.boundaries
        )

    def heeding(self, *, space: bool) -> "Clock":
        """Return the clock of what does, or does not, go by the person's own space."""
        return self if space else replace(self, boundaries=tuple(each for each in self.boundaries if not each.is_space))

    def is_free(self, at: datetime) -> bool:
        """Return whether something may be said at an instant."""
        return not self.is_quiet(at) and not self.in_space(at)

    def free_from(self, at: datetime, last: datetime, *, afterwards: timedelta) -> datetime | None:
        """Return the first instant from `at` on that is free, or, where `at` is not, one so long after a quiet stretch.

        None where there is none until `last`, or within 25 hours.
        """
        last = min(last, at + AHEAD_MAX)
        if self.is_free(at):
            return at if at <= last else None
        for _ in range(TRIES_MAX):
            ended = next((each for each in quarters_after(at, last) if self.is_free(each)), None)
            if ended is None:
                return None
            at = ended + afterwards
            if at > last:
                return None
            if self.is_free(at):
                return at
        raise AssertionError("twenty-five hours have no more stretches than this")


def quarter_of(wall: datetime) -> int:
    """Return the quarter-hour of the week, 0 to 671 from Monday 00:00, that a wall clock shows."""
    return wall.weekday() * 96 + wall.hour * 4 + wall.minute // 15


def quarters_after(at: datetime, last: datetime) -> Iterator[datetime]:
    """Give the beginnings of the quarter-hours after an instant, until `last`."""
    behind_s = at.timestamp() % QUARTER_S
    following = at + timedelta(seconds=QUARTER_S - behind_s)
    while following <= last:
        yield following
        following += QUARTER


def chance(below: int, person: object, *about: object) -> int:
    """Return a number from 0 to `below` - 1 that follows from a person and from what it is about.

    The same everywhere and for good: what is sent can be worked out again. It guards nothing.
    """
    told = "\x1f".join((str(person), *(str(each) for each in about)))
    return int.from_bytes(sha256(told.encode()).digest()[:8]) % below
