"""This SDK, with all its promises: typed rows, instants in UTC, no event lost or given twice while the list moves."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from theirstack_async import TheirStack


async def run(url: str, key: str, webhook: int, prefetch: int = 0, ids: bool = False, **listed: Any) -> int:
    """Read all events, or their ids alone, and return how many there were."""
    seen = 0
    async with TheirStack(key, base_url=url) as client, AsyncExitStack() as stack:
        events = client.webhooks.events
        if ids:
            async for event_id in events.ids(webhook):
                seen += event_id > 0
            return seen
        listing = events.list(webhook, **listed)
        rows = await stack.enter_async_context(listing.prefetch(prefetch)) if prefetch else listing
        async for row in rows:
            seen += row.webhook_id > 0
    return seen
