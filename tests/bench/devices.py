"""A phone of one couple that knows what it has, makes the next request of a job, and checks the answer."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from msgspec import Raw, Struct

from domain.ids import SpaceId
from sync.wire import Outcome
from tests.bench.jobs import PAGE

WORDS: Final = "we walk to the lake before breakfast, and whoever wakes first makes the coffee and wakes the other"
"""What a title begins with; with a number behind it, it is as long as people write."""


class WrongAnswer(Exception):  # noqa: N818 - says what is the matter
    """The server answered, but not what the job asks for."""


class _Record(Struct, frozen=True):
    space: UUID
    kind: str
    id: UUID
    version: int
    fields: dict[str, Any] = {}


class _Full(Struct, frozen=True):
    cursor: str
    more: bool
    records: list[_Record]


class _Answer(Struct, frozen=True):
    """What a check looks at."""

    cursor: str
    more: bool
    outcomes: list[Outcome]
    records: list[Raw]


_FULL: Final = msgspec.json.Decoder(_Full)
_ANSWER: Final = msgspec.json.Decoder(_Answer)
_ENCODER: Final = msgspec.json.Encoder()


class Device:
    """One phone. It is the only one of its couple that writes, so it always knows the newest versions."""

    def __init__(self, token: str, couple: UUID) -> None:
        self.token = token
        self.couple = couple
        self.cursor: str | None = None
        self._at = 0
        self._versions: dict[UUID, int] = {}
        self._steps: list[tuple[UUID, str]] = []
        self._space = SpaceId(couple)
        self._known: set[UUID] = set()
        self._behind: str | None = None
        self._asked: tuple[UUID, int, str] = (couple, 0, "")
        self._edits = 0

    # Learning what there is

    def ask_page(self) -> bytes:
        """Make the request for the next page of everything."""
        return _ENCODER.encode({"schema": 1, "limit": 1000} | ({"cursor": self.cursor} if self.cursor else {}))

    def take_page(self, body: bytes) -> bool:
        """Keep a page; return whether there are more."""
        page = _FULL.decode(body)
        self.cursor = page.cursor
        for record in page.records:
            if record.kind == "step":
                self._space = SpaceId(record.space)
                self._steps.append((record.id, record.fields["title"]))
            self._known.add(record.id)
            if record.space == self._space:
                self._versions[record.id] = record.version
        return page.more

    def ask_before(self, job: str) -> bytes | None:
        """Make the request whose answer a job needs before its first: the cursor behind which the newest page lies.

        Only Haven can make a cursor, so everything but that page is pulled once.
        """
        if job != "W3":
            return None
        return _ENCODER.encode({"schema": 1, "limit": len(self._known) - PAGE})

    def take_before(self, body: bytes) -> None:
        """Keep that cursor."""
        self._behind = _FULL.decode(body).cursor

    # The jobs

    def ask(self, job: str) -> bytes:
        """Make the body of the next request of a job."""
        return _ASK[job](self)

    def take(self, job: str, status: int, body: bytes) -> None:
        """Check an answer and remember what it says; raise WrongAnswer."""
        if status != 200:
            raise WrongAnswer(f"{status} {body[:200]!r}")
        try:
            answer = _ANSWER.decode(body)
        except msgspec.MsgspecError as fault:
            raise WrongAnswer(str(fault)) from None
        _TAKE[job](self, answer)

    def _ask_push(self) -> bytes:
        self._at = (self._at + 7) % len(self._steps)
        identity, title = self._steps[self._at]
        self._edits += 1
        written = f"{WORDS}, again {self._edits:06}"
        self._asked = (uuid4(), self._at, written)
        change = {
            "key": self._asked[0],
            "kind": "step",
            "id": identity,
            "base": self._versions[identity],
            "couple": self.couple,
            "set": {"title": written},
            "was": {"title": title},
        }
        return _ENCODER.encode({"schema": 1, "cursor": self.cursor, "changes": [change]})

    def _take_push(self, answer: _Answer) -> None:
        key, at, written = self._asked
        outcome = answer.outcomes[0] if len(answer.outcomes) == 1 else None
        applied = outcome is not None and outcome.key == key and outcome.status == "applied"
        if not applied or outcome is None or outcome.version is None or len(answer.records) != 1 or answer.more:
            raise WrongAnswer(f"not applied: {outcome}, {len(answer.records)} records")
        identity = self._steps[at][0]
        self._steps[at] = (identity, written)
        self._versions[identity] = outcome.version
        self.cursor = answer.cursor

    def _ask_pull(self) -> bytes:
        return _ENCODER.encode({"schema": 1, "limit": PAGE, "cursor": self._behind})

    def _take_pull(self, answer: _Answer) -> None:
        if len(answer.records) != PAGE or answer.more:
            raise WrongAnswer(f"{len(answer.records)} records, more: {answer.more}")

    def _ask_idle(self) -> bytes:
        return _ENCODER.encode({"schema": 1, "cursor": self.cursor})

    def _take_idle(self, answer: _Answer) -> None:
        if answer.records or answer.more or answer.outcomes:
            raise WrongAnswer(f"{len(answer.records)} records where nothing was new")


_ASK: Final[Mapping[str, Callable[[Device], bytes]]] = {
    "W1": Device._ask_push,
    "W3": Device._ask_pull,
    "W6": Device._ask_idle,
}
_TAKE: Final[Mapping[str, Callable[[Device, _Answer], None]]] = {
    "W1": Device._take_push,
    "W3": Device._take_pull,
    "W6": Device._take_idle,
}
CHANGING: Final = frozenset({"W1"})
"""Jobs whose requests must differ; the others are written once a run."""
