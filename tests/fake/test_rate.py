"""The rate headers, and the windows that are enforced."""

from __future__ import annotations

import asyncio
import random
import re
from typing import Any

import aiohttp
import pytest

from tests.fake._receiver import Api, calling, until
from theirstack_async.testing import FakeTheirStack, Latency, Status, VirtualClock
from theirstack_async.testing.faults import BILLED_DROPS
from theirstack_async.testing.rate import SlidingWindows, Window

ITEM = r'"[a-z0-9.-]+";r=\d+;t=\d+;pk="[A-Za-z0-9+/=]+"'
POLICY = r'"[a-z0-9.-]+";q=\d+;w=\d+'
SEARCH = ("POST", "/v1/jobs/search", {"posted_at_max_age_days": 7, "limit": 1})
ONE_QUOTA = (
    SEARCH,
    ("POST", "/v1/companies/search", {"limit": 1}),
    ("POST", "/v1/companies/technologies", {"company_name": "nobody"}),
)
Request = tuple[str, str, Any]


def serving(**options: Any) -> FakeTheirStack:
    return FakeTheirStack(**{"jobs": 30, "companies": 5} | options)


async def answer(api: Api, request: Request = SEARCH) -> tuple[int, dict[str, str]]:
    """Return the status and the rate headers."""
    method, path, body = request
    async with api.session.request(method, path, json=body) as response:
        return response.status, {name: value for name, value in response.headers.items() if "Rate" in name}


async def statuses(api: Api, n: int) -> list[int]:
    return [(await answer(api))[0] for _ in range(n)]


@pytest.mark.parametrize(
    "options", [{}, {"rate_tier": "free"}, {"rate_tier": "paid"}, {"rate_windows": [(9, 0.25), (7, 3)]}]
)
async def test_every_answer_has_the_headers_in_the_published_grammar(options: Any) -> None:
    async with calling(serving(**options)) as api:
        for request in (SEARCH, ("GET", "/v0/webhooks", None), ("GET", "/v1/nothing", None)):
            _, headers = await answer(api, request)
            assert re.fullmatch(f"{ITEM}(, {ITEM})*", headers["RateLimit"])
            assert re.fullmatch(f"{POLICY}(, {POLICY})*", headers["RateLimit-Policy"])
            for name in ("Limit", "Remaining", "Reset"):
                assert re.fullmatch(r"\d+(, \d+)*", headers[f"RateLimit-{name}"])


async def test_the_published_example() -> None:
    async with calling(serving(rate_tier="free")) as api:
        _, headers = await answer(api)
    assert headers == {
        "RateLimit": '"per-second";r=3;t=1;pk="dXNlcjoxMjM0", "per-minute";r=9;t=60;pk="dXNlcjoxMjM0", '
        '"per-hour";r=49;t=3600;pk="dXNlcjoxMjM0", "per-day";r=399;t=86400;pk="dXNlcjoxMjM0"',
        "RateLimit-Policy": '"per-second";q=4;w=1, "per-minute";q=10;w=60, "per-hour";q=50;w=3600, '
        '"per-day";q=400;w=86400',
        "RateLimit-Limit": "4, 10, 50, 400",
        "RateLimit-Remaining": "3, 9, 49, 399",
        "RateLimit-Reset": "1, 60, 3600, 86400",
    }


async def test_windows_of_ones_own() -> None:
    """A length without a published name is in the name, and a part of a second is told rounded up."""
    async with calling(serving(rate_windows=[(8, 1.0), (20, 3), (2, 0.5), (99, 1_234_567)])) as api:
        _, headers = await answer(api)
        assert headers["RateLimit-Policy"] == (
            '"per-second";q=8;w=1, "per-3-seconds";q=20;w=3, "per-0.5-seconds";q=2;w=1, '
            '"per-1234567-seconds";q=99;w=1234567'
        )
        assert headers["RateLimit-Reset"] == "1, 3, 1, 1234567"
        assert await statuses(api, 2) == [200, 429]
        await api.fake.clock.advance(0.5)
        assert await statuses(api, 3) == [200, 200, 429]


async def test_a_spent_window_is_429_until_it_has_slid_on() -> None:
    async with calling(serving(rate_tier="paid")) as api:
        await answer(api)
        await api.fake.clock.advance(0.5)
        assert await statuses(api, 5) == [200, 200, 200, 429, 429]
        status, body = await api(*SEARCH)
        assert (status, body["error"]["title"]) == (429, "Too many requests")
        _, headers = await answer(api)
        assert (headers["RateLimit-Remaining"], headers["RateLimit-Reset"]) == ("0", "1")
        await api.fake.clock.advance(0.5)
        assert await statuses(api, 2) == [200, 429]
        await api.fake.clock.advance(10.0)
        assert (await answer(api))[1]["RateLimit-Remaining"] == "3"
        assert api.fake.credits_billed == 6


async def test_the_reset_counts_from_the_oldest_request_still_in_the_window() -> None:
    async with calling(serving(rate_windows=[(5, 10)])) as api:
        for seconds, reset in ((4.0, "10"), (4.5, "6"), (1.5, "2"), (0.0, "4")):
            assert (await answer(api))[1]["RateLimit-Reset"] == reset
            await api.fake.clock.advance(seconds)


async def test_any_of_several_windows_can_be_the_spent_one() -> None:
    async with calling(serving(rate_tier="free")) as api:
        for _ in range(10):
            assert (await answer(api))[0] == 200
            await api.fake.clock.advance(1.0)
        status, headers = await answer(api)
    assert (status, headers["RateLimit-Remaining"], headers["RateLimit-Reset"]) == (
        429,
        "4, 0, 40, 390",
        "0, 50, 3590, 86390",
    )


async def test_nothing_is_enforced_by_default() -> None:
    async with calling(serving()) as api:
        assert await statuses(api, 20) == [200] * 20
        assert (await answer(api))[1]["RateLimit-Remaining"] == "999999"


async def test_three_searches_share_one_quota_and_nothing_else_counts() -> None:
    async with calling(serving(rate_tier="paid")) as api:
        for request, left in zip(ONE_QUOTA, "321", strict=True):
            assert (await answer(api, request))[1]["RateLimit-Remaining"] == left
        others: list[Request] = [
            ("GET", "/v0/webhooks", None),
            ("POST", "/v1/companies/buying_intents", {"company_name": "nobody"}),
            ("GET", "/v1/jobs/search", None),
        ]
        for request in others * 3:
            status, headers = await answer(api, request)
            assert (status, headers["RateLimit-Policy"]) == (
                405 if request[1] == SEARCH[1] else 200,
                '"per-second";q=1000000;w=1',
            )
        assert await statuses(api, 2) == [200, 429]
        assert [(await answer(api, request))[0] for request in ONE_QUOTA] == [429] * 3
        assert (await answer(api, ("GET", "/v0/webhooks", None)))[0] == 200


async def test_the_windows_can_be_over_all_requests() -> None:
    async with calling(serving(rate_tier="paid", rate_over="all")) as api:
        found = [(await answer(api, ("GET", "/v0/webhooks", None)))[0] for _ in range(3)]
        assert found + await statuses(api, 2) == [200, 200, 200, 200, 429]


async def test_somebody_else_can_spend_the_windows() -> None:
    async with calling(serving(rate_tier="free")) as api:
        assert api.fake.spend_rate(3) == 3
        assert (await answer(api))[1]["RateLimit-Remaining"] == "0, 6, 46, 396"
        assert await statuses(api, 1) == [429]
        await api.fake.clock.advance(1.0)
        assert (api.fake.spend_rate(), api.fake.spend_rate(9)) == (1, 3)
        await api.fake.clock.advance(1.0)
        assert (api.fake.spend_rate(9), await statuses(api, 1)) == (2, [429])


def test_there_must_be_a_window_to_spend() -> None:
    with pytest.raises(RuntimeError, match="pass rate_tier or rate_windows"):
        FakeTheirStack().spend_rate()


async def test_a_request_counts_when_it_is_carried_out() -> None:
    """So a slow way to the server counts late, and what a fault answers by itself not at all."""
    clock = VirtualClock()
    async with calling(serving(rate_tier="paid", clock=clock, sleep=clock.sleep)) as api:
        api.fake.faults.add("POST *", Status(503))
        assert (await answer(api))[1]["RateLimit-Remaining"] == "4"
        api.fake.faults.add("POST *", Latency(5.0, apply=False))
        slow = asyncio.create_task(answer(api))
        await until(clock.next_sleep)
        await clock.advance(5.0)
        assert (await slow)[1]["RateLimit-Remaining"] == "3"
        assert await statuses(api, 4) == [200, 200, 200, 429]


@pytest.mark.parametrize("point", BILLED_DROPS)
async def test_what_a_window_refuses_is_not_billed_whatever_goes_wrong(point: str) -> None:
    async with calling(serving(rate_windows=[(1, 60)])) as api:
        assert api.fake.spend_rate() == 1
        api.fake.faults.add("POST *", BILLED_DROPS[point])
        with pytest.raises(aiohttp.ClientError):
            await api(*SEARCH)
        assert (api.fake.credits_billed, len(api.fake.billed_log)) == (0, 0)


def test_the_windows_agree_with_a_count_of_all_that_happened() -> None:
    clock, dice = VirtualClock(), random.Random(7)
    windows = (Window(3, 0.7), Window(5, 2), Window(9, 7.5))
    limiter = SlidingWindows(windows, clock)
    admitted: list[float] = []
    refused = 0
    for _ in range(3000):
        clock._now += dice.choice((0.0, 0.1, 0.25, 0.7, 2.0, dice.random()))
        now = clock.monotonic()
        has_room = all(sum(then + w.seconds > now for then in admitted[-9:]) < w.quota for w in windows)
        assert limiter.admit() is has_room
        admitted += [now] * has_room
        refused += not has_room
    assert 500 < refused < 2500


@pytest.mark.parametrize("seconds", [0.1, 0.7, 1.0, 3.3])
def test_whoever_waits_for_the_length_of_a_window_finds_room(seconds: float) -> None:
    """Whatever the rounding of the sums."""
    clock, dice = VirtualClock(0.0), random.Random(8)
    limiter = SlidingWindows([Window(1, seconds)], clock)
    for _ in range(1000):
        clock._now += dice.random()
        while not limiter.admit():
            clock._now += dice.random()
        clock._now += seconds
        assert limiter.admit()


@pytest.mark.parametrize(
    "windows",
    [[], [(0, 1)], [(1, 0)], [(1, float("inf"))], [(1.5, 1)], [(True, 1)], [(1, 1), (2, 1.0)], [(1,)], 4, "4/s"],
)
def test_windows_that_mean_nothing_are_refused(windows: Any) -> None:
    with pytest.raises(ValueError, match="rate_windows of a FakeTheirStack must be pairs of requests and seconds"):
        FakeTheirStack(rate_windows=windows)


def test_a_tier_and_windows_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="rate_tier or rate_windows, not both"):
        FakeTheirStack(rate_tier="free", rate_windows=[(1, 1)])
