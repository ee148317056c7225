"""The pages of a listing: what is handed out of one, and what is known of one while it is being handed out."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from operator import length_hint
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

import attrs

from theirstack_async._checkpoint import Checkpoint
from theirstack_async._engine.pipeline import Reply
from theirstack_async._values import UNSET
from theirstack_async._walk import Ask, EndReason, OffsetWalk, Walk
from theirstack_async._wire.message import ResponseMeta
from theirstack_async.errors import DecodeError, PaginationError
from theirstack_async.pagination._rows import is_reject, rejects_of

if TYPE_CHECKING:
    from theirstack_async._convert import Rows
    from theirstack_async.models import SearchMetadata

T = TypeVar("T")
RejectsMode = Literal["raise", "collect"]
"""What becomes of rows that do not decode: raised after the good rows of their page, or collected."""
LOUD: Final = {
    EndReason.PLAN_LIMIT: "the account's plan gives no more rows of this search",
    EndReason.TRUNCATED_BY_CREDITS: "the account has no credits left for the rows that remain",
    EndReason.REPEATED_PAGE: "the API gives the same page at every offset",
    EndReason.UNREADABLE_PAGE: "a page could not be read (the DecodeError before this one has it), and to ask for it "
    "again could cost the same credits again",
}
"""The reasons that are raised, unless ``partial=True``."""


@attrs.frozen
class Page(Generic[T]):
    """One page of a listing, without the rows that were handed out before."""

    items: list[T]
    """The rows, in order."""
    offset: int
    """The place of the page in the list."""
    meta: ResponseMeta
    """Status, request id, attempts, seconds, rate windows."""
    rejects: tuple[DecodeError, ...]
    """The rows that did not decode, each with its bytes; empty unless ``rejects="collect"``."""
    repeated: int
    """How many of the page's rows had been handed out before, and were dropped. On a billed list they cost credits."""
    metadata: SearchMetadata | None = None
    """What a search told beside its rows: the total if it was asked for, and what was held back for want of credits."""
    credits: int = 0
    """Credits that the page cost: its rows, the repeated and the rejected ones included, at the price of one."""


@attrs.frozen
class RawPage:
    """One page as it came over the wire."""

    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")
    """Decompressed, not decoded; it includes the rows that are there again."""
    offset: int
    """The place of the page in the list."""
    meta: ResponseMeta
    """Status, request id, attempts, seconds, rate windows."""
    repeated: int
    """How many of the page's rows had been handed out before."""
    credits: int = 0
    """Credits that the page cost."""


@attrs.frozen
class Listing(Generic[T]):
    """What a paginator has to know of a list."""

    label: str
    """What errors call it, such as ``GET /v0/webhooks/7/events``."""
    fetch: Callable[[Ask], Awaitable[Reply]]
    """From a place in the list to the page's bytes."""
    decode: Callable[[bytes], Rows[Any]]
    """From the bytes to the rows, in order."""
    key: Callable[[Any], int]
    """From a decoded row to its id."""
    digest: str
    """Of the path and the filters; see :func:`digest`."""
    item: Callable[[Any], T] | None = None
    """From a decoded row to what is handed out; None for the row itself."""
    walk: Callable[..., Walk] = OffsetWalk
    """Makes the way through it, from a page size, an ``origin`` and the ids that are ``known``."""
    credits_per_row: int = 0
    """What a row costs; 0 for a free list."""


@attrs.define
class Arrived(Generic[T]):
    """A page that has arrived, and how much of it has been handed out."""

    offset: int
    meta: ResponseMeta
    body: bytes
    keys: list[int]
    """The ids of all its rows."""
    front: int
    """The place from which its rows move the listing on; a checkpoint never goes back behind it."""
    items: list[T]
    places: list[int]
    """Where each of the items stands on the page."""
    rejects: deque[tuple[int, DecodeError]]
    """The rows that did not decode and are still to be told of, each with its place."""
    repeated: int
    metadata: SearchMetadata | None = None
    credits: int = 0
    barren: bool = False
    """Whether it cost credits, holds nothing new, and nobody was told of it yet."""
    rest: Iterator[T] = attrs.field(init=False)
    """Gives the items that were not handed out. How far it is, is how far the page is: a count beside it would cost
    each row more than all else here."""

    def __attrs_post_init__(self) -> None:
        self.rest = iter(self.items)

    @property
    def next(self) -> int:
        """The first of the items that was not handed out."""
        return len(self.items) - length_hint(self.rest)

    @property
    def spent(self) -> bool:
        """Whether nothing is left to hand out or to tell of."""
        return self.next >= len(self.items) and not self.rejects

    def release(self) -> None:
        """Let go of the rows and the bytes of a spent page; where it stood is still known."""
        self.items.clear()
        self.body = b""

    def reached(self, *, wait_for_rejects: bool) -> int:
        """Return the place up to which a listing that is taken up again need not look at this page."""
        if self.spent:
            return len(self.keys)
        reached = self.places[self.next - 1] + 1 if self.next else 0
        waiting = [place for place, _ in self.rejects if place >= self.front] if wait_for_rejects else []
        return min([reached, *waiting])


def arrived(
    listing: Listing[T], offset: int, reply: Reply, rows: Rows[Any], keys: list[int], places: list[int], front: int
) -> Arrived[T]:
    """Return a page as it arrived, of which the rows at some places are to be handed out."""
    repeated = len(keys) - len(places)
    rejects = rejects_of(rows, places if rows.rejected else (), listing.label, reply.body)
    if rows.rejected:
        places = [place for place in places if not is_reject(rows.rows[place])]
    items: list[Any] = list(map(rows.rows.__getitem__, places))
    if listing.item is not None:
        items = [listing.item(row) for row in items]
    page = Arrived(offset, reply.meta, reply.body, keys, front, items, places, rejects, repeated)
    page.metadata, page.credits = rows.metadata, len(keys) * listing.credits_per_row
    page.barren = bool(page.credits) and page.spent
    return page


def stopped(label: str, reason: str, what: str, point: Checkpoint, missing: int | None) -> PaginationError:
    """Return the error for a list that ended, or could not go on, before its last row."""
    how_many = f" ({missing:,} rows are left)" if missing else ""
    return PaginationError(
        f"{label}: the listing stopped at offset {point.offset}: {what}{how_many}; "
        "what was handed out is good, and resume=error.checkpoint goes on from there",
        reason=reason,
        checkpoint=point,
        not_fetched=missing,
    )


def digest(path: str, filters: Mapping[str, object]) -> str:
    """Return a short digest of a query, by which a checkpoint knows the query that it belongs to."""
    given = {name: str(value) for name, value in filters.items() if value is not None and value is not UNSET}
    return hashlib.sha256(json.dumps([path, given], sort_keys=True).encode()).hexdigest()[:32]
