"""Fixtures: a fake with a caller, and a receiver of deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.fake._receiver import Api, Receiver, calling, receiving
from theirstack_async.testing import FakeTheirStack


@pytest_asyncio.fixture
async def api() -> AsyncIterator[Api]:
    async with calling(FakeTheirStack()) as caller:
        yield caller


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one
