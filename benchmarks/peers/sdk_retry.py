"""The same retry of many events with this package."""

from __future__ import annotations

from typing import Final

from theirstack_async import TheirStack

FIRST: Final = 1_000_000
"""The id of the first event."""


async def run(
    url: str, key: str, webhook: int = 0, *, count: int, batch_size: int = 100, max_concurrency: int = 16
) -> int:
    """Retry ``count`` events, and return how many were accepted. An event is known by its id alone, whosever it is."""
    ids = iter(range(FIRST, FIRST + count))
    async with TheirStack(key, base_url=url, max_concurrency=max_concurrency) as client:
        report = await client.webhooks.events.retry(ids, batch_size=batch_size, max_concurrency=max_concurrency)
    report.raise_for_failures()
    return len(report.accepted)
