"""What users write about filters, and the types that they get. Checked, never run."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, assert_type

from theirstack_async import TheirStack, Unset
from theirstack_async.filters import (
    CompanyFilters,
    CompanySort,
    CompanyType,
    JobFilterKwargs,
    JobFilters,
    KeywordFilters,
    KeywordSort,
    LocationFilter,
    NestedJobFilters,
    TechFilters,
)
from theirstack_async.models import JobSeniority


def jobs(titles: list[str], levels: list[JobSeniority], known: set[int]) -> JobFilters:
    found = JobFilters(
        job_title_or=titles,
        job_country_code_or=("ES", "PT"),
        job_technology_slug_or={"python", "kafka"},
        job_id_not=known,
        job_seniority_or=levels,
        employment_statuses_or=["full_time"],
        remote=None,
        min_salary_usd=100_000,
        posted_at_gte=date(2026, 1, 31),
        discovered_at_gte=datetime(2026, 1, 31, tzinfo=UTC),
        discovered_at_lte=date(2026, 2, 28),
        job_location_or=[7, LocationFilter(id=8)],
        company_type="direct_employer",
    )
    assert_type(found.job_title_or, tuple[str, ...] | Unset)
    assert_type(found.posted_at_gte, date | Unset | None)
    assert_type(found.job_seniority_or, tuple[JobSeniority, ...] | Unset)
    assert_type(found.to_dict(), dict[str, Any])
    return found if found == JobFilters.from_dict(found.to_dict()) else JobFilters()


def companies() -> CompanyFilters:
    assert_type(CompanyFilters.from_dict({}, ignore_unknown=True), CompanyFilters)
    inner = NestedJobFilters(posted_at_max_age_days=30)
    CompanyFilters(job_filters=inner, tech_filters=TechFilters(max_rank=1), company_type=CompanyType.ALL)
    return CompanyFilters(
        job_filters={"job_title_or": ["data engineer"]},
        tech_filters={"min_relative_occurrence": 0.5, "confidence_or": ["high"]},
        order_by=[CompanySort(field="employee_count", desc=False)],
    )


def keywords() -> KeywordFilters:
    return KeywordFilters(keyword_slug_or=["python"], order_by=[KeywordSort(field="jobs")])


async def searches(client: TheirStack, given: JobFilterKwargs) -> None:
    query = jobs(["data engineer"], [JobSeniority.SENIOR], {1, 2})
    await client.jobs.count(query, remote=True)
    await client.jobs.count(**given)
    async for job in client.jobs.search(query, max_items=10, job_title_or=["data engineer"]):
        assert_type(job.job_title, str)
    await client.companies.count(companies(), job_filters={"remote": True})
