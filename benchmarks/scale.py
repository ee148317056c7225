"""How much memory long listings and batch runs take: 100,000 events through list(), 1,000,000 ids through retry().

Run it by hand: ``python benchmarks/scale.py``. The fake server is a process of its own, and each measurement too, so
that the growth of resident memory (RSS) after a warm-up is the client's alone. ``LOAD_SCALE`` scales the counts.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from theirstack_async import RetryReport, TheirStack
from theirstack_async.testing import FakeTheirStack

SCALE = float(os.environ.get("LOAD_SCALE") or "1")
WARM_UP = 5_000
EVENTS = WARM_UP + max(1, round(100_000 * SCALE))
IDS = max(1, round(1_000_000 * SCALE))
LIST_BOUND = 15.0
"""MB that listing may grow by."""
RETRY_BOUND = 20.0
"""MB that retrying may grow by."""
WIDTH = 4


def resident() -> float:
    """Return this process's resident memory in MB."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def serve() -> None:
    async with FakeTheirStack(keep_requests=False, deliver=False) as fake:
        webhook = fake.seed_webhook("http://localhost:9/hook")
        listed = fake.seed_events(webhook, EVENTS)
        other = fake.seed_webhook("http://localhost:9/other")
        retried = fake.seed_events(other, IDS)
        print(fake.base_url, fake.api_key, webhook, listed.start, retried.start, flush=True)
        await fake.serve_forever()


async def list_events(url: str, key: str, webhook: str, first: str) -> tuple[int, float, float]:
    """Read all events; return how many, and the growth of memory in MB after the warm-up, at its highest."""
    seen = bytearray(EVENTS)
    count, before, highest = 0, 0.0, 0.0
    async with TheirStack(key, base_url=url) as client:
        async for event in client.webhooks.events.list(int(webhook)):
            seen[event.id - int(first)] += 1
            count += 1
            if count == WARM_UP:
                before = resident()
            elif count % 5_000 == 0:
                highest = max(highest, resident())
    assert seen.count(1) == EVENTS, "an event was missed, or came twice"
    return count, max(highest, resident()) - before, LIST_BOUND


async def retry_ids(url: str, key: str, webhook: str, first: str) -> tuple[int, float, float]:
    """Retry all ids from a generator; return how many, and the growth of memory in MB after the warm-up."""
    growth = 0.0
    before = 0.0

    def note(report: RetryReport) -> None:
        nonlocal growth
        growth = max(growth, resident() - before)

    start = int(first)
    async with TheirStack(key, base_url=url) as client:
        await client.webhooks.events.retry(range(start, start + min(IDS, WARM_UP)), max_concurrency=WIDTH)
        before = resident()
        ids = (value for value in range(start, start + IDS))
        report = await client.webhooks.events.retry(ids, max_concurrency=WIDTH, on_progress=note)
    assert report.ok
    assert (len(report.accepted), report.batches) == (IDS, -(-IDS // 100))
    return IDS, growth, RETRY_BOUND


WORKS = {"list": list_events, "retry": retry_ids}


@contextmanager
def server() -> Iterator[tuple[str, str, str, str, str]]:
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url, key, webhook, listed, retried = process.stdout.readline().split()
            yield url, key, webhook, listed, retried
        finally:
            process.terminate()


def measure() -> None:
    print(f"{'':10}{'ids':>12}{'seconds':>10}{'ids/s':>10}{'growth MB':>12}{'bound MB':>10}")
    with server() as (url, key, webhook, listed, retried):
        for name, first in (("list", listed), ("retry", retried)):
            command = [sys.executable, __file__, name, url, key, webhook, first]
            line = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
            count, seconds, growth, bound = int(line[0]), float(line[1]), float(line[2]), float(line[3])
            print(f"{name:10}{count:>12,}{seconds:>10.1f}{count / seconds:>10,.0f}{growth:>12.1f}{bound:>10.0f}")
            assert growth < bound, f"{name} grew by {growth:.1f} MB, more than {bound:.0f} MB"


def main() -> None:
    if len(sys.argv) == 1:
        measure()
    elif sys.argv[1] == "serve":
        asyncio.run(serve())
    else:
        started = time.perf_counter()
        count, growth, bound = asyncio.run(WORKS[sys.argv[1]](*sys.argv[2:]))
        print(count, time.perf_counter() - started, growth, bound)


if __name__ == "__main__":
    main()
