"""The default: windows and budgets of one process, in a dictionary."""

from __future__ import annotations

from typing import Final, TypeVar

from theirstack_async._clock import Clock, SystemClock
from theirstack_async.quota._store import Change, Document

T = TypeVar("T")


class MemoryQuota:
    """A :class:`QuotaStore` for the tasks of one process, kept in memory. It never suspends and never fails.

    Args:
        clock: whose ``monotonic()`` is the store's time; the machine's own by default.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock: Final[Clock] = clock or SystemClock()
        self._documents: Final[dict[str, Document]] = {}

    async def update(self, key: str, change: Change[T]) -> T:
        """Apply ``change`` to the document of ``key``, and return what it returned. See :class:`QuotaStore`."""
        return change(self._documents.setdefault(key, {}), self._clock.monotonic())

    async def aclose(self) -> None:
        """Do nothing: there is nothing to let go of, and what is kept stays."""
