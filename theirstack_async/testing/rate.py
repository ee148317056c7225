"""The rate headers, and 429 when windows are enforced."""

from __future__ import annotations

import base64
import math
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from theirstack_async._clock import Clock
from theirstack_async.testing.records import RequestRecord
from theirstack_async.testing.registry import USER_ID

Tier = Literal["free", "paid"]
Over = Literal["tiered", "all"]

TIERED: Final = frozenset({"/v1/jobs/search", "/v1/companies/search", "/v1/companies/technologies"})
"""The paths whose POST requests share the quota of the tiers
(https://theirstack.com/en/docs/api-reference/rate-limit.md). The limits of all others are not published."""

_NAMES: Final[dict[float, str]] = {1: "per-second", 60: "per-minute", 3600: "per-hour", 86400: "per-day"}


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window: at most ``quota`` requests within any ``seconds``."""

    quota: int
    """Requests."""
    seconds: float

    @property
    def name(self) -> str:
        """Return the published name for the published lengths, and one like ``per-3-seconds`` for all others."""
        return _NAMES.get(self.seconds, f"per-{_number(self.seconds)}-seconds")


TIERS: Final[dict[Tier, tuple[Window, ...]]] = {
    "free": (Window(4, 1), Window(10, 60), Window(50, 3600), Window(400, 86400)),
    "paid": (Window(4, 1),),
}
"""The published windows (https://theirstack.com/en/docs/api-reference/rate-limit.md)."""

UNLIMITED: Final = Window(1_000_000, 1)
"""What the headers tell where nothing is enforced: a window that holds nobody back. Its counts do not move."""

_PARTITION: Final = base64.b64encode(b"user:%d" % USER_ID).decode()


class SlidingWindows:
    """Several windows over the same requests of one user. Requests that are refused do not count.

    The headers are those of the published example, in which ``t`` of a window with one request in it is the whole
    length of the window, although three more would find room. So here ``t`` is the seconds until the oldest request
    that still counts has slid out, when the window has room for one more than ``r``: it is the wait of those who find
    ``r`` at 0, and 0 for a window that nobody has used. Seconds are whole in the headers, and rounded up.
    """

    def __init__(self, windows: Sequence[Window], clock: Clock) -> None:
        self._windows = windows
        self._clock = clock
        self._admitted: deque[float] = deque(maxlen=max(window.quota for window in windows))

    def admit(self) -> bool:
        """Count one request if all windows have room, and return whether they had."""
        now = self._clock.monotonic()
        has_room = all(self._used(window, now) < window.quota for window in self._windows)
        if has_room:
            self._admitted.append(now)
        return has_room

    def headers(self) -> dict[str, str]:
        """Return the rate headers of this instant. Nothing is counted."""
        now = self._clock.monotonic()
        return _headers([self._state(window, now) for window in self._windows])

    def _used(self, window: Window, now: float) -> int:
        # Sums are compared, so that whoever waits until `then + seconds` finds room whatever the rounding.
        return len(self._admitted) - bisect_right(self._admitted, now, key=lambda then: then + window.seconds)

    def _state(self, window: Window, now: float) -> tuple[Window, int, int]:
        used = self._used(window, now)
        reset = math.ceil(self._admitted[-used] + window.seconds - now) if used else 0
        return window, window.quota - used, reset


class RateLimiter:
    """Knows which requests the windows are enforced on."""

    def __init__(self, windows: Sequence[Window], over: Over, clock: Clock) -> None:
        self._windows = SlidingWindows(windows, clock) if windows else None
        self._over = over

    def admit(self, record: RequestRecord) -> bool:
        """Count a request if there is room for it, and return whether there was."""
        windows = self._of(record)
        return windows is None or windows.admit()

    def headers(self, record: RequestRecord) -> dict[str, str]:
        """Return the rate headers that an answer to a request has now."""
        windows = self._of(record)
        return _ENDLESS if windows is None else windows.headers()

    def spend(self, n: int) -> int:
        """Count requests of somebody else, as far as there is room, and return how many were let in."""
        if self._windows is None:
            raise RuntimeError("no window is enforced that could be spent: pass rate_tier or rate_windows")
        return sum(self._windows.admit() for _ in range(n))

    def _of(self, record: RequestRecord) -> SlidingWindows | None:
        is_tiered = record.method == "POST" and record.path in TIERED
        return self._windows if is_tiered or self._over == "all" else None


def _headers(states: list[tuple[Window, int, int]]) -> dict[str, str]:
    return {
        "RateLimit": ", ".join(f'"{w.name}";r={left};t={reset};pk="{_PARTITION}"' for w, left, reset in states),
        "RateLimit-Policy": ", ".join(f'"{w.name}";q={w.quota};w={math.ceil(w.seconds)}' for w, _, _ in states),
        "RateLimit-Limit": ", ".join(str(w.quota) for w, _, _ in states),
        "RateLimit-Remaining": ", ".join(str(left) for _, left, _ in states),
        "RateLimit-Reset": ", ".join(str(reset) for _, _, reset in states),
    }


def _number(seconds: float) -> str:
    return str(int(seconds) if seconds == int(seconds) else seconds)


_ENDLESS: Final = _headers([(UNLIMITED, UNLIMITED.quota - 1, 1)])
