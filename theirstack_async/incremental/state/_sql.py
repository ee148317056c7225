"""The state of incremental extractions in a database: SQLite's file, or a PostgreSQL server."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from theirstack_async._database.database import Database, DatabaseError
from theirstack_async._database.postgres import PostgresDatabase
from theirstack_async._database.sqlite import SQLiteDatabase
from theirstack_async.errors import StateError, StateLockedError
from theirstack_async.incremental._closing import Closing
from theirstack_async.incremental.state._saved import check_document, conflict, locked
from theirstack_async.incremental.state._state import SavedState, StateChange, Within

T = TypeVar("T")

# Tables of their own, so that the database may hold other things too. An id is JSON text: 12 is not "12".
_TABLES: Final = (
    """
    CREATE TABLE IF NOT EXISTS theirstack_state
    (key TEXT PRIMARY KEY, revision BIGINT NOT NULL, document TEXT NOT NULL)
    """,
    """
    CREATE TABLE IF NOT EXISTS theirstack_seen
    (key TEXT NOT NULL, id TEXT NOT NULL, "at" FLOAT8 NOT NULL, PRIMARY KEY (key, id))
    """,
)
_LOAD: Final = "SELECT revision, document FROM theirstack_state WHERE key = ?"
_LOAD_SEEN: Final = 'SELECT id, "at" FROM theirstack_seen WHERE key = ?'
_LOAD_ALL: Final = "SELECT key, document FROM theirstack_state ORDER BY key"
_SAVE_FIRST: Final = "INSERT INTO theirstack_state VALUES (?, 1, ?)"
_SAVE: Final = "UPDATE theirstack_state SET revision = ?, document = ? WHERE key = ? AND revision = ?"
_KEEP: Final = """
INSERT INTO theirstack_seen VALUES (?, ?, ?) ON CONFLICT (key, id) DO UPDATE SET "at" = excluded."at"
"""
# All rows in one statement, for databases that take much longer for a statement a row.
_KEEP_ALL: Final = """
INSERT INTO theirstack_seen SELECT ?::TEXT, unnest(?::TEXT[]), unnest(?::FLOAT8[])
ON CONFLICT (key, id) DO UPDATE SET "at" = excluded."at"
"""
_DROP_OLD: Final = 'DELETE FROM theirstack_seen WHERE key = ? AND "at" < ?'
_FORGET: Final = ("DELETE FROM theirstack_seen WHERE key = ?", "DELETE FROM theirstack_state WHERE key = ?")


class SQLState(Closing):
    """An :class:`IncrementalState` in two tables of a database, which may hold other things too.

    Args:
        database: where. It may be one that a sink uses as well, whose rows are then stored with their acknowledgement.
    """

    def __init__(self, database: Database) -> None:
        self.database: Final = database
        """Where the state is."""
        self._tables_of: object = None

    async def acquire(self, key: str, *, wait: float = 0.0) -> None:
        """Take a profile for one run. See :meth:`IncrementalState.acquire`."""
        try:
            taken = await self.database.lock(key, wait)
        except DatabaseError as error:
            raise (StateLockedError if error.locked else StateError)(str(error)) from error.__cause__
        if not taken:
            raise locked(await self._label(key), self.database.where, wait)

    async def release(self, key: str) -> None:
        """Let go of a profile. See :meth:`IncrementalState.release`."""
        await self.database.unlock(key)

    async def load(self, key: str) -> SavedState:
        """Return what was saved last. See :meth:`IncrementalState.load`."""

        def work(connection: Any) -> SavedState:
            row = connection.execute(self._sql(_LOAD), (key,)).fetchone()
            if row is None:
                return SavedState()
            seen = connection.execute(self._sql(_LOAD_SEEN), (key,)).fetchall()
            # One text for all: there may be a million.
            ids = self._read(f"[{','.join(text for text, _ in seen)}]")
            instants = [at for _, at in seen]
            if not (set(map(type, ids)) <= {int, str} and set(map(type, instants)) <= {int, float}):
                raise StateError(
                    f"theirstack_seen in {self.database.where} holds ids of the profile {key} that no release writes; "
                    "restore it from a copy"
                )
            return SavedState(row[0], self._document(row[1]), dict(zip(ids, instants, strict=True)))

        return await self._do(work)

    async def save(self, key: str, change: StateChange, *, within: Within | None = None) -> None:
        """Save a change, all of it or nothing, with what ``within`` does. See :meth:`IncrementalState.save`."""
        document = json.dumps(change.document, separators=(",", ":"))
        seen = [(key, json.dumps(each), at) for each, at in change.seen.items()]
        failures: list[Exception] = []

        def work(connection: Any) -> None:
            self._check_revision(connection, key, change.revision)
            if within is not None:
                try:
                    within(connection)
                except Exception as error:
                    failures.append(error)
                    raise
            self._remember(connection, key, seen)
            if change.forget_before is not None:
                connection.execute(self._sql(_DROP_OLD), (key, change.forget_before))
            self._write(connection, key, change.revision, document)

        try:
            await self._do(work)
        except StateError:
            if not failures:
                raise
        if failures:
            # It was one of the driver's, but of a statement that is not ours.
            raise failures[0]

    async def profiles(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the document of each profile by its key. See :meth:`IncrementalState.profiles`."""

        def work(connection: Any) -> dict[str, Mapping[str, Any]]:
            rows = connection.execute(_LOAD_ALL).fetchall()
            return {key: self._document(document) for key, document in rows}

        return await self._do(work)

    async def forget(self, key: str) -> None:
        """Forget a profile. See :meth:`IncrementalState.forget`."""

        def work(connection: Any) -> None:
            for statement in _FORGET:
                connection.execute(self._sql(statement), (key,))

        await self._do(work)

    async def aclose(self) -> None:
        """Close the database, a sink's too. See :meth:`IncrementalState.aclose`."""
        try:
            await self.database.aclose()
        except DatabaseError as error:
            raise StateError(f"{self.database.where} cannot be closed: {error}") from error.__cause__

    async def _do(self, work: Callable[[Any], T]) -> T:
        def prepared(connection: Any) -> tuple[Any, T]:
            if connection is not self._tables_of:
                if self.database.schema_lock is not None:
                    connection.execute(self.database.schema_lock)
                for table in _TABLES:
                    connection.execute(table)
            return connection, work(connection)

        try:
            # Noted once it is committed: a transaction that is undone takes its tables along.
            self._tables_of, result = await self.database.do(prepared)
        except DatabaseError as error:
            raise (StateLockedError if error.locked else StateError)(str(error)) from error.__cause__
        return result

    def _sql(self, statement: str) -> str:
        return statement.replace("?", self.database.placeholder)

    def _check_revision(self, connection: Any, key: str, revision: int) -> None:
        row = connection.execute(self._sql(_LOAD), (key,)).fetchone()
        saved = 0 if row is None else row[0]
        if saved != revision:
            raise conflict(key, self.database.where, revision, saved)

    def _remember(self, connection: Any, key: str, seen: list[tuple[str, str, float]]) -> None:
        if not seen:
            return
        if self.database.dialect == "sqlite":
            connection.executemany(self._sql(_KEEP), seen)
        else:
            lists = [text for _, text, _ in seen], [at for _, _, at in seen]
            connection.execute(self._sql(_KEEP_ALL), (key, *lists))

    def _write(self, connection: Any, key: str, revision: int, document: str) -> None:
        if revision == 0:
            connection.execute(self._sql(_SAVE_FIRST), (key, document))
            return
        written = connection.execute(self._sql(_SAVE), (revision + 1, document, key, revision))
        if written.rowcount == 0:
            # PostgreSQL lets another transaction in between; SQLite does not, and DuckDB fails by itself.
            raise conflict(key, self.database.where, revision, None)

    def _document(self, text: str) -> Mapping[str, Any]:
        return check_document(self._read(text), self.database.where)

    def _read(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise StateError(
                f"what theirstack_state or theirstack_seen holds in {self.database.where} is no JSON: {error}; restore "
                "it from a copy"
            ) from error

    async def _label(self, key: str) -> str:
        """Return what tells people which profile it is.

        Raises:
            StateLockedError: another program has the database to itself, which need not be a run.
        """
        try:
            saved = await self.load(key)
        except StateLockedError as error:
            raise StateLockedError(f"{error}, or wait for it with wait=") from error.__cause__
        except StateError:
            return key
        return str(saved.document.get("label") or key)


class SQLiteState(SQLState):
    """The state in a SQLite file, for the processes of one machine: the one to begin with.

    What was saved survives a crash of the program and of the machine. The work is done in a thread of the object's own,
    so the event loop never waits for the disk. A profile is held by a lock on a file beside it, such as
    ``state.db.0123456789abcdef.lock``, which ends with the process. None of it holds on network file systems.

    Args:
        path: the file; it is made when it is missing, its folder is not. It may hold other tables too.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(SQLiteDatabase(path))

    def __repr__(self) -> str:
        return f"SQLiteState({self.database.where!r})"


class PostgresState(SQLState):
    """The state in a PostgreSQL database, for any number of machines (the extra ``postgres``).

    A profile is held by a session's advisory lock, which ends with the connection. After a lost one it is taken anew,
    unless another run was faster. A pooler that gives a transaction any session it has does not keep such locks; what
    two runs would then overwrite is still found by the revision, and refused.

    Args:
        url: ``postgresql://user:password@host:5432/database``, or a connection string of libpq.

    Raises:
        ConfigurationError: the package ``psycopg`` is not installed.
        ArgumentError: the address is none.
    """

    def __init__(self, url: str) -> None:
        super().__init__(PostgresDatabase(url))

    def __repr__(self) -> str:
        return f"PostgresState({self.database.where!r})"
