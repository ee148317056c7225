"""What users write with searches and the other resources, and the types that they get. Checked, never run."""

from __future__ import annotations

from datetime import date
from typing import Any, assert_type

from theirstack_async import (
    ALL,
    Checkpoint,
    Company,
    CompanyCount,
    CompanyFilters,
    CompanyKeyword,
    CompanyKeywords,
    CompanyList,
    CompanyListEntry,
    CompanyPreview,
    CreditBalance,
    CreditConsumption,
    Dataset,
    DatasetCredentials,
    EndReason,
    Job,
    JobCount,
    JobFilters,
    JobPreview,
    Keyword,
    KeywordCategory,
    Location,
    Paginator,
    RequestCount,
    Salary,
    SavedSearch,
    SearchMetadata,
    TheirStack,
)


async def jobs(client: TheirStack, resume: Checkpoint | None) -> None:
    query = JobFilters(posted_at_gte=date(2026, 1, 1), job_title_or=["data engineer"])
    found = client.jobs.search(query, remote=True, max_items=ALL, resume=resume, rejects="collect", total=True)
    assert_type(found, Paginator[Job])
    async for page in found.pages():
        assert_type(page.items, list[Job])
        assert_type(page.metadata, SearchMetadata | None)
        assert_type(page.credits, int)
    assert_type(found.end, EndReason | None)
    assert_type(found.total, int | None)
    job = await client.jobs.search(posted_at_max_age_days=7, max_pages=1).first()
    if job is not None:
        assert_type(job.salary, Salary | None)
        assert_type(job.company_object, Company)
    assert_type(await client.jobs.count(query), JobCount)
    assert_type(client.jobs.preview(query), Paginator[JobPreview])


async def companies(client: TheirStack) -> None:
    async with client.companies.search(CompanyFilters(min_employee_count=9), max_items=10).prefetch(2) as rows:
        async for row in rows:
            assert_type(row, Company)
    assert_type(await client.companies.count(), CompanyCount)
    assert_type(client.companies.preview(), Paginator[CompanyPreview])
    technologies = await client.companies.technologies(domain="x.example", confidence_or=["high"])
    assert_type(technologies, CompanyKeywords)
    for keyword in technologies:
        assert_type(keyword, CompanyKeyword)


async def the_rest(client: TheirStack) -> None:
    assert_type(await client.saved_searches.create(body=JobFilters(posted_at_max_age_days=7)), SavedSearch)
    assert_type(await client.saved_searches.archive(7), dict[str, Any])
    assert_type(await client.company_lists.list(), list[CompanyList])
    assert_type(client.company_lists.companies(7), Paginator[CompanyListEntry])
    assert_type(client.catalog.keywords(q="python"), Paginator[Keyword])
    assert_type(client.catalog.locations(name="Madrid"), Paginator[Location])
    assert_type(await client.catalog.categories(), list[KeywordCategory])
    assert_type(await client.datasets.list(), list[Dataset])
    assert_type(await client.datasets.credentials(), DatasetCredentials)
    assert_type(await client.billing.credit_balance(), CreditBalance)
    assert_type(await client.team.credits_consumption(), list[CreditConsumption])
    assert_type(await client.requests.count(), list[RequestCount])
    assert_type(await client.email_preferences.unsubscribe_page("weekly", token="t"), str)
    url = (await client.app_urls.create(type="webhook", webhook_id=7)).url
    assert_type(url, str | None)
