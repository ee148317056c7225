"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import Final, Protocol

from theirstack_async._clock import SystemClock

__all__ = ["START", "Agenda", "SystemClock", "VirtualClock"]

START: Final = 1_790_000_000.0
"""The instant at which a :class:`VirtualClock` starts: 2026-09-21T14:13:20Z, so that seeded data is reproducible."""

_TURNS_OF_THE_LOOP = 5


class Agenda(Protocol):
    """Something that has work to do at certain instants."""

    def next_due(self) -> float | None:
        """Return the Unix timestamp of the next work, or None when there is none."""
        ...

    async def run_due(self) -> None:
        """Do all the work that is due now, and return when it is done."""
        ...


class VirtualClock:
    """A clock that moves only by :meth:`advance`; ``sleep()`` on it ends when it has been moved far enough.

    It has the methods ``now``, ``monotonic`` and ``sleep`` of the client's clock, so one such clock can drive both
    a fake server and a client.
    """

    def __init__(self, start: float = START) -> None:
        self._start = start
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._agendas: list[Agenda] = []

    def now(self) -> float:
        """Return the virtual time as a Unix timestamp, in seconds."""
        return self._now

    def monotonic(self) -> float:
        """Return the virtual seconds since the clock was made."""
        return self._now - self._start

    async def sleep(self, seconds: float) -> None:
        """Return when the clock has been moved on by so many seconds; 0 or less only yields to the event loop."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        awake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), awake))
        await awake

    def next_sleep(self) -> float | None:
        """Return the Unix timestamp at which the next sleeper wakes; None when nobody sleeps."""
        return self._sleepers[0][0] if self._sleepers else None

    def follow(self, agenda: Agenda) -> None:
        """Let ``agenda`` do its work whenever :meth:`advance` reaches an instant at which it is due."""
        self._agendas.append(agenda)

    def unfollow(self, agenda: Agenda) -> None:
        """Forget an agenda that was given to :meth:`follow`."""
        self._agendas.remove(agenda)

    async def advance(self, seconds: float) -> None:
        """Move the clock on, stopping at each instant on the way at which somebody wakes or something is due.

        Returns when the work of all those instants is done, real deliveries included. No time is really waited.
        """
        target = self._now + seconds
        while (due := self._next_due()) is not None and due <= target:
            self._now = max(self._now, due)
            await self._do_what_is_due()
        self._now = target

    def _next_due(self) -> float | None:
        dues = [self.next_sleep(), *(agenda.next_due() for agenda in self._agendas)]
        return min((due for due in dues if due is not None), default=None)

    async def _do_what_is_due(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= self._now:
            awake = heapq.heappop(self._sleepers)[2]
            if not awake.done():
                awake.set_result(None)
        for _ in range(_TURNS_OF_THE_LOOP):
            await asyncio.sleep(0)
        for agenda in tuple(self._agendas):
            await agenda.run_due()
