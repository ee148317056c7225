"""The session layer: the one file that knows aiohttp. Nothing of aiohttp leaves it, neither types nor exceptions.

Facts it is built on, all measured on aiohttp 3.14:

* The ``total`` time-out raises a bare TimeoutError in every phase, so the deadline is our own.
* Look-ups are bounded by ``connect`` only, which also counts the wait for the pool; so the pool has no limit of its own
  and the number of requests under way is bounded above it.
* GET, PUT and DELETE are sent again once, beneath us; a request middleware sees each of them and counts.
* Whether a body left is known from the body, which notes when it is written, not from the exception's type. So what
  must not be sent twice has a body, if an empty one, which refuses to be written a second time.
* Messages of aiohttp's about an answer that is no HTTP repeat the answer, which may be an echo of our headers.
* A POST on a kept-alive connection whose end has already arrived fails after its body was written. Two turns of the
  loop let the connection notice its end first; and idle connections are dropped after four seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import suppress
from typing import Final

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from theirstack_async._values import Headers
from theirstack_async._wire.message import Request, Response
from theirstack_async.config import ClientConfig, find_proxy
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
_REFUSAL: Final = 65_536
"""Bytes of an error's body that are read; a real envelope has a few hundred."""
_ONLY_ONCE: Final = frozenset({"once", "billed"})


class _Body(aiohttp.Payload):
    """A body that counts how often it is written, and can refuse a second time."""

    def __init__(self, value: bytes, *, only_once: bool) -> None:
        super().__init__(value, content_type="application/json")
        self._content = value
        self._only_once = only_once
        self.writes = 0

    @property
    def size(self) -> int:
        return len(self._content)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._content.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        if self.writes and self._only_once:
            raise RuntimeError("not sent a second time, since that could act twice")
        self.writes += 1
        await writer.write(self._content)


class _Exchange:
    """What is known of one request while it is under way."""

    def __init__(self, request: Request) -> None:
        self.request = request
        only_once = request.kind in _ONLY_ONCE
        has_body = request.body is not None or only_once
        self.body = _Body(request.body or b"", only_once=only_once) if has_body else None
        self.answered = False
        self._passed = 0

    async def count(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """A client middleware: aiohttp calls it for each time that it sends, its own re-sends included."""
        self._passed += 1
        return await handler(request)

    @property
    def sends(self) -> int:
        """How many times the request was sent, or would have been if there had been a connection."""
        return max(1, self._passed, self.body.writes if self.body is not None else 0)

    @property
    def sent(self) -> Sent:
        """Whether the API can have acted on it. Without a body nothing tells when a request left."""
        return "no" if self.body is not None and not self.body.writes else "maybe"

    @property
    def sent_before(self) -> Sent:
        """As ``sent``, when it is known that the last try found no connection."""
        return self.sent if self.body is not None or self.sends > 1 else "no"

    def late(self) -> RequestTimeoutError:
        """Return the error of an exchange that outlasted the deadline."""
        message = f"{self.request.label}: no complete answer within the {self.request.deadline:.3g} s that were left"
        return RequestTimeoutError(message, phase="deadline", sent=self.sent)


class AiohttpTransport:
    """Sends requests over one aiohttp session, which is opened on first use, or was handed in and is never closed."""

    def __init__(self, config: ClientConfig, session: aiohttp.ClientSession | None = None) -> None:
        self._config = config
        self._injected = session
        self._session: aiohttp.ClientSession | None = None
        self._keeper: AsyncGenerator[None, None] | None = None
        self._session_loop: asyncio.AbstractEventLoop | None = None
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
        """Whether a session of our own is open, so that somebody has to close it."""
        return self._session is not None and not self._session.closed

    def check(self) -> None:
        """See :class:`theirstack_async._engine.transport.Transport`."""
        if self._closed:
            raise ClientClosedError("the client is closed; make a new one, or keep it open for as long as it is used")
        if self._injected is not None and self._injected.closed:
            raise ClientClosedError("the session that was handed to the client is closed; hand in an open one")
        loop = asyncio.get_running_loop()
        if self._loop not in (None, loop) and not self._loop.is_closed():
            raise ConfigurationError(
                "the client is open on another event loop; use one client a loop, or close it there first"
            )
        self._loop = loop

    async def send(self, request: Request) -> Response:
        """See :class:`theirstack_async._engine.transport.Transport`."""
        self.check()
        session = self._injected or await self._own_session()
        exchange = _Exchange(request)
        limit = asyncio.timeout(request.deadline)
        # The exception is raised outside the handlers, so that nothing of aiohttp hangs on it as its context: aiohttp's
        # exceptions hold the request with its headers, and so the key.
        failure: TheirStackError
        try:
            async with limit:
                return await self._exchange(session, exchange)
        except TheirStackError as error:
            failure = error
        except Exception as error:
            if not isinstance(error, (aiohttp.ClientError, OSError, ValueError, RuntimeError)) and not session.closed:
                raise
            failure = exchange.late() if limit.expired() else self._failure(error, exchange, session)
        failure.attempts = exchange.sends
        raise failure

    async def aclose(self) -> None:
        """Close our own session; an injected one stays open."""
        self._closed = True
        keeper, self._keeper = self._keeper, None
        if keeper is not None and self._loop is not None and not self._loop.is_closed():
            await keeper.aclose()
        self._session = None

    def abandon(self) -> None:
        """Let go of our own session when nobody can await its closing any more, without aiohttp's own warnings."""
        session, self._session = self._session, None
        keeper, self._keeper = self._keeper, None
        if session is None or keeper is None:
            return
        connector = session.connector
        session.detach()
        if connector is not None:
            _begin(connector.close())
        _begin(keeper.aclose())

    async def _own_session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._session_loop is not loop:
            self.abandon()
            self._session, self._session_loop = self._open(), loop
            self._keeper = _keep(self._session)
            await anext(self._keeper)
        return self._session

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=KEEP_ALIVE, ttl_dns_cache=DNS_CACHE, ssl=self._config.ssl_context or True
        )
        no_cookies, proxy = aiohttp.DummyCookieJar(), find_proxy(self._config)
        return aiohttp.ClientSession(connector=connector, cookie_jar=no_cookies, proxy=proxy)

    async def _exchange(self, session: aiohttp.ClientSession, exchange: _Exchange) -> Response:
        request = exchange.request
        if request.kind in _ONLY_ONCE:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        async with session.request(
            request.method,
            URL(request.url, encoded=True),
            data=exchange.body,
            headers=dict(request.headers.pairs()),
            timeout=aiohttp.ClientTimeout(total=None, connect=request.connect, sock_read=request.read),
            allow_redirects=False,
            # On an injected session they would replace the user's own middlewares.
            middlewares=(exchange.count,) if self._injected is None else None,
            raise_for_status=False,
            auto_decompress=True,
        ) as response:
            exchange.answered = True
            body = await self._read(response, request)
            return Response(response.status, Headers(response.headers.items()), body, exchange.sends)

    async def _read(self, response: aiohttp.ClientResponse, request: Request) -> bytes:
        if request.is_refused_by(response.status):
            return await _read_refusal(response)
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
                    "raise the bound, or ask for fewer rows a page"
                )
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _failure(self, error: Exception, exchange: _Exchange, session: aiohttp.ClientSession) -> TheirStackError:
        """Return our exception for one of aiohttp's, or of the operating system's."""
        request, why = exchange.request, _explain(error)
        if self._closed or session.closed:
            message = f"{request.label}: the client was closed while the request was under way"
            return ClientClosedError(message, sent=exchange.sent)
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            message = f"{request.label}: no connection within {request.connect} s"
            return RequestTimeoutError(message, phase="connect", sent=exchange.sent_before)
        if isinstance(error, aiohttp.ServerTimeoutError):
            message = f"{request.label}: silence for {request.read} s"
            return RequestTimeoutError(message, phase="read", sent=exchange.sent)
        if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError)):
            permanent = isinstance(error, aiohttp.ClientConnectorCertificateError)
            message = f"{request.label}: no connection ({why})"
            return ConnectError(message, permanent=permanent, sent=exchange.sent_before)
        if isinstance(error, ValueError) and not exchange.answered:
            return ConfigurationError(f"{request.label}: this cannot be sent ({why})")
        lost = "the connection broke in the middle of the answer" if exchange.answered else "the connection was lost"
        return ConnectionLostError(f"{request.label}: {lost} ({why})", sent=exchange.sent)


async def _read_refusal(response: aiohttp.ClientResponse) -> bytes:
    """Return the beginning of an error's body, or what came of it: the status counts, whatever becomes of the body."""
    body = b""
    with suppress(aiohttp.ClientError, OSError, ValueError):
        while len(body) < _REFUSAL and (chunk := await response.content.readany()):
            body += chunk
    if not response.content.at_eof():
        response.close()
    return body


async def _keep(session: aiohttp.ClientSession) -> AsyncGenerator[None, None]:
    """Close the session when this ends: by ``aclose()``, or by the loop, which ends what is left of its generators.

    So a program that uses one client in several ``asyncio.run()`` leaves no connection behind (PEP 525).
    """
    try:
        yield
    finally:
        await session.close()


def _begin(closing: Awaitable[None]) -> None:
    """Run something that closes up to where it would wait, since nobody is left who could await it."""
    steps = closing.__await__()
    # StopIteration: it did not have to wait. RuntimeError: its loop is closed, so only the system can close sockets.
    with suppress(StopIteration, RuntimeError):
        next(steps)
    del steps


def _explain(error: Exception) -> str:
    """Return an exception as one line of at most 200 characters, without a word of the server's."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered {error.status}"
    if isinstance(error, (aiohttp.ClientResponseError, aiohttp.ClientPayloadError)):
        return type(error.__cause__ or error).__name__
    first = next(iter(str(error).strip().splitlines()), "")[:200]
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
        raise ConfigurationError(
            "session: it sends an Authorization of its own; hand in one without, and pass api_key="
        )
    # aiohttp has no public attribute for it. Absolute addresses ignore it, so a miss would be harmless.
    if getattr(session, "_base_url", None) is not None:
        raise ConfigurationError("session: it has a base URL of its own; hand in one without, and pass base_url=")
