"""Job searches that are refused before anything is sent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.server._searches import ANY_TIME, searching
from theirstack_async import (
    ArgumentError,
)
from theirstack_async.filters._build import REQUIRED


async def called(resource: Any, method: str, **given: Any) -> Any:
    """Call a method that is sync or async, and bound what it could cost."""
    if method == "search":
        return resource.search(max_items=1, **given)
    answer = getattr(resource, method)(**given)
    return await answer if method == "count" else answer


class TestRefused:
    """Before anything is sent, and so before anything is billed."""

    @pytest.mark.parametrize("method", ["search", "preview", "count"])
    async def test_a_search_needs_one_of_six_filters(self, method: str) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError) as caught:
                await called(client.jobs, method, discovered_at_gte=datetime(2026, 1, 1, tzinfo=UTC))
            assert len(REQUIRED) == 6
            assert all(name in str(caught.value) for name in REQUIRED)
            assert fake.requests.total == 0

    @pytest.mark.parametrize(
        "filters",
        [
            {"posted_at_max_age_days": 30},
            {"posted_at_gte": date(2026, 1, 1)},
            {"posted_at_lte": date(2026, 1, 1)},
            {"company_domain_or": ["x.example"]},
            {"company_linkedin_url_or": ["https://www.linkedin.com/company/x"]},
            {"company_name_or": ["x"]},
        ],
        ids=lambda filters: next(iter(filters)),
    )
    async def test_any_of_the_six_is_enough(self, filters: dict[str, Any]) -> None:
        assert next(iter(filters)) in REQUIRED
        async with searching() as (fake, client):
            await client.jobs.search(max_items=1, **filters).collect()
            assert fake.requests[0].status == 200

    @pytest.mark.parametrize("empty", [{"company_name_not": ["x"]}, {"posted_at_max_age_days": None}])
    async def test_others_and_an_empty_one_are_not(self, empty: dict[str, Any]) -> None:
        async with searching() as (_, client):
            with pytest.raises(ArgumentError, match="at least one of"):
                client.jobs.search(max_items=1, **empty)

    @pytest.mark.parametrize("method", ["search", "preview", "count"])
    async def test_a_misspelt_filter_names_the_nearest(self, method: str) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError, match="did you mean 'job_title_or'") as caught:
                await called(client.jobs, method, **ANY_TIME, job_titel_or=["x"])
            assert (caught.value.field, fake.requests.total) == ("job_titel_or", 0)

    @pytest.mark.parametrize(
        "switch", ["page", "limit", "offset", "cursor", "include_total_results", "blur_company_data"]
    )
    @pytest.mark.parametrize("extra", [False, True])
    async def test_the_switches_of_paging_and_preview_are_no_filters(self, switch: str, extra: bool) -> None:
        async with searching() as (_, client):
            given: Any = {"extra_filters": {switch: 1}} if extra else {switch: 1}
            with pytest.raises(ArgumentError, match="this is no filter") as caught:
                client.jobs.search(max_items=1, posted_at_max_age_days=30, **given)
            assert switch in caught.value.field

    async def test_what_it_may_cost_has_to_be_said(self) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError, match=r"costs 1 credit; .*max_items=100.*max_items=ALL") as caught:
                client.jobs.search(posted_at_max_age_days=30)
            assert (caught.value.field, fake.requests.total) == ("max_items", 0)

    @pytest.mark.parametrize(
        ("argument", "value"),
        [
            ("page_size", 0),
            ("page_size", 501),
            ("page_size", True),
            ("max_pages", 0),
            ("max_items", -1),
            ("max_items", "all"),
            ("rejects", "drop"),
            ("resume", "checkpoint"),
        ],
    )
    async def test_an_argument_out_of_bounds_is_named(self, argument: str, value: Any) -> None:
        async with searching() as (_, client):
            given = {"max_items": 1, **ANY_TIME, argument: value}
            for method in (client.jobs.search, client.jobs.preview):
                with pytest.raises(ArgumentError) as caught:
                    method(**given)
                assert caught.value.field == argument

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
        """The API would not blur, and bill."""
        async with searching() as (fake, client):
            for given in ({name: ["x"]}, {"extra_filters": {name: ["x"]}}):
                with pytest.raises(ArgumentError, match="bills 1 credit a job") as caught:
                    await called(client.jobs, method, **ANY_TIME, **given)
                assert (caught.value.field, fake.requests.total) == (name, 0)

    async def test_what_shuts_companies_out_names_none(self) -> None:
        async with searching() as (fake, client):
            filters: dict[str, Any] = {**ANY_TIME, "company_name_not": ["x"], "company_domain_not": []}
            await client.jobs.count(**filters)
            assert fake.credits_billed == 0
