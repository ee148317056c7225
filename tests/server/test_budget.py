"""One budget for many tasks, over real sockets, against a fake that bills: never too much, and nothing forgotten."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests._scale import scaled
from tests.server._searches import ANY_TIME, JOBS, searching
from theirstack_async import (
    ALL,
    BudgetExceededError,
    CreditBudget,
    EndReason,
    OutcomeUnknownError,
    RequestOptions,
    RetryPolicy,
    TheirStack,
)
from theirstack_async._clock import SystemClock
from theirstack_async._values import UNSET
from theirstack_async.hooks import CallEnded, CallStarted, HookEvent
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.faults import BILLED_DROPS

LIMIT = 100
TASKS = 50
SEEDS = range(scaled(40))
Sizes = Callable[[], int]


class Watch:
    """Looks at the budget and the bill whenever something has happened, and sums up what calls say that they cost."""

    def __init__(self, fake: FakeTheirStack, budget: CreditBudget) -> None:
        self.fake = fake
        self.budget = budget
        self.told = 0

    def __call__(self, event: HookEvent) -> None:
        """Look, as a hook."""
        if isinstance(event, CallEnded):
            self.told += event.credits
        self.look()

    def look(self) -> None:
        """Fail where more was billed than is accounted for, or more is accounted for than may be."""
        accounted = self.budget.spent + self.budget.held + self.budget.uncertain
        assert self.fake.credits_billed <= accounted <= LIMIT


@asynccontextmanager
async def sharing(jobs: int = 400) -> AsyncIterator[tuple[FakeTheirStack, TheirStack, CreditBudget, Watch]]:
    """Yield a fake, a client of it, and a budget of 100 credits that is watched."""
    budget = CreditBudget(LIMIT)
    async with searching(jobs=jobs) as (fake, client):
        watch = Watch(fake, budget)
        # Hooks may not raise, so what a look finds is kept until the end.
        failures: list[AssertionError] = []

        def hook(event: HookEvent) -> None:
            try:
                watch(event)
            except AssertionError as error:
                failures.append(error)

        yield fake, client.with_options(budget=budget, hooks=[hook]), budget, watch
        watch.look()
        assert failures == []


async def buy(client: TheirStack, dice: random.Random) -> EndReason | None:
    """Buy jobs until the budget ends, in pages of some size, by one of the ways to buy."""
    width = dice.randrange(3)
    paginator = client.jobs.search(**ANY_TIME, page_size=dice.randint(1, 12), max_items=ALL)
    if width:
        async with paginator.prefetch(width) as rows:
            async for _ in rows:
                continue
    else:
        await paginator.collect()
    return paginator.end


async def settled(fake: FakeTheirStack) -> None:
    """Return when the fake serves no request any more."""
    while fake.requests.in_flight:
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", SEEDS)
async def test_fifty_tasks_spend_all_of_it_and_no_more(seed: int) -> None:
    dice = random.Random(seed)
    async with sharing() as (fake, client, budget, watch):
        ends = await asyncio.gather(*(buy(client, dice) for _ in range(TASKS)))
        assert set(ends) == {EndReason.BUDGET}
        assert fake.credits_billed == watch.told == client.usage.total.credits == LIMIT
        assert (budget.spent, budget.held, budget.uncertain, budget.left) == (LIMIT, 0, 0, 0)


async def test_a_budget_for_more_than_there_is_is_not_spent() -> None:
    async with sharing(jobs=7) as (fake, client, budget, _):
        ends = await asyncio.gather(*(buy(client, random.Random(0)) for _ in range(3)))
        assert set(ends) == {EndReason.EXHAUSTED}
        assert (fake.credits_billed, budget.spent, budget.left) == (21, 21, 79)


@pytest.mark.parametrize("seed", SEEDS)
async def test_half_of_them_cancelled_anywhere_and_answers_lost(seed: int) -> None:
    """What was billed and not seen is uncertain, and the others use up what is left."""
    dice = random.Random(1000 + seed)
    async with sharing() as (fake, client, budget, watch):
        for _ in range(dice.randrange(4)):
            fake.faults.add(JOBS, dice.choice([*BILLED_DROPS.values()]))
        tasks = [asyncio.create_task(buy(client, dice)) for _ in range(TASKS)]
        for task in dice.sample(tasks, TASKS // 2):
            for _ in range(dice.choice([0, 0, 1, 3, 10, 30])):
                await asyncio.sleep(0)
            watch.look()
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await settled(fake)

        assert {type(end) for end in ends} <= {EndReason, asyncio.CancelledError, OutcomeUnknownError}
        assert EndReason.BUDGET in ends
        assert budget.held == 0
        assert budget.spent + budget.uncertain == LIMIT
        assert budget.spent <= fake.credits_billed <= LIMIT
        # By the request: what was settled is what calls said, and each bill beside it has its doubt.
        assert (budget.spent, budget.uncertain) == (watch.told, client.usage.total.uncertain)
        assert fake.credits_billed - budget.spent <= budget.uncertain
        lost = [bill.credits for bill in fake.billed_log if not bill.answered]
        assert sum(lost) <= budget.uncertain == sum(doubt.credits for doubt in budget.doubts)


async def test_by_the_balance_the_doubts_are_settled_at_what_was_billed() -> None:
    async with searching() as (fake, client):
        budget = CreditBudget(LIMIT)
        await budget.reconcile(client)
        buyer = client.with_options(budget=budget)
        for point in BILLED_DROPS.values():
            fake.faults.add(JOBS, point)
            with pytest.raises(OutcomeUnknownError):
                await buyer.jobs.search(**ANY_TIME, max_items=10).collect()
        task = asyncio.create_task(buyer.jobs.search(**ANY_TIME, max_items=10).collect())
        while not budget.held:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await settled(fake)
        assert fake.credits_billed <= budget.spent + budget.uncertain <= fake.credits_billed + 10
        await budget.reconcile(client)
        assert (budget.spent, budget.uncertain) == (fake.credits_billed, 0)


async def test_calls_views_and_options_share_one() -> None:
    async with searching(companies=30) as (fake, client):
        budget = CreditBudget(20)
        options = RequestOptions(budget=budget)
        view = client.with_options(budget=budget)
        await client.jobs.search(**ANY_TIME, max_items=4, options=options).collect()
        await view.companies.search(max_items=3).collect()
        await view.with_options(retries=RetryPolicy(attempts=1)).jobs.search(**ANY_TIME, max_items=2).collect()
        await client.jobs.search(**ANY_TIME, max_items=30).collect(5)
        assert (budget.spent, fake.credits_billed) == (4 + 9 + 2, 4 + 9 + 2 + 25)
        rest = view.companies.search(max_items=ALL)
        assert len(await rest.collect()) == 1
        assert (rest.end, budget.spent) == (EndReason.BUDGET, 18)
        with pytest.raises(BudgetExceededError):
            await view.request("POST", "/v1/companies/technologies", json={"company_name": "nobody"})
        assert len(await view.jobs.search(**ANY_TIME, max_items=ALL).collect()) == 2
        assert budget.left == 0


async def test_pages_and_answers_tell_what_they_cost() -> None:
    async with searching(companies=8) as (fake, client):
        pages = [page async for page in client.companies.search(page_size=5, max_items=ALL).pages()]
        assert [(page.meta.rows, page.meta.credits) for page in pages][:2] == [(5, 15), (3, 9)]
        assert sum(page.meta.credits for page in pages) == fake.credits_billed == 24
        reply = await client.request("POST", "/v1/jobs/search", json={**ANY_TIME, "limit": 4})
        assert (reply.meta.rows, reply.meta.credits, reply.asked) == (4, 4, 4)
        balance = await client.request("GET", "/v0/billing/credit-balance")
        assert (balance.meta.rows, balance.meta.credits) == (None, 0)
        assert client.usage.total.credits == fake.credits_billed == 28


async def test_raw_requests_are_priced_by_what_they_ask_for() -> None:
    """A preview is free, unless a filter names companies; a limit that is none counts as the API's default."""
    budget = CreditBudget(100)
    async with searching(companies=8) as (fake, client):
        view = client.with_options(budget=budget)
        held: list[int] = []
        fake.faults.add(lambda request: bool(held.append(budget.held)), BILLED_DROPS["mid-body"], times=None)
        blurred = {**ANY_TIME, "blur_company_data": True, "limit": 4}
        free = await view.request("POST", "/v1/jobs/search", json=blurred)
        assert (free.meta.credits, budget.spent) == (0, 0)
        named = await view.request("POST", "/v1/companies/search", json={**blurred, "company_name_or": ["Nobody"]})
        assert (named.meta.rows, named.meta.credits) == (0, 0)
        await view.request("POST", "/v1/jobs/search", json=ANY_TIME)
        assert held == [0, 12, 25]
        assert budget.spent == fake.credits_billed == 25


@pytest.mark.parametrize("json", [UNSET, [1], {**ANY_TIME, "limit": 0}, {**ANY_TIME, "limit": 7.5}])
async def test_a_raw_request_without_a_limit_that_is_one_is_not_made_smaller(json: object) -> None:
    budget = CreditBudget(10)
    async with searching() as (fake, client):
        with pytest.raises(BudgetExceededError, match="needs 25 credits"):
            await client.with_options(budget=budget).request("POST", "/v1/jobs/search", json=json)
        assert (budget.held, list(fake.requests)) == (0, [])


async def test_a_list_that_is_read_ahead_has_no_gap_and_is_not_bought_twice() -> None:
    """Although others hold a part of the budget, and give it back when the pages have asked for it."""
    budget = CreditBudget(30)
    begun: list[CallStarted] = []
    ends: list[asyncio.Task[None]] = []

    def let_go(event: HookEvent) -> None:
        if isinstance(event, CallStarted):
            begun.append(event)
            if len(begun) == 2:
                ends.append(asyncio.create_task(others.settle(3)))

    async with searching(jobs=60) as (fake, client):
        free = [job.id async for job in client.jobs.preview(**ANY_TIME)]
        others = await budget.hold(
            1, 18, fingerprint="others", label="others", clock=SystemClock(), remaining=lambda: None
        )
        first = client.with_options(budget=budget, hooks=[let_go]).jobs.search(**ANY_TIME, page_size=7)
        async with first.prefetch(8) as rows:
            bought = [row.id async for row in rows]
        await asyncio.gather(*ends)
        assert (bought, first.end) == (free[:27], EndReason.BUDGET)
        rest = client.jobs.search(**ANY_TIME, page_size=7, max_items=ALL, resume=first.checkpoint())
        assert [*bought, *(row.id for row in await rest.collect())] == free
        assert fake.credits_billed == 60
