"""Two couples live through many seeds: whatever goes wrong, no law is broken, and everything that can happen does."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from api.postgres import Pool, open_pool
from domain.ids import RecordId
from domain.policies import Policy
from domain.records import Record
from sync import follows, merge, paging, reconcile, replica, service
from sync.board import Board
from sync.merge import Meeting, Settled
from sync.replica import Replica
from sync.resend import Row
from sync.shelves import Kept
from sync.wire import Outcome, SyncRequest, SyncResponse
from tests.conftest import create_migrated_database, database_of, drop_database
from tests.simulation.coverage import Hits
from tests.simulation.laws import BrokenLawError, Laws
from tests.simulation.play import StoryBrokeError, play
from tests.simulation.servers import MemoryServer, PostgresServer

SEEDS = 300
CHUNKS = 6
SEEDS_ON_POSTGRES = 20
STEPS_ON_POSTGRES = 400
SEEDS_LONG = range(10_000, 15_000)
CHUNKS_LONG = 50
SEEDS_TWICE = range(500, 506)
SEEDS_TWICE_LONG = range(506, 530)
SEEDS_TO_NOTICE = range(754, 814)
"""They begin where the rarest is met at once, which saves only time."""

PROJECT = Path(__file__).resolve().parent.parent.parent


async def played(seeds: Sequence[int], record_property: Callable[[str, object], None]) -> Hits:
    hits = Hits()
    for seed in seeds:
        hits.update((await play(seed, MemoryServer(seed))).hits)
    record_property("hits", dict(hits))
    return hits


@pytest.mark.parametrize("chunk", range(CHUNKS))
async def test_no_seed_breaks_a_law_and_everything_that_can_happen_happens(
    chunk: int, record_property: Callable[[str, object], None]
) -> None:
    """Each chunk meets every row of the table by itself; their sum is printed at the end of the run."""
    hits = await played(range(SEEDS)[chunk::CHUNKS], record_property)
    assert hits.missing() == []


@pytest.mark.long
@pytest.mark.seeds
@pytest.mark.parametrize("chunk", range(CHUNKS_LONG))
async def test_no_seed_of_very_many_breaks_a_law(chunk: int, record_property: Callable[[str, object], None]) -> None:
    """What a seed finds becomes a story in `tests/rules/test_found_by_seed.py`: with each new rule it plays another."""
    hits = await played(SEEDS_LONG[chunk::CHUNKS_LONG], record_property)
    assert hits.missing() == []


# On PostgreSQL -------------------------------------------------------------------------------------------------


@pytest.fixture
async def own_pool(server_dsn: str, worker_id: str) -> AsyncIterator[Pool]:
    """A database for these seeds alone: they go back in time, which nobody else there should live through."""
    name = f"haven_test_{os.getpid()}_{worker_id}_simulation"
    await create_migrated_database(server_dsn, name)
    async with open_pool(database_of(server_dsn, name), connections_max=3, wait_s=10, statement_s=30) as pool:
        yield pool
    await drop_database(server_dsn, name)


async def test_no_seed_breaks_a_law_on_postgresql_with_real_seals(
    own_pool: Pool, record_property: Callable[[str, object], None]
) -> None:
    hits = Hits()
    for seed in range(SEEDS_ON_POSTGRES):
        server = PostgresServer(own_pool, seed)
        await server.begin()
        hits.update((await play(seed, server, steps=STEPS_ON_POSTGRES)).hits)
        assert server.store.unopened_total == 0
    assert hits.missing() == []
    record_property("hits", dict(hits))


# Clocks and chance ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seed", [*SEEDS_TWICE, *(pytest.param(seed, marks=pytest.mark.long) for seed in SEEDS_TWICE_LONG)]
)
async def test_clocks_that_are_wrong_in_another_way_tell_the_same_story(seed: int) -> None:
    """As long as none is set anew between an edit and its sending: that can turn a tie, and nothing else."""
    one = await play(seed, MemoryServer(seed), clocks=1, clocks_jump=False)
    other = await play(seed, MemoryServer(seed), clocks=2, clocks_jump=False)
    assert [phone.clock_off for phone in one.phones] != [phone.clock_off for phone in other.phones]
    assert one.story.lines == other.story.lines
    assert one.hits == other.hits


def test_a_seed_tells_the_same_story_in_every_process() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-m", "tests.simulation"],
            cwd=PROJECT,
            env=os.environ | {"SEED": "7", "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert b"all phones and the server hold the same" in told[0]


# That the laws notice ------------------------------------------------------------------------------------------


def drop_what_lost(patch: pytest.MonkeyPatch) -> None:
    def later(meeting: Meeting, kept: Callable[[Meeting], Settled] = merge.later) -> Settled:
        return replace(kept(meeting), behind=())

    patch.setitem(merge.MERGES, Policy.LATER, later)


def keep_no_words_of_what_is_refused(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reconcile, "own_words", lambda *_: ({}, frozenset()))


def show_what_its_opener_had_not_seen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reconcile, "guarded", lambda _before, now, *_: (now, frozenset()))


def send_what_its_sender_had_not_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reconcile, "unsent", lambda _before, now, *_: (now, False))


def let_purged_words_come_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reconcile, "kept_out", lambda values, *_, **__: dict(values))


def skip_a_version(patch: pytest.MonkeyPatch) -> None:
    def put(board: Board, record: Any, kept: Callable[[Board, Any], Any] = Board.put) -> Any:
        board.heads[record.space] += board.heads[record.space] % 50 == 20
        return kept(board, record)

    patch.setattr(Board, "put", put)


def believe_every_base(patch: pytest.MonkeyPatch) -> None:
    for module in (paging, service):
        patch.setattr(module, "common", lambda _space, place: place.version)


def take_an_answer_that_was_overtaken(patch: pytest.MonkeyPatch) -> None:
    def receive(device: Replica, request: SyncRequest, *rest: Any, taken: Any = Replica.receive) -> Any:
        return taken(device, replace(request, cursor=device.cursor), *rest)

    def take(device: Replica, row: Row) -> None:
        space = device.spaces.get(row.space)
        row = replace(row, epoch=None if space is None else space.epoch)
        (device.shelves.put_rebuilt if row.space in device.rebuilds else device.shelves.put)(row)

    patch.setattr(Replica, "receive", receive)
    patch.setattr(Replica, "_take", take)


def forget_an_edit_when_it_is_settled(patch: pytest.MonkeyPatch) -> None:
    def settle(device: Replica, outcome: Outcome) -> None:
        kept: Kept | None = device.shelves.outbox.get(outcome.key)
        if kept is not None:
            device.shelves.release(kept)

    patch.setattr(Replica, "_settle", settle)


def send_nothing_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replica, "resent", lambda *_: [])


def show_more_than_was_chosen(patch: pytest.MonkeyPatch) -> None:
    def project(*asked: Any, chosen: Any = follows.project) -> Any:
        shown = chosen(*asked)
        return None if shown is None else shown | {"felt_respected": asked[1]["felt_respected"]}

    patch.setattr(follows, "project", project)


def leave_shown_what_was_removed(patch: pytest.MonkeyPatch) -> None:
    def show(board: Board, kind: Any, master: Record, shown: Any = follows.show) -> None:
        if not master.removed:
            shown(board, kind, master)

    patch.setattr(reconcile, "show", show)


def skip_versions_in_a_batch(patch: pytest.MonkeyPatch) -> None:
    def put(board: Board, record: Any, kept: Callable[[Board, Any], Any] = Board.put) -> Any:
        board.heads[record.space] += 3 * (len(board._outcomes) == 2)
        return kept(board, record)

    patch.setattr(Board, "put", put)


def take_records_of_an_answer_that_was_overtaken(patch: pytest.MonkeyPatch) -> None:
    def receive(
        device: Replica, request: SyncRequest, response: SyncResponse, *rest: Any, taken: Any = Replica.receive
    ) -> Any:
        if request.cursor == device.cursor:
            return taken(device, request, response, *rest)
        for view in response.records:
            device._take(replica._row(view))
        return False

    patch.setattr(Replica, "receive", receive)


def show_nothing_while_a_space_is_taken_anew(patch: pytest.MonkeyPatch) -> None:
    def shown(device: Replica, identity: RecordId, kept: Any = Replica.shown) -> Any:
        found = kept(device, identity)
        return None if found is not None and found.space in device.rebuilds else found

    patch.setattr(Replica, "shown", shown)


def destroy_nothing_once_the_store_has_gone_back(patch: pytest.MonkeyPatch) -> None:
    async def purge(store: Any, keys: Any, caller: Any, *asked: Any, kept: Any = service.purge) -> Any:
        laws: Laws = store._saved.__self__.laws
        return {} if laws.restored else await kept(store, keys, caller, *asked)

    patch.setattr(service, "purge", purge)


async def played_until_it_breaks() -> None:
    for seed in SEEDS_TO_NOTICE:
        await play(seed, MemoryServer(seed))


@pytest.mark.long
@pytest.mark.parametrize(
    "fault",
    [
        drop_what_lost,
        keep_no_words_of_what_is_refused,
        show_what_its_opener_had_not_seen,
        send_what_its_sender_had_not_read,
        let_purged_words_come_back,
        skip_a_version,
        believe_every_base,
        take_an_answer_that_was_overtaken,
        forget_an_edit_when_it_is_settled,
        send_nothing_again,
        show_more_than_was_chosen,
        leave_shown_what_was_removed,
        skip_versions_in_a_batch,
        take_records_of_an_answer_that_was_overtaken,
        show_nothing_while_a_space_is_taken_anew,
        destroy_nothing_once_the_store_has_gone_back,
    ],
)
async def test_a_fault_that_is_put_in_on_purpose_is_noticed(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None]
) -> None:
    fault(monkeypatch)
    with pytest.raises(StoryBrokeError, match=r"make simulate SEED=\d+") as noticed:
        await played_until_it_breaks()
    assert isinstance(noticed.value.__cause__, BrokenLawError)
