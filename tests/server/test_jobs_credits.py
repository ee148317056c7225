"""What job searches cost, over a real socket: nothing is bought twice, and what was bought is handed out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.server._searches import ANY_TIME, AT_ONCE, JOBS, asked, searching
from theirstack_async import (
    ALL,
    APIError,
    EndReason,
    InsufficientCreditsError,
    Job,
    OutcomeUnknownError,
    PaginationError,
    PermissionDeniedError,
    RateLimitError,
    RequestOptions,
    RetryPolicy,
    Timeouts,
)
from theirstack_async.testing import (
    Fault,
    Hang,
    PaymentRequiredData,
    ResetAfterHeaders,
    ResetBeforeBody,
    Status,
    TruncatedBody,
)
from theirstack_async.testing.answers import Answer
from theirstack_async.testing.exchange import Exchange

QUICK = RequestOptions(timeouts=Timeouts(read=0.02))
"""Gives up on an answer that never comes."""
UNKNOWN: dict[str, Fault] = {
    "reset once the request was read": ResetBeforeBody(apply=True),
    "reset amid the answer": ResetAfterHeaders(),
    "cut off": TruncatedBody(),
    "no answer": Hang(apply=True),
    "500": Status(500, apply=True),
    "502 of a proxy": Status(502, "<html>", apply=True),
    "503": Status(503),
    "504": Status(504),
}
"""How an answer can fail to tell whether the rows were billed."""


async def no_wait() -> None:
    """Return at once."""


class TestSentOnce:
    """A billed request is sent again only when it was surely not billed."""

    @pytest.mark.parametrize("fault", UNKNOWN.values(), ids=UNKNOWN)
    async def test_of_an_unknown_outcome_it_is_told_what_is_at_risk(self, fault: Fault) -> None:
        async with searching() as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, page_size=20, max_items=ALL, options=QUICK)
            assert len(await paginator.collect(20)) == 20
            fake.faults.add(JOBS, fault, times=None)
            with pytest.raises(OutcomeUnknownError) as caught:
                await paginator.collect()
            assert (caught.value.credits_at_risk, caught.value.sent) == (20, "maybe")
            assert caught.value.__cause__ is not None
            assert caught.value.checkpoint == paginator.checkpoint()
            assert fake.requests.total == 2

    async def test_the_credits_at_risk_are_those_of_the_rows_asked_for(self) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, ResetBeforeBody(apply=True))
            with pytest.raises(OutcomeUnknownError) as caught:
                await client.jobs.search(posted_at_max_age_days=3650, page_size=500, max_items=7).collect()
            assert caught.value.credits_at_risk == fake.credits_billed == 7

    async def test_it_goes_on_where_it_broke_off_when_asked_to(self) -> None:
        async with searching(jobs=60) as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=ALL)
            first = await paginator.collect(25)
            fake.faults.add(JOBS, Status(500))
            with pytest.raises(OutcomeUnknownError):
                await paginator.collect()
            assert len({row.id for row in first + await paginator.collect()}) == 60

    @pytest.mark.parametrize("fault", [Status(503, apply=True), ResetBeforeBody(apply=True)])
    async def test_whoever_says_so_pays_twice(self, fault: Fault) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, fault)
            paid = RequestOptions(retries=RetryPolicy(base=0, retry_paid=True))
            rows = await client.jobs.search(posted_at_max_age_days=3650, max_items=5, options=paid).collect()
            assert (len(rows), fake.requests.total, fake.credits_billed) == (5, 2, 10)

    async def test_what_was_turned_away_is_sent_again(self) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, Status(429, headers={"Retry-After": "0"}), times=2)
            rows = await client.jobs.search(posted_at_max_age_days=3650, max_items=5).collect()
            assert [request.status for request in fake.requests] == [429, 429, 200]
            assert len(rows) == fake.credits_billed == 5

    async def test_but_not_without_end(self) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, Status(429, headers={"Retry-After": "0"}), times=None)
            with pytest.raises(RateLimitError):
                await client.jobs.search(posted_at_max_age_days=3650, max_items=5).collect()
            assert fake.requests.total == AT_ONCE.attempts

    @pytest.mark.parametrize("status", [400, 403, 422])
    async def test_a_refusal_of_the_first_page_is_an_error(self, status: int) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, Status(status), times=None)
            with pytest.raises(APIError) as caught:
                await client.jobs.search(posted_at_max_age_days=3650, max_items=5, partial=True).collect()
            assert caught.value.status == status
            assert fake.requests.total == 1


class TestOutOfCredits:
    @pytest.mark.parametrize("how", ["truncate", "402-data"])
    async def test_the_rows_that_were_paid_for_come_first(self, how: str) -> None:
        async with searching(jobs=60, credits=30, out_of_credits=how) as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=ALL, total=True)
            rows: list[Job] = []
            with pytest.raises(PaginationError) as caught:
                async for row in paginator:
                    rows.append(row)
            assert (caught.value.reason, caught.value.not_fetched) == ("truncated_by_credits", 30)
            assert paginator.end is EndReason.TRUNCATED_BY_CREDITS
            assert len(rows) == len({row.id for row in rows}) == paginator.credits == fake.credits_billed == 30
            assert caught.value.checkpoint == paginator.checkpoint()
            assert caught.value.checkpoint is not None
            assert caught.value.checkpoint.offset == 30

    @pytest.mark.parametrize("how", ["truncate", "402", "402-data"])
    async def test_a_partial_reading_ends_quietly(self, how: str) -> None:
        async with searching(jobs=60, credits=25, out_of_credits=how) as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=ALL, partial=True)
            assert len(await paginator.collect()) == 25
            assert (paginator.end, fake.credits_billed) == (EndReason.TRUNCATED_BY_CREDITS, 25)

    async def test_the_page_of_a_402_says_what_was_held_back(self) -> None:
        async with searching(jobs=60, credits=10, out_of_credits="402-data") as (_, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=ALL, partial=True)
            (page,) = [page async for page in paginator.pages()]
            assert (len(page.items), page.credits, page.meta.status) == (10, 10, 402)
            assert page.metadata is not None
            assert page.metadata.truncated_results == 15

    async def test_a_402_with_the_body_of_an_empty_page(self) -> None:
        """As users with live accounts have seen it."""
        async with searching() as (fake, client):
            fake.faults.add(JOBS, PaymentRequiredData(truncated_results=25), times=None)
            with pytest.raises(PaginationError, match="25 rows are left") as caught:
                await client.jobs.search(posted_at_max_age_days=3650, max_items=ALL).collect()
            assert (caught.value.reason, caught.value.items_so_far) == ("truncated_by_credits", [])

    async def test_an_error_with_402_keeps_what_was_read(self) -> None:
        async with searching(jobs=60, credits=30, out_of_credits="402") as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=ALL)
            with pytest.raises(InsufficientCreditsError) as caught:
                await paginator.collect()
            assert len(caught.value.items_so_far or []) == fake.credits_billed == 25
            assert (caught.value.attempts, fake.requests.total) == (1, 2)

    async def test_an_error_with_402_at_once_is_an_error_even_of_a_partial_reading(self) -> None:
        async with searching(credits=0, out_of_credits="402") as (_, client):
            with pytest.raises(InsufficientCreditsError):
                await client.jobs.search(posted_at_max_age_days=3650, max_items=1, partial=True).collect()


class TestPlan:
    @pytest.mark.parametrize("total", [False, True])
    async def test_smaller_pages_than_asked_for_lose_no_row(self, total: bool) -> None:
        async with searching(jobs=60, plan="free") as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, page_size=100, max_items=ALL, total=total)
            assert len({row.id for row in await paginator.collect()}) == 60
            assert (paginator.end, fake.credits_billed) == (EndReason.EXHAUSTED, 60)

    @pytest.mark.parametrize("over_plan", ["cap", "refuse"])
    async def test_its_end_is_told_after_the_rows(self, over_plan: str) -> None:
        async with searching(jobs=130, plan="free", over_plan=over_plan) as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=ALL, total=True)
            rows: list[Job] = []
            with pytest.raises(PaginationError) as caught:
                async for row in paginator:
                    rows.append(row)
            assert (caught.value.reason, caught.value.not_fetched) == ("plan_limit", 5)
            assert len(rows) == fake.credits_billed == 125

    async def test_a_page_larger_than_the_plan_is_refused_at_once(self) -> None:
        async with searching(plan="free", over_plan="refuse") as (fake, client):
            with pytest.raises(PermissionDeniedError):
                await client.jobs.search(
                    posted_at_max_age_days=3650, page_size=26, max_items=ALL, partial=True
                ).collect()
            assert fake.credits_billed == 0

    async def test_a_last_page_that_is_smaller_is_no_end(self) -> None:
        async with searching(jobs=200, plan="free") as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=110)
            assert len(await paginator.collect()) == fake.credits_billed == 110
            assert paginator.end is EndReason.MAX_ITEMS


class TestAhead:
    """Pages that are read ahead are bought, so none is read that is not wanted."""

    @pytest.mark.parametrize("width", [1, 2, 3, 8])
    async def test_no_page_beyond_max_pages(self, width: int) -> None:
        async with searching(jobs=60) as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, page_size=5, max_pages=4)
            async with paginator.prefetch(width) as rows:
                assert len([row async for row in rows]) == 20
            assert asked(fake) == [(0, 5), (5, 5), (10, 5), (15, 5)]
            assert (paginator.end, fake.credits_billed) == (EndReason.MAX_PAGES, 20)

    @pytest.mark.parametrize("width", [1, 2, 3, 8])
    async def test_no_row_beyond_max_items(self, width: int) -> None:
        async with searching(jobs=60) as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, page_size=5, max_items=18)
            async with paginator.prefetch(width) as rows:
                assert len([row async for row in rows]) == 18
            assert asked(fake) == [(0, 5), (5, 5), (10, 5), (15, 3)]
            assert (paginator.end, fake.credits_billed) == (EndReason.MAX_ITEMS, 18)

    @pytest.mark.parametrize("how", ["truncate", "402-data"])
    async def test_rows_held_back_between_pages_that_came_are_met_again(self, how: str) -> None:
        """Of pages under way at once the later may be served first, and the credits not suffice for the earlier."""
        later = asyncio.Event()
        async with searching(jobs=60, credits=23, out_of_credits=how) as (fake, client):
            fake.faults.add(lambda request: request.json()["offset"] == 10, Timed(later.wait))
            fake.faults.add(lambda request: request.json()["offset"] == 20, Timed(after=later.set))
            paginator = client.jobs.search(**ANY_TIME, page_size=10, max_items=30)
            got: list[int] = []
            with pytest.raises(PaginationError) as caught:
                async with paginator.prefetch(3) as rows:
                    async for row in rows:
                        got.append(row.id)
            assert (caught.value.reason, caught.value.not_fetched) == ("truncated_by_credits", 7)
            assert len(got) == len(set(got)) == paginator.credits == fake.credits_billed == 23
            point = caught.value.checkpoint
            assert point is not None
            assert point.offset == 13
        async with searching(jobs=60) as (_, client):
            rest = client.jobs.search(**ANY_TIME, page_size=10, max_items=ALL, resume=point)
            got += [row.id for row in await rest.collect()]
            assert len(got) == len(set(got)) == 60
            assert rest.credits == 47


@dataclass(frozen=True, slots=True)
class Timed(Fault):
    """No fault: the true answer, made when something has happened; what happens after that can be said too."""

    before: Callable[[], Awaitable[object]] = no_wait
    after: Callable[[], object] = lambda: None

    async def play(self, exchange: Exchange) -> Answer:
        """Wait, and answer."""
        await self.before()
        answer = await exchange.carry_out()
        self.after()
        return answer
