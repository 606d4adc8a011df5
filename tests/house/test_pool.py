"""What the pool promises: bounds on waiting, no setting that leaks, statements that can be counted."""

import asyncio
import socket
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from api.postgres import BROKEN, Pool, PoolBusy, Unreachable, connect, open_pool


async def test_statements_are_heard_once_their_connection_is_released(pool: Pool, statements: list[str]) -> None:
    assert await pool.fetchval("SELECT 1 + $1::int", 1) == 2
    assert statements == ["SELECT 1 + $1::int"]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT 3")
    assert statements[1:] == ["BEGIN;", "SELECT 3", "COMMIT;"]


async def test_waiting_for_a_connection_ends(dsn: str) -> None:
    async with open_pool(dsn, connections_max=1, wait_s=0.05) as narrow, narrow.acquire():
        with pytest.raises(PoolBusy):
            await narrow.fetchval("SELECT 1")


async def test_a_connection_that_somebody_waited_for_is_not_lost(dsn: str) -> None:
    async with open_pool(dsn, connections_max=1, wait_s=0.05) as narrow:
        async with narrow.acquire():
            with pytest.raises(PoolBusy):
                await narrow.fetchval("SELECT 1")
        assert await narrow.fetchval("SELECT 1") == 1


async def test_a_slow_statement_ends(dsn: str) -> None:
    async with open_pool(dsn, connections_max=1, statement_s=0.05) as pool:
        with pytest.raises(TimeoutError):
            await pool.execute("SELECT pg_sleep(30)")
        assert await pool.fetchval("SELECT 1") == 1


async def test_an_abandoned_transaction_is_rolled_back(dsn: str) -> None:
    async with open_pool(dsn, connections_max=1) as pool:
        async with pool.acquire() as connection:
            await connection.transaction().start()
            await connection.execute("SET LOCAL work_mem = '65kB'")
        assert await pool.fetchval("SHOW work_mem") != "65kB"
        async with pool.acquire() as connection:
            assert not connection.is_in_transaction()


async def test_no_database_is_told_at_once() -> None:
    with pytest.raises(Unreachable):
        async with open_pool("postgresql://nobody@/nowhere?host=/nonexistent"):
            pass


async def test_why_no_connection_could_be_made_is_said_without_the_address(server_dsn: str) -> None:
    there = urlsplit(server_dsn)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    addresses = {
        f"postgresql://ana:quittenmarmelade@127.0.0.1:{free}/haven": "nothing listens",
        "postgresql://ana:quittenmarmelade@quittenmarmelade.invalid/haven": "no machine of this name",
        "postgresql://ana:quittenmarmelade@/haven?host=/nonexistent/quittenmarmelade": "no server's socket",
        "postgresql://ana@/haven?host=127.0.0.1&port=quittenmarmelade": "an option",
        "postgresql://ana@127.0.0.1/haven?sslmode=quittenmarmelade": "an option",
        urlunsplit(there._replace(query=f"{there.query}&quittenmarmelade=1")): "an option",
        urlunsplit(there._replace(query=f"{there.query}&target_session_attrs=standby")): "as target_session_attrs asks",
        urlunsplit(there._replace(path="/quittenmarmelade")): "no database of this name",
        urlunsplit(there._replace(netloc=f"quittenmarmelade@{there.netloc.rpartition('@')[2]}")): "this user",
    }
    for address, why in addresses.items():
        with pytest.raises(Unreachable, match=why) as alone:
            await connect(address)
        with pytest.raises(Unreachable, match=why) as pooled:
            async with open_pool(address):
                pass
        for fault in (alone.value, pooled.value):
            assert "quittenmarmelade" not in "".join(traceback.format_exception(fault))


async def test_a_file_of_an_encrypted_connection_that_cannot_be_read_is_not_called_a_socket(tmp_path: Path) -> None:
    missing = tmp_path / "quittenmarmelade"
    asked = {
        f"sslmode=verify-full&sslrootcert={missing}": "sslrootcert names cannot be read: there is no such file",
        f"sslmode=verify-full&sslrootcert={tmp_path}": "sslrootcert names cannot be read: it is a folder",
        f"sslmode=require&sslcert={missing}": "sslcert names cannot be read: there is no such file",
        f"sslmode=require&sslcrl={missing}": "sslcrl names cannot be read: there is no such file",
        f"sslrootcert={missing}&host=/nonexistent": "no server's socket",
    }
    for options, why in asked.items():
        with pytest.raises(Unreachable, match=why) as found:
            await connect(f"postgresql://ana@{'' if 'host' in options else '127.0.0.1'}/haven?{options}")
        assert "quittenmarmelade" not in str(found.value)


async def test_certificates_that_are_asked_for_and_named_nowhere_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Unreachable, match="by sslrootcert=PATH"):
        await connect("postgresql://ana@127.0.0.1/haven?sslmode=verify-full")


async def test_a_server_that_offers_no_encryption_is_told() -> None:
    async def say_no(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(b"N")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(say_no, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable, match="no encrypted connection"):
            await connect(f"postgresql://ana@127.0.0.1:{port}/haven?sslmode=require")


async def test_a_connection_that_broke_while_it_was_handed_out_is_a_fault_of_the_way_there(dsn: str) -> None:
    """asyncpg has read the server's last word then, and not yet that nothing follows."""
    near = await connect(dsn)
    server_gone, passed_on = asyncio.Event(), asyncio.Event()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(near._addr, str):
            far_reader, far_writer = await asyncio.open_unix_connection(near._addr)
        else:
            far_reader, far_writer = await asyncio.open_connection(*near._addr)
        there = asyncio.create_task(copied(reader, far_writer))
        await copied(far_reader, writer)
        server_gone.set()
        await there
        for each in (writer, far_writer):
            each.close()
            with suppress(OSError):
                await each.wait_closed()
        passed_on.set()

    async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whichever end breaks first, what is left is only to be closed.
        with suppress(OSError):
            while octets := await reader.read(65536):
                writer.write(octets)
                await writer.drain()

    there = urlsplit(dsn)
    # The path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="haven-", dir="/tmp") as folder:
        address = urlunsplit(there._replace(netloc=there.netloc.rpartition("@")[0] + "@", query=f"host={folder}"))
        passing = await asyncio.start_unix_server(pass_on, f"{folder}/.s.PGSQL.5432")
        async with passing, open_pool(address, connections_max=1) as opened, opened.acquire() as connection:
            assert await near.fetchval("SELECT pg_terminate_backend($1)", connection.get_server_pid())
            await server_gone.wait()
            with pytest.raises(BROKEN):
                await connection.fetchval("SELECT 1")
            opened.terminate()
            async with asyncio.timeout(30):
                await passed_on.wait()
    await near.close()


async def test_two_statements_of_one_connection_do_not_run_at_once(pool: Pool) -> None:
    async with pool.acquire() as connection:
        first = asyncio.create_task(connection.fetchval("SELECT pg_sleep(0.05)"))
        await asyncio.sleep(0)
        with pytest.raises(asyncpg.InterfaceError):
            await connection.fetchval("SELECT 1")
        await first
