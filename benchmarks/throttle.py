"""What pacing and budgets cost a call that need not wait, in per cent of the time of a call over loopback.

    python benchmarks/throttle.py [rounds]

The fake server is a process of its own and has the free tier's four windows, with quotas that are never reached. One
client makes the same call without a throttle, with one, and with a throttle and a budget, in turn, so that a busy
machine slows them alike; the medians are compared. The calls are a search of 25 jobs, and, as the shortest that there
is, a look at the balance.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from theirstack_async import CreditBudget, TheirStack
from theirstack_async._clock import SystemClock
from theirstack_async.testing import FakeTheirStack

WARM_UP = 30
"""Rounds that do not count."""
BOUND = 0.05
"""What the throttle may cost."""
Call = Callable[[], Awaitable[object]]
WINDOWS = [(10**9, 1), (10**9, 60), (10**9, 3600), (10**9, 86400)]


async def serve() -> None:
    async with FakeTheirStack(
        clock=SystemClock(), rate_windows=WINDOWS, keep_requests=False, jobs=30, companies=5
    ) as fake:
        print(fake.base_url, fake.api_key, flush=True)
        await fake.serve_forever()


class Unpaced:
    """Lets all pass, and notes nothing."""

    async def end(self, *_: Any) -> None:
        return None

    async def release(self) -> None:
        return None


async def timed(call: Call) -> float:
    """Return the seconds that a call took."""
    started = time.perf_counter()
    await call()
    return time.perf_counter() - started


async def compare(kinds: list[Call], rounds: int) -> list[float]:
    """Return the median of the seconds that each of some calls takes, which are made in turn."""
    taken: list[list[float]] = [[] for _ in kinds]
    for number in range(-WARM_UP, rounds):
        for place in range(len(kinds)):
            kind = (number + place) % len(kinds)
            seconds = await timed(kinds[kind])
            if number >= 0:
                taken[kind].append(seconds)
    return [statistics.median(each) for each in taken]


async def measure(url: str, key: str, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds of a search and of a look at the balance: bare, paced, and with a budget."""
    async with TheirStack(key, base_url=url, max_rate_wait=None) as client:
        bare = client.with_options()

        async def no_turn(_: Any) -> Any:
            return Unpaced()

        bare._pipeline._turn = no_turn  # type: ignore[method-assign] # noqa: SLF001 - there is no public way around it
        views = [bare, client, client.with_options(budget=CreditBudget(10**12))]
        searches = await compare([search(view) for view in views], rounds)
        return searches, await compare([view.ping for view in views], rounds)


def search(client: TheirStack) -> Call:
    """Return what searches."""
    return lambda: client.jobs.search(posted_at_max_age_days=3650, max_items=25).collect()


def main() -> int:
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
        return 0
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url, key = server.stdout.readline().split()
            searches, looks = asyncio.run(measure(url, key, rounds))
        finally:
            server.terminate()
    for name, (bare, paced, budgeted) in (("a search of 25 jobs", searches), ("a look at the balance", looks)):
        added, more = paced - bare, budgeted - bare
        print(f"{name} takes {bare * 1e3:.2f} ms; the throttle adds {added * 1e6:.0f} us, {added / bare:.1%};", end=" ")
        print(f"with a budget {more * 1e6:.0f} us, {more / bare:.1%}")
    print(f"the throttle may add {BOUND:.0%} to a search")
    return 0 if searches[1] / searches[0] - 1 < BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
