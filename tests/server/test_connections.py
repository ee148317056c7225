"""Connections that are kept alive, and what lies beneath the transport."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.server._loopback import client, http, request_from, saying, serving
from theirstack_async._engine.aiohttp_transport import AiohttpTransport, _Body, _Exchange, _explain
from theirstack_async._values import Headers
from theirstack_async._wire.message import Request

ANSWER = saying(http())


async def test_a_keep_alive_connection_that_the_server_ends_is_not_used_for_what_is_sent_once() -> None:
    """With a still loop: the server's end has arrived by the time the next request leaves."""

    async def once(reader: Any, writer: Any) -> None:
        await request_from(reader)
        writer.write(http())
        await writer.drain()

    async with serving(once) as port, client(port) as api:
        for _ in range(50):
            await api.request("POST", "/v0/new", json={}, kind="once")
            await api.request("GET", "/v0/webhooks")


async def test_a_body_can_be_read_as_text() -> None:
    """Payloads of aiohttp can be; its middlewares and loggers may ask."""
    assert _Body("é".encode(), only_once=False).decode() == "é"


async def test_a_failure_to_connect_after_a_hidden_re_send_does_not_say_unsent() -> None:
    exchange = _Exchange(Request("GET", "http://h/", "read", Headers()))
    assert exchange.sent_before == "no"

    async def handler(request: Any) -> Any:
        return request

    for _ in range(2):
        await exchange.count(None, handler)  # type: ignore[arg-type]
    assert (exchange.sends, exchange.sent_before) == (2, "maybe")


@pytest.mark.parametrize("kind", [aiohttp.ClientPayloadError, aiohttp.ClientConnectionError])
def test_a_word_of_the_servers_is_not_repeated(kind: type[Exception]) -> None:
    """What aiohttp says of an answer that is no HTTP repeats the answer, which may be an echo of our headers."""
    assert ("canary" in _explain(kind("canary"))) == (kind is aiohttp.ClientConnectionError)


async def test_a_defect_below_is_not_taken_for_a_failure_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    class DefectError(Exception):
        pass

    async with serving(ANSWER) as port, client(port) as api:
        transport: Any = api._transport
        assert isinstance(transport, AiohttpTransport)

        async def fail(*_: object) -> None:
            raise DefectError

        monkeypatch.setattr(transport, "_exchange", fail)
        with pytest.raises(DefectError):
            await transport.send(Request("GET", f"http://127.0.0.1:{port}/", "read", Headers()))
