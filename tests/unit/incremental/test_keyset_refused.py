"""What is asked for where the API refuses a page: windows, fewer ids, smaller pages; and when nothing is left."""

from __future__ import annotations

import pytest

from tests.unit.incremental._rows import BEGAN, Shelf, drive, refusal, rows
from theirstack_async import APIError
from theirstack_async.incremental._keyset import Keyset
from theirstack_async.incremental._plan import Ask, Count

SEEN = {number: BEGAN - number for number in range(8)}


def ask_of(plan: Keyset) -> Ask:
    step = plan.next(None)
    assert isinstance(step, Ask)
    return step


def begun(page_size: int = 100, **settings: float) -> Keyset:
    """Return a plan that has bought a page."""
    plan = Keyset(page_size, mark=BEGAN, seen=SEEN, overlap=60, **settings)
    plan.take(ask_of(plan), rows(1, first=100))
    return plan


class TestOrder:
    @pytest.mark.parametrize("status", [400, 413, 422])
    def test_without_it_there_are_windows(self, status: int) -> None:
        plan = Keyset(100, since=BEGAN)
        assert plan.refused(ask_of(plan), refusal(status))
        assert plan.next(None) == Count(BEGAN, None)

    def test_they_begin_at_the_overlap(self) -> None:
        plan = Keyset(100, mark=BEGAN, seen=SEEN, overlap=60)
        assert plan.refused(ask_of(plan), refusal(400))
        assert plan.next(None) == Count(BEGAN - 60, None, tuple(SEEN))

    def test_where_counts_cost_it_is_one_window(self) -> None:
        plan = Keyset(100, since=BEGAN, countable=False)
        assert plan.refused(ask_of(plan), refusal(400))
        assert plan.next(None) == Ask(100, (), BEGAN)

    @pytest.mark.parametrize("status", [401, 404, 500])
    def test_what_is_no_refusal_of_the_question_is_raised(self, status: int) -> None:
        plan = begun()
        assert not plan.refused(ask_of(plan), refusal(status))
        plan = Keyset(100, mark=BEGAN, seen=SEEN)
        assert not plan.refused(ask_of(plan), refusal(status))

    def test_not_once_it_was_obeyed(self) -> None:
        plan = Keyset(100, since=BEGAN)
        plan.take(ask_of(plan), rows(1))
        assert not plan.refused(ask_of(plan), refusal(400))

    def test_a_page_from_a_folder_tells_nothing_of_it(self) -> None:
        plan = Keyset(100)
        plan.take(ask_of(plan), rows(1), bought=False)
        assert plan.refused(ask_of(plan), refusal(400))
        assert isinstance(plan.next(None), Count)


class TestIds:
    @pytest.mark.parametrize("status", [400, 413, 422])
    def test_fewer_are_left_out(self, status: int) -> None:
        plan = Keyset(25, mark=BEGAN, seen=SEEN, overlap=60)
        assert plan.refused(ask_of(plan), refusal(status, "job_id_not: at most 4"))
        assert plan.next(None) == Ask(25, (0, 1, 2, 3), BEGAN - 3, ordered=True)
        assert plan.refused(ask_of(plan), refusal(status, "job_id_not: at most 2"))
        assert plan.next(None) == Ask(25, (0, 1), BEGAN - 1, ordered=True)
        assert not plan.refused(ask_of(plan), refusal(status, "job_id_not: at most 1"))

    def test_in_the_midst_of_a_run_as_well(self) -> None:
        plan = begun()
        assert plan.refused(ask_of(plan), refusal(413))
        assert plan.next(None) == Ask(100, (0, 1, 2, 100), BEGAN - 2, ordered=True)

    def test_windows_begin_with_the_whole_overlap(self) -> None:
        plan = Keyset(100, mark=BEGAN, seen=SEEN, overlap=60)
        assert plan.refused(ask_of(plan), refusal(400, "job_id_not"))
        assert plan.refused(ask_of(plan), refusal(400, "order_by"))
        assert plan.next(None) == Count(BEGAN - 60, None, tuple(SEEN))

    def test_windows_get_narrower(self) -> None:
        plan = Keyset(25, mark=BEGAN, seen=SEEN, overlap=60)
        plan.refused(ask_of(plan), refusal(400))
        plan.counted(3)
        assert plan.next(None) == Ask(25, tuple(SEEN), BEGAN - 60)
        assert plan.refused(ask_of(plan), refusal(400, "job_id_not"))
        assert plan.next(None) == Count(BEGAN - 60, BEGAN - 30)

    @pytest.mark.parametrize(("status", "known", "narrows"), [(413, 8, True), (403, 8, False), (400, 1, False)])
    def test_a_count_that_is_refused_has_its_window_narrowed(self, status: int, known: int, narrows: bool) -> None:
        seen = dict(list(SEEN.items())[:known])
        plan = Keyset(100, mark=BEGAN, seen=seen, overlap=60)
        plan.refused(ask_of(plan), refusal(400))
        count = plan.next(None)
        assert isinstance(count, Count)
        assert plan.refused(count, refusal(status)) is narrows
        assert plan.next(None) == (Count(BEGAN - 60, BEGAN - 30) if narrows else count)

    def test_not_before_smaller_pages_where_the_refusal_does_not_name_them(self) -> None:
        plan = Keyset(100, mark=BEGAN, seen=SEEN, overlap=60)
        plan.refused(ask_of(plan), refusal(400))
        plan.counted(3)
        assert plan.refused(ask_of(plan), refusal(400))
        assert plan.next(None) == Ask(25, tuple(SEEN), BEGAN - 60)
        assert plan.refused(ask_of(plan), refusal(400))
        assert isinstance(plan.next(None), Count)

    def test_smaller_pages_where_fewer_are_no_help(self) -> None:
        plan = Keyset(100, mark=BEGAN)
        assert plan.refused(ask_of(plan), refusal(400, "limit_not_allowed"))
        assert plan.next(None) == Ask(25, (), BEGAN - 1, ordered=True)

    def test_not_where_there_are_none(self) -> None:
        plan = Keyset(25, mark=BEGAN)
        assert not plan.refused(ask_of(plan), refusal(400, "job_id_not"))


class TestPageSize:
    @pytest.mark.parametrize("status", [400, 403, 413, 422])
    def test_smaller_pages(self, status: int) -> None:
        plan = Keyset(26, since=BEGAN, countable=False)
        plan.refused(ask_of(plan), refusal(400))
        assert plan.refused(ask_of(plan), refusal(status))
        assert ask_of(plan).limit == 25
        assert not plan.refused(ask_of(plan), refusal(status))

    def test_the_order_is_kept_where_the_plan_forbids_the_size(self) -> None:
        plan = Keyset(100)
        assert plan.refused(ask_of(plan), refusal(403))
        assert plan.next(None) == Ask(25, ordered=True)

    def test_not_in_the_midst_of_a_run(self) -> None:
        plan = begun()
        assert not plan.refused(ask_of(plan), refusal(403))

    def test_a_page_that_is_small_because_few_are_wanted(self) -> None:
        plan = Keyset(100)
        step = plan.next(25)
        assert isinstance(step, Ask)
        assert not plan.refused(step, refusal(403))


@pytest.mark.parametrize("page_size", [25, 100])
@pytest.mark.parametrize("countable", [True, False])
@pytest.mark.parametrize("known", [0, 1, 2, 8])
def test_one_that_refuses_everything_is_not_asked_for_ever(page_size: int, countable: bool, known: int) -> None:
    seen = {number: BEGAN - number for number in range(known)}
    shelf = Shelf({**SEEN, **dict(rows(1, first=100))}, refuses=lambda _: refusal(422))
    with pytest.raises(APIError):
        drive(Keyset(page_size, mark=BEGAN, seen=seen, overlap=600, countable=countable), shelf)


@pytest.mark.parametrize("known", [0, 2, 8])
def test_one_that_refuses_the_order_and_the_size_is_read_all_the_same(known: int) -> None:
    seen = {number: BEGAN - number for number in range(known)}
    new = dict(rows(*range(1, 90), first=100))
    shelf = Shelf({**seen, **new}, refuses=lambda ask: refusal(422) if ask.ordered or ask.limit > 25 else None)
    assert drive(Keyset(100, mark=BEGAN, seen=seen, overlap=600), shelf, steps=3_000) == set(new)
    assert shelf.bought == len(new)
