"""Instants and months as values of fields, and the instant at which a wall time comes in a zone."""

import re
from datetime import UTC, date, datetime, time, timedelta
from math import inf
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from domain.shapes import UNFIT, nullable

INSTANT: Final = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
MONTH: Final = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


class Instant(Struct, frozen=True):
    """A moment of 2000 to 2099 to the second, in UTC: `2026-10-25T18:00:00Z`.

    Where instants protect, the `earliest` or the `latest` does so most; an absent one knows no bound and protects more
    than any.
    """

    optional: bool = False
    protects: Literal["earliest", "latest"] = "latest"

    @property
    def empty(self) -> Any:
        """Null where the instant is optional."""
        return None if self.optional else UNFIT

    def judged(self, value: Any) -> Any:
        """Return the instant in UTC without fractions, null for an absent optional one, or UNFIT."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str) or not INSTANT.fullmatch(value):
            return UNFIT
        try:
            instant = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            return UNFIT
        return written(instant) if 2000 <= instant.year < 2100 else UNFIT

    def protection(self, value: str | None) -> float:
        """Return how much a bound protects, as far as two can be compared."""
        if value is None:
            return inf
        at = read(value).timestamp()
        return at if self.protects == "latest" else -at

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        form = {"type": "string", "format": "date-time", "maxLength": 35, "pattern": f"^{INSTANT.pattern}$"}
        return nullable(form, optional=self.optional)


class Month(Struct, frozen=True):
    """A month of 2000 to 2099, `yyyy-mm`."""

    @property
    def empty(self) -> Any:
        """There is none."""
        return UNFIT

    def judged(self, value: Any) -> Any:
        """Return the month or UNFIT."""
        return value if isinstance(value, str) and MONTH.fullmatch(value) else UNFIT

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "maxLength": 7, "pattern": f"^{MONTH.pattern}$"}


def written(instant: datetime) -> str:
    """Write an aware instant as fields hold it, to the second."""
    return instant.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def read(value: str) -> datetime:
    """Read what `written` has made."""
    return datetime.fromisoformat(value)


def comes(day: date, at: time, zone: str) -> datetime:
    """Return the instant, in UTC, at which a wall clock in this zone shows this time on this day.

    A time that is left out when clocks go forward comes later by the gap; one that comes twice counts the first time.
    """
    return datetime.combine(day, at.replace(fold=0), ZoneInfo(zone)).astimezone(UTC)


AHEAD_OF_UTC_MAX: Final = timedelta(hours=14)


def comes_first(day: date, at: time) -> datetime:
    """Return the earliest instant, in UTC, at which any wall clock on earth shows this time on this day."""
    return datetime.combine(day, at, UTC) - AHEAD_OF_UTC_MAX
