"""The file of a journal: SQLite in WAL mode, to which rows are only ever added, which triggers see to."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeVar

from theirstack_async._database.database import DatabaseError
from theirstack_async._database.sqlite import SQLiteDatabase
from theirstack_async.errors import JournalError, ReplayLockedError, TheirStackError
from theirstack_async.replay._plan import ReplayPlan, entry_from_json, plan_from_json
from theirstack_async.replay._plan_file import entry_to_json, head_to_json
from theirstack_async.replay._settings import Settings
from theirstack_async.replay._step_codec import Row, from_row, to_row
from theirstack_async.replay._steps import Answered, Step

T = TypeVar("T")

FORMAT: Final = 1
"""Of the file. A newer release may write a higher one, which this release refuses."""

_APPLICATION: Final = int.from_bytes(b"TSRJ", "big")
"""What tells a journal from other SQLite files: https://www.sqlite.org/pragma.html#pragma_application_id"""
_MAGIC: Final = b"SQLite format 3\0"
"""How each SQLite file begins: https://www.sqlite.org/fileformat2.html"""

_TABLES: Final = (
    "CREATE TABLE head (format INTEGER NOT NULL, digest TEXT NOT NULL, plan TEXT NOT NULL, settings TEXT NOT NULL)",
    "CREATE TABLE entry (position INTEGER PRIMARY KEY, body TEXT NOT NULL)",
    "CREATE TABLE step (number INTEGER PRIMARY KEY, at REAL, kind TEXT NOT NULL, batch INTEGER, body TEXT NOT NULL)",
    "CREATE INDEX step_of_batch ON step (batch) WHERE batch IS NOT NULL",
)
_REFUSED: Final = (
    *((table, act) for table in ("head", "entry", "step") for act in ("UPDATE", "DELETE")),
    ("head", "INSERT"),
    ("entry", "INSERT"),
)
"""What the triggers refuse; they are made when the plan is in."""
_REFUSAL: Final = "BEGIN SELECT RAISE(ABORT, 'a journal is only ever added to'); END"
# It also stands in the way of INSERT OR REPLACE, which deletes without a word to other triggers.
_IN_ORDER: Final = "NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM step)"

_PATIENCE: Final = 30.0
"""Seconds to wait for another program that has the file to itself."""
_LOCK: Final = "run"


class JournalFile:
    """The file, and the lock beside it. Reading takes neither that lock nor SQLite's for writing.

    Args:
        path: where it is, or is to be.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._database: Final = SQLiteDatabase(path, timeout=_PATIENCE)
        self.path: Final = Path(self._database.path)
        """Where it is, links resolved: two names of one file share its lock."""

    async def exists(self) -> bool:
        """Return whether there is a journal. A missing file, an empty one, or one half made, is none.

        Raises:
            JournalError: the file is something else, cannot be read, or was written by a newer release.
        """
        if not await asyncio.to_thread(self._begins_well):
            return False
        return await self._read(self._is_journal)

    async def claim(self) -> None:
        """Take the lock for a run, until :meth:`aclose`.

        Raises:
            ReplayLockedError: a run has it.
            JournalError: the lock file cannot be made.
        """
        try:
            taken = await self._database.lock(_LOCK, 0.0)
        except DatabaseError as error:
            raise JournalError(f"the journal {self.path} cannot be locked: {error}") from error
        if not taken:
            raise ReplayLockedError(
                f"another run has the journal {self.path}; nothing was sent; wait until it ends, or end it, and resume "
                "then; `theirstack replay status` tells meanwhile how it stands"
            )

    async def make(self, plan: ReplayPlan, settings: Settings) -> None:
        """Make the tables, with the plan in them: all or nothing.

        Raises:
            JournalError: it cannot be written.
        """
        head = json.dumps(head_to_json(plan))

        def work(connection: Any) -> None:
            bodies = [json.dumps(entry_to_json(entry), separators=(",", ":")) for entry in plan.entries]
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            for statement in _TABLES:
                connection.execute(statement)
            row = (FORMAT, _digest(head, bodies), head, json.dumps(settings.to_dict()))
            connection.execute("INSERT INTO head VALUES (?, ?, ?, ?)", row)
            connection.executemany("INSERT INTO entry VALUES (?, ?)", enumerate(bodies))
            for table, act in _REFUSED:
                connection.execute(f"CREATE TRIGGER {table}_{act} BEFORE {act} ON {table} {_REFUSAL}")
            connection.execute(f"CREATE TRIGGER step_in_order BEFORE INSERT ON step WHEN {_IN_ORDER} {_REFUSAL}")

        await self._write(work)

    async def load(self) -> tuple[ReplayPlan, Settings]:
        """Return the plan and how the run goes about it.

        Raises:
            JournalError: the file cannot be read, or is damaged.
        """

        def work(connection: sqlite3.Connection) -> tuple[ReplayPlan, Settings]:
            digest, head, settings = connection.execute("SELECT digest, plan, settings FROM head").fetchone()
            bodies = [body for (body,) in connection.execute("SELECT body FROM entry ORDER BY position")]
            if _digest(head, bodies) != digest:
                raise ValueError("its plan is not as it was written")
            plan = plan_from_json(json.loads(head), (entry_from_json(json.loads(body)) for body in bodies))
            return plan, Settings.from_dict(json.loads(settings))

        return await self._read(work)

    async def append(self, after: int, steps: Sequence[Step]) -> None:
        """Write steps behind the one of this number, all or none. They are durable when it returns.

        Raises:
            JournalError: they cannot be written, or the journal does not end with that number.
        """
        rows = [(number, *to_row(step)) for number, step in enumerate(steps, after + 1)]

        def work(connection: Any) -> None:
            if not self._is_journal(connection):
                raise JournalError(f"the journal {self.path} was deleted while it was in use; restore it, and resume")
            try:
                connection.executemany("INSERT INTO step VALUES (?, ?, ?, ?, ?)", rows)
            except sqlite3.IntegrityError as error:
                raise JournalError(
                    f"the journal {self.path} does not end where this run left it: another program has written to it, "
                    "or it was replaced; end that program, see that the file is the right one, and resume"
                ) from error

        await self._write(work)

    async def steps(self, after: int, most: int) -> list[Step]:
        """Return the steps behind the one of this number, so many at the most.

        Raises:
            JournalError: the file cannot be read, or is damaged.
        """
        sql = "SELECT number, at, kind, batch, body FROM step WHERE number > ? ORDER BY number LIMIT ?"

        def work(connection: sqlite3.Connection) -> list[Step]:
            found: list[Step] = []
            for due, (number, *row) in enumerate(connection.execute(sql, (after, most)), after + 1):
                if number != due:
                    raise ValueError(f"step {due} is missing")
                found.append(_step(number, row))
            return found

        return await self._read(work)

    async def answers(self, batches: Iterable[int]) -> dict[int, Answered]:
        """Return what came of calls that were answered, by batch.

        Raises:
            JournalError: the file cannot be read, or is damaged.
        """
        sql = "SELECT number, at, kind, batch, body FROM step WHERE batch = ? AND kind = 'answered'"

        def work(connection: sqlite3.Connection) -> dict[int, Answered]:
            rows = (row for batch in batches for row in connection.execute(sql, (batch,)))
            steps = (_step(number, row) for number, *row in rows)
            return {step.batch: step for step in steps if isinstance(step, Answered)}

        return await self._read(work)

    async def aclose(self) -> None:
        """Let go of the lock and close the file.

        Raises:
            JournalError: the file cannot be closed.
        """
        try:
            await self._database.unlock(_LOCK)
            await self._database.aclose()
        except DatabaseError as error:
            raise JournalError(f"the journal {self.path} cannot be closed: {error}") from error

    async def _write(self, work: Callable[[Any], None]) -> None:
        try:
            await self._database.do(work)
        except DatabaseError as error:
            raise JournalError(f"the journal {self.path} cannot be written: {error}") from error

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.to_thread(self._reading, work)

    def _reading(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do work on a connection of its own, which sees one moment of the file."""
        try:
            # Only one that may write removes SQLite's own files beside it when it is the last to close.
            address = f"{self.path.as_uri()}?mode=rw"
            with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)) as connection:
                connection.execute("BEGIN")
                return work(connection)
        except sqlite3.Error as error:
            raise JournalError(
                f"the journal {self.path} cannot be read: {error}; see that it is there, and that it and its folder "
                "may be read and written; a damaged one must be restored from a copy"
            ) from error
        except JournalError:
            raise
        except (TheirStackError, ValueError, TypeError, RecursionError) as error:
            raise JournalError(f"the journal {self.path} is damaged: {error}; restore it from a copy") from error

    def _begins_well(self) -> bool:
        """Return whether the file begins as SQLite's do, False where there is nothing."""
        try:
            with self.path.open("rb") as file:
                begin = file.read(len(_MAGIC))
        except FileNotFoundError:
            return False
        except OSError as error:
            raise JournalError(f"the journal {self.path} cannot be read: {error.strerror}") from error
        if begin and begin != _MAGIC:
            raise self._foreign()
        return bool(begin)

    def _is_journal(self, connection: sqlite3.Connection) -> bool:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if application != _APPLICATION:
            if application == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
                return False
            raise self._foreign()
        (format_,) = connection.execute("SELECT format FROM head").fetchone()
        if format_ != FORMAT:
            raise JournalError(
                f"the journal {self.path} has the format {format_}, and this release knows {FORMAT}; a newer release "
                "has written it: upgrade theirstack-async"
            )
        return True

    def _foreign(self) -> JournalError:
        return JournalError(f"{self.path} is no journal of a replay; nothing was changed in it; give another path")


def _step(number: int, row: Sequence[Any]) -> Step:
    try:
        return from_row(Row(*row))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"step {number}: {error}") from error


def _digest(head: str, bodies: Iterable[str]) -> str:
    """Return what shows that a plan is as it was written."""
    hashed = hashlib.sha256(head.encode())
    for body in bodies:
        hashed.update(body.encode())
    return hashed.hexdigest()
