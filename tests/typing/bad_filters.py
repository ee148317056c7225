"""Mistakes in filters that both type checkers must report, each on its marked line and nowhere else.

``tests/unit/filters/test_mistakes.py`` runs each of these lines too.
"""

from __future__ import annotations

from datetime import datetime

from theirstack_async import TheirStack
from theirstack_async.filters import CompanyFilters, JobFilters, JobSort, LocationFilter, NestedJobFilters, TechFilters

JobFilters(job_titel_or=["data engineer"])  # E: call-arg, reportCallIssue
JobFilters(limit=25)  # E: call-arg, reportCallIssue
JobFilters(job_title_or=None)  # E: arg-type, reportArgumentType
JobFilters(job_title_or=[1])  # E: list-item, reportArgumentType
JobFilters(posted_at_gte="2026-01-31")  # E: arg-type, reportArgumentType
JobFilters(discovered_at_gte="2026-01-31T12:00:00Z")  # E: arg-type, reportArgumentType
JobFilters(posted_at_max_age_days="30")  # E: arg-type, reportArgumentType
JobFilters(min_salary_usd="100k")  # E: arg-type, reportArgumentType
JobFilters(job_id_not=["7"])  # E: list-item, reportArgumentType
JobFilters(job_id_not=7)  # E: arg-type, reportArgumentType
JobFilters(remote="yes")  # E: arg-type, reportArgumentType
JobFilters(company_type=7)  # E: arg-type, reportArgumentType
JobFilters(job_seniority_or=[7])  # E: list-item, reportArgumentType
JobFilters(order_by=JobSort(field="salary"))  # E: arg-type, reportArgumentType
JobFilters(order_by=["salary"])  # E: list-item, reportArgumentType
JobFilters(job_location_or=["Madrid"])  # E: list-item, reportArgumentType
LocationFilter(id="Madrid")  # E: arg-type, reportArgumentType
NestedJobFilters(company_name_or=["x"])  # E: call-arg, reportCallIssue
TechFilters(first_date_found_gte=20260131)  # E: arg-type, reportArgumentType
CompanyFilters(job_title_or=["data engineer"])  # E: call-arg, reportCallIssue
CompanyFilters(job_filters={"job_titel_or": ["x"]})  # E: arg-type, reportArgumentType
CompanyFilters(job_filters=JobFilters())  # E: arg-type, reportArgumentType
CompanyFilters(tech_filters=["python"])  # E: arg-type, reportArgumentType


def assigned(filters: JobFilters) -> None:
    filters.remote = True  # E: misc, reportAttributeAccessIssue


async def calls(client: TheirStack) -> None:
    await client.jobs.count(job_titel_or=["x"], posted_at_max_age_days=30)  # E: call-arg, reportCallIssue
    await client.jobs.count(posted_at_gte=datetime)  # E: arg-type, reportArgumentType
    await client.jobs.count(CompanyFilters())  # E: arg-type, reportArgumentType
    client.jobs.search(limit=25, max_items=10)  # E: call-arg, reportCallIssue
    client.companies.search(job_title_or=["x"], max_items=10)  # E: call-arg, reportCallIssue
