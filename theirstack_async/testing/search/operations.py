"""The four searches: each checks a request, selects rows, bills them, and returns an answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, json_text
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.billing import COMPANY_PRICE, JOB_PRICE
from theirstack_async.testing.call import Call, Operation
from theirstack_async.testing.search import filters, paging
from theirstack_async.testing.search.blur import blurred_company, blurred_job
from theirstack_async.testing.search.bodies import company_result, job_body, job_text
from theirstack_async.testing.search.companies import COMPANY_SORTS, RELEVANCE, Found, find_companies
from theirstack_async.testing.search.company_filters import COMPANY_FILTERS, IDENTIFIERS, SHARED_FILTERS
from theirstack_async.testing.search.job_filters import JOB_FILTERS, NESTED_JOB_FILTERS, REQUIRED
from theirstack_async.testing.search.jobs import JOB_KEYS, NEWEST, find_jobs
from theirstack_async.testing.search.keyword_filters import KEYWORD_FILTERS
from theirstack_async.testing.search.lookups import buying_intents, technologies
from theirstack_async.testing.search.ordering import Sort, sorts
from theirstack_async.testing.search.readers import Reader
from theirstack_async.testing.search.records import JobRow

SWITCHES: Final = ("order_by", "page", "offset", "limit", "cursor", "include_total_results", "blur_company_data")
"""The fields of both searches that are no filters."""
NESTED: Final = ("job_filters", "tech_filters", "expand_technology_slugs")
"""The fields of company search besides its own filters."""
EXCLUDING: Final = ("job_id_not", "company_id_not")
"""The filters that ``max_excluded`` of the options is about."""


def search_jobs(backend: Backend, call: Call) -> Answer:
    """POST /v1/jobs/search: 1 credit a job that is answered, unless it is a preview."""
    fields = call.fields()
    values = filters.values_of(fields, JOB_FILTERS) | filters.values_of(fields, SHARED_FILTERS)
    order = _order(backend, fields, sorts(JOB_KEYS, "date_posted"), NEWEST)
    window, count, preview = paging.search_window(fields), _counts(fields), _is_preview(fields, values)
    filters.refuse_unknown(fields, fields.names(), JOB_FILTERS, SHARED_FILTERS, SWITCHES)
    if not any(name in values for name in REQUIRED):
        fields.refuse("__root__", f"At least one of these filters is required: {', '.join(REQUIRED)}")
    _refuse_many(backend, fields, "", values)
    fields.check()
    allowed = window.allowed(backend.options)
    found = find_jobs(backend.data, _later(backend, values), order, None if count else allowed.stop)
    page = allowed.of(found)
    naive = backend.options.naive_instants

    def show(job: JobRow) -> str:
        if preview:
            return json_text(blurred_job(job_body(backend.data, job, naive=naive)))
        return job_text(backend.data, job, naive=naive)

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
    order = _order(backend, fields, sorts(COMPANY_SORTS), RELEVANCE)
    window, count, preview = paging.search_window(fields), _counts(fields), _is_preview(fields, values)
    if strict:
        filters.refuse_unknown(fields, fields.names(), COMPANY_FILTERS, SWITCHES, NESTED)
    _refuse_many(backend, fields, "", values)
    _refuse_many(backend, fields, "job_filters.", jobs or {})
    fields.check()
    found = find_companies(backend.data, values, jobs=jobs and _later(backend, jobs), keywords=keywords, order=order)
    page = window.allowed(backend.options).of(found)

    def show(one: Found) -> str:
        body = company_result(backend.data, one.company, one.jobs, one.with_keywords(expanded, backend.data))
        return json_text(blurred_company(body) if preview else body)

    return paging.answer(
        paging.give(page) if preview else paging.sell(backend, page, COMPANY_PRICE),
        show,
        total=len(found) if count else None,
        company_of=lambda one: one.company.index,
    )


def _order(backend: Backend, fields: read.Fields, reader: Reader[list[Sort]], usual: list[Sort]) -> list[Sort]:
    """Return the order that is asked for, or the usual one. Notes a problem where no order shall be asked for."""
    asked = fields.defaulted("order_by", reader, usual)
    if backend.options.sorting == "refuse" and fields.has("order_by"):
        fields.refuse("order_by", "Sorting is not supported any more")
    return asked if backend.options.sorting == "obey" else usual


def _refuse_many(backend: Backend, fields: read.Fields, within: str, values: Mapping[str, Any]) -> None:
    """Note a problem for each filter that leaves out more ids than are taken."""
    most = backend.options.max_excluded
    for name in EXCLUDING:
        if most is not None and len(values.get(name, ())) > most:
            fields.refuse(f"{within}{name}", f"List should have at most {most} items")


def _later(backend: Backend, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return filters for jobs with the next possible instant as the lower bound, where the bound itself is left out."""
    bound = values.get("discovered_at_gte")
    if bound is None or backend.options.gte == "inclusive":
        return values
    return {**values, "discovered_at_gte": math.nextafter(bound, math.inf)}


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
