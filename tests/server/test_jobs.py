"""Job searches, counts and previews, over a real socket."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.server._searches import ANY_TIME, JOBS, Edited, asked, bodies, searching
from theirstack_async import (
    ALL,
    ArgumentError,
    Checkpoint,
    DecodeError,
    EndReason,
    Job,
    JobCount,
    JobFilters,
    JobPreview,
    PaginationError,
    UnprocessableError,
)
from theirstack_async.testing import (
    ResetBeforeBody,
    Status,
)


class TestSearch:
    async def test_rows_are_jobs_newest_first_and_each_costs_a_credit(self) -> None:
        async with searching(jobs=60) as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=ALL)
            rows = await paginator.collect()
            assert all(type(row) is Job for row in rows)
            assert sorted(row.id for row in rows) == fake.job_ids
            assert [row.date_posted for row in rows] == sorted((row.date_posted for row in rows), reverse=True)
            assert (paginator.end, paginator.credits, fake.credits_billed) == (EndReason.EXHAUSTED, 60, 60)

    async def test_only_what_was_given_is_sent(self) -> None:
        async with searching() as (fake, client):
            filters: dict[str, Any] = {
                "posted_at_gte": date(2020, 1, 31),
                "discovered_at_lte": datetime(2030, 1, 2, 3, tzinfo=UTC),
                "job_title_or": ("engineer",),
                "remote": None,
            }
            await client.jobs.search(page_size=10, max_items=3, **filters).collect()
            (request,) = fake.requests
            assert (request.method, request.path, request.query_string) == ("POST", "/v1/jobs/search", "")
            assert request.headers["authorization"] == f"Bearer {fake.api_key}"
            assert request.json() == {
                "posted_at_gte": "2020-01-31",
                "discovered_at_lte": "2030-01-02T03:00:00Z",
                "job_title_or": ["engineer"],
                "remote": None,
                "offset": 0,
                "limit": 3,
            }

    async def test_nothing_is_sent_before_the_first_row_is_asked_for(self) -> None:
        async with searching() as (fake, client):
            client.jobs.search(posted_at_max_age_days=30, max_items=ALL)
            assert fake.requests.total == 0

    async def test_keywords_come_on_top_of_an_object(self) -> None:
        async with searching() as (fake, client):
            query = JobFilters(posted_at_max_age_days=30, remote=True)
            await client.jobs.search(query, remote=False, max_items=1).collect()
            assert bodies(fake) == [{"posted_at_max_age_days": 30, "remote": False, "offset": 0, "limit": 1}]
            with pytest.raises(ArgumentError, match=r"JobFilters\.from_dict") as caught:
                client.jobs.search({"posted_at_max_age_days": 30}, max_items=1)  # type: ignore[arg-type]
            assert caught.value.field == "query"

    async def test_extra_filters_are_sent_as_they_are(self) -> None:
        async with searching() as (fake, client):
            extra = {"a_new_filter": [1, {"deep": None}], "posted_at_max_age_days": 7}
            with pytest.raises(UnprocessableError, match="a_new_filter"):
                await client.jobs.search(posted_at_max_age_days=30, max_items=1, extra_filters=extra).collect()
            assert bodies(fake) == [{**extra, "offset": 0, "limit": 1}]
            assert fake.credits_billed == 0

    async def test_a_required_filter_may_come_with_the_extra_ones(self) -> None:
        async with searching() as (_fake, client):
            assert await client.jobs.search(max_items=2, extra_filters=ANY_TIME).collect()

    async def test_the_last_page_asks_for_no_more_than_is_wanted(self) -> None:
        async with searching() as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=30)
            assert len(await paginator.collect()) == 30
            assert asked(fake) == [(0, 25), (25, 5)]
            assert (paginator.end, fake.credits_billed) == (EndReason.MAX_ITEMS, 30)

    async def test_max_pages_bounds_the_pages(self) -> None:
        async with searching() as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, page_size=7, max_pages=3)
            assert len(await paginator.collect()) == 21
            assert (paginator.end, fake.requests.total, fake.credits_billed) == (EndReason.MAX_PAGES, 3, 21)

    async def test_the_total_is_asked_for_on_the_first_page_only(self) -> None:
        async with searching() as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=ALL, total=True)
            pages = [page async for page in paginator.pages()]
            assert [body.get("include_total_results") for body in bodies(fake)] == [True, None, None]
            assert [page.metadata and page.metadata.total_results for page in pages] == [60, None, None]
            assert pages[0].metadata is not None
            assert pages[0].metadata.total_companies == 8
            assert paginator.total == 60

    async def test_a_total_that_was_not_asked_for_is_none(self) -> None:
        async with searching() as (_, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=3)
            await paginator.collect()
            assert paginator.total is None

    async def test_a_deprecated_filter_warns(self) -> None:
        async with searching() as (_, client):
            with pytest.warns(DeprecationWarning, match="job_location_pattern_or"):
                client.jobs.search(posted_at_max_age_days=3, max_items=1, job_location_pattern_or=["x"])


class TestFree:
    async def test_a_count_is_free_and_asks_for_one_blurred_row(self) -> None:
        async with searching(jobs=60, companies=8) as (fake, client):
            assert await client.jobs.count(posted_at_max_age_days=3650) == JobCount(total_results=60, total_companies=8)
            assert bodies(fake) == [
                {"posted_at_max_age_days": 3650, "blur_company_data": True, "include_total_results": True, "limit": 1}
            ]
            assert fake.credits_billed == 0

    async def test_a_count_of_none_is_zero(self) -> None:
        async with searching() as (_, client):
            count = await client.jobs.count(posted_at_max_age_days=3650, job_title_or=["no such title"])
            assert (count.total_results, count.total_companies) == (0, 0)

    @pytest.mark.parametrize("metadata", [None, {}, {"total_results": None}, {"total_results": "60"}])
    async def test_a_count_that_is_missing_is_an_error(self, metadata: Any) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, Edited(lambda data: data.update(metadata=metadata)))
            with pytest.raises(DecodeError, match=r"POST /v1/jobs/search: metadata\.total_results") as caught:
                await client.jobs.count(posted_at_max_age_days=3650)
            assert json.loads(caught.value.body)["metadata"] == metadata
            assert [problem.path for problem in caught.value.problems] == ["metadata.total_results"]

    async def test_a_preview_is_free_and_no_job(self) -> None:
        async with searching(jobs=30) as (fake, client):
            paginator = client.jobs.preview(posted_at_max_age_days=3650, total=True)
            rows = await paginator.collect()
            assert [type(row) for row in rows] == [JobPreview] * 30
            assert not any(isinstance(row, Job) for row in rows)
            assert all(row.has_blurred_data and not row.company.strip("Xx -.0123456789") for row in rows)
            assert [body["blur_company_data"] for body in bodies(fake)] == [True, True]
            assert (paginator.end, paginator.total, paginator.credits) == (EndReason.EXHAUSTED, 30, 0)
            assert fake.credits_billed == 0

    async def test_a_preview_can_be_bounded_and_resumed(self) -> None:
        async with searching(jobs=30) as (fake, client):
            preview = client.jobs.preview
            first = preview(posted_at_max_age_days=3650, page_size=4, max_items=6)
            ids = [row.id for row in await first.collect()]
            rest = preview(posted_at_max_age_days=3650, page_size=4, max_pages=2, resume=first.checkpoint())
            ids += [row.id for row in await rest.collect()]
            assert asked(fake) == [(0, 4), (4, 2), (6, 4), (10, 4)]
            assert len(set(ids)) == 14
            assert rest.end is EndReason.MAX_PAGES

    async def test_a_checkpoint_of_a_preview_does_not_fit_a_search(self) -> None:
        async with searching() as (_, client):
            point = client.jobs.preview(posted_at_max_age_days=30).checkpoint()
            with pytest.raises(ArgumentError, match="another list"):
                client.jobs.search(posted_at_max_age_days=30, max_items=1, resume=point)

    @pytest.mark.parametrize("method", ["count", "preview"])
    async def test_what_is_free_is_asked_for_again(self, method: str) -> None:
        async with searching(jobs=3) as (fake, client):
            fake.faults.add(JOBS, Status(503))
            fake.faults.add(JOBS, ResetBeforeBody())
            if method == "count":
                assert (await client.jobs.count(posted_at_max_age_days=3650)).total_results == 3
            else:
                assert len(await client.jobs.preview(posted_at_max_age_days=3650).collect()) == 3
            assert [request.status for request in fake.requests] == [503, None, 200]

    async def test_a_preview_is_cut_by_the_plan_too(self) -> None:
        async with searching(jobs=200, plan="free") as (_fake, client):
            with pytest.raises(PaginationError) as caught:
                await client.jobs.preview(posted_at_max_age_days=3650).collect()
            assert (caught.value.reason, caught.value.not_fetched) == ("plan_limit", 75)
            paginator = client.jobs.preview(posted_at_max_age_days=3650, partial=True)
            assert len(await paginator.collect()) == 125
            assert paginator.end is EndReason.PLAN_LIMIT


class TestMoving:
    async def test_rows_that_come_again_are_dropped_counted_and_paid_for(self) -> None:
        async with searching(jobs=60) as (fake, client):
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=40)
            first = await paginator.collect(25)
            fake.seed_jobs(4, discovered_at=datetime.fromtimestamp(fake.clock.now(), UTC) + timedelta(days=9))
            pages = [page async for page in paginator.pages()]
            ids = [row.id for row in first] + [row.id for page in pages for row in page.items]
            assert len(set(ids)) == len(ids) == 40
            assert [page.repeated for page in pages] == [4, 0]
            assert paginator.credits == fake.credits_billed == 44

    async def test_a_pinned_search_stands_still(self) -> None:
        async with searching(jobs=60) as (fake, client):
            until = datetime.fromtimestamp(fake.clock.now(), UTC)
            paginator = client.jobs.search(discovered_at_lte=until, posted_at_max_age_days=3650, max_items=ALL)
            await paginator.collect(25)
            await fake.clock.advance(60)
            fake.seed_jobs(10)
            assert len(await paginator.collect()) == 35
            assert fake.credits_billed == 60


class TestResumed:
    async def test_it_goes_on_in_another_process(self) -> None:
        async with searching(jobs=60) as (fake, client):
            query = JobFilters(posted_at_max_age_days=3650)
            first = client.jobs.search(query, page_size=20, max_items=ALL)
            ids = [row.id for row in await first.collect(20)]
            point = Checkpoint.from_json(first.checkpoint().to_json())
            rest = client.jobs.search(query, page_size=20, max_items=ALL, resume=point)
            ids += [row.id for row in await rest.collect()]
            assert sorted(ids) == fake.job_ids
            assert fake.credits_billed == 60

    async def test_another_search_refuses_the_checkpoint(self) -> None:
        async with searching() as (_, client):
            point = client.jobs.search(posted_at_max_age_days=30, max_items=1).checkpoint()
            for other in ({"posted_at_max_age_days": 31}, {"posted_at_max_age_days": 30, "remote": True}):
                with pytest.raises(ArgumentError, match="another list") as caught:
                    client.jobs.search(max_items=1, resume=point, **other)  # type: ignore[arg-type]
                assert caught.value.field == "resume"


class TestRejects:
    """A row that does not decode is paid for, and takes no other row with it."""

    async def test_it_is_raised_after_the_good_rows_of_its_page(self) -> None:
        async with searching(jobs=10) as (fake, client):
            fake.faults.add(JOBS, Edited(lambda data: data["data"][3].update(job_title=None)))
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=ALL)
            rows: list[Job] = []
            with pytest.raises(DecodeError, match=r"POST /v1/jobs/search: row 3 \(id \d+\)") as caught:
                async for row in paginator:
                    rows.append(row)
            assert len(rows) == 9
            assert [problem.path for problem in caught.value.problems] == ["job_title"]
            bad = json.loads(caught.value.body)
            assert sorted([bad["id"], *(row.id for row in rows)]) == fake.job_ids
            assert await paginator.collect() == []
            assert paginator.end is EndReason.EXHAUSTED
            assert paginator.credits == fake.credits_billed == 10

    async def test_they_can_be_collected(self) -> None:
        def damage(data: dict[str, Any]) -> None:
            data["data"][0]["date_posted"] = "yesterday"
            data["data"][2] = "no row"

        async with searching(jobs=60) as (fake, client):
            fake.faults.add(JOBS, Edited(damage))
            paginator = client.jobs.search(posted_at_max_age_days=3650, max_items=ALL, rejects="collect")
            pages = [page async for page in paginator.pages()]
            assert [len(page.items) for page in pages] == [23, 25, 10]
            assert [len(page.rejects) for page in pages] == [2, 0, 0]
            assert paginator.rejects == pages[0].rejects
            assert [error.problems[0].path for error in paginator.rejects] == ["date_posted", ""]
            assert paginator.credits == fake.credits_billed == 60

    async def test_what_is_told_beside_the_rows_costs_none(self) -> None:
        async with searching(jobs=10) as (fake, client):
            fake.faults.add(JOBS, Edited(lambda data: data.update(metadata={"total_results": "many"})))
            with pytest.raises(DecodeError, match=r"the rows are good.*metadata\.total_results") as caught:
                await client.jobs.search(posted_at_max_age_days=3650, max_items=ALL).collect()
            assert len(caught.value.items_so_far) == 10
