"""Fixtures: a fake with a caller, and a receiver of deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.fake._catalog import COMPANIES, JOBS
from tests.fake._documents import CheckedApi, checking
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


@pytest_asyncio.fixture
async def checked() -> AsyncIterator[CheckedApi]:
    """Give a caller whose answers are held against the vendor's document."""
    async with checking(FakeTheirStack()) as caller:
        yield caller


@pytest_asyncio.fixture
async def free() -> AsyncIterator[CheckedApi]:
    """Give a caller without a key, and a small data set."""
    async with checking(FakeTheirStack(jobs=JOBS, companies=COMPANIES), key=False) as caller:
        yield caller
