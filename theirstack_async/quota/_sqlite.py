"""Windows and budgets that the processes of one machine share, in a file."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
import weakref
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from theirstack_async._tasks import run_to_end
from theirstack_async.config import check_seconds
from theirstack_async.errors import QuotaError
from theirstack_async.quota._store import Change, Document

T = TypeVar("T")

# A table of its own, so that the file may hold other things too.
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS theirstack_quota
(key TEXT PRIMARY KEY, document TEXT NOT NULL, time REAL NOT NULL, wall REAL NOT NULL, steady REAL NOT NULL)
"""
_READ: Final = "SELECT document, time, wall, steady FROM theirstack_quota WHERE key = ?"
_WRITE: Final = "INSERT OR REPLACE INTO theirstack_quota VALUES (?, ?, ?, ?, ?)"

_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_LONGEST: Final = 2**31 - 1
"""The longest time that SQLite can wait for a lock, in milliseconds."""
_PAUSE: Final = 0.01
"""Seconds."""

_INHERITED: Final[list[_File]] = []
"""What a parent process had open when it forked: SQLite forbids its child to use it, and even to close it."""


class SQLiteQuota:
    """A :class:`QuotaStore` for the processes of one machine, kept in a SQLite file.

    Any number of objects, threads and processes may share the file, but no two machines: SQLite's locks do not hold
    on network file systems. What was written survives a crash of the program and of the machine. The work is done in
    a thread of the object's own, so the event loop never waits for the disk.

    The store's time follows the machine's clock, and goes on from where it was when that is set back or leaps ahead.

    Args:
        path: the file; it is made when it is missing, its folder is not.
        timeout: seconds that an update waits for others, in this process or another, to be done with the file.

    Raises:
        ArgumentError: ``timeout`` is no number of seconds.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        check_seconds("timeout", timeout)
        self._path: Final = os.path.abspath(path)  # noqa: PTH100 - it asks the system nothing but the current folder
        self._timeout: Final = timeout
        self._file: _File | None = None

    async def update(self, key: str, change: Change[T]) -> T:
        """Apply ``change`` to the document of ``key``, in one transaction. See :class:`QuotaStore`.

        A cancellation is raised when the transaction has ended, after ``timeout`` at the latest.

        Raises:
            QuotaError: the file was locked for longer than ``timeout``, or cannot be read or written.
        """
        if self._file is not None and self._file.pid != os.getpid():
            _INHERITED.append(self._file)
            self._file = None
        if self._file is None:
            self._file = _File(self._path, self._timeout)
        return await self._file.do(partial(self._file.update, key, change, time.monotonic() + self._timeout))

    async def aclose(self) -> None:
        """Close the file. What is kept stays; a further update opens it again."""
        if self._file is not None and self._file.pid == os.getpid():
            await self._file.do(self._file.close)


class _File:
    """The open file, and the thread that works on it."""

    def __init__(self, path: str, timeout: float) -> None:
        self.pid: Final = os.getpid()
        self._path: Final = path
        self._timeout: Final = timeout
        self._thread: Final = ThreadPoolExecutor(1, thread_name_prefix="theirstack-quota")
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._closer: Callable[[], object] | None = None

    async def do(self, work: Callable[[], T]) -> T:
        """Do ``work`` in the thread, after what waits there already, and to its end when the caller is cancelled."""
        return await run_to_end(asyncio.get_running_loop().run_in_executor(self._thread, work))

    def update(self, key: str, change: Change[T], deadline: float) -> T:
        """Make one transaction. ``deadline`` is an instant of ``time.monotonic()``."""
        while True:
            try:
                return self._transact(key, change, deadline)
            except (sqlite3.Error, json.JSONDecodeError) as error:
                # Opened anew by the next one: perhaps the file is repaired by then.
                self.close()
                busy = _is_busy(error)
                if not busy or time.monotonic() >= deadline:
                    raise self._explained(error, busy=busy) from error
            # SQLite does not wait by itself where two programs open a new file at once.
            time.sleep(_PAUSE)

    def close(self) -> None:
        """Close the connection, where there is one."""
        if self._closer is not None:
            self._closer()
        self._connection = self._closer = None

    def _transact(self, key: str, change: Change[T], deadline: float) -> T:
        connection = self._opened(deadline)
        with _transaction(connection):
            document, instant = _read(connection, key)
            result = change(document, instant.time)
            connection.execute(_WRITE, (key, json.dumps(document, separators=(",", ":")), *instant))
        return result

    def _opened(self, deadline: float) -> sqlite3.Connection:
        rest = max(0.0, deadline - time.monotonic())
        if self._connection is not None and _identity(self._path) != self._identity:
            # The file was deleted or replaced: what is written to the old one nobody else would see.
            self.close()
        if self._connection is None:
            connection = sqlite3.connect(self._path, timeout=rest, isolation_level=None, check_same_thread=False)
            # For a store that nobody closes, on whatever thread it is found.
            self._closer = weakref.finalize(self, connection.close)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_TABLE)
            self._connection, self._identity = connection, _identity(self._path)
        self._connection.execute(f"PRAGMA busy_timeout = {min(_LONGEST, round(rest * 1000))}")
        return self._connection

    def _explained(self, error: Exception, *, busy: bool) -> QuotaError:
        if busy:
            return QuotaError(
                f"the quota file {self._path} was locked for {self._timeout:g} s; find out which program holds it "
                "open for writing, or give SQLiteQuota a longer timeout"
            )
        return QuotaError(
            f"the quota file {self._path} cannot be used: {error}; see that its folder exists, may be written and has "
            "room, and that the file is a SQLite database"
        )


class _Instant(NamedTuple):
    """An instant of the store's time, and what the machine's two clocks said then, all in seconds."""

    time: float
    wall: float
    steady: float


def _identity(path: str) -> tuple[int, int] | None:
    """Return what tells a file from another at the same place; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - it is asked before each update, and a Path would take longer
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_busy(error: Exception) -> bool:
    # The extended codes of a kind share its lower byte: https://www.sqlite.org/rescode.html
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY


def _read(connection: sqlite3.Connection, key: str) -> tuple[Document, _Instant]:
    row: tuple[str, float, float, float] | None = connection.execute(_READ, (key,)).fetchone()
    wall, steady = time.time(), time.monotonic()
    if row is None:
        return {}, _Instant(wall, wall, steady)
    document: dict[str, Any] = json.loads(row[0])
    return document, _later(_Instant(*row[1:]), wall, steady)


def _later(last: _Instant, wall: float, steady: float) -> _Instant:
    """Return the store's time now. The machine's two clocks must agree that time has passed.

    The wall clock may be set, and the steady one begins anew with the machine, where the other is all there is.
    """
    passed = wall - last.wall
    if steady >= last.steady:
        passed = min(passed, steady - last.steady)
    return _Instant(last.time + max(0.0, passed), wall, steady)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None, None, None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
