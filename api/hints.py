"""Tell live streams that a space has news: here at once, in other processes by NOTIFY, and never what the news is."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from itertools import islice
from random import Random
from typing import Any, Final, TypeVar

import asyncpg
import msgspec
from litestar.types import Send
from msgspec import Struct

from api.auth import Callers
from api.drain import Drain
from api.postgres import TRANSIENT, Pool
from api.streams import Stream, Why
from domain.ids import DeviceId, PersonId, SpaceId

DEVICE_STREAMS_MAX: Final = 3
PERSON_STREAMS_MAX: Final = 12
RETRY_MS: Final = (1_000, 15_000)
"""When a stream that was sent away comes back, least and most: not all of them at once."""
AGAIN_S: Final = 2.0
"""After which a device of a client library that has pushed is told once more what it knows."""
AGAIN_MAX: Final = 10_000
"""Devices that wait for that."""
LOOK_STREAMS_MAX: Final = 500
"""Streams whose heads are read together."""
TURNS: Final = 20
"""Parts into which the streams are divided for the heartbeat, so that not all of them beat at once."""

_log = logging.getLogger("haven")

T = TypeVar("T")


class Rhythm(Struct, frozen=True, kw_only=True):
    """How often, and for how long, in seconds."""

    beat_s: float = 20.0
    """Between two heartbeats of a stream, and between two questions whether the line still stands."""
    stall_s: float = 60.0
    """After which a reader that takes nothing is cut off."""
    pause_s: float = 10.0
    """Longest pause before another try to reach the database."""


@asynccontextmanager
async def open_hub(
    *,
    pool: Pool,
    dsn: str,
    callers: Callers,
    drain: Drain,
    clock: Callable[[], datetime],
    chance: Random,
    rhythm: Rhythm | None = None,
) -> AsyncIterator["Hub"]:
    """Open the one hub of this process. `dsn` leads to the database directly, past a transaction pooler.

    The database may be out of reach: the line is made as soon as it can be. When `drain` begins, every stream
    is sent away.
    """
    hub = Hub(pool=pool, dsn=dsn, callers=callers, clock=clock, chance=chance, rhythm=rhythm or Rhythm())
    line = asyncio.create_task(hub.line.run())
    others = [asyncio.create_task(hub.beat()), asyncio.create_task(_leave(hub, drain))]
    try:
        yield hub
    finally:
        hub.forget_reminders()
        hub.line.finish()
        await asyncio.wait([line], timeout=1.0)
        tasks = [line, *others, *hub.looking]
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def _leave(hub: "Hub", drain: Drain) -> None:
    await drain.begun.wait()
    hub.send_away()


class Hub:
    """Every live stream of this process, and what they are to be told.

    Nothing here is waited for by the request that caused it, and nothing that is lost is lost for good: a hint
    that went astray is made up for by the next one, or by the heads that a new connection begins with.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        dsn: str,
        callers: Callers,
        clock: Callable[[], datetime],
        chance: Random,
        rhythm: Rhythm,
    ) -> None:
        self.line = Line(dsn, heard=self._heard, stands=self._look_again, chance=chance, rhythm=rhythm)
        self._pool = pool
        self._callers = callers
        self._clock = clock
        self._chance = chance
        self._rhythm = rhythm
        self._leaving = False
        # A dict instead of a set where the order counts: streams stand in the order in which they were opened.
        self._of_person: dict[PersonId, dict[Stream, None]] = {}
        self._of_space: dict[SpaceId, set[Stream]] = {}
        self._turns: list[set[Stream]] = [set() for _ in range(TURNS)]
        self._to_look: dict[Stream, bool] = {}
        self._look: asyncio.Task[None] | None = None
        self._moved_meanwhile: dict[SpaceId, int] | None = None
        self._again: dict[tuple[PersonId, DeviceId], asyncio.TimerHandle] = {}

    # What others tell the hub

    def publish(self, moved: Mapping[SpaceId, int]) -> None:
        """Tell of heads that moved. Call it after the commit; it returns at once."""
        if moved:
            self._spread(moved)
            self.line.tell(heads=moved)

    def membership_changed(self, *persons: PersonId) -> None:
        """Let the streams of these persons follow to the spaces they have now. Call it after the commit.

        They are told only heads that they did not know: whoever is parted from hears of the couple's space alone.
        """
        self._look_at(persons)
        self.line.tell(persons=persons)

    def revoked(self, person: PersonId, device: DeviceId) -> None:
        """End the streams of a device that may no longer listen (A14). Call it after the commit."""
        self._shut_out(person, device)
        self.line.tell(revoked=((person, device),))

    def pushed(self, person: PersonId, device: DeviceId) -> None:
        """Tell this device the heads that it knows once more, `AGAIN_S` from now on.

        A client library that was pulling while it pushed has passed over what it had pushed, and asks for it only when
        it hears of it again.
        """
        key = (person, device)
        waiting = self._again.pop(key, None)
        if waiting is not None:
            waiting.cancel()
        elif len(self._again) >= AGAIN_MAX:
            # Whoever waits longest is told at once.
            first = next(iter(self._again))
            self._again.pop(first).cancel()
            self._tell_again(first)
        self._again[key] = asyncio.get_running_loop().call_later(AGAIN_S, self._tell_again, key)

    @contextmanager
    def listening(
        self, person: PersonId, device: DeviceId, send: Send, abort: Callable[[], object]
    ) -> Iterator[Stream]:
        """Let a stream hear of its person's spaces while in here, beginning with their present heads.

        `send` has sent the start of the answer. Beyond `DEVICE_STREAMS_MAX` and `PERSON_STREAMS_MAX` the oldest
        streams of the device and the person end.
        """
        stream = Stream(person, device, send, abort)
        self._enter(stream)
        try:
            yield stream
        finally:
            self._exit(stream)

    def send_away(self) -> None:
        """Say goodbye to every stream, and to those still to come."""
        self._leaving = True
        for streams in self._of_person.values():
            for stream in streams:
                self._end(stream, "restart")

    def forget_reminders(self) -> None:
        """Tell nobody anything once more."""
        for waiting in self._again.values():
            waiting.cancel()
        self._again.clear()

    async def beat(self) -> None:
        """Tend every stream once in `beat_s`, a part of them at a time: one timer for all."""
        loop = asyncio.get_running_loop()
        while True:
            for turn in self._turns:
                await asyncio.sleep(self._rhythm.beat_s / TURNS)
                for stream in turn:
                    stream.tend(loop.time(), self._rhythm.stall_s)

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return sum(map(len, self._of_person.values()))

    @property
    def looking(self) -> Collection[asyncio.Task[None]]:
        """The task that reads heads, if there is one."""
        return () if self._look is None else (self._look,)

    # Coming and going

    def _enter(self, stream: Stream) -> None:
        mine = self._of_person.setdefault(stream.person, {})
        staying = [other for other in mine if not other.ending]
        of_device = [other for other in staying if other.device == stream.device]
        for other in of_device[: max(0, len(of_device) - DEVICE_STREAMS_MAX + 1)]:
            self._end(other, "replaced")
            staying.remove(other)
        for other in staying[: max(0, len(staying) - PERSON_STREAMS_MAX + 1)]:
            self._end(other, "replaced")
        mine[stream] = None
        min(self._turns, key=len).add(stream)
        if self._leaving:
            self._end(stream, "restart")
        else:
            self._ask({stream: False})

    def _exit(self, stream: Stream) -> None:
        stream.close()
        for turn in self._turns:
            turn.discard(stream)
        self._follow(stream, ())
        self._to_look.pop(stream, None)
        mine = self._of_person[stream.person]
        del mine[stream]
        if not mine:
            del self._of_person[stream.person]

    def _end(self, stream: Stream, why: Why) -> None:
        stream.end(why, self._chance.randint(*RETRY_MS))

    def _tell_again(self, key: tuple[PersonId, DeviceId]) -> None:
        self._again.pop(key, None)
        self._repeat(*key)
        self.line.tell(again=(key,))

    def _repeat(self, person: PersonId, device: DeviceId) -> None:
        self._ask({stream: True for stream in self._of_person.get(person, ()) if stream.device == device})

    def _shut_out(self, person: PersonId, device: DeviceId) -> None:
        for stream in self._of_person.get(person, ()):
            if stream.device == device:
                self._end(stream, "signed_out")

    # Hints

    def _spread(self, moved: Mapping[SpaceId, int]) -> None:
        for space, head in moved.items():
            for stream in self._of_space.get(space, ()):
                stream.offer(space, head)
            if self._moved_meanwhile is not None:
                self._moved_meanwhile[space] = max(head, self._moved_meanwhile.get(space, 0))

    def _heard(self, notice: "Notice") -> None:
        """Do what another process asks for."""
        self._spread(notice.heads)
        for person in notice.persons:
            self._callers.forget(person)
        self._look_at(notice.persons)
        for person, device in notice.revoked:
            self._callers.forget(person)
            self._shut_out(person, device)
        for person, device in notice.again:
            self._repeat(person, device)
        if notice.everyone:
            self._look_again()

    # Looking: which spaces a stream has, and how far they are

    def _look_at(self, persons: Iterable[PersonId]) -> None:
        self._ask({stream: False for person in persons for stream in self._of_person.get(person, ())})

    def _look_again(self) -> None:
        """Tell every stream every head, known or not: what was told meanwhile may have been lost."""
        self._ask({stream: True for streams in self._of_person.values() for stream in streams})

    def _ask(self, streams: Mapping[Stream, bool]) -> None:
        for stream, anew in streams.items():
            self._to_look[stream] = anew or self._to_look.get(stream, False)
        if self._look is None and self._to_look:
            self._look = asyncio.get_running_loop().create_task(self._look_all())

    async def _look_all(self) -> None:
        """Read heads until nobody waits for them: many streams at a time, on one connection."""
        fails = 0
        try:
            while self._to_look:
                batch = dict(islice(self._to_look.items(), LOOK_STREAMS_MAX))
                for stream in batch:
                    del self._to_look[stream]
                try:
                    await self._look_once(batch)
                    fails = 0
                except TRANSIENT:
                    self._to_look = {stream: anew for stream, anew in batch.items() if self._is_open(stream)} | {
                        stream: anew or batch.get(stream, False) for stream, anew in self._to_look.items()
                    }
                    fails += 1
                    await asyncio.sleep(pause_s(fails, self._rhythm.pause_s, self._chance))
        finally:
            self._look = None

    async def _look_once(self, batch: Mapping[Stream, bool]) -> None:
        # A head that moves while it is read is heard here, else it would fall between reading and listening.
        self._moved_meanwhile = {}
        try:
            devices = {(stream.person, stream.device) for stream in batch}
            standing, heads = await _looked_up(self._pool, devices, self._clock())
            for stream, anew in batch.items():
                if not self._is_open(stream):
                    continue
                if (stream.person, stream.device) not in standing:
                    self._end(stream, "signed_out")
                    continue
                mine = heads.get(stream.person, {})
                newest = {space: max(head, self._moved_meanwhile.get(space, 0)) for space, head in mine.items()}
                self._follow(stream, newest)
                stream.settle(newest, anew=anew)
        finally:
            self._moved_meanwhile = None

    def _is_open(self, stream: Stream) -> bool:
        return not stream.ending and stream in self._of_person.get(stream.person, ())

    def _follow(self, stream: Stream, spaces: Collection[SpaceId]) -> None:
        """Let the stream be found under these spaces and no others."""
        for space in stream.spaces:
            if space not in spaces:
                listeners = self._of_space[space]
                listeners.discard(stream)
                if not listeners:
                    del self._of_space[space]
        for space in spaces:
            self._of_space.setdefault(space, set()).add(stream)


async def _looked_up(
    pool: Pool, devices: Collection[tuple[PersonId, DeviceId]], now: datetime
) -> tuple[set[tuple[PersonId, DeviceId]], dict[PersonId, dict[SpaceId, int]]]:
    """Return which of these devices may listen, and the heads of their persons' spaces: two statements for all."""
    heads: dict[PersonId, dict[SpaceId, int]] = {}
    async with pool.acquire() as connection:
        rows = await connection.fetch(
            STANDING, [person for person, _ in devices], [device for _, device in devices], now.date()
        )
        standing = {(row["person_id"], row["device_id"]) for row in rows}
        asked = {(space, row["person_id"]) for row in rows for space in row["spaces"]}
        if asked:
            found = await connection.fetch(HEADS, [space for space, _ in asked], [person for _, person in asked])
            for row in found:
                heads.setdefault(row["person_id"], {})[row["space_id"]] = row["head"]
    return standing, heads


STANDING: Final = """
SELECT d.person_id, d.device_id,
    ARRAY(SELECT s.space_id FROM person_space s WHERE s.person_id = d.person_id) AS spaces
FROM unnest($1::uuid[], $2::uuid[]) AS asked (person_id, device_id)
JOIN device d ON d.person_id = asked.person_id AND d.device_id = asked.device_id
WHERE d.revoked_on IS NULL AND d.expires_on >= $3 AND coalesce(d.token_sha256, d.next_token_sha256) IS NOT NULL
"""

HEADS: Final = """
SELECT m.person_id, s.space_id,
    CASE WHEN s.hushed_upto = s.head AND s.hushed_by <> m.person_id THEN s.hushed_from ELSE s.head END AS head
FROM unnest($1::uuid[], $2::uuid[]) AS asked (space_id, person_id)
JOIN member m ON m.space_id = asked.space_id AND m.person_id = asked.person_id
JOIN space s ON s.space_id = m.space_id
WHERE m.left_on IS NULL
"""


# Between processes


class Notice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one process tells the others: ids and heads, never a word that somebody wrote."""

    heads: dict[SpaceId, int] = {}
    persons: list[PersonId] = []
    """Whose spaces changed."""
    revoked: list[tuple[PersonId, DeviceId]] = []
    again: list[tuple[PersonId, DeviceId]] = []
    """Devices that are told once more what they know."""
    everyone: bool = False
    """More moved than could be remembered: look at everything again."""


CHANNEL: Final = "haven_hints"
PAYLOAD_BYTES_MAX: Final = 7_999
"""PostgreSQL refuses longer payloads, and with them everything that is notified beside them."""
NOTICE_HEADS_MAX: Final = 100
"""A head with its space is at most 57 bytes long."""
NOTICE_PERSONS_MAX: Final = 60
"""A person with a device is at most 80 bytes long."""
WAITING_MAX: Final = 10_000
ASK_S: Final = 5.0

TELL: Final = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"
STANDS: Final = "SELECT 1"

GONE: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Whatever becomes of a connection of its own: another one is tried."""

_NOTICES: Final = msgspec.json.Decoder(Notice)


class Line:
    """The way between processes: one direct connection that listens and tells, made again whenever it breaks.

    What is told while a statement runs, or while there is no connection, is gathered: of a space only the newest
    head. Beyond `WAITING_MAX` things to tell they shrink to one: that everyone shall look again.
    """

    def __init__(
        self,
        dsn: str,
        *,
        heard: Callable[[Notice], None],
        stands: Callable[[], None],
        chance: Random,
        rhythm: Rhythm,
    ) -> None:
        self._dsn = dsn
        self._heard = heard
        self._stands = stands
        self._chance = chance
        self._rhythm = rhythm
        self._wake = asyncio.Event()
        self._finishing = False
        self._waiting = Waiting()
        self.standing = asyncio.Event()
        """Set while the line listens."""
        self.stood = 0
        """How often it has begun to."""

    def tell(
        self,
        *,
        heads: Mapping[SpaceId, int] | None = None,
        persons: Iterable[PersonId] = (),
        revoked: Iterable[tuple[PersonId, DeviceId]] = (),
        again: Iterable[tuple[PersonId, DeviceId]] = (),
    ) -> None:
        """Pass this on soon; it returns at once."""
        self._waiting.add(heads or {}, persons, revoked, again)
        self._wake.set()

    def finish(self) -> None:
        """Pass on what is waiting, then end `run`."""
        self._finishing = True
        self._wake.set()

    async def run(self) -> None:
        """Keep the line standing until `finish`."""
        loop = asyncio.get_running_loop()
        fails = 0
        while not self._finishing:
            began = loop.time()
            try:
                await self._stand()
            except GONE as fault:
                # One that broke soon after it was made is no success: else a flapping server would be asked for ever.
                fails = 1 if loop.time() - began > self._rhythm.pause_s else fails + 1
                _log.warning(
                    "hints_lost", extra={"event": "hints_lost", "code": type(fault).__name__, "attempt": fails}
                )
                await asyncio.sleep(pause_s(fails, self._rhythm.pause_s, self._chance))

    async def _stand(self) -> None:
        connection = await asyncpg.connect(
            self._dsn, timeout=ASK_S, command_timeout=ASK_S, server_settings={"application_name": "haven hints"}
        )
        try:
            connection.add_termination_listener(self._broke)
            await connection.add_listener(CHANNEL, self._receive)
            self.standing.set()
            self.stood += 1
            _log.info("hints_stand", extra={"event": "hints_stand"})
            # Listening has begun: what the streams ask for now cannot be older than what they will hear.
            self._stands()
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._rhythm.beat_s):
                        await self._wake.wait()
                self._wake.clear()
                await self._pass_on(connection)
                if self._finishing:
                    return
        finally:
            self.standing.clear()
            with suppress(*GONE):
                await connection.close(timeout=1.0)

    async def _pass_on(self, connection: asyncpg.Connection) -> None:
        """Tell everything that waits in one statement; with nothing to tell, ask whether the line stands."""
        taken, self._waiting = self._waiting, Waiting()
        try:
            notices = taken.notices()
            if notices:
                texts = [msgspec.json.encode(notice).decode() for notice in notices]
                await connection.execute(TELL, CHANNEL, texts)
            else:
                await connection.execute(STANDS)
        except GONE:
            later, self._waiting = self._waiting, taken
            for notice in later.notices():
                self._waiting.add(notice.heads, notice.persons, notice.revoked, notice.again, everyone=notice.everyone)
            self._wake.set()
            raise

    def _broke(self, _connection: Any) -> None:
        self._wake.set()

    def _receive(self, connection: Any, pid: int, _channel: str, payload: object) -> None:
        if pid == connection.get_server_pid():
            return  # Our own streams know already.
        try:
            notice = _NOTICES.decode(str(payload))
        except msgspec.DecodeError:
            _log.warning("hint_unreadable", extra={"event": "hint_unreadable"})
            return
        self._heard(notice)


class Waiting:
    """What is to be told and was not yet: of each space the newest head, each person once."""

    def __init__(self) -> None:
        self._heads: dict[SpaceId, int] = {}
        self._persons: dict[PersonId, None] = {}
        self._revoked: dict[tuple[PersonId, DeviceId], None] = {}
        self._again: dict[tuple[PersonId, DeviceId], None] = {}
        self._everyone = False

    def add(
        self,
        heads: Mapping[SpaceId, int],
        persons: Iterable[PersonId] = (),
        revoked: Iterable[tuple[PersonId, DeviceId]] = (),
        again: Iterable[tuple[PersonId, DeviceId]] = (),
        *,
        everyone: bool = False,
    ) -> None:
        """Remember this too; beyond `WAITING_MAX` only that there was too much."""
        for space, head in heads.items():
            self._heads[space] = max(head, self._heads.get(space, 0))
        self._persons.update(dict.fromkeys(persons))
        self._revoked.update(dict.fromkeys(revoked))
        self._again.update(dict.fromkeys(again))
        count = len(self._heads) + len(self._persons) + len(self._revoked) + len(self._again)
        self._everyone |= everyone or count > WAITING_MAX
        if self._everyone:
            # Whoever looks again also sees who may no longer listen, and is told what it knows.
            self._heads, self._persons, self._revoked, self._again = {}, {}, {}, {}

    def notices(self) -> list[Notice]:
        """Say it in notices each of which fits into one payload."""
        if self._everyone:
            return [Notice(everyone=True)]
        return [
            *(Notice(heads=dict(some)) for some in _in_parts(list(self._heads.items()), NOTICE_HEADS_MAX)),
            *(Notice(persons=some) for some in _in_parts(list(self._persons), NOTICE_PERSONS_MAX)),
            *(Notice(revoked=some) for some in _in_parts(list(self._revoked), NOTICE_PERSONS_MAX)),
            *(Notice(again=some) for some in _in_parts(list(self._again), NOTICE_PERSONS_MAX)),
        ]


def _in_parts(things: list[T], most: int) -> Iterator[list[T]]:
    return (things[first : first + most] for first in range(0, len(things), most))


def pause_s(fails: int, most_s: float, chance: Random) -> float:
    """Return how long to wait before trying again: longer each time, never longer than `most_s`, never in step."""
    longest: float = min(most_s, 0.1 * 2.0 ** min(fails - 1, 20))
    return longest * chance.uniform(0.5, 1.0)
