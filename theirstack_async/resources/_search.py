"""What searches of jobs and of companies share: paging through them, counting, and looking at blurred rows for free."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

import attrs

from theirstack_async._checkpoint import Checkpoint
from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.pipeline import Reply
from theirstack_async._straight import StraightWalk
from theirstack_async._values import ALL, All
from theirstack_async._walk import Ask
from theirstack_async._wire.message import ResponseMeta
from theirstack_async.config import RequestOptions, check_count
from theirstack_async.errors import ArgumentError, DecodeError, Problem
from theirstack_async.models import SearchMetadata
from theirstack_async.pagination import Listing, Paginator, RejectsMode, digest
from theirstack_async.resources._free import FreeOfCharge
from theirstack_async.resources._resource import Resource

if TYPE_CHECKING:
    from theirstack_async.models import Estimate

T = TypeVar("T")
Call = Callable[[Mapping[str, Any], int], Awaitable[Reply]]
"""From the body of a search, and the most rows that it can bring, to the answer."""
_BOUNDS: Final = "max_items=100, or max_pages=4"
PAGE_LIMIT: Final = 500
"""Rows a page at the most (https://theirstack.com/en/docs/fetch-periodically-jobs; the schema states no maximum)."""


@attrs.frozen(kw_only=True)
class Paging:
    """How a search is read."""

    page_size: int
    max_items: int | All | None
    max_pages: int | None
    resume: Checkpoint | None
    rejects: RejectsMode
    partial: bool
    total: bool


class Searches(Resource):
    """Searches over one operation."""

    _noun: ClassVar[str]
    """What a row is."""

    def _page_through(
        self,
        operation: Operation,
        row: type[T],
        key: Callable[[Any], int],
        body: Mapping[str, Any],
        paging: Paging,
        options: RequestOptions | None,
        *,
        blur: bool = False,
        pay: bool = False,
    ) -> Paginator[T]:
        """Return the rows of a search; with ``blur`` for free, else at the price of the operation.

        ``pay`` allows a preview that names companies, which the API bills like a search.
        """
        free = blur and self._is_free(operation, body, pay=pay)
        price = 0 if free else operation.credits_per_row
        check_count("page_size", paging.page_size, at_most=PAGE_LIMIT)
        if paging.max_pages is not None:
            check_count("max_pages", paging.max_pages)
        if price:
            self._check_bounded(operation, paging, options)
        switches = {"blur_company_data": True} if blur else {}
        call = self._caller(operation, options, free=free)

        async def fetch(ask: Ask) -> Reply:
            asked = {**body, **switches, "offset": ask.offset, "limit": ask.limit}
            if ask.total:
                asked["include_total_results"] = True
            return await call(asked, ask.limit)

        listing: Listing[T] = Listing(
            label=f"{operation.method} {operation.path}",
            fetch=fetch,
            decode=partial(self._converter.decode_page, row_type=row),
            key=key,
            digest=digest(operation.path, {**body, **switches}),
            walk=partial(StraightWalk, max_pages=paging.max_pages, totals=paging.total),
            credits_per_row=price,
        )
        return Paginator(
            listing,
            page_size=paging.page_size,
            max_items=row_limit(paging.max_items),
            resume=paging.resume,
            rejects=paging.rejects,
            partial=paging.partial,
        )

    async def _count(
        self,
        operation: Operation,
        row: type[Any],
        body: Mapping[str, Any],
        options: RequestOptions | None,
        *,
        pay: bool = False,
    ) -> tuple[int, SearchMetadata, ResponseMeta]:
        """Return how many rows a search finds, and what else the answer told.

        One blurred row with the total is the way that the vendor documents, and free
        (https://theirstack.com/en/docs/api-reference/features/free-count). With ``pay``, a count that names companies
        is allowed, for which the API bills that one row.
        """
        free = self._is_free(operation, body, pay=pay)
        asked = {**body, "blur_company_data": True, "include_total_results": True, "limit": 1}
        reply = await self._caller(operation, options, free=free)(asked, 1)
        page = self._converter.decode_page(reply.body, row)
        if page.metadata is None or page.metadata.total_results is None:
            problems = page.metadata_problems or (Problem("metadata.total_results", "asked for, and missing"),)
            message = f"{operation.method} {operation.path}: {problems[0]}; the whole answer is in .body"
            raise DecodeError(message, problems=problems, body=reply.body)
        return page.metadata.total_results, page.metadata, reply.meta

    async def _estimate(
        self,
        operation: Operation,
        row: type[Any],
        body: Mapping[str, Any],
        max_items: int | All | None,
        options: RequestOptions | None,
    ) -> Estimate:
        """Return what a search would bring and cost, from a free count."""
        from theirstack_async.models._answered import with_meta
        from theirstack_async.models.estimate import Estimate

        limit = row_limit(max_items)
        total, _, meta = await self._count(operation, row, body, options)
        rows = total if limit is None else min(total, limit)
        exact = rows == limit or self._is_pinned(body)
        price = operation.credits_per_row
        return with_meta(Estimate(rows=rows, credits=rows * price, price=price, exact=exact), meta)

    def _is_pinned(self, body: Mapping[str, Any]) -> bool:
        """Return whether a search finds only what had been discovered by an instant that has passed."""
        until = body.get("discovered_at_lte")
        try:
            return isinstance(until, str) and datetime.fromisoformat(until) <= self._now()
        except (ValueError, TypeError):
            return False  # a text of the caller's own (extra_filters=), without an offset or no instant at all

    def _check_bounded(
        self, operation: Operation, paging: Paging, options: RequestOptions | None, bounds: str = _BOUNDS
    ) -> None:
        if paging.max_items is None and paging.max_pages is None and self._pipeline.budget_for(options) is None:
            raise ArgumentError(
                f"max_items: each row costs {_price(operation)}; say how many you want ({bounds}), or give "
                f"a budget (CreditBudget(100)), or max_items={ALL!r} for every one that there is",
                field="max_items",
            )

    def _caller(self, operation: Operation, options: RequestOptions | None, *, free: bool) -> Call:
        """Return what asks for rows: where they are to be free, it looks whether they were."""
        if free:
            return FreeOfCharge(self._pipeline, operation, options).call

        async def call(body: Mapping[str, Any], rows: int) -> Reply:
            return await self._pipeline.call(operation, json=body, options=options, rows=rows)

        return call

    def _is_free(self, operation: Operation, body: Mapping[str, Any], *, pay: bool) -> bool:
        """Return whether the API counts and previews a search for free.

        With a filter that names companies it drops ``blur_company_data`` without a word, and bills the rows
        (https://theirstack.com/en/docs/api-reference/features/preview-data-mode, and measured by users).

        Raises:
            ArgumentError: such a filter is set, and the caller did not say that it may cost.
        """
        from theirstack_async.filters import identifiers

        found = identifiers(body)
        if found and not pay:
            raise ArgumentError(
                f"{found[0]}: with a filter that names companies the API does not blur, and bills {_price(operation)} "
                f"a {self._noun} like a search; leave out {', '.join(found)}, use search(max_items=...), or say "
                "pay=True to count() or preview() if it may cost that",
                field=found[0],
            )
        return not found


def row_limit(max_items: int | All | None) -> int | None:
    """Return how many rows are wanted at the most, None for any number.

    Raises:
        ArgumentError: it is no whole number from 0.
    """
    return None if max_items is None or isinstance(max_items, All) else check_count("max_items", max_items, at_least=0)


def _price(operation: Operation) -> str:
    return f"{operation.credits_per_row} credit{'s' if operation.credits_per_row > 1 else ''}"
