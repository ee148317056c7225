"""A SQLite file, for states and sinks."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal, TypeVar

from theirstack_async._database.database import DatabaseError, ended_within
from theirstack_async._database.thread import FileLocks, ThreadedDatabase, closer_of, identity
from theirstack_async.config import check_seconds

T = TypeVar("T")

_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_LONGEST: Final = 2**31 - 1
"""The longest time that SQLite can wait for a lock, in milliseconds."""
_PAUSE: Final = 0.01
"""Seconds."""


class SQLiteDatabase(ThreadedDatabase["_Engine"]):
    """A :class:`Database` in a SQLite file, with a write-ahead log; what was committed survives a crash of the machine.

    Locks are files beside it. Neither they nor SQLite's own hold on network file systems.

    Args:
        path: the file; it is made when it is missing, its folder is not.
        timeout: seconds that a transaction waits for other programs to be done with the file.

    Raises:
        ArgumentError: ``timeout`` is no number of seconds.
    """

    dialect: Literal["sqlite"] = "sqlite"
    placeholder: str = "?"
    errors: tuple[type[Exception], ...] = (sqlite3.Error,)
    schema_lock: str | None = None

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 30.0) -> None:
        check_seconds("timeout", timeout)
        # Two names of one file share its locks.
        self.path: Final = os.path.realpath(path)
        self.where: Final = f"the SQLite file {self.path}"
        super().__init__(partial(_Engine, self.path, timeout))


class _Engine:
    def __init__(self, path: str, timeout: float) -> None:
        self._path: Final = path
        self._timeout: Final = timeout
        self._locks: Final = FileLocks(path)
        self.take: Final = self._locks.take
        self.drop: Final = self._locks.drop
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._closer: Callable[[], object] | None = None

    def transact(self, work: Callable[[Any], T]) -> T:
        connection = self._begun()
        try:
            result = work(connection)
            if not connection.in_transaction:
                raise ended_within(self._path)
            connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back(connection)
            if isinstance(error, sqlite3.Error):
                raise self._failed(error) from error
            raise
        return result

    def close(self) -> None:
        self._disconnect()

    def _begun(self) -> sqlite3.Connection:
        """Return the connection with a transaction begun that nobody else can write beside."""
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                connection = self._opened(max(0.0, deadline - time.monotonic()))
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if not _is_busy(error) or time.monotonic() >= deadline:
                    raise self._failed(error) from error
            else:
                return connection
            # SQLite does not wait by itself where two programs open a new file at once.
            time.sleep(_PAUSE)

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            # To close the connection rolls back too.
            self._disconnect()

    def _opened(self, rest: float) -> sqlite3.Connection:
        if self._connection is not None and identity(self._path) != self._identity:
            # The file was deleted or replaced: what is written to the old one nobody else would see.
            self._disconnect()
        if self._connection is None:
            connection = sqlite3.connect(self._path, timeout=rest, isolation_level=None, check_same_thread=False)
            closer = closer_of(self, connection.close)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
            except BaseException:
                closer()
                raise
            self._connection, self._closer, self._identity = connection, closer, identity(self._path)
        self._connection.execute(f"PRAGMA busy_timeout = {min(_LONGEST, round(rest * 1000))}")
        return self._connection

    def _disconnect(self) -> None:
        if self._closer is not None:
            self._closer()
        self._connection = self._closer = None

    def _failed(self, error: sqlite3.Error) -> DatabaseError:
        """Return what to say of an error. The file is opened anew by the next transaction: it may be repaired then."""
        self._disconnect()
        if _is_busy(error):
            return DatabaseError(
                f"the SQLite file {self._path} was locked for {self._timeout:g} s; find out which program holds it "
                "open for writing, and end it",
                locked=True,
            )
        return DatabaseError(
            f"the SQLite file {self._path} cannot be used: {error}; see that its folder exists, may be written and "
            "has room, and that the file is a SQLite database; a damaged one must be restored from a copy"
        )


def _is_busy(error: sqlite3.Error) -> bool:
    # The extended codes of a kind share its lower byte: https://www.sqlite.org/rescode.html
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY
