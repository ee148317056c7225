"""Companies: searched, counted, looked at for free, and asked for the technologies and topics in their jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from theirstack_async._check import check_text
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.dialect import Operation
from theirstack_async.config import check_count
from theirstack_async.errors import ArgumentError, InsufficientCreditsError
from theirstack_async.pagination._rows import text_key, told_by
from theirstack_async.resources._incremental import IncrementalCompanies
from theirstack_async.resources._resource import good_rows
from theirstack_async.resources._search import Paging

if TYPE_CHECKING:
    from theirstack_async._checkpoint import Checkpoint
    from theirstack_async._values import All
    from theirstack_async.config import RequestOptions
    from theirstack_async.filters import CompanyFilterKwargs, CompanyFilters, KeywordFilterKwargs
    from theirstack_async.models import Company, CompanyCount, CompanyKeyword, CompanyKeywords, CompanyPreview, Estimate
    from theirstack_async.pagination import Paginator, RejectsMode


class Companies(IncrementalCompanies):
    """Companies. A row of a search costs 3 credits, and so does a company that is looked up; the rest is free."""

    _noun = "company"

    def search(
        self,
        query: CompanyFilters | None = None,
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
        **filters: Unpack[CompanyFilterKwargs],
    ) -> Paginator[Company]:
        """Return the companies that match, read as they are iterated. Each row costs 3 credits, again each time.

        All arguments but the filters are those of :meth:`Jobs.search`. No filter is required: without any, every
        company there is matches. A row has at most five of its jobs (``company.jobs_found``).

        Raises:
            ArgumentError: an argument or a filter was refused; nothing was sent, and nothing spent.
        """
        from theirstack_async.models import Company

        paging = Paging(
            page_size=page_size, max_items=max_items, max_pages=max_pages, resume=resume, rejects=rejects,
            partial=partial, total=total,
        )  # fmt: skip
        body = _body(query, filters, extra_filters)
        return self._page_through(api.COMPANIES_SEARCH, Company, _company_key, body, paging, options)

    async def count(
        self,
        query: CompanyFilters | None = None,
        /,
        *,
        pay: bool = False,
        extra_filters: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        **filters: Unpack[CompanyFilterKwargs],
    ) -> CompanyCount:
        """Return how many companies match. Free, as :meth:`Jobs.count`.

        With a filter that names companies, which needs ``pay=True``, it costs one row, 3 credits.

        Raises:
            ArgumentError: a filter was refused, or names companies, and ``pay`` is not set.
            BudgetExceededError: with ``pay``, the budget has no room for a row.
            DecodeError: what came was billed although it was asked for free. It is accounted for, and in ``body``.
        """
        from theirstack_async.models import CompanyCount, CompanyPreview
        from theirstack_async.models._answered import with_meta

        body = _body(query, filters, extra_filters)
        total, _, meta = await self._count(api.COMPANIES_SEARCH, CompanyPreview, body, options, pay=pay)
        return with_meta(CompanyCount(total_results=total), meta)

    async def estimate(
        self,
        query: CompanyFilters | None = None,
        /,
        *,
        max_items: int | All | None = None,
        extra_filters: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        **filters: Unpack[CompanyFilterKwargs],
    ) -> Estimate:
        """Return how many rows :meth:`search` would bring with these arguments, and what they would cost. Free.

        As :meth:`Jobs.estimate`, which also says what it raises.
        """
        from theirstack_async.models import CompanyPreview

        body = _body(query, filters, extra_filters)
        return await self._estimate(api.COMPANIES_SEARCH, CompanyPreview, body, max_items, options)

    def preview(
        self,
        query: CompanyFilters | None = None,
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
        **filters: Unpack[CompanyFilterKwargs],
    ) -> Paginator[CompanyPreview]:
        """Return the companies that match with what identifies them blurred. Free.

        As :meth:`search` otherwise, but for ``max_items``, which nothing requires here. A filter that names companies
        needs ``pay=True``, and then each row costs 3 credits: see :meth:`Jobs.preview`, which also says what it raises.
        """
        from theirstack_async.models import CompanyPreview

        paging = Paging(
            page_size=page_size, max_items=max_items, max_pages=max_pages, resume=resume, rejects=rejects,
            partial=partial, total=total,
        )  # fmt: skip
        body = _body(query, filters, extra_filters)
        return self._page_through(
            api.COMPANIES_SEARCH, CompanyPreview, _company_key, body, paging, options, blur=True, pay=pay
        )

    async def technologies(
        self,
        *,
        domain: str | None = None,
        name: str | None = None,
        linkedin_url: str | None = None,
        company_id: str | None = None,
        limit: int | None = None,
        extra_filters: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        **filters: Unpack[KeywordFilterKwargs],
    ) -> CompanyKeywords:
        """Return the technologies that a company's jobs name, with how often and since when.

        One request, whatever the number of rows; it costs 3 credits, or nothing when there are none
        (https://theirstack.com/en/docs/pricing/credits.md).

        Args:
            domain: whose; exactly one of ``domain``, ``name``, ``linkedin_url`` and ``company_id`` is required.
            name: the company's name.
            linkedin_url: its page at LinkedIn.
            company_id: its id; the vendor calls it unstable.
            limit: how many rows at the most, from 1; None for all. The price is the same.
            extra_filters: sent as they are, on top of the filters.
            options: how this call is made, where it differs from the client.
            **filters: see :class:`KeywordFilters`.

        Raises:
            ArgumentError: an argument was refused; nothing was sent, and nothing spent.
            DecodeError: rows do not decode; ``items_so_far`` has the good ones, ``body`` all that was paid for.
            InsufficientCreditsError: the account has no credits left for it, whatever the status of the answer was.
            OutcomeUnknownError: nobody knows whether it was billed.
        """
        company = {"domain": domain, "name": name, "linkedin_url": linkedin_url, "id": company_id}
        return await self._look_up(api.COMPANIES_TECHNOLOGIES, company, limit, filters, extra_filters, options)

    async def buying_intents(
        self,
        *,
        domain: str | None = None,
        name: str | None = None,
        linkedin_url: str | None = None,
        company_id: str | None = None,
        limit: int | None = None,
        extra_filters: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        **filters: Unpack[KeywordFilterKwargs],
    ) -> CompanyKeywords:
        """Return the buying-intent topics that a company's jobs name: as :meth:`technologies`, at the same price.

        The API calls the topic of a row ``technology`` here too.
        """
        company = {"domain": domain, "name": name, "linkedin_url": linkedin_url, "id": company_id}
        return await self._look_up(api.COMPANIES_BUYING_INTENTS, company, limit, filters, extra_filters, options)

    async def _look_up(
        self,
        operation: Operation,
        company: Mapping[str, str | None],
        limit: int | None,
        given: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
        options: RequestOptions | None,
    ) -> CompanyKeywords:
        from theirstack_async.filters import KeywordFilters, build
        from theirstack_async.models import CompanyKeyword, CompanyKeywords, SearchMetadata
        from theirstack_async.models._answered import with_meta

        named = {name: check_text(name, value) for name, value in company.items() if value is not None}
        if len(named) != 1:
            raise ArgumentError(
                "domain: name exactly one company, by domain=, name=, linkedin_url= or company_id=", field="domain"
            )
        body = build(KeywordFilters, None, given, extra)
        body |= {f"company_{name}": value for name, value in named.items()}
        if limit is not None:
            body["limit"] = check_count("limit", limit)
        reply = await self._pipeline.call(operation, json=body, options=options)
        page = self._converter.decode_page(reply.body, CompanyKeyword)
        label = f"{operation.method} {operation.path}"
        rows = good_rows(page, label, reply.body)
        told = told_by(reply, page)
        if told.out_of_credits or told.withheld:
            raise _held_back(label, reply.meta.status, told.withheld, rows)
        return with_meta(CompanyKeywords(data=tuple(rows), metadata=page.metadata or SearchMetadata()), reply.meta)


def _held_back(label: str, status: int, withheld: int, rows: list[CompanyKeyword]) -> InsufficientCreditsError:
    """Return the error for an answer that credits did not suffice for: it must not pass for a company without any."""
    error = InsufficientCreditsError(
        f"{label}: the account has no credits left for this; {withheld or 'some'} rows were held back, and those that "
        "came are in .items_so_far",
        status=status,
    )
    error.items_so_far = rows
    return error


def _company_key(company: Company | CompanyPreview) -> int:
    return text_key(company.id)


def _body(query: CompanyFilters | None, given: Mapping[str, Any], extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the body of a search."""
    from theirstack_async.filters import CompanyFilters, build

    return build(CompanyFilters, query, given, extra)
