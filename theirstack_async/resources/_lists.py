"""Free lists that are read page by page: by offset, or by the number of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.pipeline import Reply
from theirstack_async._straight import StraightWalk
from theirstack_async._walk import Ask
from theirstack_async._wire.encode import fill_path
from theirstack_async.config import RequestOptions, check_count
from theirstack_async.pagination import Listing, Paginator, digest
from theirstack_async.pagination._rows import text_key
from theirstack_async.resources._resource import Resource

T = TypeVar("T")
Query = Mapping[str, object]


class Lists(Resource):
    """A noun of the API that has free lists."""

    def _by_offset(
        self,
        operation: Operation,
        row: type[T],
        key: Callable[[T], int],
        filters: Query,
        options: RequestOptions | None,
        *,
        parts: Mapping[str, object] = {},
        page_size: int,
        page_limit: int | None = None,
        **paging: Any,
    ) -> Paginator[T]:
        """Return a list of bare arrays, of which no row is missed while it moves."""
        check_count("page_size", page_size, at_most=page_limit)

        async def fetch(ask: Ask) -> Reply:
            query = {**filters, "offset": ask.offset, "limit": ask.limit}
            return await self._pipeline.call(operation, parts=parts, query=query, options=options)

        path = fill_path(operation.path, parts)
        listing: Listing[T] = Listing(
            label=f"{operation.method} {path}",
            fetch=fetch,
            decode=partial(self._converter.decode_rows, row_type=row),
            key=key,
            digest=digest(path, filters),
        )
        return Paginator(listing, page_size=page_size, **paging)

    def _by_number(
        self,
        operation: Operation,
        row: type[T],
        key: Callable[[T], int],
        filters: Query,
        options: RequestOptions | None,
        *,
        page_size: int,
        data_required: bool = True,
        **paging: Any,
    ) -> Paginator[T]:
        """Return a list whose pages have numbers, from 0, instead of offsets, and come with metadata."""
        check_count("page_size", page_size)

        async def fetch(ask: Ask) -> Reply:
            query = {**filters, "page": ask.offset // ask.limit, "limit": ask.limit}
            return await self._pipeline.call(operation, query=query, options=options)

        listing: Listing[T] = Listing(
            label=f"{operation.method} {operation.path}",
            fetch=fetch,
            decode=partial(self._converter.decode_page, row_type=row, data_required=data_required),
            key=key,
            digest=digest(operation.path, filters),
            walk=_page_by_page,
        )
        return Paginator(listing, page_size=page_size, **paging)


def key_by(field: str) -> Callable[[Any], int]:
    """Return what tells rows by a field that is a text or an int. Rows without it are told by all that they hold."""

    def key(row: Any) -> int:
        value = getattr(row, field)
        return value if isinstance(value, int) else text_key(repr(row) if value is None else value)

    return key


def _page_by_page(page_size: int, *, origin: int, known: Sequence[int]) -> StraightWalk:
    """Return the way through numbered pages, from the beginning of the page that the origin lies in."""
    return StraightWalk(page_size, origin=origin - origin % page_size, known=known, whole_pages=True)
