"""Finding jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from theirstack_async.testing.search.company_filters import IDENTIFIERS, SHARED_FILTERS
from theirstack_async.testing.search.dataset import DataSet
from theirstack_async.testing.search.filters import first, make_tests, passing
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


OLDEST: Final = [Sort("discovered_at", desc=False)]
"""The order in which the data set keeps its jobs, so that the first ones are found without a look at the others."""


def find_jobs(data: DataSet, values: Mapping[str, Any], order: Sequence[Sort], stop: int | None = None) -> list[JobRow]:
    """Return the jobs that pass all filters, or the first ``stop`` of them, in an order; equal ones by id, the highest
    first.
    """
    others = dict(values)
    near = data.discovered(others.pop("discovered_at_gte", None), others.pop("discovered_at_lte", None))
    tests = make_tests(others, JOB_FILTERS, data)
    if at := make_tests(others, SHARED_FILTERS, data, joined=IDENTIFIERS):
        employers = {company.index for company in passing(data.companies, at)}
        tests.insert(0, lambda job: job.company.index in employers)
    if order == OLDEST:
        return first(near, tests, stop)
    rows = sorted(passing(near, tests), key=lambda job: job.id, reverse=True)
    return ordered(rows, order, JOB_KEYS)[:stop]
