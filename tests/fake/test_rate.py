"""The rate headers, and the windows of the tiers."""

from __future__ import annotations

import re

from tests.fake._receiver import Api, calling
from theirstack_async.testing import FakeTheirStack

ITEM = r'"[a-z-]+";r=\d+;t=\d+;pk="[A-Za-z0-9+/=]+"'
POLICY = r'"[a-z-]+";q=\d+;w=\d+'


async def rate_headers(api: Api) -> tuple[int, dict[str, str]]:
    async with api.session.get("/v0/webhooks") as response:
        return response.status, {name: value for name, value in response.headers.items() if "Rate" in name}


async def test_every_answer_has_the_headers_in_the_published_grammar() -> None:
    for tier in (None, "free", "paid"):
        async with calling(FakeTheirStack(rate_tier=tier)) as api:
            _, headers = await rate_headers(api)
            assert re.fullmatch(f"{ITEM}(, {ITEM})*", headers["RateLimit"])
            assert re.fullmatch(f"{POLICY}(, {POLICY})*", headers["RateLimit-Policy"])
            for name in ("Limit", "Remaining", "Reset"):
                assert re.fullmatch(r"\d+(, \d+)*", headers[f"RateLimit-{name}"])


async def test_the_published_example() -> None:
    async with calling(FakeTheirStack(rate_tier="free")) as api:
        _, headers = await rate_headers(api)
    assert headers == {
        "RateLimit": '"per-second";r=3;t=1;pk="dXNlcjoxMjM0", "per-minute";r=9;t=60;pk="dXNlcjoxMjM0", '
        '"per-hour";r=49;t=3600;pk="dXNlcjoxMjM0", "per-day";r=399;t=86400;pk="dXNlcjoxMjM0"',
        "RateLimit-Policy": '"per-second";q=4;w=1, "per-minute";q=10;w=60, "per-hour";q=50;w=3600, '
        '"per-day";q=400;w=86400',
        "RateLimit-Limit": "4, 10, 50, 400",
        "RateLimit-Remaining": "3, 9, 49, 399",
        "RateLimit-Reset": "1, 60, 3600, 86400",
    }


async def test_a_spent_window_is_429_until_it_has_slid_on() -> None:
    async with calling(FakeTheirStack(rate_tier="paid")) as api:
        await rate_headers(api)
        await api.fake.clock.advance(0.5)
        assert [(await rate_headers(api))[0] for _ in range(5)] == [200, 200, 200, 429, 429]
        status, body = await api("GET", "/v0/webhooks")
        assert (status, body["error"]["title"]) == (429, "Too many requests")
        _, headers = await rate_headers(api)
        assert (headers["RateLimit-Remaining"], headers["RateLimit-Reset"]) == ("0", "1")
        await api.fake.clock.advance(0.5)
        assert [(await rate_headers(api))[0] for _ in range(2)] == [200, 429]
        await api.fake.clock.advance(10.0)
        assert (await rate_headers(api))[1]["RateLimit-Remaining"] == "3"


async def test_the_reset_counts_from_the_oldest_request_still_in_the_window() -> None:
    async with calling(FakeTheirStack(rate_tier="paid")) as api:
        for seconds in (0.5, 0.75):
            await rate_headers(api)
            await api.fake.clock.advance(seconds)
        _, headers = await rate_headers(api)
    assert (headers["RateLimit-Remaining"], headers["RateLimit-Reset"]) == ("2", "1")


async def test_any_of_several_windows_can_be_the_spent_one() -> None:
    async with calling(FakeTheirStack(rate_tier="free")) as api:
        for _ in range(10):
            assert (await rate_headers(api))[0] == 200
            await api.fake.clock.advance(1.0)
        status, headers = await rate_headers(api)
    assert (status, headers["RateLimit-Remaining"], headers["RateLimit-Reset"]) == (
        429,
        "4, 0, 40, 390",
        "0, 50, 3590, 86390",
    )


async def test_nothing_is_enforced_by_default(api: Api) -> None:
    assert [(await rate_headers(api))[0] for _ in range(20)] == [200] * 20
