"""One request and its answer on the wire."""

from __future__ import annotations

import asyncio
import gzip
import http
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from aiohttp import web

from theirstack_async.testing.answers import Answer
from theirstack_async.testing.records import RequestRecord

_MIN_COMPRESSED: Final = 500
"""Bytes; shorter bodies are sent as they are."""


class BrokenOffError(Exception):
    """The connection is gone, on cue or because the client left. Never leaves the fake."""


Perform = Callable[["Exchange"], Awaitable[Answer]]
Sleep = Callable[[float], Awaitable[None]]


class Exchange:
    """What a fault can do: carry out the operation, wait, write to the socket, break the connection."""

    def __init__(
        self,
        request: web.BaseRequest,
        record: RequestRecord,
        *,
        perform: Perform,
        sleep: Sleep,
        compression: bool,
    ) -> None:
        self._request = request
        self._perform = perform
        self._compression = compression
        self.record = record
        self.sleep = sleep
        """Waits so many seconds, through the sleep that was injected into the fake."""
        self.headers: dict[str, str] = {}
        self._true_body: bytes | None = None
        self._sending = Answer()
        self._unsent = 0

    async def read_body(self) -> None:
        """Read the request's body into the record."""
        self.record.body = await self._request.read()

    async def carry_out(self) -> Answer:
        """Do what the request asks for, and return the true answer: 429 when a rate window is spent."""
        answer = await self._perform(self)
        self._true_body = answer.body
        return answer

    async def send(self, answer: Answer) -> web.Response:
        """Write an answer to the socket as it is sent when nothing is wrong, and return what was sent."""
        body, headers = answer.body, {**self.headers, **answer.headers, "Content-Type": answer.content_type}
        accepted = self._request.headers.get("Accept-Encoding", "")
        if self._compression and "gzip" in accepted and len(body) >= _MIN_COMPRESSED:
            body = gzip.compress(body, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        self._begin(answer)
        response = web.Response(status=answer.status, body=body, headers=headers)
        await response.prepare(self._request)
        await response.write_eof()
        self._wrote(len(answer.body))
        return response

    def write_head(self, answer: Answer) -> None:
        """Write the status line and the headers of an answer; its body is up to the caller."""
        self._begin(answer)
        headers = {
            **self.headers,
            **answer.headers,
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
            "Connection": "close",
        }
        phrase = http.HTTPStatus(answer.status).phrase
        lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        self._transport().write("\r\n".join([*lines, "", ""]).encode())

    def write(self, data: bytes) -> None:
        """Write bytes of the body to the socket. Raises BrokenOffError when the connection is gone."""
        self._transport().write(data)
        self._wrote(len(data))

    def close(self) -> NoReturn:
        """Close the connection in an orderly way (FIN) after what was written, and end the exchange."""
        self._transport().close()
        raise BrokenOffError

    def reset(self) -> NoReturn:
        """Reset the connection (RST), and end the exchange."""
        transport = self._transport()
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        raise BrokenOffError

    async def hang(self) -> Answer:
        """Do nothing until cancelled, which happens when the client goes away or the server closes."""
        never: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        return await never

    def _begin(self, answer: Answer) -> None:
        self.record.status = answer.status
        self._sending = answer
        self._unsent = len(answer.body)

    def _wrote(self, size: int) -> None:
        self._unsent -= size
        if self._unsent == 0:
            self.record.answered = self._sending.body is self._true_body

    def _transport(self) -> asyncio.Transport:
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise BrokenOffError
        return transport
