"""The rate windows of the API, met by real requests on a virtual clock that client and fake share."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest

from tests._scale import scaled
from tests.server._searches import ANY_TIME
from theirstack_async import CreditBudget, RateLimitError, RetryPolicy, TheirStack, Timeouts
from theirstack_async._engine.pipeline import Pipeline
from theirstack_async._wire.message import Request, Response
from theirstack_async.hooks import HookEvent, WaitStarted
from theirstack_async.testing import FakeTheirStack, Latency, VirtualClock
from theirstack_async.testing.rate import TIERS

SEARCHES = 200
FREE = TIERS["free"]
_TURNS = 20


@attrs.define
class Counted:
    """A transport that knows how many requests are under way."""

    transport: Any
    in_flight: int = 0

    def check(self) -> None:
        """Ask the transport."""
        self.transport.check()

    async def send(self, request: Request) -> Response:
        """Count, and send."""
        self.in_flight += 1
        try:
            return await self.transport.send(request)
        finally:
            self.in_flight -= 1


@attrs.define
class World:
    """A fake, a client of it, and the clock of both."""

    fake: FakeTheirStack
    client: TheirStack
    clock: VirtualClock
    transport: Counted
    waiting: int = 0
    """How many requests wait in the fake for the clock."""

    async def run(self, *works: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run tasks. The clock moves to the next sleeper when nothing else goes on, here or in the fake."""
        tasks = [asyncio.create_task(work) for work in works]
        while not all(task.done() for task in tasks):
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            sleeping = self.clock.next_sleep()
            # What is under way waits for the network, unless the fake lets it wait for the clock.
            if sleeping is not None and self.transport.in_flight == self.waiting:
                await self.clock.advance(sleeping - self.clock.now())
        return await asyncio.gather(*tasks, return_exceptions=True)

    async def sleep(self, seconds: float) -> None:
        """Let the fake wait for the clock."""
        self.waiting += 1
        try:
            await self.clock.sleep(seconds)
        finally:
            self.waiting -= 1

    async def search(self, number: int = 0) -> int:
        """Buy one job."""
        return len(await self.client.jobs.search(**ANY_TIME, max_items=1, page_size=1).collect())

    @property
    def statuses(self) -> list[int | None]:
        """What the fake answered, in order."""
        return [request.status for request in self.fake.requests]


@asynccontextmanager
async def limited(**options: Any) -> AsyncIterator[World]:
    """Yield a fake with rate windows and a client that waits for them however long it takes."""
    settings = options.pop("client", {})
    clock = VirtualClock()
    world: World

    async def sleep(seconds: float) -> None:
        await world.sleep(seconds)

    async with (
        FakeTheirStack(**{"jobs": 30, "companies": 5, "clock": clock, "sleep": sleep, **options}) as fake,
        TheirStack(
            fake.api_key,
            base_url=fake.base_url,
            **{"timeouts": Timeouts(deadline=None), "max_rate_wait": None, "retries": RetryPolicy(), **settings},
        ) as client,
    ):
        # The clock and the transport of a client are its own, so its pipeline is made anew.
        old = client._pipeline
        transport = Counted(old.transport)
        client._pipeline = Pipeline(old.config, old.dialect, transport, old.slots, clock=clock, uniform=lambda: 0.5)
        world = World(fake, client, clock, transport)
        yield world


def optimum(requests: int, windows: Any) -> float:
    """Return when the last of so many requests can go at the earliest: each as soon as all windows have room."""
    times: list[float] = []
    for _ in range(requests):
        least = times[-1] if times else 0.0
        for window in windows:
            if len(times) >= window.quota:
                least = max(least, times[-window.quota] + window.seconds)
        times.append(least)
    return times[-1]


def test_the_optimum_of_the_free_tier() -> None:
    """50 an hour, in five portions a minute apart; the last portion of 10 goes in three of a second."""
    assert optimum(SEARCHES, FREE) == 3 * 3600 + 4 * 60 + 2


async def test_200_searches_on_the_free_tier_at_once() -> None:
    async with limited(rate_tier="free") as world:
        found = await world.run(*(world.search() for _ in range(SEARCHES)))
        assert found == [1] * SEARCHES
        assert world.statuses == [200] * SEARCHES
        least = optimum(SEARCHES, FREE)
        assert least <= world.clock.monotonic() <= least * 1.02


@pytest.mark.parametrize("seed", range(scaled(10)))
async def test_200_searches_that_take_their_time_on_the_way(seed: int) -> None:
    """Before the API counts them or after: a place is free when its answer is so old, so that none comes too early."""
    dice = random.Random(seed)
    async with limited(rate_tier="free") as world:
        for _ in range(SEARCHES):
            world.fake.faults.add("*", Latency(dice.random(), apply=dice.random() < 0.5))
        assert await world.run(*(world.search() for _ in range(SEARCHES))) == [1] * SEARCHES
        assert world.statuses == [200] * SEARCHES
        assert world.clock.monotonic() <= optimum(SEARCHES, FREE) * 1.02


async def test_200_searches_while_others_use_the_same_key() -> None:
    """What was under way when others came in between may be refused, four a second at the most; all are sent."""
    windows = FREE[:2]
    dice = random.Random(5)
    async with limited(rate_windows=[(window.quota, window.seconds) for window in windows]) as world:
        world.fake.faults.add("*", Latency(0.5), times=SEARCHES // 2)
        world.fake.faults.add("*", Latency(0.5, apply=False), times=None)
        came: list[int] = []

        async def intrude() -> None:
            while world.clock.monotonic() < 900:
                await world.clock.sleep(dice.random() * 60)
                while not (places := world.fake.spend_rate(dice.randint(1, 3))):
                    await world.clock.sleep(0.2)
                came.append(places)

        found = await world.run(*(world.search() for _ in range(SEARCHES)), intrude())
        assert found[:-1] == [1] * SEARCHES
        assert sum(came) > 10
        assert world.statuses.count(429) <= 4 * len(came)
        assert world.clock.monotonic() <= optimum(SEARCHES + sum(came), windows) * 1.02


async def test_who_begins_amid_the_use_of_others_is_refused_once_at_the_most() -> None:
    async with limited(rate_windows=[(8, 10.0)]) as world:
        assert world.fake.spend_rate(8) == 8
        await world.run(*(world.search() for _ in range(8)))
        # Four go by the window that is presumed, are refused, and tell the rest.
        assert world.statuses == [429] * 4 + [200] * 8
        assert world.clock.monotonic() < 13.0


async def test_others_spend_a_window_and_one_goes_first_to_see() -> None:
    async with limited(rate_windows=[(4, 60.0)]) as world:
        world.fake.spend_rate(3)
        await world.run(world.search())
        await world.run(*(world.search() for _ in range(4)))
        assert world.statuses == [200] * 5
        assert 60.0 <= world.clock.monotonic() <= 60.5


async def test_an_empty_window_of_the_searches_holds_nothing_else_back() -> None:
    async with limited(rate_windows=[(1, 3600.0)], client={"max_rate_wait": 60.0}) as world:
        await world.run(world.search())
        (error, *rest) = await world.run(
            world.search(),
            world.client.ping(),
            world.client.webhooks.list(),
            world.client.companies.buying_intents(name="nobody"),
        )
        assert isinstance(error, RateLimitError)
        assert (error.status, error.sent) == (None, "no")
        assert not [each for each in rest if isinstance(each, BaseException)]
        assert world.clock.monotonic() == 0.0
        limits = world.client.rate_limits
        assert sorted(limits) == ["other", "tiered"]
        assert [(window.name, window.remaining) for window in limits["tiered"].windows] == [("per-hour", 0)]


async def test_what_is_refused_a_place_holds_no_credits() -> None:
    budget = CreditBudget(100)
    async with limited(rate_windows=[(1, 3600.0)], client={"max_rate_wait": 60.0, "budget": budget}) as world:
        await world.run(world.search())
        (error,) = await world.run(world.search())
        assert isinstance(error, RateLimitError)
        assert (budget.spent, budget.held, budget.uncertain) == (1, 0, 0)


async def test_hooks_are_told_of_the_wait() -> None:
    events: list[HookEvent] = []
    async with limited(rate_windows=[(1, 30.0)], client={"hooks": [events.append]}) as world:
        await world.run(world.search())
        await world.run(world.search())
        waits = [event for event in events if isinstance(event, WaitStarted)]
        assert [(event.operation, event.seconds, event.reason) for event in waits] == [
            ("jobs.search", 30.0, "the API's rate window 'per-30-seconds' is full")
        ]


async def test_views_wait_in_one_line_and_keys_in_their_own() -> None:
    async with limited(rate_windows=[(2, 30.0)]) as world:
        await world.run(world.search())
        view = world.client.with_options(max_concurrency=2)
        other = world.client.with_options(api_key="another-key-of-theirs")
        assert view.rate_limits == world.client.rate_limits != {}
        assert other.rate_limits == {}
        await world.run(view.jobs.search(**ANY_TIME, max_items=1).collect())
        assert world.client.rate_limits["tiered"].windows[0].remaining == 0
        callable_key = world.client.with_options(api_key=lambda: "a-third-key")
        assert list(callable_key.rate_limits) == ["tiered"]
