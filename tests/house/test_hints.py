"""The hub: every stream hears the newest of its own spaces, whatever breaks, and costs nothing while it is silent."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from api import store
from api.auth import Callers
from api.drain import Drain
from api.hints import PAYLOAD_BYTES_MAX, WAITING_MAX, Hub, Notice, Rhythm, Waiting, open_hub, pause_s
from api.migrate import utc_now
from api.postgres import Pool, PoolBusy, open_pool
from api.streams import Stream
from domain.ids import DeviceId, PersonId, SpaceId
from tests.people import Person, another_device, couple, me, pair, person
from tests.streams import until

NEVER = Rhythm(beat_s=3600, stall_s=3600, pause_s=0.05)
"""Without heartbeats, so that nothing is sent but what a test causes."""


class Reader:
    """The server's end of one stream: reads what is sent, or nothing while it is `slow`."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self.cut = asyncio.Event()
        self.chunks: list[str] = []
        self.ended = False
        self.asked = 0

    async def send(self, message: Any) -> None:
        self.asked += 1
        await self.reads.wait()
        assert not self.ended, "nothing follows the end"
        self.chunks.append(message["body"].decode())
        self.ended = not message["more_body"]

    @property
    def stuck(self) -> bool:
        """Whether something was sent that is not read."""
        return self.asked > len(self.chunks)

    def slow(self) -> None:
        self.reads.clear()

    @property
    def text(self) -> str:
        return "".join(self.chunks)

    @property
    def hints(self) -> list[tuple[UUID, int]]:
        lines = [line.removeprefix("data: ") for line in self.text.splitlines() if line.startswith('data: {"space"')]
        return [(UUID(each["space"]), each["head"]) for each in map(msgspec.json.decode, lines)]

    async def heard(self, space: UUID, head: int) -> None:
        await until(lambda: (space, head) in self.hints)


@asynccontextmanager
async def hub_on(pool: Pool, dsn: str, *, rhythm: Rhythm = NEVER, drain: Drain | None = None) -> AsyncIterator[Hub]:
    async with open_hub(
        pool=pool,
        dsn=dsn,
        callers=Callers(pool),
        drain=drain or Drain(),
        clock=utc_now,
        chance=Random(7),
        rhythm=rhythm,
    ) as hub:
        await hub.line.standing.wait()
        # Whoever begins to listen looks at everything once.
        await until(lambda: not hub.looking)
        yield hub


@pytest.fixture
async def hub(pool: Pool, dsn: str) -> AsyncIterator[Hub]:
    async with hub_on(pool, dsn) as hub:
        yield hub


@pytest.fixture
async def ana(client: httpx.AsyncClient) -> Person:
    return await person(client, "Ana")


def listening(hub: Hub, someone: Person, reader: Reader) -> Any:
    return hub.listening(someone.id, someone.device, reader.send, reader.cut.set)


async def personal(client: httpx.AsyncClient, someone: Person) -> SpaceId:
    return SpaceId(UUID((await me(client, someone))["personal_space"]))


async def lines(pool: Pool) -> list[int]:
    """The server's processes behind every line on this database."""
    rows = await pool.fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'haven hints'"
    )
    return [row["pid"] for row in rows]


async def lose_line(pool: Pool, hub: Hub, pids: list[int] | None = None) -> None:
    """End listening connections at the server, as an operator or a failover does: all of them, or these."""
    stood = hub.line.stood
    ended = await pool.fetch(
        "SELECT pg_terminate_backend(pid) AS done FROM unnest($1::int[]) AS pid", pids or await lines(pool)
    )
    assert any(row["done"] for row in ended)
    # It may stand again before anybody has seen it fall.
    await until(lambda: not hub.line.standing.is_set() or hub.line.stood > stood)


# What a stream is told


async def test_a_stream_begins_with_the_present_heads_of_its_own_spaces(
    client: httpx.AsyncClient, hub: Hub, pool: Pool
) -> None:
    ana, _ = await couple(client)
    mine = await me(client, ana)
    spaces = [UUID(mine["personal_space"]), UUID(mine["couple"]["space"])]
    stored = await pool.fetch("SELECT space_id, head FROM space WHERE space_id = ANY($1::uuid[])", spaces)
    reader = Reader()
    with listening(hub, ana, reader):
        await until(lambda: len(reader.hints) == 2)
        assert set(reader.hints) == {(row["space_id"], row["head"]) for row in stored}


async def test_a_slow_reader_gets_only_the_newest_head(client: httpx.AsyncClient, hub: Hub, ana: Person) -> None:
    space, reader = await personal(client, ana), Reader()
    with listening(hub, ana, reader):
        await until(lambda: bool(reader.hints))
        reader.slow()
        hub.publish({space: 1_000})
        await until(lambda: reader.stuck)
        for head in range(1_001, 3_000):
            hub.publish({space: head})
        reader.reads.set()
        await reader.heard(space, 2_999)
        assert reader.hints[1:] == [(space, 1_000), (space, 2_999)]


async def test_no_head_is_told_twice_and_none_that_is_older(client: httpx.AsyncClient, hub: Hub, ana: Person) -> None:
    space, reader = await personal(client, ana), Reader()
    with listening(hub, ana, reader):
        await until(lambda: bool(reader.hints))
        for head in (50, 50, 49, 51):
            hub.publish({space: head})
            await asyncio.sleep(0)
        await reader.heard(space, 51)
        assert [head for _, head in reader.hints[1:]] in ([50, 51], [51])


async def test_nobody_hears_of_a_space_that_is_not_theirs(client: httpx.AsyncClient, hub: Hub, ana: Person) -> None:
    space, reader = await personal(client, ana), Reader()
    other = await personal(client, await person(client, "Cleo"))
    with listening(hub, ana, reader):
        await until(lambda: bool(reader.hints))
        hub.publish({other: 77, SpaceId(uuid4()): 78})
        hub.publish({space: 79})
        await reader.heard(space, 79)
        assert {heard for heard, _ in reader.hints} == {space}


async def test_a_head_that_moves_while_heads_are_read_is_not_lost(
    client: httpx.AsyncClient, hub: Hub, ana: Person
) -> None:
    space, reader = await personal(client, ana), Reader()
    with listening(hub, ana, reader):
        # The stream is there, but which spaces it has is still being read.
        hub.publish({space: 1_000})
        await asyncio.sleep(0)
        hub.publish({space: 1_001})
        await reader.heard(space, 1_001)


async def test_a_reader_who_takes_nothing_is_cut_off_and_others_hear_a_beat(pool: Pool, dsn: str, ana: Person) -> None:
    stuck, fine = Reader(), Reader()
    rhythm = Rhythm(beat_s=0.02, stall_s=0.05)
    async with hub_on(pool, dsn, rhythm=rhythm) as hub:
        stuck.slow()
        with listening(hub, ana, stuck), listening(hub, ana, fine):
            async with asyncio.timeout(20):
                await stuck.cut.wait()
            await until(lambda: fine.text.endswith(": \n\n"))
            assert not fine.cut.is_set()
            assert not stuck.chunks


# What streams cost


@pytest.fixture
async def crowd(client: httpx.AsyncClient) -> list[Person]:
    """Four people on three devices each."""
    people = [await person(client, f"P{number}") for number in range(4)]
    return [device for each in people for device in (each, *[await another_device(client, each) for _ in range(2)])]


async def test_idle_streams_cost_no_task_and_no_connection_and_begin_with_two_statements(
    pool: Pool, hub: Hub, crowd: list[Person], statements: list[str]
) -> None:
    tasks = asyncio.all_tasks()
    readers = [Reader() for _ in range(3 * len(crowd))]
    statements.clear()
    with ExitStack() as streams:
        for number, reader in enumerate(readers):
            streams.enter_context(listening(hub, crowd[number % len(crowd)], reader))
        await until(lambda: all(reader.hints for reader in readers))
        await until(lambda: pool.get_idle_size() == pool.get_size())
        await until(lambda: not asyncio.all_tasks() - tasks)
        own = [each for each in statements if "person_space" in each or "JOIN member" in each]
        assert len(own) == 2
        assert hub.streams == len(readers)
    assert hub.streams == 0
    assert remains_of(hub) == []


def remains_of(hub: Hub) -> list[Any]:
    kept = [hub._of_person, hub._of_space, hub._to_look, *hub._turns]
    return [each for each in kept if each]


async def test_a_stream_that_leaves_while_it_is_told_leaves_nothing_behind(
    client: httpx.AsyncClient, hub: Hub, ana: Person
) -> None:
    space, reader = await personal(client, ana), Reader()
    with listening(hub, ana, reader):
        await until(lambda: bool(reader.hints))
        reader.slow()
        hub.publish({space: 900})
        await until(lambda: reader.stuck)
        hub.membership_changed(ana.id)
    await until(lambda: not hub.looking)
    assert remains_of(hub) == []


async def test_heads_come_once_the_database_answers_again(client: httpx.AsyncClient, dsn: str, ana: Person) -> None:
    space, reader = await personal(client, ana), Reader()
    async with open_pool(dsn, connections_max=1, wait_s=0.01) as narrow, hub_on(narrow, dsn) as hub:
        async with narrow.acquire():
            with pytest.raises(PoolBusy):
                await narrow.fetchval("SELECT 1")
            stream = Stream(ana.id, ana.device, reader.send, reader.cut.set)
            hub._enter(stream)
            hub.publish({space: 600})
            await until(lambda: any(hub.looking))
        await until(lambda: bool(reader.hints))
        hub.publish({space: 601})
        await reader.heard(space, 601)
        hub._exit(stream)


# How streams end


async def test_a_goodbye_says_when_to_come_back_and_each_says_another_time(pool: Pool, dsn: str, ana: Person) -> None:
    drain, readers = Drain(), [Reader() for _ in range(3)]
    async with hub_on(pool, dsn, drain=drain) as hub:
        with ExitStack() as streams:
            for reader in readers:
                streams.enter_context(listening(hub, ana, reader))
            await until(lambda: all(reader.hints for reader in readers))
            drain.begin()
            await until(lambda: all(reader.ended for reader in readers))
            late = Reader()
            streams.enter_context(listening(hub, ana, late))
            await until(lambda: late.ended)
            assert not late.hints
            hub.publish({reader.hints[0][0]: 999})
    retries = [
        int(line.removeprefix("retry: "))
        for reader in readers
        for line in reader.text.splitlines()
        if line.startswith("retry: ")
    ]
    assert len(retries) == 3
    assert all(1_000 <= each <= 15_000 for each in retries)
    assert len(set(retries)) > 1
    assert all(reader.text.endswith('data: {"why":"restart"}\n\n') for reader in (*readers, late))


async def test_a_slow_reader_hears_the_goodbye_instead_of_old_news(
    client: httpx.AsyncClient, hub: Hub, ana: Person
) -> None:
    space, reader = await personal(client, ana), Reader()
    with listening(hub, ana, reader):
        await until(lambda: bool(reader.hints))
        reader.slow()
        hub.publish({space: 100})
        await until(lambda: reader.stuck)
        hub.publish({space: 101})
        hub.send_away()
        hub.publish({space: 102})
        reader.reads.set()
        await until(lambda: reader.ended)
        assert [head for _, head in reader.hints[1:]] == [100]


async def test_a_device_whose_revocation_was_never_heard_of_ends_when_the_line_stands_again(
    client: httpx.AsyncClient, pool: Pool, hub: Hub, ana: Person
) -> None:
    tablet = await another_device(client, ana)
    reader, other = Reader(), Reader()
    with listening(hub, tablet, reader), listening(hub, ana, other):
        await until(lambda: bool(reader.hints and other.hints))
        assert await store.revoke_device(pool, tablet.id, tablet.device, utc_now().date())
        await lose_line(pool, hub)
        await until(lambda: reader.ended)
        assert "signed_out" in reader.text
        await until(lambda: len(other.hints) == 2)
        assert not other.ended


# Between processes


async def test_two_hubs_on_one_database_hear_each_other(
    client: httpx.AsyncClient, pool: Pool, dsn: str, hub: Hub, ana: Person
) -> None:
    space, near, far = await personal(client, ana), Reader(), Reader()
    async with hub_on(pool, dsn) as other:
        with listening(hub, ana, near), listening(other, ana, far):
            await until(lambda: bool(near.hints and far.hints))
            hub.publish({space: 200})
            await far.heard(space, 200)
            other.publish({space: 201})
            await near.heard(space, 201)
            assert near.hints[1:] == [(space, 200), (space, 201)] == far.hints[1:]


async def test_a_device_that_has_pushed_hears_of_it_once_more_wherever_it_listens(
    client: httpx.AsyncClient, pool: Pool, dsn: str, hub: Hub, ana: Person
) -> None:
    tablet, far, other_device = await another_device(client, ana), Reader(), Reader()
    async with hub_on(pool, dsn) as other:
        with listening(other, ana, far), listening(other, tablet, other_device):
            await until(lambda: bool(far.hints and other_device.hints))
            for _ in range(2):
                # Twice at once is once.
                hub.pushed(ana.id, ana.device)
            await until(lambda: len(far.hints) == 2)
            assert far.hints[0] == far.hints[1]
            assert len(other_device.hints) == 1


async def test_as_many_spaces_as_may_come_at_once_all_arrive(
    client: httpx.AsyncClient, pool: Pool, dsn: str, hub: Hub, ana: Person
) -> None:
    space, far = await personal(client, ana), Reader()
    async with hub_on(pool, dsn) as other:
        with listening(other, ana, far):
            await until(lambda: bool(far.hints))
            hub.publish({SpaceId(uuid4()): 2**53 - 1 for _ in range(1_000)} | {space: 2**53 - 1})
            await far.heard(space, 2**53 - 1)


async def test_pairing_and_revoking_elsewhere_reach_the_streams_here(
    client: httpx.AsyncClient, hub: Hub, ana: Person
) -> None:
    ben = await person(client, "Ben")
    tablet = await another_device(client, ben)
    readers = {each: Reader() for each in (ana, ben, tablet)}
    async with AsyncExitStack() as streams:
        for each, reader in readers.items():
            streams.enter_context(listening(hub, each, reader))
        await until(lambda: all(reader.hints for reader in readers.values()))
        await pair(client, ana, ben)
        space = UUID((await me(client, ana))["couple"]["space"])
        await until(lambda: all(space == reader.hints[-1][0] for reader in readers.values()))
        await client.post("/v1/sign-out", headers=tablet.headers)
        await until(lambda: readers[tablet].ended)
        assert not readers[ben].ended


async def test_what_got_lost_with_the_line_is_made_up_for_when_it_stands_again(
    client: httpx.AsyncClient, pool: Pool, hub: Hub, ana: Person
) -> None:
    space, reader = await personal(client, ana), Reader()
    still = await person(client, "Cleo")
    hers, unmoved = await personal(client, still), Reader()
    with listening(hub, ana, reader), listening(hub, still, unmoved):
        await until(lambda: bool(reader.hints and unmoved.hints))
        head = await pool.fetchval("UPDATE space SET head = head + 7 WHERE space_id = $1 RETURNING head", space)
        await lose_line(pool, hub)
        await reader.heard(space, head)
        await until(lambda: len(unmoved.hints) == 2)
        assert unmoved.hints[0] == unmoved.hints[1], "everyone is told to look, whether or not anything moved"
        assert unmoved.hints[0][0] == hers


async def test_what_is_told_while_there_is_no_line_is_passed_on_later(
    client: httpx.AsyncClient, pool: Pool, dsn: str, hub: Hub, ana: Person
) -> None:
    space, far = await personal(client, ana), Reader()
    earlier = await lines(pool)
    async with hub_on(pool, dsn) as other:
        with listening(other, ana, far):
            await until(lambda: bool(far.hints))
            await lose_line(pool, hub, earlier)
            hub.publish({space: 300})
            await far.heard(space, 300)


async def test_a_head_that_went_back_is_told_after_the_line_was_lost(
    client: httpx.AsyncClient, pool: Pool, hub: Hub, ana: Person
) -> None:
    # As after a restore: a hub that only counts upwards would say nothing until the old head is passed.
    space, reader = await personal(client, ana), Reader()
    with listening(hub, ana, reader):
        await until(lambda: bool(reader.hints))
        before = reader.hints[0][1]
        hub.publish({space: before + 500})
        await reader.heard(space, before + 500)
        await lose_line(pool, hub)
        await until(lambda: reader.hints[-1] == (space, before))
        hub.publish({space: before + 1})
        await reader.heard(space, before + 1)


async def test_a_payload_that_is_not_ours_does_no_harm(
    client: httpx.AsyncClient, pool: Pool, hub: Hub, ana: Person
) -> None:
    space, reader = await personal(client, ana), Reader()
    with listening(hub, ana, reader):
        await until(lambda: bool(reader.hints))
        for payload in ("", "x", "[]", '{"heads": {"a": 1}}', f'{{"heads": {{"{space}": "9"}}}}'):
            await pool.execute("SELECT pg_notify('haven_hints', $1)", payload)
        await pool.execute("SELECT pg_notify('haven_hints', $1)", f'{{"heads": {{"{space}": 400}}}}')
        await reader.heard(space, 400)
        assert hub.line.standing.is_set()


async def test_the_last_words_of_a_process_are_heard(
    client: httpx.AsyncClient, pool: Pool, dsn: str, hub: Hub, ana: Person
) -> None:
    space, reader = await personal(client, ana), Reader()
    with listening(hub, ana, reader):
        await until(lambda: bool(reader.hints))
        async with hub_on(pool, dsn) as leaving:
            leaving.publish({space: 500})
        await reader.heard(space, 500)


async def test_a_process_begins_and_ends_though_its_line_leads_nowhere(pool: Pool, ana: Person) -> None:
    reader = Reader()
    async with open_hub(
        pool=pool,
        dsn="postgresql://nobody@127.0.0.1:1/nothing",
        callers=Callers(pool),
        drain=Drain(),
        clock=utc_now,
        chance=Random(7),
        rhythm=NEVER,
    ) as hub:
        with listening(hub, ana, reader):
            await until(lambda: bool(reader.hints))
            space = SpaceId(reader.hints[0][0])
            hub.publish({space: 700})
            await reader.heard(space, 700)
        assert not hub.line.standing.is_set()


# What is waiting to be told


def told(notices: list[Notice]) -> Iterator[bytes]:
    return (msgspec.json.encode(notice) for notice in notices)


def test_every_notice_fits_into_a_payload_and_together_they_say_all() -> None:
    heads = {SpaceId(uuid4()): 2**53 - 1 for _ in range(1_234)}
    persons = [PersonId(uuid4()) for _ in range(333)]
    revoked = [(PersonId(uuid4()), DeviceId(uuid4())) for _ in range(222)]
    again = [(PersonId(uuid4()), DeviceId(uuid4())) for _ in range(222)]
    waiting = Waiting()
    waiting.add(heads, persons, revoked, again)
    notices = waiting.notices()
    assert all(len(text) <= PAYLOAD_BYTES_MAX for text in told(notices))
    assert {space: head for notice in notices for space, head in notice.heads.items()} == heads
    assert [each for notice in notices for each in notice.persons] == persons
    assert [each for notice in notices for each in notice.revoked] == revoked
    assert [each for notice in notices for each in notice.again] == again


def test_of_a_space_only_the_newest_head_waits() -> None:
    space, waiting = SpaceId(uuid4()), Waiting()
    for head in (3, 9, 4):
        waiting.add({space: head})
    assert [notice.heads for notice in waiting.notices()] == [{space: 9}]


def test_more_than_can_be_remembered_shrinks_to_one_notice() -> None:
    waiting = Waiting()
    waiting.add({SpaceId(UUID(int=number + 1)): 1 for number in range(WAITING_MAX)})
    assert len(waiting.notices()) > 1
    waiting.add({SpaceId(uuid4()): 1})
    waiting.add({SpaceId(uuid4()): 1})
    assert waiting.notices() == [Notice(everyone=True)]


async def test_everyone_looks_again_when_another_process_could_not_remember(
    client: httpx.AsyncClient, pool: Pool, hub: Hub, ana: Person
) -> None:
    reader = Reader()
    with listening(hub, ana, reader):
        await until(lambda: bool(reader.hints))
        await pool.execute("SELECT pg_notify('haven_hints', $1)", '{"everyone": true}')
        await until(lambda: len(reader.hints) == 2)


def test_pauses_grow_to_their_bound_and_are_never_in_step() -> None:
    chance = Random(3)
    pauses = [[pause_s(fails, 10, chance) for _ in range(50)] for fails in (1, 3, 7, 8, 1_000)]
    assert all(0 < least <= most <= 10 for least, most in ((min(each), max(each)) for each in pauses))
    assert max(pauses[0]) < min(pauses[1])
    assert min(pauses[3]) >= 5
    assert all(len(set(each)) > 1 for each in pauses)
