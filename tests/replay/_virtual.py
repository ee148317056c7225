"""An event loop on which no time is waited: when all wait, it is at once the moment at which the next one wakes.

Threads are waited for in real time, and no virtual time passes meanwhile; so runs are the same each time.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, Final, ParamSpec, TypeVar

from tests._guards import tasks_left

P = ParamSpec("P")
T = TypeVar("T")

START: Final = 1_790_000_000.0
"""Unix seconds at which the time of each loop begins: 2026-09-21T14:13:20Z."""


MOST_TURNS: Final = 50_000
"""Turns of the loop at one instant: who takes more goes round in circles."""


class LoopClock:
    """The clock of the running loop, whichever it is."""

    def now(self) -> float:
        """Return a Unix timestamp."""
        return START + self.monotonic()

    def monotonic(self) -> float:
        """Return the seconds since the loop was made."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds of the loop's time."""
        await asyncio.sleep(seconds)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time moves only when nothing can run and no thread works."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._working = 0
        self._turns = 0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._passed

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Run a function in a thread, and let no time pass until it has ended."""
        future = super().run_in_executor(executor, func, *args)
        self._working += 1
        future.add_done_callback(self._worked)
        return future

    async def shutdown_default_executor(self, *how: Any) -> None:
        """End the threads, and let no time pass until they have ended."""
        self._working += 1
        try:
            await super().shutdown_default_executor(*how)
        finally:
            self._working -= 1

    def _worked(self, _: object) -> None:
        self._working -= 1

    def pass_time(self, seconds: float | None) -> float | None:
        """Return how long to really wait, instead of the seconds until the next one wakes."""
        self._turns = self._turns + 1 if seconds == 0 else 0
        if self._turns > MOST_TURNS:
            self._turns = 0
            raise AssertionError("time does not pass:\n" + "\n".join(map(repr, asyncio.all_tasks(self))))
        if seconds == 0:
            return 0
        if self._working:
            return None
        if seconds is None:
            raise AssertionError("everybody waits, and nothing will ever happen")
        self._passed += seconds
        return 0


class _Jumping(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        return super().select(self._loop.pass_time(timeout))


def play(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns, on a virtual loop of its own, that no task may outlive."""

    async def played() -> T:
        result = await coroutine
        left = tasks_left()
        assert not left, "asyncio tasks left behind:\n" + "\n".join(left)
        return result

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(played())


def virtual(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make a plain test of an async one: it is played on a virtual loop."""

    @functools.wraps(test)
    def played(*args: P.args, **kwargs: P.kwargs) -> T:
        return play(test(*args, **kwargs))

    return played
