"""Serving on a socket of this machine, and leaving nothing of it behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final

from aiohttp import web

HOST: Final = "127.0.0.1"
_CLOSE_WITHIN: Final = 1.0
"""Seconds that a connection may take to close at exit. Not reached: no request is being served by then."""
_LAST_TURNS: Final = 8
"""Turns of the loop in which a connection that came at the last moment is made, aborted and lets go of its socket."""


class _Server(web.Server):
    """Knows its connections to the last: also one that comes while it is being closed, and one that cannot flush."""

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], **settings: Any) -> None:
        super().__init__(handler, handler_cancellation=True, access_log=None, **settings)
        self._transports: Final[dict[web.RequestHandler, asyncio.Transport]] = {}
        self._over = False

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._transports[handler] = transport
        if self._over:
            transport.abort()

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self._transports.pop(handler, None)

    async def let_go(self) -> None:
        """Abort what is open still. The caller's loop may end right after."""
        self._over = True
        for transport in self._transports.values():
            transport.abort()
        for _ in range(_LAST_TURNS):
            await asyncio.sleep(0)


async def serve(
    stack: AsyncExitStack,
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    port: int,
    **settings: Any,
) -> int:
    """Serve on 127.0.0.1 until ``stack`` is left, and return the port, which 0 leaves to the system."""
    server = _Server(handler, **settings)
    runner = web.ServerRunner(server, shutdown_timeout=_CLOSE_WITHIN)
    stack.push_async_callback(server.let_go)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, port).start()
    bound: int = runner.addresses[0][1]
    return bound
