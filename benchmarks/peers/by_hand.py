"""What users usually write by hand: an async generator of dicts, and ``response.json()``."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import orjson


async def events(session: aiohttp.ClientSession, webhook: int, page_size: int) -> AsyncGenerator[dict[str, Any], None]:
    """Yield all events of a webhook."""
    offset = 0
    while True:
        query = {"offset": str(offset), "limit": str(page_size)}
        async with session.get(f"/v0/webhooks/{webhook}/events", params=query) as response:
            response.raise_for_status()
            rows = await response.json(loads=orjson.loads)
        for row in rows:
            yield row
        if len(rows) < page_size:
            return
        offset += page_size


async def run(url: str, key: str, webhook: int, page_size: int = 500) -> int:
    """Read all events as dicts, and return how many there were."""
    seen = 0
    async with aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"}) as session:
        async for row in events(session, webhook, page_size):
            seen += row["webhook_id"] > 0
    return seen
