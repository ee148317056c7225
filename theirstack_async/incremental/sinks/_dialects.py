"""How each database stores many rows at once: the types of columns, and the statements that measured fastest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import attrs

from theirstack_async.incremental.sinks._table import EXTRA, Kind, Table, quoted

Columns: TypeAlias = Sequence[Sequence[Any]]
"""The values of each column, all of one length."""


@attrs.frozen
class Target:
    """A table to store in, with the type that each of its columns has where it is made here."""

    name: str
    key: str
    """The column by which a row is told from others. One that comes again takes the place of the one before."""
    types: Mapping[str, str]

    @property
    def names(self) -> str:
        """The columns as they stand in a statement."""
        return quoted(self.types)

    def create(self) -> str:
        """Return the statement that makes the table when it is missing."""
        columns = (f'"{name}" {type_}{" PRIMARY KEY" * (name == self.key)}' for name, type_ in self.types.items())
        return f'CREATE TABLE IF NOT EXISTS "{self.name}" ({", ".join(columns)})'

    def add(self, name: str) -> str:
        """Return the statement that adds a column."""
        return f'ALTER TABLE "{self.name}" ADD COLUMN "{name}" {self.types[name]}'

    def look(self) -> str:
        """Return a statement whose description tells which columns there are."""
        return f'SELECT * FROM "{self.name}" LIMIT 0'  # noqa: S608 - names are checked

    def probe(self) -> str:
        """Return a statement that changes nothing, and fails where the key is not unique."""
        nothing = f'SELECT "{self.key}" FROM "{self.name}" WHERE 1 = 0'  # noqa: S608 - names are checked
        return f"{self.insert('key')}{nothing}{self.conflict} NOTHING"

    def insert(self, columns: Literal["all", "key"] = "all") -> str:
        """Return how a statement begins that stores rows."""
        return f'INSERT INTO "{self.name}" ({self.names if columns == "all" else quoted([self.key])}) '

    @property
    def conflict(self) -> str:
        """What comes before what is done with a row that is there already."""
        return f' ON CONFLICT ("{self.key}") DO'

    def replace(self) -> str:
        """Return how a statement ends that stores rows, and puts them in the place of those that are there."""
        changes = ", ".join(f'"{name}" = excluded."{name}"' for name in self.types if name != self.key)
        return f"{self.conflict} UPDATE SET {changes}"


@attrs.frozen
class Dialect:
    """What is particular to a database."""

    types: Mapping[Kind, str]
    bytes_type: str
    store: Callable[[Any, Target, Columns], None]
    """Stores rows over a connection, in the transaction that it is in."""
    forget: Callable[[Any, Target], None] = lambda _connection, _target: None
    """Forgets what was made for a table that has just been changed."""
    times_as_text: bool = False
    refuses_nul: bool = False
    folds_case: bool = True
    """Whether the names of columns that differ only in case are the same."""

    def rows_of(self, table: Table) -> Target:
        """Return where the rows of a table are stored."""
        types = {column.name: self.types[column.kind] for column in table.columns}
        return Target(table.name, table.key.name, {**types, EXTRA: self.types[Kind.JSON]})

    def rejects_of(self, table: Table) -> Target:
        """Return where that is stored which could not become a row of a table."""
        text = self.types[Kind.TEXT]
        return Target(table.rejects, "digest", {"digest": text, "id": text, "problems": text, "body": self.bytes_type})


def _store_sqlite(connection: Any, target: Target, columns: Columns) -> None:
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"{target.insert()}VALUES ({marks}){target.replace()}", zip(*columns, strict=True))


def _store_duckdb(connection: Any, target: Target, columns: Columns) -> None:
    # One statement: a statement a row takes many times as long.
    values = ", ".join(f"unnest(?::{type_}[])" for type_ in target.types.values())
    connection.execute(f"{target.insert()}SELECT {values}{target.replace()}", [list(each) for each in columns])


def _store_postgres(connection: Any, target: Target, columns: Columns) -> None:
    # A table of this connection's own, with the types that the columns really have: COPY is the fastest way in, and
    # takes no conflicts.
    new = _new(target)
    like = f'SELECT {target.names} FROM "{target.name}"'  # noqa: S608 - names are checked
    connection.execute(f'CREATE TEMPORARY TABLE IF NOT EXISTS "{new}" ON COMMIT DELETE ROWS AS {like} WITH NO DATA')
    with connection.cursor().copy(f'COPY "{new}" ({target.names}) FROM STDIN') as copy:
        for row in zip(*columns, strict=True):
            copy.write_row(row)
    rows = f'SELECT {target.names} FROM "{new}"'  # noqa: S608 - names are checked
    connection.execute(f"{target.insert()}{rows}{target.replace()}")


def _forget_postgres(connection: Any, target: Target) -> None:
    connection.execute(f'DROP TABLE IF EXISTS pg_temp."{_new(target)}"')


def _new(target: Target) -> str:
    return f"new_{target.name}"


_SQL_TYPES: Final = {
    Kind.INTEGER: "BIGINT",
    Kind.FLOAT: "DOUBLE PRECISION",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.INSTANT: "TIMESTAMP WITH TIME ZONE",
    Kind.TEXT: "TEXT",
}

DIALECTS: Final[Mapping[str, Dialect]] = {
    "sqlite": Dialect(
        types={
            **dict.fromkeys(Kind, "TEXT"),
            Kind.INTEGER: "INTEGER",
            Kind.FLOAT: "REAL",
            Kind.BOOLEAN: "INTEGER",
        },
        bytes_type="BLOB",
        store=_store_sqlite,
        times_as_text=True,
    ),
    "duckdb": Dialect(types={**_SQL_TYPES, Kind.JSON: "JSON"}, bytes_type="BLOB", store=_store_duckdb),
    "postgres": Dialect(
        types={**_SQL_TYPES, Kind.JSON: "JSONB"},
        bytes_type="BYTEA",
        store=_store_postgres,
        forget=_forget_postgres,
        refuses_nul=True,
        folds_case=False,
    ),
}
"""By :attr:`Database.dialect`."""
