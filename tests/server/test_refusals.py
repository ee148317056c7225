"""Answers that contradict themselves: what their status says counts, and what they echo does not show."""

from __future__ import annotations

import asyncio
import pickle

import pytest

from tests.server._loopback import KEY, http, opened, saying
from theirstack_async.errors import (
    ConfigurationError,
    DecodeError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
)

BROKEN = http(b"this is no gzip", "Content-Encoding: gzip", status="429 Too Many Requests")
CUT = http(b'{"error": ', status="503 Unavailable", length=1000)
LARGE = http(b"x" * 200_000, status="503 Unavailable")


async def test_a_refusal_stays_one_although_its_body_is_damaged() -> None:
    async with opened(saying(BROKEN)) as api:
        with pytest.raises(RateLimitError):
            await api.request("POST", "/v0/new", json={})


@pytest.mark.parametrize("body", [CUT, LARGE])
async def test_so_does_a_failure_whose_body_is_cut_off_or_too_large(body: bytes) -> None:
    async def end(writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with opened(saying(body, then=end), max_body_bytes=1000) as api:
        with pytest.raises(ServerError) as caught:
            await api.request("GET", "/v0/webhooks")
        assert len(caught.value.body_excerpt) <= 500
        with pytest.raises(OutcomeUnknownError):
            await api.request("POST", "/v0/new", json={})


@pytest.mark.parametrize("body", [b'{"error": {"title": "Not allowed"}}', b'{"detail": "no"}'])
async def test_an_error_in_a_success_is_no_yes(body: bytes) -> None:
    async with opened(saying(http(body))) as api:
        report = await api.webhooks.events.retry([1, 2])
        assert set(report.unknown) == {1, 2}
        assert isinstance(report.last_error, DecodeError)
        assert report.last_error.body == body
        with pytest.raises(DecodeError, match="an error in an answer whose status says success"):
            await api.webhooks.event_types()


async def test_a_key_that_comes_back_in_headers_shows_nowhere() -> None:
    echo = (f"X-Request-Id: {KEY}", f'RateLimit: "{KEY}";r=0;t=1')
    async with opened(saying(http(b"{}", *echo, status="404 Not Found"))) as api:
        with pytest.raises(NotFoundError) as caught:
            await api.webhooks.get(7)
    assert KEY not in f"{caught.value}{vars(caught.value)}"
    assert KEY.encode() not in pickle.dumps(caught.value)
    async with opened(saying(http(b"{}", *echo))) as api:
        reply = await api.request("GET", "/v0/webhooks")
    assert reply.meta.request_id == "***"
    assert KEY not in repr(reply.meta)


async def test_a_servers_words_are_one_line_that_any_terminal_takes() -> None:
    body = b'{"error": {"title": "a\\nb\\u001b[31m\\ud800"}}'
    async with opened(saying(http(body, status="404 Not Found"))) as api:
        with pytest.raises(NotFoundError) as caught:
            await api.webhooks.get(7)
    assert "a b [31m ." in str(caught.value)
    str(caught.value).encode()


async def test_of_several_threads_the_first_has_the_client() -> None:
    """From the first call on, even before anything is sent."""
    go = asyncio.Event()
    asked = 0

    async def key() -> str:
        nonlocal asked
        asked += 1
        await go.wait()
        return KEY

    async with opened(saying(http(b"[]")), api_key=key) as api:
        first = asyncio.create_task(api.webhooks.list())
        while not asked:
            await asyncio.sleep(0)
        with pytest.raises(ConfigurationError, match="open on another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(api.webhooks.list()))
        go.set()
        assert await first == []
    assert asked == 1
