"""Keep one device in one SQLite file, so that whatever was kept is still there after the power went."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from sync.replica import Replica
from sync.shelves import Piece

WAIT_S: Final = 30
"""How long one process waits for another that is writing the same file."""

LAYOUT: Final = 1

CREATE_PIECE: Final = """
CREATE TABLE IF NOT EXISTS piece (shelf TEXT, key TEXT, value BLOB NOT NULL, PRIMARY KEY (shelf, key)) WITHOUT ROWID
"""
CREATE_ACCOUNT: Final = "CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
PIECES: Final = "SELECT shelf, value FROM piece"
PUT_PIECE: Final = "INSERT OR REPLACE INTO piece (shelf, key, value) VALUES (?, ?, ?)"
DELETE_PIECE: Final = "DELETE FROM piece WHERE shelf = ? AND key = ?"
ACCOUNT: Final = "SELECT name, value FROM account"
PUT_ACCOUNT: Final = "INSERT OR REPLACE INTO account (name, value) VALUES (?, ?)"
DELETE_ACCOUNT: Final = "DELETE FROM account WHERE name = ?"
VERSION: Final = "PRAGMA data_version"

T = TypeVar("T")


class DeviceFileError(Exception):
    """The file is not a device's, or cannot be written; the text says which file."""


class DeviceStore:
    """One file with mode 0600: the pieces of a replica, and who it belongs to.

    Several processes may use it at a time: each change is made on what the file holds then, in one transaction.
    """

    def __init__(self, file: Path) -> None:
        try:
            # Made before SQLite opens it, so that the words in it are nobody else's for not even a moment.
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(file, timeout=WAIT_S, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA secure_delete = ON")
            self._prepare(file)
        except (OSError, sqlite3.Error) as fault:
            raise DeviceFileError(f"{file} cannot be used as a device's file ({fault}).") from None
        self._replica: Replica | None = None
        self._seen: int | None = None

    def close(self) -> None:
        """Close the file; everything is in it already."""
        self._connection.close()

    @property
    def replica(self) -> Replica | None:
        """The device as the file has it now: to look at, not to change. None before the first sign-in."""
        if self._seen != self._version():
            self._reload()
        return self._replica

    def begin(self, replica: Replica) -> None:
        """Keep a new device."""
        with self._transaction():
            self._put(replica.saves())
        self._replica = replica

    def change(self, act: Callable[[Replica], T]) -> T:
        """Let `act` change the device; what it did is on disk when this returns, or nothing of it is."""
        with self._transaction():
            replica = self.replica
            assert replica is not None, "nobody has signed in on this device"
            result = act(replica)
            self._put(replica.saves())
        return result

    @property
    def account(self) -> dict[str, str]:
        """What is known about the person, the server and this device's sign-in."""
        return dict(self._connection.execute(ACCOUNT).fetchall())

    def note(self, **values: str | None) -> None:
        """Keep these about the account; None forgets."""
        with self._transaction():
            for name, value in values.items():
                if value is None:
                    self._connection.execute(DELETE_ACCOUNT, (name,))
                else:
                    self._connection.execute(PUT_ACCOUNT, (name, value))

    def _prepare(self, file: Path) -> None:
        (layout,) = self._connection.execute("PRAGMA user_version").fetchone()
        if layout not in (0, LAYOUT):
            raise DeviceFileError(f"{file} was written by a newer version of Haven.")
        self._connection.execute(CREATE_PIECE)
        self._connection.execute(CREATE_ACCOUNT)
        if layout == 0:
            self._connection.execute(f"PRAGMA user_version = {LAYOUT}")

    def _version(self) -> int:
        """Return a number that changes when another process has written."""
        (version,) = self._connection.execute(VERSION).fetchone()
        return int(version)

    def _reload(self) -> None:
        self._seen = self._version()
        pieces: list[tuple[str, bytes]] = self._connection.execute(PIECES).fetchall()
        self._replica = Replica.restored(pieces) if pieces else None

    def _put(self, pieces: Iterable[Piece]) -> None:
        for shelf, key, value in pieces:
            if value is None:
                self._connection.execute(DELETE_PIECE, (shelf, key))
            else:
                self._connection.execute(PUT_PIECE, (shelf, key, value))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # What is in memory may be more than what is on disk: read it again before it is used.
            self._seen = None
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
