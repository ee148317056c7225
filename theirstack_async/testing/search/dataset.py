"""The data set: jobs at companies, made when first asked for, and changed by tests while they read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from theirstack_async._clock import Clock
from theirstack_async.testing.search.keywords import KeywordCount, keyword_counts
from theirstack_async.testing.search.making import DAY, day_of, make_company, make_job
from theirstack_async.testing.search.records import CompanyRow, JobRow
from theirstack_async.testing.search.timeline import Timeline

T = TypeVar("T")
FIRST_JOB_ID: Final = 700_000_001
"""Far from the ids of webhook events and of their jobs, so that none is mistaken for another."""
SPAN: Final = 90 * DAY
"""Seconds over which the first jobs were discovered, evenly, the last one when the fake was made."""


class ListMembers:
    """Which companies are on which list. Whoever keeps lists writes here; the company filters read it."""

    def __init__(self) -> None:
        self.company_ids: dict[int, Collection[str]] = {}
        """The ids of the companies of each list, by the list's id."""

    def of(self, list_ids: Iterable[int]) -> set[str]:
        """Return the ids of the companies that are on any of some lists; an unknown list has none."""
        return {company_id for list_id in list_ids for company_id in self.company_ids.get(list_id, ())}


class DataSet:
    """Jobs and companies, the same for the same seed, numbers and start of the clock."""

    def __init__(self, seed: int, jobs: int, companies: int, clock: Clock) -> None:
        self._seed = seed
        self._first_jobs = jobs
        self._company_count = companies
        self._clock = clock
        self._began = clock.now()
        self._companies: list[CompanyRow] = []
        self._company_index: dict[str, CompanyRow] = {}
        self._jobs: dict[int, JobRow] = {}
        self._timeline = Timeline()
        self._next = FIRST_JOB_ID
        self._known: dict[int, dict[object, Any]] = {}
        self._known_on = 0
        self.list_members: ListMembers = ListMembers()

    @property
    def today(self) -> int:
        """The UTC day of the fake's clock, as an ordinal."""
        return day_of(self._clock.now())

    @property
    def companies(self) -> Sequence[CompanyRow]:
        """All companies."""
        self._make()
        return self._companies

    @property
    def jobs(self) -> Mapping[int, JobRow]:
        """All jobs by id, in the order of their ids."""
        self._make()
        return self._jobs

    def discovered(self, first: float | None = None, last: float | None = None) -> Iterator[JobRow]:
        """Return the jobs discovered between two Unix times, both inclusive, the oldest first, as they are asked for.

        Those of one instant come by id, the highest first.
        """
        self._make()
        return self._timeline.between(first, last)

    def company(self, company_id: str) -> CompanyRow | None:
        """Return a company by its id; None for an unknown one."""
        self._make()
        return self._company_index.get(company_id)

    def companies_named(self, names: Collection[str]) -> list[CompanyRow]:
        """Return the companies with these very names."""
        return [company for company in self.companies if company.name in names]

    def known(self, company: CompanyRow, find: Callable[[DataSet, CompanyRow], T]) -> T:
        """Return what a function finds of a company. It is asked anew when the company's jobs or the day change."""
        if self._known_on != self.today:
            self._known.clear()
            self._known_on = self.today
        found = self._known.setdefault(company.index, {})
        if find not in found:
            found[find] = find(self, company)
        known: T = found[find]
        return known

    def keywords(self, company: CompanyRow) -> tuple[KeywordCount, ...]:
        """Return the technologies and topics of a company's jobs, as they count today."""
        return self.known(company, _count)

    def add(self, n: int, discovered: float | Sequence[float] | None = None) -> range:
        """Add ``n`` jobs with the next ids, discovered at a Unix time in seconds, or at one each, or now."""
        self._make()
        now = self._clock.now()
        found = int(now) if discovered is None else discovered
        each = [found] * n if isinstance(found, (int, float)) else found
        ids = range(self._next, self._next + n)
        pairs = zip(ids, each, strict=True)
        self._keep([make_job(self._seed, one, self._companies, at, now=now) for one, at in pairs])
        return ids

    def remove(self, job_ids: Iterable[int]) -> None:
        """Remove jobs. Raises KeyError for an unknown id."""
        self._make()
        for job_id in job_ids:
            job = self._jobs.pop(job_id)
            del job.company.jobs[job_id]
            self._timeline.remove(job)
            self._known.pop(job.company.index, None)

    def repost(self, job_ids: Iterable[int]) -> None:
        """Let jobs be discovered anew, now. Raises KeyError for an unknown id, and then none is."""
        jobs = [self.jobs[job_id] for job_id in job_ids]
        now = int(self._clock.now())
        for job in jobs:
            self._timeline.remove(job)
            job.discovered, job.reposted = now, self.today
            self._timeline.add([job])

    def _make(self) -> None:
        if self._companies:
            return
        self._companies = [make_company(self._seed, index) for index in range(self._company_count)]
        self._company_index = {company.id: company for company in self._companies}
        first = self._began - SPAN
        spread = [int(first + SPAN * number / self._first_jobs) for number in range(1, self._first_jobs + 1)]
        pairs = enumerate(spread, self._next)
        self._keep([make_job(self._seed, one, self._companies, at, now=self._began) for one, at in pairs])

    def _keep(self, jobs: Sequence[JobRow]) -> None:
        for job in jobs:
            self._jobs[job.id] = job.company.jobs[job.id] = job
            self._known.pop(job.company.index, None)
        self._timeline.add(jobs)
        self._next += len(jobs)


def _count(data: DataSet, company: CompanyRow) -> tuple[KeywordCount, ...]:
    return keyword_counts(company.jobs.values(), data.today)
