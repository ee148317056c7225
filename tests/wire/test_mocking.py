"""The aioresponses shim works on the aiohttp that is installed."""

from __future__ import annotations

import aiohttp
import pytest
from aioresponses import aioresponses as unmended

from tests._mocking import TAKES_STREAM_WRITER, aioresponses

URL = "http://theirstack.invalid/v0/webhooks"


async def test_a_mocked_answer_is_read_like_a_real_one() -> None:
    with aioresponses() as mocked:
        mocked.get(URL, payload=[{"id": 1}], headers={"x-request-id": "7"})
        async with aiohttp.ClientSession() as session, session.get(URL) as response:
            assert response.status == 200
            assert response.headers["x-request-id"] == "7"
            assert await response.json() == [{"id": 1}]
        mocked.assert_called_once_with(URL)


async def test_exceptions_and_statuses_are_mocked_too() -> None:
    with aioresponses() as mocked:
        mocked.post(URL, exception=aiohttp.ServerDisconnectedError())
        mocked.post(URL, status=503, body=b"<html>", content_type="text/html")
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await session.post(URL)
            async with session.post(URL) as response:
                assert (response.status, await response.read()) == (503, b"<html>")


@pytest.mark.skipif(not TAKES_STREAM_WRITER, reason="aiohttp before 3.14 needs no shim")
async def test_the_shim_is_still_needed() -> None:
    """Fails when aioresponses was mended: then remove tests/_mocking.py and import aioresponses itself."""
    with unmended() as mocked:
        mocked.get(URL)
        async with aiohttp.ClientSession() as session:
            with pytest.raises(TypeError, match="stream_writer"):
                await session.get(URL)
