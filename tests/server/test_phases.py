"""Each phase of a request, broken on a real socket, ends in one of our errors that knows what was sent."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import aiohttp
import pytest
import trustme

from tests.server._loopback import KEY, ONE_TRY, client, close, hang, http, opened, request_from, reset, saying, serving
from theirstack_async import RetryPolicy, TheirStack, Timeouts
from theirstack_async.errors import (
    ConnectError,
    ConnectionLostError,
    OutcomeUnknownError,
    RequestTimeoutError,
    TheirStackError,
)

SHORT = 0.03
QUICK = Timeouts(connect=SHORT, read=SHORT, deadline=5)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and all that hang on it."""
    while error is not None:
        yield error
        assert error.__context__ in (None, error.__cause__)
        error = error.__cause__


async def read(api: TheirStack) -> TheirStackError:
    """Return what a request that may be repeated fails with."""
    with pytest.raises(TheirStackError) as caught:
        await api.request("GET", "/v0/webhooks")
    return told(caught.value)


async def act(api: TheirStack) -> TheirStackError:
    """Return what a request that must not be repeated fails with."""
    with pytest.raises(TheirStackError) as caught:
        await api.request("POST", "/v0/new", json={"x": 1})
    return told(caught.value)


def told(error: TheirStackError) -> TheirStackError:
    for each in chain(error):
        assert isinstance(each, TheirStackError)
        assert KEY not in f"{each!s} {each!r} {vars(each)}"
        assert each.attempts == (0 if getattr(error, "phase", "") == "slot" else 1)
    return error


async def never_sent(api: TheirStack, cls: type[TheirStackError], **facts: Any) -> None:
    """Check that both requests fail in this way, knowing that nothing was sent."""
    for error in (await read(api), await act(api)):
        assert type(error) is cls
        assert {"sent": error.sent, **{name: getattr(error, name) for name in facts}} == {"sent": "no", **facts}


async def perhaps_sent(api: TheirStack, cls: type[TheirStackError], **facts: Any) -> None:
    """Check that both requests fail in this way, and that the one of unknown outcome says so."""
    plain = await read(api)
    unknown = await act(api)
    assert type(unknown) is OutcomeUnknownError
    for error in (plain, unknown.__cause__):
        assert type(error) is cls
        assert error.sent == "maybe"
        assert {name: getattr(error, name) for name in facts} == facts


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_a_name_that_is_not_found() -> None:
    async with TheirStack(KEY, base_url="http://nowhere.invalid", retries=ONE_TRY) as api:
        await never_sent(api, ConnectError, permanent=False)


async def test_a_look_up_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait() and [])
    async with TheirStack(KEY, base_url="http://slow.invalid", retries=ONE_TRY, timeouts=QUICK) as api:
        try:
            await never_sent(api, RequestTimeoutError, phase="connect")
        finally:
            release.set()


async def test_a_port_where_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with client(unused.getsockname()[1]) as api:
            await never_sent(api, ConnectError, permanent=False)


async def test_a_connection_that_is_not_accepted() -> None:
    """With its queue full, Linux drops what asks for a connection."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        async with client(server.getsockname()[1], timeouts=QUICK) as api:
            await never_sent(api, RequestTimeoutError, phase="connect")


async def test_a_tls_handshake_that_hangs() -> None:
    async with opened(hang, scheme="https", timeouts=QUICK) as api:
        await never_sent(api, RequestTimeoutError, phase="connect")


async def test_a_deadline_during_the_handshake() -> None:
    """Without a body nothing tells when a request left, so what may be repeated says maybe."""
    timeouts = Timeouts(connect=None, read=None, deadline=SHORT)
    async with opened(hang, scheme="https", timeouts=timeouts) as api:
        assert (await read(api)).sent == "maybe"
        error = await act(api)
        assert isinstance(error, RequestTimeoutError)
        assert (error.phase, error.sent) == ("deadline", "no")
        with pytest.raises(RequestTimeoutError) as caught:
            await api.request("POST", "/v0/new")
        assert caught.value.sent == "no"


@pytest.mark.parametrize("then", [hang, close, reset])
async def test_a_tls_server_that_speaks_no_tls(then: Any) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" if then is hang else b"")
        await then(writer)

    async with opened(serve, scheme="https") as api:
        await never_sent(api, ConnectError, permanent=False)


async def test_a_certificate_that_nobody_vouches_for_is_not_asked_again(tls: ssl.SSLContext) -> None:
    async with opened(saying(http()), tls, scheme="https", retries=RetryPolicy()) as api:
        await never_sent(api, ConnectError, permanent=True)


async def test_a_private_authority(tls: ssl.SSLContext, authority: trustme.CA) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    async with opened(saying(http()), tls, scheme="https", ssl_context=context) as api:
        assert (await api.request("GET", "/v0/webhooks")).json() == []


async def test_waiting_for_a_connection_of_a_small_pool() -> None:
    async with (
        serving(hang) as port,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session,
        client(port, session=session, timeouts=Timeouts(connect=SHORT)) as api,
    ):
        task = asyncio.create_task(api.request("GET", "/v0/webhooks"))
        await asyncio.sleep(0)
        await never_sent(api, RequestTimeoutError, phase="connect")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_waiting_for_a_place_of_our_own_is_no_silence() -> None:
    async with opened(hang, max_concurrency=1, timeouts=Timeouts(connect=None, read=None, deadline=None)) as api:
        task = asyncio.create_task(api.request("GET", "/v0/webhooks"))
        await asyncio.sleep(0)
        view = api.with_options(timeouts=Timeouts(read=0.001, deadline=SHORT))
        await never_sent(view, RequestTimeoutError, phase="slot")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


PART = http(b"[1", length=9)
SILENT = [saying(then=hang), saying(PART, then=hang), saying(b"HTTP/1.1 200 OK\r\nContent-Le", then=hang)]


@pytest.mark.parametrize("serve", SILENT, ids=["before the headers", "in the body", "in the headers"])
async def test_silence(serve: Any) -> None:
    async with opened(serve, timeouts=QUICK) as api:
        await perhaps_sent(api, RequestTimeoutError, phase="read")


async def test_a_body_that_drips_ends_with_the_deadline() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0)

    async with opened(saying(http(length=10**6), then=drip), timeouts=Timeouts(deadline=SHORT)) as api:
        await perhaps_sent(api, RequestTimeoutError, phase="deadline")


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIP = gzip.compress(b"[" + b" " * 5000 + b"]")
BROKEN = {
    "closed without an answer": saying(then=close),
    "reset without an answer": saying(then=reset),
    "reset after the headers": saying(http(b"", length=9), then=reset),
    "reset in the body": saying(PART, then=reset),
    "closed in the headers": saying(b"HTTP/1.1 200 OK\r\nContent", then=close),
    "closed in the body": saying(PART, then=close),
    "closed in a chunk": saying(CHUNKED + b"9\r\n[1", then=close),
    "a chunk without a length": saying(CHUNKED + b"zz\r\n[]\r\n0\r\n\r\n", then=hang),
    "no HTTP": saying(b"220 mail.example ESMTP ready\r\n", then=hang),
    "binary": saying(bytes(range(256)) * 40, then=hang),
    "two lengths": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]", then=hang),
    "endless headers": saying(b"HTTP/1.1 200 OK\r\n" + b"X-Pad: %s\r\n" % (b"x" * 9000) * 9, then=hang),
    "damaged gzip": saying(http(b"no gzip", "Content-Encoding: gzip")),
    "gzip damaged within": saying(http(GZIP[:20] + b"\0" * 9 + GZIP[20:], "Content-Encoding: gzip")),
    "damaged zstd": saying(http(b"no zstd at all", "Content-Encoding: zstd")),
    "damaged deflate": saying(http(b"\xff\xff", "Content-Encoding: deflate")),
}


@pytest.mark.parametrize("serve", BROKEN.values(), ids=BROKEN)
async def test_a_connection_that_breaks(serve: Any) -> None:
    async with opened(serve) as api:
        with pytest.raises(TheirStackError):
            await api.with_options(retries=RetryPolicy(attempts=2, base=0)).request("GET", "/v0/webhooks")
        with pytest.raises(OutcomeUnknownError) as caught:
            await api.request("POST", "/v0/new", json={})
        assert type(told(caught.value).__cause__) is ConnectionLostError


async def test_a_server_that_echoes_the_request_shows_no_key() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await request_from(reader)
        writer.write(head.encode() + body)
        await hang()

    async with opened(echo) as api:
        assert isinstance((await act(api)).__cause__, ConnectionLostError)
        assert isinstance(await read(api), ConnectionLostError)


async def test_a_body_is_told_apart_from_the_headers() -> None:
    """The server resets at once, before anything was read; what a once operation then says depends on the body."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reset(writer)

    async with opened(serve) as api:
        error = await act(api)
        assert error.sent in ("no", "maybe")
        assert isinstance(error, OutcomeUnknownError) == (error.sent == "maybe")
