"""Answers that are complete: compressed, too large, in pieces, and those that would lead elsewhere."""

from __future__ import annotations

import asyncio
import zlib

import pytest

from tests.server._loopback import http, opened, request_from, saying
from theirstack_async.errors import APIError, DecodeError


def bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b" " * 2**20) for _ in range(64)) + packer.flush()


CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + b"x" * 1024


@pytest.mark.parametrize("answer", [http(b"x" * 1001), http(bomb(), "Content-Encoding: gzip"), CHUNK])
async def test_an_answer_beyond_the_bound(answer: bytes) -> None:
    async with opened(saying(answer), max_body_bytes=1000) as api:
        for method in ("GET", "POST"):
            with pytest.raises(DecodeError, match=r"larger than max_body_bytes allows \(1,000 bytes\)") as caught:
                await api.request(method, "/v0/new")
            assert caught.value.sent == "yes"


async def test_an_answer_at_the_bound_and_in_pieces() -> None:
    body = b"[" + b" " * 998 + b"]"
    async with opened(saying(http(body)[:200], http(body)[200:]), max_body_bytes=1000) as api:
        assert (await api.request("GET", "/v0/webhooks")).body == body


async def test_redirects_are_not_followed_with_the_key() -> None:
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            seen.append((await request_from(reader))[0])
            writer.write(http(b"", "Location: /elsewhere", status="302 Found"))

    async with opened(serve) as api:
        with pytest.raises(APIError) as caught:
            await api.request("GET", "/v0/webhooks")
        assert caught.value.status == 302
    assert len(seen) == 1


async def test_cookies_are_not_sent_back() -> None:
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            seen.append((await request_from(reader))[0])
            writer.write(http(b"[]", "Set-Cookie: a=b"))

    async with opened(serve, host="localhost") as api:  # no cookies are kept for a bare address
        for _ in range(2):
            await api.request("GET", "/v0/webhooks")
    assert len(seen) == 2
    assert "cookie" not in "".join(seen).lower()
