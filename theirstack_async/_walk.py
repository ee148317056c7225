"""How to read a list by offset while it moves, without losing a row. Pure: pages go in, the next request comes out.

The promise: if the rows that stay keep their order and each page is one snapshot, every row that was there throughout
is handed out exactly once, or a :class:`PaginationError` is raised.

Why it holds. Each page after the first asks for one row that was already seen, so in a still list it begins with that
row. When rows before it were deleted, the list has moved up and the page may begin too late; then it holds nothing
seen, does not count, and the walk steps back a page, again and again, until a page does hold a seen row (or the list's
beginning is reached). Let x be a seen row on an accepted page. What stands before x now and was there throughout stood
before x when x was handed out, because order is kept; so it was seen then, or earlier by the same argument. Nothing
before the page's end is missing therefore. The order in time in which pages are read plays no part in this, which is
why pages may also be fetched ahead.

A walk that starts in the middle of a list (an offset, a checkpoint) knows only a stretch of it. A page without a seen
row may then be too early as well as too late, so it looks behind and ahead in turn; and only what stands after a seen
row is new to it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence, Set
from typing import Final, Literal, Protocol

import attrs

from theirstack_async._ids import IdSet

MAX_FRUITLESS: Final = 20
"""Pages in a row that may bring nothing new before the walk gives up."""
_SAME_PAGE: Final = 3
"""How often in a row the same full page at rising offsets means that the server ignores the offset."""

Verdict = Literal["taken", "stepped_back", "moving_list"]


class EndReason(enum.StrEnum):
    """Why a listing ended."""

    EXHAUSTED = "exhausted"
    """Every row was handed out."""
    MAX_ITEMS = "max_items"
    """As many rows as the caller wanted were handed out."""
    MAX_PAGES = "max_pages"
    """As many pages as the caller wanted were read."""
    BUDGET = "budget"
    """The :class:`CreditBudget` has no room for another row."""
    PLAN_LIMIT = "plan_limit"
    """There are more rows, and the account's plan gives no more of them."""
    TRUNCATED_BY_CREDITS = "truncated_by_credits"
    """There are more rows, and the account has no credits left for them."""
    REPEATED_PAGE = "repeated_page"
    """The API gave the same page again and again."""
    UNREADABLE_PAGE = "unreadable_page"
    """A page that may have cost credits could not be read. A :class:`DecodeError` told so, and has its bytes."""


@attrs.frozen
class Ask:
    """One page to ask for."""

    offset: int
    limit: int
    total: bool = False
    """Whether to ask how many rows there are in all."""


@attrs.frozen
class Told:
    """What a page told of the list, beside its rows."""

    total: int | None = None
    """How many rows there are in all; None where it was not asked for, or not told."""
    withheld: int = 0
    """How many rows were held back because the credits did not suffice."""
    out_of_credits: bool = False
    """Whether the credits did not suffice, however many rows that held back."""


@attrs.frozen
class Taken:
    """What became of a page."""

    verdict: Verdict
    new: Sequence[int] = ()
    """The places on the page of the rows to hand out."""
    front: int = 0
    """The place after the last row that had been seen before; what stands from there moves the walk on."""


class Walk(Protocol):
    """A way through a list."""

    end: EndReason | None
    """Why there is no next page; None while there is one."""
    not_fetched: int | None
    """How many rows there are that the walk did not reach; None when that is not known."""
    total: int | None
    """How many rows there are in all, as told last; None when it was not."""

    def next(self, wanted: int | None = None) -> Ask | None:
        """Return the page to ask for, or None at the end. ``wanted`` caps the rows still of use."""
        ...

    def ahead(self, ask: Ask, wanted: int | None, count: int) -> list[Ask]:
        """Return up to ``count`` pages that follow ``ask`` if the list stands still and they are of use."""
        ...

    def take(self, ask: Ask, keys: Sequence[int], told: Told) -> Taken:
        """Take a page's keys in, and return which of its rows are to be handed out."""
        ...

    def refuse(self, status: int | None) -> EndReason | None:
        """Return the end that it means when a page is refused with this status; None when it is an error."""
        ...


class OffsetWalk:
    """Reads one list from an offset to its end."""

    not_fetched: int | None = None
    total: int | None = None

    def __init__(self, page_size: int, *, origin: int = 0, known: Sequence[int] = ()) -> None:
        """``known`` are the last ids of an earlier walk that went up to ``origin``; the list is then taken up there."""
        self._page_size = page_size
        self._seen = IdSet(known)
        self._partial = origin > 0 or bool(known)
        self._free_offset: int | None = None if known else origin
        self.end: EndReason | None = None
        self._fruitless = 0
        self._last: tuple[int, Sequence[int]] = (0, ())
        self._same = 1
        self._aim(max(0, origin - 1) if known else origin)

    def next(self, wanted: int | None = None) -> Ask | None:
        """Return the page to ask for, or None when the list is at its end. ``wanted`` caps the rows still of use."""
        return None if self.end else self._ask(self._offset, wanted, overlap=bool(self._seen))

    def ahead(self, ask: Ask, wanted: int | None, count: int) -> list[Ask]:
        """Return up to ``count`` pages that follow ``ask`` if the list stands still and they are of use."""
        asks: list[Ask] = []
        overlap = bool(self._seen)
        for _ in range(count):
            if wanted is not None:
                wanted -= ask.limit - overlap
                if wanted <= 0:
                    break
            overlap = True
            ask = self._ask(ask.offset + ask.limit - 1, wanted, overlap=True)
            asks.append(ask)
        return asks

    def take(self, ask: Ask, keys: Sequence[int], told: Told) -> Taken:  # noqa: ARG002  # such lists tell nothing
        """Take a page's keys in, and return which of its rows are to be handed out."""
        seen = self._seen.among(keys)
        if not seen and ask.offset != self._free_offset:
            return self._look_elsewhere(ask, keys)
        places = last_places(keys)
        front = 1 + max(map(places.__getitem__, seen), default=-1)
        start = front if self._partial else 0
        new = new_places(keys, places, seen, start)
        self._seen.update(keys[start:])
        self._free_offset = None if self._partial else 0
        self.end = EndReason.EXHAUSTED if len(keys) < ask.limit else None
        self._aim(max(0, ask.offset + len(keys) - 1))
        if self.end or new:
            self._fruitless, self._same, self._last = 0, 1, (ask.offset, keys)
            return Taken("taken", new, front)
        return self._nothing_new(ask, keys)

    def refuse(self, status: int | None) -> EndReason | None:  # noqa: ARG002  # here it never does
        """Return None: a refusal is an error."""
        return None

    def _ask(self, offset: int, wanted: int | None, *, overlap: bool) -> Ask:
        limit = self._page_size
        if wanted is not None and not self._fruitless:
            limit = min(limit, wanted + overlap)
        # A page of one row would hold the seen row only, and the walk would stand still.
        return Ask(offset, max(2, limit) if overlap else limit)

    def _aim(self, offset: int) -> None:
        """Expect the next page at an offset; where else to look begins there."""
        self._offset = self._low = self._high = offset
        # A walk from the list's beginning has seen all that can stand before its front, so it never runs ahead of it.
        self._ahead_is_done = not self._partial
        self._behind_is_done = False

    def _look_elsewhere(self, ask: Ask, keys: Sequence[int]) -> Taken:
        """After a page without a seen row: step back a page; in a walk from the middle, also ahead, in turn."""
        self._behind_is_done = self._behind_is_done or ask.offset == 0
        self._ahead_is_done = self._ahead_is_done or len(keys) < ask.limit
        self._high = max(self._high, ask.offset + ask.limit)
        if self._behind_is_done and self._ahead_is_done:
            self._aim(0)
            return Taken("moving_list")
        tired = self._tired()
        self._same = 1
        if self._ahead_is_done or (self._fruitless % 2 == 1 and not self._behind_is_done):
            self._offset = self._low = max(0, self._low - self._page_size)
        else:
            self._offset = self._high
        return Taken("moving_list" if tired else "stepped_back")

    def _nothing_new(self, ask: Ask, keys: Sequence[int]) -> Taken:
        offset, page = self._last
        self._same = self._same + 1 if ask.offset > offset and [*keys] == [*page] else 1
        self._last = (ask.offset, keys)
        if self._same >= _SAME_PAGE:
            self.end = EndReason.REPEATED_PAGE
            return Taken("taken")
        return Taken("moving_list") if self._tired() else Taken("taken")

    def _tired(self) -> bool:
        self._fruitless += 1
        if self._fruitless < MAX_FRUITLESS:
            return False
        self._fruitless = 0
        return True


def last_places(keys: Sequence[int]) -> dict[int, int]:
    """Return the ids on a page, each with the last place where it stands."""
    return dict(zip(keys, range(len(keys)), strict=True))


def new_places(keys: Sequence[int], places: dict[int, int], seen: Set[int], start: int = 0) -> list[int]:
    """Return the places of the ids on a page that were not seen, from a place on; of an id there twice, the first.

    ``places`` are their :func:`last_places`, which are used up.
    """
    if len(places) < len(keys):
        # Backwards, so that the first place is kept.
        places = dict(zip(reversed(keys[start:]), range(len(keys) - 1, start - 1, -1), strict=True))
    for key in seen:
        places.pop(key, None)
    return sorted(place for place in places.values() if place >= start) if start else sorted(places.values())
