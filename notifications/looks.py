"""When it is looked whether somebody's phones are to be woken: by a clock, and by nothing that anybody does."""

from datetime import datetime, timedelta
from typing import Final

from domain.ids import PersonId
from domain.quiet import chance

EVERY: Final = timedelta(minutes=30)
"""No phone is woken more often."""
SPREAD_S: Final = 300
"""So that not everybody is looked at together."""


def next_look_at(person: PersonId, now: datetime) -> datetime:
    """Return when to look next: half an hour later, and up to five minutes more."""
    return now + EVERY + timedelta(seconds=chance(SPREAD_S + 1, person, "look", now.isoformat()))
