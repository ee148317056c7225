"""A pipeline on a virtual clock, over a transport that enforces sliding windows as the API does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from tests._engine import KEY, answer
from theirstack_async import Timeouts
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.pipeline import Pipeline, Reply
from theirstack_async._engine.slots import Slots
from theirstack_async._wire.message import Request, Response
from theirstack_async.config import ClientConfig, load_key
from theirstack_async.testing.clock import VirtualClock
from theirstack_async.testing.rate import SlidingWindows, Window

NO_DEADLINE = Timeouts(deadline=None)
URL = "http://theirstack.invalid"
_TURNS = 40
"""Of the loop, after which whatever does not wait for the clock is done."""


class Limited:
    """Lets requests in as far as its windows have room, after ``latency`` seconds of the clock, and answers as late."""

    def __init__(self, clock: VirtualClock, *windows: tuple[int, float], latency: float = 0.0) -> None:
        self.clock = clock
        self.windows = SlidingWindows([Window(*window) for window in windows], clock)
        self.latency = latency
        self.arrived: list[tuple[float, str]] = []
        """When which request was let in."""
        self.refused = 0
        self.in_flight: list[int] = []
        """How many were under way at each arrival, itself included."""
        self._flying = 0

    def check(self) -> None:
        """Find nothing wrong."""

    async def send(self, request: Request) -> Response:
        """Answer 200, or 429 where a window is full."""
        self._flying += 1
        try:
            await self.clock.sleep(self.latency)
            self.in_flight.append(self._flying)
            if self.windows.admit():
                self.arrived.append((self.clock.monotonic(), request.url.rpartition("/")[2]))
                status = 200
            else:
                self.refused += 1
                status = 429
            headers = self.windows.headers()
            await self.clock.sleep(self.latency)
            return answer(status, [], headers)
        finally:
            self._flying -= 1

    @property
    def times(self) -> list[float]:
        """When requests were let in."""
        return [time for time, _ in self.arrived]


def paced(transport: Any, clock: VirtualClock, **settings: Any) -> Pipeline:
    """Return a pipeline without a deadline, whose random numbers are all one half."""
    settings = {"timeouts": NO_DEADLINE, "max_rate_wait": None, **settings}
    settings["api_key"] = load_key(settings.get("api_key", KEY))
    config = ClientConfig(base_url=URL, **settings)
    dialect = api.theirstack_dialect(URL)
    return Pipeline(config, dialect, transport, Slots(config.max_concurrency), clock=clock, uniform=lambda: 0.5)


def get(line: Pipeline, number: int) -> Coroutine[Any, Any, Reply]:
    """Return a call of the group ``other``, told from others by a number."""
    return line.call(api.WEBHOOKS_GET, parts={"webhook_id": number})


async def turns() -> None:
    """Let all run that does not wait for the clock."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


async def run(clock: VirtualClock, tasks: Sequence[asyncio.Task[Any]]) -> list[Any]:
    """Move the clock from one sleeper to the next until the tasks are done, and return what they ended in."""
    await turns()
    while not all(task.done() for task in tasks):
        due = clock.next_sleep()
        assert due is not None, "nobody sleeps, and not all are done"
        await clock.advance(due - clock.now())
        await turns()
    return await asyncio.gather(*tasks, return_exceptions=True)


def start(*works: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    """Start tasks, which begin in this order."""
    return [asyncio.create_task(work) for work in works]


def in_flight(line: Pipeline) -> list[str]:
    """Return the tickets that are noted as under way, of all windows."""
    return [ticket for each in line.throttle._lines.values() for ticket in each.document.get("flying", {})]
