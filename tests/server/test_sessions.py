"""Sessions that were handed in, and proxies."""

from __future__ import annotations

import asyncio
import base64
import ssl
import warnings
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
import trustme

from tests.server._loopback import KEY, ONE_TRY, Held, client, close, hang, http, request_from, reset, saying, serving
from theirstack_async import RequestOptions, TheirStack, Timeouts
from theirstack_async.errors import (
    ArgumentError,
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    ConnectionLostError,
    OutcomeUnknownError,
    RequestTimeoutError,
    ServerError,
)

PASSWORD = "canary-password"


async def test_a_session_is_used_with_its_own_middlewares_and_never_closed() -> None:
    seen: list[str] = []

    async def note(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        seen.append(request.method)
        return await handler(request)

    async with serving(saying(http())) as port, aiohttp.ClientSession(middlewares=(note,)) as session:
        async with client(port, session=session) as api:
            reply = await api.request("GET", "/v0/webhooks")
            await api.request("POST", "/v0/new", json={})
        assert reply.meta.attempts == 1
        assert seen == ["GET", "POST"]
        assert not session.closed


async def test_our_headers_and_limits_hold_on_a_session_with_others() -> None:
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await request_from(reader))[0].lower())
        writer.write(http(b"", status="500 No"))
        await hang()

    session = aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=0.000001), headers={"User-Agent": "theirs"}, raise_for_status=True
    )
    async with serving(serve) as port, session, client(port, session=session) as api:
        with pytest.raises(OutcomeUnknownError) as caught:
            await api.request("POST", "/v0/new", json={}, options=RequestOptions(headers={"X-Trace": "1"}))
        assert isinstance(caught.value.__cause__, ServerError)
    (head,) = heads
    assert "user-agent: theirstack-async/" in head
    assert f"authorization: bearer {KEY}" in head
    assert "x-trace: 1" in head


async def test_a_session_that_is_closed_before_or_meanwhile() -> None:
    held = Held()
    async with serving(held) as port:
        session = aiohttp.ClientSession()
        api = client(port, session=session)
        tasks = [asyncio.create_task(api.request(method, "/v0/webhooks")) for method in ("GET", "POST")]
        await held.arrived(2)
        await session.close()
        read, act = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(read, ClientClosedError)
        assert isinstance(act, OutcomeUnknownError)
        assert isinstance(act.__cause__, ClientClosedError)
        with pytest.raises(ClientClosedError, match="session that was handed"):
            await api.request("GET", "/v0/webhooks")
    with pytest.raises(ClientClosedError):
        TheirStack(KEY, session=session)


async def test_a_session_that_would_send_something_of_its_own_is_refused() -> None:
    async with aiohttp.ClientSession(headers={"authorization": "x"}) as session:
        with pytest.raises(ConfigurationError, match="sends an Authorization of its own"):
            TheirStack(KEY, session=session)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        mine = aiohttp.ClientSession(auth=aiohttp.BasicAuth("a", "b"))
        async with mine as session:
            with pytest.raises(ConfigurationError, match="sends an Authorization of its own"):
                TheirStack(KEY, session=session)
    async with aiohttp.ClientSession("http://h") as session:
        with pytest.raises(ConfigurationError, match="base URL of its own"):
            TheirStack(KEY, session=session)
    async with aiohttp.ClientSession() as session:
        for setting in ({"proxy": "http://h"}, {"ssl_context": ssl.create_default_context()}, {"trust_env": True}):
            with pytest.raises(ArgumentError, match="brings its own proxy and TLS"):
                TheirStack(KEY, session=session, **setting)  # type: ignore[arg-type]


async def test_what_a_session_cannot_send_is_a_matter_of_settings() -> None:
    """As with an entry for this host in a netrc file, which a session reads when it trusts the environment."""

    async def refuse(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        raise ValueError("Cannot combine AUTHORIZATION header with AUTH argument")

    async with aiohttp.ClientSession(middlewares=(refuse,)) as session:
        api = TheirStack(KEY, base_url="http://127.0.0.1:9", session=session)
        with pytest.raises(ConfigurationError, match="this cannot be sent"):
            await api.request("GET", "/v0/webhooks")


async def test_a_second_write_of_what_must_not_be_repeated_is_refused_on_any_session() -> None:
    """PUT is sent again by aiohttp when a connection ends early, also where no middleware of ours sees it."""
    arrived: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append((await request_from(reader))[1])
        await close(writer)

    async with serving(serve) as port, aiohttp.ClientSession() as session:
        api = client(port, session=session)
        with pytest.raises(OutcomeUnknownError):
            await api.request("PUT", "/v0/new", json={"x": 1}, kind="once")
        assert arrived == [b'{"x":1}']
        with pytest.raises(ConnectionLostError) as caught:
            await api.request("PUT", "/v0/new", json={"x": 1})
    assert caught.value.attempts == len(arrived) - 1 == 2


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


class Proxy:
    """A small HTTP proxy: CONNECT and plain forwarding, with credentials."""

    def __init__(self) -> None:
        self.heads: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await request_from(reader)
            self.heads.append(head)
            method, target, _ = head.split("\r\n")[0].split(" ")
            wanted = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
            if f"Proxy-Authorization: Basic {wanted}" not in head:
                writer.write(http(b"", status="407 Proxy Authentication Required"))
                continue
            if method != "CONNECT":
                writer.write(http(b'["forwarded"]'))
                continue
            there, back = await asyncio.open_connection("127.0.0.1", int(target.rpartition(":")[2]))
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            try:
                await asyncio.gather(relay(reader, back), relay(there, writer))
            finally:
                back.close()


async def test_a_proxy_with_credentials() -> None:
    proxy = Proxy()
    async with serving(proxy) as port:
        address = f"http://user:{PASSWORD}@127.0.0.1:{port}"
        async with TheirStack(KEY, base_url="http://nowhere.invalid", proxy=address, retries=ONE_TRY) as api:
            assert (await api.request("GET", "/v0/webhooks")).json() == ["forwarded"]
            assert (await api.request("POST", "/v0/new", json={})).json() == ["forwarded"]
    assert proxy.heads[0].startswith("GET http://nowhere.invalid/v0/webhooks HTTP/1.1")


async def test_a_tunnel_through_a_proxy() -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    proxy = Proxy()
    async with serving(proxy) as door, serving(saying(http()), ssl=server) as port:
        address = f"http://user:{PASSWORD}@127.0.0.1:{door}"
        async with client(port, scheme="https", proxy=address, ssl_context=trusting) as api:
            assert (await api.request("GET", "/v0/webhooks")).json() == []
        async with client(port, scheme="https", proxy=address.replace("user", "nobody")) as api:
            with pytest.raises(ConnectError, match="the proxy answered 407") as caught:
                await api.request("POST", "/v0/new", json={})
            assert PASSWORD not in str(caught.value)
    assert proxy.heads[0].startswith("CONNECT 127.0.0.1:")
    assert KEY not in "".join(proxy.heads)


@pytest.mark.parametrize(
    ("serve", "cls"),
    [(reset, ConnectionLostError), (close, ConnectionLostError), (hang, RequestTimeoutError), (None, ConnectError)],
)
async def test_a_proxy_that_fails_has_let_nothing_through(serve: Any, cls: type[Exception]) -> None:
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_from(reader)
        await serve(writer)

    async with serving(broken) as port:
        address = f"http://u:{PASSWORD}@127.0.0.1:{port if serve else 1}"
        async with client(9, scheme="https", proxy=address, timeouts=Timeouts(connect=0.05)) as api:
            with pytest.raises(cls) as caught:
                await api.request("POST", "/v0/new", json={})
    assert getattr(caught.value, "sent", None) == "no"
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY"])
async def test_the_proxy_of_the_environment_is_used_when_it_is_trusted(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Also with an entry in netrc, which would make a session that trusts the environment refuse our key."""
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "netrc").write_text("default login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with serving(Proxy()) as port:
        monkeypatch.setenv(variable, f"http://user:{PASSWORD}@127.0.0.1:{port}")
        async with TheirStack(KEY, base_url="http://nowhere.invalid", trust_env=True) as api:
            assert (await api.request("GET", "/v0/webhooks")).json() == ["forwarded"]
        async with TheirStack(KEY, base_url="http://nowhere.invalid", retries=ONE_TRY) as api:
            with pytest.raises(ConnectError):
                await api.request("GET", "/v0/webhooks")
        monkeypatch.setenv("no_proxy", "nowhere.invalid")
        async with TheirStack(KEY, base_url="http://nowhere.invalid", trust_env=True, retries=ONE_TRY) as api:
            with pytest.raises(ConnectError):
                await api.request("GET", "/v0/webhooks")


async def test_a_proxy_of_the_environment_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"socks5://u:{PASSWORD}@127.0.0.1:1")
    async with TheirStack(KEY, base_url="http://nowhere.invalid", trust_env=True) as api:
        with pytest.raises(ConfigurationError, match="proxy: expected an address") as caught:
            await api.request("GET", "/v0/webhooks")
    assert PASSWORD not in str(caught.value)
