"""A billed search whose answer is lost: paid for once, by default, and what is at risk is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server._searches import ANY_TIME, JOBS, searching
from theirstack_async import (
    CreditBudget,
    InsufficientCreditsError,
    OutcomeUnknownError,
    RequestOptions,
    RetryPolicy,
    TheirStack,
)
from theirstack_async.errors import ConnectError
from theirstack_async.testing import FakeTheirStack, Status
from theirstack_async.testing.faults import BILLED_DROPS

TWICE = RetryPolicy(base=0, cap=0, retry_paid=True)
POINTS = pytest.mark.parametrize("point", BILLED_DROPS)


def told(budget: CreditBudget) -> tuple[int, int, int]:
    return budget.spent, budget.held, budget.uncertain


def bills(fake: FakeTheirStack) -> list[tuple[int, bool]]:
    return [(bill.credits, bill.answered) for bill in fake.billed_log]


async def buy(client: TheirStack, budget: CreditBudget, **options: Any) -> int:
    paid = RequestOptions(budget=budget, **options)
    return len(await client.jobs.search(**ANY_TIME, max_items=5, options=paid).collect())


@POINTS
async def test_one_billed_request_and_what_is_at_risk(point: str) -> None:
    budget = CreditBudget(100)
    async with searching() as (fake, client):
        fake.faults.add(JOBS, BILLED_DROPS[point], times=None)
        with pytest.raises(OutcomeUnknownError) as caught:
            await buy(client, budget)
        assert (bills(fake), fake.requests.total) == ([(5, False)], 1)
        error = caught.value
        assert (error.credits_at_risk, error.sent, error.attempts) == (5, "maybe", 1)
        assert f"5 credits are at risk (request {error.fingerprint})" in str(error)
        assert "CreditBudget.reconcile(client)" in str(error)
        assert told(budget) == (0, 0, 5)
        assert [(doubt.fingerprint, doubt.credits) for doubt in budget.doubts] == [(error.fingerprint, 5)]
        await budget.resolve(error.fingerprint, 5)
        assert told(budget) == (fake.credits_billed, 0, 0)


@POINTS
async def test_two_for_whoever_says_so(point: str) -> None:
    budget = CreditBudget(100)
    async with searching() as (fake, client):
        fake.faults.add(JOBS, BILLED_DROPS[point])
        assert await buy(client, budget, retries=TWICE) == 5
        assert bills(fake) == [(5, False), (5, True)]
        assert told(budget) == (5, 0, 5)
        usage = client.usage["jobs.search"]
        assert (usage.requests, usage.rows, usage.credits, usage.uncertain) == (2, 5, 5, 5)


@POINTS
async def test_both_lost_are_at_risk(point: str) -> None:
    budget = CreditBudget(100)
    async with searching() as (fake, client):
        fake.faults.add(JOBS, BILLED_DROPS[point], times=None)
        with pytest.raises(OutcomeUnknownError) as caught:
            await buy(client, budget, retries=RetryPolicy(attempts=2, base=0, retry_paid=True))
        assert caught.value.credits_at_risk == fake.credits_billed == budget.uncertain == 10
        assert {doubt.fingerprint for doubt in budget.doubts} == {caught.value.fingerprint}


@POINTS
async def test_one_where_the_budget_has_no_room_for_two(point: str) -> None:
    budget = CreditBudget(9)
    async with searching() as (fake, client):
        fake.faults.add(JOBS, BILLED_DROPS[point])
        with pytest.raises(OutcomeUnknownError) as caught:
            await buy(client, budget, retries=TWICE)
        assert caught.value.credits_at_risk == 5
        assert (bills(fake), told(budget)) == ([(5, False)], (0, 0, 5))


@POINTS
@pytest.mark.parametrize("lookup", ["technologies", "buying_intents"])
async def test_a_lookup(point: str, lookup: str) -> None:
    budget = CreditBudget(100)
    async with searching() as (fake, client):
        fake.faults.add(f"POST /v1/companies/{lookup}", BILLED_DROPS[point])
        paid = RequestOptions(budget=budget)
        with pytest.raises(OutcomeUnknownError) as caught:
            await getattr(client.companies, lookup)(name="Amber Analytics", options=paid)
        assert caught.value.credits_at_risk == 3
        assert told(budget) == (0, 0, 3)


async def test_a_free_count_has_nothing_at_risk() -> None:
    budget = CreditBudget(0)
    async with searching() as (fake, client):
        fake.faults.add(JOBS, BILLED_DROPS["mid-body"])
        found = await client.jobs.count(**ANY_TIME, options=RequestOptions(budget=budget))
        assert (found.total_results, fake.requests.total, fake.credits_billed) == (60, 2, 0)
        assert client.usage.total.credits == client.usage.total.uncertain == 0


async def test_what_was_never_sent_is_released() -> None:
    budget = CreditBudget(100)
    async with TheirStack("key", base_url="http://127.0.0.1:9", retries=RetryPolicy(attempts=3, base=0)) as client:
        with pytest.raises(ConnectError) as caught:
            await buy(client, budget)
        assert caught.value.sent == "no"
        assert told(budget) == (0, 0, 0)
        assert (client.usage.total.requests, client.usage.total.uncertain) == (3, 0)


async def test_what_was_turned_away_keeps_its_hold_until_it_is_let_in() -> None:
    held: list[int] = []
    budget = CreditBudget(5)
    async with searching() as (fake, client):
        fake.faults.add(JOBS, Status(429, headers={"Retry-After": "0"}), times=2)
        watching = client.with_options(hooks=[lambda event: held.append(budget.held)])
        assert await buy(watching, budget) == 5
        assert [request.status for request in fake.requests] == [429, 429, 200]
        assert set(held[1:-1]) == {5}
        assert told(budget) == (5, 0, 0)


async def test_and_gives_it_back_when_it_is_not() -> None:
    budget = CreditBudget(5)
    async with searching() as (fake, client):
        fake.faults.add(JOBS, Status(429, headers={"Retry-After": "0"}), times=None)
        with pytest.raises(Exception, match="429"):
            await buy(client, budget)
        assert told(budget) == (0, 0, 0)


@pytest.mark.parametrize("status", [400, 401, 403, 422])
async def test_a_refusal_is_released(status: int) -> None:
    budget = CreditBudget(5)
    async with searching() as (fake, client):
        fake.faults.add(JOBS, Status(status))
        with pytest.raises(Exception, match=str(status)):
            await buy(client, budget)
        assert told(budget) == (0, 0, 0)


async def test_an_error_for_want_of_credits_is_released() -> None:
    budget = CreditBudget(100)
    async with searching(credits=3, out_of_credits="402") as (fake, client):
        with pytest.raises(InsufficientCreditsError):
            await buy(client, budget)
        assert (fake.credits_billed, told(budget)) == (0, (0, 0, 0))


@pytest.mark.parametrize("how", ["truncate", "402-data"])
async def test_the_rows_that_came_before_the_credits_ended_are_settled(how: str) -> None:
    budget = CreditBudget(100)
    async with searching(credits=3, out_of_credits=how) as (fake, client):
        paid = RequestOptions(budget=budget)
        page = await client.request("POST", "/v1/jobs/search", json={**ANY_TIME, "limit": 5}, options=paid)
        assert (page.meta.rows, page.meta.credits) == (3, 3)
        assert (fake.credits_billed, told(budget)) == (3, (3, 0, 0))


async def test_a_500_leaves_it_in_doubt_whether_or_not_it_was_billed() -> None:
    budget = CreditBudget(100)
    async with searching() as (fake, client):
        for applied in (True, False):
            fake.faults.add(JOBS, Status(500, apply=applied))
            with pytest.raises(OutcomeUnknownError):
                await buy(client, budget)
        assert (fake.credits_billed, told(budget)) == (5, (0, 0, 10))
