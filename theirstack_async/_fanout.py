"""Bounded fan-out: a class to enter, with at most so many coroutines under way, in plain tasks.

What a child raises is raised by the parent, as it was and not in a group. Leaving the block gives the children under
way some seconds to end, then cuts them; a cancellation meanwhile cuts them at once. No child outlives the block.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, Self

import anyio

from theirstack_async._tasks import cancel_and_wait

_LONG: Final = 0.001
"""Seconds of computing between two children after which the loop gets a turn."""


class FanOut:
    """Runs coroutines, at most ``limit`` at once. ``drain`` is how long, in seconds, they get to end by themselves."""

    def __init__(self, limit: int, *, drain: float) -> None:
        self._limit = limit
        self._drain = drain
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()
        self._waited = -math.inf
        """When the loop last had its turn."""

    async def __aenter__(self) -> Self:
        return self

    async def submit(self, child: Coroutine[Any, Any, None]) -> None:
        """Start a child as soon as there is room for it.

        Raises:
            Exception: what an earlier child raised.
        """
        # Looked at before the wait for room: what counts is how long the caller computes between two children.
        due = asyncio.get_running_loop().time() - self._waited >= _LONG
        try:
            while self._failed or len(self._tasks) >= self._limit:
                await self._wait()
        except BaseException:
            child.close()
            raise
        task = asyncio.create_task(child)
        self._tasks.add(task)
        task.add_done_callback(self._end)
        # Children that can begin together do, in one turn of the loop. A caller that computes for long between two of
        # them lets the first begin meanwhile.
        if due:
            await asyncio.sleep(0)
            self._waited = asyncio.get_running_loop().time()

    async def join(self) -> None:
        """Return when all children have ended.

        Raises:
            Exception: what a child raised.
        """
        while self._failed or self._tasks:
            await self._wait()

    async def _wait(self) -> None:
        # Told by each task's own end: asyncio.wait() would look at all of them for each that ends.
        if not self._failed:
            self._ended.clear()
            await self._ended.wait()
            self._waited = asyncio.get_running_loop().time()
        if self._failed:
            self._failed.pop(0).result()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or task.exception() is not None:
            self._failed.append(task)
        self._ended.set()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._tasks and self._drain > 0:
                # A cancelled anyio scope cancels on each turn. The shield lets only asyncio's own second one through.
                with anyio.CancelScope(shield=True):
                    await asyncio.wait([*self._tasks], timeout=self._drain)
        finally:
            await cancel_and_wait([*self._tasks])
