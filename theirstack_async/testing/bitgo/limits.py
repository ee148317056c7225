"""The two bounds of BitGo: ids sent again of one webhook, and calls of one user."""

from __future__ import annotations

from collections import deque

from theirstack_async._clock import Clock


class Bound:
    """At most so many in any 60 seconds."""

    def __init__(self, limit: int | None, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._taken: dict[str, deque[tuple[float, int]]] = {}

    def admit(self, who: str, count: int) -> bool:
        """Count so many of somebody's if there is room for all of them, and return whether there was."""
        if self._limit is None:
            return True
        now, taken = self._clock.monotonic(), self._taken.setdefault(who, deque())
        # Sums are compared, so that whoever waits until then finds room whatever the rounding.
        while taken and taken[0][0] + 60.0 <= now:
            taken.popleft()
        if sum(each for _, each in taken) + count > self._limit:
            return False
        taken.append((now, count))
        return True
