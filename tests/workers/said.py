"""What a worker process and its test say to each other: one line of JSON each."""

import asyncio
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec
from msgspec import Struct

from domain.ids import PersonId
from notifications.fcm import PATIENCE_S

Point = Literal["planning", "claimed", "deciding", "begun", "calling", "called", "settled"]
"""Where a worker can be stopped: before a plan is stored; after a claim; when it has decided, and the ledger does not
have it yet; when that has a first line; before FCM is asked; after it has answered; when a first answer is noted."""

POINTS: Final[tuple[Point, ...]] = get_args(Point)


class Order(Struct, frozen=True, kw_only=True):
    """Which worker to start, on what."""

    name: str
    dsn: str
    keys_file: str
    fcm: str
    port: int
    """Where its test listens."""
    claims_max: int
    """As many prompts as it takes at once."""


class Begun(Struct, frozen=True, tag=True, kw_only=True):
    """The worker is there."""

    name: str
    pid: int


class Tick(Struct, frozen=True, tag=True, kw_only=True):
    """Do a round; stop at this point, if it is come by."""

    at: datetime
    stop: Point | None = None
    patience_s: float = PATIENCE_S
    """How long it waits for FCM."""


class GoOn(Struct, frozen=True, tag=True):
    """Go on from where you stopped."""


class Stopped(Struct, frozen=True, tag=True, kw_only=True):
    """It stands at this point, and waits."""

    point: Point


class Claimed(Struct, frozen=True, tag=True, kw_only=True):
    """It holds these prompts from now on, by its own clock."""

    at: datetime
    prompts: list[UUID]


class Calling(Struct, frozen=True, tag=True, kw_only=True):
    """It is about to ask FCM, under this name, to tell these people of these prompts."""

    token: str
    at: datetime
    prompts: dict[PersonId, UUID]


class Called(Struct, frozen=True, tag=True, kw_only=True):
    """It has heard from FCM, or not: what it makes of that for each prompt."""

    token: str
    outcomes: dict[UUID, str]


class TakenOver(Struct, frozen=True, tag=True, kw_only=True):
    """It was to note what came of a prompt, and somebody else had taken that over."""

    token: str
    prompt: UUID


class Ticked(Struct, frozen=True, tag=True, kw_only=True):
    """The round is over; what went wrong in it, by its type and text."""

    wrong: str | None = None


Said = Begun | Stopped | Claimed | Calling | Called | TakenOver | Ticked
Asked = Tick | GoOn

_SAID: Final = msgspec.json.Decoder(Said)
_ASKED: Final = msgspec.json.Decoder(Asked)


class Line:
    """One end of the line between the two."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, what: Said | Asked) -> None:
        self._writer.write(msgspec.json.encode(what) + b"\n")
        await self._writer.drain()

    async def hear_said(self) -> Said | None:
        """What a worker says; None when it is gone."""
        line = await self._reader.readline()
        return _SAID.decode(line) if line.endswith(b"\n") else None

    async def hear_asked(self) -> Asked | None:
        """What a test says; None when it is gone."""
        line = await self._reader.readline()
        return _ASKED.decode(line) if line.endswith(b"\n") else None

    def close(self) -> None:
        self._writer.close()
