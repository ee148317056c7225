"""The adapter for ``aiohttp.web``, in applications that are served for real."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.receiver._adapters import (
    SECRET,
    Durable,
    Served,
    aiohttp_at,
    body_of,
    chunk,
    post,
    until,
    wire,
)
from theirstack_async import DeliveryStoreError
from theirstack_async.receiver import AiohttpReceiver, Answer, SQLiteDeliveries
from theirstack_async.testing import FakeTheirStack


def application(it: Served, **options: Any) -> web.Application:
    adapter = AiohttpReceiver(it.receiver)
    app = web.Application(**options)
    app.cleanup_ctx.append(adapter.lifespan)
    app.router.add_post("/theirstack", adapter.handle)
    return app


class StandIn:
    """Takes what the adapter hands a receiver, and does what it is told to."""

    def __init__(self, answer: Answer, *, error: Exception | None = None) -> None:
        self.answer = answer
        self.error = error
        self.headers: Sequence[tuple[str, str]] = ()

    async def receive(self, method: str, headers: Sequence[tuple[str, str]], body: Any) -> Answer:
        self.headers = headers
        if self.error is not None:
            raise self.error
        return self.answer


def bare(stand_in: StandIn) -> web.Application:
    app = web.Application()
    app.router.add_post("/theirstack", AiohttpReceiver(stand_in).handle)
    return app


async def test_the_api_delivers_to_it() -> None:
    """Each event is handled once, and is a success in the list; one with another secret is refused."""
    it = Served()
    async with aiohttp_at(application(it)) as port, FakeTheirStack() as fake:
        url = f"http://127.0.0.1:{port}/theirstack"
        ids = fake.trigger(fake.seed_webhook(url, secret=SECRET), 5)
        (other,) = fake.trigger(fake.seed_webhook(url, secret="another-secret-of-16"))
        await fake.settled()
        events = [fake.event(event) for event in ids]
        assert {(event.status, event.response_body) for event in events} == {("SUCCESS", "handled")}
        assert fake.event(other).response_status_code == 403
        assert sorted(it.handled) == list(ids)


async def test_the_receiver_gets_what_came_and_its_answer_goes_out() -> None:
    """Each repeated header by itself, bytes beyond ASCII as ISO 8859-1."""
    receiver = StandIn(Answer(202, "für später", {"X-Odd": "1"}))
    async with aiohttp_at(bare(receiver)) as port, wire(port) as line:
        await line.send(post(b"", "X-A: 1", "X-A: \xe9\xff", "X-B:"))
        said = await line.said()
    assert [pair for pair in receiver.headers if pair[0].startswith("X-") and len(pair[0]) == 3] == [
        ("X-A", "1"),
        ("X-A", "éÿ"),
        ("X-B", ""),
    ]
    assert (said.status, said.text, said.headers["x-odd"]) == (202, "für später", "1")
    assert said.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ConnectionResetError("of a store")])
async def test_what_the_receiver_raises_is_not_hidden(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async with aiohttp_at(bare(StandIn(Answer(200, ""), error=error))) as port, wire(port) as line:
        await line.send(post(body_of(1)))
        assert (await line.said()).status == 500
    assert [record.exc_info[1] for record in caplog.records if record.exc_info] == [error]


async def test_the_applications_own_bound_means_nothing() -> None:
    it = Served(max_bytes=10_000)
    async with aiohttp_at(application(it, client_max_size=10)) as port, wire(port) as line:
        await line.send(post(body_of(1, padding=9_000)))
        assert (await line.said()).status == 200
    assert it.handled == [1]


async def test_who_leaves_is_no_fault_where_handlers_are_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    """``handler_cancellation`` cancels what serves a client that has gone; what it gave is handled all the same."""
    it = Served(store=Durable())
    it.gate.clear()
    async with aiohttp_at(application(it), handler_cancellation=True) as port:
        async with wire(port) as line:
            await line.send(post(body_of(1))[:-1])
        async with wire(port) as line:
            await line.send(post(body_of(2)))
            await until(lambda: it.receiver.stats.claimed)
        it.gate.set()
        await until(lambda: it.handled)
    assert it.handled == [2]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_body_that_is_not_what_its_headers_say_is_refused() -> None:
    """Of its two parsers, one tells who reads the body, and the other leaves the budget to end it."""
    head = post(b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
    it = Served(budget=0.05)
    async with aiohttp_at(application(it)) as port, wire(port) as line:
        await line.send(head + chunk(b"{"))
        await line.send(b"zz\r\n")
        assert (await line.said()).status in (400, 408)
        assert await line.ended()
    assert it.handled == []


async def test_what_is_in_hand_is_handled_before_the_application_has_ended() -> None:
    """What was answered, and what waits for its answer."""
    for store in (Durable(), None):
        it = Served(store=store)
        it.gate.clear()
        runner = web.AppRunner(application(it))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with wire(runner.addresses[0][1]) as line:
            await line.send(post(body_of(7)))
            await until(lambda it=it: it.receiver.stats.claimed)
            task = asyncio.create_task(runner.cleanup())
            for _ in range(100):
                await asyncio.sleep(0)
            assert not task.done()
            it.gate.set()
            assert (await line.said()).status == (200 if store is None else 202)
            await task
        assert it.handled == [7]


async def test_what_comes_outside_of_its_life_is_to_come_again() -> None:
    """Where the application is served longer than the receiver runs, such as when ``lifespan`` was forgotten."""
    it = Served()
    app = web.Application()
    app.router.add_post("/theirstack", AiohttpReceiver(it.receiver).handle)
    async with aiohttp_at(app) as port, wire(port) as line:
        for _ in range(2):
            await line.send(post(body_of(7)))
            said = await line.said()
            assert (said.status, said.headers["retry-after"]) == (503, "10")
    assert it.handled == []


async def test_a_store_that_cannot_be_opened_fails_the_startup(tmp_path: Path) -> None:
    it = Served(store=SQLiteDeliveries(tmp_path / "missing" / "deliveries.db"))
    runner = web.AppRunner(application(it))
    with pytest.raises(DeliveryStoreError, match=r"deliveries\.db"):
        await runner.setup()
    await runner.cleanup()
