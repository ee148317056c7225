"""A DuckDB file, for sinks and the states in them."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from theirstack_async._database.database import DatabaseError
from theirstack_async._database.thread import FileLocks, ThreadedDatabase, file_lock, identity, take_file_lock
from theirstack_async.errors import ConfigurationError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, Error

T = TypeVar("T")

# DuckDB has no lock to wait for: of two transactions that write the same, the later one fails. Within a process one
# waits for the other here, and two processes cannot have the file open at once.
_TURNS: Final[defaultdict[str, threading.Lock]] = defaultdict(threading.Lock)

# A file that another process is about to make looks like a damaged one, so they open it one after the other.
_PATIENCE: Final = 30.0
"""Seconds to wait for another process that opens the file."""

# What it says of a file that another process has open, on Unix and on Windows; there is no class of its own for that.
_LOCKED: Final = ("Could not set lock on file", "used by another process")


class DuckDBDatabase(ThreadedDatabase["_Engine"]):
    """A :class:`Database` in a DuckDB file (the extra ``duckdb``).

    The file is open from the first use until ``aclose()``, and no other process can open it meanwhile, not even to
    read. Locks are files beside it.

    Args:
        path: the file; it is made when it is missing, its folder is not.

    Raises:
        ConfigurationError: the package ``duckdb`` is not installed.
    """

    dialect: Literal["duckdb"] = "duckdb"
    placeholder: str = "?"
    schema_lock: str | None = None

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            from duckdb import Error
        except ImportError as error:
            raise ConfigurationError("DuckDB needs its package: pip install 'theirstack-async[duckdb]'") from error
        self.errors: Final[tuple[type[Exception], ...]] = (Error,)
        # Two names of one file share its locks.
        self.path: Final = os.path.realpath(path)
        self.where: Final = f"the DuckDB file {self.path}"
        super().__init__(partial(_Engine, self.path))


class _Engine:
    def __init__(self, path: str) -> None:
        self._path: Final = path
        self._locks: Final = FileLocks(path)
        self.drop: Final = self._locks.drop
        self._connection: DuckDBPyConnection | None = None
        self._identity: tuple[int, int] | None = None

    def transact(self, work: Callable[[Any], T]) -> T:
        from duckdb import Error

        with _TURNS[self._path]:
            connection = self._opened()
            try:
                connection.execute("BEGIN TRANSACTION")
                result = work(connection)
                # It fails after a failed statement, where COMMIT is no error although it undoes everything.
                connection.execute("SELECT 1")
                connection.execute("COMMIT")
            except BaseException as error:
                self._roll_back(connection)
                if isinstance(error, Error):
                    raise self._failed(error) from error
                raise
            return result

    def take(self, key: str) -> bool:
        if not self._locks.take(key):
            return False
        try:
            # A program that has the file to itself is as good as one that has the lock.
            self._opened()
        except DatabaseError as error:
            self._locks.drop(key)
            if error.locked:
                return False
            raise
        return True

    def close(self) -> None:
        self._disconnect()

    def _opened(self) -> DuckDBPyConnection:
        from duckdb import Error, connect

        if self._connection is not None and identity(self._path) != self._identity:
            # The file was deleted or replaced: what is written to the old one nobody else would see.
            self._disconnect()
        if self._connection is None:
            turn = file_lock(f"{self._path}.lock")
            if not take_file_lock(turn, _PATIENCE):
                raise DatabaseError(
                    f"the DuckDB file {self._path} was locked for {_PATIENCE:g} s; find out which program holds "
                    f"{turn.lock_file}, and end it",
                    locked=True,
                )
            try:
                self._connection = connect(self._path)
            except Error as error:
                raise self._failed(error) from error
            finally:
                turn.release()
            self._identity = identity(self._path)
        return self._connection

    def _roll_back(self, connection: DuckDBPyConnection) -> None:
        from duckdb import Error

        try:
            connection.execute("ROLLBACK")
        except Error:
            # There was none to undo, or it cannot be; to close the connection does it.
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _failed(self, error: Error) -> DatabaseError:
        text = " ".join(str(error).split())
        if any(said in text for said in _LOCKED):
            return DatabaseError(
                f"the DuckDB file {self._path} is open in another program, and DuckDB lets only one have it: {text}; "
                "end that program, or let it close the file",
                locked=True,
            )
        return DatabaseError(
            f"the DuckDB file {self._path} cannot be used: {text}; see that its folder exists, may be written and has "
            "room, and that the file is a DuckDB database; a damaged one must be restored from a copy"
        )
