"""A database as states and sinks see it: one connection in a thread of its own, and one transaction at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Connection(Protocol):
    """What of a driver's connection is used; placeholders are those of :attr:`Database.placeholder`."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Any: ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any: ...


class Database(Protocol):
    """A database that is reached over one connection, in a thread of its own."""

    placeholder: str
    """What stands for a value in a statement: ``?`` or ``%s``."""

    async def do(self, work: Callable[[Any], T]) -> T:
        """Return what ``work(connection)`` does, in one transaction that any exception undoes.

        It is run to its end when the caller is cancelled; the cancellation is raised then.
        """
        ...

    async def lock(self, key: str, wait: float) -> bool:
        """Take a lock that a dead process does not hold, within so many seconds. Return whether it was had."""
        ...

    async def unlock(self, key: str) -> None:
        """Let go of a lock; one that is not held is no error."""
        ...

    async def aclose(self) -> None:
        """Close the connection. A further call opens it again."""
        ...
