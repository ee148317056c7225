"""Cancelled anywhere, nothing is left behind and nothing is lost."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests._imports import ROOT
from tests.cancellation._points import EVENTS, WORKS, Server, cancel_everywhere, serving
from theirstack_async import TheirStack


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.mark.parametrize("name", WORKS)
async def test_at_every_await_point(name: str, server: Server) -> None:
    points = await cancel_everywhere(WORKS[name], server)
    assert points >= 3, "the shim saw no await points"
    gc.collect()


def test_without_a_warning_in_development_mode() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-X", "dev", "-m", "tests.cancellation._points"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(re.findall(r"cancelled at [1-9]\d* points", done.stdout)) == len(WORKS)


async def test_an_early_break_leaves_nothing(server: Server) -> None:
    async with TheirStack(server.fake.api_key, base_url=server.fake.base_url) as client:
        async for _ in client.webhooks.events.ids(server.webhook, page_size=10):
            break
        async with client.webhooks.events.ids(server.webhook, page_size=10).prefetch(4) as rows:
            async for _ in rows:
                break
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert client._pipeline.slots.free == client._pipeline.slots.limit


async def test_a_users_exception_comes_out_as_it_is(server: Server) -> None:
    error = ZeroDivisionError("mine")
    async with TheirStack(server.fake.api_key, base_url=server.fake.base_url) as client:
        for width in (1, 4):
            with pytest.raises(ZeroDivisionError) as caught:
                async with client.webhooks.events.ids(server.webhook, page_size=10).prefetch(width) as rows:
                    async for _ in rows:
                        raise error
            assert caught.value is error
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert client._pipeline.slots.free == client._pipeline.slots.limit


@pytest.mark.parametrize("width", [1, 4])
async def test_a_timeout_around_it_is_a_timeout(server: Server, width: int) -> None:
    async with TheirStack(server.fake.api_key, base_url=server.fake.base_url) as client:
        paginator = client.webhooks.events.ids(server.webhook, page_size=10)
        taken: list[int] = []
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(None) as limit, paginator.prefetch(width) as rows:
                async for row in rows:
                    taken.append(row)
                    if len(taken) == 11:
                        limit.reschedule(0)
                        await asyncio.sleep(60)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert client._pipeline.slots.free == client._pipeline.slots.limit
        taken += await paginator.collect()
        assert len(taken) == EVENTS
