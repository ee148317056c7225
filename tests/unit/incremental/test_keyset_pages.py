"""Pages of jobs that come from a folder, and those by which an API shows that it does not obey."""

from __future__ import annotations

import pytest

from tests.unit.incremental._rows import BEGAN, rows
from tests.unit.incremental.test_keyset import RISING, ask_of, proven
from theirstack_async import PaginationError
from theirstack_async.incremental._keyset import Keyset
from theirstack_async.incremental._plan import Ask, Count
from theirstack_async.incremental.state._state import Id


class TestFolder:
    """A page from the folder moves the frontier if every job before it is known."""

    def test_one_from_the_beginning(self) -> None:
        plan = Keyset(10)
        assert plan.take(Ask(10, ordered=True), RISING, bought=False).mark == BEGAN + 9

    def test_one_that_begins_later(self) -> None:
        plan = Keyset(10)
        assert plan.take(Ask(10, start=BEGAN, ordered=True), RISING, bought=False).mark is None
        assert plan.mark is None

    @pytest.mark.parametrize(("start", "moves"), [(-61, True), (-60, True), (-59, False)])
    def test_one_that_begins_with_the_overlap(self, start: float, moves: bool) -> None:
        plan = Keyset(10, mark=BEGAN, overlap=60)
        mark = plan.take(Ask(10, start=BEGAN + start, ordered=True), rows(*range(1, 11)), bought=False).mark
        assert mark == BEGAN + (10 if moves else 0)

    @pytest.mark.parametrize(("known", "moves"), [(0, True), (2, True), (3, False)])
    def test_one_before_which_pages_are_missing(self, known: int, moves: bool) -> None:
        """It was asked for when more was known."""
        seen: dict[Id, float] = {100: BEGAN - 1, 101: BEGAN - 2, 102: BEGAN - 70}
        plan = Keyset(10, mark=BEGAN, seen=seen, overlap=60)
        ask = Ask(10, start=BEGAN - 60, ordered=True, known=known)
        assert plan.take(ask, rows(*range(1, 11)), bought=False).mark == BEGAN + (10 if moves else 0)

    @pytest.mark.parametrize(("start", "moves"), [(0, True), (1, False)])
    def test_one_that_adjoins_the_beginning(self, start: float, moves: bool) -> None:
        plan = Keyset(10, since=BEGAN)
        mark = plan.take(Ask(10, start=BEGAN + start, ordered=True), rows(*range(1, 11)), bought=False).mark
        assert mark == (BEGAN + 10 if moves else None)

    def test_one_without_an_order_does_not(self) -> None:
        plan = Keyset(10, mark=BEGAN)
        ask = Ask(10, start=BEGAN, end=BEGAN + 20)
        assert plan.take(ask, RISING, bought=False).mark == BEGAN
        assert plan.next(None) == Ask(10, tuple(range(1, 11)), BEGAN - 1, ordered=True)

    def test_one_with_an_order_is_nothing_to_windows(self) -> None:
        plan = Keyset(10)
        plan.take(Ask(10, ordered=True), rows(9, 3), bought=False)
        assert plan.take(Ask(10, ordered=True), rows(*range(20, 30), first=3), bought=False).mark is None
        assert isinstance(plan.next(None), Count)

    def test_one_whose_rows_are_all_known_is_no_fault_of_the_api(self) -> None:
        plan = Keyset(10, mark=BEGAN, seen={1: BEGAN})
        assert plan.take(Ask(10, start=BEGAN - 1, ordered=True), rows(0), bought=False).new == []
        assert ask_of(plan).exclude == (1,)


class TestWindowsEnd:
    """Where the order is not obeyed, a short page may be short for another reason."""

    def test_only_an_empty_page_is_the_last_of_a_window(self) -> None:
        plan = Keyset(2)
        plan.take(ask_of(plan), rows(9, 3))
        plan.counted(3)
        plan.take(ask_of(plan), rows(8, 7, first=3))
        plan.take(ask_of(plan), rows(6, first=5))
        assert plan.take(ask_of(plan), []).mark == BEGAN + 9
        assert plan.next(None) is None

    def test_or_one_of_rows_that_cannot_be_left_out(self) -> None:
        plan = Keyset(2, seen={-5: BEGAN})
        plan.take(ask_of(plan), rows(9, 3))
        plan.counted(1)
        assert plan.take(ask_of(plan), [(-5, None)]).mark == BEGAN + 9
        assert plan.next(None) is None


class TestDisobedience:
    """To go on would have rows bought without end, or lose some."""

    def refused(self, plan: Keyset, what: str) -> None:
        for _ in range(2):
            with pytest.raises(PaginationError, match=f"the API did not obey {what}"):
                plan.next(None)

    def test_rows_of_an_earlier_time(self) -> None:
        plan = Keyset(10, mark=BEGAN)
        taken = plan.take(ask_of(plan), rows(-1.5, 3))
        assert (taken.new, taken.mark, plan.mark) == ([0, 1], None, BEGAN)
        self.refused(plan, "discovered_at_gte,")

    def test_a_beginning_amid_a_second_may_be_rounded(self) -> None:
        plan = Keyset(10, since=BEGAN + 0.5)
        plan.take(ask_of(plan), rows(0, 3))
        assert plan.next(None) is not None
        plan.take(ask_of(plan), rows(-0.1, first=3))
        self.refused(plan, "discovered_at_gte,")

    def test_rows_from_the_very_bound_on_are_good(self) -> None:
        plan = Keyset(10, mark=BEGAN)
        plan.take(ask_of(plan), rows(-1, 3))
        assert plan.next(None) is not None

    @pytest.mark.parametrize(("at", "good"), [(10.9, True), (11, False)])
    def test_rows_of_a_later_time(self, at: float, good: bool) -> None:
        """The bound is a whole second, which may be meant as all of it."""
        plan = Keyset(10)
        plan.take(Ask(10, end=BEGAN + 10), rows(at))
        if good:
            assert plan.next(None) is not None
        else:
            self.refused(plan, "discovered_at_lte,")

    def test_nothing_but_known_rows(self) -> None:
        plan = Keyset(10, mark=BEGAN, seen={1: BEGAN, 2: BEGAN})
        assert plan.take(ask_of(plan), rows(0, 0)).new == []
        self.refused(plan, "job_id_not, and gave nothing but rows that are known,")

    def test_some_known_rows_are_no_reason_to_stop(self) -> None:
        plan = Keyset(10, mark=BEGAN, seen={1: BEGAN})
        plan.take(ask_of(plan), rows(0, 0))
        assert plan.next(None) is not None

    @pytest.mark.parametrize(("ids", "ends"), [((-5, -6), True), ((0, -5), True), ((-5, 3), False)])
    def test_known_rows_that_cannot_be_left_out_are_all_that_is_left(self, ids: tuple[int, ...], ends: bool) -> None:
        """Rows that did not decode and have no id."""
        plan = Keyset(10, mark=BEGAN, seen=dict.fromkeys(ids, BEGAN))
        plan.take(ask_of(plan), [(id_, None if id_ <= 0 else BEGAN) for id_ in ids])
        if ends:
            assert plan.next(None) is None
        else:
            self.refused(plan, "job_id_not")

    def test_a_whole_page_of_them_may_hide_others(self) -> None:
        plan = Keyset(2, mark=BEGAN, seen={-5: BEGAN, -6: BEGAN})
        plan.take(ask_of(plan), [(-5, None), (-6, None)])
        self.refused(plan, "job_id_not")

    def test_known_rows_that_were_not_left_out_are_found_again(self) -> None:
        """One was discovered anew, out of the stretch in which it was known."""
        plan = Keyset(10, mark=BEGAN, seen={1: BEGAN - 100})
        assert ask_of(plan).exclude == ()
        assert plan.take(ask_of(plan), rows(5)).new == []
        assert ask_of(plan).exclude == (1,)

    def test_known_rows_on_the_last_page_are_none_either(self) -> None:
        plan = proven()
        plan.take(ask_of(plan), rows(9, first=10))
        assert plan.next(None) is None
