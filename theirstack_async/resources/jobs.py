"""Job postings: searched, counted, and looked at for free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Unpack

from theirstack_async._engine import theirstack as api
from theirstack_async.config import check_count
from theirstack_async.resources._incremental import IncrementalJobs
from theirstack_async.resources._search import PAGE_LIMIT, Paging, row_limit

if TYPE_CHECKING:
    from theirstack_async._checkpoint import Checkpoint
    from theirstack_async._values import All
    from theirstack_async.budget import CreditBudget
    from theirstack_async.config import RequestOptions
    from theirstack_async.filters import JobFilterKwargs, JobFilters
    from theirstack_async.models import Estimate, Job, JobCount, JobPreview
    from theirstack_async.pagination import Paginator, RejectsMode
    from theirstack_async.resources._by_company import JobsByCompany
    from theirstack_async.resources._reveal import Revealed


class Jobs(IncrementalJobs):
    """Job postings. A row of a search costs 1 credit; counting and previews are free."""

    _noun = "job"

    def search(
        self,
        query: JobFilters | None = None,
        /,
        *,
        page_size: int = 25,
        max_items: int | All | None = None,
        max_pages: int | None = None,
        resume: Checkpoint | None = None,
        extra_filters: Mapping[str, Any] | None = None,
        partial: bool = False,
        rejects: RejectsMode = "raise",
        total: bool = False,
        options: RequestOptions | None = None,
        **filters: Unpack[JobFilterKwargs],
    ) -> Paginator[Job]:
        """Return the jobs that match, read as they are iterated. Nothing is sent before the first row is asked for.

        Each row that the API returns costs 1 credit, again each time (https://theirstack.com/en/docs/pricing/credits.md).
        No page overlaps another, so on data that stands still each row is paid for once. While new jobs come in, rows
        move, and some may come again, which are dropped, counted in ``page.repeated`` and paid for, or be missed: pin
        the search with ``discovered_at_lte``.

        A request of unknown outcome is not sent again, since it may have been billed: it raises
        :class:`OutcomeUnknownError` with the ``credits_at_risk``.

        Args:
            query: what is asked, as an object; ``filters`` given as well come on top of it.
            page_size: rows a request, from 1 to 500. The free plan is known to give 25 (a third party's reading of the
                plan table), which is noticed: no row is lost by asking for more.
            max_items: how many rows to hand out at the most. The last page asks for no more than is needed. One of
                ``max_items``, ``max_pages`` and a budget (of the client or in ``options``) is required, because each
                row costs; :data:`ALL` means every row.
            max_pages: how many pages to read at the most.
            resume: a checkpoint of the same search, to go on from. The rest of a page that had arrived is asked for,
                and paid for, again: ``paginator.unread`` has it before that.
            extra_filters: sent as they are, on top of the filters: for what this release does not know.
            partial: end quietly, instead of raising, where the plan or the credits end before the rows do.
            rejects: a row that does not decode is raised after the good ones of its page (``"raise"``), or collected in
                ``page.rejects`` and ``paginator.rejects`` (``"collect"``). Either way its bytes are there.
            total: ask on the first page how many rows there are in all (``paginator.total``); it slows that page down.
            options: how the calls are made, instead of the client's way.
            **filters: see :class:`JobFilters`. The API requires at least one of ``posted_at_max_age_days``,
                ``posted_at_gte``, ``posted_at_lte``, ``company_domain_or``, ``company_linkedin_url_or`` and
                ``company_name_or``.

        Raises:
            ArgumentError: an argument or a filter was refused; nothing was sent, and nothing spent.
        """
        from theirstack_async.models import Job

        paging = Paging(
            page_size=page_size, max_items=max_items, max_pages=max_pages, resume=resume, rejects=rejects,
            partial=partial, total=total,
        )  # fmt: skip
        body = _body(query, filters, extra_filters)
        return self._page_through(api.JOBS_SEARCH, Job, _job_id, body, paging, options)

    async def count(
        self,
        query: JobFilters | None = None,
        /,
        *,
        pay: bool = False,
        extra_filters: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        **filters: Unpack[JobFilterKwargs],
    ) -> JobCount:
        """Return how many jobs match, and at how many companies. Free.

        Args:
            query: what is asked, as an object; ``filters`` given as well come on top of it.
            pay: with a filter that names companies the API does not count for free, but bills one row, 1 credit; True
                allows that. Without such a filter it changes nothing.
            extra_filters: sent as they are, on top of the filters.
            options: how this call is made, where it differs from the client.
            **filters: see :class:`JobFilters`.

        Raises:
            ArgumentError: a filter was refused, or names companies, and ``pay`` is not set.
            BudgetExceededError: with ``pay``, the budget has no room for a row.
            DecodeError: what came was billed although it was asked for free. It is accounted for, and in ``body``.
        """
        from theirstack_async.models import JobCount, JobPreview
        from theirstack_async.models._answered import with_meta

        body = _body(query, filters, extra_filters)
        total, found, meta = await self._count(api.JOBS_SEARCH, JobPreview, body, options, pay=pay)
        return with_meta(JobCount(total_results=total, total_companies=found.total_companies), meta)

    async def estimate(
        self,
        query: JobFilters | None = None,
        /,
        *,
        max_items: int | All | None = None,
        extra_filters: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        **filters: Unpack[JobFilterKwargs],
    ) -> Estimate:
        """Return how many rows :meth:`search` would bring with these arguments, and what they would cost. Free.

        It counts at the present moment, see ``exact`` of :class:`Estimate`.

        Raises:
            ArgumentError: an argument was refused, or a filter names companies: the API does not count for free then.
            DecodeError: what came was billed although it was asked for free. It is accounted for, and in ``body``.
        """
        from theirstack_async.models import JobPreview

        body = _body(query, filters, extra_filters)
        return await self._estimate(api.JOBS_SEARCH, JobPreview, body, max_items, options)

    def preview(
        self,
        query: JobFilters | None = None,
        /,
        *,
        page_size: int = 25,
        max_items: int | All | None = None,
        max_pages: int | None = None,
        resume: Checkpoint | None = None,
        pay: bool = False,
        extra_filters: Mapping[str, Any] | None = None,
        partial: bool = False,
        rejects: RejectsMode = "raise",
        total: bool = False,
        options: RequestOptions | None = None,
        **filters: Unpack[JobFilterKwargs],
    ) -> Paginator[JobPreview]:
        """Return the jobs that match with what identifies the company blurred. Free.

        As :meth:`search` otherwise, but for ``max_items``, which nothing requires here.

        With a filter that names companies the API does not blur, and bills each row like a search
        (https://theirstack.com/en/docs/api-reference/features/preview-data-mode). ``pay=True`` allows that, at 1 credit
        a row, which then are the full ones; like :meth:`search` it requires a bound. Without such a filter it changes
        nothing.

        Raises:
            ArgumentError: an argument or a filter was refused, or names companies, and ``pay`` is not set.
            DecodeError: while it is read, a page came that was billed although it was asked for free. It is accounted
                for, in ``body``, and the last: no other page is asked for.
        """
        from theirstack_async.models import JobPreview

        paging = Paging(
            page_size=page_size, max_items=max_items, max_pages=max_pages, resume=resume, rejects=rejects,
            partial=partial, total=total,
        )  # fmt: skip
        body = _body(query, filters, extra_filters)
        return self._page_through(api.JOBS_SEARCH, JobPreview, _job_id, body, paging, options, blur=True, pay=pay)

    async def reveal(
        self,
        ids: Iterable[int | Job | JobPreview],
        *,
        budget: CreditBudget | None = None,
        page_size: int = 25,
        options: RequestOptions | None = None,
    ) -> Revealed:
        """Buy chosen jobs, say of a free :meth:`preview`. Each costs 1 credit, and one that does not come back nothing.

        Credits, a plan or a budget that end midway end it quietly: ``not_asked`` has the ids that are left, and ``end``
        says why. The API requires a filter by date or company of each job search
        (https://theirstack.com/en/docs/api-reference/jobs/search_jobs_v1.md); jobs posted since the year 2000 are asked
        for.

        Args:
            ids: of jobs, or rows that have one; one that is there twice is bought once. Without any, nothing is sent.
            budget: pays for it, instead of that of ``options`` or of the client.
            page_size: ids a request, from 1 to 500. The free plan is known to give 25 rows a page, and 5 pages of a
                search: with more than 125 ids a request it may end early there.
            options: how the calls are made, instead of the client's way.

        Raises:
            ArgumentError: an argument was refused; nothing was sent, and nothing spent.
            InsufficientCreditsError: there are no credits at all; nothing was spent.
            OutcomeUnknownError: nobody knows whether the last request was billed.
            DecodeError: rows do not decode (``body`` has those), or were not asked for.
            TheirStackError: what else went wrong. All that was bought is in ``items_so_far`` of the error, whichever it
                is: leave those ids out when you go on.
        """
        from theirstack_async.resources._buying import paid_from
        from theirstack_async.resources._reveal import ids_of, reveal

        check_count("page_size", page_size, at_most=PAGE_LIMIT)
        wanted, options = ids_of(ids), paid_from(options, budget)

        def search(chunk: Sequence[int]) -> Paginator[Job]:
            body = {"posted_at_gte": api.LONG_AGO, "job_id_or": [*chunk]}
            return self._buy(body, len(chunk), len(chunk), options)

        return await reveal(wanted, page_size, search)

    async def by_company(
        self,
        domains: Iterable[str],
        query: JobFilters | None = None,
        /,
        *,
        batch_size: int = 25,
        page_size: int = 25,
        max_items: int | All | None = None,
        budget: CreditBudget | None = None,
        extra_filters: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        **filters: Unpack[JobFilterKwargs],
    ) -> JobsByCompany:
        """Return the jobs of many companies, by domain. Each row costs 1 credit; a company without jobs costs nothing.

        The domains are asked for in batches, one after the other, and every one has an entry in the answer, those
        without jobs too. A job is found under the domain of its company (``company_domain``, or what
        ``company_object`` says), else under one of its ``possible_domains``; a row of neither is in ``unmatched``.
        One batch is one search, which has no limit for each company: a plan that cuts searches short (5 pages of 25
        rows on the free one, by a third party's reading of the plan table) leaves the domains of that batch in
        ``incomplete``, and the next batch goes on. To ask again in smaller batches would buy the same rows again, so
        it is not done: choose a small ``batch_size``, or narrow the filters, where companies have many jobs.

        Args:
            domains: in any case, with or without ``www.``, as addresses or e-mail addresses; two forms of one domain
                are asked for once, and both have an entry. Without any, nothing is sent.
            query: what is asked of their jobs, as an object; ``filters`` given as well come on top of it.
            batch_size: domains a request, from 1.
            page_size: rows a request, from 1 to 500.
            max_items: how many rows to buy at the most, all companies together. One of ``max_items`` and a budget
                (here, in ``options`` or of the client) is required, because each row costs; :data:`ALL` means every
                row.
            budget: pays for it, instead of that of ``options`` or of the client.
            extra_filters: sent as they are, on top of the filters.
            options: how the calls are made, instead of the client's way.
            **filters: see :class:`JobFilters`; none that names companies, since the API would add their jobs.

        Raises:
            ArgumentError: an argument or a filter was refused; nothing was sent, and nothing spent.
            InsufficientCreditsError: there are no credits at all; nothing was spent.
            OutcomeUnknownError: nobody knows whether the last request was billed.
            DecodeError: rows do not decode; ``body`` has those.
            TheirStackError: what else went wrong. All that was bought is in ``items_so_far`` of the error, whichever it
                is.
        """
        from theirstack_async.filters import JobFilters, build
        from theirstack_async.resources._buying import paid_from
        from theirstack_async.resources._by_company import Asked, by_company, check_unnamed

        check_count("batch_size", batch_size)
        check_count("page_size", page_size, at_most=PAGE_LIMIT)
        body, options = build(JobFilters, query, filters, extra_filters), paid_from(options, budget)
        check_unnamed(body)
        asked = Asked(domains)
        self._check_bounded(api.JOBS_SEARCH, _paging(page_size, max_items), options, "max_items=100")

        def search(batch: Sequence[str], room: int | None) -> Paginator[Job]:
            named = {**body, "company_domain_or": [*batch]}
            return self._buy(named, page_size, max_items if room is None else room, options)

        return await by_company(asked, batch_size, row_limit(max_items), search)

    def _buy(
        self, body: Mapping[str, Any], page_size: int, max_items: int | All | None, options: RequestOptions | None
    ) -> Paginator[Job]:
        """Return one search of several, which ends quietly and collects what does not decode."""
        from theirstack_async.models import Job

        return self._page_through(api.JOBS_SEARCH, Job, _job_id, body, _paging(page_size, max_items), options)


_job_id: Final = attrgetter("id")


def _body(query: JobFilters | None, given: Mapping[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the body of a search."""
    from theirstack_async.filters import JobFilters, build, check_required

    body = build(JobFilters, query, given, extra)
    check_required(body)
    return body


def _paging(page_size: int, max_items: int | All | None) -> Paging:
    """Return how one search of several is read."""
    return Paging(
        page_size=page_size, max_items=max_items, max_pages=None, resume=None, rejects="collect", partial=True,
        total=False,
    )  # fmt: skip
