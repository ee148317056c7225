"""Retries very many events by ids out of a generator: tells how memory grows, or how the run bears being cancelled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.peak import peak
from benchmarks.worker import resident
from theirstack_async import RetryReport, TheirStack

FIRST: Final = 1_000_000
"""The id of the first event."""
WARM_UP: Final = 20_000
WIDTH: Final = 16


class Ids:
    """Ids one after the other, and how many of them were taken."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.taken = 0

    def __iter__(self) -> Iterator[int]:
        for value in range(FIRST, FIRST + self.count):
            self.taken += 1
            yield value


async def run(
    url: str, key: str, webhook: int, *, count: int, batch_size: int = 100, cancel: bool = False
) -> dict[str, Any]:
    """Retry so many events, and return how many were accepted and what it came to."""
    async with TheirStack(key, base_url=url, max_concurrency=WIDTH) as client:
        if cancel:
            return await cancelled(client, count, batch_size)
        return await whole(client, count, batch_size)


async def whole(client: TheirStack, count: int, batch_size: int) -> dict[str, Any]:
    """Retry all of them; ``grown_mb`` is the growth of memory after a warm-up, at its highest."""
    warm = range(FIRST, FIRST + WARM_UP)
    await client.webhooks.events.retry(warm, batch_size=batch_size, max_concurrency=WIDTH)
    before = resident()
    ids = Ids(count)
    report = await client.webhooks.events.retry(iter(ids), batch_size=batch_size, max_concurrency=WIDTH)
    report.raise_for_failures()
    return {"events": len(report.accepted), "taken": ids.taken, "grown_mb": peak() - before}


async def cancelled(client: TheirStack, count: int, batch_size: int) -> dict[str, Any]:
    """Cancel it twice in the middle; ``seconds`` is the time from the second cancellation until it has ended."""
    middle = asyncio.Event()
    ids = Ids(count)

    def note(report: RetryReport) -> None:
        if report.requested >= count // 2:
            middle.set()

    events = client.webhooks.events
    task = asyncio.create_task(
        events.retry(
            iter(ids),
            batch_size=batch_size,
            max_concurrency=WIDTH,
            on_progress=note,
            drain=60.0,  # longer than a round
        )
    )
    await middle.wait()
    task.cancel()
    # Some turns of the loop, by which the run has noticed and waits for the batches under way.
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done(), "it has ended at the first cancellation; no batch was under way"
    started = time.perf_counter()
    task.cancel()
    await asyncio.wait([task])
    seconds = time.perf_counter() - started
    left = len(asyncio.all_tasks()) - 1
    try:
        await task
    except asyncio.CancelledError as error:
        report: RetryReport = getattr(error, "report")  # noqa: B009 - asyncio's own class knows of no such attribute
    return {
        "events": len(report.accepted),
        "taken": ids.taken,
        "settled": report.settled,
        "unknown": len(report.unknown),
        "seconds": seconds,
        "tasks_left": left,
    }
