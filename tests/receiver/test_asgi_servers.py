"""The ASGI adapter in real applications behind uvicorn: alone, and as a route of each framework."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from litestar import Litestar, asgi
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from tests.receiver._adapters import SECRET, Durable, Served, body_of, post, until, uvicorn_at, uvicorn_for, wire
from theirstack_async.receiver import ASGIReceiver, SQLiteDeliveries
from theirstack_async.testing import FakeTheirStack


def lifespan_of(it: Served) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        async with it.receiver:
            yield

    return lifespan


def alone(it: Served) -> Any:
    return ASGIReceiver(it.receiver)


def in_starlette(it: Served) -> Any:
    return Starlette(routes=[Route("/theirstack", ASGIReceiver(it.receiver))], lifespan=lifespan_of(it))


def in_fastapi(it: Served) -> Any:
    return FastAPI(routes=[Route("/theirstack", ASGIReceiver(it.receiver))], lifespan=lifespan_of(it))


def in_litestar(it: Served) -> Any:
    return Litestar([asgi("/theirstack", copy_scope=True)(ASGIReceiver(it.receiver))], lifespan=[lifespan_of(it)])


def by_path(it: Served) -> Any:
    """As before Django: what is not for the receiver goes to another application, which serves no lifespan."""
    deliveries, django = ASGIReceiver(it.receiver), PlainTextResponse("Django")

    async def application(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        ours = scope["type"] == "lifespan" or scope["path"] == "/theirstack"
        await (deliveries if ours else django)(scope, receive, send)

    return application


APPLICATIONS = [alone, in_starlette, in_fastapi, in_litestar, by_path]


@pytest.mark.parametrize("application", APPLICATIONS)
async def test_the_api_delivers_to_it(application: Callable[[Served], Any]) -> None:
    """Each event is handled once, and is a success in the list; one with another secret is refused."""
    it = Served()
    async with uvicorn_at(application(it)) as port, FakeTheirStack() as fake:
        url = f"http://127.0.0.1:{port}/theirstack"
        ids = fake.trigger(fake.seed_webhook(url, secret=SECRET), 5)
        (other,) = fake.trigger(fake.seed_webhook(url, secret="another-secret-of-16"))
        await fake.settled()
        events = [fake.event(event) for event in ids]
        assert {(event.status, event.response_status_code) for event in events} == {("SUCCESS", 200)}
        assert fake.event(other).response_status_code == 403
        assert sorted(it.handled) == list(ids)


@pytest.mark.parametrize("application", APPLICATIONS)
async def test_all_methods_come_to_it(application: Callable[[Served], Any]) -> None:
    """No framework answers for it, not even OPTIONS and HEAD."""
    async with uvicorn_at(application(Served())) as port, wire(port) as line:
        for method in ("GET", "HEAD", "PUT", "OPTIONS"):
            await line.send(f"{method} /theirstack HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            said = await line.said(head=method == "HEAD")
            assert (method, said.status, said.headers.get("allow")) == (method, 405, "POST")


async def test_middleware_is_no_hindrance(caplog: pytest.LogCaptureFixture) -> None:
    """What ``@app.middleware("http")`` makes of each request reads and answers in its own way."""
    it = Served(max_bytes=1_000)
    app = in_fastapi(it)

    @app.middleware("http")
    async def passing(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        return await call_next(request)

    async with uvicorn_at(app) as port:
        async with wire(port) as line:
            await line.send(post(body_of(1, padding=10_000)))
            assert (await line.said()).status == 413
            assert await line.ended()
        async with wire(port) as line:
            await line.send(post(body_of(1))[:-1])
        async with wire(port) as line:
            await line.send(post(body_of(2)))
            assert (await line.said()).status == 200
    assert it.handled == [2]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_other_paths_are_the_applications_own() -> None:
    async with uvicorn_at(by_path(Served())) as port, wire(port) as line:
        await line.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await line.said()).text == "Django"


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
@pytest.mark.parametrize(
    ("route", "right", "wrong"), [(Route, "/theirstack", "/theirstack/"), (Mount, "/theirstack/", "/theirstack")]
)
async def test_a_slash_too_many_or_too_few_is_a_redirect(framework: Any, route: Any, right: str, wrong: str) -> None:
    """Why the docstring says to give the API the URL exactly as it is served: what is redirected may be lost."""
    it = Served()
    app = framework(routes=[route("/theirstack", ASGIReceiver(it.receiver))], lifespan=lifespan_of(it))
    async with uvicorn_at(app) as port, wire(port) as line:
        await line.send(post(body_of(1), path=wrong))
        assert (await line.said()).status == 307
        assert it.handled == []
        await line.send(post(body_of(1), path=right))
        assert (await line.said()).status == 200
        assert it.handled == [1]


async def test_what_was_answered_is_handled_before_the_server_has_ended() -> None:
    it = Served(store=Durable())
    it.gate.clear()
    server = uvicorn_for(alone(it))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    async with wire(server.port) as line:
        await line.send(post(body_of(7)))
        assert (await line.said()).status == 202
    server.told.set()
    for _ in range(100):
        await asyncio.sleep(0)
    assert not task.done()
    it.gate.set()
    await task
    assert it.handled == [7]


async def test_who_waits_for_an_answer_gets_it_before_the_server_has_ended() -> None:
    it = Served()
    it.gate.clear()
    server = uvicorn_for(alone(it))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    async with wire(server.port) as line:
        await line.send(post(body_of(7)))
        await until(lambda: it.receiver.stats.claimed)
        server.told.set()
        for _ in range(100):
            await asyncio.sleep(0)
        it.gate.set()
        assert (await line.said()).status == 200
        assert await line.ended()
    await task
    assert it.handled == [7]


async def test_a_store_that_cannot_be_opened_ends_the_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    it = Served(store=SQLiteDeliveries(tmp_path / "missing" / "deliveries.db"))
    with pytest.raises(SystemExit):
        await uvicorn_for(alone(it)).serve()
    assert "deliveries.db" in caplog.text
