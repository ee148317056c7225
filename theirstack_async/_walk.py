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
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import attrs

from theirstack_async._ids import IdSet

MAX_FRUITLESS: Final = 20
"""Pages in a row that may bring nothing new before the walk gives up."""
_SAME_PAGE: Final = 3
"""How often in a row the same full page at rising offsets means that the server ignores the offset."""

Verdict = Literal["taken", "stepped_back", "repeated_page", "moving_list"]


@attrs.frozen
class Ask:
    """One page to ask for."""

    offset: int
    limit: int


@attrs.frozen
class Taken:
    """What became of a page."""

    verdict: Verdict
    new: Sequence[int] = ()
    """The places on the page of the rows to hand out."""
    last_seen: int = -1
    """The place of the last row that had been seen before; what follows it moves the front of the walk on."""


class OffsetWalk:
    """Reads one list from an offset to its end."""

    def __init__(self, page_size: int, *, origin: int = 0, known: Sequence[int] = ()) -> None:
        """``known`` are the last ids of an earlier walk that went up to ``origin``; the list is then taken up there."""
        self._page_size = page_size
        self._seen = IdSet(known)
        # A walk that starts in the middle does not know the rows before its first one, so only what follows a seen row
        # is new to it.
        self._partial = origin > 0
        self._free_offset: int | None = None if known else origin
        self._offset = max(0, origin - 1) if known else origin
        self._ended = False
        self._fruitless = 0
        self._last_page: Sequence[int] = ()
        self._same = 1

    def next(self, wanted: int | None = None) -> Ask | None:
        """Return the page to ask for, or None when the list is at its end. ``wanted`` caps the rows still of use."""
        if self._ended:
            return None
        limit = self._page_size if wanted is None else min(self._page_size, wanted + bool(self._seen))
        # A page of one row would hold the seen row only, and the walk would stand still.
        return Ask(self._offset, limit if self._offset == 0 and not self._seen else max(2, limit))

    def ahead(self, ask: Ask, count: int) -> list[Ask]:
        """Return the pages that follow ``ask`` if the list stands still."""
        step = ask.limit - 1
        return [Ask(ask.offset + step * n, ask.limit) for n in range(1, count + 1)] if step > 0 else []

    def take(self, ask: Ask, keys: Sequence[int]) -> Taken:
        """Take a page's keys in, and return which of its rows are to be handed out."""
        last_seen = next((place for place in range(len(keys) - 1, -1, -1) if keys[place] in self._seen), -1)
        if last_seen < 0 and ask.offset != self._free_offset:
            return self._step_back(ask)
        self._free_offset = None if self._partial else 0
        first = last_seen + 1 if self._partial else 0
        new = [place for place in range(first, len(keys)) if self._seen.add(keys[place])]
        self._ended = len(keys) < ask.limit
        self._offset = max(0, ask.offset + len(keys) - 1)
        if self._ended or new:
            self._fruitless, self._same = 0, 1
            self._last_page = keys
            return Taken("taken", new, last_seen)
        return self._nothing_new(keys)

    def _step_back(self, ask: Ask) -> Taken:
        self._offset = max(0, ask.offset - self._page_size)
        if ask.offset == 0:
            # Taken up from a checkpoint, and none of its rows is left: where to go on can no longer be told.
            return Taken("moving_list")
        return Taken("moving_list") if self._tired() else Taken("stepped_back")

    def _nothing_new(self, keys: Sequence[int]) -> Taken:
        self._same = self._same + 1 if list(keys) == list(self._last_page) else 1
        self._last_page = keys
        if self._same >= _SAME_PAGE:
            self._ended = True
            return Taken("repeated_page")
        return Taken("moving_list") if self._tired() else Taken("taken")

    def _tired(self) -> bool:
        self._fruitless += 1
        if self._fruitless < MAX_FRUITLESS:
            return False
        self._fruitless = 0
        return True
