"""A fake TheirStack and a client of it, for what belongs to an account: lists, saved searches, usage."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from tests.server._loopback import KEY, ONE_TRY
from theirstack_async import ArgumentError, RetryPolicy, TheirStack
from theirstack_async.testing import FakeTheirStack

AT_ONCE: Final = RetryPolicy(base=0, cap=0)
"""Retries without a pause, so that no test sleeps."""
UNREACHABLE: Final = "http://127.0.0.1:9"
"""Where nobody listens: what is sent there ends in a ConnectError."""
Do = Callable[[TheirStack], Any]


@asynccontextmanager
async def account(
    *, key: str | None = "fake-theirstack-key", **options: Any
) -> AsyncIterator[tuple[FakeTheirStack, TheirStack]]:
    """Yield a small fake and a client of it; ``key=None`` gives the client none."""
    async with (
        FakeTheirStack(**{"jobs": 60, "companies": 20, "deliver": False, **options}) as fake,
        TheirStack(key, base_url=fake.base_url, retries=AT_ONCE) as client,
    ):
        yield fake, client


async def refused(do: Do) -> str:
    """Return the field that an ArgumentError names, which a call or a list ends in before anything is sent."""
    async with TheirStack(KEY, base_url=UNREACHABLE, retries=ONE_TRY) as client:
        with pytest.raises(ArgumentError) as caught:
            answer = do(client)
            if isinstance(answer, Awaitable):
                await answer
    assert caught.value.field in str(caught.value)
    return caught.value.field


def sent(fake: FakeTheirStack) -> list[str]:
    """Return the method and path of each request."""
    return [f"{request.method} {request.path}" for request in fake.requests]


def keys(fake: FakeTheirStack) -> set[bool]:
    """Return whether requests came with a key: of each answer one."""
    return {"authorization" in request.headers for request in fake.requests}
