"""Reads a long list of events, counts each of them, keeps none, and tells how the memory of the process grew."""

from __future__ import annotations

from typing import Any

from benchmarks.peak import peak
from benchmarks.worker import resident
from theirstack_async import TheirStack


async def run(url: str, key: str, webhook: int, first: int, rows: int, warm_up: int) -> dict[str, Any]:
    """Read all events; return how many came exactly once, and memory in MB: growth after ``warm_up`` events, peak."""
    seen = bytearray(rows)
    count = 0
    then = highest = 0.0
    async with TheirStack(key, base_url=url) as client:
        async for event in client.webhooks.events.list(webhook):
            seen[event.id - first] += 1
            count += 1
            if count == warm_up:
                then, highest = resident(), peak()
    return {
        "events": seen.count(1),
        "read": count,
        "grown_mb": max(resident() - then, peak() - highest),
        "highest_mb": peak(),
    }
