"""How to read a list whose rows are paid for, or that has page numbers: straight on, no row asked for twice. Pure.

Nothing overlaps, since an overlap would be billed. So what is promised is less than for :mod:`._walk`: a list that
stands still is handed out whole and each row is paid for once. While it moves, rows may come again, which are dropped
and counted, or be missed, which is why a search should be pinned (``discovered_at_lte``).

A page that is short is not always the end: a plan may cut pages, or credits may run out. Asking for a page after the
end brings no row and costs no credit, so wherever a short or empty page could be a cut, the walk asks on, or asks how
many rows there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from theirstack_async._ids import IdSet
from theirstack_async._walk import Ask, EndReason, Taken, Told, last_places, new_places

PLAN_ROWS: Final = 25
"""Rows a page on the free plan, the smallest that a plan is known to cut pages to (a third party's reading of the plan
table, 2026-08-03). A shorter page than that is the end of the list."""
PLAN_PAGES: Final = 5
"""Pages of one search on the free plan (the same source)."""
_SAME: Final = 2
"""How often in a row a page that is like the one before it means that the server ignores the offset."""
_BARREN: Final = 10
"""Pages in a row without a new row after which the walk gives up. So many rows may come in while a page is stored: what
was handed out has then moved behind the offset, and comes again, but never twice the same page."""
_REFUSALS: Final = frozenset({400, 403, 422})
"""How a server may say that a plan ends here, when it took the same search with a smaller offset."""


class StraightWalk:
    """Reads one list from an offset to its end, each row once."""

    def __init__(
        self,
        page_size: int,
        *,
        origin: int = 0,
        known: Sequence[int] = (),
        max_pages: int | None = None,
        totals: bool = False,
        whole_pages: bool = False,
    ) -> None:
        """Args:
        page_size: rows a page; the last page may be smaller.
        origin: where to begin.
        known: ids of rows that were handed out before.
        max_pages: pages to read at the most.
        totals: ask on the first page how many rows there are.
        whole_pages: pages have numbers instead of offsets, so every page has the same size.
        """
        self.end: EndReason | None = None
        self.not_fetched: int | None = None
        self.total: int | None = None
        self._page_size = page_size
        self._seen = IdSet(known)
        self._offset = origin
        self._max_pages = max_pages
        self._totals = totals
        self._whole_pages = whole_pages
        self._pages = 0
        self._barren = 0
        self._same = 0
        self._last: Sequence[int] = ()
        self._doubt = False
        self._sure = False
        self._lavish = False

    def next(self, wanted: int | None = None) -> Ask | None:
        """Return the page to ask for, or None at the end. ``wanted`` caps the rows still of use."""
        if self._max_pages is not None and self._pages >= self._max_pages:
            self.end = self.end or EndReason.MAX_PAGES
        if self.end:
            return None
        if self._doubt:
            return Ask(self._offset, self._page_size if self._whole_pages else 1, total=True)
        return Ask(self._offset, self._limit(wanted), total=self._totals and not self._pages)

    def ahead(self, ask: Ask, wanted: int | None, count: int) -> list[Ask]:
        """Return up to ``count`` pages that follow ``ask``, once a full page has shown that pages are not cut."""
        asks: list[Ask] = []
        # ``ask`` may itself be ahead: what lies between is read too, in pages of full size but for the last.
        pages = self._pages + 1 - (self._offset - ask.offset) // self._page_size
        while self._sure and not (self._doubt or self._lavish or self.end) and len(asks) < count:
            pages += 1
            wanted = None if wanted is None else wanted - ask.limit
            if (wanted is not None and wanted <= 0) or (self._max_pages is not None and pages > self._max_pages):
                break
            ask = Ask(ask.offset + ask.limit, self._limit(wanted))
            asks.append(ask)
        return asks

    def take(self, ask: Ask, keys: Sequence[int], told: Told) -> Taken:
        """Take a page's keys in, and return which of its rows are to be handed out."""
        seen = self._seen.among(keys)
        new = new_places(keys, last_places(keys), seen)
        self._seen.update(keys)
        self._pages += 1
        self._offset = ask.offset + len(keys) if keys else self._offset
        self.total = self.total if told.total is None else told.total
        self._note_repetition(keys, barren=bool(keys) and not new)
        # A server that gives more than it is asked for makes no page that could be guessed.
        self._lavish = self._lavish or len(keys) > ask.limit
        self._doubt = self._doubt and not keys and not ask.total
        self.end = self.end or self._ended_by(ask, len(keys), told)
        return Taken("taken", new)

    def refuse(self, status: int | None) -> EndReason | None:
        """Return the end that it means when a page is refused with this status; None when it is an error."""
        if not self._pages or self._whole_pages or status not in (_REFUSALS | {402}):
            return None
        if not self.end:
            self.not_fetched = None if self.total is None else max(0, self.total - self._offset)
        return EndReason.TRUNCATED_BY_CREDITS if status == 402 else EndReason.PLAN_LIMIT

    def _limit(self, wanted: int | None) -> int:
        return self._page_size if wanted is None or self._whole_pages else min(self._page_size, wanted)

    def _note_repetition(self, keys: Sequence[int], *, barren: bool) -> None:
        """Count the pages in a row that brought nothing new, and those of them that are like the one before."""
        alike = barren and [*keys] == [*self._last[: len(keys)]]
        self._barren = self._barren + 1 if barren else 0
        self._same = self._same + 1 if alike else 0
        self._last = keys

    def _ended_by(self, ask: Ask, rows: int, told: Told) -> EndReason | None:
        """Return why a page was the last one, or None; after a page that may have been cut, ask on or doubt."""
        if told.out_of_credits or told.withheld:
            self.not_fetched = max(told.withheld, (self.total or 0) - self._offset) or None
            return EndReason.TRUNCATED_BY_CREDITS
        if self._same >= _SAME or self._barren >= _BARREN:
            return EndReason.REPEATED_PAGE
        if not rows:
            return self._empty(ask, told)
        if rows >= ask.limit:
            self._sure = self._sure or rows >= self._page_size
            return None
        more = self.total is not None and self._offset < self.total
        if self._sure and self._whole_pages:
            return EndReason.EXHAUSTED
        # A total below what has come is none, so the page may have been cut all the same.
        if not more and (self._sure or rows < PLAN_ROWS or self.total == self._offset):
            # A page that ends where the plan does may have been cut there, so ask on.
            cut = self.total is None and self._offset == PLAN_PAGES * PLAN_ROWS and self._may_be_planned()
            return None if cut else EndReason.EXHAUSTED
        if not self._sure:
            self._page_size = rows
        return None

    def _empty(self, ask: Ask, told: Told) -> EndReason | None:
        """Return what an empty page means: the end, unless the list goes on where the plan does not."""
        fresh = told.total if ask.total else None
        if fresh is not None:
            if fresh <= ask.offset:
                return EndReason.EXHAUSTED
            self.not_fetched = fresh - ask.offset
            return EndReason.PLAN_LIMIT
        self._doubt = self._doubt or (not ask.total and self._suspicious(ask))
        return None if self._doubt else EndReason.EXHAUSTED

    def _suspicious(self, ask: Ask) -> bool:
        # A server may count pages by what the last page asks for, which is less than what the others did.
        counted = ask.limit < self._page_size and ask.offset >= PLAN_PAGES * ask.limit
        at_plan_limit = ask.offset == PLAN_PAGES * self._page_size and not self._whole_pages
        past_plan_rows = ask.offset >= PLAN_PAGES * PLAN_ROWS and self._may_be_planned()
        return at_plan_limit or counted or past_plan_rows or (self.total is not None and ask.offset < self.total)

    def _may_be_planned(self) -> bool:
        """Return whether the pages are no larger than those of the free plan, which may count rows, not pages."""
        return self._page_size <= PLAN_ROWS and not self._whole_pages
