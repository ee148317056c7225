"""A fake that is left lets go of all its connections, whatever state they are in."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from unittest.mock import Mock

from aiohttp import web

from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.serving import _Server, serve


async def test_a_connection_that_nobody_reads_is_cut() -> None:
    """What waits to be sent when the server ends would keep the socket open, for as long as the client likes."""
    begun = asyncio.Event()

    async def much(request: web.BaseRequest) -> web.StreamResponse:
        begun.set()
        return web.Response(body=b"x" * 50_000_000)

    with socket.socket() as client:
        client.setblocking(False)
        async with AsyncExitStack() as stack:
            port = await serve(stack, much, 0)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nHost: fake\r\n\r\n")
            await begun.wait()
        received = 0
        try:
            while part := await loop.sock_recv(client, 1_000_000):
                received += len(part)
        except ConnectionError:
            received += 0
        assert received < 50_000_000


async def test_a_connection_that_comes_too_late_is_cut() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    server = _Server(handler)
    early, late = Mock(spec=asyncio.Transport), Mock(spec=asyncio.Transport)
    first = server()
    server.connection_made(first, early)
    server.connection_lost(first)
    await server.let_go()
    server.connection_made(server(), late)
    assert not early.abort.called
    assert late.abort.called


async def test_the_loop_may_end_right_after() -> None:
    """Connections that were just accepted have let go of their sockets when ``async with`` is left."""
    clients = [socket.socket() for _ in range(20)]
    try:
        async with FakeTheirStack() as fake:
            port = int(fake.base_url.rpartition(":")[2])
            for client in clients:
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", port))
            await asyncio.sleep(0)
    finally:
        for client in clients:
            client.close()
