"""Lifecycle, key, routes and records of the fake."""

from __future__ import annotations

import asyncio
import io
import json
import socket

import aiohttp
import pytest

from tests.fake._receiver import Api, calling
from theirstack_async import testing
from theirstack_async._clock import SystemClock
from theirstack_async.testing import FakeTheirStack, Options
from theirstack_async.testing.options import OptionKwargs


async def test_it_serves_only_within_async_with_and_once() -> None:
    fake = FakeTheirStack()
    assert repr(fake) == "FakeTheirStack(not serving)"
    with pytest.raises(RuntimeError, match="serves only within"):
        _ = fake.base_url
    with pytest.raises(RuntimeError, match="serves only within"):
        fake.trigger(fake.seed_webhook("http://127.0.0.1:1/"))
    async with fake:
        assert repr(fake) == f"FakeTheirStack({fake.base_url})"
        with pytest.raises(RuntimeError, match="serves once"):
            await fake.__aenter__()
    with pytest.raises(RuntimeError, match="serves once"):
        await fake.__aenter__()


async def test_a_port_can_be_chosen_and_a_taken_one_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="address already in use"):
            await FakeTheirStack(port=port).__aenter__()
    async with FakeTheirStack(port=port) as fake:
        assert fake.base_url == f"http://127.0.0.1:{port}"


async def test_serve_forever_ends_by_cancellation() -> None:
    async with FakeTheirStack() as fake:
        task = asyncio.create_task(fake.serve_forever())
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic abc"])
async def test_a_missing_or_wrong_key_is_401_with_the_envelope(header: str | None) -> None:
    async with FakeTheirStack() as fake, aiohttp.ClientSession(fake.base_url) as session:
        headers = {} if header is None else {"Authorization": header}
        async with session.get("/v0/webhooks", headers=headers) as response:
            assert response.status == 401
            body = await response.json()
    assert set(body) == {"error", "request_id"}
    assert set(body["error"]) == {"title", "code", "description"}
    assert isinstance(body["request_id"], int)


async def test_unknown_paths_are_404_and_wrong_methods_405(api: Api) -> None:
    assert (await api("GET", "/v1/nothing"))[0] == 404
    async with api.session.delete("/v0/webhooks") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET, POST"
        assert (await response.json())["error"]["title"] == "Method not allowed"


async def test_requests_are_recorded_and_the_key_is_masked(api: Api) -> None:
    webhook_id = api.fake.seed_webhook("http://127.0.0.1:1/")
    await api("GET", f"/v0/webhooks/{webhook_id}/events?status=FAILED&limit=3")
    await api.retry()
    first, second = api.fake.requests
    assert (first.method, first.path, first.status) == ("GET", f"/v0/webhooks/{webhook_id}/events", 200)
    assert first.query == [("status", "FAILED"), ("limit", "3")]
    assert second.json() == {"webhook_event_ids": []}
    assert second.ended is not None
    assert second.ended >= second.began >= first.began
    assert first.headers["AUTHORIZATION"] == f"Bearer {api.fake.api_key}"
    assert api.fake.api_key not in repr(first) + repr(api.fake.requests) + repr(api.fake)
    assert api.fake.requests[1:] == [second]
    assert repr(api.fake.requests) == "RequestLog(total=2, kept=2, max_in_flight=1)"
    api.fake.requests.clear()
    assert (len(api.fake.requests), api.fake.requests.total, api.fake.requests.max_in_flight) == (0, 0, 0)


async def test_without_keeping_requests_only_the_counts_go_on() -> None:
    async with calling(FakeTheirStack(keep_requests=False)) as api:
        await asyncio.gather(*(api.retry() for _ in range(5)))
        assert (len(api.fake.requests), api.fake.requests.total, api.fake.requests.in_flight) == (0, 5, 0)


async def test_gzip_is_sent_to_those_who_accept_it_when_switched_on() -> None:
    async with calling(FakeTheirStack(compression=True)) as api:
        webhook_id = api.fake.seed_webhook("http://127.0.0.1:1/")
        api.fake.seed_events(webhook_id, 2)
        path = f"/v0/webhooks/{webhook_id}/events"
        for accepted, encoding in (("gzip", "gzip"), ("identity", None)):
            async with api.session.get(path, headers={"Accept-Encoding": accepted}) as response:
                assert response.headers.get("Content-Encoding") == encoding
                assert len(await response.json()) == 2
        async with api.session.get(f"{path}/count", headers={"Accept-Encoding": "gzip"}) as response:
            assert "Content-Encoding" not in response.headers


async def test_a_body_of_several_megabytes_is_read(api: Api) -> None:
    """A million ids in one call is more than aiohttp's default limit."""
    body = io.BytesIO(json.dumps({"webhook_event_ids": list(range(200_000))}).encode())
    headers = {"Content-Type": "application/json"}
    status, answer = await api("POST", "/v0/webhooks/events/retry", data=body, headers=headers)
    assert (status, answer["error"]["title"]) == (422, "Validation error")


def test_options_can_be_given_by_name() -> None:
    assert set(OptionKwargs.__annotations__) == set(Options.__dataclass_fields__)


def test_a_fake_on_a_real_clock_cannot_be_advanced() -> None:
    assert FakeTheirStack().clock.now() == 1_790_000_000.0
    with pytest.raises(TypeError, match="cannot be advanced"):
        _ = FakeTheirStack(clock=SystemClock()).clock


def test_everything_that_is_named_can_be_imported() -> None:
    for name in testing.__all__:
        assert getattr(testing, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = testing.nonsense
