"""Bounded fan-out: a class to enter, with at most so many coroutines under way, in plain tasks.

What a child raises is raised by the parent, as it was and not in a group. Leaving the block gives the children under
way some seconds to end, then cuts them; a cancellation meanwhile cuts them at once. No child outlives the block.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

import anyio

from theirstack_async._tasks import cancel_and_wait


class FanOut:
    """Runs coroutines, at most ``limit`` at once. ``drain`` is how long, in seconds, they get to end by themselves."""

    def __init__(self, limit: int, *, drain: float) -> None:
        self._limit = limit
        self._drain = drain
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def submit(self, child: Coroutine[Any, Any, None]) -> None:
        """Start a child as soon as there is room for it.

        Raises:
            Exception: what an earlier child raised.
        """
        try:
            while len(self._tasks) >= self._limit:
                await self._wait()
        except BaseException:
            child.close()
            raise
        self._tasks.add(asyncio.create_task(child))
        # One turn of the loop gets the child under way before the caller goes on, which may compute for long.
        await asyncio.sleep(0)

    async def join(self) -> None:
        """Return when all children have ended.

        Raises:
            Exception: what a child raised.
        """
        while self._tasks:
            await self._wait()

    async def _wait(self) -> None:
        done, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        failed = [task for task in done if task.cancelled() or task.exception() is not None]
        if failed:
            failed[0].result()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._tasks and self._drain > 0:
                # A cancelled anyio scope cancels on each turn. The shield lets only asyncio's own second one through.
                with anyio.CancelScope(shield=True):
                    await asyncio.wait(self._tasks, timeout=self._drain)
        finally:
            await cancel_and_wait(self._tasks)
