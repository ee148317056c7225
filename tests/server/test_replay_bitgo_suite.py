"""BitGo's notifications keep the promises of a replay, over real sockets, whatever BitGo's pages leave open."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.server._replay_bitgo import BitGoWorld, a_world
from theirstack_async.testing.replay_suite import ReplaySuite


class TestAResendChangesTheRow(ReplaySuite):
    @pytest_asyncio.fixture
    async def world(self) -> AsyncIterator[BitGoWorld]:
        async with a_world() as world:
            yield world


class TestAResendAddsARow(ReplaySuite):
    @pytest_asyncio.fixture
    async def world(self) -> AsyncIterator[BitGoWorld]:
        async with a_world(adds_rows=True) as world:
            yield world


class TestOldestFirst(ReplaySuite):
    """Statuses are in lower case, and an unknown id sinks its call."""

    @pytest_asyncio.fixture
    async def world(self) -> AsyncIterator[BitGoWorld]:
        async with a_world(order="oldest", lower_case=True, unknown_ids="sink") as world:
            yield world


class TestByTheOperatorsPath(ReplaySuite):
    @pytest_asyncio.fixture
    async def world(self) -> AsyncIterator[BitGoWorld]:
        async with a_world(admin=True) as world:
            yield world
