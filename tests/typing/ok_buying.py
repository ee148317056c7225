"""What estimates, chosen jobs and the jobs of many companies are typed as. Checked, and never run."""

from __future__ import annotations

from typing import assert_type

from theirstack_async import (
    ALL,
    CompanyCount,
    CreditBudget,
    EndReason,
    Estimate,
    Job,
    JobCount,
    JobFilters,
    JobPreview,
    JobsByCompany,
    Paginator,
    RequestOptions,
    ResponseMeta,
    Revealed,
    TheirStack,
)


async def free(client: TheirStack) -> None:
    found = await client.jobs.estimate(posted_at_max_age_days=7, max_items=ALL)
    assert_type(found, Estimate)
    assert_type(found.meta, ResponseMeta | None)
    assert_type(await client.companies.estimate(max_items=7), Estimate)
    assert_type(await client.estimate(JobFilters(posted_at_max_age_days=7), max_items=ALL), Estimate)
    assert_type(await client.jobs.count(pay=True, company_domain_or=["x.example"]), JobCount)
    assert_type(await client.companies.count(pay=True, company_domain_or=["x.example"]), CompanyCount)
    preview = client.jobs.preview(pay=True, company_domain_or=["x.example"], max_items=ALL)
    assert_type(preview, Paginator[JobPreview])


async def chosen(client: TheirStack, rows: list[JobPreview], again: tuple[Job, ...], ids: range) -> None:
    revealed = await client.jobs.reveal(rows, budget=CreditBudget(10))
    assert_type(revealed, Revealed)
    assert_type(revealed.jobs, tuple[Job, ...])
    assert_type(revealed.missing, tuple[int, ...])
    assert_type(revealed.end, EndReason | None)
    await client.jobs.reveal(again, page_size=100)
    await client.jobs.reveal(ids, options=RequestOptions())
    await client.jobs.reveal([7, rows[0]])


async def of_companies(client: TheirStack) -> None:
    found = await client.jobs.by_company({"x.example"}, max_items=ALL, remote=True)
    assert_type(found, JobsByCompany)
    assert_type(found["x.example"], tuple[Job, ...])
    for domain, rows in found.items():
        assert_type(domain, str)
        assert_type(rows, tuple[Job, ...])
    assert_type(found.unmatched, tuple[Job, ...])
