"""Faults on cue: what a client sees of each, and whether the operation was carried out."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import cast

import aiohttp
import pytest

from tests.fake._receiver import Api, calling, until
from theirstack_async.testing import (
    Answer,
    DripBody,
    EchoKey,
    Exchange,
    FakeTheirStack,
    Fault,
    GarbageJson,
    Hang,
    HugeBody,
    Latency,
    PaymentRequiredData,
    ResetAfterHeaders,
    ResetBeforeBody,
    ResetBeforeRead,
    SamePageForever,
    Status,
    TruncatedBody,
    ValidationDetail,
    VirtualClock,
    WrongContentType,
)
from theirstack_async.testing.exchange import BrokenOffError

RETRY = "POST /v0/webhooks/events/retry"
URL = "http://127.0.0.1:1/"


async def attempts_after(api: Api, fault: Fault) -> int:
    """Play a fault for a retry of a fresh event, and return how often the event was delivered by it."""
    (event_id,) = api.fake.seed_events(api.fake.seed_webhook("http://192.0.2.1/"), 1)
    api.fake.faults.add(RETRY, fault)
    with suppress(aiohttp.ClientError, ValueError):
        await api.retry(event_id)
    assert len(api.fake.faults) == 0
    return api.fake.event(event_id).attempts - 1


@pytest.mark.parametrize("apply", [True, False])
@pytest.mark.parametrize(
    "kind",
    [
        Status,
        ResetBeforeBody,
        ResetAfterHeaders,
        TruncatedBody,
        DripBody,
        WrongContentType,
        GarbageJson,
        HugeBody,
        PaymentRequiredData,
        EchoKey,
        ValidationDetail,
    ],
)
async def test_apply_says_whether_the_operation_is_carried_out(api: Api, kind: type[Fault], apply: bool) -> None:
    arguments: dict[str, object] = {"apply": apply}
    if kind is Status:
        arguments["code"] = 500
    if kind is HugeBody:
        arguments["decoded_bytes"] = 100
    if kind is DripBody:
        arguments["delay"] = 0.0
    assert await attempts_after(api, kind(**arguments)) == int(apply)


async def test_a_reset_before_reading_carries_nothing_out(api: Api) -> None:
    assert await attempts_after(api, ResetBeforeRead()) == 0
    assert api.fake.requests[-1].body == b""
    assert api.fake.requests[-1].status is None


async def test_latency_waits_by_the_injected_sleep_before_or_after_the_operation() -> None:
    clock = VirtualClock()
    async with calling(FakeTheirStack(clock=clock, sleep=clock.sleep)) as api:
        webhook_id = api.fake.seed_webhook("http://192.0.2.1/")
        for apply in (True, False):
            (event_id,) = api.fake.seed_events(webhook_id, 1)
            api.fake.faults.add(RETRY, Latency(60.0, apply=apply))
            task = asyncio.create_task(api.retry(event_id))
            await until(clock.next_sleep)
            assert api.fake.event(event_id).attempts == (2 if apply else 1)
            assert not task.done()
            await clock.advance(60.0)
            assert await task == (200, None)
            assert api.fake.event(event_id).attempts == 2


async def test_a_client_that_goes_away_during_latency_leaves_nothing_behind(api: Api) -> None:
    api.fake.faults.add(RETRY, Latency(3600.0, apply=False))
    task = asyncio.create_task(api.retry())
    await until(lambda: api.fake.requests.in_flight)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await until(lambda: not api.fake.requests.in_flight)
    assert api.fake.requests[0].status is None


@pytest.mark.parametrize(
    ("fault", "content_type", "body"),
    [
        (Status(503, "<html>down</html>"), "text/html; charset=utf-8", b"<html>down</html>"),
        (Status(500, b'{"a":1}'), "application/json", b'{"a":1}'),
        (Status(500, "plain", content_type="text/plain"), "text/plain", b"plain"),
        (GarbageJson(), "application/json", b'[{"id": 1, "status": FAIL'),
        (WrongContentType(), "text/html; charset=utf-8", b"[]"),
    ],
)
async def test_bodies_and_types(api: Api, fault: Fault, content_type: str, body: bytes) -> None:
    api.fake.faults.add("GET *", fault)
    async with api.session.get("/v0/webhooks") as response:
        assert response.headers["Content-Type"] == content_type
        assert await response.read() == body
        assert "RateLimit" in response.headers


async def test_a_429_can_have_retry_after(api: Api) -> None:
    api.fake.faults.add("GET *", Status(429, headers={"Retry-After": "7"}))
    async with api.session.get("/v0/webhooks") as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
        assert (await response.json())["error"]["title"] == "Too many requests"


async def test_a_status_without_a_known_title(api: Api) -> None:
    api.fake.faults.add("GET *", Status(418))
    assert (await api("GET", "/v0/webhooks"))[1]["error"]["title"] == "Error"


@pytest.mark.parametrize("fault", [ResetBeforeBody(), ResetBeforeRead()])
async def test_resets_before_any_answer(api: Api, fault: Fault) -> None:
    api.fake.faults.add(RETRY, fault)
    with pytest.raises(aiohttp.ClientOSError) as caught:
        await api.retry()
    assert caught.value.errno == 104


async def test_a_reset_after_the_headers(api: Api) -> None:
    webhook_id = api.fake.seed_webhook(URL)
    api.fake.seed_events(webhook_id, 3)
    api.fake.faults.add("GET *", ResetAfterHeaders())
    async with api.session.get(f"/v0/webhooks/{webhook_id}/events") as response:
        assert (response.status, int(response.headers["Content-Length"]) > 20_000) == (200, True)
        with pytest.raises(aiohttp.ClientError):
            await response.read()
    assert api.fake.requests[-1].status == 200


@pytest.mark.parametrize("sent", [None, 0, 1])
async def test_a_truncated_body(api: Api, sent: int | None) -> None:
    api.fake.faults.add("GET *", TruncatedBody(sent))
    async with api.session.get("/v0/webhooks") as response:
        assert (response.headers["Content-Length"], response.headers["Connection"]) == ("2", "close")
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.content.readexactly(2)


async def test_a_dripping_body_arrives_whole_after_all_its_delays() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with calling(FakeTheirStack(sleep=sleep)) as api:
        webhook_id = api.fake.seed_webhook(URL)
        api.fake.faults.add("GET *", DripBody(chunk=100, delay=0.5))
        assert (await api.ok("GET", f"/v0/webhooks/{webhook_id}"))["id"] == webhook_id
    assert slept == [0.5] * 4


async def test_a_client_that_goes_away_ends_a_dripping_body() -> None:
    """The bytes that come after the connection has ended go nowhere."""
    gone = asyncio.Event()

    async def sleep(seconds: float) -> None:
        gone.set()
        await until(lambda: not api.fake.requests.in_flight)

    async with calling(FakeTheirStack(sleep=sleep)) as api:
        api.fake.faults.add("GET *", DripBody())
        task = asyncio.create_task(api("GET", "/v0/webhooks"))
        await gone.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await until(lambda: not api.fake.requests.in_flight)


@dataclass(frozen=True)
class CloseAndWrite(Fault):
    """A fault of one's own, which writes to a connection that it has closed."""

    async def play(self, exchange: Exchange) -> Answer:
        with suppress(BrokenOffError):
            exchange.close()
        exchange.write(b"late")
        raise AssertionError("the write must fail")


async def test_a_fault_of_ones_own_cannot_write_to_a_closed_connection(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    api.fake.faults.add(RETRY, CloseAndWrite())
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await api.retry()
    assert caplog.records == []


@pytest.mark.parametrize("apply", [True, False])
async def test_hanging_ends_when_the_fake_closes(apply: bool) -> None:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        async with FakeTheirStack() as fake:
            (event_id,) = fake.seed_events(fake.seed_webhook("http://192.0.2.1/"), 1)
            fake.faults.add(RETRY, Hang(apply=apply))
            headers = {"Authorization": f"Bearer {fake.api_key}"}
            url = f"{fake.base_url}/v0/webhooks/events/retry"
            call = session.post(url, json={"webhook_event_ids": [event_id]}, headers=headers)
            task = asyncio.ensure_future(call)
            await until(lambda: fake.requests and fake.requests[0].body)
            await asyncio.sleep(0)
            assert not task.done()
        assert fake.event(event_id).attempts == (2 if apply else 1)
        with pytest.raises(aiohttp.ClientError):
            await task


async def test_a_huge_body_is_small_on_the_wire(api: Api) -> None:
    size = 3 * 1024 * 1024 + 5
    api.fake.faults.add("GET *", HugeBody(size), times=None)
    async with api.session.get("/v0/webhooks") as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert int(response.headers["Content-Length"]) < 10_000
        body = await response.read()
    assert len(body) == size
    assert json.loads(body) == []


async def test_a_402_can_look_like_data(api: Api) -> None:
    api.fake.faults.add("GET *", PaymentRequiredData(rows=[1]))
    status, body = await api("GET", "/v0/webhooks")
    assert (status, body["data"], body["metadata"]["truncated_results"]) == (402, [1], 10)


async def test_the_same_page_for_ever(api: Api) -> None:
    webhook_id = api.fake.seed_webhook(URL)
    ids = api.fake.seed_events(webhook_id, 9)
    path = f"/v0/webhooks/{webhook_id}/events"
    api.fake.faults.add(f"GET {path}", SamePageForever(), times=None)
    for offset in (0, 3, 600):
        page = await api.ok("GET", f"{path}?offset={offset}&limit=3&status=FAILED")
        assert [row["id"] for row in page] == list(ids[:-4:-1])
    assert api.fake.requests[-1].query == [("offset", "600"), ("limit", "3"), ("status", "FAILED")]


async def test_the_key_echoed(api: Api) -> None:
    api.fake.faults.add("GET *", EchoKey())
    status, body = await api("GET", "/v0/webhooks")
    assert status == 401
    assert f"Bearer {api.fake.api_key}" in body["error"]["description"]


async def test_a_validation_error_in_the_other_shape(api: Api) -> None:
    api.fake.faults.add("GET *", ValidationDetail())
    status, body = await api("GET", "/v0/webhooks")
    problem = {"loc": ["body", "webhook_event_ids", 0], "msg": "Input should be a valid integer", "type": "int_type"}
    assert (status, body) == (422, {"detail": [problem]})


async def test_the_base_fault_plays_nothing() -> None:
    with pytest.raises(NotImplementedError):
        await Fault().play(cast("Exchange", None))
