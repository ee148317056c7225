"""The same retry of many events with this package."""

from __future__ import annotations

from theirstack_async import TheirStack


async def run(
    *, url: str, key: str, count: int, first: int = 1_000_000, batch_size: int = 100, max_concurrency: int = 16
) -> int:
    """Retry ``count`` events, and return how many were accepted."""
    ids = iter(range(first, first + count))
    async with TheirStack(key, base_url=url, max_concurrency=max_concurrency) as client:
        report = await client.webhooks.events.retry(ids, batch_size=batch_size, max_concurrency=max_concurrency)
    report.raise_for_failures()
    return len(report.accepted)
