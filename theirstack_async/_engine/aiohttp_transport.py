"""The session layer: the one file that knows aiohttp. Nothing of aiohttp leaves it, neither types nor exceptions.

Facts it is built on, all measured on aiohttp 3.14:

* The ``total`` time-out raises a bare TimeoutError in every phase, so the deadline is our own.
* Look-ups are bounded by ``connect`` only, which also counts the wait for the pool; so the pool has no limit of its own
  and the number of requests under way is bounded above it.
* GET, PUT and DELETE are sent again once, beneath us; a request middleware sees each of them and counts.
* Whether a body left is known from the body itself, which notes when it is written, not from the exception's type.
* A POST on a kept-alive connection whose end has already arrived fails after its body was written. Two turns of the
  loop let the connection notice its end first; and idle connections are dropped after four seconds.
"""

from __future__ import annotations

import asyncio
import math
import warnings
from typing import Final

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from theirstack_async._values import Headers
from theirstack_async._wire.message import Request, Response
from theirstack_async.config import ClientConfig
from theirstack_async.errors import (
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    RequestTimeoutError,
    Sent,
    TheirStackError,
)

KEEP_ALIVE: Final = 4.0
"""Seconds that an idle connection is kept; short, so that the server seldom ends it first."""
DNS_CACHE: Final = 30
"""Seconds that a look-up is remembered; short, so that a moved address is found soon."""
_EXCERPT: Final = 500


class _Body(aiohttp.Payload):
    """A body that notes when it is written."""

    def __init__(self, value: bytes) -> None:
        super().__init__(value, content_type="application/json")
        self._bytes = value
        self._size = len(value)
        self.written = False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._bytes.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        self.written = True
        await writer.write(self._bytes)


class _Exchange:
    """What is known of one request while it is under way."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.body = None if request.body is None else _Body(request.body)
        self.sends = 0
        self.answered = False

    async def count(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """A client middleware: aiohttp calls it for each time that it sends, its own re-sends included."""
        self.sends += 1
        return await handler(request)

    @property
    def sent(self) -> Sent:
        if self.body is not None and not self.body.written and not self.answered:
            return "no"
        return "maybe"


class AiohttpTransport:
    """Sends requests over one aiohttp session, which is opened on first use, or was handed in and is never closed."""

    def __init__(self, config: ClientConfig, session: aiohttp.ClientSession | None = None) -> None:
        self._config = config
        self._injected = session
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        if session is not None:
            _check_injected(session)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def open(self) -> bool:
        """Whether a session of our own is open and its loop alive, so that somebody has to close it."""
        return self._session is not None and self._loop is not None and not self._loop.is_closed()

    async def send(self, request: Request) -> Response:
        """See :class:`theirstack_async._engine.transport.Transport`."""
        session = self._ready()
        if request.kind in ("once", "billed"):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        exchange = _Exchange(request)
        # The exception is raised outside the handlers, so that nothing of aiohttp hangs on it as its context: aiohttp's
        # exceptions hold the request with its headers, and so the key.
        failure: TheirStackError
        try:
            async with asyncio.timeout(request.deadline):
                return await self._exchange(session, exchange)
        except TheirStackError as error:
            failure = error
        except TimeoutError as error:
            failure = _timed_out(error, exchange)
        except (aiohttp.ClientError, OSError, ValueError, RuntimeError) as error:
            failure = self._lost(error, exchange)
        failure.attempts = max(1, exchange.sends)
        raise failure

    async def aclose(self) -> None:
        """Close our own session; an injected one stays open."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None and self._loop is not None and not self._loop.is_closed():
            await session.close()

    def abandon(self) -> None:
        """Let go of our own session when nobody can await its closing any more, without aiohttp's own warnings."""
        session, self._session = self._session, None
        if session is None:
            return
        connector = session.connector
        session.detach()
        with warnings.catch_warnings():
            # "use await connector.close()": there is nobody left who could await.
            warnings.simplefilter("ignore", DeprecationWarning)
            if connector is not None and self._loop is not None and not self._loop.is_closed():
                connector.close()

    def _ready(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ClientClosedError("the client is closed; make a new one, or keep it open for as long as it is used")
        loop = asyncio.get_running_loop()
        if self._injected is not None:
            if self._injected.closed:
                raise ClientClosedError("the session that was handed to the client is closed; hand in an open one")
            return self._injected
        if self._session is not None and self._loop is not loop:
            if self._loop is not None and not self._loop.is_closed():
                raise ConfigurationError(
                    "the client is open on another event loop; use one client a loop, or close it there first"
                )
            self.abandon()
        if self._session is None:
            self._session, self._loop = self._open(), loop
        return self._session

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=KEEP_ALIVE, ttl_dns_cache=DNS_CACHE, ssl=self._config.ssl_context or True
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=self._config.trust_env,
            proxy=self._config.proxy,
        )

    async def _exchange(self, session: aiohttp.ClientSession, exchange: _Exchange) -> Response:
        request = exchange.request
        async with session.request(
            request.method,
            URL(request.url, encoded=True),
            data=exchange.body,
            headers=request.headers,
            timeout=aiohttp.ClientTimeout(total=None, connect=request.connect, sock_read=request.read),
            allow_redirects=False,
            # On an injected session they would replace the user's own middlewares.
            middlewares=(exchange.count,) if self._injected is None else None,
            raise_for_status=False,
            auto_decompress=True,
        ) as response:
            exchange.answered = True
            body = await self._read(response, request)
            headers = Headers(response.headers.items())
            return Response(response.status, headers, body, max(1, exchange.sends))

    async def _read(self, response: aiohttp.ClientResponse, request: Request) -> bytes:
        limit = self._config.max_body_bytes
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                response.close()
                raise DecodeError(
                    f"{request.label}: the answer is larger than max_body_bytes allows ({limit:,} bytes); "
                    "raise the bound, or ask for fewer rows a page",
                    body=b"".join(chunks)[:_EXCERPT],
                )
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _lost(self, error: Exception, exchange: _Exchange) -> TheirStackError:
        """Return our exception for one of aiohttp's, or of the operating system's."""
        label, why = exchange.request.label, _explain(error)
        if self._closed or (isinstance(error, RuntimeError) and self._injected is not None and self._injected.closed):
            closed = ClientClosedError(f"{label}: the client was closed while the request was under way")
            closed.sent = exchange.sent
            return closed
        if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)):
            return ConnectError(f"{label}: no secure connection ({why})", permanent=True)
        if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError)):
            return ConnectError(f"{label}: no connection ({why})")
        if isinstance(error, aiohttp.InvalidURL):
            return ConfigurationError(f"{label}: not an address that can be asked ({why})")
        lost = "the connection broke in the middle of the answer" if exchange.answered else "the connection was lost"
        return ConnectionLostError(f"{label}: {lost} ({why})", sent=exchange.sent)


def _timed_out(error: TimeoutError, exchange: _Exchange) -> TheirStackError:
    request = exchange.request
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        message = f"{request.label}: no connection within {request.connect:g} s"
        return RequestTimeoutError(message, phase="connect", sent="no")
    if isinstance(error, aiohttp.ServerTimeoutError):
        message = f"{request.label}: silence for {request.read:g} s"
        return RequestTimeoutError(message, phase="read", sent=exchange.sent)
    left = math.inf if request.deadline is None else request.deadline
    message = f"{request.label}: no complete answer within the {left:.3g} s that the deadline left"
    return RequestTimeoutError(message, phase="deadline", sent=exchange.sent)


def _explain(error: Exception) -> str:
    """Return an exception as text, without what may hold headers: only its first line, at most 200 characters."""
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    first = text.strip().splitlines()[0][:200] if text.strip() else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _check_injected(session: aiohttp.ClientSession) -> None:
    """Refuse a session that would change what we send.

    Raises:
        ClientClosedError: it is closed.
        ConfigurationError: it has an Authorization header, credentials or a base URL of its own.
    """
    if session.closed:
        raise ClientClosedError("session: the session is closed; hand in an open one")
    if "Authorization" in session.headers or session.auth is not None:
        raise ConfigurationError("session: it sends an Authorization of its own; hand in one without, and pass api_key=")
    # aiohttp has no public attribute for it. Absolute addresses ignore it, so a miss would be harmless.
    if getattr(session, "_base_url", None) is not None:
        raise ConfigurationError("session: it has a base URL of its own; hand in one without, and pass base_url=")


