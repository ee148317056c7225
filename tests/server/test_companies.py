"""Company searches, counts and previews, over a real socket: where they differ from those of jobs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server._searches import COMPANIES, Edited, asked, bodies, searching
from theirstack_async import (
    ALL,
    ArgumentError,
    Company,
    CompanyCount,
    CompanyFilters,
    CompanyPreview,
    DecodeError,
    EndReason,
    InsufficientCreditsError,
    JobFilters,
    NestedJobFilters,
    OutcomeUnknownError,
    PaginationError,
    TechFilters,
    UnprocessableError,
)
from theirstack_async.testing import ResetBeforeBody, Status


class TestSearch:
    async def test_rows_are_companies_and_each_costs_three_credits(self) -> None:
        async with searching(companies=30) as (fake, client):
            paginator = client.companies.search(max_items=ALL)
            rows = await paginator.collect()
            assert all(type(row) is Company for row in rows)
            assert len({row.id for row in rows}) == len(rows) == 30
            assert (paginator.end, paginator.credits, fake.credits_billed) == (EndReason.EXHAUSTED, 90, 90)
            assert bodies(fake) == [{"offset": 0, "limit": 25}, {"offset": 25, "limit": 25}]

    async def test_filters_within_filters(self) -> None:
        async with searching(jobs=300, companies=20) as (fake, client):
            query = CompanyFilters(min_employee_count=1, job_filters=NestedJobFilters(remote=True))
            rows = await client.companies.search(
                query, tech_filters=TechFilters(min_jobs=1), page_size=50, max_items=ALL
            ).collect()
            assert bodies(fake)[0] == {
                "min_employee_count": 1,
                "job_filters": {"remote": True},
                "tech_filters": {"min_jobs": 1},
                "offset": 0,
                "limit": 50,
            }
            assert rows
            for row in rows:
                assert row.jobs_found is not None
                assert 1 <= len(row.jobs_found) <= 5
                assert row.technologies_found or row.keywords_found

    async def test_the_last_page_asks_for_no_more_than_is_wanted(self) -> None:
        async with searching(companies=30) as (fake, client):
            paginator = client.companies.search(page_size=4, max_items=6)
            assert len(await paginator.collect()) == 6
            assert asked(fake) == [(0, 4), (4, 2)]
            assert (paginator.end, fake.credits_billed) == (EndReason.MAX_ITEMS, 18)

    async def test_max_pages_and_a_checkpoint(self) -> None:
        async with searching(companies=30) as (fake, client):
            first = client.companies.search(page_size=4, max_pages=2)
            ids = [row.id for row in await first.collect()]
            assert first.end is EndReason.MAX_PAGES
            rest = client.companies.search(page_size=25, max_items=ALL, resume=first.checkpoint())
            ids += [row.id for row in await rest.collect()]
            assert len(set(ids)) == len(ids) == 30
            assert fake.credits_billed == 90

    async def test_the_total_is_asked_for_once(self) -> None:
        async with searching(companies=30) as (fake, client):
            paginator = client.companies.search(max_items=ALL, total=True)
            await paginator.collect()
            assert paginator.total == 30
            assert [body.get("include_total_results") for body in bodies(fake)] == [True, None]

    async def test_extra_filters_are_sent_as_they_are(self) -> None:
        async with searching(unknown_filters="refuse") as (fake, client):
            with pytest.raises(UnprocessableError, match="a_new_filter"):
                await client.companies.search(max_items=1, extra_filters={"a_new_filter": {"x": 1}}).collect()
            assert bodies(fake) == [{"a_new_filter": {"x": 1}, "offset": 0, "limit": 1}]

    async def test_one_that_does_not_decode_takes_no_other_with_it(self) -> None:
        async with searching(companies=10) as (fake, client):
            fake.faults.add(COMPANIES, Edited(lambda data: data["data"][2].update(name=7)))
            paginator = client.companies.search(max_items=ALL, rejects="collect")
            assert len(await paginator.collect()) == 9
            (error,) = paginator.rejects
            assert (error.problems[0].path, json.loads(error.body)["name"]) == ("name", 7)
            assert paginator.credits == fake.credits_billed == 30
            fake.faults.add(COMPANIES, Edited(lambda data: data["data"][2].update(name=7)))
            with pytest.raises(DecodeError, match="row 2") as caught:
                await client.companies.search(max_items=ALL).collect()
            assert len(caught.value.items_so_far or []) == 9


class TestRefused:
    """Before anything is sent, and so before anything is billed."""

    @pytest.mark.parametrize(
        ("given", "field", "said"),
        [
            ({"company_domian_or": ["x"]}, "company_domian_or", "did you mean 'company_domain_or'"),
            ({"job_filters": {"job_titel_or": ["x"]}}, "job_filters.job_titel_or", "did you mean 'job_title_or'"),
            ({"tech_filters": {"min_job": 1}}, "tech_filters.min_job", "did you mean 'min_jobs'"),
            ({"job_title_or": ["x"]}, "job_title_or", "belongs inside job_filters="),
            ({"limit": 3}, "limit", "this is no filter"),
            ({"extra_filters": {"blur_company_data": True}}, "extra_filters.blur_company_data", "this is no filter"),
            ({"query": JobFilters(remote=True)}, "query", "CompanyFilters"),
        ],
    )
    async def test_a_filter_that_would_be_ignored_and_billed(self, given: Any, field: str, said: str) -> None:
        async with searching() as (fake, client):
            query = [given.pop("query")] if "query" in given else []
            for call in (
                lambda: client.companies.search(*query, max_items=1, **given),
                lambda: client.companies.preview(*query, **given),
            ):
                with pytest.raises(ArgumentError, match=said) as caught:
                    call()
                assert caught.value.field == field
            with pytest.raises(ArgumentError, match=said):
                await client.companies.count(*query, **given)
            assert fake.requests.total == 0

    async def test_what_it_may_cost_has_to_be_said(self) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError, match=r"costs 3 credits; .*max_items=ALL") as caught:
                client.companies.search()
            assert (caught.value.field, fake.requests.total) == ("max_items", 0)

    @pytest.mark.parametrize("method", ["count", "preview"])
    @pytest.mark.parametrize(
        "name",
        [
            "company_name_or",
            "company_name_case_insensitive_or",
            "company_name_partial_match_or",
            "company_domain_or",
            "company_linkedin_url_or",
            "company_id_or",
        ],
    )
    async def test_what_names_companies_is_neither_counted_nor_previewed(self, method: str, name: str) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError, match="bills 3 credits a company") as caught:
                await (client.companies.count if method == "count" else preview(client))(**{name: ["x"]})  # type: ignore[operator]
            assert (caught.value.field, fake.requests.total) == (name, 0)


def preview(client: Any) -> Any:
    """Return the preview as a coroutine function."""

    async def call(**given: Any) -> Any:
        return client.companies.preview(**given)

    return call


class TestFree:
    async def test_a_count_is_free(self) -> None:
        async with searching(companies=30) as (fake, client):
            assert await client.companies.count() == CompanyCount(total_results=30)
            assert bodies(fake) == [{"blur_company_data": True, "include_total_results": True, "limit": 1}]
            assert fake.credits_billed == 0

    async def test_a_count_of_none_is_zero(self) -> None:
        async with searching() as (_, client):
            assert (await client.companies.count(min_employee_count=10**9)).total_results == 0

    async def test_a_preview_is_free_and_no_company(self) -> None:
        async with searching(companies=30) as (fake, client):
            paginator = client.companies.preview(total=True)
            rows = await paginator.collect()
            assert [type(row) for row in rows] == [CompanyPreview] * 30
            assert not any(isinstance(row, Company) for row in rows)
            assert all(row.has_blurred_data for row in rows)
            assert (paginator.total, paginator.credits, fake.credits_billed) == (30, 0, 0)
            assert all(body["blur_company_data"] is True for body in bodies(fake))

    async def test_what_is_free_is_asked_for_again(self) -> None:
        async with searching(companies=3) as (fake, client):
            fake.faults.add(COMPANIES, Status(503))
            assert (await client.companies.count()).total_results == 3
            fake.faults.add(COMPANIES, ResetBeforeBody())
            assert len(await client.companies.preview().collect()) == 3
            assert fake.requests.total == 4


class TestCredits:
    @pytest.mark.parametrize("fault", [ResetBeforeBody(apply=True), Status(500), Status(503, apply=True)])
    async def test_of_an_unknown_outcome_it_is_told_what_is_at_risk(self, fault: Any) -> None:
        async with searching(companies=30) as (fake, client):
            fake.faults.add(COMPANIES, fault, times=None)
            with pytest.raises(OutcomeUnknownError) as caught:
                await client.companies.search(max_items=7).collect()
            assert (caught.value.credits_at_risk, fake.requests.total) == (21, 1)

    async def test_what_was_turned_away_is_sent_again(self) -> None:
        async with searching(companies=30) as (fake, client):
            fake.faults.add(COMPANIES, Status(429, headers={"Retry-After": "0"}))
            assert len(await client.companies.search(max_items=7).collect()) == 7
            assert (fake.requests.total, fake.credits_billed) == (2, 21)

    @pytest.mark.parametrize("how", ["truncate", "402-data"])
    async def test_the_rows_that_were_paid_for_come_first(self, how: str) -> None:
        async with searching(companies=30, credits=80, out_of_credits=how) as (fake, client):
            paginator = client.companies.search(max_items=ALL, total=True)
            rows: list[Company] = []
            with pytest.raises(PaginationError) as caught:
                async for row in paginator:
                    rows.append(row)
            assert (caught.value.reason, caught.value.not_fetched) == ("truncated_by_credits", 4)
            assert (len(rows), paginator.credits, fake.credits_billed) == (26, 78, 78)

    async def test_a_402_is_an_error_with_what_was_read(self) -> None:
        async with searching(companies=30, credits=80, out_of_credits="402") as (_, client):
            with pytest.raises(InsufficientCreditsError) as caught:
                await client.companies.search(max_items=ALL).collect()
            assert len(caught.value.items_so_far or []) == 25

    async def test_the_free_plan(self) -> None:
        async with searching(companies=130, plan="free") as (fake, client):
            paginator = client.companies.search(page_size=100, max_items=ALL, partial=True)
            assert len(await paginator.collect()) == 125
            assert (paginator.end, fake.credits_billed) == (EndReason.PLAN_LIMIT, 375)
