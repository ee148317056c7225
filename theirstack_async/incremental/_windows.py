"""Finding new rows where their order cannot be relied on: by windows of time, each read until nothing is left in it.

A window is halved until it holds few enough rows, by counts, which are free. Only when one is done is everything known
up to its end, and the mark may move there; rows that came from beyond it are known by their ids until then.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

from theirstack_async._engine.theirstack import LONG_AGO
from theirstack_async.incremental._plan import Ask, Count, Known

FIT: Final = 5_000
"""Rows that a window holds at the most, if it is not a second wide."""
BEGINNING: Final = datetime.fromisoformat(LONG_AGO).replace(tzinfo=UTC).timestamp()
"""Unix seconds, before any job was discovered."""
_STEP: Final = 1.0
"""Seconds by which windows overlap, since it is not documented whether their ends are part of them; and the width of
the narrowest, since instants are asked for in whole seconds."""


class Windows:
    """The windows of one run, from an instant to the present."""

    def __init__(self, known: Known, start: float | None, *, countable: bool) -> None:
        """``countable`` says whether a count is free; without it all is one window."""
        self.done = False
        """Whether the last window, which has no end, has been read."""
        self.reached: float | None = None
        """Up to where every row is known; None before the first window is done."""
        self._known = known
        self._low = BEGINNING if start is None else start
        self._high: float | None = None
        self._countable = countable
        self._fit = FIT
        self._chosen = not countable
        self._whole = True

    def next(self, limit: int) -> Ask | Count:
        """Return what to ask for."""
        exclude = self._known.within(self._low, self._high)
        if not self._chosen:
            return Count(self._low, self._high, exclude)
        return Ask(limit, exclude, self._low, self._high)

    def counted(self, total: int) -> None:
        """Take in how many new rows the window holds: read it, narrow it, or look into it where too little is known."""
        top = self._known.newest() if self._high is None else self._high
        if total == 0:
            self._end_window()
        elif total + len(self._known.within(self._low, self._high)) <= self._fit:
            self._chosen = self._whole = True
        elif top is None or top - self._low <= 2 * _STEP:
            self._chosen, self._whole = True, self._high is not None
        else:
            self._halve(top)

    def took(self, *, last: bool) -> None:
        """Note that a page of the window was taken in, and whether it was the last one."""
        if last:
            self._end_window()
        elif not self._whole:
            self._chosen = False

    def narrow(self, excluded: int) -> bool:
        """Plan for fewer ids to be left out than were refused. Return whether that is possible."""
        top = self._known.newest() if self._high is None else self._high
        if not self._countable or excluded < 2 or top is None or top - self._low <= 2 * _STEP:
            return False
        self._fit, self._chosen = max(1, excluded // 2), False
        self._halve(top)
        return True

    def _halve(self, top: float) -> None:
        # One that is no wider than the overlap would bring its successor back to where it begins itself.
        self._high = float(max(math.floor((self._low + top) / 2), math.floor(self._low + 2 * _STEP)))

    def _end_window(self) -> None:
        self._chosen = not self._countable
        if self._high is None:
            self.done = True
            newest = self._known.newest()
            # Windows that were read before may have been joined by late rows since, if only by such as the overlap
            # covers from when the run began.
            self.reached = None if newest is None else min(newest, self._known.began)
            return
        width = self._high - self._low
        self.reached, self._low = self._high, self._high - _STEP
        beyond = self._high + 2 * width
        self._high = beyond if beyond < (self._known.newest() or 0.0) else None
