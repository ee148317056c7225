"""TheirStack's events keep the promises of a replay, over real sockets and with a real receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.server._replay_theirstack import TheirStackWorld, a_world
from theirstack_async.testing.replay_suite import ReplaySuite


class TestNewestFirst(ReplaySuite):
    @pytest_asyncio.fixture
    async def world(self) -> AsyncIterator[TheirStackWorld]:
        async with a_world() as world:
            yield world


class TestOldestFirst(ReplaySuite):
    """The order of the list is not documented; neither is it how unknown ids are refused."""

    @pytest_asyncio.fixture
    async def world(self) -> AsyncIterator[TheirStackWorld]:
        async with a_world(order="asc", unknown_ids="404", error_style="detail") as world:
            yield world
