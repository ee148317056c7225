"""Those who wait for credits, first come, first served."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager


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
