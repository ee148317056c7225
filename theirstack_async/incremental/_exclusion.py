"""Finding new companies, whose rows have no instant: those that are known are left out by their ids. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from theirstack_async._straight import PLAN_ROWS
from theirstack_async.errors import APIError, PaginationError
from theirstack_async.incremental._plan import HARD_LIMIT, Ask, Count, Known, Row, Taken, disobeyed, too_many
from theirstack_async.incremental.state._state import Id


class Exclusion:
    """The way through the companies of one run."""

    mark: float | None = None

    def __init__(self, page_size: int, *, seen: Mapping[Id, float] | None = None) -> None:
        self._known = Known(seen or {})
        self._page_size = page_size
        self._begun = False
        self._done = False
        self._fault: PaginationError | None = None

    def keeps_from(self, mark: float | None) -> None:
        """Return nothing: every id is needed for ever."""

    def next(self, wanted: int | None) -> Ask | None:
        """Return what to ask for, None when every company is known."""
        if self._fault:
            raise self._fault
        if self._done:
            return None
        if len(self._known.ids) > HARD_LIMIT:
            advice = "split the filters into several profiles, such as one for each country"
            raise too_many(len(self._known.ids), "companies", advice)
        return Ask(self._page_size if wanted is None else min(self._page_size, wanted), tuple(self._known.ids))

    def counted(self, total: int) -> None:
        """Do nothing: nothing is counted."""

    def take(
        self,
        ask: Ask,
        rows: Sequence[Row],
        *,
        cut: bool = False,
        bought: bool = True,
        now: float | None = None,  # noqa: ARG002 - companies have no instants
    ) -> Taken:
        """Take in a page, and return which of its companies are new."""
        new = self._known.absorb(rows, 0.0)
        if not bought:
            return Taken(new, None)
        self._begun = True
        # A row that did not decode goes by a number, which no company has for an id.
        stuck = not new and not any(isinstance(id_, str) for id_, _ in rows)
        self._done = self._known.is_last(ask, len(rows), stuck=stuck) and not cut
        if rows and not new and not self._done:
            self._fault = disobeyed("company_id_not, and gave nothing but rows that are known")
        return Taken(new, None)

    def refused(self, ask: Ask | Count, error: APIError) -> bool:
        """Return whether smaller pages can be asked for."""
        if isinstance(ask, Ask) and error.status in {400, 403, 413, 422} and ask.limit > PLAN_ROWS and not self._begun:
            self._page_size = PLAN_ROWS
            return True
        return False
