"""The receiver of the demo: a real HTTP server on this machine, down until it is told to start."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from theirstack_async.errors import SignatureError
from theirstack_async.receiver import SIGNATURE_HEADER, verify_signature

HOST: Final = "127.0.0.1"


class DemoReceiver:
    """Owns its port from the beginning, so that nobody else gets it, and refuses connections until :meth:`start`."""

    def __init__(self, secret: str, on_delivery: Callable[[], object]) -> None:
        """``on_delivery`` is called after each delivery."""
        self._secret = secret.encode()
        self._on_delivery = on_delivery
        self._socket = socket.socket()
        self._socket.bind((HOST, 0))
        self._runner = web.ServerRunner(web.Server(self._receive, access_log=None))
        self.url: str = f"http://{HOST}:{self._socket.getsockname()[1]}/hook"
        self.ids: set[int] = set()
        """The events that arrived with a right signature."""
        self.deliveries: int = 0
        self.verified: int = 0

    async def start(self) -> None:
        """Accept connections from now on."""
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        self._socket.close()

    async def _receive(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        self.deliveries += 1
        try:
            verify_signature(body, request.headers.get(SIGNATURE_HEADER), self._secret)
        except SignatureError as error:
            return web.Response(status=403, text=str(error))
        self.verified += 1
        self.ids.add(json.loads(body)["id"])
        self._on_delivery()
        return web.Response(text="ok")
