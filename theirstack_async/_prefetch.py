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
from theirstack_async.errors import ArgumentError, OutcomeUnknownError

T = TypeVar("T")


class Lookahead:
    """Fetches pages; while ``width`` is above 1, also those that will probably be asked for next."""

    def __init__(self, fetch: Callable[[Ask], Awaitable[Reply]], guess: Callable[[Ask, int], list[Ask]]) -> None:
        self.width = 1
        self._fetch = fetch
        self._guess = guess
        self._tasks: dict[Ask, asyncio.Task[Reply | Exception]] = {}

    @property
    def asks(self) -> list[Ask]:
        """The pages that are under way or have arrived unread, in the order of the list."""
        return sorted(self._tasks, key=lambda ask: ask.offset)

    @property
    def arrived(self) -> list[Reply]:
        """The pages that have arrived and are unread, in the order of the list."""
        done = [self._tasks[ask].result() for ask in self.asks if self._tasks[ask].done()]
        return [outcome for outcome in done if isinstance(outcome, Reply)]

    def turn(self, ask: Ask | None) -> Ask | None:
        """Return the page to read, given the one that comes next in the list, or None at its end."""
        return ask

    async def get(self, ask: Ask) -> Reply:
        """Return the page that is asked for."""
        if self.width == 1:
            await self.drop()
            return await self._fetch(ask)
        ahead = self._guess(ask, self.width)
        # Where the list moved, the guesses were wrong.
        await self._drop([each for each in self._tasks if ask not in self._tasks or each not in (ask, *ahead)])
        here = ask in self._tasks and self._tasks[ask].done()
        self._begin(ask, *(ahead if here else ahead[: self.width - 1]))
        outcome = await self._read(ask)
        if isinstance(outcome, Exception):
            await self.drop()
            raise outcome
        # A page that has arrived is not under way any more, so another may be while the caller computes.
        if self.width > 1 and self._begin(*ahead):
            await asyncio.sleep(0)
        return outcome

    async def leave(self, error: type[BaseException] | None) -> None:  # noqa: ARG002  # it is of no account here
        """End the reading ahead: cancel what is under way, and return when it has ended."""
        await self.drop()

    async def drop(self) -> None:
        """Cancel what is under way, and return when it has ended."""
        await self._drop([*self._tasks])

    def _begin(self, *asks: Ask) -> bool:
        """Begin what was not begun yet. Returns whether there was something."""
        new = [ask for ask in asks if ask not in self._tasks]
        for ask in new:
            self._tasks[ask] = asyncio.create_task(self._outcome(ask))
        return bool(new)

    async def _read(self, ask: Ask) -> Reply | Exception:
        """Wait for a page that was begun, and take it."""
        task = self._tasks[ask]
        # One turn of the loop puts the new request on the wire before the caller computes on the rows.
        await asyncio.sleep(0)
        # Unlike awaiting the task itself, this leaves it running when we are cancelled.
        await asyncio.wait([task])
        if self._tasks.pop(ask, None) is None or task.cancelled():
            # Another task left the block meanwhile, which ended the request.
            return await self._again(ask)
        return task.result()

    async def _drop(self, asks: list[Ask]) -> None:
        await cancel_and_wait([self._tasks.pop(ask) for ask in asks])

    async def _outcome(self, ask: Ask) -> Reply | Exception:
        try:
            return await self._fetch(ask)
        except Exception as error:  # noqa: BLE001  # get() raises it, if that page is ever asked for
            return error

    async def _again(self, ask: Ask) -> Reply:
        """Go on, without reading ahead, after a request was ended from outside."""
        return await self._fetch(ask)


class PaidLookahead(Lookahead):
    """The same for pages that cost credits: none is dropped. What was begun is read, in order, before anything else."""

    def __init__(
        self, fetch: Callable[[Ask], Awaitable[Reply]], guess: Callable[[Ask, int], list[Ask]], credits_per_row: int
    ) -> None:
        super().__init__(fetch, guess)
        self._price = credits_per_row

    def turn(self, ask: Ask | None) -> Ask | None:
        """Return the page to read: the first that was begun, or one that stops short of it."""
        if not (begun := self.asks):
            return ask
        if ask is None or ask.offset >= begun[0].offset:
            return begun[0]
        return Ask(ask.offset, min(ask.limit, begun[0].offset - ask.offset), ask.total)

    async def get(self, ask: Ask) -> Reply:
        """Return the page that is asked for."""
        if self.width > 1:
            self._begin(ask)
            self._begin(*self._guess(self.asks[-1], self.width - len(self._tasks)))
        if ask not in self._tasks:
            return await self._fetch(ask)
        outcome = await self._read(ask)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def leave(self, error: type[BaseException] | None) -> None:
        """End the reading ahead: wait for the pages under way, which are then read first when the reading goes on.

        Only a cancellation cuts those that have not arrived, and with it nobody knows what they cost.
        """
        if error is not None and issubclass(error, asyncio.CancelledError):
            await self.drop()
        elif self._tasks:
            try:
                await asyncio.wait(self._tasks.values())
            except asyncio.CancelledError:
                await self.drop()
                raise

    async def drop(self) -> None:
        """Cancel what is under way, and return when it has ended. What has arrived stays, for it is paid for."""
        tasks = self._tasks
        try:
            await cancel_and_wait([task for task in tasks.values() if not task.done()])
        finally:
            for ask in [ask for ask, task in tasks.items() if task.cancelled()]:
                del tasks[ask]

    async def _again(self, ask: Ask) -> Reply:
        raise OutcomeUnknownError(
            f"the page at offset {ask.offset} was cut off when another task that read the same list was cancelled; "
            "it may have been billed",
            credits_at_risk=ask.limit * self._price,
        )


def make_lookahead(
    fetch: Callable[[Ask], Awaitable[Reply]], guess: Callable[[Ask, int], list[Ask]], credits_per_row: int
) -> Lookahead:
    """Return what reads a list ahead whose rows cost so many credits."""
    return PaidLookahead(fetch, guess, credits_per_row) if credits_per_row else Lookahead(fetch, guess)


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
        await self._lookahead.leave(kind)
