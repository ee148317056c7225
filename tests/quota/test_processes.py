"""Several real processes that share one key's windows and one budget, over a file and a real Redis, in real time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests._scale import scaled
from tests.quota._places import Place, open_store
from tests.quota._processes import workers
from theirstack_async import CreditBudget
from theirstack_async._clock import SystemClock
from theirstack_async.testing import FakeTheirStack, Hang

pytestmark = pytest.mark.slow

WINDOWS = [(8, 1.0), (20, 3.0), (50, 20.0)]
"""The shape of the free tier's windows, in seconds of a test."""
WORKERS = 4
ROWS = 2


def order(fake: FakeTheirStack, place: Place, **more: Any) -> dict[str, Any]:
    """Return what a worker is told."""
    return {"key": fake.api_key, "base_url": fake.base_url, "store": place.address, "rows": ROWS, "lease": 300} | more


async def standing(place: Place, limit: int) -> tuple[int, int, int]:
    """Return what is spent, held and uncertain."""
    store = open_store(place.address, 5.0)
    budget = CreditBudget(limit, store=store)
    await budget.refresh()
    await store.aclose()
    return budget.spent, budget.held, budget.uncertain


async def test_no_call_is_refused_and_the_budget_is_kept(place: Place) -> None:
    """The last rows are bought one at a time: the limit is odd, and reached exactly."""
    calls = max(7, scaled(40))
    limit = int(WORKERS * calls * ROWS * 0.9) | 1
    async with FakeTheirStack(clock=SystemClock(), rate_windows=WINDOWS) as fake:
        async with workers(WORKERS, order(fake, place, calls=calls, limit=limit)) as started:
            for worker in started:
                worker.begin()
            results = await asyncio.gather(*(worker.result() for worker in started))
        assert {request.status for request in fake.requests} == {200}
        assert fake.credits_billed == limit == sum(result["rows"] for result in results)
        assert len(fake.requests) == (limit + 1) // ROWS
    assert await standing(place, limit) == (limit, 0, 0)


async def test_what_a_killed_process_held_is_uncertain_and_the_others_finish(place: Place) -> None:
    limit, lease = 11, 3.0
    async with FakeTheirStack(clock=SystemClock(), rate_windows=WINDOWS) as fake:
        fake.faults.add("POST /v1/jobs/search", Hang(apply=True))
        async with workers(1, order(fake, place, calls=1, limit=limit, lease=lease)) as [victim]:
            victim.begin()
            while not fake.billed_log:
                await asyncio.sleep(0.01)
            await victim.kill()
        spent, held, uncertain = await standing(place, limit)
        assert (spent, held + uncertain) == (0, ROWS)
        async with workers(WORKERS - 1, order(fake, place, calls=4, limit=limit, lease=lease)) as others:
            for worker in others:
                worker.begin()
            results = await asyncio.gather(*(worker.result() for worker in others))
        assert sum(result["rows"] for result in results) == limit - ROWS
        assert fake.credits_billed == limit
        assert {request.status for request in fake.requests} == {200, None}
    assert await standing(place, limit) == (limit - ROWS, 0, ROWS)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_worker_that_fails_says_why(place: Place) -> None:
    """Or the tests above would not tell what went wrong."""
    async with FakeTheirStack() as fake, workers(1, order(fake, place, calls=1, limit=-1)) as [worker]:
        worker.begin()
        with pytest.raises(AssertionError, match="ArgumentError: limit: expected a whole number from 0"):
            await worker.result()
