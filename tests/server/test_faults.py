"""Thousands of random faults: each ends in an error of ours, nothing is done twice, nothing leaks."""

from __future__ import annotations

import asyncio
import gc
import logging
import pickle
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests._scale import scaled
from tests.server._loopback import KEY
from theirstack_async import RetryPolicy, TheirStack, Timeouts
from theirstack_async.errors import DecodeError, OutcomeUnknownError, TheirStackError
from theirstack_async.testing import (
    DripBody,
    EchoKey,
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
    Status,
    TruncatedBody,
    ValidationDetail,
    WrongContentType,
)

SECRET = "canary-secret-5f3a"
WORDS = (KEY, SECRET)
OURS = {"theirstack_async", "json"}
Do = Callable[[TheirStack, int], Awaitable[Any]]
OPERATIONS: dict[str, Do] = {
    "GET /v0/webhooks": lambda api, n: api.webhooks.list(),
    "GET /v0/webhooks/*": lambda api, n: api.webhooks.get(n),
    "POST /v0/webhooks": lambda api, n: api.webhooks.create(
        url="http://nowhere.invalid", search_id=n, listening_start_time="now", secret=SECRET
    ),
    "PATCH /v0/webhooks/*": lambda api, n: api.webhooks.update(n, url="http://h", search_id=n, secret=SECRET),
    "PATCH /v0/webhooks/*/status": lambda api, n: api.webhooks.enable(n),
    "GET /v0/webhooks/event-types": lambda api, n: api.webhooks.event_types(),
    "GET /v0/webhooks/*/events": lambda api, n: api.webhooks.events.list(n).first(),
    "GET /v0/webhooks/*/events/count": lambda api, n: api.webhooks.events.count(n),
    "GET /v0/webhooks/events/count": lambda api, n: api.webhooks.events.counts(),
    "DELETE *": lambda api, n: api.request("DELETE", f"/v0/webhooks/{n}", kind="once"),
    "PUT *": lambda api, n: api.request("PUT", f"/v0/webhooks/{n}", json={"secret": SECRET}),
}


def fault(chance: random.Random) -> Fault:
    apply = chance.random() < 0.5
    return chance.choice(
        [
            Status(chance.choice([400, 401, 402, 403, 404, 409, 422, 500, 502, 503]), apply=apply),
            Status(502, "<html>", apply=apply),
            Status(429, headers={"Retry-After": chance.choice(["0", "0.001", "x"])}),
            Status(chance.choice([200, 201, 302, 418, 500]), b"\xff{", apply=apply),
            Latency(0.001),
            ResetBeforeBody(apply=apply),
            ResetBeforeRead(),
            ResetAfterHeaders(apply=apply),
            TruncatedBody(apply=apply),
            DripBody(chunk=50, delay=0, apply=apply),
            Hang(apply=apply),
            WrongContentType(),
            GarbageJson(apply=apply),
            HugeBody(2 * 2**20, apply=apply),
            PaymentRequiredData(),
            EchoKey(chance.choice([200, 400, 401, 422, 500]), apply=apply),
            ValidationDetail(),
        ]
    )


def texts(error: BaseException) -> str:
    """Return all that an error says or carries, and all that hangs on it."""
    parts = [str(error), repr(error), repr(vars(error)), repr(error.args), repr(getattr(error, "__notes__", None))]
    return "\n".join(parts) + repr(pickle.dumps(error, 0))


def check(error: BaseException) -> None:
    """Check that an error is ours, that nothing foreign hangs on it, and that it knows no secret."""
    link: BaseException | None = error
    while link is not None:
        assert isinstance(link, TheirStackError), repr(link)
        context = link.__context__
        # What does not decode was refused by the converter, whose own word for it (or json's) stays behind.
        kind = type(context).__module__.partition(".")[0]
        assert context in (None, link.__cause__) or (isinstance(link, DecodeError) and kind in OURS), repr(context)
        assert not [word for word in WORDS if word in f"{context!r} {context and vars(context)}"]
        assert not [word for word in WORDS if word in texts(link)], texts(link)
        link = link.__cause__


async def one(
    api: TheirStack, fake: FakeTheirStack, webhook_id: int, chance: random.Random, seen: Counter[str]
) -> None:
    match, do = chance.choice(list(OPERATIONS.items()))
    for _ in range(chance.choice([1, 1, 2])):
        fake.faults.add(match, fault(chance))
    seen[match] += match == "POST /v0/webhooks"
    try:
        await do(api, webhook_id)
        seen["success"] += 1
    except Exception as error:  # noqa: BLE001 - whether it is one of ours is the question
        seen[type(error).__name__] += 1
        check(error)


async def test_random_faults(caplog: pytest.LogCaptureFixture) -> None:
    """All loggers are at DEBUG, those of aiohttp and asyncio too, with asyncio's debug mode on for a part of it."""
    caplog.set_level(logging.DEBUG)
    chance, seen, events = random.Random(7), Counter[str](), list[object]()
    loop = asyncio.get_running_loop()
    complaints: list[Any] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    async with FakeTheirStack(api_key=KEY, deliver=False, keep_requests=False) as fake:
        webhook_id = fake.seed_webhook("http://nowhere.invalid")
        fake.seed_events(webhook_id, 3)
        async with TheirStack(
            KEY,
            base_url=fake.base_url,
            timeouts=Timeouts(connect=1, read=0.02, deadline=1),
            retries=RetryPolicy(attempts=3, base=0.001, cap=0.001),
            max_concurrency=4,
            max_body_bytes=2**20,
            hooks=[events.append],
        ) as api:
            for number in range(scaled(10_000) // 5):
                loop.set_debug(number % 5 == 0)
                await asyncio.gather(*(one(api, fake, webhook_id, chance, seen) for _ in range(5)))
                assert not [word for word in WORDS if word in caplog.text or word in repr(events)]
                caplog.clear()
                events.clear()
                fake.faults.clear()
            loop.set_debug(False)
            assert api._pipeline.slots.free == 4
            created = len(await api.webhooks.list()) - 1
    gc.collect()
    assert complaints == []
    assert 0 < created <= seen.pop("POST /v0/webhooks")
    assert len(seen) >= 10, seen


ONCE: list[tuple[str, str, Any]] = [("POST", "/v0/webhooks/events/retry", {"webhook_event_ids": [1]})]
ONCE += [(method, "/v0/webhooks/1", None) for method in ("GET", "PUT", "DELETE", "POST")]


@pytest.mark.parametrize(("method", "path", "body"), ONCE)
async def test_what_must_not_be_repeated_arrives_once(method: str, path: str, body: Any) -> None:
    """Also where aiohttp would send again by itself: GET, PUT and DELETE, when the connection ends early."""
    chance = random.Random(11)
    kinds: list[Fault] = [ResetBeforeBody(), ResetAfterHeaders(), ResetBeforeRead(), TruncatedBody(), Hang()]
    kinds.append(Status(500))
    async with FakeTheirStack(api_key=KEY, deliver=False) as fake:
        timeouts = Timeouts(read=0.02)
        async with TheirStack(KEY, base_url=fake.base_url, timeouts=timeouts) as api:
            for number in range(1, scaled(500)):
                if number % 2:
                    await api.webhooks.list()
                fake.requests.clear()
                fake.faults.add(f"{method} {path}", chance.choice(kinds))
                with pytest.raises(TheirStackError) as caught:
                    await api.request(method, path, **({"json": body} if body else {}), kind="once")
                check(caught.value)
                # Reset before its body was read, a request may be known not to have left, and is then sent again.
                arrived = [record for record in fake.requests if record.status is not None or record.body]
                assert len(arrived) <= 1
                if isinstance(caught.value, OutcomeUnknownError):
                    assert len(fake.requests) <= 2


async def test_hidden_re_sends_are_counted_as_attempts() -> None:
    async with FakeTheirStack(api_key=KEY) as fake, TheirStack(KEY, base_url=fake.base_url) as api:
        fake.faults.add("GET *", ResetBeforeBody())
        reply = await api.request("GET", "/v0/webhooks")
        assert reply.meta.attempts == len(fake.requests) == 2
        fake.faults.add("PUT *", ResetBeforeBody(), times=2)
        with pytest.raises(TheirStackError) as caught:
            await api.with_options(retries=RetryPolicy(attempts=1)).request("PUT", "/v0/webhooks", json={})
        assert caught.value.attempts == len(fake.requests) - 2 == 2
        assert caught.value.sent == "maybe"
