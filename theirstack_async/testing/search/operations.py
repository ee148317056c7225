"""The four searches: each checks a request, selects rows, bills them, and returns an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.billing import COMPANY_PRICE, JOB_PRICE
from theirstack_async.testing.call import Call, Operation
from theirstack_async.testing.search import filters, paging
from theirstack_async.testing.search.blur import blurred_company, blurred_job
from theirstack_async.testing.search.bodies import company_result, job_body
from theirstack_async.testing.search.companies import COMPANY_SORTS, RELEVANCE, Found, find_companies
from theirstack_async.testing.search.company_filters import COMPANY_FILTERS, IDENTIFIERS, SHARED_FILTERS
from theirstack_async.testing.search.job_filters import JOB_FILTERS, NESTED_JOB_FILTERS, REQUIRED
from theirstack_async.testing.search.jobs import JOB_KEYS, NEWEST, find_jobs
from theirstack_async.testing.search.keyword_filters import KEYWORD_FILTERS
from theirstack_async.testing.search.lookups import buying_intents, technologies
from theirstack_async.testing.search.ordering import sorts
from theirstack_async.testing.search.records import JobRow

SWITCHES: Final = ("order_by", "page", "offset", "limit", "cursor", "include_total_results", "blur_company_data")
"""The fields of both searches that are no filters."""
NESTED: Final = ("job_filters", "tech_filters", "expand_technology_slugs")
"""The fields of company search besides its own filters."""


def search_jobs(backend: Backend, call: Call) -> Answer:
    """POST /v1/jobs/search: 1 credit a job that is answered, unless it is a preview."""
    fields = call.fields()
    values = filters.values_of(fields, JOB_FILTERS) | filters.values_of(fields, SHARED_FILTERS)
    order = fields.defaulted("order_by", sorts(JOB_KEYS, "date_posted"), NEWEST)
    window, count, preview = paging.search_window(fields), _counts(fields), _is_preview(fields, values)
    filters.refuse_unknown(fields, fields.names(), JOB_FILTERS, SHARED_FILTERS, SWITCHES)
    if not any(name in values for name in REQUIRED):
        fields.refuse("__root__", f"At least one of these filters is required: {', '.join(REQUIRED)}")
    fields.check()
    found = find_jobs(backend.data, values, order)
    page = window.allowed(backend.options).of(found)
    naive = backend.options.naive_instants

    def show(job: JobRow) -> dict[str, Any]:
        body = job_body(backend.data, job, naive=naive)
        return blurred_job(body) if preview else body

    return paging.answer(
        paging.give(page) if preview else paging.sell(backend, page, JOB_PRICE),
        show,
        total=len(found) if count else None,
        total_companies=len({job.company.index for job in found}) if count else None,
        company_of=lambda job: job.company.index,
    )


def search_companies(backend: Backend, call: Call) -> Answer:
    """POST /v1/companies/search: 3 credits a company that is answered, unless it is a preview."""
    fields = call.fields()
    values = filters.values_of(fields, COMPANY_FILTERS)
    jobs = filters.nested(fields, "job_filters", NESTED_JOB_FILTERS, strict=True)
    strict = backend.options.unknown_filters == "refuse"
    keywords = filters.nested(fields, "tech_filters", KEYWORD_FILTERS, strict=strict)
    expanded = fields.defaulted("expand_technology_slugs", read.strings, list[str]())
    order = fields.defaulted("order_by", sorts(COMPANY_SORTS), RELEVANCE)
    window, count, preview = paging.search_window(fields), _counts(fields), _is_preview(fields, values)
    if strict:
        filters.refuse_unknown(fields, fields.names(), COMPANY_FILTERS, SWITCHES, NESTED)
    fields.check()
    found = find_companies(backend.data, values, jobs=jobs, keywords=keywords, order=order)
    page = window.allowed(backend.options).of(found)

    def show(one: Found) -> dict[str, Any]:
        body = company_result(backend.data, one.company, one.jobs, one.with_keywords(expanded, backend.data))
        return blurred_company(body) if preview else body

    return paging.answer(
        paging.give(page) if preview else paging.sell(backend, page, COMPANY_PRICE),
        show,
        total=len(found) if count else None,
        company_of=lambda one: one.company.index,
    )


def _counts(fields: read.Fields) -> bool:
    return fields.defaulted("include_total_results", read.boolean, False)


def _is_preview(fields: read.Fields, values: Mapping[str, Any]) -> bool:
    """Return whether rows are blurred and free: a filter that names companies makes them real ones, and billed.

    That it bills instead of refusing is a third party's finding
    (https://theirstack.com/hi/docs/api-reference/features/preview-data-mode only says that it is not available).
    """
    return fields.defaulted("blur_company_data", read.boolean, False) and not any(
        name in values for name in IDENTIFIERS
    )


ROUTES: Final[tuple[tuple[str, str, Operation], ...]] = (
    ("POST", "/v1/jobs/search", search_jobs),
    ("POST", "/v1/companies/search", search_companies),
    ("POST", "/v1/companies/technologies", technologies),
    ("POST", "/v1/companies/buying_intents", buying_intents),
)
"""All operations of this package."""
