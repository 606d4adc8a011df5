"""Write logs as JSON lines of allowed fields only, so that nothing a partner wrote can get into one."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from api.errors import trace_of

FIELDS: Final = frozenset(
    {
        "event",
        "route",
        "method",
        "status",
        "duration_ms",
        "bytes_in",
        "bytes_out",
        "request_id",
        "facade",
        "code",
        "count",
        "sqlstate",
        "attempt",
        "epoch",
        "person_h",
        "trace",
    }
)
"""What a line may hold besides its time and level; everything else is dropped and counted."""
TEXT_CHARS_MAX: Final = 200

_USUAL: Final = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}


class AllowedFields(logging.Formatter):
    """Formats a record as one JSON object. Messages are never written: libraries put values into them."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped = 0
        """Fields that were left out since the process began."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. A record without an `event` is named by its logger."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.name,
        }
        for name, value in record.__dict__.items():
            if name in _USUAL or value is None:
                continue
            if name in FIELDS:
                line[name] = _plain(value)
            else:
                self.dropped += 1
        if record.exc_info and record.exc_info[1] is not None:
            line.setdefault("code", type(record.exc_info[1]).__name__)
            line.setdefault("trace", trace_of(record.exc_info[1]))
        return msgspec.json.encode(line).decode()


def configure(level: str) -> None:
    """Send every logger of this process through AllowedFields to standard error."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(AllowedFields())
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(level.upper())
    # These tell every request's address or each step of their own life.
    for talkative in ("httpx", "httpcore", "uvicorn", "uvicorn.error", "asyncio", "hpack"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def _plain(value: object) -> object:
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return str(value)[:TEXT_CHARS_MAX]
