"""Preview, choose, buy: chosen jobs are bought once each, over a real socket, and what became of each id is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.server._searches import ANY_TIME, JOBS, Edited, bodies, searching
from theirstack_async import (
    ArgumentError,
    CreditBudget,
    DecodeError,
    EndReason,
    InsufficientCreditsError,
    Job,
    OutcomeUnknownError,
    PermissionDeniedError,
    RequestOptions,
    Revealed,
    TheirStack,
)
from theirstack_async.testing import FakeTheirStack, Hang, ResetBeforeBody, Status


async def some_ids(client: TheirStack, count: int) -> list[int]:
    """Return the ids of some jobs, oldest first, which is not the order of a search."""
    return [row.id for row in await client.jobs.preview(max_items=count, page_size=500, **ANY_TIME).collect()][::-1]


def asked_ids(fake: FakeTheirStack) -> list[list[int]]:
    """Return the ids that each request asked for."""
    return [body["job_id_or"] for body in bodies(fake) if "job_id_or" in body]


def before(count: int) -> Any:
    """Return what takes the first so many requests for jobs by id, and no other."""
    seen: list[int] = []

    def matches(request: Any) -> bool:
        seen.append(1)
        return len(seen) > count

    return matches


class TestBought:
    async def test_each_once_in_the_order_of_the_asking(self) -> None:
        async with searching() as (fake, client):
            rows = await client.jobs.preview(max_items=3, **ANY_TIME).collect()
            ids = await some_ids(client, 30)
            revealed = await client.jobs.reveal([rows[0], *ids, ids[0], ids[7], rows[0].id])
            expected = list(dict.fromkeys([rows[0].id, *ids]))
            assert [job.id for job in revealed.jobs] == expected
            assert {type(job) for job in revealed.jobs} == {Job}
            assert (revealed.missing, revealed.blurred, revealed.not_asked, revealed.end) == ((), (), (), None)
            assert revealed.credits == fake.credits_billed == client.usage.total.credits == 30
            assert [len(ids) for ids in asked_ids(fake)] == [25, 5]

    async def test_a_bought_row_can_be_given_again_which_costs_again(self) -> None:
        async with searching() as (fake, client):
            first = await client.jobs.reveal(await some_ids(client, 2))
            assert (await client.jobs.reveal(first.jobs)).jobs == first.jobs
            assert fake.credits_billed == 4

    async def test_the_old_ones_too(self) -> None:
        """The API requires a date; the search is for all times, and asks for no more rows than ids."""
        async with searching() as (fake, client):
            (id_,) = await some_ids(client, 1)
            await client.jobs.reveal(iter([id_]))
            body = bodies(fake)[-1]
            assert body == {"posted_at_gte": "2000-01-01", "job_id_or": [id_], "offset": 0, "limit": 1}

    async def test_the_size_of_a_request_can_be_chosen(self) -> None:
        async with searching() as (fake, client):
            ids = await some_ids(client, 7)
            await client.jobs.reveal(ids, page_size=3)
            assert asked_ids(fake) == [ids[:3], ids[3:6], ids[6:]]

    async def test_what_does_not_come_back_costs_nothing(self) -> None:
        async with searching() as (fake, client):
            ids = await some_ids(client, 4)
            revealed = await client.jobs.reveal([1, *ids, 2], page_size=3)
            assert [job.id for job in revealed.jobs] == ids
            assert (revealed.missing, revealed.credits, revealed.end) == ((1, 2), 4, None)
            assert fake.credits_billed == 4

    async def test_none_sends_nothing(self) -> None:
        async with searching() as (fake, client):
            assert await client.jobs.reveal([]) == Revealed()
            assert fake.requests.total == 0

    async def test_what_came_blurred_is_told_apart(self) -> None:
        def blur(data: dict[str, Any]) -> None:
            data["data"][0]["has_blurred_data"] = True

        async with searching() as (fake, client):
            ids = await some_ids(client, 3)
            fake.faults.add(JOBS, Edited(blur))
            revealed = await client.jobs.reveal(ids)
            assert [job.id for job in revealed.blurred] == [ids[-1]]
            assert [job.id for job in revealed.jobs] == ids[:-1]
            assert (revealed.missing, revealed.credits) == ((), 3)

    @pytest.mark.parametrize("ids", ["77", b"77", 77, None, {"7": 7}, [-1], [True], ["7"], [object()]])
    async def test_what_is_no_id_is_refused(self, ids: Any) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError) as caught:
                await client.jobs.reveal(ids)
            assert (caught.value.field, fake.requests.total) == ("ids", 0)

    @pytest.mark.parametrize("size", [0, 501, True])
    async def test_a_size_out_of_bounds_is_refused(self, size: Any) -> None:
        async with searching() as (_, client):
            with pytest.raises(ArgumentError) as caught:
                await client.jobs.reveal([7], page_size=size)
            assert caught.value.field == "page_size"


class TestEnded:
    """A purchase that cannot be finished ends quietly, and says which ids are left."""

    @pytest.mark.parametrize("how", ["argument", "options", "client"])
    @pytest.mark.parametrize("limit", [0, 5, 25, 28])
    async def test_by_the_budget(self, how: str, limit: int) -> None:
        async with searching() as (fake, client):
            ids = await some_ids(client, 30)
            budget = CreditBudget(limit)
            view = client.with_options(budget=budget) if how == "client" else client
            options = RequestOptions(budget=budget) if how == "options" else None
            revealed = await view.jobs.reveal(ids, budget=budget if how == "argument" else None, options=options)
            assert (len(revealed.jobs), revealed.credits, budget.spent, revealed.end) == (
                limit, limit, limit, EndReason.BUDGET
            )  # fmt: skip
            assert fake.credits_billed == limit
            assert revealed.missing == ()
            assert {job.id for job in revealed.jobs} | {*revealed.not_asked} == {*ids}
            assert len(revealed.not_asked) == 30 - limit

    async def test_its_own_budget_goes_before_others(self) -> None:
        async with searching() as (_, client):
            others, own = CreditBudget(100), CreditBudget(100)
            options = RequestOptions(budget=others)
            await client.jobs.reveal(await some_ids(client, 2), budget=own, options=options)
            assert (own.spent, others.spent, options.budget) == (2, 0, others)

    async def test_a_budget_that_just_suffices_ends_nothing(self) -> None:
        async with searching() as (_, client):
            revealed = await client.jobs.reveal(await some_ids(client, 30), budget=CreditBudget(30))
            assert (len(revealed.jobs), revealed.end, revealed.not_asked) == (30, None, ())

    @pytest.mark.parametrize("how", ["truncate", "402-data", "402"])
    async def test_by_the_credits(self, how: str) -> None:
        async with searching(credits=28, out_of_credits=how) as (fake, client):
            ids = await some_ids(client, 40)
            revealed = await client.jobs.reveal(ids)
            bought = 25 if how == "402" else 28
            assert (len(revealed.jobs), revealed.credits, fake.credits_billed) == (bought, bought, bought)
            assert (revealed.end, revealed.missing) == (EndReason.TRUNCATED_BY_CREDITS, ())
            assert {*ids} == {job.id for job in revealed.jobs} | {*revealed.not_asked}

    async def test_no_credits_at_all_is_an_error(self) -> None:
        async with searching(credits=0, out_of_credits="402") as (_, client):
            with pytest.raises(InsufficientCreditsError):
                await client.jobs.reveal(await some_ids(client, 2))

    async def test_by_the_plan(self) -> None:
        """Pages of 25 and five of them; the rest of a larger request is not given up for missing."""
        async with searching(jobs=200, plan="free") as (fake, client):
            ids = [*fake._backend.data.jobs][:140]
            revealed = await client.jobs.reveal(ids, page_size=140)
            assert (len(revealed.jobs), len(revealed.not_asked), revealed.missing) == (125, 15, ())
            assert (revealed.end, fake.credits_billed) == (EndReason.PLAN_LIMIT, 125)

    async def test_requests_of_its_size_reach_beyond_it(self) -> None:
        async with searching(jobs=200, plan="free") as (fake, client):
            revealed = await client.jobs.reveal([*fake._backend.data.jobs])
            assert (len(revealed.jobs), revealed.end, fake.credits_billed) == (200, None, 200)

    async def test_a_refusal_midway(self) -> None:
        async with searching() as (fake, client):
            ids = await some_ids(client, 30)
            fake.faults.add(before(1), Status(403), times=None)
            revealed = await client.jobs.reveal(ids)
            assert (len(revealed.jobs), revealed.end) == (25, EndReason.PLAN_LIMIT)
            assert revealed.not_asked == tuple(ids[25:])

    async def test_a_refusal_at_once_is_an_error(self) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, Status(403), times=None)
            with pytest.raises(PermissionDeniedError):
                await client.jobs.reveal([7])

    async def test_the_options_of_the_call_stay_where_a_budget_pays(self) -> None:
        async with searching() as (fake, client):
            (id_,) = await some_ids(client, 1)
            options = RequestOptions(headers={"x-run": "7"}, budget=CreditBudget(0))
            budget = CreditBudget(5)
            await client.jobs.reveal([id_], budget=budget, options=options)
            assert ([*fake.requests][-1].headers["x-run"], budget.spent) == ("7", 1)


class TestFailed:
    """Any other error has what was bought."""

    async def test_of_an_unknown_outcome(self) -> None:
        async with searching() as (fake, client):
            ids = await some_ids(client, 30)
            fake.faults.add(before(1), ResetBeforeBody(apply=True), times=None)
            with pytest.raises(OutcomeUnknownError) as caught:
                await client.jobs.reveal(ids)
            assert [job.id for job in caught.value.items_so_far or []] == ids[24::-1]
            assert caught.value.credits_at_risk == 5

    async def test_a_cancellation_has_it_too(self) -> None:
        async with searching() as (fake, client):
            ids = await some_ids(client, 30)
            fake.faults.add(before(1), Hang(), times=None)
            buying = asyncio.create_task(client.jobs.reveal(ids))
            while client.usage.total.credits < 25:
                await asyncio.sleep(0)
            buying.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await buying
            error: Any = caught.value
            assert len(error.items_so_far) == 25

    async def test_rows_that_do_not_decode(self) -> None:
        """All of them are there, as they came, and so is the rest of the page."""

        def spoil(data: dict[str, Any]) -> None:
            for row in data["data"][1:3]:
                row["job_title"] = 7

        async with searching() as (fake, client):
            ids = await some_ids(client, 5)
            fake.faults.add(JOBS, Edited(spoil))
            with pytest.raises(DecodeError, match=r"2 rows that were bought do not decode.*job_title") as caught:
                await client.jobs.reveal(ids)
            spoilt = [row["id"] for row in json.loads(caught.value.body)]
            assert len(spoilt) == 2
            assert {*spoilt} | {job.id for job in caught.value.items_so_far or []} == {*ids}

    async def test_a_row_that_does_not_decode(self) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, Edited(lambda data: data["data"][0].update(job_title=7)))
            with pytest.raises(DecodeError, match="a row that was bought does not decode"):
                await client.jobs.reveal([*fake._backend.data.jobs][:2])

    async def test_a_job_that_was_not_asked_for_ends_it(self) -> None:
        """The API does not obey; more requests would buy more of what nobody wants."""
        async with searching() as (fake, client):
            ids = await some_ids(client, 6)
            fake.faults.add(JOBS, Edited(lambda data: data["data"][1].update(id=1)))
            with pytest.raises(DecodeError, match=r"job 1 came and was not asked for, 1 of them") as caught:
                await client.jobs.reveal(ids, page_size=3)
            assert len(caught.value.items_so_far or []) == 3
            assert len(asked_ids(fake)) == 1

    async def test_nor_may_a_job_of_a_later_request_come_in_an_earlier_one(self) -> None:
        async with searching() as (fake, client):
            ids = await some_ids(client, 2)
            fake.faults.add(JOBS, Edited(lambda data: data["data"][0].update(id=ids[1])))
            with pytest.raises(DecodeError, match=f"job {ids[1]} came and was not asked for"):
                await client.jobs.reveal(ids, page_size=1)
            assert len(asked_ids(fake)) == 1
