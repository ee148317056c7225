"""A receiver in a process of its own, which may be killed at any moment: it shows in a log what its handler does.

``python -m tests.receiver._worker`` takes an order a line, as JSON. It forks a process for each, which is quicker than
to start Python anew, and says what came of it: the receiver's counts, ``null`` when it was killed, or its error.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from typing import Any, Final

import attrs

from tests._orders import obey
from tests.receiver._sending import SECRET, body_of, serving
from theirstack_async._clock import SystemClock
from theirstack_async.receiver import Delivery, DeliveryState, Receiver, SQLiteDeliveries, parse_delivery

POINTS: Final = ("claim", "claimed", "begin", "begun", "end", "ended", "settle", "settled")
"""What a process passes for each event: before and after each of its steps."""


class Later(SystemClock):
    """The machine's own clock, so many seconds ahead: what a process that died has leased is free after an hour."""

    def __init__(self, ahead: float) -> None:
        self._ahead = ahead

    def now(self) -> float:
        """Return a time of the future."""
        return super().now() + self._ahead


@attrs.define
class Mortal:
    """Kills this process when it passes a point for so many a time."""

    point: str | None
    time: int

    def at(self, point: str) -> None:
        """Pass a point."""
        if point == self.point:
            self.time -= 1
            if not self.time:
                os.kill(os.getpid(), signal.SIGKILL)


class MortalDeliveries(SQLiteDeliveries):
    """A store whose steps are points."""

    mortal: Mortal

    async def claim(self, *args: Any, **kwargs: Any) -> Any:
        """Claim an event."""
        self.mortal.at("claim")
        claimed = await super().claim(*args, **kwargs)
        self.mortal.at("claimed")
        return claimed

    async def settle(self, *args: Any, **kwargs: Any) -> bool:
        """Settle an event."""
        self.mortal.at("settle")
        settled = await super().settle(*args, **kwargs)
        self.mortal.at("settled")
        return settled


@attrs.define
class Handler:
    """Notes the beginning and the end of each of its runs, each by one write to the end of the log."""

    log: int
    mortal: Mortal
    longest: float
    """Seconds."""

    async def __call__(self, delivery: Delivery) -> None:
        """Handle a delivery."""
        self.mortal.at("begin")
        os.write(self.log, b"begin %d\n" % delivery.id)
        self.mortal.at("begun")
        await asyncio.sleep(random.uniform(0, self.longest))
        self.mortal.at("end")
        os.write(self.log, b"end %d\n" % delivery.id)
        self.mortal.at("ended")


async def received(order: dict[str, Any]) -> dict[str, Any]:
    """Receive until the signal to end, drain, and return what was done."""
    stop, log = asyncio.Event(), os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    store = MortalDeliveries(order["store"])
    store.mortal = Mortal(order["point"], order["time"])
    how = {name: order[name] for name in ("budget", "max_concurrency")}
    receiver = Receiver(SECRET, store, clock=Later(order["ahead"]), **how)
    receiver.on(Delivery)(Handler(log, store.mortal, order["longest"]))
    async with serving(receiver, order["port"], reuse_port=True):
        os.write(log, b"up 0\n")
        await stop.wait()
    counts = await store.counts()
    await store.aclose()
    os.close(log)
    stats = receiver.stats
    return {"handled": stats.handled, "in_hand": stats.in_hand, "pending": counts[DeliveryState.PENDING]}


if __name__ == "__main__":
    parse_delivery(body_of(1))  # what is made here for that need not be made anew in each process
    obey(received)
