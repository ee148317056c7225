"""Requests that no receiver likes, as bytes on real sockets: each gets a clean answer, and no handler hears of it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import Final

import pytest

from tests.receiver._adapters import (
    CHUNKED,
    SECRET,
    SERVERS,
    body_of,
    chunk,
    complaints,
    declaring,
    in_chunks,
    post,
    served,
    wire,
)
from theirstack_async.testing import sign

GOOD: Final = body_of(1)
SIGNED: Final = sign(GOOD, SECRET)
NAME: Final = "X-TheirStack-Signature-256"


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(autouse=True)
def _nobody_complains(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert complaints(caplog.get_records("call")) == []


REFUSED: Final = {
    "no signature": (403, post(GOOD, signed=False)),
    "empty signature": (403, post(GOOD, f"{NAME}:", signed=False)),
    "upper-case hex": (403, post(GOOD, f"{NAME}: sha256={SIGNED[7:].upper()}", signed=False)),
    "upper-case prefix": (403, post(GOOD, f"{NAME}: SHA256={SIGNED[7:]}", signed=False)),
    "bare hex": (403, post(GOOD, f"{NAME}: {SIGNED[7:]}", signed=False)),
    "wrong algorithm": (403, post(GOOD, f"{NAME}: sha1={SIGNED[7:47]}", signed=False)),
    "cut short": (403, post(GOOD, f"{NAME}: {SIGNED[:-1]}", signed=False)),
    "bytes beyond ASCII": (403, post(GOOD, f"{NAME}: sha256=\xe9\xff{SIGNED[9:]}", signed=False)),
    "the same signature twice": (403, post(GOOD, f"{NAME}: {SIGNED}")),
    "a wrong one before the right one": (
        403,
        post(GOOD, f"{NAME}: {sign(b'', SECRET)}", f"{NAME}: {SIGNED}", signed=False),
    ),
    "a wrong one after the right one": (403, post(GOOD, f"{NAME.lower()}: {sign(b'', SECRET)}")),
    "both in one header": (403, post(GOOD, f"{NAME}: {SIGNED}, {SIGNED}", signed=False)),
    "another secret": (403, post(GOOD, f"{NAME}: {sign(GOOD, 'another-secret-of-16')}", signed=False)),
    "another body": (403, post(GOOD.replace(b" ", b""), f"{NAME}: {SIGNED}", signed=False)),
    "no body": (400, post(b"")),
    "no body and no signature": (403, post(b"", signed=False)),
    "no UTF-8": (400, post(b"\xff\xfe" + GOOD)),
    "no JSON": (400, post(b"{" * 100)),
    "a nested bomb": (400, post(b"[" * 500_000)),
    "a nested bomb as the payload": (400, post(b'{"id":1,"type":"job.new","payload":' + b"[" * 500_000)),
    "an id that is no integer": (400, post(GOOD.replace(b"1", b'"1"', 1))),
    "an id of many digits": (400, post(GOOD.replace(b"1", b"1" * 5_000, 1))),
    "gzip": (415, post(gzip.compress(GOOD), "Content-Encoding: gzip")),
    "gzip that is none": (415, post(GOOD, "Content-Encoding: gzip")),
    "a gzip bomb": (415, post(gzip.compress(bytes(20_000_000)), "Content-Encoding: gzip")),
    "deflate": (415, post(zlib.compress(GOOD), "Content-Encoding: deflate")),
    "two encodings": (415, post(GOOD, "Content-Encoding: identity, gzip")),
    "an encoding beyond ASCII": (415, post(GOOD, "Content-Encoding: gz\xefp")),
    "text": (415, post(GOOD, "Content-Type: text/plain")),
    "a form": (415, post(GOOD, "Content-Type: application/x-www-form-urlencoded")),
    "a form of parts": (415, post(GOOD, "Content-Type: multipart/form-data; boundary=x")),
    "nearly JSON": (415, post(GOOD, "Content-Type: application/jsonp")),
    "an empty type": (415, post(GOOD, "Content-Type:")),
    "a type beyond ASCII": (415, post(GOOD, "Content-Type: application/js\xf6n")),
    "a body above the bound": (413, post(body_of(1, padding=1_100_000))),
}
"""Whole requests by what is wrong with them, with the status that they get."""

BROKEN: Final = {
    "a length below 0": declaring(-1),
    "a length that is no number": declaring("many"),
    "two lengths": declaring(5, "Content-Length: 6") + b"123456",
    "a chunk without a size": CHUNKED + b"zz\r\n",
    "a chunk of a size below 0": CHUNKED + b"-1\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"1\r\nabc\r\n0\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a header that is none": post(GOOD, "no colon"),
    "a NUL in a header": post(GOOD, "X-Zero: \0"),
}
"""What is no HTTP, which servers refuse by themselves."""


async def test_bad_requests_are_refused_on_one_connection_or_another(server: str) -> None:
    """Each is followed by a good one, on the same connection where the server keeps it, and that one is handled."""
    async with served(server) as it:
        for number, (what, (status, request)) in enumerate(REFUSED.items(), 1000):
            async with wire(it.port) as line:
                await line.send(request)
                said = await line.said()
                assert (what, said.status) == (what, status)
                assert said.text
                assert it.handled == [*range(1000, number)]
                if said.headers.get("connection") == "close":
                    assert await line.ended(), what
                    async with wire(it.port) as another:
                        await another.send(post(body_of(number)))
                        assert (await another.said()).status == 200, what
                else:
                    await line.send(post(body_of(number)))
                    assert (await line.said()).status == 200, what


async def test_what_is_no_http_ends_its_connection(server: str) -> None:
    async with served(server) as it:
        for what, request in BROKEN.items():
            async with wire(it.port) as line:
                await line.send(request)
                assert (what, (await line.said()).status) == (what, 400)
                assert await line.ended(), what
        assert await it.still_works()


async def test_a_length_beside_chunks_means_nothing(server: str) -> None:
    """Servers refuse it, or go by the chunks (RFC 9112, section 6.3). Either way it is no delivery."""
    async with served(server) as it:
        async with wire(it.port) as line:
            await line.send(declaring(5, "Transfer-Encoding: chunked") + chunk(b""))
            assert (await line.said()).status == 400
        assert await it.still_works()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS", "DELETE", "PATCH"])
async def test_other_methods_are_told_which_one_it_is(server: str, method: str) -> None:
    async with served(server) as it:
        async with wire(it.port) as line:
            for request in (
                f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
                post(GOOD).replace(b"POST", method.encode()),
            ):
                await line.send(request)
                said = await line.said(head=method == "HEAD")
                assert (said.status, said.headers["allow"]) == (405, "POST")
        assert await it.still_works()


async def test_who_expects_to_be_asked_is_asked(server: str) -> None:
    async with served(server) as it, wire(it.port) as line:
        head, _, body = post(GOOD, "Expect: 100-continue").partition(b"\r\n\r\n")
        await line.send(head + b"\r\n\r\n")
        assert (await line.said()).status == 100
        await line.send(body)
        assert (await line.said()).status == 200
        assert it.handled == [1]


@pytest.mark.parametrize("header", ["Content-Encoding: br", "Content-Encoding: zstd", "Content-Type: text/plain"])
async def test_what_aiohttp_may_refuse_by_itself_is_refused(server: str, header: str) -> None:
    """A second type, and encodings that need a library that may not be there."""
    async with served(server) as it:
        async with wire(it.port) as line:
            await line.send(post(GOOD).replace(b"\r\n\r\n", f"\r\n{header}\r\n\r\n".encode()))
            assert (await line.said()).status in ((400, 415) if server == "aiohttp" else (415,))
        assert await it.still_works()


async def test_http_1_0_is_served(server: str) -> None:
    async with served(server) as it, wire(it.port) as line:
        await line.send(post(GOOD).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert (await line.said()).status == 200
        assert await line.ended()
        assert it.handled == [1]


async def test_requests_in_one_piece_are_answered_in_order(server: str) -> None:
    """Good ones and bad ones, none of which takes a byte of the next."""
    requests = [
        (200, post(body_of(1))),
        (403, post(GOOD, signed=False)),
        (415, post(GOOD, "Content-Type: text/plain")),
        (200, in_chunks(body_of(2))),
        (405, post(GOOD).replace(b"POST", b"PUT")),
        (400, post(b"{}")),
        (200, post(body_of(3))),
    ]
    async with served(server) as it, wire(it.port) as line:
        await line.send(b"".join(request for _, request in requests))
        assert [(await line.said()).status for _ in requests] == [status for status, _ in requests]
        assert it.handled == [1, 2, 3]


@pytest.mark.parametrize("encoding", ["Content-Encoding: identity", "Content-Encoding:", "X-Odd: \xff\xfe"])
async def test_what_is_odd_but_right_is_handled(server: str, encoding: str) -> None:
    async with served(server) as it, wire(it.port) as line:
        await line.send(post(GOOD, encoding))
        assert (await line.said()).status == 200
        assert it.handled == [1]
