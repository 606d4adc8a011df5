"""The ground of these tests: one database, one application, one crew for a file, and couples who live there."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import create_migrated_database, database_of, drop_database
from tests.fake_fcm import faking
from tests.workers.fcm import Gate
from tests.workers.street import Street, opened

BEGINS = datetime(2027, 5, 10, 9, 0, tzinfo=UTC)
HOMES = 6


@pytest.fixture(scope="module")
async def street(server_dsn: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    name = f"haven_test_{os.getpid()}_{worker_id}_street"
    await create_migrated_database(server_dsn, name)
    keys_file: Path = tmp_path_factory.mktemp("street") / "keys.json"
    async with faking(Gate) as gate, opened(database_of(server_dsn, name), keys_file, BEGINS, gate) as street:
        street.homes = await street.found(HOMES)
        yield street
    await drop_database(server_dsn, name)
