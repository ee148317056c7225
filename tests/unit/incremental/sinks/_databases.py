"""The places where rows go, a stand-in for PostgreSQL among them, and a run that acknowledges in a state."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import attrs

from theirstack_async._database.database import DatabaseError
from theirstack_async.incremental import StateChange
from theirstack_async.incremental._batch import Batch
from theirstack_async.incremental.sinks._sql import SQLSink
from theirstack_async.incremental.state._state import Within
from theirstack_async.models import Model

T = TypeVar("T")
KEY: Final = "0123456789abcdef"


@attrs.define(eq=False)
class Run:
    """Saves what is acknowledged in a state, as a real run does, or only notes it where there is none."""

    state: Any = None
    revision: int = 0
    acknowledged: list[int | str] = attrs.field(factory=list[int | str])
    error: Exception | None = None
    """Raised by the next acknowledgement, in place of it."""

    def batch(self, *rows: Model, **fields: Any) -> Batch[Any]:
        return Batch(run=self, number=1, rows=list(rows), **fields)

    async def ack(
        self, batches: Sequence[Batch[Any]], *, within: Within | None = None, note: Mapping[str, Any] | None = None
    ) -> None:
        assert note is None
        ids = [row.id for batch in batches for row in batch.rows]
        if self.error is not None:
            raise self.error
        if self.state is None:
            assert within is None
        else:
            change = StateChange(self.revision, {"format": 1}, dict.fromkeys(ids, 0.0))
            await self.state.save(KEY, change, within=within)
        self.revision += 1
        self.acknowledged += ids


class _Copy:
    """What psycopg's COPY takes rows with."""

    def __init__(self, connection: sqlite3.Connection, sql: str) -> None:
        match = re.fullmatch(r'COPY ("\w+") \((.*)\) FROM STDIN', sql)
        assert match, sql
        marks = ", ".join("?" * (match[2].count(",") + 1))
        self._statement = f"INSERT INTO temp.{match[1]} ({match[2]}) VALUES ({marks})"
        self._connection = connection

    def write_row(self, row: Sequence[Any]) -> None:
        for value in row:
            # What PostgreSQL refuses.
            assert not isinstance(value, str) or "\0" not in value
        self._connection.execute(self._statement, [_adapted(value) for value in row])


class _Cursor:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @contextmanager
    def copy(self, sql: str) -> Generator[_Copy, None, None]:
        yield _Copy(self._connection, sql)


class _Connection:
    """As much of psycopg's connection as a sink uses, over SQLite."""

    def __init__(self) -> None:
        self.sqlite = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.statements: list[str] = []

    def execute(self, sql: str) -> Any:
        self.statements.append(sql)
        if sql.startswith("SELECT pg_"):
            return None
        sql = re.sub(r" ON COMMIT DELETE ROWS AS (.*) WITH NO DATA", r" AS \1 WHERE 0", sql)
        sql = re.sub(r'(FROM "\w+") ON CONFLICT', r"\1 WHERE true ON CONFLICT", sql).replace("pg_temp.", "temp.")
        return self.sqlite.execute(sql)

    def cursor(self) -> _Cursor:
        return _Cursor(self.sqlite)


class StandIn:
    """A database that speaks of itself as PostgreSQL, and is SQLite in memory."""

    dialect: Final = "postgres"
    placeholder: Final = "%s"
    where: Final = "the PostgreSQL database that is none"
    errors: Final[tuple[type[Exception], ...]] = (sqlite3.Error,)
    schema_lock: Final = "SELECT pg_advisory_xact_lock(1)"

    def __init__(self) -> None:
        self.connection = _Connection()

    async def do(self, work: Callable[[Any], T]) -> T:
        sqlite = self.connection.sqlite
        sqlite.execute("BEGIN")
        try:
            result = work(self.connection)
        except BaseException as error:
            sqlite.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise DatabaseError(f"{self.where} cannot be used") from error
            raise
        for (name,) in sqlite.execute("SELECT name FROM temp.sqlite_master").fetchall():
            sqlite.execute(f'DELETE FROM temp."{name}"')
        sqlite.execute("COMMIT")
        return result

    async def lock(self, key: str, wait: float) -> bool:
        return True

    async def unlock(self, key: str) -> None:
        """Do nothing: nobody holds it."""

    async def aclose(self) -> None:
        self.connection.sqlite.close()


def _adapted(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, float, str, bytes)) else str(value)


async def ask(sink: SQLSink, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows that a statement finds in a sink's database."""

    def work(connection: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(sql).fetchall()]

    return await sink.state.database.do(work)


async def tell(sink: SQLSink, *statements: str) -> None:
    """Execute statements in a sink's database."""

    def work(connection: Any) -> None:
        for sql in statements:
            connection.execute(sql)

    await sink.state.database.do(work)
