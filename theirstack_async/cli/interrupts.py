"""Ctrl-C as a cancellation, so that what is under way can end in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_PATIENCE: Final = 2
"""Interrupts that end the command in order (the second cuts the requests under way); one more ends the process."""


class Interrupts:
    """Runs one coroutine, and cancels it at Ctrl-C or SIGTERM."""

    def __init__(self, on_first: Callable[[], object] = lambda: None) -> None:
        """``on_first`` is called on the event loop at the first interrupt."""
        self._on_first = on_first
        self._received = 0
        self._number = 0
        self._cancel: Callable[[], object] = lambda: None

    def run(self, work: Callable[[], Awaitable[int]]) -> int:
        """Run ``work`` on a new event loop, and return its exit code: 128 and the signal's number when interrupted.

        Raises:
            KeyboardInterrupt: at the third interrupt.
        """
        before = {number: signal.signal(number, self._interrupt) for number in _SIGNALS}
        try:
            return asyncio.run(self._supervise(work))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def _supervise(self, work: Callable[[], Awaitable[int]]) -> int:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()

        def first() -> None:
            task.cancel()
            self._on_first()

        def second() -> None:
            # Two turns later: a task that has not met the first cancellation yet would take both for one.
            loop.call_soon(lambda: loop.call_soon(task.cancel))

        self._cancel = lambda: loop.call_soon_threadsafe(first if self._received == 1 else second)
        if self._received:
            # It came while the event loop was being made.
            self._cancel()
        await asyncio.wait([task])
        if task.cancelled() and self._received:
            return 128 + self._number
        return task.result()

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        self._received += 1
        self._number = number
        if self._received > _PATIENCE:
            raise KeyboardInterrupt
        self._cancel()
