"""The receiver as a plain ASGI application: https://asgi.readthedocs.io/en/latest/specs/main.html."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, Final, Self

from theirstack_async.receiver._answer import Answer
from theirstack_async.receiver._receiver import Receiver

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_LINGER: Final = 2.0  # seconds to go on reading after an answer: to close at once may destroy it (RFC 9112, 9.6)


class ASGIReceiver:
    """Answers deliveries in any ASGI server or framework, and needs none of them.

    Alone it is a whole application, ``app = ASGIReceiver(receiver)`` for ``uvicorn module:app``: it answers on every
    path, and starts and drains the receiver. Inside another it is a route, as in Starlette's and FastAPI's
    ``routes=[Route("/theirstack", ASGIReceiver(receiver))]``, and ``async with receiver:`` belongs into its lifespan,
    since servers tell the outermost application only. A ``Mount`` answers ``/theirstack/``, and ``/theirstack`` with a
    redirect: nothing says that the API follows one, so deliveries may be lost. Give it the URL exactly as it is served.
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver: Final = receiver

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Serve a request, or the server's lifespan; a WebSocket is closed. Raises ValueError for anything else."""
        match scope["type"]:
            case "http":
                await self._answer(scope, _Body(receive), send)
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await send({"type": "websocket.close"})
            case other:
                raise ValueError(f"a receiver answers HTTP requests, not {other!r}")

    async def _answer(self, scope: _Message, body: _Body, send: _Send) -> None:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        try:
            answer = await self._receiver.receive(scope["method"], headers, body)
        except _DisconnectedError:
            answer = Answer(400, "the request's body broke off")  # nobody gets it, but middleware expects an answer
        text = answer.text.encode()
        # Servers drop what is left of a body, as long as it takes: one that may have no end is cut off.
        endless = answer.status in (408, 413) or "transfer-encoding" in (name for name, _ in headers)
        cut = endless and not body.ended and scope["http_version"].startswith("1.")
        own = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(text))}
        fields = own | dict(answer.headers) | ({"connection": "close"} if cut else {})
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
        with suppress(OSError):  # the client is gone before it is answered: servers say so since ASGI 2.4
            await send({"type": "http.response.start", "status": answer.status, "headers": raw})
            await send({"type": "http.response.body", "body": text, "more_body": cut})
            if cut:
                with suppress(TimeoutError, _DisconnectedError):
                    async with asyncio.timeout(_LINGER):
                        async for _ in body:
                            continue
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _live(self, receive: _Receive, send: _Send) -> None:
        stage = "startup"
        await receive()
        try:
            async with self._receiver:
                await send({"type": "lifespan.startup.complete"})
                stage = "shutdown"
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
        except Exception as error:  # noqa: BLE001 - whatever it is, the server has to be told
            await send({"type": f"lifespan.{stage}.failed", "message": f"{type(error).__name__}: {error}"})


class _DisconnectedError(Exception):
    """The client went away before the end of its body."""


class _Body:
    def __init__(self, receive: _Receive) -> None:
        self._receive: Final = receive
        self.ended: bool = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self.ended:
            raise StopAsyncIteration
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise _DisconnectedError
        self.ended = not message.get("more_body", False)
        return bytes(message.get("body", b""))
