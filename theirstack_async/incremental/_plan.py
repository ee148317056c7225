"""How new rows are found, in the words that all ways of finding them share. Pure: pages go in, the next ask comes out.

No way reads by offset. Each page is asked for anew, without the rows that are known (``job_id_not``,
``company_id_not``), so rows that come, go or move in the list between two pages change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, Self, TypeAlias

import attrs

from theirstack_async.errors import APIError, PaginationError
from theirstack_async.incremental.state._state import Id

MOST_EXCLUDED: Final = 10_000
"""Ids that are left out of one search at the most, where fewer will do. No limit of their number is documented."""
_SLACK: Final = 86_400.0
"""Seconds by which the clock that dates a row may be before the one that dates the answer."""
HARD_LIMIT: Final = 50_000
"""Ids that are left out of one search at the most in any case: half a megabyte of numbers."""

Row: TypeAlias = tuple[Id, float | None]
"""What is known of a row: its id, and the instant that it was discovered at, in Unix seconds."""


@attrs.frozen
class Ask:
    """One page to ask for."""

    limit: int
    exclude: tuple[Id, ...] = attrs.field(default=(), repr=lambda ids: f"<{len(ids)} ids>")
    """The ids of rows to leave out."""
    start: float | None = None
    """Rows discovered at this instant or later, in Unix seconds."""
    end: float | None = None
    """Rows discovered at this instant or earlier."""
    ordered: bool = False
    """Whether the earliest are to come first."""
    known: int = 0
    """How many rows are left out; without the ids themselves in an ask whose page is read again from a folder."""

    def to_head(self) -> dict[str, Any]:
        """Return what of it has to be known when its page is read again from a folder."""
        known = len(self.exclude)
        return {"limit": self.limit, "start": self.start, "end": self.end, "ordered": self.ordered, "known": known}

    @classmethod
    def from_head(cls, head: Mapping[str, Any]) -> Self:
        """Return the ask of a page that was kept in a folder."""
        return cls(head["limit"], (), head["start"], head["end"], head["ordered"], head["known"])


@attrs.frozen
class Count:
    """How many rows to ask for, for free."""

    start: float | None
    end: float | None
    exclude: tuple[Id, ...] = attrs.field(default=(), repr=lambda ids: f"<{len(ids)} ids>")
    """The ids of rows not to count."""


@attrs.frozen
class Taken:
    """What became of a page."""

    new: Sequence[int]
    """The places on the page of the rows that were not known."""
    mark: float | None
    """How far every row is known, once those up to this page are stored; None where that cannot be said."""


class Plan(Protocol):
    """A way of finding the rows that are not known."""

    @property
    def mark(self) -> float | None:
        """How far every row is known; None where rows have no instant, or before the first."""
        ...

    def next(self, wanted: int | None) -> Ask | Count | None:
        """Return what to ask for, None when every row is known. ``wanted`` caps the rows still of use.

        Raises:
            PaginationError: going on would lose rows, or buy them again and again.
        """
        ...

    def counted(self, total: int) -> None:
        """Take in how many rows there are of those that it asked to count."""
        ...

    def take(
        self, ask: Ask, rows: Sequence[Row], *, cut: bool = False, bought: bool = True, now: float | None = None
    ) -> Taken:
        """Take in a page.

        Args:
            ask: what was asked.
            rows: what came.
            cut: the credits did not suffice for all of it.
            bought: it was asked for by this run, and is not one that an earlier run left in a folder.
            now: the server's time of the answer, in Unix seconds; None where it did not tell.
        """
        ...

    def refused(self, ask: Ask | Count, error: APIError) -> bool:
        """Return whether something else can be asked for, after the API refused what was asked, which costs nothing."""
        ...

    def keeps_from(self, mark: float | None) -> float | None:
        """Return from which instant on the ids of stored rows are needed with a mark; None for all of them."""
        ...


class Known:
    """The rows that are known, and whether a short page can be the last one."""

    def __init__(self, seen: Mapping[Id, float]) -> None:
        self.ids: dict[Id, float] = dict(seen)
        """Each with the instant that it was discovered at."""
        self.began = float("inf")
        """The server's time of the run's first page."""
        self.horizon = float("inf")
        """Instants behind it are not believed, for a mark that went there would pass what is still to come."""
        self._fills = 0

    def within(self, start: float | None, end: float | None = None) -> tuple[Id, ...]:
        """Return the ids of a stretch of time, its ends included."""
        low, high = float("-inf") if start is None else start, float("inf") if end is None else end
        return tuple(id_ for id_, at in self.ids.items() if low <= at <= high)

    def newest(self) -> float | None:
        """Return the latest instant that is believed; None without any."""
        return max((at for at in self.ids.values() if at <= self.horizon), default=None)

    def look(self, now: float | None) -> None:
        """Note the server's time, where it told."""
        if now is not None:
            self.began = min(self.began, now)
            self.horizon = now + _SLACK

    def forget(self, before: float) -> None:
        """Forget the rows of an earlier time."""
        self.ids = {id_: at for id_, at in self.ids.items() if at >= before}

    def absorb(self, rows: Sequence[Row], fallback: float) -> list[int]:
        """Take rows in, and return the places of those that are new. ``fallback`` dates those without an instant."""
        new: list[int] = []
        for place, (id_, at) in enumerate(rows):
            before = self.ids.get(id_)
            if before is None:
                new.append(place)
            # One that is known may have been found again since.
            self.ids[id_] = max(fallback if at is None else at, before or 0.0)
        return new

    def is_last(self, ask: Ask, rows: int, *, stuck: bool = False) -> bool:
        """Return whether a page shows that no row is left.

        A plan may cut pages to fewer rows than asked for, so a short page is the last one only where one of that size
        was full before; an empty one always is, and costs nothing. ``stuck`` says that it holds nothing but known rows
        that cannot be left out of a search, so that an empty one never comes.
        """
        if rows >= ask.limit:
            self._fills = max(self._fills, ask.limit)
        return not rows or rows < ask.limit <= self._fills or (stuck and rows < ask.limit)


def disobeyed(what: str) -> PaginationError:
    """Return the error for a search that is not obeyed, so that to go on would buy rows again, or lose some."""
    return PaginationError(
        f"the API did not obey {what}, so nothing more was asked for; what was handed out is good, and the mark has "
        "not passed anything else. Run it again later, and tell the vendor if it stays like this",
        reason="disobeyed",
    )


def too_many(count: int, what: str, advice: str) -> PaginationError:
    """Return the error for more known rows than can be left out of one search."""
    message = f"{count:,} {what} are known, more than the {HARD_LIMIT:,} that one search may leave out; {advice}"
    return PaginationError(message, reason="too_many_known")
