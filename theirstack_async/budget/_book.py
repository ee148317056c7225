"""A budget's ledger in its store: every change of it goes through here."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

from theirstack_async._engine import ledger
from theirstack_async._engine.ledger import Busy, Demand, Document, Full, Standing
from theirstack_async._tasks import run_to_end
from theirstack_async.budget._line import Line
from theirstack_async.budget._messages import lost
from theirstack_async.errors import ConfigurationError, QuotaError
from theirstack_async.hooks import logger
from theirstack_async.quota import Change, MemoryQuota, QuotaStore

T = TypeVar("T")

Step: TypeAlias = Callable[[Document, float], None]
"""A change of the ledger that may be applied again: applied twice it does the same as once."""


class Book:
    """The ledger called ``name`` in a store, for the tasks of one event loop at a time; in memory without a store."""

    def __init__(self, name: str, store: QuotaStore | None) -> None:
        self.name: Final = name
        self.alone: Final = store is None
        """Whether no other budget can change the ledger."""
        self.seen = Standing()
        """What the ledger said when it was last seen."""
        self.line = Line()
        """The calls that wait for credits."""
        self._store: Final[QuotaStore] = MemoryQuota() if store is None else store
        self._kept: list[deque[Step]] = []
        self._warned = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self) -> None:
        """Make sure that the running event loop is the one that uses the budget.

        Raises:
            ConfigurationError: another one does.
        """
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._loop is not None and not self._loop.is_closed():
            raise ConfigurationError(
                f"budget {self.name!r} is in use on another event loop; make one budget a loop, over the same store"
            )
        self._loop, self.line = loop, Line()

    async def look(self) -> Standing:
        """Return what the ledger says now.

        Raises:
            QuotaError: the store cannot be reached.
        """
        return await self.change(ledger.read)

    async def change(self, change: Change[T]) -> T:
        """Change the ledger, after what was kept while the store was down, and return what the change returns.

        Raises:
            QuotaError: the store cannot be reached.
        """
        self.enter()
        return await self._finish(self._catch_up_and(change))

    async def take(self, ticket: str, demand: Demand, *, room: int, lease: float, wait: bool) -> int | Busy | Full:
        """Hold credits, see :func:`ledger.take`. When this raises, nothing is held, or will not be for long.

        Raises:
            QuotaError: the store cannot be reached.
        """
        release = partial(ledger.release, ticket=ticket)
        try:
            return await self.change(
                partial(ledger.take, ticket=ticket, demand=demand, room=room, lease=lease, wait=wait)
            )
        except QuotaError:
            # It may have been noted for all that, which is told to the store when it can be reached again.
            self._kept.append(deque([release]))
            raise
        except asyncio.CancelledError:
            await self.note(release)
            raise

    async def note(self, *steps: Step) -> None:
        """Apply steps one after the other, whoever is cancelled. Never raises QuotaError: they are kept for later."""
        self.enter()
        try:
            await self._finish(self._catch_up(deque(steps)))
        except QuotaError as error:
            if not self._warned:
                logger.warning(
                    "budget %r: %s. What calls cost is kept in memory and told to the store before the next billed "
                    "call; until then no billed call is sent",
                    self.name,
                    error,
                )
            self._warned = True

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        # The store in memory never suspends, so nothing can be cancelled in the middle.
        return await (work if isinstance(self._store, MemoryQuota) else run_to_end(work))

    async def _catch_up_and(self, change: Change[T]) -> T:
        await self._catch_up()
        return await self._update(change)

    async def _catch_up(self, *latest: deque[Step]) -> None:
        """Apply what was kept and then the latest; what cannot be applied is kept."""
        entries = deque([*self._kept, *latest])
        self._kept = []
        try:
            while entries:
                # A step is dropped when it is known to have been applied, and until then may be applied again. So the
                # next step of an entry is never applied before it, nor in one go with it.
                while steps := entries[0]:
                    await self._update(steps[0])
                    steps.popleft()
                entries.popleft()
        finally:
            self._kept[:0] = entries

    async def _update(self, change: Change[T]) -> T:
        known = self.seen

        def apply(doc: Document, now: float) -> tuple[T, Standing]:
            if ledger.has_lost(doc, known):
                raise lost(self.name, known)
            return change(doc, now), ledger.read(doc, now)

        result, seen = await self._store.update(f"budget:{self.name}", apply)
        self._warned = False
        # Answers of a store can overtake each other; its time tells which is the newest.
        if seen.at >= self.seen.at:
            before, self.seen = self.seen, seen
            if seen.certain != before.certain or seen.held < before.held:
                self.line.wake()
        return result
