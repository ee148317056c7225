"""What is looked at before a delivery is believed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.replay._virtual import virtual
from tests.unit.receiver._receiving import body_of, new_receiver, pieces, signed
from theirstack_async.receiver import Delivery, Receiver

BODY = body_of(1)


def refusing() -> Receiver:
    """Return a receiver that must not call its handler."""
    receiver = new_receiver(max_bytes=500)

    @receiver.on(Delivery)
    async def never(delivery: Delivery) -> None:
        raise AssertionError(delivery)

    return receiver


async def unread() -> AsyncIterator[bytes]:
    """A body that must not be read."""
    raise AssertionError("read")
    yield b""


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "post", "OPTIONS", ""])
@virtual
async def test_another_method(method: str) -> None:
    async with refusing() as receiver:
        answer = await receiver.receive(method, signed(BODY), unread())
    assert (answer.status, answer.headers) == (405, {"Allow": "POST"})


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("Content-Type", "text/plain", 415),
        ("content-type", "application/x-www-form-urlencoded", 415),
        ("content-type", "application/jsonp", 415),
        ("content-type", "text/x+json", 415),
        ("content-type", "", 415),
        ("content-encoding", "gzip", 415),
        ("Content-Encoding", "identity, br", 415),
        ("content-length", "501", 413),
        ("content-length", "1073741824", 413),
        ("content-length", "9" * 5000, 413),
    ],
)
@virtual
async def test_headers_that_say_enough(name: str, value: str, status: int) -> None:
    async with refusing() as receiver:
        assert (await receiver.receive("POST", [(name, value)], unread())).status == status
        assert receiver.stats.answers == {status: 1}


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Type", "application/json")],
        [("content-type", "Application/JSON; charset=utf-8")],
        [("content-type", "application/vnd.theirstack.v1+json")],
        [("content-encoding", "identity")],
        [("content-encoding", "")],
        [("content-length", "500")],
        [("content-length", "many")],
        [("content-length", "\xb2")],
        [("x-other", "gzip")],
        [],
    ],
)
@virtual
async def test_headers_that_do_not_matter(headers: list[tuple[str, str]]) -> None:
    receiver = new_receiver(max_bytes=500)
    async with receiver:
        assert (await receiver.receive("POST", [*headers, signed(BODY)[1]], pieces(BODY))).status == 200


@virtual
async def test_a_body_may_come_in_pieces() -> None:
    async with new_receiver(max_bytes=len(BODY)) as receiver:
        parts = [BODY[n : n + 7] for n in range(0, len(BODY), 7)]
        assert (await receiver.receive("POST", signed(BODY), pieces(*parts))).text == "kept; nothing handles its type"


@virtual
async def test_a_body_that_is_longer_than_it_said() -> None:
    """It is not read any further than the bound."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield b"x" * 100
        raise AssertionError("read on")

    async with refusing() as receiver:
        answer = await receiver.receive("POST", signed(BODY), endless())
    assert (answer.status, "500" in answer.text) == (413, True)


@virtual
async def test_a_slow_body() -> None:
    async def slow() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(1)
            yield b"x"

    async with refusing() as receiver:
        begun = asyncio.get_running_loop().time()
        answer = await receiver.receive("POST", signed(BODY), slow())
        assert answer.status == 408
        assert asyncio.get_running_loop().time() - begun == pytest.approx(5)


@virtual
async def test_signatures() -> None:
    """None, a wrong one, and two of them, be they alike, are 403."""
    right = signed(BODY)[1]
    async with refusing() as receiver:
        for headers in (
            [],
            [(right[0], "sha256=" + "0" * 64)],
            [right, right],
            [right, ("X-theirstack-signature-256", "")],
        ):
            assert (await receiver.receive("POST", headers, pieces(BODY))).status == 403
        assert (await receiver.receive("POST", [right], pieces(BODY + b" "))).status == 403


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"null", b"\xff", b"[" * 400, b'{"id":1,"type":"job.new"}'])
@virtual
async def test_a_signed_body_that_is_no_delivery(body: bytes) -> None:
    async with refusing() as receiver:
        answer = await receiver.receive("POST", signed(body), pieces(body))
    assert answer.status == 400
    assert len(answer.text) <= 200


@virtual
async def test_outside_of_async_with(caplog: pytest.LogCaptureFixture) -> None:
    receiver = refusing()
    answers = [await receiver.receive("POST", signed(BODY), unread())]
    async with receiver:
        assert "enter it" in caplog.text
    answers.append(await receiver.receive("POST", signed(BODY), unread()))
    assert [(answer.status, "Retry-After" in answer.headers, answer.ok) for answer in answers] == [
        (503, True, False)
    ] * 2


@virtual
async def test_no_more_are_read_than_have_room() -> None:
    """Each body that is being read takes memory, before anything is known of who sends it."""
    go = asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        await go.wait()
        yield BODY

    async with new_receiver(queue=2) as receiver:
        open_ = [asyncio.create_task(receiver.receive("POST", signed(BODY), waiting())) for _ in range(4)]
        await asyncio.sleep(0)
        assert (await receiver.receive("POST", signed(BODY), unread())).status == 503
        go.set()
        assert {(await each).status for each in open_} == {200}
