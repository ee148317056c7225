"""Rows as plans see them, a shelf of them that can be asked, and what the API says when it refuses."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from theirstack_async import APIError
from theirstack_async.incremental._plan import Ask, Count, Plan, Row
from theirstack_async.incremental.state._state import Id

BEGAN = 1_760_000_000.0
"""Unix seconds; the instants of tests are counted from there."""


def rows(*seconds: float, first: int = 1) -> list[Row]:
    """Return rows that were discovered so many seconds after the beginning, numbered from the first."""
    return [(number, BEGAN + at) for number, at in enumerate(seconds, first)]


def refusal(status: int, text: str = "no") -> APIError:
    return APIError(text, status=status)


def nothing_refused(_: Ask) -> APIError | None:
    return None


@attrs.define
class Shelf:
    """A server of few words."""

    rows: dict[Id, float]
    ordered: bool = True
    """Whether the earliest come first where that is asked; else the latest do."""
    cap: int = 1_000_000
    """Rows of a page at the most."""
    refuses: Callable[[Ask], APIError | None] = nothing_refused
    inclusive: bool = True
    asks: list[Ask] = attrs.field(factory=list[Ask])
    """Those that it answered."""
    counts: list[Count] = attrs.field(factory=list[Count])
    bought: int = 0

    def find(self, step: Ask | Count) -> list[Row]:
        """Return the rows that are asked for, the latest first."""
        low = float("-inf") if step.start is None else step.start
        high = float("inf") if step.end is None else step.end
        excluded = set(step.exclude)
        inside = [(id_, at) for id_, at in self.rows.items() if low <= at <= high and id_ not in excluded]
        if not self.inclusive:
            inside = [(id_, at) for id_, at in inside if at not in (step.start, step.end)]
        return sorted(inside, key=lambda row: (-row[1], str(row[0])))

    def page(self, ask: Ask) -> list[Row]:
        """Answer, and bill the rows."""
        self.asks.append(ask)
        found = self.find(ask)
        if ask.ordered and self.ordered:
            found.sort(key=lambda row: row[1])
        page = found[: min(ask.limit, self.cap)]
        self.bought += len(page)
        return page


def drive(plan: Plan, shelf: Shelf, *, steps: int = 1_000, meanwhile: Callable[[int], None] | None = None) -> set[Id]:
    """Follow a plan to its end, and return the ids of the rows that it called new.

    Raises:
        APIError: what the shelf refused, where the plan had nothing else to ask for.
    """
    found: set[Id] = set()
    for number in range(steps):
        if meanwhile:
            meanwhile(number)
        step = plan.next(None)
        if step is None:
            return found
        if isinstance(step, Count):
            shelf.counts.append(step)
            plan.counted(len(shelf.find(step)))
        elif (error := shelf.refuses(step)) is not None:
            if not plan.refused(step, error):
                raise error
        else:
            page = shelf.page(step)
            fresh = [page[place][0] for place in plan.take(step, page).new]
            assert found.isdisjoint(fresh)
            found.update(fresh)
            if not meanwhile:
                check_mark(plan, shelf, found)
    raise AssertionError(f"no end after {steps} steps")


def check_mark(plan: Plan, shelf: Shelf, found: set[Id]) -> None:
    """Every row before the mark has been found, but those that the plan was told of at its beginning."""
    known = getattr(plan, "_known").ids  # noqa: B009  # the plan does not show it
    if plan.mark is not None and (bound := plan.keeps_from(plan.mark)) is not None:
        behind = {id_ for id_, at in shelf.rows.items() if bound <= at < plan.mark}
        assert behind <= found | set(known), "the mark has passed rows that are not known"
