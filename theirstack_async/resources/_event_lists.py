"""The lists of a webhook's events: whole rows, rows whose payloads are decoded late, or ids."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from theirstack_async._check import check_enum, check_id
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.pipeline import Reply
from theirstack_async._walk import Ask
from theirstack_async._wire.encode import fill_path
from theirstack_async.config import RequestOptions, check_count
from theirstack_async.errors import ArgumentError
from theirstack_async.models import WebhookEventStatus
from theirstack_async.pagination import Listing, Paginator, digest
from theirstack_async.resources._resource import Resource

if TYPE_CHECKING:
    from theirstack_async._convert import Rows

T = TypeVar("T")
PAGE_LIMIT: Final = 500
"""Events a page at the most (the API's schema; 25 is its default)."""
id_of: Final[Callable[[Any], int]] = attrgetter("id")


class EventLists(Resource):
    """A noun of the API that has lists of events."""

    def _list(
        self,
        webhook_id: int,
        row: type[Any],
        item: Callable[[Any], T] | None,
        status: WebhookEventStatus | str | None,
        page_size: int,
        options: RequestOptions | None,
        *,
        payload: object = "full",
        **paging: Any,
    ) -> Paginator[Any]:
        parts = {"webhook_id": check_id("webhook_id", webhook_id)}
        check_count("page_size", page_size, at_most=PAGE_LIMIT)
        filters = {"status": None if status is None else check_enum("status", status, WebhookEventStatus)}

        async def fetch(ask: Ask) -> Reply:
            query = {**filters, "offset": ask.offset, "limit": ask.limit}
            return await self._pipeline.call(api.EVENTS_LIST, parts=parts, query=query, options=options)

        path = fill_path(api.EVENTS_LIST.path, parts)
        listing: Listing[Any] = Listing(
            label=f"GET {path}",
            fetch=fetch,
            decode=self._decoder(row, payload),
            key=id_of,
            digest=digest(path, filters),
            item=item,
        )
        return Paginator(listing, page_size=page_size, **paging)

    def _decoder(self, row: type[Any], payload: object) -> Callable[[bytes], Rows[Any]]:
        if payload not in ("full", "lazy"):
            raise ArgumentError(f'payload: expected "full" or "lazy", got {payload!r}', field="payload")
        # The unknown fields of a payload are looked for as it is decoded, so to be lazy there would gain nothing.
        if payload == "full" or self._pipeline.config.keep_unknown_fields:
            return partial(self._converter.decode_rows, row_type=row)
        from theirstack_async._convert.lazy import read_lazily

        return partial(read_lazily, converter=self._converter)
