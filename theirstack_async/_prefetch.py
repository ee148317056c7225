"""Reading pages ahead: a class to enter, whose exit cancels and awaits what is still under way.

The requests run in plain tasks that never raise: what they end in, good or bad, is kept as a value. No task group and
no cancel scope is held while rows are handed out (PEP 789).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

from theirstack_async._engine.pipeline import Reply
from theirstack_async._tasks import cancel_and_wait
from theirstack_async._walk import Ask
from theirstack_async.errors import ArgumentError, TheirStackError

if TYPE_CHECKING:
    from theirstack_async.pagination import Paginator

T = TypeVar("T")


class Prefetch(Generic[T]):
    """Reads a paginator with several pages under way; see :meth:`Paginator.prefetch`."""

    def __init__(self, paginator: Paginator[T], pages: int) -> None:
        self._paginator = paginator
        self._pages = pages
        self._tasks: dict[Ask, asyncio.Task[Reply | TheirStackError]] = {}

    async def __aenter__(self) -> AsyncGenerator[T, None]:
        if self._paginator._ahead is not None:
            raise ArgumentError("prefetch: this paginator is being read ahead already", field="pages")
        self._paginator._ahead = self._get
        return self._paginator.__aiter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._paginator._ahead = None
        await self._drop_all()

    async def _get(self, ask: Ask) -> Reply:
        """Return the page that is asked for, and have those that will probably follow under way."""
        if ask not in self._tasks:
            # The list moved, so the guesses were wrong.
            await self._drop_all()
        for each in (ask, *self._paginator._walk.ahead(ask, self._pages - 1)):
            if each not in self._tasks:
                self._tasks[each] = asyncio.create_task(self._fetch(each))
        # One turn of the loop puts the new request on the wire before the caller computes on the rows.
        await asyncio.sleep(0)
        # Unlike awaiting the task itself, this leaves it running when we are cancelled.
        await asyncio.wait([self._tasks[ask]])
        outcome = self._tasks.pop(ask).result()
        if isinstance(outcome, TheirStackError):
            await self._drop_all()
            raise outcome
        return outcome

    async def _fetch(self, ask: Ask) -> Reply | TheirStackError:
        try:
            return await self._paginator._fetch(ask)
        except TheirStackError as error:
            return error

    async def _drop_all(self) -> None:
        tasks, self._tasks = self._tasks, {}
        await cancel_and_wait(tasks.values())
