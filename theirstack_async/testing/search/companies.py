"""Finding companies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from theirstack_async.testing.search.bodies import jobs_last_30_days
from theirstack_async.testing.search.company_filters import COMPANY_FILTERS, IDENTIFIERS
from theirstack_async.testing.search.dataset import DataSet
from theirstack_async.testing.search.filters import Test, make_tests, passing
from theirstack_async.testing.search.job_filters import NESTED_JOB_FILTERS
from theirstack_async.testing.search.jobs import JOB_KEYS, NEWEST
from theirstack_async.testing.search.keyword_filters import KEYWORD_FILTERS
from theirstack_async.testing.search.keywords import CONFIDENCES, KeywordCount
from theirstack_async.testing.search.ordering import Key, Sort, ordered
from theirstack_async.testing.search.records import CompanyRow, JobRow


@dataclass(frozen=True, slots=True)
class Found:
    """A company, with what it was found for."""

    company: CompanyRow
    jobs: list[JobRow] | None
    """The jobs that pass ``job_filters``, newest first; None without such filters."""
    keywords: list[KeywordCount]
    """Those that pass ``tech_filters``; none without such filters."""

    def with_keywords(self, slugs: Collection[str], data: DataSet) -> list[KeywordCount]:
        """Return the keywords found, and of the company's technologies those with some slugs as well."""
        known = {count.keyword.slug for count in self.keywords}
        more = [one for one in data.keywords(self.company) if one.is_technology and one.keyword.slug in slugs]
        return self.keywords + [one for one in more if one.keyword.slug not in known]


def _confidence(one: Found) -> int | None:
    return max((CONFIDENCES.index(count.confidence) for count in one.keywords), default=None)


def _first_found(one: Found) -> int | None:
    return min((count.first_found for count in one.keywords), default=None)


def _keyword_jobs(one: Found) -> int | None:
    return max((count.jobs for count in one.keywords), default=None)


_KEYS: Final[dict[str, Key[Found]]] = {
    "name": lambda one: one.company.name,
    "num_jobs": lambda one: len(one.company.jobs),
    "num_jobs_found": lambda one: None if one.jobs is None else len(one.jobs),
    "employee_count": lambda one: one.company.employees,
    "alexa_ranking": lambda one: one.company.alexa,
    "founded_year": lambda one: one.company.founded,
    "annual_revenue_usd": lambda one: one.company.revenue,
    "total_funding_usd": lambda one: one.company.funding,
    "last_funding_round_date": lambda one: one.company.last_funding,
    "confidence": _confidence,
    "jobs": _keyword_jobs,
    "first_date_found": _first_found,
}
COMPANY_SORTS: Final = (*_KEYS, "num_jobs_last_30_days", "relevance")
"""The fields that ``order_by`` of company search may name."""
RELEVANCE: Final = [Sort("relevance")]
"""The documented order unless asked for another. How relevance is found is undocumented: here it is what the order
was before, by confidence, jobs found, jobs and employees."""
_RELEVANT: Final = ("confidence", "num_jobs_found", "num_jobs", "employee_count")


def find_companies(
    data: DataSet,
    values: Mapping[str, Any],
    *,
    jobs: Mapping[str, Any] | None,
    keywords: Mapping[str, Any] | None,
    order: Sequence[Sort],
) -> list[Found]:
    """Return the companies that pass all filters, in an order; equal ones as they stand in the data set.

    With filters for jobs or keywords, a company needs at least one of them that passes.
    """
    job_tests = None if jobs is None else make_tests(jobs, NESTED_JOB_FILTERS, data)
    keyword_tests = None if keywords is None else make_tests(keywords, KEYWORD_FILTERS, data)
    rows = [
        found
        for company in passing(data.companies, make_tests(values, COMPANY_FILTERS, data, joined=IDENTIFIERS))
        if (found := _found(data, company, job_tests, keyword_tests))
    ]
    recent: Key[Found] = lambda one: jobs_last_30_days(data, one.company)  # noqa: E731  # one of a table of them
    return ordered(rows, _plain(order), _KEYS | {"num_jobs_last_30_days": recent})


def _plain(order: Sequence[Sort]) -> list[Sort]:
    return [
        Sort(field, sort.desc)
        for sort in order
        for field in (_RELEVANT if sort.field == "relevance" else (sort.field,))
    ]


def _found(
    data: DataSet,
    company: CompanyRow,
    job_tests: list[Test[JobRow]] | None,
    keyword_tests: list[Test[KeywordCount]] | None,
) -> Found | None:
    jobs = None if job_tests is None else passing(company.jobs.values(), job_tests)
    keywords = [] if keyword_tests is None else passing(data.keywords(company), keyword_tests)
    if jobs == [] or (keyword_tests is not None and not keywords):
        return None
    return Found(company, jobs and ordered(reversed(jobs), NEWEST, JOB_KEYS), keywords)
