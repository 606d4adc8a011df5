"""Build the house once: each part has one place here, and nothing else opens what it did not get."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Final
from uuid import uuid4

import msgspec
from msgspec import Struct

from api.accounts import Accounts
from api.auth import Callers
from api.catalogue import Catalogue, read
from api.drain import Drain
from api.embedded_postgres import place, serving
from api.exports import Exports
from api.hints import Hub, Rhythm, open_hub
from api.issuers import open_issuer
from api.keys import StoredKeys, open_keys, open_ring, refuse_lost_ring
from api.migrate import migrate, utc_now
from api.pace import Pace
from api.postgres import Pool, open_pool
from api.settings import Secret, Settings
from api.turns import Turns
from sync.space_store import found_store
from sync.store import PostgresStore

PROJECT = Path(__file__).resolve().parent.parent

KEYS: Final = "keys.json"
OWN_KEYS: Final = "keys-of-your-own-database.json"
PEOPLE: Final = "people.json"
OWN_PEOPLE: Final = "people-of-your-own-database.json"
"""What is kept beside the embedded database, for it and for a database of somebody's own."""

Clock = Callable[[], datetime]


class Parts(Struct, frozen=True, kw_only=True):
    """What a process consists of; routes take from here what they hand to a use-case."""

    settings: Settings
    clock: Clock
    drain: Drain
    pool: Pool
    keys: StoredKeys
    accounts: Accounts
    store: PostgresStore
    turns: Turns
    hints: Hub
    pace: Pace
    exports: Exports
    catalogue: Catalogue


@asynccontextmanager
async def open_parts(
    settings: Settings,
    *,
    keys_file: Path | None = None,
    clock: Clock = utc_now,
    on_statement: Callable[[str], None] | None = None,
    rhythm: Rhythm | None = None,
) -> AsyncIterator[Parts]:
    """Open everything that `settings` names, and close it in reverse.

    `keys_file` is where development keeps its generated keys, `rhythm` that of the live streams.
    Raises Unreachable or RingUnusable with a sentence.
    """
    assert settings.database_url is not None, "`on_database` comes first"
    async with AsyncExitStack() as opened:
        main_dsn = settings.database_url.text
        pool = await opened.enter_async_context(_pool(settings, main_dsn, on_statement))
        keys_pool = pool
        if settings.keys_dsn is not None:
            keys_pool = await opened.enter_async_context(_pool(settings, settings.keys_dsn.text, on_statement))
        file = keys_file or place(PROJECT) / KEYS
        await refuse_lost_ring(keys_pool, settings.keys, file)
        ring = open_ring(settings.keys, file, development=settings.development)
        keys = await open_keys(keys_pool, ring, clock())
        await found_store(pool, uuid4())
        callers, drain = Callers(pool), Drain()
        hints = await opened.enter_async_context(
            open_hub(
                pool=pool,
                dsn=main_dsn if settings.hints_dsn is None else settings.hints_dsn.text,
                callers=callers,
                drain=drain,
                clock=clock,
                chance=Random(),  # noqa: S311 - it spreads pauses and guards nothing
                rhythm=rhythm,
            )
        )
        yield Parts(
            settings=settings,
            clock=clock,
            drain=drain,
            pool=pool,
            keys=keys,
            store=PostgresStore(pool, keys),
            turns=Turns(),
            accounts=Accounts(
                pool=pool,
                keys=keys,
                hashes=ring.hashes,
                issuer=await opened.enter_async_context(open_issuer(settings)),
                callers=callers,
            ),
            hints=hints,
            pace=Pace(),
            exports=Exports(),
            catalogue=Catalogue(read(), clock().date()),
        )


@contextmanager
def on_database(settings: Settings) -> Iterator[Settings]:
    """Give settings that name a database: the one chosen, or this checkout's own embedded one while in here."""
    if settings.database_url is not None:
        yield settings
        return
    with serving(place(PROJECT) / "postgres", connections_max=200) as server:
        yield msgspec.structs.replace(settings, database_url=Secret(server.dsn()))


def keys_file(settings: Settings) -> Path:
    """Return where development keeps the keys that it makes for the database that `settings` names.

    Those of the embedded database are deleted with it by `make reset`. Those of any other must outlive that:
    nothing else opens it.
    """
    home = place(PROJECT)
    if settings.database_url is None and settings.keys_dsn is None:
        return home / KEYS
    if (home / KEYS).exists():
        # One file was for both, once: what it opened, it still opens.
        with suppress(FileExistsError):
            (home / OWN_KEYS).hardlink_to(home / KEYS)
    return home / OWN_KEYS


def people_file(settings: Settings) -> Path:
    """Return where development remembers the two people of its greeting."""
    return place(PROJECT) / (PEOPLE if settings.database_url is None else OWN_PEOPLE)


async def bring_forward(settings: Settings) -> list[str]:
    """Migrate every database that `settings` names; return the names of the files that were applied."""
    chosen = (settings.database_url, settings.keys_dsn)
    return [name for dsn in chosen if dsn is not None for name in await migrate(dsn.text)]


def _pool(
    settings: Settings, dsn: str, on_statement: Callable[[str], None] | None
) -> AbstractAsyncContextManager[Pool]:
    return open_pool(
        dsn,
        connections_max=settings.pool_max,
        wait_s=settings.pool_wait_s,
        statement_s=settings.statement_s,
        statements_cached_max=settings.statement_cache,
        on_statement=on_statement,
    )
