"""Where incremental runs of jobs end, over a real socket: the next one goes on there, and buys nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server._incremental import EXHAUSTED, Heedless, always, programs
from tests.server._searches import JOBS
from theirstack_async import AuthenticationError, CreditBudget, EndReason, OutcomeUnknownError
from theirstack_async.testing import ResetBeforeBody, Status

END_OF_CREDITS = ("truncate", "402", "402-data")


class TestExhausted:
    async def test_each_job_comes_once_the_earliest_first(self) -> None:
        async with programs(60) as program:
            summary = await program.sync(page_size=25)
            assert program.store == program.fake.job_ids
            assert program.complete
            assert (summary.end, summary.rows, summary.acknowledged, summary.credits) == (EXHAUSTED, 60, 60, 60)
            assert (summary.batches, summary.repeated, summary.replayed) == (3, 0, 0)
            assert summary.mark == program.mark is not None

    async def test_the_next_run_brings_only_what_is_new(self) -> None:
        async with programs(60) as program:
            await program.sync()
            assert (await program.sync()).rows == 0
            await program.fake.clock.advance(60)
            new = program.fake.seed_jobs(3)
            summary = await program.sync()
            assert (summary.rows, summary.credits, summary.end) == (3, 3, EXHAUSTED)
            assert sorted(program.store[-3:]) == list(new)
            assert program.complete

    async def test_nothing_is_asked_for_before_the_first_batch(self) -> None:
        async with programs() as program:
            async with program.run() as run:
                assert (run.end, run.summary.rows) == (None, 0)
            assert program.fake.requests.total == 0
            assert program.state.held == set()

    async def test_an_empty_server_costs_nothing_and_leaves_no_mark(self) -> None:
        async with programs(0) as program:
            summary = await program.sync()
            assert (summary.end, summary.rows, summary.mark) == (EXHAUSTED, 0, None)
            assert program.fake.requests.total == 1


class TestPlans:
    @pytest.mark.parametrize("sorted_", [True, False])
    @pytest.mark.parametrize("over_plan", ["cap", "refuse"])
    async def test_the_five_pages_of_the_free_plan_bind_no_run(self, over_plan: str, sorted_: bool) -> None:
        async with programs(300, plan="free", over_plan=over_plan) as program:
            if not sorted_:
                always(program, Heedless(("order_by",)))
            summary = await program.sync(page_size=100)
            assert (summary.end, summary.credits) == (EXHAUSTED, 300)
            assert program.complete


class TestCredits:
    @pytest.mark.parametrize("how", END_OF_CREDITS)
    @pytest.mark.parametrize("sorted_", [True, False])
    async def test_a_run_ends_quietly_and_the_next_one_goes_on(self, how: str, sorted_: bool) -> None:
        async with programs(60, credits=37, out_of_credits=how) as program:
            if not sorted_:
                always(program, Heedless(("order_by",)))
            first = await program.sync(page_size=10)
            assert first.end is EndReason.TRUNCATED_BY_CREDITS
            assert first.rows == first.credits == (30 if how == "402" else 37)
            program.fake._backend.billing.left = None  # credits were bought
            assert (await program.sync(page_size=10)).end is EXHAUSTED
            assert program.complete

    @pytest.mark.parametrize("how", END_OF_CREDITS)
    async def test_without_any_nothing_moves(self, how: str) -> None:
        async with programs(10, credits=0, out_of_credits=how) as program:
            summary = await program.sync()
            assert (summary.end, summary.rows, summary.mark) == (EndReason.TRUNCATED_BY_CREDITS, 0, None)

    async def test_a_truncated_page_from_the_folder_is_no_end(self, tmp_path: Any) -> None:
        async with programs(60, credits=15) as program:
            async with program.run(page_size=10, landing=tmp_path) as run:
                async for _ in run:
                    continue
            assert run.end is EndReason.TRUNCATED_BY_CREDITS
            program.fake._backend.billing.left = None  # credits were bought
            summary = await program.sync(page_size=10, landing=tmp_path)
            assert (summary.end, summary.replayed) == (EXHAUSTED, 15)
            assert program.complete


class TestBounds:
    @pytest.mark.parametrize("limit", [0, 1, 9, 25, 26, 59, 60])
    async def test_a_budget_is_spent_to_the_last_credit(self, limit: int) -> None:
        async with programs(60) as program:
            summary = await program.sync(budget=CreditBudget(limit), page_size=25, max_items=None)
            assert (summary.rows, summary.credits, program.fake.credits_billed) == (limit, limit, limit)
            assert summary.end is EndReason.BUDGET or limit == 60
            assert (await program.sync()).end is EXHAUSTED
            assert program.complete

    @pytest.mark.parametrize("limit", [0, 1, 25, 26, 60, 100])
    async def test_max_items_is_kept_to_the_row(self, limit: int) -> None:
        async with programs(60) as program:
            summary = await program.sync(max_items=limit, page_size=25)
            assert summary.rows == program.fake.credits_billed == min(limit, 60)
            assert summary.end is (EXHAUSTED if limit > 60 else EndReason.MAX_ITEMS)
            assert (await program.sync()).end is EXHAUSTED
            assert program.complete

    async def test_max_pages(self) -> None:
        async with programs(60) as program:
            summary = await program.sync(max_items=None, max_pages=2, page_size=20)
            assert (summary.rows, summary.end) == (40, EndReason.MAX_PAGES)
            assert (await program.sync()).end is EXHAUSTED
            assert program.complete

    async def test_a_few_jobs_a_day_come_to_all_of_them(self) -> None:
        async with programs(60) as program:
            ends = [(await program.sync(max_items=7)).end for _ in range(9)]
            assert ends == [EndReason.MAX_ITEMS] * 8 + [EXHAUSTED]
            assert program.complete


class TestErrors:
    async def test_what_came_before_is_kept(self) -> None:
        async with programs(60) as program:
            program.fake.faults.add(lambda _: program.fake.requests.total > 2, Status(401), times=None)
            with pytest.raises(AuthenticationError):
                await program.sync(page_size=20)
            assert len(program.store) == 40
            program.fake.faults.clear()
            await program.sync(page_size=20)
            assert program.complete

    @pytest.mark.parametrize("fault", [ResetBeforeBody(apply=True), Status(500, apply=True)])
    async def test_a_page_of_unknown_outcome_is_not_asked_for_again_by_itself(self, fault: Any) -> None:
        async with programs(60) as program:
            program.fake.faults.add(JOBS, fault)
            with pytest.raises(OutcomeUnknownError) as caught:
                await program.sync(page_size=20)
            assert (caught.value.credits_at_risk, program.fake.requests.total, program.store) == (20, 1, [])
            await program.sync()
            assert sorted(program.store) == program.fake.job_ids
            assert program.fake.credits_billed == 60 + 20
