"""What a batch retry is compared with does the same work: it sends the same ids in the same batches."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer


@attrs.define
class World:
    url: str
    sent: list[Any] = attrs.field(factory=list[Any])
    keys: set[str] = attrs.field(factory=set[str])
    answered: int = 10**6
    """How many requests are answered; the others wait for ``over``."""
    over: asyncio.Event = attrs.field(factory=asyncio.Event)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async def retry(request: web.Request) -> web.Response:
        made.sent.append(await request.json())
        made.keys.add(request.headers["Authorization"])
        if len(made.sent) > made.answered:
            await made.over.wait()
        return web.json_response(None)

    app = web.Application()
    app.router.add_post("/v0/webhooks/events/retry", retry)
    async with TestServer(app) as server:
        made = World(str(server.make_url("")).rstrip("/"))
        yield made
        made.over.set()


@pytest.mark.parametrize("name", ["sdk_retry", "bare_retry"])
async def test_each_id_is_sent_once_in_whole_batches(world: World, name: str) -> None:
    module = pytest.importorskip(f"benchmarks.peers.{name}", exc_type=ImportError)
    assert await module.run(world.url, "a-key-of-a-test", 7, count=25, batch_size=10, max_concurrency=3) == 25
    batches = sorted(body["webhook_event_ids"] for body in world.sent)
    first = module.FIRST
    assert batches == [list(range(start, min(start + 10, first + 25))) for start in range(first, first + 25, 10)]
    assert world.keys == {"Bearer a-key-of-a-test"}


async def test_a_run_that_is_cancelled_twice_tells_of_all_ids(world: World) -> None:
    module = importlib.import_module("benchmarks.peers.retry_many")
    world.answered = 49
    told = await module.run(world.url, "a-key-of-a-test", 7, count=100, batch_size=1, cancel=True)
    assert told["settled"] == told["taken"] < 100
