"""Finding new jobs by the instant at which they were discovered, the earliest first. Pure.

The frontier is how far every job is known. A page asks for the jobs from a little before the frontier, the overlap, for
jobs that turn up late, without those that are known from there on. Why nothing is lost: every job before the frontier
is known, or came later than the overlap allows; the page holds the earliest of the rest; so once it is taken in, every
job up to its last one is known, and the frontier moves there.

That takes the order for granted, which is why it has to be seen first: until enough jobs have come in ascending order
the frontier stays, and more ids are left out instead. If one comes out of order, or ``order_by`` is refused (the API
calls it deprecated), windows of time take over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from theirstack_async._straight import PLAN_ROWS
from theirstack_async.errors import APIError, PaginationError
from theirstack_async.incremental._plan import (
    HARD_LIMIT,
    MOST_EXCLUDED,
    Ask,
    Count,
    Known,
    Row,
    Taken,
    disobeyed,
    too_many,
)
from theirstack_async.incremental._windows import Windows
from theirstack_async.incremental.state._state import Id

PROOF: Final = 8
"""How often a job has to be later than the one before it until the order is believed: one time in 40,320 such a run is
chance."""
_LEAST_OVERLAP: Final = 1.0
"""Seconds. Instants are asked for in whole ones, and whether ``discovered_at_gte`` is inclusive is not documented."""
_MALFORMED: Final = frozenset({400, 413, 422})


class Keyset:
    """The way through the jobs of one run."""

    def __init__(
        self,
        page_size: int,
        *,
        mark: float | None = None,
        seen: Mapping[Id, float] | None = None,
        since: float | None = None,
        overlap: float = 0.0,
        countable: bool = True,
        kept_from: float | None = None,
    ) -> None:
        """Args:
        page_size: jobs a page.
        mark: up to where every job is stored, in Unix seconds; None before the first one is.
        seen: the ids that are stored, from the overlap before the mark on, each with its instant.
        since: where to begin without a mark; None for the first job that there is.
        overlap: seconds to look back from the frontier.
        countable: whether a count is free.
        kept_from: from which instant on the ids in ``seen`` are complete; None for all. A longer overlap than that of
            earlier runs would bring rows again whose ids are forgotten.
        """
        self._known = Known(seen or {})
        self._page_size = page_size
        self._frontier = mark
        self._since = since
        self._overlap = max(overlap, _LEAST_OVERLAP)
        self._countable = countable
        self._kept_from = float("-inf") if kept_from is None else kept_from
        self._most = MOST_EXCLUDED
        self._begun = False
        self._ascents = 0
        self._last = float("-inf")
        self._windows: Windows | None = None
        self._done = False
        self._fault: PaginationError | None = None

    @property
    def mark(self) -> float | None:
        """How far every job is known."""
        return self._frontier

    def keeps_from(self, mark: float | None) -> float | None:
        """Return from which instant on the ids of stored jobs are needed, with a mark."""
        return None if mark is None else max(float(math.floor(mark - self._overlap)), self._kept_from)

    def next(self, wanted: int | None) -> Ask | Count | None:
        """Return what to ask for, None when every job is known."""
        if self._fault:
            raise self._fault
        if self._done:
            return None
        limit = self._page_size if wanted is None else min(self._page_size, wanted)
        if self._windows:
            step = self._windows.next(limit)
        else:
            bound = self._bound()
            step = Ask(limit, self._known.within(bound), bound, ordered=True)
        if isinstance(step, Ask) and len(step.exclude) > HARD_LIMIT:
            raise too_many(len(step.exclude), "jobs of one stretch of time", "narrow the filters into several profiles")
        return step

    def counted(self, total: int) -> None:
        """Take in how many jobs a window holds."""
        if self._windows:
            self._windows.counted(total)
            self._follow(self._windows)

    def take(
        self, ask: Ask, rows: Sequence[Row], *, cut: bool = False, bought: bool = True, now: float | None = None
    ) -> Taken:
        """Take in a page, and return which of its jobs are new, and how far every job is known with it."""
        self._known.look(now)
        told = [at for _, at in rows if at is not None]
        # Asked before its own rows are known, which would stand for those that are missing.
        adjoins = ask.ordered and self._adjoins(ask)
        new = self._known.absorb(rows, max(told, default=ask.start or 0.0))
        # A row that did not decode may have no id, and goes by a number below zero then, which is never sent.
        stuck = not new and all(isinstance(id_, int) and id_ <= 0 for id_, _ in rows)
        last = bought and not cut and self._known.is_last(ask, len(rows), stuck=stuck)
        if self._windows and rows and not stuck:
            # Where the order is not obeyed, nor may the filters be in a way that makes pages short.
            last = False
        self._begun = self._begun or bought
        # A row that was found again may stand where it was not left out; from now on it is.
        asked_out = not new and {id_ for id_, _ in rows} <= set(ask.exclude)
        self._check(ask, told, useless=bought and bool(rows) and asked_out and not last)
        if self._fault:
            return Taken(new, None)
        if self._windows:
            if not ask.ordered:
                self._windows.took(last=last)
                self._follow(self._windows)
        elif adjoins:
            self._advance(told, last=last)
        return Taken(new, self._frontier)

    def refused(self, ask: Ask | Count, error: APIError) -> bool:
        """Return whether something else can be asked for: without the order, with fewer ids, or in smaller pages."""
        if isinstance(ask, Count):
            return error.status in _MALFORMED and self._exclude_fewer(len(ask.exclude))
        first, names_ids = not self._begun, "_not" in str(error)
        malformed, large = error.status in _MALFORMED, first and ask.limit > PLAN_ROWS
        if malformed and ask.ordered and first and not names_ids:
            self._begin_windows()
            return True
        if malformed and (names_ids or not large) and self._exclude_fewer(len(ask.exclude)):
            return True
        if large and (malformed or error.status == 403):
            self._page_size = PLAN_ROWS
            return True
        return False

    def _advance(self, told: Sequence[float], *, last: bool) -> None:
        """Move the frontier as far as a page that continues it allows."""
        self._weigh(told)
        believed = [at for at in told if at <= self._known.horizon]
        if last:
            self._done = True
            self._frontier = max((at for at in (self._frontier, self._known.newest()) if at is not None), default=None)
        elif any(earlier > later for earlier, later in pairwise(told)):
            self._begin_windows()
        elif self._ascents >= PROOF and believed:
            self._frontier = max(believed[-1], believed[-1] if self._frontier is None else self._frontier)
        if (bound := self.keeps_from(self._frontier)) is not None:
            self._known.forget(bound)

    def _weigh(self, told: Sequence[float]) -> None:
        """Count the ascents within pages, anew where one begins before the last one ended.

        That a page begins later than the last one ended proves nothing: it may hold what was found in between.
        """
        if self._ascents >= PROOF or not told:
            return
        if told[0] < self._last:
            self._ascents = 0
        self._ascents += sum(earlier < later for earlier, later in pairwise(told))
        self._last = told[-1]

    def _adjoins(self, ask: Ask) -> bool:
        """Return whether every job is known that was when a page was asked for; one before it may be missing."""
        bound = self._bound()
        reaches = ask.start is None or (bound is not None and ask.start <= bound)
        return reaches and len(self._known.within(ask.start)) >= ask.known

    def _bound(self) -> float | None:
        """Return from which instant on to ask."""
        bound = self.keeps_from(self._frontier)
        if bound is None or self._frontier is None:
            return self._since
        instants = sorted(at for at in self._known.ids.values() if at >= bound)
        if len(instants) > self._most:
            latest = math.floor(self._frontier) - _LEAST_OVERLAP
            bound = min(latest, math.floor(instants[-self._most - 1]) + 1.0)
        return bound if self._since is None else max(bound, self._since)

    def _begin_windows(self) -> None:
        self._most = MOST_EXCLUDED
        self._windows = Windows(self._known, self._bound(), countable=self._countable)

    def _follow(self, windows: Windows) -> None:
        self._done = windows.done
        if windows.reached is not None:
            self._frontier = max(windows.reached, windows.reached if self._frontier is None else self._frontier)
            self._known.forget(self.keeps_from(self._frontier) or 0.0)

    def _exclude_fewer(self, excluded: int) -> bool:
        """Plan for fewer ids to be left out, at the cost of the overlap. Return whether that is possible."""
        if self._windows:
            return self._windows.narrow(excluded)
        self._most = excluded // 2
        return len(self._known.within(self._bound())) < excluded

    def _check(self, ask: Ask, told: Sequence[float], *, useless: bool) -> None:
        """Note what makes it senseless to ask on: filters that are not obeyed would have rows bought without end."""
        if ask.start is not None and any(at < math.floor(ask.start) for at in told):
            self._fault = disobeyed("discovered_at_gte")
        elif ask.end is not None and any(at >= ask.end + 1 for at in told):
            self._fault = disobeyed("discovered_at_lte")
        elif useless:
            self._fault = disobeyed("job_id_not, and gave nothing but rows that are known")
