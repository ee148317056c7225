"""Reading pages ahead: a class to enter, whose exit cancels and awaits what is still under way.

The requests run in plain tasks that never raise: what they end in, good or bad, is kept as a value. No task group and
no cancel scope is held while rows are handed out (PEP 789).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from types import TracebackType
from typing import Generic, TypeVar

from theirstack_async._engine.pipeline import Reply
from theirstack_async._tasks import cancel_and_wait
from theirstack_async._walk import Ask
from theirstack_async.errors import ArgumentError

T = TypeVar("T")


class Lookahead:
    """Fetches pages; while ``width`` is above 1, also those that will probably be asked for next."""

    def __init__(self, fetch: Callable[[Ask], Awaitable[Reply]], guess: Callable[[Ask, int], list[Ask]]) -> None:
        self.width = 1
        self._fetch = fetch
        self._guess = guess
        self._tasks: dict[Ask, asyncio.Task[Reply | Exception]] = {}

    async def get(self, ask: Ask) -> Reply:
        """Return the page that is asked for."""
        expected = [ask, *self._guess(ask, self.width - 1)]
        # Where the list moved, the guesses were wrong.
        await self._drop([each for each in self._tasks if ask not in self._tasks or each not in expected])
        if self.width == 1:
            return await self._fetch(ask)
        for each in expected:
            if each not in self._tasks:
                self._tasks[each] = asyncio.create_task(self._outcome(each))
        task = self._tasks[ask]
        # One turn of the loop puts the new request on the wire before the caller computes on the rows.
        await asyncio.sleep(0)
        # Unlike awaiting the task itself, this leaves it running when we are cancelled.
        await asyncio.wait([task])
        if self._tasks.pop(ask, None) is None:
            # Another task left the block meanwhile, which ended the request; the reading goes on without reading ahead.
            return await self._fetch(ask)
        outcome = task.result()
        if isinstance(outcome, Exception):
            await self.drop()
            raise outcome
        return outcome

    async def drop(self) -> None:
        """Cancel what is under way, and return when it has ended."""
        await self._drop([*self._tasks])

    async def _drop(self, asks: list[Ask]) -> None:
        await cancel_and_wait([self._tasks.pop(ask) for ask in asks])

    async def _outcome(self, ask: Ask) -> Reply | Exception:
        try:
            return await self._fetch(ask)
        except Exception as error:  # noqa: BLE001  # get() raises it, if that page is ever asked for
            return error


class Prefetch(Generic[T]):
    """Reads a paginator with several pages under way; see :meth:`Paginator.prefetch`."""

    def __init__(self, rows: Callable[[], AsyncGenerator[T, None]], lookahead: Lookahead, pages: int) -> None:
        self._rows = rows
        self._lookahead = lookahead
        self._pages = pages

    async def __aenter__(self) -> AsyncGenerator[T, None]:
        if self._lookahead.width > 1:
            raise ArgumentError("prefetch: this paginator is being read ahead already", field="pages")
        self._lookahead.width = self._pages
        return self._rows()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lookahead.width = 1
        await self._lookahead.drop()
