"""The rate headers, and 429 when a tier's windows are enforced."""

from __future__ import annotations

import base64
import math
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

from theirstack_async._clock import Clock
from theirstack_async.testing.registry import USER_ID

Tier = Literal["free", "paid"]


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window."""

    name: str
    quota: int
    """Requests."""
    seconds: int


TIERS: Final[dict[Tier, tuple[Window, ...]]] = {
    "free": (
        Window("per-second", 4, 1),
        Window("per-minute", 10, 60),
        Window("per-hour", 50, 3600),
        Window("per-day", 400, 86400),
    ),
    "paid": (Window("per-second", 4, 1),),
}
"""The published windows (https://theirstack.com/en/docs/api-reference/rate-limit.md)."""

UNLIMITED: Final = (Window("per-second", 1_000_000, 1),)
"""What the headers tell when no tier is enforced: a window that holds nobody back. Its counts do not move."""

_PARTITION: Final = base64.b64encode(b"user:%d" % USER_ID).decode()


class RateLimiter:
    """Counts the requests that were let in, on the fake's clock; requests answered 429 do not count."""

    def __init__(self, tier: Tier | None, clock: Clock) -> None:
        self._windows = UNLIMITED if tier is None else TIERS[tier]
        self._clock = clock
        self._unlimited = _headers([(w, w.quota - 1, w.seconds) for w in UNLIMITED]) if tier is None else None
        self._admitted: deque[float] = deque(maxlen=max(window.quota for window in self._windows))

    def admit(self) -> tuple[bool, dict[str, str]]:
        """Count one request if all windows have room. Return whether they had, and the rate headers."""
        if self._unlimited is not None:
            return True, self._unlimited
        now = self._clock.now()
        admitted = all(self._used(window, now) < window.quota for window in self._windows)
        if admitted:
            self._admitted.append(now)
        return admitted, _headers([self._state(window, now) for window in self._windows])

    def _used(self, window: Window, now: float) -> int:
        return len(self._admitted) - bisect_right(self._admitted, now - window.seconds)

    def _state(self, window: Window, now: float) -> tuple[Window, int, int]:
        used = self._used(window, now)
        reset = math.ceil(self._admitted[-used] + window.seconds - now) if used else 0
        return window, window.quota - used, reset


def _headers(states: list[tuple[Window, int, int]]) -> dict[str, str]:
    return {
        "RateLimit": ", ".join(f'"{w.name}";r={left};t={reset};pk="{_PARTITION}"' for w, left, reset in states),
        "RateLimit-Policy": ", ".join(f'"{w.name}";q={w.quota};w={w.seconds}' for w, _, _ in states),
        "RateLimit-Limit": ", ".join(str(w.quota) for w, _, _ in states),
        "RateLimit-Remaining": ", ".join(str(left) for _, left, _ in states),
        "RateLimit-Reset": ", ".join(str(reset) for _, _, reset in states),
    }
