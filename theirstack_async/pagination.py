"""Paginators: lists that are read page by page, as one loop over their rows. They know no address."""

from __future__ import annotations

import enum
import hashlib
import json
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import anyio
import attrs

from theirstack_async._checkpoint import MEMORY, VERSION, Checkpoint
from theirstack_async._engine.pipeline import Reply
from theirstack_async._ids import IdSet
from theirstack_async._prefetch import Lookahead, Prefetch
from theirstack_async._values import UNSET
from theirstack_async._walk import Ask, OffsetWalk, Taken
from theirstack_async._wire.message import ResponseMeta
from theirstack_async.config import check_count
from theirstack_async.errors import ArgumentError, DecodeError, PaginationError

if TYPE_CHECKING:
    from theirstack_async._convert import Reject, Rows

T = TypeVar("T")
RejectsMode = Literal["raise", "collect"]
"""What becomes of rows that do not decode: raised after the good rows of their page, or collected."""


class EndReason(enum.StrEnum):
    """Why a listing ended."""

    EXHAUSTED = "exhausted"
    """Every row was handed out."""
    MAX_ITEMS = "max_items"
    """As many rows as the caller wanted were handed out."""
    REPEATED_PAGE = "repeated_page"
    """The API gave the same page again and again."""


@attrs.frozen
class Page(Generic[T]):
    """One page of a listing, without the rows that were handed out before."""

    items: list[T]
    offset: int
    """The place of the page in the list."""
    meta: ResponseMeta
    """Status, request id, attempts, seconds, rate windows."""
    rejects: tuple[DecodeError, ...]
    """The rows that did not decode, each with its bytes; empty unless ``rejects="collect"``."""
    repeated: int
    """How many of the page's rows had been handed out before, and were dropped."""


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


@attrs.frozen
class Listing(Generic[T]):
    """What a paginator has to know of a list."""

    label: str
    """What errors call it, such as ``GET /v0/webhooks/7/events``."""
    fetch: Callable[[int, int], Awaitable[Reply]]
    """From offset and limit to the page's bytes."""
    decode: Callable[[bytes], Rows[Any]]
    """From the bytes to the rows, in order."""
    key: Callable[[Any], int]
    """From a decoded row to its id."""
    digest: str
    """Of the path and the filters; see :func:`digest`."""
    item: Callable[[Any], T] | None = None
    """From a decoded row to what is handed out; None for the row itself."""


@attrs.define
class _Arrived(Generic[T]):
    """A page that has arrived, and how much of it has been handed out."""

    offset: int
    meta: ResponseMeta
    items: list[T]
    places: list[int]
    keys: list[int]
    rejects: deque[DecodeError]
    repeated: int
    body: bytes
    late: int
    """How many of the rows turned up behind the front, where a checkpoint must not go back to."""
    next: int = 0

    @property
    def spent(self) -> bool:
        return self.next >= len(self.items) and not self.rejects


def digest(path: str, filters: Mapping[str, object]) -> str:
    """Return a short digest of a query, by which a checkpoint knows the query that it belongs to."""
    given = {name: str(value) for name, value in filters.items() if value is not None and value is not UNSET}
    return hashlib.sha256(json.dumps([path, given], sort_keys=True).encode()).hexdigest()[:32]


class Paginator(Generic[T]):
    """A list of the API, read as it is iterated. It remembers where it is: iterating again goes on, it does not restart.

    ``async for row in paginator`` gives the rows. After a ``break``, an exception or a row that did not decode,
    another loop over the same paginator goes on with the next row that was not handed out.
    """

    def __init__(
        self,
        listing: Listing[T],
        *,
        page_size: int,
        offset: int = 0,
        max_items: int | None = None,
        resume: Checkpoint | None = None,
        rejects: RejectsMode = "raise",
        settle: bool = False,
        partial: bool = False,
    ) -> None:
        check_count("offset", offset, at_least=0)
        if max_items is not None:
            check_count("max_items", max_items, at_least=0)
        if rejects not in ("raise", "collect"):
            raise ArgumentError(f'rejects: expected "raise" or "collect", got {rejects!r}', field="rejects")
        if resume is not None:
            _check_resume(resume, listing.digest, offset)
        if settle and (offset or resume is not None):
            raise ArgumentError("settle: reads the list from its start again, so it takes no offset= or resume=", field="settle")
        self._listing = listing
        self._page_size = page_size
        self._left = max_items
        self._collect_rejects = rejects == "collect"
        self._settle = settle
        self._partial = partial
        origin = resume.offset if resume else offset
        known = resume.ids if resume else ()
        self._walk = OffsetWalk(page_size, origin=origin, known=known)
        self._delivered = IdSet() if settle else None
        self._pass_was_new = False
        self._passes = 1
        self._tail: deque[int] = deque(known, maxlen=MEMORY)
        self._position = origin
        self._page: _Arrived[T] | None = None
        self._lock = anyio.Lock()
        self._lookahead = Lookahead(self._fetch, lambda ask, count: self._walk.ahead(ask, count))
        self._rejected: list[DecodeError] = []
        self.end: EndReason | None = None
        """Why the listing ended; None while it has not."""

    @property
    def unread(self) -> tuple[T, ...]:
        """The rows that have arrived and were not handed out yet."""
        return tuple(self._page.items[self._page.next :]) if self._page else ()

    @property
    def rejects(self) -> tuple[DecodeError, ...]:
        """With ``rejects="collect"``: all rows so far that did not decode, each with its bytes."""
        return tuple(self._rejected)

    def checkpoint(self) -> Checkpoint:
        """Return where the listing stands. It covers every row handed out, so take it after they are stored."""
        tail, position = list(self._tail), self._position
        page = self._page
        if page is not None and page.next > page.late:
            tail += page.keys[page.late : page.next]
            position = page.offset + page.places[page.next - 1] + 1
        return Checkpoint(VERSION, self._listing.digest, position, tuple(tail[-MEMORY:]))

    def __aiter__(self) -> AsyncGenerator[T, None]:
        return self._items()

    async def _items(self) -> AsyncGenerator[T, None]:
        while (page := await self._arrive()) is not None:
            for item in self._hand_out(page):
                yield item
            self._raise_reject(page)

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """Iterate over the pages instead of the rows; a page that was begun gives the rest of its rows.

        Raises:
            DecodeError: after the page that held it, a row that did not decode (with ``rejects="raise"``).
            PaginationError: going on would risk to lose rows.
        """
        while (page := await self._arrive()) is not None:
            rejects = tuple(page.rejects) if self._collect_rejects else ()
            if self._collect_rejects:
                page.rejects.clear()
            yield Page(list(self._hand_out(page)), page.offset, page.meta, rejects, page.repeated)
            self._raise_reject(page)

    async def raw_pages(self) -> AsyncGenerator[RawPage, None]:
        """Iterate over the pages as bytes. Rows are read for their ids only, to know that none was missed."""
        while (page := await self._arrive()) is not None:
            for _ in self._hand_out(page):
                continue
            page.rejects.clear()
            yield RawPage(page.body, page.offset, page.meta, page.repeated)

    def prefetch(self, pages: int) -> Prefetch[T]:
        """Read ahead: ``async with paginator.prefetch(8) as rows: async for row in rows: ...``.

        Up to ``pages`` pages are under way at once; the rows come in order. Leaving the block cancels what is under
        way. The paginator itself is where the rows stopped.
        """
        check_count("pages", pages)
        return Prefetch(self._items, self._lookahead, pages)

    async def collect(self, max_items: int | None = None) -> list[T]:
        """Return the rows that are left as a list, at most ``max_items`` of them.

        An exception that ends it carries ``items_so_far`` and ``checkpoint``, so nothing that was read is lost.
        """
        if max_items is not None:
            check_count("max_items", max_items, at_least=0)
        items: list[T] = []
        if max_items == 0:
            return items
        try:
            async with aclosing(self._items()) as rows:
                async for item in rows:
                    items.append(item)
                    if len(items) == max_items:
                        break
        except BaseException as error:
            for name, value in (("items_so_far", items), ("checkpoint", self.checkpoint())):
                setattr(error, name, value)
            raise
        return items

    async def first(self) -> T | None:
        """Return the next row, or None at the end. When none has arrived yet, it asks the API for one row only."""
        page = await self._arrive(wanted=1)
        if page is None:
            return None
        for item in self._hand_out(page):
            return item
        self._raise_reject(page)
        return await self.first()

    def _hand_out(self, page: _Arrived[T]) -> Iterator[T]:
        """Yield the rows of a page that are left, counting each as handed out before it goes."""
        items = page.items
        while page.next < len(items) and self._left != 0:
            if self._left is not None:
                self._left -= 1
            page.next += 1
            yield items[page.next - 1]

    def _raise_reject(self, page: _Arrived[T]) -> None:
        if self._left != 0 and page.rejects:
            if not self._collect_rejects:
                raise page.rejects.popleft()
            page.rejects.clear()

    async def _arrive(self, wanted: int | None = None) -> _Arrived[T] | None:
        """Return the page that has rows left, fetching as needed; None at the end."""
        async with self._lock:
            while self.end is None:
                if self._left == 0:
                    self.end = EndReason.MAX_ITEMS
                elif self._page is not None and not self._page.spent:
                    return self._page
                elif (ask := self._walk.next(self._left if wanted is None else wanted)) is not None:
                    await self._load(ask)
                elif not self._start_again():
                    self.end = EndReason.EXHAUSTED
            return None

    async def _load(self, ask: Ask) -> None:
        reply = await self._lookahead.get(ask)
        rows = self._listing.decode(reply.body)
        keys = self._keys(rows)
        taken = self._walk.take(ask, keys)
        if taken.verdict == "repeated_page":
            self.end = EndReason.REPEATED_PAGE
            if not self._partial:
                raise self._error("repeated_page", "the API gives the same page at every offset")
        elif taken.verdict == "moving_list":
            raise self._error("moving_list", "the list moves faster than it can be read, or was replaced")
        elif taken.verdict == "taken":
            self._turn_to(self._arrived(ask, reply, rows, keys, taken))

    async def _fetch(self, ask: Ask) -> Reply:
        return await self._listing.fetch(ask.offset, ask.limit)

    def _keys(self, rows: Rows[Any]) -> list[int]:
        key = self._listing.key
        if not rows.rejected:
            return [key(row) for row in rows.rows]
        return [_reject_key(row) if _is_reject(row) else key(row) for row in rows.rows]

    def _arrived(self, ask: Ask, reply: Reply, rows: Rows[Any], keys: list[int], taken: Taken) -> _Arrived[T]:
        places = list(taken.new)
        if self._delivered is not None:
            places = [place for place in places if self._delivered.add(keys[place])]
            self._pass_was_new = self._pass_was_new or bool(places)
        rejects: deque[DecodeError] = deque()
        repeated = len(keys) - len(places)
        if rows.rejected:
            rejects.extend(rows.rows[place].to_error(self._listing.label) for place in places if _is_reject(rows.rows[place]))
            places = [place for place in places if not _is_reject(rows.rows[place])]
        kept: list[Any] = [rows.rows[place] for place in places]
        items: list[T] = kept if self._listing.item is None else [self._listing.item(row) for row in kept]
        late = sum(place < taken.last_seen for place in places) if self._passes == 1 else len(places)
        return _Arrived(
            ask.offset, reply.meta, items, places, [keys[p] for p in places], rejects, repeated, reply.body, late
        )

    def _turn_to(self, page: _Arrived[T]) -> None:
        """Put a page in the place of the spent one, whose end becomes where the listing stands."""
        point = self.checkpoint()
        self._tail.extend(point.ids)
        self._position = point.offset
        self._page = page
        if self._collect_rejects:
            self._rejected.extend(page.rejects)

    def _start_again(self) -> bool:
        """With ``settle``: begin another pass, unless the last one brought nothing new. Returns whether it did."""
        if not self._settle or not self._pass_was_new:
            return False
        self._pass_was_new = False
        self._passes += 1
        self._walk = OffsetWalk(self._page_size)
        return True

    def _error(self, reason: str, what: str) -> PaginationError:
        return PaginationError(
            f"the listing stopped at offset {self.checkpoint().offset}: {what}; "
            "what was handed out is good, and resume=error.checkpoint goes on from there",
            reason=reason,
            checkpoint=self.checkpoint(),
        )


def _is_reject(row: object) -> bool:
    from theirstack_async._convert import Reject

    return isinstance(row, Reject)


def _reject_key(row: Reject) -> int:
    """Return the row's id, or else a negative number made of its bytes: the same row has the same key again."""
    if row.id is not None:
        return row.id
    return -1 - int.from_bytes(hashlib.blake2b(row.body, digest_size=7).digest())


def _check_resume(resume: Checkpoint, expected: str, offset: int) -> None:
    if not isinstance(resume, Checkpoint):
        raise ArgumentError(f"resume: expected a Checkpoint, got {type(resume).__name__}", field="resume")
    if resume.version != VERSION:
        raise ArgumentError(f"resume: a checkpoint of version {resume.version}, not {VERSION}", field="resume")
    if resume.digest != expected:
        raise ArgumentError("resume: this checkpoint belongs to another list, or to other filters", field="resume")
    if offset:
        raise ArgumentError("offset: leave it out with resume=, the checkpoint holds it", field="offset")


