"""Rows in a table of a database, each once, in one transaction with the acknowledgement."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import attrs

from theirstack_async._database.database import Database, DatabaseError
from theirstack_async.errors import DecodeError, SinkError
from theirstack_async.incremental._closing import Closing
from theirstack_async.incremental.sinks._cells import Cutter
from theirstack_async.incremental.sinks._dialects import DIALECTS, Dialect, Target
from theirstack_async.incremental.sinks._table import Table, check_name, table_of
from theirstack_async.incremental.state._sql import SQLState

if TYPE_CHECKING:
    from theirstack_async.incremental._batch import Batch
    from theirstack_async.models import Model


class SQLSink(Closing):
    """What :class:`SQLiteSink`, :class:`DuckDBSink` and :class:`PostgresSink` have in common."""

    def __init__(self, database: Database, table: str | None = None) -> None:
        """Args:
        database: where the table is.
        table: its name; by default ``jobs``, ``companies`` or ``events``.

        Raises:
            ArgumentError: ``table`` is no name for a table.
        """
        self._name: Final = None if table is None else check_name(table)
        self._database: Final = database
        self._state: Final = SQLState(database)
        self._writer: _Writer | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._database.where!r})"

    @property
    def name(self) -> str:
        """What and where it is. See :attr:`Sink.name`."""
        return f"{self!r}" if self._name is None else f"{self!r}, table {self._name}"

    @property
    def state(self) -> SQLState:
        """The state in the same database: pass it as ``state=``."""
        return self._state

    async def open(self, row_type: type[Model], saved: Mapping[str, Any] | None) -> None:  # noqa: ARG002
        """Make the tables where they are missing, and add the columns that they lack. See :meth:`Sink.open`.

        ``saved`` is not looked at: what a transaction left behind needs not be put back.

        Raises:
            ArgumentError: the rows are of a class for which the table must be named.
            SinkError: the table cannot be used, such as one whose ``id`` is not unique.
        """
        writer = _Writer(self._database, DIALECTS[self._database.dialect], table_of(row_type, self._name))
        await self._do(writer.prepare)
        self._writer = writer

    async def write(self, batch: Batch[Any]) -> None:
        """Store the rows and rejects of a batch, and acknowledge it. See :meth:`Sink.write`.

        Raises:
            SinkError: they cannot be stored. Nothing of the batch was, and it is not acknowledged.
            StateError: the acknowledgement cannot be saved.
        """
        if self._writer is None:
            raise SinkError(f"{self!r} is not open; await its open() first")
        store = partial(self._writer.store, batch.rows, batch.rejects)
        if batch.run.state is self._state:
            await batch.ack(within=store)
        else:
            await self._do(store)
            await batch.ack()

    async def flush(self) -> None:
        """Do nothing: what was written is stored."""

    async def aclose(self) -> None:
        """Close the database, the state's too. See :meth:`Sink.aclose`.

        Raises:
            SinkError: a run with the state of this sink is not over; leave its ``async with`` first.
        """
        try:
            await self._database.aclose()
        except DatabaseError as error:
            raise SinkError(f"{self._database.where} cannot be closed: {error}") from error.__cause__

    async def _do(self, work: Callable[[Any], None]) -> None:
        try:
            await self._database.do(work)
        except DatabaseError as error:
            raise SinkError(str(error)) from error.__cause__


class SQLiteSink(SQLSink):
    """A :class:`Sink` in a SQLite file: a table that is made when it is missing, and may have columns of your own.

    A row that comes again takes the place of the one with its ``id``. There is a column for each field; a model within
    is spread over columns of its own, such as ``company_object_name``. Lists and the payloads of events are JSON.
    Columns that a newer release knows are added; those that it has no more stay, NULL for new rows.

    Nothing is left out. ``_extra`` has the fields that this release does not know (with ``keep_unknown_fields=True``),
    as a JSON object. What a column cannot hold, such as a whole number beyond 64 bits, is NULL there, a character that
    the database refuses is U+FFFD there, and ``_extra`` has the exact value as JSON text under ``_exact``, by the name
    of the column. JSON that the API sent and that is none is a JSON text that holds it. What could not become a row is
    in a second table, ``<table>_rejects``, once for its bytes: its ``id`` where it could be read, its ``problems``, and
    its ``body``; so are rows with an id that the table cannot hold.

    With ``state=sink.state`` the rows of a batch and their acknowledgement are one transaction, so each row is stored
    exactly once, whatever dies. With another state the rows are stored first and then acknowledged: some may come
    twice after a crash, and take the place of themselves.

    Days and instants are ISO 8601 texts, instants in UTC with microseconds and ``Z``, so that their order is that of
    time; lists are JSON texts.

    Args:
        path: the file; it is made when it is missing, its folder is not.
        table: the table's name; by default ``jobs``, ``companies`` or ``events``.

    Raises:
        ArgumentError: ``table`` is no name for a table.
    """

    def __init__(self, path: str | os.PathLike[str], table: str | None = None) -> None:
        from theirstack_async._database.sqlite import SQLiteDatabase

        super().__init__(SQLiteDatabase(path), table)


class DuckDBSink(SQLSink):
    """A :class:`Sink` in a DuckDB file (the extra ``duckdb``). What :class:`SQLiteSink` says of its table holds here.

    Days, instants and JSON have types of their own. To fetch an instant (``TIMESTAMP WITH TIME ZONE``) as a Python
    object, DuckDB needs the package ``pytz``. One process at a time can have the file open. A batch of 500 rows takes
    not much longer than one of 100, so ask for large pages.

    Args:
        path: the file; it is made when it is missing, its folder is not.
        table: the table's name; by default ``jobs``, ``companies`` or ``events``.

    Raises:
        ArgumentError: ``table`` is no name for a table.
        ConfigurationError: the package ``duckdb`` is not installed.
    """

    def __init__(self, path: str | os.PathLike[str], table: str | None = None) -> None:
        from theirstack_async._database.duckdb import DuckDBDatabase

        super().__init__(DuckDBDatabase(path), table)


class PostgresSink(SQLSink):
    """A :class:`Sink` in a PostgreSQL database (the extra ``postgres``).

    What :class:`SQLiteSink` says of its table holds here. Days and instants have types of their own, and JSON is
    ``jsonb``. Rows go through a temporary table, so a pooler must leave the connection to the sink, and its user must
    be allowed to make temporary tables.

    Args:
        url: ``postgresql://user:password@host:5432/database``, or a connection string of libpq.
        table: the table's name in the first schema of the search path; by default ``jobs``, ``companies`` or
            ``events``.

    Raises:
        ArgumentError: ``table`` is no name for a table, or ``url`` is no address.
        ConfigurationError: the package ``psycopg`` is not installed.
    """

    def __init__(self, url: str, table: str | None = None) -> None:
        from theirstack_async._database.postgres import PostgresDatabase

        super().__init__(PostgresDatabase(url), table)


class _Writer:
    """Stores rows of one class. Its methods are called in the database's thread, in a transaction."""

    def __init__(self, database: Database, dialect: Dialect, table: Table) -> None:
        self._database: Final = database
        self._dialect: Final = dialect
        self._cutter: Final = Cutter(table, dialect.times_as_text, dialect.refuses_nul)
        self._rows: Final = dialect.rows_of(table)
        self._rejects: Final = dialect.rejects_of(table)

    def prepare(self, connection: Any) -> None:
        """Make the tables ready."""
        if self._database.schema_lock is not None:
            connection.execute(self._database.schema_lock)
        for target in (self._rows, self._rejects):
            try:
                self._prepare(connection, target)
            except self._database.errors as error:
                raise self._trouble(
                    target, f"cannot be used: {_said(error)}; see that it is a table that may be written and changed"
                ) from error

    def store(self, rows: Sequence[Any], rejects: Iterable[DecodeError], connection: Any) -> None:
        """Store rows, and what could not become rows."""
        cells = self._cutter.cut(rows)
        rejected = [_Reject.of(error) for error in rejects]
        rejected += [_Reject.left_out(row, self._cutter.document(row)) for row in cells.left_out]
        self._put(connection, self._rows, cells.columns)
        by_digest = {each.digest: each.cells(self._cutter.clean) for each in rejected}
        self._put(connection, self._rejects, list(zip(*by_digest.values(), strict=True)))

    def _prepare(self, connection: Any, target: Target) -> None:
        connection.execute(target.create())
        found = {self._folded(column[0]) for column in connection.execute(target.look()).description}
        if target.key not in found:
            raise self._trouble(target, f"has no column {target.key}; name another table with table=, or rename it")
        for name in target.types:
            if self._folded(name) not in found:
                connection.execute(target.add(name))
        self._dialect.forget(connection, target)
        try:
            connection.execute(target.probe())
        except self._database.errors as error:
            raise self._trouble(
                target,
                f"cannot take the place of rows by {target.key}: {_said(error)}; make that its primary key, or give "
                "it a unique index, or name another table with table=",
            ) from error

    def _put(self, connection: Any, target: Target, columns: Sequence[Sequence[Any]]) -> None:
        if not columns or not columns[0]:
            return
        try:
            self._dialect.store(connection, target, columns)
        except self._database.errors as error:
            raise self._trouble(
                target,
                f"did not take the rows: {_said(error)}. None of them is acknowledged; where a column has another type "
                "than its values, change it, or name another table with table=",
            ) from error

    def _trouble(self, target: Target, what: str) -> SinkError:
        return SinkError(f"the table {target.name} in {self._database.where} {what}")

    def _folded(self, name: str) -> str:
        return name.lower() if self._dialect.folds_case else name


@attrs.frozen
class _Reject:
    """What could not become a row."""

    body: bytes
    problems: str
    id: str | None

    @classmethod
    def of(cls, error: DecodeError) -> _Reject:
        return cls(error.body, "\n".join(map(str, error.problems)) or str(error), _id_in(error.body))

    @classmethod
    def left_out(cls, row: Any, document: str) -> _Reject:
        return cls(document.encode(), "id: the table cannot hold it", str(row.id))

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    def cells(self, clean: Callable[[str], str]) -> tuple[Any, ...]:
        return self.digest, None if self.id is None else clean(self.id), clean(self.problems), self.body


def _said(error: Exception) -> str:
    """Return a driver's message on one line."""
    return " ".join(str(error).split()).rstrip(".")


def _id_in(body: bytes) -> str | None:
    """Return the id of a row that did not decode, where it can be read."""
    try:
        found = json.loads(body.decode("utf-8", "surrogateescape"), strict=False)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return str(found) if type(found) in (int, str) else None
