"""Connections to PostgreSQL: one pool a process, bounded in number, in waiting and in a statement's time."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import asyncpg
from asyncpg.connection import LoggedQuery
from asyncpg.pool import PoolConnectionProxy

from api.settings import why_unreadable


class PoolBusy(Exception):  # noqa: N818 - a past-tense fact that becomes an answer
    """Every connection stayed in use for longer than a request may wait."""


class Unreachable(Exception):  # noqa: N818 - likewise
    """No connection could be made; the text says why to whoever chose the address, and holds nothing of it."""

    def __init__(self, fault: Exception, dsn: str) -> None:
        super().__init__(_unreadable(fault, dsn) or _why(fault))


BROKEN: tuple[type[Exception], ...] = (
    Unreachable,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What asyncpg says of a connection that broke between being handed out and being used.
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.DeadlockDetectedError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""Faults of the database or the way to it, not of a statement: asking again later may work."""

UNPREPARED: tuple[type[Exception], ...] = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)
"""Faults of a database that was not brought to the schema of this program."""

TRANSIENT: tuple[type[Exception], ...] = (PoolBusy, TimeoutError, *BROKEN)
"""All of that, and this process having too much to do: what another try may mend."""


_WHY_ELSE: Final = "what answers there refuses, or is no PostgreSQL."
_OPTION: Final = "an option after the question mark is not understood."
_WHY: Final[dict[type[Exception], str]] = {
    # The first that fits is said: the narrower one stands first.
    asyncpg.InvalidPasswordError: "it does not take this user with this password.",
    asyncpg.InvalidAuthorizationSpecificationError: "it does not let this user in from here.",
    asyncpg.InvalidCatalogNameError: "there is no database of this name on the server.",
    asyncpg.TooManyConnectionsError: "every connection that the server allows is in use.",
    asyncpg.CannotConnectNowError: "the server is starting or stopping at this moment.",
    asyncpg.UndefinedObjectError: _OPTION,
    asyncpg.InvalidParameterValueError: _OPTION,
    asyncpg.exceptions.TargetServerAttributeNotMatched: "no server there is as target_session_attrs asks.",
    ValueError: _OPTION,
    ssl.SSLCertVerificationError: "the server's certificate is not of this host, or sslrootcert does not vouch for it.",
    ssl.SSLError: "an encrypted connection could not be agreed on (sslmode, and the files that it uses).",
    socket.gaierror: "no machine of this name is known.",
    ConnectionRefusedError: "nothing listens at this address and port.",
    ConnectionResetError: _WHY_ELSE,
    # Of its own, asyncpg raises this while it asks for encryption.
    ConnectionError: "what answers there offers no encrypted connection (sslmode), or is no PostgreSQL.",
    FileNotFoundError: "there is no server's socket in this folder.",
    PermissionError: "this account may not use the server's socket.",
    TimeoutError: "it does not answer.",
    OSError: "nothing answers at this address and port.",
}
_REFUSED: Final = (OSError, ValueError, asyncpg.PostgresError, asyncpg.InternalClientError)
"""What asyncpg raises on connecting; its own ValueError quotes what it was given."""


def _why(fault: Exception) -> str:
    return next((why for sort, why in _WHY.items() if isinstance(fault, sort)), _WHY_ELSE)


def _unreadable(fault: Exception, dsn: str) -> str | None:
    """Say which file of an encrypted connection is not there to be read: the fault itself does not name it."""
    if isinstance(fault.__context__, OSError) and isinstance(fault, ValueError):
        return "sslmode asks for certificates to trust: name a file that has them by sslrootcert=PATH."
    if isinstance(fault, (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)):
        options = dict(parse_qsl(urlsplit(dsn).query))
        # Unless encryption is asked for, nobody looked for them.
        for option in _FILES if "sslmode" in options else ():
            try:
                Path(options.get(option, os.devnull)).open("rb").close()
            except OSError as reason:
                return f"the file that {option} names cannot be read: {why_unreadable(reason)}."
    return None


_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
"""Options after the question mark that name files."""


async def connect(dsn: str, *, wait_s: float = 10.0) -> asyncpg.Connection:
    """Make one connection of its own; raise Unreachable when that does not work within `wait_s`."""
    try:
        return await asyncpg.connect(dsn, timeout=wait_s)
    except _REFUSED as fault:
        raise Unreachable(fault, dsn) from None


class Pool(asyncpg.Pool):
    """asyncpg's pool, but waiting for a connection ends after `wait_s` with PoolBusy."""

    def __init__(self, dsn: str, *, wait_s: float, **options: Any) -> None:
        """Take what asyncpg's own constructor takes, and the seconds that an acquire may wait."""
        super().__init__(dsn, **options)
        self._dsn, self._wait_s = dsn, wait_s

    async def _acquire(self, timeout: float | None) -> PoolConnectionProxy:  # noqa: ASYNC109
        # asyncpg's own time-out makes a task for each acquire; this one costs a timer.
        try:
            async with asyncio.timeout(self._wait_s if timeout is None else timeout):
                return await super()._acquire(None)  # type: ignore[misc,no-any-return]
        except TimeoutError:
            raise PoolBusy from None
        except _REFUSED as fault:
            raise Unreachable(fault, self._dsn) from None


@asynccontextmanager
async def open_pool(
    dsn: str,
    *,
    connections_max: int = 10,
    wait_s: float = 2.0,
    statement_s: float = 5.0,
    statements_cached_max: int = 100,
    on_statement: Callable[[str], None] | None = None,
) -> AsyncIterator[Pool]:
    """Open at most `connections_max` connections to `dsn`; raise Unreachable when not even one can be made.

    A statement that takes longer than `statement_s` raises TimeoutError; waiting for a connection longer than
    `wait_s` raises PoolBusy. `on_statement` hears the text of every statement once its connection is released
    (never its parameters): what a request costs is asserted by counting them.
    """

    async def listen(connection: PoolConnectionProxy) -> None:
        if on_statement is not None:
            tell = on_statement

            def heard(statement: LoggedQuery) -> None:
                tell(statement.query)

            connection.add_query_logger(heard)

    pool = Pool(
        dsn,
        wait_s=wait_s,
        min_size=0,
        init_size=0,
        max_size=connections_max,
        max_queries=0x7FFFFFFF,
        max_inactive_connection_lifetime=300.0,
        loop=None,
        connect=None,
        setup=None,
        init=listen,
        reset=_leave_as_it_is,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        statement_cache_size=statements_cached_max,
        command_timeout=statement_s,
        timeout=max(wait_s, 5.0),
        # Array parameters make the planner prefer a plan of its own for every execution; ours are the same each time.
        server_settings={"application_name": "haven", "plan_cache_mode": "force_generic_plan"},
    )
    async with pool:
        async with pool.acquire(timeout=max(wait_s, 5.0)):
            pass
        yield pool


async def _leave_as_it_is(_connection: PoolConnectionProxy) -> None:
    """Do nothing: no statement of ours leaves a setting behind, and the usual reset is half a short request.

    asyncpg still rolls an open transaction back before this.
    """
