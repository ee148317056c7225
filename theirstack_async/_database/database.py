"""A database as states and sinks see it: one connection in a thread of its own, and one transaction at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol, TypeVar

T = TypeVar("T")


class DatabaseError(Exception):
    """The driver's error, which is the cause, said for people: which database, what happened, what to do.

    It never leaves this package: a state makes a StateError of it, and a sink a SinkError.
    """

    def __init__(self, message: str, *, locked: bool = False) -> None:
        super().__init__(message)
        self.locked = locked
        """Whether another program has the database to itself."""


def ended_within(where: str) -> DatabaseError:
    """Return the error of work after which its transaction can no longer be committed."""
    return DatabaseError(
        f"the transaction in {where} failed, or was ended, by what was done within it; leave BEGIN, COMMIT and "
        "ROLLBACK to the one who began it, and let errors of the database out"
    )


class Connection(Protocol):
    """What of a driver's connection is used; placeholders are those of :attr:`Database.placeholder`."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Any: ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any: ...


class Database(Protocol):
    """A database that is reached over one connection, in a thread of its own."""

    @property
    def dialect(self) -> Literal["sqlite", "duckdb", "postgres"]:
        """Whose SQL it speaks."""
        ...

    @property
    def placeholder(self) -> str:
        """What stands for a value in a statement: ``?`` or ``%s``."""
        ...

    @property
    def where(self) -> str:
        """What and where it is, for messages, such as ``the SQLite file /data/jobs.db``; never a password."""
        ...

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """The driver's errors, for work that explains them better than :class:`DatabaseError` can."""
        ...

    @property
    def schema_lock(self) -> str | None:
        """A statement to execute before tables are made, where two who make them at once get in each other's way."""
        ...

    async def do(self, work: Callable[[Any], T]) -> T:
        """Return what ``work(connection)`` does, in one transaction that any exception undoes.

        It is run to its end when the caller is cancelled; the cancellation is raised then.

        Raises:
            DatabaseError: for an error of the driver, inside ``work`` or around it. Others come out as they are.
        """
        ...

    async def lock(self, key: str, wait: float) -> bool:
        """Take a lock that a dead process does not hold, within so many seconds. Return whether it was had.

        Raises:
            DatabaseError: the database cannot be reached.
        """
        ...

    async def unlock(self, key: str) -> None:
        """Let go of a lock; one that is not held is no error."""
        ...

    async def aclose(self) -> None:
        """Close the connection. A further call opens it again.

        Raises:
            DatabaseError: a lock is held.
        """
        ...
