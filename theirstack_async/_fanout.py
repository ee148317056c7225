"""Bounded fan-out: a class to enter, with at most so many coroutines under way, in plain tasks.

What a child raises is kept and raised by the parent once, as it was and not in a group. Leaving the block by an
exception, a cancellation included, gives the children under way some seconds to end, then cuts them; a second
cancellation cuts them at once. No child outlives the block.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from theirstack_async._tasks import cancel_and_wait


class FanOut:
    """Runs coroutines, at most ``limit`` at once. ``drain`` is what the children get, in seconds, to end by themselves."""

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
                await self._wait(asyncio.FIRST_COMPLETED)
        except BaseException:
            child.close()
            raise
        self._tasks.add(asyncio.create_task(child))

    async def join(self) -> None:
        """Return when all children have ended, or raise what one of them raised."""
        while self._tasks:
            await self._wait(asyncio.FIRST_COMPLETED)

    async def _wait(self, until: str) -> None:
        done, _ = await asyncio.wait(self._tasks, return_when=until)
        self._tasks -= done
        for task in done:
            task.result()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            try:
                await self.join()
            except BaseException:
                await self._end()
                raise
        else:
            await self._end()

    async def _end(self) -> None:
        try:
            if self._tasks and self._drain > 0:
                await asyncio.wait(self._tasks, timeout=self._drain)
        finally:
            tasks, self._tasks = self._tasks, set()
            await cancel_and_wait(tasks)
            for task in tasks:
                # Looked at, so that asyncio does not complain of an exception that nobody saw.
                task.cancelled() or task.exception()
