"""Companies have no instant: those that are known are left out by their ids."""

from __future__ import annotations

import pytest

from tests.unit.incremental._rows import Shelf, drive, refusal
from theirstack_async import PaginationError
from theirstack_async.incremental._exclusion import Exclusion
from theirstack_async.incremental._plan import HARD_LIMIT, Ask, Row
from theirstack_async.incremental.state._state import Id


def ask_of(plan: Exclusion) -> Ask:
    step = plan.next(None)
    assert step is not None
    return step


def page(*ids: Id) -> list[Row]:
    return [(id_, None) for id_ in ids]


@pytest.mark.parametrize(("wanted", "limit"), [(None, 100), (7, 7), (100, 100), (101, 100)])
def test_no_more_than_wanted_and_without_what_is_known(wanted: int | None, limit: int) -> None:
    assert Exclusion(100, seen={"a": 0.0, "b": 0.0}).next(wanted) == Ask(limit, ("a", "b"))


def test_there_is_no_mark_and_every_id_is_needed() -> None:
    plan = Exclusion(100)
    assert plan.mark is None
    assert plan.keeps_from(None) is None
    assert plan.take(ask_of(plan), page("a")).mark is None


def test_what_was_taken_in_is_left_out() -> None:
    plan = Exclusion(100, seen={"b": 0.0})
    assert plan.take(ask_of(plan), page("a", "b", "c")).new == [0, 2]
    assert plan.next(None) == Ask(100, ("b", "a", "c"))
    plan.counted(0)
    assert plan.next(None) == Ask(100, ("b", "a", "c"))


def test_an_empty_page_is_the_end() -> None:
    plan = Exclusion(100)
    plan.take(ask_of(plan), [])
    assert plan.next(None) is None


def test_a_short_page_is_it_after_a_full_one() -> None:
    plan = Exclusion(2)
    plan.take(ask_of(plan), page("a"))
    plan.take(ask_of(plan), page("b", "c"))
    assert plan.next(None) is not None
    plan.take(ask_of(plan), page("d"))
    assert plan.next(None) is None


def test_one_that_was_cut_is_not() -> None:
    plan = Exclusion(2)
    plan.take(ask_of(plan), [], cut=True)
    assert plan.next(None) is not None


def test_one_from_a_folder_is_not() -> None:
    plan = Exclusion(2)
    assert plan.take(Ask(2), page("a", "b"), bought=False).new == [0, 1]
    assert plan.take(Ask(2), [], bought=False).new == []
    assert plan.next(None) == Ask(2, ("a", "b"))
    plan.take(ask_of(plan), page("c"))
    assert plan.next(None) is not None


def test_nothing_but_known_rows_ends_it_with_an_error() -> None:
    plan = Exclusion(100, seen={"a": 0.0})
    assert plan.take(ask_of(plan), page("a")).new == []
    for _ in range(2):
        with pytest.raises(PaginationError, match="did not obey company_id_not, and gave nothing but rows that are kn"):
            plan.next(None)


def test_known_rows_of_a_folder_do_not() -> None:
    plan = Exclusion(100, seen={"a": 0.0})
    plan.take(Ask(100), page("a"), bought=False)
    assert plan.next(None) is not None


def test_known_rows_on_the_last_page_do_not_either() -> None:
    plan = Exclusion(2)
    plan.take(ask_of(plan), page("a", "b"))
    plan.take(ask_of(plan), page("a"))
    assert plan.next(None) is None


def test_known_rows_that_cannot_be_left_out_are_all_that_is_left() -> None:
    """Those that did not decode have no text for an id."""
    plan = Exclusion(100, seen={"a": 0.0, -5: 0.0, 7: 0.0})
    plan.take(ask_of(plan), page(-5, 7))
    assert plan.next(None) is None
    plan = Exclusion(100, seen={"a": 0.0, -5: 0.0})
    plan.take(ask_of(plan), page(-5, "b"))
    assert plan.next(None) is not None
    plan.take(ask_of(plan), page(-5, "b"))
    with pytest.raises(PaginationError):
        plan.next(None)


def test_a_profile_has_a_largest_size() -> None:
    seen: dict[Id, float] = {f"c{number}": 0.0 for number in range(HARD_LIMIT)}
    assert len(ask_of(Exclusion(100, seen=seen)).exclude) == HARD_LIMIT
    plan = Exclusion(100, seen=seen | {"one more": 0.0})
    with pytest.raises(PaginationError, match=r"50,001 companies are known.*split the filters into several profiles"):
        plan.next(None)


@pytest.mark.parametrize("status", [400, 403, 413, 422])
def test_smaller_pages_where_a_plan_refuses_large_ones(status: int) -> None:
    plan = Exclusion(26, seen={"a": 0.0})
    assert plan.refused(ask_of(plan), refusal(status))
    assert plan.next(None) == Ask(25, ("a",))
    assert not plan.refused(ask_of(plan), refusal(status))


def test_other_refusals_are_raised() -> None:
    plan = Exclusion(100)
    assert not plan.refused(ask_of(plan), refusal(404))
    plan.take(Ask(100), page("a"), bought=False)
    assert plan.refused(ask_of(plan), refusal(403))
    plan = Exclusion(100)
    plan.take(ask_of(plan), page("a"))
    assert not plan.refused(ask_of(plan), refusal(403))


@pytest.mark.parametrize("cap", [1, 25, 100])
@pytest.mark.parametrize("known", [0, 3, 60])
def test_every_company_once(cap: int, known: int) -> None:
    shelf = Shelf({f"c{number}": 0.0 for number in range(60)}, cap=cap)
    found = drive(Exclusion(30, seen={f"c{number}": 0.0 for number in range(known)}), shelf)
    assert len(found) == shelf.bought == 60 - known
