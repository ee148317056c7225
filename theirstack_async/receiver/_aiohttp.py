"""The receiver as a handler of ``aiohttp.web``: https://docs.aiohttp.org/en/stable/web.html."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from aiohttp import web

from theirstack_async.receiver._receiver import Receiver

_LINGER: Final = 2.0  # seconds to go on reading after an answer: to close at once may destroy it (RFC 9112, 9.6)


class AiohttpReceiver:
    """Answers deliveries in an application of ``aiohttp.web``.

    ::

        deliveries = AiohttpReceiver(receiver)
        app.cleanup_ctx.append(deliveries.lifespan)
        app.router.add_post("/theirstack", deliveries.handle)

    Give the API the URL exactly as it is routed, with its trailing slash or without: nothing says that it follows a
    redirect, such as one of ``web.normalize_path_middleware``. The application's ``client_max_size`` means nothing
    here, ``max_bytes`` of the receiver does.
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver: Final = receiver

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        """Start the receiver with the application, and drain it when the application ends: for ``app.cleanup_ctx``.

        The application does not start if the receiver cannot, such as when its store cannot be opened: that error is
        raised, a :class:`~theirstack_async.DeliveryStoreError`.
        """
        del app
        async with self._receiver:
            yield

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a delivery: the handler of a route. Other methods than POST, where they come here, get 405."""
        body = request.content
        # From the bytes, as aiohttp's own headers hold what is not UTF-8 as surrogates.
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers]
        try:
            answer = await self._receiver.receive(request.method, headers, body.iter_any())
        except Exception:
            if body.exception() is None:
                raise
            # Cut off, or not in the form that its headers say. Whoever is still there is told.
            response = web.Response(status=400, text="the request's body broke off")
        else:
            response = web.Response(status=answer.status, text=answer.text, headers=answer.headers)
        if not body.is_eof():
            await _cut_off(request, response)
        return response


async def _cut_off(request: web.Request, response: web.Response) -> None:
    """Answer a request whose body has not come to its end, and close.

    aiohttp would do so too, after up to ten seconds, and log an error if the client leaves meanwhile.
    """
    response.force_close()
    with suppress(OSError, web.RequestPayloadError):  # a TimeoutError is an OSError
        await response.prepare(request)
        await response.write_eof()
        async with asyncio.timeout(_LINGER):
            async for _ in request.content.iter_any():
                continue
    request.protocol.force_close()
