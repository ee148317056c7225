"""Jobs are found the earliest first, and the frontier moves only where the order was seen."""

from __future__ import annotations

import math

import pytest

from tests.unit.incremental._rows import BEGAN, Shelf, drive, rows
from theirstack_async import PaginationError
from theirstack_async.incremental._keyset import PLAN_ROWS, PROOF, Keyset
from theirstack_async.incremental._plan import HARD_LIMIT, MOST_EXCLUDED, Ask, Count

RISING = rows(*range(10))


def proven(**settings: float) -> Keyset:
    """Return a plan that has seen ten jobs in order, a second apart, on a full page."""
    plan = Keyset(10, since=BEGAN - 100, **settings)
    assert plan.take(ask_of(plan), RISING).mark == BEGAN + 9
    return plan


def ask_of(plan: Keyset, wanted: int | None = None) -> Ask:
    step = plan.next(wanted)
    assert isinstance(step, Ask)
    return step


class TestAsks:
    def test_the_first_one(self) -> None:
        assert Keyset(100).next(None) == Ask(100, (), None, None, ordered=True)
        assert Keyset(100, since=5.5).next(None) == Ask(100, (), 5.5, None, ordered=True)

    @pytest.mark.parametrize(("wanted", "limit"), [(None, 100), (7, 7), (100, 100), (101, 100)])
    def test_no_more_than_wanted(self, wanted: int | None, limit: int) -> None:
        assert ask_of(Keyset(100), wanted).limit == limit

    def test_it_looks_back_from_the_mark_without_what_is_known(self) -> None:
        seen = {1: BEGAN - 61, 2: BEGAN - 60, 3: BEGAN}
        plan = Keyset(100, mark=BEGAN + 0.5, seen=seen, overlap=60)
        assert plan.next(None) == Ask(100, (2, 3), BEGAN - 60, ordered=True)

    def test_the_overlap_is_a_second_at_the_least(self) -> None:
        assert ask_of(Keyset(100, mark=BEGAN, overlap=0)).start == BEGAN - 1
        assert ask_of(Keyset(100, mark=BEGAN, overlap=1.5)).start == BEGAN - 2
        assert ask_of(Keyset(100, mark=BEGAN)).start == BEGAN - 1

    def test_it_does_not_look_back_behind_its_beginning(self) -> None:
        assert ask_of(Keyset(100, mark=BEGAN, since=BEGAN - 30, overlap=60)).start == BEGAN - 30
        assert ask_of(Keyset(100, mark=BEGAN, since=BEGAN - 90, overlap=60)).start == BEGAN - 60

    def test_ids_are_needed_from_the_overlap_on(self) -> None:
        plan = Keyset(100, overlap=60)
        assert plan.keeps_from(None) is None
        assert plan.keeps_from(BEGAN + 0.9) == BEGAN - 60


class TestOverlapOfMany:
    """Beyond 10,000 ids the overlap gets shorter, down to its least."""

    def test_so_many_are_left_out(self) -> None:
        seen = dict.fromkeys(range(MOST_EXCLUDED), BEGAN - 30)
        ask = ask_of(Keyset(100, mark=BEGAN, seen=seen, overlap=60))
        assert (ask.start, len(ask.exclude)) == (BEGAN - 60, MOST_EXCLUDED)

    def test_one_more_shortens_it(self) -> None:
        seen = dict.fromkeys(range(MOST_EXCLUDED), BEGAN - 30.5) | {-1: BEGAN - 40.5}
        ask = ask_of(Keyset(100, mark=BEGAN, seen=seen, overlap=60))
        assert (ask.start, len(ask.exclude)) == (BEGAN - 40, MOST_EXCLUDED)

    def test_what_lies_before_the_overlap_does_not_count(self) -> None:
        seen = dict.fromkeys(range(MOST_EXCLUDED), BEGAN - 30) | {-1: BEGAN - 61}
        assert ask_of(Keyset(100, mark=BEGAN, seen=seen, overlap=60)).start == BEGAN - 60

    def test_not_below_a_second(self) -> None:
        seen = dict.fromkeys(range(MOST_EXCLUDED + 1), BEGAN)
        ask = ask_of(Keyset(100, mark=BEGAN + 0.5, seen=seen, overlap=60))
        assert (ask.start, len(ask.exclude)) == (BEGAN - 1, MOST_EXCLUDED + 1)

    @pytest.mark.parametrize(("count", "refused"), [(HARD_LIMIT, False), (HARD_LIMIT + 1, True)])
    def test_more_than_a_search_may_leave_out(self, count: int, refused: bool) -> None:
        plan = Keyset(100, mark=BEGAN, seen=dict.fromkeys(range(count), BEGAN))
        if not refused:
            assert len(ask_of(plan).exclude) == count
            return
        with pytest.raises(PaginationError, match=r"50,001 jobs of one stretch of time are known.*narrow the filters"):
            plan.next(None)

    def test_a_count_may_leave_out_more(self) -> None:
        """It is free, and the windows get narrower until they hold few enough."""
        plan = Keyset(100, mark=BEGAN, seen=dict.fromkeys(range(HARD_LIMIT + 1), BEGAN))
        plan._begin_windows()
        assert isinstance(plan.next(None), Count)


class TestFrontier:
    def test_it_follows_pages_in_order(self) -> None:
        plan = proven()
        assert plan.mark == BEGAN + 9
        assert plan.next(None) == Ask(10, (9, 10), BEGAN + 8, ordered=True)
        assert plan.take(ask_of(plan), rows(10, 20, first=11)).mark == BEGAN + 20

    @pytest.mark.parametrize(("ascents", "moves"), [(PROOF - 1, False), (PROOF, True)])
    def test_it_waits_until_the_order_was_seen(self, ascents: int, moves: bool) -> None:
        plan = Keyset(ascents + 1)
        taken = plan.take(ask_of(plan), rows(*range(ascents + 1)))
        assert taken.mark == (BEGAN + ascents if moves else None)
        assert ask_of(plan).exclude == ((PROOF, PROOF + 1) if moves else tuple(range(1, ascents + 2)))

    def test_equal_instants_show_no_order(self) -> None:
        plan = Keyset(20)
        assert plan.take(ask_of(plan), rows(*[5] * 20)).mark is None

    def test_ascents_add_up(self) -> None:
        plan = Keyset(5)
        assert plan.take(ask_of(plan), rows(0, 1, 2, 3, 4)).mark is None
        assert plan.take(ask_of(plan), rows(5, 6, 7, 8, 9, first=6)).mark == BEGAN + 9

    def test_a_page_that_begins_before_the_last_one_ended_shows_none(self) -> None:
        plan = Keyset(6)
        plan.take(ask_of(plan), rows(0, 1, 2, 3, 4, 5))
        assert plan.take(ask_of(plan), rows(4, 6, 7, 8, 9, 10, first=7)).mark is None
        assert plan.take(ask_of(plan), rows(10, 11, 12, 13, 14, 15, first=13)).mark == BEGAN + 15

    def test_pages_of_single_jobs_show_none(self) -> None:
        """What was found between two pages comes later in any order."""
        plan = Keyset(1)
        assert {plan.take(ask_of(plan), rows(at, first=at + 1)).mark for at in range(20)} == {None}
        assert plan.take(ask_of(plan), []).mark == BEGAN + 19

    def test_pages_without_an_instant_show_nothing(self) -> None:
        plan = Keyset(9)
        plan.take(ask_of(plan), [(-1, None)])
        assert plan.take(ask_of(plan), rows(*range(9))).mark == BEGAN + 8

    def test_it_never_moves_back(self) -> None:
        plan = proven(overlap=60)
        assert plan.take(ask_of(plan), rows(-5, -4, first=11)).mark == BEGAN + 9

    def test_a_page_of_rows_without_an_instant_does_not_move_it(self) -> None:
        plan = proven()
        assert plan.take(ask_of(plan), [(-1, None)]).mark == BEGAN + 9

    def test_a_descent_ends_the_belief(self) -> None:
        plan = proven()
        assert plan.take(ask_of(plan, 2), rows(30, 20, first=11)).mark == BEGAN + 9
        assert plan.next(None) == Count(BEGAN + 8, None, (9, 10, 11, 12))

    def test_a_descent_on_the_last_page_is_no_matter(self) -> None:
        plan = proven()
        assert plan.take(ask_of(plan), rows(30, 20, first=11)).mark == BEGAN + 30
        assert plan.next(None) is None

    def test_what_lies_behind_the_overlap_is_forgotten(self) -> None:
        plan = proven(overlap=3)
        assert ask_of(plan).exclude == (7, 8, 9, 10)
        assert set(plan._known.ids) == {7, 8, 9, 10}

    def test_rows_that_are_known_are_not_new(self) -> None:
        plan = Keyset(100, mark=BEGAN, seen={1: BEGAN})
        assert plan.take(ask_of(plan), rows(0, 1)).new == [1]


class TestFuture:
    """A mark that lay in the future would pass what is still to come."""

    def test_the_frontier_stays_before_it(self) -> None:
        plan = Keyset(10)
        taken = plan.take(ask_of(plan), rows(*range(9), 86_401), now=BEGAN)
        assert (taken.mark, taken.new) == (BEGAN + 8, list(range(10)))
        assert plan.take(ask_of(plan), rows(90_000, first=11), now=BEGAN).mark == BEGAN + 8
        plan = Keyset(10)
        assert plan.take(ask_of(plan), rows(*range(9), 86_400), now=BEGAN).mark == BEGAN + 86_400

    def test_a_page_of_nothing_else_does_not_move_it(self) -> None:
        plan = proven()
        later = rows(*range(90_000, 90_010), first=11)
        assert plan.take(ask_of(plan), later, now=BEGAN).mark == BEGAN + 9


class TestEnd:
    def test_an_empty_page(self) -> None:
        plan = Keyset(100)
        assert plan.take(ask_of(plan), []).mark is None
        assert plan.next(None) is None

    def test_an_empty_page_leaves_the_mark_where_it_was(self) -> None:
        plan = Keyset(100, mark=BEGAN)
        assert plan.take(ask_of(plan), []).mark == BEGAN
        assert plan.next(None) is None

    def test_a_short_page_after_a_full_one_however_little_of_the_order_was_seen(self) -> None:
        plan = Keyset(2)
        plan.take(ask_of(plan), rows(5, 7))
        assert plan.take(ask_of(plan), rows(3, first=3)).mark == BEGAN + 7
        assert plan.next(None) is None

    def test_a_page_that_was_cut_is_not_the_last(self) -> None:
        plan = proven()
        assert plan.take(ask_of(plan), [], cut=True).mark == BEGAN + 9
        assert plan.next(None) is not None
        plan.take(ask_of(plan), rows(20, first=11), cut=True)
        assert plan.next(None) is not None

    def test_a_page_from_a_folder_is_not_the_last(self) -> None:
        plan = proven()
        plan.take(ask_of(plan), [], bought=False)
        assert plan.next(None) is not None

    def test_nor_does_it_show_how_large_pages_may_be(self) -> None:
        plan = Keyset(10)
        plan.take(Ask(10, ordered=True), RISING, bought=False)
        plan.take(ask_of(plan), rows(20, first=11))
        assert plan.next(None) is not None


def test_a_row_without_an_instant_is_known_at_the_latest_of_its_page() -> None:
    plan = Keyset(10, mark=BEGAN)
    plan.take(ask_of(plan), [*rows(1, 5, 3), (-1, None)])
    assert plan._known.ids[-1] == BEGAN + 5
    plan = Keyset(10, mark=BEGAN)
    plan.take(ask_of(plan), [(-2, None), (2, BEGAN)])
    plan.take(ask_of(plan), [(-3, None), (-4, None)])
    assert (plan._known.ids[-2], plan._known.ids[-3]) == (BEGAN, BEGAN - 1)
    plan = Keyset(10)
    plan.take(ask_of(plan), [(-5, None)])
    assert plan._known.ids[-5] == 0.0


def test_ids_that_earlier_runs_forgot_bound_the_overlap() -> None:
    """A longer one would bring their rows again."""
    plan = Keyset(10, mark=BEGAN, overlap=60, kept_from=BEGAN - 30)
    assert (ask_of(plan).start, plan.keeps_from(BEGAN), plan.keeps_from(BEGAN + 31)) == (
        BEGAN - 30,
        BEGAN - 30,
        BEGAN - 29,
    )
    assert Keyset(10, overlap=60).keeps_from(BEGAN) == BEGAN - 60


def test_bounds_are_whole_seconds() -> None:
    ask = ask_of(Keyset(100, mark=BEGAN + 0.75, overlap=600.5))
    assert ask.start == math.floor(BEGAN + 0.75 - 600.5)


def test_a_count_that_nobody_asked_for_changes_nothing() -> None:
    plan = Keyset(100)
    plan.counted(0)
    assert plan.next(None) == Ask(100, ordered=True)


def test_the_smallest_plan_is_known() -> None:
    assert PLAN_ROWS == 25


def test_what_arrives_meanwhile_is_found_and_nothing_is_bought_twice() -> None:
    shelf = Shelf(dict(rows(*range(0, 400, 2))), cap=25)

    def meanwhile(number: int) -> None:
        if number < 9:
            shelf.rows[1_000 + number] = BEGAN + 400 + number
            shelf.rows.pop(number, None)

    found = drive(Keyset(100, overlap=60), shelf, meanwhile=meanwhile)
    assert found >= set(shelf.rows)
    assert shelf.bought == len(found)
