"""Single steps of a walk over a billed list: what it reads ahead, how it gets out of a doubt, and when it gives up."""

from __future__ import annotations

import pytest

from theirstack_async import EndReason
from theirstack_async._straight import PLAN_PAGES, PLAN_ROWS, StraightWalk
from theirstack_async._walk import Ask, Told


def walked(pages: int, size: int = 10, *, max_pages: int | None = None) -> StraightWalk:
    """Return a walk that has taken so many full pages."""
    walk = StraightWalk(size, max_pages=max_pages)
    for start in range(0, pages * size, size):
        walk.take(Ask(start, size), range(start, start + size), Told())
    return walk


def test_max_pages_bounds_what_is_read_ahead() -> None:
    walk = walked(1, max_pages=5)
    assert walk.ahead(Ask(10, 10), None, 9) == [Ask(20, 10), Ask(30, 10), Ask(40, 10)]
    assert walk.ahead(Ask(30, 10), None, 9) == [Ask(40, 10)], "the page between is read too"
    assert walk.ahead(Ask(40, 10), None, 9) == []
    assert walk.ahead(Ask(10, 10), None, 2) == [Ask(20, 10), Ask(30, 10)]


def in_doubt() -> tuple[StraightWalk, int]:
    """Return a walk to which a page was empty just where a plan could end, and the place."""
    walk, place = walked(PLAN_PAGES, PLAN_ROWS), PLAN_PAGES * PLAN_ROWS
    walk.take(Ask(place, PLAN_ROWS), [], Told())
    assert walk.next() == Ask(place, 1, total=True)
    return walk, place


def test_nothing_is_read_ahead_in_doubt() -> None:
    walk, place = in_doubt()
    assert walk.ahead(Ask(place, 1, total=True), None, 3) == []


def test_a_row_ends_a_doubt() -> None:
    walk, place = in_doubt()
    walk.take(Ask(place, 1, total=True), [place], Told(total=place + 9))
    assert walk.next() == Ask(place + 1, PLAN_ROWS)


def test_a_doubt_that_nothing_is_told_of_ends_the_walk() -> None:
    walk, place = in_doubt()
    walk.take(Ask(place, 1, total=True), [], Told())
    assert walk.end is EndReason.EXHAUSTED


def test_ten_pages_in_a_row_without_a_new_row_end_the_walk() -> None:
    walk = StraightWalk(1, origin=20, known=range(20))
    for number in range(10):
        assert walk.end is None
        walk.take(Ask(20 + number, 1), [number], Told())
    assert walk.end is EndReason.REPEATED_PAGE


@pytest.mark.parametrize("size", [1, 5, 10, 25])
def test_where_a_plan_may_count_rows_the_end_is_in_doubt(size: int) -> None:
    """Small pages reach the free plan's last row with another page than its fifth."""
    walk, place = walked(-(-PLAN_PAGES * PLAN_ROWS // size), size), PLAN_PAGES * PLAN_ROWS
    place = -(-place // size) * size
    walk.take(Ask(place, size), [], Told())
    assert (walk.end, walk.next()) == (None, Ask(place, 1, total=True))


def test_a_page_that_may_have_been_cut_at_the_plans_last_row_is_not_the_end() -> None:
    walk, place = walked(12, 10), PLAN_PAGES * PLAN_ROWS
    walk.take(Ask(120, 10), range(120, place), Told())
    assert (walk.end, walk.next()) == (None, Ask(place, 10))
    walk.take(Ask(place, 10), [], Told())
    assert walk.next() == Ask(place, 1, total=True)
    walk.take(Ask(place, 1, total=True), [], Told(total=200))
    assert (walk.end, walk.not_fetched) == (EndReason.PLAN_LIMIT, 75)


def test_larger_pages_than_the_plans_show_that_it_is_another() -> None:
    walk = walked(4, 30)
    walk.take(Ask(120, 30), range(120, 125), Told())
    assert walk.end is EndReason.EXHAUSTED
    walk = walked(5, 30)
    walk.take(Ask(150, 30), [], Told())
    assert walk.next() == Ask(150, 1, total=True), "five pages, however large"
    walk = walked(6, 30)
    walk.take(Ask(180, 30), [], Told())
    assert walk.end is EndReason.EXHAUSTED
