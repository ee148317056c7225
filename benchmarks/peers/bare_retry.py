"""A retry of many events as a careful user would write it by hand: aiohttp, some workers over one iterator, no more.

It keeps no account of what became of which id, sends nothing a second time and waits for no rate window.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Final

import aiohttp
import orjson

FIRST: Final = 1_000_000
"""The id of the first event."""


async def work(session: aiohttp.ClientSession, url: str, batches: Iterator[tuple[int, ...]]) -> int:
    """Send batches until there are none left, and return how many ids were accepted."""
    accepted = 0
    for ids in batches:
        body = orjson.dumps({"webhook_event_ids": ids})
        async with session.post(url, data=body) as response:
            answer = await response.read()
            if response.status != 200:
                raise RuntimeError(f"{response.status}: {answer[:200]!r}")
        accepted += len(ids)
    return accepted


async def run(
    url: str, key: str, webhook: int = 0, *, count: int, batch_size: int = 100, max_concurrency: int = 16
) -> int:
    """Retry ``count`` events, and return how many were accepted. An event is known by its id alone, whosever it is."""
    ids = iter(range(FIRST, FIRST + count))
    batches = iter(lambda: tuple(islice(ids, batch_size)), ())
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        workers = [work(session, f"{url}/v0/webhooks/events/retry", batches) for _ in range(max_concurrency)]
        return sum(await asyncio.gather(*workers))
