"""Windows of time are halved by free counts until one fits, and the mark moves when one is done."""

from __future__ import annotations

import pytest

from tests.unit.incremental._rows import BEGAN, Shelf, drive, refusal, rows
from theirstack_async.incremental._keyset import Keyset
from theirstack_async.incremental._plan import Ask, Count, Known
from theirstack_async.incremental._windows import BEGINNING, FIT, Windows


def windows(start: float | None = 0.0, *, newest: float | None = None, countable: bool = True) -> Windows:
    """Return windows that know one row, if any."""
    return Windows(Known({} if newest is None else {1: newest}), start, countable=countable)


class TestChoice:
    def test_the_first_has_no_end(self) -> None:
        assert windows(5.0).next(10) == Count(5.0, None)
        assert windows(None).next(10) == Count(BEGINNING, None)

    def test_what_is_known_is_not_counted(self) -> None:
        assert windows(5.0, newest=7.0).next(10) == Count(5.0, None, (1,))
        assert windows(8.0, newest=7.0).next(10) == Count(8.0, None)

    def test_one_that_fits_is_read(self) -> None:
        found = windows(newest=100.0)
        found.counted(FIT - 1)
        assert found.next(10) == Ask(10, (1,), 0.0)

    def test_one_that_does_not_is_halved(self) -> None:
        found = windows(newest=101.0)
        found.counted(FIT)
        assert found.next(10) == Count(0.0, 50.0)
        found.counted(FIT + 1)
        assert found.next(10) == Count(0.0, 25.0)

    def test_only_known_rows_of_its_own_take_room(self) -> None:
        found = windows(5.0, newest=4.0)
        found.counted(FIT)
        assert found.next(10) == Ask(10, (), 5.0)

    def test_without_any_known_row_a_page_is_read_first(self) -> None:
        found = windows()
        found.counted(FIT + 1)
        assert found.next(10) == Ask(10, (), 0.0)
        found.took(last=False)
        assert found.next(10) == Count(0.0, None)

    @pytest.mark.parametrize(("newest", "narrow"), [(2.0, True), (2.5, False)])
    def test_the_narrowest_is_two_seconds_wide(self, newest: float, narrow: bool) -> None:
        found = windows(newest=newest)
        found.counted(FIT)
        assert found.next(10) == (Ask(10, (1,), 0.0) if narrow else Count(0.0, 2.0))

    def test_it_is_read_to_its_end_though_it_does_not_fit(self) -> None:
        found = windows(newest=2.5)
        found.counted(FIT)
        found.counted(FIT + 1)
        assert found.next(10) == Ask(10, (), 0.0, 2.0)
        found.took(last=False)
        assert found.next(10) == Ask(10, (), 0.0, 2.0)

    def test_one_that_fits_is_not_counted_again(self) -> None:
        found = windows()
        found.counted(FIT)
        found.took(last=False)
        assert found.next(10) == Ask(10, (), 0.0)

    def test_without_free_counts_all_is_one_window(self) -> None:
        found = windows(5.0, newest=7.0, countable=False)
        assert found.next(10) == Ask(10, (1,), 5.0)
        found.took(last=False)
        assert found.next(10) == Ask(10, (1,), 5.0)
        found.took(last=True)
        assert (found.done, found.reached) == (True, 7.0)


class TestEnd:
    def test_of_the_last(self) -> None:
        found = windows(newest=100.0)
        found.counted(0)
        assert (found.done, found.reached) == (True, 100.0)

    def test_of_the_last_where_nothing_is_known(self) -> None:
        found = windows()
        found.counted(0)
        assert (found.done, found.reached) == (True, None)

    def test_the_next_one_overlaps_it_and_is_twice_as_wide(self) -> None:
        found = windows(newest=100.0)
        found.counted(FIT)
        found.counted(FIT + 1)
        assert found.next(10) == Count(0.0, 25.0)
        found.counted(1)
        found.took(last=True)
        assert (found.done, found.reached) == (False, 25.0)
        assert found.next(10) == Count(24.0, 75.0)

    @pytest.mark.parametrize(("newest", "high"), [(150.0, None), (151.0, 225.0)])
    def test_one_that_reaches_beyond_every_known_row_has_no_end(self, newest: float, high: float | None) -> None:
        found = windows(newest=newest)
        found.counted(FIT)
        found.counted(0)
        assert found.next(10) == Count(74.0, high if high is None else None, (1,))

    def test_the_next_one_is_read_to_its_end_by_itself(self) -> None:
        """The one before had been read by single pages."""
        found = windows()
        found.counted(FIT + 1)
        found.took(last=True)
        assert found.done


class TestNarrow:
    def test_half_of_what_was_refused(self) -> None:
        found = windows(newest=100.0)
        found.counted(1)
        assert found.narrow(9)
        assert found.next(10) == Count(0.0, 50.0)
        found.counted(5)
        assert found.next(10) == Count(0.0, 25.0)
        found.counted(4)
        assert found.next(10) == Ask(10, (), 0.0, 25.0)

    def test_down_to_one(self) -> None:
        found = windows(newest=100.0)
        assert found.narrow(2)
        found.counted(2)
        found.counted(1)
        assert found.next(10) == Ask(10, (), 0.0, 25.0)

    def test_not_a_single_one(self) -> None:
        assert not windows(newest=100.0).narrow(1)

    def test_not_where_counts_cost(self) -> None:
        assert not windows(newest=100.0, countable=False).narrow(9)

    def test_not_where_nothing_is_known(self) -> None:
        assert not windows().narrow(9)

    @pytest.mark.parametrize(("newest", "possible"), [(2.0, False), (2.5, True)])
    def test_not_below_two_seconds(self, newest: float, possible: bool) -> None:
        assert windows(newest=newest).narrow(9) is possible
        found = windows(newest=4 * newest)
        found.counted(FIT)
        assert found.next(10) == Count(0.0, float(int(2 * newest)))
        found.counted(FIT + 1)
        assert found.next(10) == Count(0.0, 2.0)
        assert not found.narrow(9)


class TestServers:
    """Every row once, whatever their order."""

    @pytest.mark.parametrize("inclusive", [True, False])
    @pytest.mark.parametrize("page_size", [7, 500])
    def test_the_latest_first(self, page_size: int, inclusive: bool) -> None:
        shelf = Shelf(dict(rows(*(at * 0.75 for at in range(600)))), ordered=False, inclusive=inclusive)
        plan = Keyset(page_size, since=BEGAN - 1.0, overlap=5)
        assert drive(plan, shelf) == set(shelf.rows)
        assert (plan.mark, shelf.bought) == (max(shelf.rows.values()), 600)

    def test_more_than_fit_in_few_seconds(self) -> None:
        shelf = Shelf({number: BEGAN + 2 + number % 2 for number in range(FIT + 1_000)})
        shelf.rows |= {10_000 + number: BEGAN + 30 + number for number in range(500)}
        shelf.refuses = lambda ask: refusal(422) if ask.ordered else None
        plan = Keyset(500, since=BEGAN, seen={10_000: BEGAN + 30})
        assert drive(plan, shelf) == set(shelf.rows) - {10_000}
        assert shelf.bought == len(shelf.rows) - 1
        assert len(shelf.counts) < 50

    def test_what_lies_behind_the_overlap_is_forgotten(self) -> None:
        shelf = Shelf(dict(rows(*range(100))), ordered=False)
        plan = Keyset(20, overlap=5)
        drive(plan, shelf)
        assert sorted(at - BEGAN for at in plan._known.ids.values()) == list(range(94, 100))

    def test_years_are_read_in_windows_that_fit(self) -> None:
        every = 3_600.0
        shelf = Shelf(dict(rows(*(at * every for at in range(3 * FIT)))), ordered=False)
        plan = Keyset(500)
        assert drive(plan, shelf) == set(shelf.rows)
        assert shelf.bought == 3 * FIT
        assert max(len(ask.exclude) for ask in shelf.asks) <= FIT
        assert len(shelf.counts) < 100


def test_the_mark_does_not_pass_the_time_of_the_first_page() -> None:
    """A late row may have joined a window that was read since then."""
    known = Known({1: 500.0})
    for now in (400.0, 900.0, 300.0 + 600.0):
        known.look(now)
    one = Windows(known, 0.0, countable=False)
    one.next(10)
    one.took(last=True)
    assert (one.done, one.reached) == (True, 400.0)


def test_nothing_is_reached_where_nothing_is_known() -> None:
    one = Windows(Known({}), 0.0, countable=False)
    one.took(last=True)
    assert (one.done, one.reached) == (True, None)
