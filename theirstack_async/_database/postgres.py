"""A PostgreSQL database, for states and sinks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from theirstack_async._database.database import DatabaseError, ended_within
from theirstack_async._database.thread import ThreadedDatabase, closer_of
from theirstack_async._values import Secret
from theirstack_async.errors import ArgumentError, ConfigurationError

if TYPE_CHECKING:
    from psycopg import Connection, Cursor, Error

    _Row = tuple[Any, ...]

T = TypeVar("T")

_PATIENCE: Final = "10"
"""Seconds to wait for a connection, unless the address says otherwise."""


class PostgresDatabase(ThreadedDatabase["_Engine"]):
    """A :class:`Database` on a PostgreSQL server (the extra ``postgres``).

    Locks are advisory ones of the session. A connection that was lost is made anew by the next transaction, and the
    locks that it had are taken again; where somebody else has one of them by then, that is an error. How a commit
    ended whose answer was lost nobody knows: it is an error too.

    Args:
        url: ``postgresql://user:password@host:5432/database``, or a connection string of libpq.

    Raises:
        ConfigurationError: the package ``psycopg`` is not installed.
        ArgumentError: the address is none.
    """

    dialect: Literal["postgres"] = "postgres"
    placeholder: str = "%s"
    # Two transactions that make one table at once trip over each other in the catalog, IF NOT EXISTS or not.
    schema_lock: str | None = "SELECT pg_advisory_xact_lock(8386093291811861363)"

    def __init__(self, url: str) -> None:
        conninfo = Secret(url)
        parts = _parts(conninfo)
        host = parts.get("host") or parts.get("hostaddr") or "the default host"
        self.where: Final = f"the PostgreSQL database {parts.get('dbname', '')!r} at {host}:{parts.get('port', 5432)}"
        super().__init__(partial(_Engine, conninfo, self.where))

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """The driver's errors."""
        from psycopg import Error

        return (Error,)


class _Engine:
    def __init__(self, conninfo: Secret, where: str) -> None:
        self._conninfo: Final = conninfo
        self._where: Final = where
        self._connection: Connection[_Row] | None = None
        self._closer: Callable[[], object] | None = None
        self._held: Final[set[str]] = set()

    def transact(self, work: Callable[[Any], T]) -> T:
        from psycopg import Error
        from psycopg.pq import TransactionStatus

        connection, _ = self._first("BEGIN")
        doing = "used"
        try:
            result = work(connection)
            # COMMIT is no error after a failed statement, although it undoes everything.
            if connection.info.transaction_status != TransactionStatus.INTRANS:
                raise ended_within(self._where)
            doing = "asked whether the last change was committed"
            connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back(connection)
            if isinstance(error, Error):
                raise self._failed(error, doing) from error
            raise
        return result

    def take(self, key: str) -> bool:
        if key in self._held:
            # The server would give it to a session twice.
            return False
        _, cursor = self._first("SELECT pg_try_advisory_lock(%s)", (_number(key),))
        if taken := _is_true(cursor):
            self._held.add(key)
        return taken

    def drop(self, key: str) -> None:
        from psycopg import Error

        if key in self._held and self._connection is not None:
            try:
                self._connection.execute("SELECT pg_advisory_unlock(%s)", (_number(key),))
            except Error:
                # It ends with the connection. Others that this had are taken again with the next one.
                self._disconnect()
        self._held.discard(key)

    def close(self) -> None:
        self._held.clear()
        self._disconnect()

    def _first(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Connection[_Row], Cursor[_Row]]:
        """Execute the first statement of many, once more where it shows that the connection was lost long ago."""
        from psycopg import Error

        is_new = self._connection is None
        try:
            connection = self._opened()
            return connection, connection.execute(sql.encode(), parameters)
        except Error as error:
            self._disconnect()
            if is_new:
                raise self._failed(error) from error
        return self._first(sql, parameters)

    def _opened(self) -> Connection[_Row]:
        if self._connection is None:
            from psycopg import connect
            from psycopg.conninfo import make_conninfo

            options = {"connect_timeout": _PATIENCE, **_parts(self._conninfo)}
            self._connection = connect(make_conninfo("", **options), autocommit=True)
            self._closer = closer_of(self, self._connection.close)
            for key in self._held:
                if not _is_true(self._connection.execute("SELECT pg_try_advisory_lock(%s)", (_number(key),))):
                    self._disconnect()
                    raise DatabaseError(
                        f"the connection to {self._where} was lost, and another run took the profile {key} meanwhile; "
                        "let that one end, and begin this one again"
                    )
        return self._connection

    def _roll_back(self, connection: Connection[_Row]) -> None:
        from psycopg import Error

        try:
            connection.execute("ROLLBACK")
        except Error:
            # The server does it by itself when a connection ends.
            self._disconnect()

    def _disconnect(self) -> None:
        if self._closer is not None:
            self._closer()
        self._connection = self._closer = None

    def _failed(self, error: Error, what: str = "used") -> DatabaseError:
        return DatabaseError(
            f"{self._where} cannot be {what}: {' '.join(str(error).split()).rstrip('.')}; see that it runs, that the "
            "address is right, and that its user may create tables and write"
        )


def _parts(conninfo: Secret) -> dict[str, Any]:
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise ConfigurationError(
            "PostgreSQL needs the package psycopg: pip install 'theirstack-async[postgres]'"
        ) from error
    try:
        return dict(conninfo_to_dict(conninfo.reveal()))
    except ProgrammingError:
        # Without the error, whose text may hold the password.
        raise ArgumentError(
            "expected an address such as postgresql://user:password@localhost:5432/database", field="url"
        ) from None


def _is_true(cursor: Cursor[_Row]) -> bool:
    return cursor.fetchone() == (True,)


def _number(key: str) -> int:
    """Return the number that stands for a key: locks of a server are known by 64 bits."""
    digest = hashlib.sha256(f"theirstack-async {key}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
