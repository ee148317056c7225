"""The floor: what a user can write by hand with aiohttp and orjson, without models and without any promise."""

from __future__ import annotations

import aiohttp
import orjson


async def run(url: str, key: str, webhook: int, page_size: int = 500) -> int:
    """Read all events as dicts, page after page, and return how many there were."""
    seen = offset = 0
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(url, headers=headers) as session:
        while True:
            query = {"offset": str(offset), "limit": str(page_size)}
            async with session.get(f"/v0/webhooks/{webhook}/events", params=query) as response:
                response.raise_for_status()
                rows = orjson.loads(await response.read())
            for row in rows:
                seen += row["webhook_id"] > 0
            if len(rows) < page_size:
                return seen
            offset += page_size
