"""A store that is cut off while calls are made, and comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.quota._places import Place, open_store
from theirstack_async import CreditBudget, QuotaError, TheirStack
from theirstack_async._clock import SystemClock
from theirstack_async.quota import Change, QuotaStore
from theirstack_async.quota._store import T
from theirstack_async.testing import FakeTheirStack, Latency

ROWS = 2


class Watched:
    """A store that counts what succeeded."""

    def __init__(self, store: QuotaStore) -> None:
        self._store = store
        self.done = 0

    async def update(self, key: str, change: Change[T]) -> T:
        result = await self._store.update(key, change)
        self.done += 1
        return result

    async def aclose(self) -> None:
        await self._store.aclose()


@pytest_asyncio.fixture
async def store(place: Place) -> AsyncIterator[Watched]:
    store = Watched(open_store(place.address, 0.5))
    yield store
    await store.aclose()


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeTheirStack]:
    async with FakeTheirStack(clock=SystemClock(), rate_windows=[(50, 1.0)]) as fake:
        yield fake


async def buy(client: TheirStack) -> int:
    return len(await client.jobs.search(posted_at_max_age_days=30, max_items=ROWS).collect())


async def test_windows_are_kept_by_the_process_meanwhile(
    place: Place, store: Watched, fake: FakeTheirStack, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls go on, paced by what the process itself sends, and one warning tells of it."""
    async with TheirStack(fake.api_key, base_url=fake.base_url, quota=store) as client:
        assert await buy(client) == ROWS
        place.cut_off()
        assert [await buy(client) for _ in range(3)] == [ROWS] * 3
        [warning] = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert "rate limits are kept by this process alone until its store is back" in warning.getMessage()
        place.bring_back()
        store.done = 0
        while not store.done:
            # The client tries the store again after a second.
            await asyncio.sleep(0.1)
            await buy(client)
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1
    assert {request.status for request in fake.requests} == {200}


async def test_a_budget_refuses_to_spend_meanwhile(place: Place, store: Watched, fake: FakeTheirStack) -> None:
    budget = CreditBudget(10, store=store)
    async with TheirStack(fake.api_key, base_url=fake.base_url, budget=budget) as client:
        assert await buy(client) == ROWS
        place.cut_off()
        for _ in range(3):
            with pytest.raises(QuotaError) as refused:
                await buy(client)
            assert refused.value.sent == "no"
        assert fake.credits_billed == ROWS
        place.bring_back()
        assert await buy(client) == ROWS
    assert (budget.spent, budget.held, budget.uncertain) == (2 * ROWS, 0, 0)


async def test_what_was_bought_while_the_store_went_away_is_handed_over_and_counted_later(
    place: Place, store: Watched
) -> None:
    gate = asyncio.Event()
    budget = CreditBudget(10, store=store)
    fake = FakeTheirStack(sleep=lambda seconds: gate.wait())
    async with fake, TheirStack(fake.api_key, base_url=fake.base_url, budget=budget) as client:
        fake.faults.add("POST /v1/jobs/search", Latency(1.0))
        buying = asyncio.create_task(buy(client))
        while not fake.requests:
            await asyncio.sleep(0.001)
        place.cut_off()
        gate.set()
        assert await buying == ROWS
        place.bring_back()
        await budget.refresh()
    assert (budget.spent, budget.held, budget.uncertain) == (ROWS, 0, 0)
