"""The lists of BitGo's notifications, read to their end although rows come and go."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from theirstack_async._engine.pipeline import Pipeline, Reply
from theirstack_async._wire.encode import fill_path
from theirstack_async.replay._bitgo_api import LIST, Notification, read_page, write_instant

if TYPE_CHECKING:
    from theirstack_async._walk import Ask
    from theirstack_async.pagination import Paginator

_PAGE: Final = 1000
"""Rows of a page at the most (https://developers.bitgo.com/reference/getwebhooknotifications)."""


def rows(
    pipeline: Pipeline,
    webhook: str,
    start: datetime,
    end: datetime,
    filters: Mapping[str, str],
    *,
    settle: bool = False,
) -> Paginator[Notification]:
    """Return the rows of a webhook from one time to another, each of them once.

    A page begins with the last row of the one before. With ``settle`` the list is read again from its start until a
    pass brings nothing new, for its order is not documented.
    """
    # Imported late: they bring numbers of rows in bitmaps, which nobody needs who only asks what BitGo can do.
    from theirstack_async._convert import Rows
    from theirstack_async.pagination import Listing, Paginator, digest
    from theirstack_async.pagination._rows import text_key

    parts = {"webhook_id": webhook}
    query = {"start": write_instant(start), "end": write_instant(end), **filters}
    label = f"GET {fill_path(LIST.path, parts)}"

    async def fetch(ask: Ask) -> Reply:
        where = {"limit": ask.limit, "offset": ask.offset}
        return await pipeline.call(LIST, parts=parts, query={**query, **where})

    def decode(body: bytes) -> Rows[Any]:
        return Rows([*read_page(body, label)], 0)

    listing: Listing[Notification] = Listing(
        label, fetch, decode, key=lambda row: text_key(row.id), digest=digest(label, query)
    )
    return Paginator(listing, page_size=_PAGE, settle=settle)


async def rows_of_status(
    pipeline: Pipeline, webhook: str, start: datetime, end: datetime, word: str
) -> AsyncGenerator[Notification, None]:
    """Yield the rows of a status. Which case the filter takes is not documented: no rows may mean the other one."""
    found = False
    for spelling in (word, word.lower()):
        async for row in rows(pipeline, webhook, start, end, {"status": spelling}, settle=True):
            found = True
            if row.status == word:
                yield row
        if found:
            return
