"""A key that a callable gives: asked before each attempt, once more after a 401, and never trusted to be one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests._engine import ScriptedTransport, answer, pipeline
from theirstack_async import RetryPolicy, Timeouts
from theirstack_async._engine.theirstack import WEBHOOKS_LIST
from theirstack_async.errors import AuthenticationError, ConfigurationError, RequestTimeoutError


def sent_keys(transport: ScriptedTransport) -> list[str]:
    return [request.headers["authorization"] for request in transport.requests]


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_it_is_asked_before_each_attempt(asynchronous: bool) -> None:
    keys: Iterator[str] = iter(["one", "two"])

    async def later() -> str:
        await asyncio.sleep(0)
        return next(keys)

    transport = ScriptedTransport(answer(500), answer(200))
    await pipeline(transport, api_key=later if asynchronous else lambda: next(keys)).call(WEBHOOKS_LIST)
    assert sent_keys(transport) == ["Bearer one", "Bearer two"]


async def test_it_is_asked_once_more_after_a_401_and_that_counts_as_no_retry() -> None:
    keys = iter(["old", "new", "newer"])
    transport = ScriptedTransport(answer(401), answer(500), answer(200))
    policy = RetryPolicy(attempts=2)
    reply = await pipeline(transport, api_key=lambda: next(keys), retries=policy).call(WEBHOOKS_LIST)
    assert sent_keys(transport) == ["Bearer old", "Bearer new", "Bearer newer"]
    assert reply.meta.attempts == 3


async def test_a_second_401_is_final() -> None:
    transport = ScriptedTransport(answer(401))
    with pytest.raises(AuthenticationError) as caught:
        await pipeline(transport, api_key=lambda: "k").call(WEBHOOKS_LIST)
    assert caught.value.attempts == 2


async def test_a_fixed_key_is_not_tried_again() -> None:
    transport = ScriptedTransport(answer(401))
    with pytest.raises(AuthenticationError):
        await pipeline(transport).call(WEBHOOKS_LIST)
    assert len(transport.requests) == 1


@pytest.mark.parametrize("rubbish", [None, 3, "", "Bearer x", "can ary", b"canary"])
async def test_rubbish_is_refused_and_not_shown(rubbish: Any) -> None:
    transport = ScriptedTransport(answer(200))
    with pytest.raises(ConfigurationError, match=r"api_key\(\): ") as caught:
        await pipeline(transport, api_key=lambda: rubbish).call(WEBHOOKS_LIST)
    assert transport.requests == []
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("error", [OSError("canary"), TimeoutError("canary")])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_what_it_raises_is_the_cause(error: Exception, asynchronous: bool) -> None:
    async def later() -> str:
        raise error

    def now() -> str:
        raise error

    transport = ScriptedTransport(answer(200))
    line = pipeline(transport, api_key=later if asynchronous else now)
    with pytest.raises(ConfigurationError, match=f"gave no key, it raised {type(error).__name__}") as caught:
        await line.call(WEBHOOKS_LIST)
    assert caught.value.__cause__ is error
    assert "canary" not in str(caught.value)
    assert transport.requests == []


async def test_hanging_it_ends_with_the_deadline() -> None:
    async def hang() -> str:
        await asyncio.Event().wait()
        return "never"

    line = pipeline(ScriptedTransport(answer(200)), api_key=hang, timeouts=Timeouts(deadline=0.01))
    with pytest.raises(RequestTimeoutError, match=r"waited for api_key\(\) until the deadline of 0.01 s") as caught:
        await line.call(WEBHOOKS_LIST)
    assert (caught.value.phase, caught.value.sent) == ("deadline", "no")
    assert line.slots.free == 16
