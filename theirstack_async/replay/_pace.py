"""How fast events may be sent: within each window that the API sets, and no faster than the user wants."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

import attrs

from theirstack_async._clock import Clock
from theirstack_async._tasks import pause
from theirstack_async.replay._provider import ReplayWindow, WebhookId

_PATIENCE: Final = 0.02
"""The share of a window that a call waits for more room than there is, so that batches do not crumble for good."""


_TICK: Final = 1e-6
"""Seconds that are none: to wait for less than a clock can tell would be to wait for ever."""


class _Gauge:
    """What is within one window now. A call that is under way counts, and from its end for a whole window more: the API
    may count it at any time between.
    """

    def __init__(self, window: ReplayWindow, *, from_start: bool = False) -> None:
        self.window: Final = window
        self._from_start: Final = from_start
        self._entries: Final[deque[tuple[float, int]]] = deque()
        self._sum = 0

    def room(self, now: float) -> int:
        while self._entries and self._entries[0][0] <= now + _TICK:
            self._sum -= self._entries.popleft()[1]
        return self.window.limit - self._sum

    def next_room(self) -> float:
        """Return when there will be more, by the clock; infinite while that depends on calls under way."""
        return self._entries[0][0] if self._entries else math.inf

    def enter(self, size: int, now: float) -> None:
        self._sum += self._weight(size)
        if self._from_start:
            self._entries.append((now + self.window.seconds, self._weight(size)))

    def leave(self, size: int, now: float) -> None:
        if not self._from_start:
            self._entries.append((now + self.window.seconds, self._weight(size)))

    def recall(self, size: int, counted: float) -> None:
        """Count a call of a former process, of the time when it was counted at the latest."""
        self._sum += self._weight(size)
        self._entries.append((counted + self.window.seconds, self._weight(size)))

    def forget(self, size: int) -> None:
        """Take back a place that no call was made in."""
        if not self._from_start:
            self._sum -= self._weight(size)

    def bound(self, room: int) -> float:
        """Return how many ids may be in one call when there is so much room."""
        if self.window.counts == "ids":
            return room
        return math.inf if room >= 1 else 0

    def _weight(self, size: int) -> int:
        return size if self.window.counts == "ids" else 1


@attrs.frozen
class Place:
    """Room for one call."""

    webhook_id: WebhookId
    size: int
    """Ids that it may have."""


class Pace:
    """Gives room to the calls of one run.

    Args:
        windows: what the API sets.
        rate: ids a second that a webhook gets at the most; None for any.
        clock: whose time it is.
    """

    def __init__(self, windows: Sequence[ReplayWindow], rate: float | None, clock: Clock) -> None:
        self._windows: Final = tuple(windows)
        self._rate: Final = None if rate is None else _as_window(rate)
        self._clock: Final = clock
        self._account: Final = [_Gauge(each) for each in windows if each.per == "account"]
        self._webhooks: Final[dict[WebhookId, list[_Gauge]]] = {}
        self._held: Final[dict[WebhookId, float]] = {}
        self._closed: Final[set[WebhookId]] = set()
        self._over = False
        # In the order in which they came, so that those who wait for the account's room are woken in turn.
        self._waiting: Final[dict[asyncio.Event, None]] = {}

    async def take(self, webhook_id: WebhookId, wanted: Callable[[], int]) -> Place | None:
        """Return room for a call, as soon as there is some; None once no call may be made, or none is wanted.

        Args:
            webhook_id: where it is sent to.
            wanted: returns how many ids it is to have at the most. It is asked again after each wait, for others may
                have sent them meanwhile.
        """
        patient_until: float | None = None
        while (want := wanted()) and not (self._over or webhook_id in self._closed):
            now = self._clock.monotonic()
            gauges = self._gauges(webhook_id)
            size = int(min(want, *(each.bound(each.room(now)) for each in gauges))) if gauges else want
            wake = self._held.get(webhook_id, -math.inf)
            if wake <= now + _TICK:
                wake = min((each.next_room() for each in gauges), default=math.inf)
                if size >= 1:
                    patient_until = patient_until or now + self._patience(gauges)
                    if size == want or wake > patient_until:
                        for each in gauges:
                            each.enter(size, now)
                        return Place(webhook_id, size)
            await self._wait(wake - now)
        return None

    def settle(self, place: Place) -> None:
        """Note that the call has ended, however it did."""
        now = self._clock.monotonic()
        for each in self._gauges(place.webhook_id):
            each.leave(place.size, now)
        self._wake()

    def give_back(self, place: Place) -> None:
        """Note that no call was made."""
        for each in self._gauges(place.webhook_id):
            each.forget(place.size)
        self._wake()

    def recall(self, webhook_id: WebhookId, size: int, ago: float) -> None:
        """Count a call that another process made. They have to be told in order, the oldest first.

        Args:
            webhook_id: where it was sent to.
            size: the ids that it had.
            ago: seconds since the API can have counted it.
        """
        now = self._clock.monotonic()
        for each in self._gauges(webhook_id):
            each.recall(size, now - ago)

    def hold(self, webhook_id: WebhookId, seconds: float) -> None:
        """Begin no call to a webhook for so many seconds."""
        self._held[webhook_id] = max(self._held.get(webhook_id, 0.0), self._clock.monotonic() + seconds)

    def held(self, webhook_id: WebhookId) -> bool:
        """Return whether no call to a webhook may begin now."""
        return self._held.get(webhook_id, -math.inf) > self._clock.monotonic() + _TICK

    def close(self, webhook_id: WebhookId | None = None) -> None:
        """Give no more room to a webhook, or to any: who waits gets None."""
        if webhook_id is None:
            self._over = True
        else:
            self._closed.add(webhook_id)
        self._wake()

    def one_at_a_time(self) -> bool:
        """Return whether a webhook has so little room that a second call at once would only wait."""
        return self._rate is not None or any(each.per == "webhook" for each in self._windows)

    def _gauges(self, webhook_id: WebhookId) -> list[_Gauge]:
        own = self._webhooks.get(webhook_id)
        if own is None:
            own = [_Gauge(each) for each in self._windows if each.per == "webhook"]
            if self._rate is not None:
                own.append(_Gauge(self._rate, from_start=True))
            self._webhooks[webhook_id] = own
        return own + self._account

    def _patience(self, gauges: Iterable[_Gauge]) -> float:
        return _PATIENCE * min((each.window.seconds for each in gauges), default=0.0)

    async def _wait(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._waiting[woken] = None
        try:
            await pause(woken, max(0.0, seconds), self._clock)
        finally:
            del self._waiting[woken]

    def _wake(self) -> None:
        for woken in self._waiting:
            woken.set()


def _as_window(rate: float) -> ReplayWindow:
    """Return a rate as so many ids in about a second, or one id in the seconds that it takes."""
    limit = max(1, math.floor(rate))
    counts: Literal["ids"] = "ids"
    return ReplayWindow(limit, limit / rate, counts, "webhook")
