"""What searches of jobs and of companies share: paging through them, counting, and looking at blurred rows for free."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

import attrs

from theirstack_async._checkpoint import Checkpoint
from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.pipeline import Reply
from theirstack_async._straight import StraightWalk
from theirstack_async._values import ALL, All
from theirstack_async._walk import Ask
from theirstack_async._wire.message import Kind
from theirstack_async.config import RequestOptions, check_count
from theirstack_async.errors import ArgumentError, DecodeError, Problem
from theirstack_async.models import SearchMetadata
from theirstack_async.pagination import Listing, Paginator, RejectsMode, digest
from theirstack_async.resources._resource import Resource

T = TypeVar("T")
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
    ) -> Paginator[T]:
        """Return the rows of a search; with ``blur`` for free, else at the price of the operation."""
        if blur:
            self._refuse_identifiers(operation, body)
        price = 0 if blur else operation.credits_per_row
        check_count("page_size", paging.page_size, at_most=PAGE_LIMIT)
        if paging.max_pages is not None:
            check_count("max_pages", paging.max_pages)
        if price:
            _check_bounded(operation, paging)
        switches = {"blur_company_data": True} if blur else {}

        async def fetch(ask: Ask) -> Reply:
            asked = {**body, **switches, "offset": ask.offset, "limit": ask.limit}
            if ask.total:
                asked["include_total_results"] = True
            kind: Kind | None = "read" if blur else None
            return await self._pipeline.call(operation, json=asked, options=options, kind=kind, rows=ask.limit)

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
            max_items=None if isinstance(paging.max_items, All) else paging.max_items,
            resume=paging.resume,
            rejects=paging.rejects,
            partial=paging.partial,
        )

    async def _count(
        self, operation: Operation, row: type[Any], body: Mapping[str, Any], options: RequestOptions | None
    ) -> SearchMetadata:
        """Return what the API tells of all rows of a search, for free.

        One blurred row with the total is the way that the vendor documents
        (https://theirstack.com/en/docs/api-reference/features/free-count).
        """
        self._refuse_identifiers(operation, body)
        asked = {**body, "blur_company_data": True, "include_total_results": True, "limit": 1}
        reply = await self._pipeline.call(operation, json=asked, options=options, kind="read")
        page = self._converter.decode_page(reply.body, row)
        if page.metadata is None or page.metadata.total_results is None:
            problems = page.metadata_problems or (Problem("metadata.total_results", "asked for, and missing"),)
            message = f"{operation.method} {operation.path}: {problems[0]}; the whole answer is in .body"
            raise DecodeError(message, problems=problems, body=reply.body)
        return page.metadata

    def _refuse_identifiers(self, operation: Operation, body: Mapping[str, Any]) -> None:
        """Refuse to count or preview what the API would bill.

        With a filter that names companies the API drops ``blur_company_data`` without a word, and bills the rows
        (https://theirstack.com/en/docs/api-reference/features/preview-data-mode, and measured by users).

        Raises:
            ArgumentError: such a filter is set.
        """
        from theirstack_async.filters import identifiers

        if found := identifiers(body):
            raise ArgumentError(
                f"{found[0]}: with a filter that names companies the API does not blur, and bills {_price(operation)} "
                f"a {self._noun} like a search; leave out {', '.join(found)}, or use search(max_items=...)",
                field=found[0],
            )


def _check_bounded(operation: Operation, paging: Paging) -> None:
    if paging.max_items is None and paging.max_pages is None:
        raise ArgumentError(
            f"max_items: each row costs {_price(operation)}; say how many you want "
            f"(max_items=100, or max_pages=4), or max_items={ALL!r} for every one that there is",
            field="max_items",
        )


def _price(operation: Operation) -> str:
    return f"{operation.credits_per_row} credit{'s' if operation.credits_per_row > 1 else ''}"
