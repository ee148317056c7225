"""What a store of rate windows and budgets must be able to do: change one small document, atomically."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")

Document: TypeAlias = dict[str, Any]
"""What is kept under one key: anything that JSON can hold, some kilobytes at most."""

Change: TypeAlias = Callable[[Document, float], T]
"""A function that changes a document in place. It is given the store's time, in seconds, and returns what it likes."""


class QuotaStore(Protocol):
    """A store of small documents with one operation. All that is known of windows and budgets is pure functions on it.

    ``theirstack_async.testing.quota_suite`` holds the tests that a store has to pass.
    """

    async def update(self, key: str, change: Change[T]) -> T:
        """Apply ``change(document, now)`` atomically, and return what it returned.

        The document is ``{}`` at first. ``now`` is the store's own time in seconds: one time for all processes that
        share the store, which never goes back behind the last change of that key; only differences of it mean
        anything. ``change`` may be called more than once when another process was faster, so it depends on its
        arguments alone, touches nothing else, and may run in another thread. If it raises, the document stays as it
        was and the error goes to the caller; it must raise before it changes anything, for a store need not copy.

        A cancellation of the caller never leaves the document half written. The caller does not know then whether
        the change happened.

        Raises:
            QuotaError: the store cannot be reached or read. The change may have happened: give it something to tell a
                repetition by where that matters.
        """
        ...

    async def aclose(self) -> None:
        """Let go of files and connections. What is kept stays; a further update opens the store again."""
        ...
