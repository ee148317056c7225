"""Bodies that are too large, too slow, or have no end, on real sockets: each is refused, and no handler hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.receiver._adapters import CHUNKED, SERVERS, body_of, chunk, complaints, declaring, post, served, wire

GOOD: Final = body_of(1)


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(autouse=True)
def _nobody_complains(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert complaints(caplog.get_records("call")) == []


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


async def test_a_body_that_comes_after_its_refusal_is_dropped(server: str) -> None:
    """The connection is good for the next request, or is closed when all has come."""
    async with served(server) as it:
        async with wire(it.port) as line:
            head, _, body = post(GOOD, "Content-Type: text/plain").partition(b"\r\n\r\n")
            await line.send(head + b"\r\n\r\n")
            said = await line.said()
            assert said.status == 415
            await line.send(body)
            if said.headers.get("connection") == "close":
                assert await line.ended()
            else:
                await line.send(post(body_of(2)))
                assert (await line.said()).status == 200
                it.handled.clear()
        assert await it.still_works()


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
