"""The paginator itself: where a listing stands, and the ways to go on with it."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from operator import length_hint
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
import attrs

from theirstack_async._checkpoint import MEMORY, VERSION, Checkpoint
from theirstack_async._engine.pipeline import Reply
from theirstack_async._ids import IdSet
from theirstack_async._prefetch import Prefetch, make_lookahead
from theirstack_async._tasks import attach
from theirstack_async._walk import Ask, EndReason, Taken
from theirstack_async.config import check_count
from theirstack_async.errors import APIError, BudgetExceededError, DecodeError, PaginationError
from theirstack_async.pagination._arguments import check_bounds, check_start
from theirstack_async.pagination._page import LOUD, Arrived, Listing, Page, RawPage, RejectsMode, arrived, stopped
from theirstack_async.pagination._rows import is_reject, keys_of, rows_of, told_by

if TYPE_CHECKING:
    from theirstack_async._convert import Rows

T = TypeVar("T")


class Paginator(Generic[T]):
    """A list of the API, read as it is iterated. It remembers where it is: iterating again goes on from there.

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
        check_bounds(offset, max_items, rejects)
        check_start(resume, listing.digest, offset, settle=settle)
        self._listing = listing
        self._page_size = page_size
        self._left = max_items
        self._collect_rejects = rejects == "collect"
        self._settle = settle
        self._partial = partial
        origin = resume.offset if resume else offset
        known = resume.ids if resume else ()
        self._walk = listing.walk(page_size, origin=origin, known=known)
        self._delivered = IdSet() if settle else None
        self._pass_was_new = False
        self._passes = 1
        self._tail: deque[int] = deque(known, maxlen=MEMORY)
        self._position = origin
        self._page: Arrived[T] | None = None
        # Fast: a page waits for its request, so the lock need not give the loop a turn on top.
        self._lock = anyio.Lock(fast_acquire=True)
        self._lookahead = make_lookahead(listing.fetch, self._guess, listing.credits_per_row)
        self._credits = 0
        self._refusal: APIError | None = None
        self._rejected: list[DecodeError] = []
        self.end: EndReason | None = None
        """Why the listing ended; None while it has not."""

    @property
    def unread(self) -> tuple[T, ...]:
        """The rows that have arrived and were not handed out yet, those of pages that were read ahead included."""
        here = self._page.items[self._page.next :] if self._page else []
        rows = [row for row in self._ahead() if not is_reject(row)]
        return (*here, *(rows if self._listing.item is None else map(self._listing.item, rows)))

    @property
    def credits(self) -> int:
        """Credits that the pages that have arrived cost: their rows, the repeated ones included, at the price of one. A
        page that could not be read is not among them, for nobody knows how many rows it has.
        """
        return self._credits + self._listing.credits_per_row * len(self._ahead())

    def _ahead(self) -> list[Any]:
        return rows_of([reply.body for reply in self._lookahead.arrived], self._listing.decode)

    @property
    def total(self) -> int | None:
        """How many rows there are in all, as the API told last; None where it did not."""
        return self._walk.total

    @property
    def not_fetched(self) -> int | None:
        """After an end before the last row: how many rows were not fetched, where that is known."""
        return self._walk.not_fetched

    @property
    def rejects(self) -> tuple[DecodeError, ...]:
        """All rows so far that did not decode and were not raised, each with its bytes."""
        page = None if self._collect_rejects else self._page
        return (*self._rejected, *(error for _, error in (page.rejects if page else ())))

    def checkpoint(self) -> Checkpoint:
        """Return where the listing stands. It covers every row handed out, so take it after they are stored.

        While a row that did not decode is still to be raised, it stands before that row: whoever goes on from there
        meets that row and the rest of its page, rather than missing it. It remembers 500 ids: where more rows than that
        came in at once among those already handed out, some may come again after it.
        """
        more, position = self._progress()
        return Checkpoint(VERSION, self._listing.digest, position, tuple([*self._tail, *more][-MEMORY:]))

    def _progress(self) -> tuple[list[int], int]:
        """Return the ids of the present page that are done with, and where the listing stands after them."""
        page, position = self._page, self._position
        if page is None or (reached := page.reached(wait_for_rejects=not self._collect_rejects)) <= page.front:
            return [], position
        # Of a paid list, a page behind a gap was bought ahead; credits held the rows in the gap back.
        if page.offset <= position or not self._listing.credits_per_row:
            position = page.offset + reached
        return page.keys[page.front : reached], position

    def __aiter__(self) -> AsyncGenerator[T, None]:  # noqa: PYI058  # so that aclosing(aiter(paginator)) can be typed
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
            PaginationError: the list ended before its rows did, or going on would risk to lose some.
        """
        while (page := await self._arrive(barren=True)) is not None:
            rejects: tuple[DecodeError, ...] = ()
            if self._collect_rejects:
                rejects = tuple(error for _, error in page.rejects)
                page.rejects.clear()
            items = list(self._hand_out(page))
            yield Page(items, page.offset, page.meta, rejects, page.repeated, page.metadata, page.credits)
            self._raise_reject(page)

    async def raw_pages(self) -> AsyncGenerator[RawPage, None]:
        """Iterate over the pages as bytes. The rows are decoded all the same, to know by their ids that none is missed;
        one that does not decode is in the bytes, and is not raised. For the rest, see :meth:`pages`.
        """
        while (page := await self._arrive(barren=True)) is not None:
            for _ in self._hand_out(page):
                continue
            page.rejects.clear()
            yield RawPage(page.body, page.offset, page.meta, page.repeated, page.credits)

    def prefetch(self, pages: int) -> Prefetch[T]:
        """Read ahead: ``async with paginator.prefetch(8) as rows: async for row in rows: ...``.

        Up to ``pages`` pages are under way at once; the rows come in order. Leaving the block cancels what is under
        way; but the pages of a billed search are waited for, and are in ``unread`` then. Those are only read ahead once
        a full page has come. The paginator itself is where the rows stopped.
        """
        check_count("pages", pages)
        return Prefetch(self._items, self._lookahead, pages)

    async def collect(self, max_items: int | None = None) -> list[T]:
        """Return the rows that are left as a list, at most ``max_items`` of them.

        An exception that ends it carries ``items_so_far`` and ``checkpoint``, so nothing that was read is lost.
        """
        if max_items is not None and check_count("max_items", max_items, at_least=0) == 0:
            return []
        items: list[T] = []
        try:
            async with aclosing(self._items()) as rows:
                async for item in rows:
                    items.append(item)
                    if len(items) == max_items:
                        break
        except BaseException as error:
            attach(error, items_so_far=items, checkpoint=self.checkpoint())
            raise
        return items

    async def first(self) -> T | None:
        """Return the next row, or None at the end. When none has arrived yet, it asks the API for one row only."""
        while (page := await self._arrive(wanted=1)) is not None:
            for item in self._hand_out(page):
                return item
            self._raise_reject(page)
        return None

    def _hand_out(self, page: Arrived[T]) -> Iterator[T]:
        """Return what gives the rows of a page that are left, each counted as handed out before it goes."""
        return page.rest if self._left is None else self._count_out(page)

    def _count_out(self, page: Arrived[T]) -> Iterator[T]:
        while self._left and length_hint(page.rest):
            self._left -= 1
            yield next(page.rest)

    def _raise_reject(self, page: Arrived[T]) -> None:
        if self._left != 0 and page.rejects:
            if not self._collect_rejects:
                raise page.rejects.popleft()[1]
            page.rejects.clear()

    async def _arrive(self, wanted: int | None = None, *, barren: bool = False) -> Arrived[T] | None:
        """Return the page that has rows left, fetching as needed; None at the end. ``barren`` pages on request."""
        async with self._lock:
            while self.end is None:
                if self._left == 0:
                    self.end = EndReason.MAX_ITEMS
                elif self._page is not None and (not self._page.spent or (barren and self._page.barren)):
                    self._page.barren = False
                    return self._page
                elif (ask := self._lookahead.turn(self._walk.next(wanted or self._wanted()))) is not None:
                    await self._load(ask)
                elif not self._start_again():
                    self._finish(self._walk.end or EndReason.EXHAUSTED)
            return None

    def _wanted(self) -> int | None:
        """Return how many rows are still of use. Rejects that were collected count where rows are paid for."""
        if self._left is None or not self._listing.credits_per_row:
            return self._left
        if (left := max(0, self._left - len(self._rejected))) == 0:
            self._walk.end = self._walk.end or EndReason.MAX_ITEMS
        return left

    def _guess(self, ask: Ask, count: int) -> list[Ask]:
        """Return the pages after ``ask``, where those before it are on their way."""
        begun = ask.offset - min([ask.offset, *(each.offset for each in self._lookahead.asks)])
        left = self._wanted()
        return self._walk.ahead(ask, None if left is None else left - begun, count)

    async def _load(self, ask: Ask) -> None:
        try:
            reply = await self._lookahead.get(ask)
        except BudgetExceededError:
            self._walk.end = self._walk.end or EndReason.BUDGET
            if self._walk.not_fetched is None and self._walk.total is not None:
                self._walk.not_fetched = max(0, self._walk.total - ask.offset)
            return
        except APIError as error:
            reason = self._walk.refuse(error.status)
            if reason and self._walk.end:
                return  # read ahead beyond the end, and it cost nothing
            if reason is None or (reason is EndReason.TRUNCATED_BY_CREDITS and not self._partial):
                raise
            # What was begun beyond it is paid for, and is handed out before the end is told.
            self._walk.end, self._refusal = reason, error
            return
        if self._page is not None:
            self._page.release()  # before the next is decoded, so that its memory serves that one
        if reply.asked:
            ask = attrs.evolve(ask, limit=reply.asked)
        rows = self._decode(reply)
        keys = keys_of(rows, self._listing.key)
        taken = self._walk.take(ask, keys, told_by(reply, rows))
        if taken.verdict == "moving_list":
            raise self._error("moving_list", "the list moves faster than it can be read, or was replaced")
        if taken.verdict == "taken":
            self._turn_to(self._arrived(ask, reply, rows, keys, taken))

    def _decode(self, reply: Reply) -> Rows[Any]:
        try:
            return self._listing.decode(reply.body)
        except DecodeError:
            # To ask for it again would cost the same credits again.
            if self._listing.credits_per_row and self._walk.end is None:
                self._walk.end = EndReason.UNREADABLE_PAGE
            raise

    def _finish(self, reason: EndReason) -> None:
        """End the listing; everything that arrived has been handed out."""
        self.end = reason
        if reason in LOUD and not self._partial:
            raise self._error(reason.value, LOUD[reason]) from self._refusal

    def _arrived(self, ask: Ask, reply: Reply, rows: Rows[Any], keys: list[int], taken: Taken) -> Arrived[T]:
        places = list(taken.new)
        if self._delivered is not None:
            places = [place for place in places if self._delivered.add(keys[place])]
            self._pass_was_new = self._pass_was_new or bool(places)
        # What turns up in a later pass stands anywhere, so the listing does not stand behind it.
        front = taken.front if self._passes == 1 else len(keys)
        page = arrived(self._listing, ask.offset, reply, rows, keys, places, front)
        self._credits += page.credits
        return page

    def _turn_to(self, page: Arrived[T]) -> None:
        """Put a page in the place of the spent one, whose end becomes where the listing stands."""
        done, self._position = self._progress()
        self._tail.extend(done)
        self._page = page
        if self._collect_rejects:
            self._rejected.extend(error for _, error in page.rejects)

    def _start_again(self) -> bool:
        """With ``settle``: begin another pass, unless the last one brought nothing new. Returns whether it did."""
        if not self._settle or not self._pass_was_new:
            return False
        self._pass_was_new = False
        self._passes += 1
        self._walk = self._listing.walk(self._page_size)
        return True

    def _error(self, reason: str, what: str) -> PaginationError:
        return stopped(self._listing.label, reason, what, self.checkpoint(), self._walk.not_fetched)
