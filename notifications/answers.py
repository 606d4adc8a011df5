"""What became of a message that was handed to FCM, what is to be done about it, and when to try again."""

from datetime import datetime, timedelta
from random import Random
from typing import ClassVar, Final, Literal

from msgspec import Struct

from notifications.messages import Platform

FIRST_PAUSE_S: Final = 10.0
"""The library has tried five times within 7 s by then, which is the first step."""
PAUSE_S_MAX: Final = 3600.0
SLOW_DOWN_S: Final = 60.0
"""What FCM asks for where it says no time."""
RETRY_AFTER_S_MAX: Final = 24 * 3600.0
"""Whatever FCM asks for; no prompt lives longer."""
JITTER: Final = 0.5
"""Up to so much of a pause is added by chance, so that workers do not come back together; never taken away."""

Alarm = Literal["never", "rate", "at_once"]
"""Whether somebody has to look: not, only where it becomes many, or at the first."""


class Answer(Struct, frozen=True):
    """What FCM said of one message, or that it said nothing. It holds no name of a target.

    `code` is what metrics and logs count. `removes`: the target is dead, and goes unless it has changed since.
    `again`: the message may be sent once more. `refused_first`: FCM has surely not taken the message, so that it
    cannot come twice.
    """

    code: ClassVar[str]
    removes: ClassVar[bool] = False
    again: ClassVar[bool] = False
    refused_first: ClassVar[bool] = False
    alarm: ClassVar[Alarm] = "never"


class Accepted(Answer, frozen=True):
    """FCM has taken the message. Whether a phone got it is not known, and not asked."""

    code = "accepted"


class TargetGone(Answer, frozen=True):
    """The installation is gone, or was never one: 404 UNREGISTERED, or 400 about the target."""

    code = "target_gone"
    removes = True
    refused_first = True


class WrongSender(Answer, frozen=True):
    """The target belongs to another project: 403 SENDER_ID_MISMATCH. One is an old app; many are a wrong setting."""

    code = "wrong_sender"
    removes = True
    refused_first = True
    alarm = "rate"


class OurFault(Answer, frozen=True):
    """FCM does not understand what we say: 400 about anything but the target. Saying it again mends nothing."""

    code = "our_fault"
    refused_first = True
    alarm = "at_once"


class SlowDown(Answer, frozen=True):
    """Too much at once: 429. The whole worker goes slower, not this message alone."""

    code = "slow_down"
    again = True
    refused_first = True

    retry_after_s: float = SLOW_DOWN_S


class TryLater(Answer, frozen=True):
    """FCM is not well: 500, 503, or nobody answers the door. The library has tried five times."""

    code = "try_later"
    again = True

    retry_after_s: float | None = None


class Hold(Answer, frozen=True):
    """Apple, or the browsers' services, do not take our word: 401 THIRD_PARTY_AUTH_ERROR. The other platforms go on."""

    code = "hold"
    again = True
    refused_first = True
    alarm = "at_once"

    platform: Platform = "ios"


class NotLetIn(Answer, frozen=True):
    """FCM does not let *us* in: 401, 403 or 404 about the project or its credential. No target is to blame."""

    code = "not_let_in"
    again = True
    refused_first = True
    alarm = "at_once"


class Unknown(Answer, frozen=True):
    """Nobody knows whether FCM took it; `why` says for people what came instead of an answer."""

    code = "unknown"
    again = True

    why: Literal["timeout", "no_answer", "no_credential"] = "no_answer"


ANSWERS: Final[tuple[type[Answer], ...]] = (
    *(Accepted, TargetGone, WrongSender, OurFault, SlowDown),
    *(TryLater, Hold, NotLetIn, Unknown),
)


def retry_at(answer: Answer, tries: int, now: datetime, seed: int | str | bytes) -> datetime | None:
    """Return when to send once more after so many tries (from 1), or None where that is over.

    Pauses double from 10 s (from 60 s where FCM asked to slow down, or shuts us out) up to 60 min, and are never
    shorter than FCM asked for, up to a day. Chance adds up to half of a pause; equal seeds give equal pauses. How long
    a message is worth sending is the caller's to know.
    """
    if not answer.again:
        return None
    asked_s, first_s = 0.0, FIRST_PAUSE_S
    match answer:
        case SlowDown(retry_after_s=asked):
            asked_s, first_s = asked, max(asked, FIRST_PAUSE_S)
        case TryLater(retry_after_s=float(asked)):
            asked_s = asked
        case Hold() | NotLetIn():
            first_s = SLOW_DOWN_S
    doubled_s = min(first_s * 2.0 ** min(max(tries, 1) - 1, 20), PAUSE_S_MAX)
    chance = Random(f"{seed!r}/{tries}").random()  # noqa: S311 - it spreads pauses and guards nothing
    spread_s = min(doubled_s * (1 + JITTER * chance), PAUSE_S_MAX)
    return now + timedelta(seconds=max(asked_s * (1 + JITTER / 5 * chance), spread_s))
