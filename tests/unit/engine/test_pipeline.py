"""The loop of one call, over a transport that plays a script and a clock that nobody waits for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests._engine import KEY, ManualClock, ScriptedTransport, answer, pipeline
from theirstack_async import RequestOptions, RetryPolicy, Timeouts
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.pipeline import CallState
from theirstack_async._wire.message import Request, Response
from theirstack_async.errors import (
    APIError,
    ArgumentError,
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    InsufficientCreditsError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TheirStackError,
)

READ, ONCE = api.WEBHOOKS_LIST, api.EVENTS_RETRY
BILLED = Operation("jobs.search", "POST", "/v1/jobs/search", "billed", 1)
LOST = ConnectionLostError("lost", sent="maybe")


async def test_a_success_and_what_came_beside_it() -> None:
    headers = {"x-request-id": "r", "ratelimit": '"a";r=1;t=2'}
    transport = ScriptedTransport(answer(200, [1], headers, sends=2))
    clock = ManualClock()
    reply = await pipeline(transport, clock=clock).call(READ, query={"a": 1})
    assert reply.json() == [1]
    assert "[1]" not in repr(reply)
    meta = reply.meta
    assert (meta.status, meta.request_id, meta.attempts, meta.elapsed) == (200, "r", 2, 0.0)
    assert meta.rate_limit is not None
    (request,) = transport.requests
    assert (request.method, request.url) == ("GET", "http://theirstack.invalid/v0/webhooks?a=1")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["user-agent"].startswith("theirstack-async/")
    assert "content-type" not in request.headers
    assert (request.connect, request.read, request.deadline) == (10, 60, 300)


async def test_a_reply_that_is_not_json() -> None:
    reply = await pipeline(ScriptedTransport(answer(200, b"<html>"))).call(READ)
    with pytest.raises(DecodeError) as caught:
        reply.json()
    assert caught.value.body == b"<html>"
    assert caught.value.__context__ is None


async def test_back_off_grows_and_the_pauses_are_counted() -> None:
    clock = ManualClock()
    transport = ScriptedTransport(ConnectError("no"), answer(503), LOST, answer(200, []))
    reply = await pipeline(transport, clock=clock).call(READ)
    assert clock.sleeps == [0.25, 0.5, 1.0]
    assert reply.meta.elapsed == 1.75


async def test_attempts_end() -> None:
    transport = ScriptedTransport(answer(500))
    with pytest.raises(ServerError) as caught:
        await pipeline(transport).call(READ)
    assert len(transport.requests) == caught.value.attempts == 4
    assert caught.value.elapsed == 1.75


async def test_a_429_is_waited_for_even_by_what_is_sent_once() -> None:
    clock = ManualClock()
    transport = ScriptedTransport(answer(429, None, {"retry-after": "7"}), answer(200, None))
    await pipeline(transport, clock=clock).call(ONCE, json={})
    assert clock.sleeps == [pytest.approx(7.25)]


@pytest.mark.parametrize("settings", [{"max_rate_wait": 6.0}, {"timeouts": Timeouts(deadline=7)}])
async def test_a_wait_that_is_too_long_is_refused_at_once(settings: Any) -> None:
    clock = ManualClock()
    transport = ScriptedTransport(answer(429, None, {"retry-after": "7"}))
    with pytest.raises(RateLimitError) as caught:
        await pipeline(transport, clock=clock, **settings).call(READ)
    assert (caught.value.retry_after, clock.sleeps, len(transport.requests)) == (7.0, [], 1)


@pytest.mark.parametrize(
    ("operation", "advice"), [(ONCE, "Look before you repeat it"), (BILLED, "Compare used_api_credits")]
)
@pytest.mark.parametrize("act", [LOST, answer(500), answer(503, None, {"retry-after": "1"}), answer(303)])
async def test_an_unknown_outcome_is_said_and_nothing_is_sent_again(
    operation: Operation, advice: str, act: Any
) -> None:
    transport = ScriptedTransport(act)
    with pytest.raises(OutcomeUnknownError, match=advice) as caught:
        await pipeline(transport).call(operation, json={})
    assert len(transport.requests) == 1
    assert caught.value.sent == "maybe"
    assert isinstance(caught.value.__cause__, TheirStackError)
    assert caught.value.__cause__.elapsed == caught.value.elapsed


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422])
async def test_a_refusal_is_not_sent_again(status: int) -> None:
    transport = ScriptedTransport(answer(status))
    state = CallState()
    with pytest.raises(APIError) as caught:
        await pipeline(transport).call(ONCE, json={}, state=state)
    assert (caught.value.status, len(transport.requests), state.sent, state.attempts) == (status, 1, "no", 1)


async def test_what_never_left_is_sent_again_whatever_it_is() -> None:
    transport = ScriptedTransport(ConnectError("no"), ConnectionLostError("no", sent="no"), answer(200, None))
    state = CallState()
    await pipeline(transport).call(ONCE, json={}, state=state)
    assert (len(transport.requests), state.sent) == (3, "yes")


@pytest.mark.parametrize("last", [ConnectError("no"), answer(402)])
async def test_one_unknown_outcome_is_not_forgotten_over_a_later_failure(last: Any) -> None:
    """A billed call that may be sent again may have been carried out by the first attempt, whatever ends the second."""
    policy = RetryPolicy(retry_paid=True, attempts=2)
    with pytest.raises(OutcomeUnknownError) as caught:
        await pipeline(ScriptedTransport(LOST, last), retries=policy).call(BILLED, json={})
    assert isinstance(caught.value.__cause__, (ConnectError, InsufficientCreditsError))


async def test_a_failure_to_connect_after_an_unknown_outcome_does_not_count_as_unsent() -> None:
    policy = RetryPolicy(attempts=2)
    with pytest.raises(ConnectError) as caught:
        await pipeline(ScriptedTransport(LOST, ConnectError("no")), retries=policy).call(READ)
    assert caught.value.sent == "maybe"


async def test_the_deadline_covers_all_attempts() -> None:
    """Each attempt gets what is left, and a pause that would outlast it is not begun."""
    clock = ManualClock()

    async def slow(request: Request) -> Response:
        clock.advance(4)
        raise ConnectionLostError("slow", sent="maybe")

    transport = ScriptedTransport(slow)
    with pytest.raises(ConnectionLostError):
        await pipeline(transport, clock=clock, timeouts=Timeouts(deadline=9)).call(READ)
    assert [request.deadline for request in transport.requests] == [9, 4.75, 0.25]


async def test_without_a_deadline_there_is_none() -> None:
    transport = ScriptedTransport(answer(200))
    await pipeline(transport, timeouts=Timeouts(deadline=None)).call(READ)
    assert transport.requests[0].deadline is None


async def test_waiting_for_a_place_ends_with_the_deadline_and_nothing_is_sent() -> None:
    transport = ScriptedTransport(answer(200))
    line = pipeline(transport, max_concurrency=1, timeouts=Timeouts(deadline=0.01))
    await line.slots.acquire()
    with pytest.raises(RequestTimeoutError, match="waited for its turn") as caught:
        await line.call(ONCE, json={})
    assert (caught.value.phase, caught.value.sent, transport.requests) == ("slot", "no", [])
    line.slots.release()
    assert line.slots.free == 1


async def test_what_gets_its_place_too_late_is_not_sent() -> None:
    clock = ManualClock()
    transport = ScriptedTransport(answer(200))
    line = pipeline(transport, clock=clock, api_key=lambda: clock.advance(300) or "k")
    with pytest.raises(RequestTimeoutError) as caught:
        await line.call(ONCE, json={})
    assert (caught.value.phase, caught.value.sent, transport.requests) == ("slot", "no", [])
    assert line.slots.free == 16


@pytest.mark.parametrize("failure", [LOST, ValueError("a defect"), asyncio.CancelledError()])
async def test_a_place_is_given_back_whatever_happens(failure: BaseException) -> None:
    line = pipeline(ScriptedTransport(failure), retries=RetryPolicy(attempts=1))
    with pytest.raises(type(failure)):
        await line.call(READ)
    assert line.slots.free == 16


async def test_a_closed_client_says_so_without_waiting_in_line() -> None:
    transport = ScriptedTransport(answer(200))
    line = pipeline(transport, max_concurrency=1)
    await line.slots.acquire()
    transport.refusal = ClientClosedError("closed")
    with pytest.raises(ClientClosedError):
        await line.call(READ)


async def test_a_cancelled_call_may_have_been_carried_out() -> None:
    async def hang(request: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    state = CallState()
    task = asyncio.create_task(pipeline(ScriptedTransport(hang)).call(ONCE, json={}, state=state))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert state.sent == "maybe"


async def test_options_of_a_call_come_before_the_clients() -> None:
    transport = ScriptedTransport(answer(500))
    options = RequestOptions(
        timeouts=Timeouts(1, 2, 3),
        retries=RetryPolicy(attempts=1),
        headers={"X-Trace": "t", "User-Agent": "mine", "CONTENT-TYPE": "application/x"},
    )
    with pytest.raises(ServerError):
        await pipeline(transport).call(READ, json={}, options=options)
    (request,) = transport.requests
    assert (request.connect, request.read, request.deadline) == (1, 2, 3)
    assert dict(request.headers) == {
        "accept": "application/json",
        "user-agent": "mine",
        "content-type": "application/x",
        "x-trace": "t",
        "authorization": f"Bearer {KEY}",
    }


async def test_the_kind_can_be_overridden() -> None:
    transport = ScriptedTransport(LOST, answer(200))
    await pipeline(transport).call(ONCE, json={}, kind="idempotent")
    assert [request.kind for request in transport.requests] == ["idempotent", "idempotent"]


async def test_a_body_that_is_none_is_refused_before_anything_happens() -> None:
    transport = ScriptedTransport(answer(200))
    with pytest.raises(ArgumentError):
        await pipeline(transport).call(ONCE, json={"a": object()})
    assert transport.requests == []


async def test_the_key_and_secrets_of_the_body_show_in_no_answer() -> None:
    secret = "canary-secret-0001"
    body = f'{{"detail": "Bearer {KEY}, {secret}"}}'.encode()
    for status in (200, 404):
        line = pipeline(ScriptedTransport(answer(status, body)))
        try:
            reply = await line.call(api.WEBHOOKS_CREATE, json={"secret": secret})
            shown = [reply.body.decode()]
        except NotFoundError as error:
            shown = [str(error), *map(str, vars(error).values())]
        assert not [text for text in shown if KEY in text or secret in text]
        assert [text for text in shown if "***, ***" in text]


async def test_a_short_key_changes_no_row_that_holds_the_word() -> None:
    body = b'{"keyword_slugs": ["key"]}'
    reply = await pipeline(ScriptedTransport(answer(200, body)), api_key="key").call(READ)
    assert reply.body == body


async def test_a_missing_key_is_an_error_at_the_first_call_that_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THEIRSTACK_API_KEY", raising=False)
    transport = ScriptedTransport(answer(200))
    line = pipeline(transport, api_key=None)
    with pytest.raises(ConfigurationError, match="GET /v0/webhooks needs an API key: pass TheirStack"):
        await line.call(READ)
    await line.call(Operation("catalog", "GET", "/v0/catalog", "read", needs_key=False))
    assert "authorization" not in transport.requests[0].headers
