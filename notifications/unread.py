"""What is done for somebody of whom it cannot be read what they have set: nothing is sent, and nothing is lost by that.

What is planned waits, as long as it is worth anything; what arrives is planned, and waits with it. After a while it is
looked again.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from domain.prompt_kinds import Reason
from notifications.looks import next_look_at
from notifications.ports import Desk, End, Plan, Planned

LOOK_AGAIN: Final = timedelta(minutes=15)
MARK: Final = 1
"""Of an instant: a desk is looked at then because it could not be read. Invitations come on whole seconds."""


def is_look_again(at: datetime) -> bool:
    """Return whether a desk was to be looked at then without anybody's having wished for an invitation."""
    return at.microsecond == MARK


def held(plan: Plan, desk: Desk, now: datetime) -> Plan:
    """Return a plan that was made without knowing what its person wants, with all left as it was that depends on it."""
    return replace(
        plan,
        cancel=(),
        paces=desk.paces,
        next_at=(now + LOOK_AGAIN).replace(microsecond=MARK),
        # Whoever wants to be woken stays in the row of those; whether they do is asked before anybody is.
        look_at=next_look_at(desk.person, now),
    )


def waits(planned: Planned, now: datetime) -> End:
    """Return what becomes of a prompt whose time has come."""
    if now >= planned.prompt.expires:
        return End(state="dropped", reason=Reason.EXPIRED)
    return End(state="planned", due=now + LOOK_AGAIN, reason=Reason.UNREADABLE)
