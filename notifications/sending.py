"""What a worker needs of whoever sends, and the one that sends nothing."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from notifications.answers import Accepted, Answer
from notifications.messages import Target

_log = logging.getLogger("haven")


class Sends(Protocol):
    """Hands messages over. `notifications.fcm.Sender` is the real one."""

    async def send(self, targets: Sequence[Target], now: datetime) -> list[Answer]:
        """Send each of these targets its message, and return what became of each, in their order."""
        ...


class LogOnly:
    """Counts what would be sent, and sends nothing: development without a project at Google."""

    async def send(self, targets: Sequence[Target], now: datetime) -> list[Answer]:  # noqa: ARG002 - as of the real one
        """Say of every message that it was taken."""
        answers: list[Answer] = [Accepted() for _ in targets]
        note(answers)
        return answers


def note(answers: Sequence[Answer]) -> None:
    """Log how many answers there were of each code; what somebody has to look at, as an error."""
    alarms: Final = {answer.code: answer.alarm for answer in answers}
    for code, count in sorted(Counter(answer.code for answer in answers).items()):
        level = {"never": logging.INFO, "rate": logging.WARNING, "at_once": logging.ERROR}[alarms[code]]
        _log.log(level, "push", extra={"event": "push", "code": code, "count": count})
