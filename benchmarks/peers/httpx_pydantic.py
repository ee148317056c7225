"""As generated SDKs do it: httpx, pydantic 2 models of every record, and an asynchronous generator over the rows."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
from pydantic import TypeAdapter

from benchmarks.peers.pydantic_models import Event, PlainEvent

# Made once, as in a program that keeps its client: each run here needs a client of its own, and to load all
# certificates takes as long as many pages.
CONTEXT = httpx.create_ssl_context()

decode = TypeAdapter(list[Event]).validate_json
decode_plain = TypeAdapter(list[PlainEvent]).validate_json


async def events(url: str, key: str, webhook: int, page_size: int = 500) -> AsyncIterator[Event]:
    """Yield the rows, page after page."""
    offset = 0
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, verify=CONTEXT) as client:
        while True:
            query = {"offset": offset, "limit": page_size}
            response = await client.get(f"/v0/webhooks/{webhook}/events", params=query)
            response.raise_for_status()
            rows = decode(response.content)
            for row in rows:
                yield row
            if len(rows) < page_size:
                return
            offset += page_size


async def run(url: str, key: str, webhook: int, page_size: int = 500) -> int:
    """Read all events, and return how many there were."""
    seen = 0
    async for row in events(url, key, webhook, page_size):
        seen += row.webhook_id > 0
    return seen
