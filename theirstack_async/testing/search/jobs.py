"""Finding jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from theirstack_async.testing.search.company_filters import IDENTIFIERS, SHARED_FILTERS
from theirstack_async.testing.search.dataset import DataSet
from theirstack_async.testing.search.filters import make_tests, passing
from theirstack_async.testing.search.job_filters import JOB_FILTERS
from theirstack_async.testing.search.ordering import Key, Sort, ordered
from theirstack_async.testing.search.records import JobRow

NEWEST: Final = [Sort("date_posted"), Sort("discovered_at")]
"""The documented order unless asked for another."""

JOB_KEYS: Final[dict[str, Key[JobRow]]] = {
    "date_posted": lambda job: job.posted,
    "discovered_at": lambda job: job.discovered,
    "salary": lambda job: job.salary and sum(job.salary),
    "job_title": lambda job: job.title,
    "company": lambda job: job.company.name,
    "num_jobs": lambda job: len(job.company.jobs),
}
"""The fields that ``order_by`` of job search may name."""


def find_jobs(data: DataSet, values: Mapping[str, Any], order: Sequence[Sort]) -> list[JobRow]:
    """Return the jobs that pass all filters, in an order; equal ones by id, the highest first."""
    rows = sorted(data.jobs.values(), key=lambda job: job.id, reverse=True)
    if at := make_tests(values, SHARED_FILTERS, data, joined=IDENTIFIERS):
        employers = {company.index for company in passing(data.companies, at)}
        rows = [job for job in rows if job.company.index in employers]
    return ordered(passing(rows, make_tests(values, JOB_FILTERS, data)), order, JOB_KEYS)
