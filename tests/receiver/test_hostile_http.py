"""Requests that no receiver likes, as bytes on real sockets: each gets a clean answer, and no handler hears of it."""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Iterator
from typing import Final

import pytest
from aiohttp.http import HttpProcessingError

from tests.receiver._adapters import SECRET, SERVERS, body_of, chunk, post, served, wire
from theirstack_async.testing import sign

GOOD: Final = body_of(1)
SIGNED: Final = sign(GOOD, SECRET)
NAME: Final = "X-TheirStack-Signature-256"
CHUNKED: Final = post(b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
"""The head of a delivery without a declared length."""


def declaring(length: int | str, *headers: str) -> bytes:
    """Return a head that promises a body of a length."""
    return post(b"", *headers).replace(b"Content-Length: 0", f"Content-Length: {length}".encode())


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(autouse=True)
def _nobody_complains(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No server logs an error, as it does for an exception out of an application.

    aiohttp logs also what it refuses by itself.
    """
    yield
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    ours = [each for each in errors if not (each.exc_info and isinstance(each.exc_info[1], HttpProcessingError))]
    assert [record.getMessage() for record in ours] == []


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


@pytest.mark.parametrize("length", [1 << 30, 1 << 62, 1_048_577])
async def test_a_length_above_the_bound_is_refused_at_once(server: str, length: int) -> None:
    """Not a byte of it has to come. The client is told to close, and has the answer before anything else happens."""
    async with served(server) as it:
        async with wire(it.port) as line:
            await line.send(declaring(length))
            said = await line.said()
            assert (said.status, said.headers["connection"]) == (413, "close")
        assert await it.still_works()


@pytest.mark.parametrize("digits", [30, 5_000])
async def test_a_length_beyond_numbers_is_refused(server: str, digits: int) -> None:
    """Parsers refuse it, or hand it on; Python reads no number of so many digits."""
    async with served(server) as it:
        async with wire(it.port) as line:
            await line.send(declaring("9" * digits))
            assert (await line.said()).status in (400, 413)
        assert await it.still_works()


async def test_chunks_without_an_end_are_cut_off(server: str) -> None:
    async with served(server, max_bytes=100_000) as it:
        async with wire(it.port) as line:
            await line.send(CHUNKED)
            for _ in range(11):
                await line.send(chunk(b"x" * 10_000))
            said = await line.said()
            assert (said.status, said.headers["connection"]) == (413, "close")
        assert await it.still_works()


async def test_chunks_above_the_bound_that_end_are_refused(server: str) -> None:
    async with served(server, max_bytes=100_000) as it:
        async with wire(it.port) as line:
            await line.send(CHUNKED + chunk(b"x" * 100_001) + chunk(b""))
            assert (await line.said()).status == 413
        assert await it.still_works()


async def test_a_refused_request_without_an_end_is_cut_off(server: str) -> None:
    """It is refused for its headers, and what follows would go on for ever."""
    async with served(server) as it:
        async with wire(it.port) as line:
            await line.send(CHUNKED.replace(b"application/json", b"text/plain") + chunk(b"x"))
            said = await line.said()
            assert (said.status, said.headers["connection"]) == (415, "close")
        assert await it.still_works()


@pytest.mark.parametrize(
    "start", [CHUNKED, CHUNKED + chunk(b"{"), CHUNKED + b"5\r\n{", declaring(100), declaring(100) + b"{"]
)
async def test_a_body_slower_than_the_budget_is_given_up(server: str, start: bytes) -> None:
    async with served(server, budget=0.01) as it:
        async with wire(it.port) as line:
            await line.send(start)
            said = await line.said()
            assert (said.status, said.headers["connection"]) == (408, "close")
        assert it.handled == []


@pytest.mark.parametrize("start", [CHUNKED, CHUNKED + chunk(b"{"), declaring(100), declaring(100) + b"{"])
async def test_a_client_that_leaves_meanwhile_is_no_fault(server: str, start: bytes) -> None:
    async with served(server) as it:
        async with wire(it.port) as line:
            await line.send(start)
        assert await it.still_works()
        assert it.receiver.stats.answers == {200: 1}


async def test_an_endless_sender_is_left_after_a_while(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who goes on sending after a refusal still gets it, and finds the connection closed."""
    monkeypatch.setattr(f"theirstack_async.receiver.{'_aiohttp' if server == 'aiohttp' else '_asgi'}._LINGER", 0.1)
    async with served(server) as it:
        async with wire(it.port) as line:
            await line.send(declaring(1 << 30))
            assert (await line.said()).status == 413
            await line.send(b"x" * 100_000)
            assert await line.ended()
        assert await it.still_works()


async def test_a_sender_that_reads_late_has_its_answer(server: str) -> None:
    """To close before all has come would throw the answer away on its way (RFC 9112, section 9.6)."""
    async with served(server) as it:
        async with wire(it.port) as line:
            await line.send(post(body_of(1, padding=3_000_000)))
            assert (await line.said()).status == 413
            assert await line.ended()
        assert await it.still_works()


async def test_who_expects_to_be_asked_is_asked(server: str) -> None:
    async with served(server) as it, wire(it.port) as line:
        head, _, body = post(GOOD, "Expect: 100-continue").partition(b"\r\n\r\n")
        await line.send(head + b"\r\n\r\n")
        assert (await line.said()).status == 100
        await line.send(body)
        assert (await line.said()).status == 200
        assert it.handled == [1]


async def test_who_expects_to_be_asked_is_refused(server: str) -> None:
    """aiohttp.web says to go on before its handlers are asked; others do not."""
    async with served(server) as it:
        async with wire(it.port) as line:
            await line.send(declaring(1 << 30, "Expect: 100-continue"))
            said = await line.said()
            if server == "aiohttp":
                assert said.status == 100
                said = await line.said()
            assert said.status == 413
        assert await it.still_works()


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
        (200, CHUNKED.replace(SIGNED_EMPTY, sign(body_of(2), SECRET).encode()) + chunk(body_of(2)) + chunk(b"")),
        (405, post(GOOD).replace(b"POST", b"PUT")),
        (400, post(b"{}")),
        (200, post(body_of(3))),
    ]
    async with served(server) as it, wire(it.port) as line:
        await line.send(b"".join(request for _, request in requests))
        assert [(await line.said()).status for _ in requests] == [status for status, _ in requests]
        assert it.handled == [1, 2, 3]


SIGNED_EMPTY: Final = sign(b"", SECRET).encode()


@pytest.mark.parametrize("encoding", ["Content-Encoding: identity", "Content-Encoding:", "X-Odd: \xff\xfe"])
async def test_what_is_odd_but_right_is_handled(server: str, encoding: str) -> None:
    async with served(server) as it, wire(it.port) as line:
        await line.send(post(GOOD, encoding))
        assert (await line.said()).status == 200
        assert it.handled == [1]
