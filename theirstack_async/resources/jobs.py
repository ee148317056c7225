"""Job postings: searched, counted, and looked at for free."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Unpack

from theirstack_async._engine import theirstack as api
from theirstack_async.resources._search import Paging, Searches

if TYPE_CHECKING:
    from theirstack_async._checkpoint import Checkpoint
    from theirstack_async._values import All
    from theirstack_async.config import RequestOptions
    from theirstack_async.filters import JobFilterKwargs, JobFilters
    from theirstack_async.models import Job, JobCount, JobPreview
    from theirstack_async.pagination import Paginator, RejectsMode


class Jobs(Searches):
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
                ``max_items`` and ``max_pages`` is required, because each row costs; :data:`ALL` means every row.
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
        extra_filters: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        **filters: Unpack[JobFilterKwargs],
    ) -> JobCount:
        """Return how many jobs match, and at how many companies. Free.

        Raises:
            ArgumentError: a filter was refused, or names companies: with such a filter the API would bill.
        """
        from theirstack_async.models import JobCount, JobPreview

        body = _body(query, filters, extra_filters)
        found = await self._count(api.JOBS_SEARCH, JobPreview, body, options)
        return JobCount(total_results=found.total_results or 0, total_companies=found.total_companies)

    def preview(
        self,
        query: JobFilters | None = None,
        /,
        *,
        page_size: int = 25,
        max_items: int | None = None,
        max_pages: int | None = None,
        resume: Checkpoint | None = None,
        extra_filters: Mapping[str, Any] | None = None,
        partial: bool = False,
        rejects: RejectsMode = "raise",
        total: bool = False,
        options: RequestOptions | None = None,
        **filters: Unpack[JobFilterKwargs],
    ) -> Paginator[JobPreview]:
        """Return the jobs that match with what identifies the company blurred. Free.

        As :meth:`search` otherwise, but for ``max_items``, which nothing requires here.

        Raises:
            ArgumentError: an argument or a filter was refused, or names companies: with such a filter the API does not
                blur, and bills (https://theirstack.com/en/docs/api-reference/features/preview-data-mode).
        """
        from theirstack_async.models import JobPreview

        paging = Paging(
            page_size=page_size, max_items=max_items, max_pages=max_pages, resume=resume, rejects=rejects,
            partial=partial, total=total,
        )  # fmt: skip
        body = _body(query, filters, extra_filters)
        return self._page_through(api.JOBS_SEARCH, JobPreview, _job_id, body, paging, options, blur=True)


_job_id: Final = attrgetter("id")


def _body(query: JobFilters | None, given: Mapping[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the body of a search."""
    from theirstack_async.filters import JobFilters, build, check_required

    body = build(JobFilters, query, given, extra)
    check_required(body)
    return body
