"""A program that plans, runs or resumes, and verifies a replay, each time in a process of its own that may be killed.

``python -m tests.replay._program`` takes an order a line, as JSON. It forks a process for each, which is quicker than
to start Python anew, and says what came of it: its report, ``null`` when it was killed, or its error.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import aiohttp  # noqa: F401 - what is imported here need not be imported anew in each process
import filelock  # noqa: F401

from tests._orders import obey
from theirstack_async import TheirStack
from theirstack_async._clock import SystemClock
from theirstack_async._engine import aiohttp_transport, pipeline  # noqa: F401
from theirstack_async.replay import Replay, TheirStackEvents, _opening, _planning, _report, _run, _verify  # noqa: F401
from theirstack_async.replay._journal import Journal

HASTE: Final = 120.0


class Impatient(SystemClock):
    """The machine's own clock, on which a minute is over in half a second: what is waited for is on this machine."""

    def monotonic(self) -> float:
        """Return a time that runs fast."""
        return super().monotonic() * HASTE

    async def sleep(self, seconds: float) -> None:
        """Sleep as long as that takes when time runs fast."""
        await asyncio.sleep(seconds / HASTE)


class Mortal:
    """Counts the points that a process passes, and kills it at one of them."""

    def __init__(self, last: int | None) -> None:
        self.passed = 0
        self._last = last

    def at(self) -> None:
        """Pass a point."""
        self.passed += 1
        if self.passed == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def die(mortal: Mortal) -> None:
    """Let each step of a journal, and its making, be a point before and a point after."""
    create, write = Journal.create, Journal.write

    async def mortal_create(cls: type[Journal], *args: Any) -> Journal:
        mortal.at()
        journal = await create(*args)
        mortal.at()
        return journal

    async def mortal_write(self: Journal, *steps: Any) -> None:
        mortal.at()
        await write(self, *steps)
        mortal.at()

    Journal.create = classmethod(mortal_create)  # type: ignore[method-assign,assignment]
    Journal.write = mortal_write  # type: ignore[method-assign]


async def replayed(order: dict[str, Any]) -> dict[str, Any]:
    """Run or resume, verify, and return what the report says."""
    mortal, path = Mortal(order["last"]), Path(order["journal"])
    die(mortal)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(TheirStack(order["key"], base_url=order["base_url"]))
        replay = Replay(TheirStackEvents(client), clock=Impatient())
        how = {"on_unknown": order["on_unknown"], "grace": 0.1, "max_concurrency": order["max_concurrency"]}
        if order["resume"]:
            running = replay.resume(path, **how)
        else:
            plan = await replay.plan(order["webhooks"])
            running = replay.run(plan, journal=path, batch_size=order["batch_size"], **how)
        async with running as run:
            await run.result()
        report = await replay.verify(path, deadline=20.0 * HASTE)
    rows = {row.id: [row.state.value, row.word, row.response_status, row.batch] for row in report.rows}
    return {"passed": mortal.passed, "rows": rows, "total": report.total, "counts": sum(report.counts.values())}


if __name__ == "__main__":
    obey(replayed)
