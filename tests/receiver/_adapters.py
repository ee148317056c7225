"""The two adapters behind real servers on this machine, and a client that sends just the bytes it is told to."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import uvicorn
from aiohttp import web
from aiohttp.http import HttpProcessingError

from theirstack_async.receiver import (
    AiohttpReceiver,
    ASGIReceiver,
    Delivery,
    DeliveryStore,
    MemoryDeliveries,
    Receiver,
)
from theirstack_async.testing import sign

SECRET: Final = "a-secret-of-the-tests"
PATIENCE: Final = 20.0
"""Seconds until something that should have come long ago counts as a hang."""

SERVERS: Final = ("aiohttp", "h11", "httptools")
"""``aiohttp.web``, and the parsers that uvicorn may use."""


def body_of(event_id: int, *, padding: int = 0) -> bytes:
    """Return a delivery of a type that nobody knows, which is as good as any other on its way in."""
    return json.dumps({"id": event_id, "type": "made.up", "payload": {"padding": "x" * padding}}).encode()


def post(body: bytes, *headers: str, path: str = "/theirstack", signed: bool = True) -> bytes:
    """Return the bytes of a delivery; further headers come last."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    if not any(header.lower().startswith("content-type:") for header in headers):
        lines.append("Content-Type: application/json")
    if signed:
        lines.append(f"X-TheirStack-Signature-256: {sign(body, SECRET)}")
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


CHUNKED: Final = post(b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
"""The head of a delivery without a declared length."""


def declaring(length: int | str, *headers: str) -> bytes:
    """Return a head that promises a body of a length."""
    return post(b"", *headers).replace(b"Content-Length: 0", f"Content-Length: {length}".encode())


def in_chunks(body: bytes, signature: str | None = None) -> bytes:
    """Return a delivery in chunks, signed if no signature is given."""
    value = sign(body, SECRET) if signature is None else signature
    head = CHUNKED.replace(sign(b"", SECRET).encode(), value.encode("latin-1"))
    return head + b"".join(chunk(part) for part in (body[:9], body[9:]) if part) + chunk(b"")


def complaints(records: Iterable[logging.LogRecord]) -> list[str]:
    """Return the errors among what was logged, but for requests that aiohttp refuses by itself and logs as errors."""
    errors = [record for record in records if record.levelno >= logging.ERROR]
    refused = [each for each in errors if each.exc_info and isinstance(each.exc_info[1], HttpProcessingError)]
    return [each.getMessage() for each in errors if each not in refused]


class Said:
    """One answer as it came."""

    def __init__(self, status: int, headers: Mapping[str, str], text: str) -> None:
        self.status = status
        self.headers = headers
        """Names in lower case."""
        self.text = text


class Wire:
    """A connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def said(self, *, head: bool = False) -> Said:
        """Return the next answer, a ``100 Continue`` too. One to HEAD has no body whatever its length says."""
        async with asyncio.timeout(PATIENCE):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
            status = int(lines[0].split()[1])
            if head or status == 100:
                text = b""
            elif "content-length" in headers:
                text = await self.reader.readexactly(int(headers["content-length"]))
            else:
                text = await self.reader.read()
        return Said(status, headers, text.decode())

    async def ended(self) -> bool:
        """Wait until the server closes, and return whether it said nothing more."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return


@asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    """Connect, and close at the exit."""
    connected = Wire(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield connected
    finally:
        await connected.close()


async def until(condition: Callable[[], object]) -> None:
    """Let other tasks run until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)


class QuietServer(uvicorn.Server):
    """A uvicorn inside a test: no signal handlers, and it ends when it is told to, not a tick later."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.told = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.told.wait()

    @property
    def port(self) -> int:
        return self.servers[0].sockets[0].getsockname()[1]


def uvicorn_for(app: Any, *, http: str = "auto", **options: Any) -> QuietServer:
    """Return a server that is not started yet, on a free port."""
    config = uvicorn.Config(app, port=0, http=http, lifespan="on", log_config=None, access_log=False, **options)
    return QuietServer(config)


@asynccontextmanager
async def uvicorn_at(app: Any, *, http: str = "auto", **options: Any) -> AsyncIterator[int]:
    """Serve an ASGI application, and yield the port."""
    server = uvicorn_for(app, http=http, **options)
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started or task.done())
        yield server.port
    finally:
        server.told.set()
        await task


@asynccontextmanager
async def aiohttp_at(app: web.Application, **options: Any) -> AsyncIterator[int]:
    """Serve an application of ``aiohttp.web``, and yield the port."""
    runner = web.AppRunner(app, access_log=None, **options)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class Durable(MemoryDeliveries):
    """Says that it outlives the process, so that deliveries are answered before they are handled."""

    @property
    def durable(self) -> bool:
        return True


class Served:
    """A receiver behind a server, and the ids of the events that were handled. Handlers wait for the gate."""

    def __init__(self, *, store: DeliveryStore | None = None, **settings: Any) -> None:
        self.receiver = Receiver(SECRET, MemoryDeliveries() if store is None else store, **settings)
        self.handled: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.port = 0
        self.receiver.on(Delivery)(self.handle)

    async def handle(self, delivery: Delivery) -> None:
        await self.gate.wait()
        self.handled.append(delivery.id)

    async def still_works(self, event_id: int = 999) -> bool:
        """Return whether a good delivery on a new connection is handled, and nothing was before."""
        assert self.handled == []
        async with wire(self.port) as line:
            await line.send(post(body_of(event_id)))
            return (await line.said()).status == 200 and self.handled == [event_id]


@asynccontextmanager
async def served(server: str, **settings: Any) -> AsyncIterator[Served]:
    """Serve a receiver with one of :data:`SERVERS`, on every path and for every method."""
    it = Served(**settings)
    if server == "aiohttp":
        adapter = AiohttpReceiver(it.receiver)
        app = web.Application()
        app.cleanup_ctx.append(adapter.lifespan)
        app.router.add_route("*", "/{path:.*}", adapter.handle)
        running = aiohttp_at(app)
    else:
        running = uvicorn_at(ASGIReceiver(it.receiver), http=server)
    async with running as port:
        it.port = port
        yield it
