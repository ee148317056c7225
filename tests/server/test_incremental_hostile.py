"""Servers that have their own way with incremental runs, over real sockets: no row is lost, and spending is bounded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.server._incremental import EXHAUSTED, Heedless, Program, Refusing, always, at, free, programs
from tests.server._searches import JOBS, Edited
from theirstack_async import BadRequestError, DecodeError, JobFilters, PaginationError

UNSORTED = {
    "ignored": Heedless(("order_by",)),
    "400": Refusing(lambda asked: "order_by" in asked),
    "400 that says nothing": Refusing(lambda asked: "order_by" in asked, title="Bad request"),
    "422": Refusing(lambda asked: "order_by" in asked, 422, "Extra inputs are not permitted: order_by"),
}


@pytest.fixture(params=UNSORTED)
def unsorted(request: pytest.FixtureRequest) -> Any:
    return UNSORTED[request.param]


class TestOrder:
    @pytest.mark.parametrize("page_size", [1, 7, 25, 100])
    async def test_without_it_each_job_comes_once_all_the_same(self, unsorted: Any, page_size: int) -> None:
        async with programs(40) as program:
            always(program, unsorted)
            summary = await program.sync(page_size=page_size)
            assert (summary.end, summary.repeated) == (EXHAUSTED, 0)
            assert program.complete
            assert program.mark is not None

    async def test_and_late_ones_inside_the_overlap(self, unsorted: Any) -> None:
        async with programs(40) as program:
            always(program, unsorted)
            await program.fake.clock.advance(3600)
            await self._grow(program, 12)
            await program.sync(page_size=10)
            program.fake.seed_jobs(3, discovered_at=at(program.fake) - timedelta(minutes=9))
            await self._grow(program, 5)
            await program.sync(page_size=10)
            assert program.complete

    async def test_windows_that_hold_too_much_are_halved_by_free_counts(
        self, unsorted: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("theirstack_async.incremental._windows.FIT", 10)
        async with programs(100) as program:
            always(program, unsorted)
            assert (await program.sync(page_size=10)).end is EXHAUSTED
            assert program.complete
            assert 1 < free(program) < 100

    async def test_a_run_that_stops_amid_a_window_buys_nothing_again(self, unsorted: Any) -> None:
        async with programs(60) as program:
            always(program, unsorted)
            for _ in range(6):
                await program.sync(page_size=10, max_items=11)
            assert program.complete

    async def test_where_companies_are_named_no_count_is_free_so_none_is_asked_for(self, unsorted: Any) -> None:
        async with programs(60) as program:
            always(program, unsorted)
            names = sorted({job.company.name for job in program.fake._backend.data.jobs.values()})
            summary = await program.sync(company_name_or=names, page_size=10)
            assert (summary.end, summary.rows, free(program)) == (EXHAUSTED, 60, 0)
            assert program.complete

    async def _grow(self, program: Program, count: int) -> None:
        for _ in range(count):
            await program.fake.clock.advance(5)
            program.fake.seed_jobs(1)


class TestEqualInstants:
    @pytest.mark.parametrize("sorted_", [True, False])
    @pytest.mark.parametrize("page_size", [1, 7, 50])
    async def test_more_of_them_than_a_page_holds(self, page_size: int, sorted_: bool) -> None:
        async with programs(20) as program:
            program.fake.seed_jobs(40)
            if not sorted_:
                always(program, Heedless(("order_by",)))
            for _ in range(2):
                assert (await program.sync(page_size=page_size)).end is EXHAUSTED
                program.fake.seed_jobs(9)  # at the very same instant
            assert (await program.sync(page_size=page_size)).rows == 9
            assert program.complete


class TestDisobedience:
    """A filter that is not obeyed would have rows bought without end."""

    @pytest.mark.parametrize("heedless", [("job_id_not",), ("job_id_not", "order_by")])
    async def test_ids_that_are_not_left_out(self, heedless: tuple[str, ...]) -> None:
        async with programs(0) as program:
            program.fake.seed_jobs(60)
            always(program, Heedless(heedless))
            with pytest.raises(PaginationError, match="job_id_not"):
                await program.sync(page_size=10)
            assert program.fake.credits_billed == 20
            assert (len(program.store), program.mark) == (10, None)
            program.fake.faults.clear()
            await program.sync(page_size=10)
            assert sorted(program.store) == program.fake.job_ids

    async def test_as_long_as_something_new_comes_with_them_they_are_counted(self) -> None:
        async with programs(60) as program:
            always(program, Heedless(("job_id_not",)))
            summary = await program.sync(page_size=10)
            assert program.store == program.fake.job_ids
            assert summary.repeated == program.fake.credits_billed - 60 == 6

    async def test_again_and_again_it_costs_a_page_a_run(self) -> None:
        async with programs(60) as program:
            await program.sync(page_size=10)
            always(program, Heedless(("job_id_not", "discovered_at_gte")))
            for runs in range(1, 4):
                with pytest.raises(PaginationError, match="did not obey"):
                    await program.sync(page_size=10)
                assert program.fake.credits_billed == 60 + 10 * runs
            assert set(program.store) == set(program.fake.job_ids)

    async def test_a_bound_that_is_ignored(self) -> None:
        async with programs(60) as program:
            await program.sync(page_size=10)
            mark = program.mark
            always(program, Heedless(("discovered_at_gte",)))
            with pytest.raises(PaginationError, match="discovered_at_gte"):
                await program.sync(page_size=10)
            assert program.fake.credits_billed == 70
            assert program.mark == mark

    async def test_a_page_again_and_again(self) -> None:
        async with programs(60) as program:
            always(program, Heedless(("job_id_not", "discovered_at_gte", "discovered_at_lte", "order_by")))
            with pytest.raises(PaginationError, match="did not obey"):
                await program.sync(page_size=10)
            assert program.fake.credits_billed <= 20
            assert (len(program.store), program.mark) == (10, None)


class TestRefusals:
    async def test_many_ids_that_are_refused_are_fewer_then(self) -> None:
        async with programs(0) as program:
            always(program, Refusing(lambda asked: len(asked.get("job_id_not", ())) > 12, 422, "job_id_not: too many"))
            for _ in range(4):
                for _ in range(20):
                    await program.fake.clock.advance(5)
                    program.fake.seed_jobs(1)
                assert (await program.sync(page_size=10)).end is EXHAUSTED
            assert program.complete

    async def test_one_for_good_is_raised(self) -> None:
        async with programs(10) as program:
            always(program, Refusing(lambda _: True, title="Invalid country code"))
            with pytest.raises(BadRequestError, match="country"):
                await program.sync()
            assert program.fake.requests.total < 10
            assert program.state.held == set()

    async def test_an_empty_page_that_tells_nothing_sure_is_no_end(self) -> None:
        def damage(body: dict[str, Any]) -> None:
            body.update(data=[], metadata={"truncated_results": "many"})

        async with programs(10) as program:
            program.fake.faults.add(JOBS, Edited(damage))
            with pytest.raises(DecodeError, match="metadata"):
                await program.sync()
            await program.sync()
            assert sorted(program.store) == program.fake.job_ids


class TestFilters:
    async def test_two_profiles_share_no_mark(self) -> None:
        async with programs(60) as program:
            countries = sorted({job.place.country.code for job in program.fake._backend.data.jobs.values()})
            for country in countries:
                await program.sync(JobFilters(job_country_code_or=[country]))
            assert len(program.state.saved) == len(countries) > 1
            assert program.complete

    async def test_what_the_user_leaves_out_stays_out(self) -> None:
        async with programs(60) as program:
            unwanted = program.fake.job_ids[10:20]
            await program.sync(job_id_not=unwanted, page_size=10)
            assert sorted(program.store) == [*program.fake.job_ids[:10], *program.fake.job_ids[20:]]

    async def test_the_bounds_of_the_user_hold(self) -> None:
        async with programs(60) as program:
            jobs = sorted(program.fake._backend.data.jobs.values(), key=lambda job: job.discovered)
            instants = [at(program.fake).fromtimestamp(job.discovered, at(program.fake).tzinfo) for job in jobs]
            await program.sync(discovered_at_gte=instants[20], discovered_at_lte=instants[39], page_size=7)
            assert program.store == [job.id for job in jobs[20:40]]
            first = await program.sync(since=instants[50], page_size=7)
            assert first.rows == 10
