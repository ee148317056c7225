"""Raw servers on this machine, which do just what one test needs done to a connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from ssl import SSLContext
from typing import Any

from theirstack_async import RetryPolicy, TheirStack

KEY = "canary-key-5f3a"
ONE_TRY = RetryPolicy(attempts=1)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve, *, ssl: SSLContext | None = None) -> AsyncIterator[int]:
    """Serve each connection with a coroutine, and yield the port. Connections end with it, and at the exit."""
    tasks: set[asyncio.Task[Any]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):  # the client has gone
            await serve(reader, writer)

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # No coroutine: asyncio would watch its task, and in older versions complain of each one that is cancelled.
        task = asyncio.create_task(served(reader, writer))
        tasks.add(task)

        def ended(_: asyncio.Task[None]) -> None:
            tasks.discard(task)
            writer.close()

        task.add_done_callback(ended)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=ssl)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        while tasks:
            for task in list(tasks):
                task.cancel()
            await asyncio.sleep(0)
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 1)


async def request_from(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """Read one request, and return its head and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = 0
    for line in head.lower().split("\r\n"):
        if line.startswith("content-length:"):
            length = int(line.partition(":")[2])
    return head, await reader.readexactly(length)


def http(body: bytes = b"[]", *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """Return an answer's bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def saying(*pieces: bytes, then: Callable[[asyncio.StreamWriter], Awaitable[None]] | None = None) -> Serve:
    """Return a server that answers each request with these bytes, and then does something with the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_from(reader)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if then is not None:
                return await then(writer)

    return serve


async def close(writer: asyncio.StreamWriter) -> None:
    """End the connection in an orderly way."""
    writer.close()


async def reset(writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang(*_: object) -> None:
    """Do nothing until the end."""
    await asyncio.Event().wait()


class Held:
    """A server that takes requests and never answers; a test can wait until so many have arrived."""

    def __init__(self) -> None:
        self._requests: asyncio.Queue[str] = asyncio.Queue()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._requests.put_nowait((await request_from(reader))[0])
        await hang()

    async def arrived(self, count: int) -> None:
        """Return when so many more requests have arrived."""
        for _ in range(count):
            await self._requests.get()


def client(port: int, *, scheme: str = "http", host: str = "127.0.0.1", **settings: Any) -> TheirStack:
    """Return a client of a server here that tries once."""
    return TheirStack(base_url=f"{scheme}://{host}:{port}", **{"api_key": KEY, "retries": ONE_TRY, **settings})


@asynccontextmanager
async def opened(serve: Any, tls: SSLContext | None = None, **settings: Any) -> AsyncIterator[TheirStack]:
    """Yield a client of a server that serves each connection in this way."""
    async with serving(serve, ssl=tls) as port, client(port, **settings) as api:
        yield api
