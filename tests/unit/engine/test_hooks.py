"""Hooks and log lines: in order, complete, without the key, and unable to do harm."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests._engine import KEY, ManualClock, ScriptedTransport, answer, pipeline
from theirstack_async._engine.theirstack import WEBHOOKS_GET, WEBHOOKS_LIST
from theirstack_async.errors import ConnectError, NotFoundError
from theirstack_async.hooks import AttemptEnded, CallEnded, CallStarted, HookEvent, WaitStarted

REFUSED = "GET /v0/webhooks was answered 401: null. Check the API key: it may be wrong, expired or revoked."


async def test_a_call_is_told_in_order() -> None:
    seen: list[HookEvent] = []
    transport = ScriptedTransport(ConnectError("no connection"), answer(200, sends=2))
    await pipeline(transport, hooks=(seen.append,)).call(WEBHOOKS_GET, parts={"webhook_id": 7}, query={"q": KEY})
    call = seen[0].call_id
    name = "webhooks.get"
    assert seen == [
        CallStarted(call, name, "GET", "/v0/webhooks/7", "read"),
        AttemptEnded(call, name, 1, None, "no connection", "no", 0.0),
        WaitStarted(call, name, 0.25, "it was never sent"),
        AttemptEnded(call, name, 2, 200, None, "yes", 0.0),
        CallEnded(call, name, 200, None, 2, 0.25),
    ]
    assert KEY not in repr(seen)


async def test_a_call_that_fails_and_one_that_is_cancelled_end_too() -> None:
    seen: list[HookEvent] = []
    with pytest.raises(NotFoundError):
        await pipeline(ScriptedTransport(answer(404)), hooks=(seen.append,)).call(WEBHOOKS_LIST)
    assert isinstance(end := seen[-1], CallEnded)
    assert (end.status, end.error, end.attempts) == (404, "NotFoundError", 1)
    transport = ScriptedTransport(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await pipeline(transport, hooks=(seen.append,)).call(WEBHOOKS_LIST)
    assert isinstance(end := seen[-1], CallEnded)
    assert (end.status, end.error) == (None, "CancelledError")


async def test_calls_have_ids_of_their_own() -> None:
    seen: list[HookEvent] = []
    line = pipeline(ScriptedTransport(answer(200)), hooks=(seen.append,))
    await line.call(WEBHOOKS_LIST)
    await line.call(WEBHOOKS_LIST)
    assert len({event.call_id for event in seen}) == 2


async def test_a_hook_that_fails_is_logged_and_the_next_one_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: HookEvent) -> None:
        raise ValueError("of no use")

    seen: list[HookEvent] = []
    await pipeline(ScriptedTransport(answer(200)), hooks=(broken, seen.append)).call(WEBHOOKS_LIST)
    assert len(seen) == 3
    assert len(caplog.messages) == 3
    assert "failed on CallStarted: ValueError: of no use" in caplog.messages[0]


async def test_each_decision_is_one_line_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "theirstack_async")
    acts = (answer(401), answer(429, None, {"retry-after": "2"}), answer(404))
    with pytest.raises(NotFoundError):
        await pipeline(ScriptedTransport(*acts), clock=ManualClock(), api_key=lambda: KEY).call(WEBHOOKS_LIST)
    lines = [line.partition(" webhooks.list: ")[2] for line in caplog.messages]
    assert lines == [
        f"attempt 1: {REFUSED} in 0.000 s (sent: yes)",
        "asking for the key again after a 401",
        "attempt 2: GET /v0/webhooks was answered 429: null. in 0.000 s (sent: yes)",
        "sending again in 2.100 s: refused by the rate limit (429), and the API asked for 2 s",
        "attempt 3: GET /v0/webhooks was answered 404: null. in 0.000 s (sent: yes)",
        "giving up: NotFoundError will not change by asking again",
    ]
    assert KEY not in caplog.text
