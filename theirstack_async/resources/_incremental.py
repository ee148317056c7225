"""Incremental extraction: ``client.jobs.incremental(...)`` and its like."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Unpack

from theirstack_async._engine import theirstack as api
from theirstack_async._engine.dialect import Operation
from theirstack_async.config import check_count, check_seconds
from theirstack_async.errors import ArgumentError
from theirstack_async.pagination._arguments import check_bounds
from theirstack_async.resources._search import PAGE_LIMIT, Paging, Searches, row_limit

if TYPE_CHECKING:
    from theirstack_async._values import All
    from theirstack_async.budget import CreditBudget
    from theirstack_async.config import RequestOptions
    from theirstack_async.filters import CompanyFilterKwargs, CompanyFilters, JobFilterKwargs, JobFilters
    from theirstack_async.incremental import IncrementalRun, IncrementalState
    from theirstack_async.incremental._profiles import Search
    from theirstack_async.models import Company, Job
    from theirstack_async.pagination import RejectsMode

OVERLAP: Final = timedelta(minutes=10)
"""How far a run looks back for rows that turned up late. How late they may is not documented."""


_LONGEST: Final = timedelta(days=366)


class IncrementalSearches(Searches):
    """Searches that can be read incrementally."""

    def _extraction(
        self,
        operation: Operation,
        row: type[Any],
        filters: Mapping[str, Any],
        paging: Paging,
        landing: str | os.PathLike[str] | None,
        options: RequestOptions | None,
    ) -> Search:
        """Return what a run has to know of a search.

        Raises:
            ArgumentError: an argument was refused.
        """
        from theirstack_async.filters import identifiers
        from theirstack_async.incremental._landing import Landing
        from theirstack_async.incremental._profiles import Search
        from theirstack_async.incremental._search import Bounds

        limit = row_limit(paging.max_items)
        check_bounds(0, limit, paging.rejects)
        check_count("page_size", paging.page_size, at_most=PAGE_LIMIT)
        if paging.max_pages is not None:
            check_count("max_pages", paging.max_pages)
        self._check_bounded(operation, paging, options)

        async def count(body: Mapping[str, Any]) -> int:
            total, _, _ = await self._count(operation, row, body, options)
            return total

        return Search(
            pipeline=self._pipeline,
            converter=self._converter,
            filters=filters,
            options=options,
            page_size=paging.page_size,
            bounds=Bounds(max_items=limit, max_pages=paging.max_pages, collect=paging.rejects == "collect"),
            landing=None if landing is None else Landing(landing),
            count=count,
            countable=not identifiers(filters),
        )


class IncrementalJobs(IncrementalSearches):
    """Jobs that are read incrementally."""

    def incremental(
        self,
        query: JobFilters | None = None,
        /,
        *,
        state: IncrementalState,
        budget: CreditBudget | None = None,
        landing: str | os.PathLike[str] | None = None,
        since: datetime | date | None = None,
        overlap: timedelta = OVERLAP,
        page_size: int = 100,
        max_items: int | All | None = None,
        max_pages: int | None = None,
        extra_filters: Mapping[str, Any] | None = None,
        rejects: RejectsMode = "raise",
        wait: float = 0.0,
        options: RequestOptions | None = None,
        **filters: Unpack[JobFilterKwargs],
    ) -> IncrementalRun[Job]:
        """Return a run over the jobs that no earlier run has acknowledged, the earliest found first.

        Each row costs 1 credit, once: what is acknowledged is never asked for again. Nothing is sent before the first
        batch is asked for. Jobs are read by the instant at which they were discovered, never by offset, so neither new
        nor deleted jobs disturb it, and no limit of pages a search does. Where the API does not obey the order (it
        calls ``order_by`` deprecated), windows of time that are counted for free take its place.

        A filter by date that the API requires is added where there is none (posted since the year 2000).

        Args:
            query: what is asked, as an object; ``filters`` given as well come on top of it. Another question is another
                profile, with a mark of its own: give the same filters in every run.
            state: where it is kept how far the profile is, such as ``SQLiteState("state.db")``.
            budget: pays for it, instead of that of ``options`` or of the client.
            landing: a folder on this machine in which each page that was bought is kept until it is acknowledged; the
                next run takes it from there. It needs the extra ``zstd``. Without it, a crash between the answer and
                the acknowledgement has the page bought again.
            since: where the first run begins: an aware datetime, or a date in UTC. Without it, at the first job that
                there is. Jobs found before it are never read.
            overlap: how far to look back behind the mark for jobs that turn up late. What is known of that time is
                left out by its ids, so it costs nothing; beyond 10,000 ids the overlap gets shorter.
            page_size: jobs a request, from 1 to 500, and the most that a batch has. Where a plan refuses it, 25.
            max_items: how many jobs to buy at the most. One of ``max_items``, ``max_pages`` and a budget is required,
                because each row costs; :data:`ALL` means every row.
            max_pages: how many pages to buy at the most.
            extra_filters: sent as they are, on top of the filters.
            rejects: a row that does not decode is raised after the good ones of its page, and the mark stays before it
                (``"raise"``), or collected in ``batch.rejects`` (``"collect"``).
            wait: seconds to wait for another run of the same profile to end; 0 refuses at once.
            options: how the calls are made, instead of the client's way.
            **filters: see :class:`JobFilters`; without ``order_by``.

        Raises:
            ArgumentError: an argument or a filter was refused; nothing was sent, and nothing spent.
            ConfigurationError: an extra that is needed is not installed.
        """
        from theirstack_async.filters import JobFilters, build
        from theirstack_async.incremental import IncrementalRun
        from theirstack_async.incremental._profiles import job_profile
        from theirstack_async.models import JobPreview
        from theirstack_async.resources._buying import paid_from

        check_state(state)
        check_seconds("wait", wait)
        body, options = build(JobFilters, query, filters, extra_filters), paid_from(options, budget)
        paging = _paging(page_size, max_items, max_pages, rejects)
        search = self._extraction(api.JOBS_SEARCH, JobPreview, body, paging, landing, options)
        profile = job_profile(search, since=_instant(since), overlap=_seconds(overlap))
        return IncrementalRun(profile, state, landing=search.landing, wait=wait)


class IncrementalCompanies(IncrementalSearches):
    """Companies that are read incrementally."""

    def incremental(
        self,
        query: CompanyFilters | None = None,
        /,
        *,
        state: IncrementalState,
        budget: CreditBudget | None = None,
        landing: str | os.PathLike[str] | None = None,
        page_size: int = 100,
        max_items: int | All | None = None,
        max_pages: int | None = None,
        extra_filters: Mapping[str, Any] | None = None,
        rejects: RejectsMode = "raise",
        wait: float = 0.0,
        options: RequestOptions | None = None,
        **filters: Unpack[CompanyFilterKwargs],
    ) -> IncrementalRun[Company]:
        """Return a run over the companies that no earlier run has acknowledged. Each costs 3 credits, once.

        A row of a company has no instant to go by, so the state remembers the id of each, and these are left out of
        the search (``company_id_not``). The vendor calls the ids temporary: should a company get another one, it comes,
        and costs, again. A profile holds up to 50,000 companies.

        Args:
            query: what is asked, as an object; ``filters`` given as well come on top of it. Give the same filters in
                every run.
            state: where it is kept which companies are known.
            budget: pays for it, instead of that of ``options`` or of the client.
            landing: a folder on this machine in which each page that was bought is kept until it is acknowledged.
            page_size: companies a request, from 1 to 500. Where a plan refuses it, 25.
            max_items: how many companies to buy at the most. One of ``max_items``, ``max_pages`` and a budget is
                required; :data:`ALL` means every one.
            max_pages: how many pages to buy at the most.
            extra_filters: sent as they are, on top of the filters.
            rejects: what becomes of rows that do not decode: raised (``"raise"``), or collected (``"collect"``).
            wait: seconds to wait for another run of the same profile to end; 0 refuses at once.
            options: how the calls are made, instead of the client's way.
            **filters: see :class:`CompanyFilters`.

        Raises:
            ArgumentError: an argument or a filter was refused; nothing was sent, and nothing spent.
            ConfigurationError: an extra that is needed is not installed.
        """
        from theirstack_async.filters import CompanyFilters, build
        from theirstack_async.incremental import IncrementalRun
        from theirstack_async.incremental._profiles import company_profile
        from theirstack_async.models import CompanyPreview
        from theirstack_async.resources._buying import paid_from

        check_state(state)
        check_seconds("wait", wait)
        body, options = build(CompanyFilters, query, filters, extra_filters), paid_from(options, budget)
        paging = _paging(page_size, max_items, max_pages, rejects)
        search = self._extraction(api.COMPANIES_SEARCH, CompanyPreview, body, paging, landing, options)
        return IncrementalRun(company_profile(search), state, landing=search.landing, wait=wait)


def check_state(state: object) -> None:
    """Refuse an address in the place of a state.

    Raises:
        ArgumentError: naming ``state``.
    """
    if not hasattr(state, "acquire"):
        raise ArgumentError(
            f'state: expected a state, such as SQLiteState("state.db"), got {state!r}; open_state(...) makes one of an '
            "address",
            field="state",
        )


def _paging(page_size: int, max_items: int | All | None, max_pages: int | None, rejects: RejectsMode) -> Paging:
    return Paging(
        page_size=page_size, max_items=max_items, max_pages=max_pages, resume=None, rejects=rejects, partial=True,
        total=False,
    )  # fmt: skip


def _instant(since: object) -> float | None:
    """Return an instant in Unix seconds.

    Raises:
        ArgumentError: it has no time zone, or is none.
    """
    if since is None:
        return None
    if isinstance(since, datetime):
        if since.tzinfo is None:
            raise ArgumentError("since: a datetime needs a time zone, such as datetime.UTC", field="since")
        return since.timestamp()
    if isinstance(since, date):
        return datetime.combine(since, time(), UTC).timestamp()
    raise ArgumentError(f"since: expected an aware datetime or a date, got {since!r}", field="since")


def _seconds(overlap: object) -> float:
    if not isinstance(overlap, timedelta) or not timedelta(0) <= overlap <= _LONGEST:
        raise ArgumentError(
            f"overlap: expected a timedelta from 0 to {_LONGEST.days} days, got {overlap!r}", field="overlap"
        )
    return overlap.total_seconds()
