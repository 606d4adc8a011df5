"""A server on a database that holds nobody else, for tests of what looks at everybody's rows."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from api.settings import Secret, Settings
from api.wiring import Parts, open_parts
from tests.conftest import create_migrated_database, database_of, drop_database


@asynccontextmanager
async def alone(
    server_dsn: str, name: str, folder: Path, on_statement: Callable[[str], None] | None = None
) -> AsyncIterator[Parts]:
    """Open everything that a server consists of; the database goes with it."""
    database = f"haven_test_{os.getpid()}_{name}"
    await create_migrated_database(server_dsn, database)
    settings = Settings(database_url=Secret(database_of(server_dsn, database)), pool_wait_s=10, statement_s=30)
    try:
        async with open_parts(settings, keys_file=folder / "keys.json", on_statement=on_statement) as parts:
            yield parts
    finally:
        await drop_database(server_dsn, database)
