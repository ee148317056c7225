"""Time behind a seam, so that no test has to wait."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the engine knows of time. All values are seconds."""

    def now(self) -> float:
        """Return the wall clock time as a Unix timestamp."""
        ...

    def monotonic(self) -> float:
        """Return a time that never goes back; only differences of it mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return the wall clock time as a Unix timestamp."""
        return time.time()

    def monotonic(self) -> float:
        """Return ``time.monotonic()``."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)
