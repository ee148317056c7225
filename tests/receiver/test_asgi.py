"""The ASGI adapter, called as a server calls it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Self

import pytest

from tests.receiver._adapters import SECRET, Durable, Served, body_of, until
from theirstack_async.receiver import Answer, ASGIReceiver, SQLiteDeliveries
from theirstack_async.testing import sign

GONE: Final = {"type": "http.disconnect"}
STARTUP: Final = {"type": "lifespan.startup"}
SHUTDOWN: Final = {"type": "lifespan.shutdown"}


def scope_of(body: bytes = b"", **changes: Any) -> dict[str, Any]:
    headers = [
        (b"content-type", b"application/json"),
        (b"x-theirstack-signature-256", sign(body, SECRET).encode()),
    ]
    return {"type": "http", "http_version": "1.1", "method": "POST", "path": "/", "headers": headers} | changes


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


class Server:
    """What a server does for one connection: hands out messages, the last of which may be to wait, and takes some."""

    def __init__(self, *messages: dict[str, Any], error: Exception | None = None) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for message in messages:
            self.messages.put_nowait(message)
        self.error = error
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        return await self.messages.get()

    async def send(self, message: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append(message)

    async def serve(self, app: ASGIReceiver, scope: dict[str, Any]) -> Server:
        await app(scope, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


class StandIn:
    """Takes what an adapter hands a receiver, and does what it is told to."""

    def __init__(self, answer: Answer | Callable[[], Answer], *, error: Exception | None = None) -> None:
        self.answer = answer
        self.error = error
        self.headers: Sequence[tuple[str, str]] = ()
        self.body = b""

    async def receive(self, method: str, headers: Sequence[tuple[str, str]], body: Any) -> Answer:
        self.headers = headers
        self.body = b"".join([piece async for piece in body])
        return self.answer() if callable(self.answer) else self.answer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.error is not None:
            raise self.error


def fail(error: Exception) -> Answer:
    raise error


async def test_a_delivery_is_answered() -> None:
    it = Served()
    body = body_of(7)
    async with it.receiver:
        server = Server(part(body[:5], more=True), part(body[5:]))
        await server.serve(ASGIReceiver(it.receiver), scope_of(body))
    assert it.handled == [7]
    assert server.sent == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"7")],
        },
        {"type": "http.response.body", "body": b"handled", "more_body": False},
    ]


async def test_the_receiver_gets_what_came() -> None:
    """Each repeated header by itself, bytes beyond ASCII as ISO 8859-1; messages may leave out what is usual."""
    receiver = StandIn(Answer(202, "für später", {"X-Odd": "é"}))
    headers = [(b"x-a", b"1"), (b"x-a", b"\xe9\xff"), (b"x-b", b"")]
    server = Server({"type": "http.request", "more_body": True}, {"type": "http.request", "body": b"end"})
    await server.serve(ASGIReceiver(receiver), scope_of(headers=headers))
    assert receiver.headers == [("x-a", "1"), ("x-a", "éÿ"), ("x-b", "")]
    assert receiver.body == b"end"
    assert server.headers[b"content-length"] == b"12"
    assert server.headers[b"x-odd"] == b"\xe9"
    assert server.sent[1]["body"].decode() == "für später"


async def test_a_client_that_leaves_before_its_end_is_no_delivery() -> None:
    """Servers drop what is said to it; middleware of frameworks takes an application that says nothing for broken."""
    it = Served()
    async with it.receiver:
        server = await Server(part(b"{", more=True), GONE).serve(ASGIReceiver(it.receiver), scope_of())
        assert it.receiver.stats.answers == {}
    assert (server.status, server.sent[1]["body"]) == (400, b"the request's body broke off")


async def test_a_client_that_leaves_before_its_answer_is_no_error() -> None:
    """From ASGI 2.4 on, ``send`` raises an OSError then."""
    it = Served()
    async with it.receiver:
        server = Server(part(body_of(7)), error=OSError("gone"))
        await server.serve(ASGIReceiver(it.receiver), scope_of(body_of(7)))
    assert it.handled == [7]


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ConnectionResetError("of a store")])
async def test_what_the_receiver_raises_is_not_hidden(error: Exception) -> None:
    app = ASGIReceiver(StandIn(lambda: fail(error)))
    with pytest.raises(type(error), match=str(error)):
        await Server(part(b"")).serve(app, scope_of())


async def test_a_body_that_is_too_large_is_dropped_after_the_answer() -> None:
    it = Served(max_bytes=10)
    app = ASGIReceiver(it.receiver)
    server = Server(part(b"x" * 11, more=True))
    async with it.receiver:
        task = asyncio.create_task(server.serve(app, scope_of()))
        await until(lambda: len(server.sent) == 2)
        assert (server.status, server.headers[b"connection"]) == (413, b"close")
        assert server.sent[1]["more_body"] is True
        server.messages.put_nowait(part(b"x" * 11, more=True))
        server.messages.put_nowait(part(b""))
        await task
    assert server.messages.empty()
    assert server.sent[2:] == [{"type": "http.response.body", "body": b"", "more_body": False}]


async def test_nor_does_a_client_that_leaves_meanwhile_matter() -> None:
    it = Served(max_bytes=10)
    async with it.receiver:
        server = await Server(part(b"x" * 11, more=True), GONE).serve(ASGIReceiver(it.receiver), scope_of())
    assert server.sent[-1]["more_body"] is False


async def test_nor_does_one_that_sends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("theirstack_async.receiver._asgi._LINGER", 0)
    it = Served(max_bytes=10)
    async with it.receiver:
        server = await Server(part(b"x" * 11, more=True)).serve(ASGIReceiver(it.receiver), scope_of())
    assert server.sent[-1]["more_body"] is False


async def test_http_2_knows_no_connection_header() -> None:
    """RFC 9113, section 8.2.2. A stream ends by itself there."""
    it = Served(max_bytes=10)
    async with it.receiver:
        scope = scope_of(http_version="2")
        server = await Server(part(b"x" * 11, more=True)).serve(ASGIReceiver(it.receiver), scope)
    assert b"connection" not in server.headers
    assert server.sent[1]["more_body"] is False


async def test_a_websocket_is_closed() -> None:
    server = Server({"type": "websocket.connect"})
    await server.serve(ASGIReceiver(StandIn(Answer(200, ""))), {"type": "websocket"})
    assert server.sent == [{"type": "websocket.close"}]


async def test_another_protocol_is_an_error() -> None:
    with pytest.raises(ValueError, match="not 'smoke'"):
        await Server().serve(ASGIReceiver(StandIn(Answer(200, ""))), {"type": "smoke"})


async def test_the_lifespan_starts_and_drains() -> None:
    """What is in hand when the server ends is handled before it has ended; what comes meanwhile is to come again."""
    it = Served(store=Durable())
    it.gate.clear()
    app = ASGIReceiver(it.receiver)
    body = body_of(7)
    assert (await Server(part(body)).serve(app, scope_of(body))).status == 503
    server = Server(STARTUP)
    task = asyncio.create_task(server.serve(app, {"type": "lifespan"}))
    await until(lambda: server.sent)
    assert (await Server(part(body)).serve(app, scope_of(body))).status == 202
    server.messages.put_nowait(SHUTDOWN)
    await until(server.messages.empty)
    other = await Server(part(body_of(8))).serve(app, scope_of(body_of(8)))
    assert (other.status, other.headers[b"retry-after"]) == (503, b"10")
    assert not task.done()
    it.gate.set()
    await task
    assert server.sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
    assert it.handled == [7]


async def test_a_store_that_cannot_be_opened_fails_the_startup(tmp_path: Path) -> None:
    it = Served(store=SQLiteDeliveries(tmp_path / "missing" / "deliveries.db"))
    server = await Server(STARTUP).serve(ASGIReceiver(it.receiver), {"type": "lifespan"})
    (said,) = server.sent
    assert said["type"] == "lifespan.startup.failed"
    assert said["message"].startswith("DeliveryStoreError: ")
    assert "deliveries.db" in said["message"]


async def test_an_end_that_fails_is_said() -> None:
    app = ASGIReceiver(StandIn(Answer(200, ""), error=RuntimeError("not closed")))
    server = await Server(STARTUP, SHUTDOWN).serve(app, {"type": "lifespan"})
    assert server.sent[1:] == [{"type": "lifespan.shutdown.failed", "message": "RuntimeError: not closed"}]
