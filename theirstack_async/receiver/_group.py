"""Group commit: calls that come while a transaction runs share the next one, and what that costs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import attrs

from theirstack_async._database.database import DatabaseError
from theirstack_async.errors import ConfigurationError

T = TypeVar("T")

Work = Callable[[Any], T]
"""What one call does with a connection. It may be done again, after what it did was undone."""

_MOST: Final = 200
"""Calls in one transaction, for other processes wait for its end."""


@attrs.frozen
class _Call:
    work: Work[Any]
    future: asyncio.Future[Any]


class GroupCommit:
    """Does calls in common transactions, in the order in which they came.

    Nothing is put off to fill a group: a call that comes alone is done at once. When a group fails, each of its calls
    is done again in a transaction of its own, so that none fails for another one's error. A call whose caller is
    cancelled is done all the same.

    Args:
        transact: returns what ``work(connection)`` does, in one transaction that any exception undoes. It is called
            by one task at a time.
    """

    def __init__(self, transact: Callable[[Work[list[Any]]], Awaitable[list[Any]]]) -> None:
        self._transact: Final = transact
        self._queue: Final[deque[_Call]] = deque()
        self._runner: asyncio.Task[None] | None = None

    async def do(self, work: Work[T]) -> T:
        """Return what ``work(connection)`` does, once that is committed.

        Raises:
            ConfigurationError: calls of another event loop are under way.
        """
        loop = asyncio.get_running_loop()
        runner = self._running()
        if runner is not None and runner.get_loop() is not loop:
            raise ConfigurationError("the store is in use on another event loop; use one object a loop")
        future: asyncio.Future[T] = loop.create_future()
        self._queue.append(_Call(work, future))
        if runner is None:
            self._runner = loop.create_task(self._run())
        return await future

    async def settled(self) -> None:
        """Return when nothing is under way."""
        while (runner := self._running()) is not None:
            await asyncio.wait([runner])

    def _running(self) -> asyncio.Task[None] | None:
        if self._runner is not None and not self._runner.done():
            if not self._runner.get_loop().is_closed():
                return self._runner
            # Whoever waited on a loop that was closed is gone.
            self._queue.clear()
        return None

    async def _run(self) -> None:
        try:
            while self._queue:
                await self._commit([self._queue.popleft() for _ in range(min(_MOST, len(self._queue)))])
        finally:
            # There are some when the event loop ends, which cancels all tasks.
            for call in self._queue:
                call.future.cancel()
            self._queue.clear()

    async def _commit(self, calls: Sequence[_Call]) -> None:
        try:
            results = await self._transact(lambda connection: [call.work(connection) for call in calls])
        except asyncio.CancelledError:
            for call in calls:
                call.future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it goes to those whose calls these are
            # A lock that was waited for is not waited for once more by each.
            if len(calls) > 1 and not (isinstance(error, DatabaseError) and error.locked):
                for call in calls:
                    await self._commit([call])
                return
            for call in calls:
                if not call.future.done():
                    call.future.set_exception(error)
        else:
            for call, result in zip(calls, results, strict=True):
                if not call.future.done():
                    call.future.set_result(result)
