"""Those who wait for credits, first come, first served, and how they wait."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Generator
from contextlib import contextmanager

from theirstack_async._clock import Clock
from theirstack_async._tasks import cancel_and_wait


class Line:
    """The waiting calls of one budget on one event loop. Only the first of them is woken."""

    def __init__(self) -> None:
        # A dict and no deque: whoever gives up leaves from the middle.
        self._places: dict[asyncio.Event, None] = {}

    def __len__(self) -> int:
        return len(self._places)

    @contextmanager
    def place(self) -> Generator[asyncio.Event]:
        """Stand in line from here to the end of the block. The event tells that it is worth looking again."""
        woken = asyncio.Event()
        self._places[woken] = None
        try:
            yield woken
        finally:
            del self._places[woken]
            self.wake()

    def is_first(self, woken: asyncio.Event) -> bool:
        """Return whether nobody is before this place."""
        return next(iter(self._places)) is woken

    def wake(self) -> None:
        """Tell the first in line, if there is one, that something has changed."""
        for first in self._places:
            first.set()
            return


async def pause(woken: asyncio.Event, seconds: float, clock: Clock) -> None:
    """Return when woken, or after so many seconds, which may be infinite."""
    if seconds == math.inf:
        await woken.wait()
        return
    nap = asyncio.create_task(clock.sleep(seconds))
    nap.add_done_callback(lambda _: woken.set())
    try:
        await woken.wait()
    finally:
        await cancel_and_wait([nap])
