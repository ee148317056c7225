"""The hourly resends of failed deliveries."""

from __future__ import annotations

import heapq
from typing import Final

HOUR: Final = 3600
RESEND_FOR: Final = 48 * HOUR
"""A failed delivery is resent every hour for 48 hours
(https://theirstack.com/en/docs/webhooks/monitor-your-webhooks.md)."""


class Schedule:
    """When to resend which events: runs of ids by the second in which they are due."""

    def __init__(self) -> None:
        self._due: dict[int, list[range]] = {}
        self._seconds: list[int] = []

    def add(self, ids: range, failed: int, triggered: int) -> None:
        """Plan the next resend of events that failed at ``failed``; none when their 48 hours are over."""
        second = failed + HOUR
        if second - triggered > RESEND_FOR:
            return
        if second not in self._due:
            self._due[second] = []
            heapq.heappush(self._seconds, second)
        runs = self._due[second]
        if runs and runs[-1].stop == ids.start:
            runs[-1] = range(runs[-1].start, ids.stop)
        elif runs and runs[-1].start == ids.stop:
            runs[-1] = range(ids.start, runs[-1].stop)
        else:
            runs.append(ids)

    def next_due(self) -> float | None:
        """Return the Unix timestamp of the next resend, or None."""
        return float(self._seconds[0]) if self._seconds else None

    def take(self, now: float) -> list[range]:
        """Return the events that are due at ``now``, and forget them."""
        taken: list[range] = []
        while self._seconds and self._seconds[0] <= now:
            taken += self._due.pop(heapq.heappop(self._seconds))
        return taken
