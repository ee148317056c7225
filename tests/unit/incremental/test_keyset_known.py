"""What all ways of finding new rows share: asks, the rows that are known, and which page is the last."""

from __future__ import annotations

import pytest

from tests.unit.incremental._rows import BEGAN, rows
from theirstack_async.incremental._plan import HARD_LIMIT, MOST_EXCLUDED, Ask, Count, Known, disobeyed, too_many


def test_an_ask_is_kept_without_its_ids() -> None:
    ask = Ask(25, (1, 2), 3.0, 4.0, ordered=True)
    assert ask.to_head() == {"limit": 25, "start": 3.0, "end": 4.0, "ordered": True, "known": 2}
    assert Ask.from_head(ask.to_head()) == Ask(25, (), 3.0, 4.0, ordered=True, known=2)
    assert Ask.from_head(Ask(1).to_head()) == Ask(1)


def test_ids_are_not_spelled_out() -> None:
    assert "exclude=<2 ids>" in repr(Ask(25, (1, 2)))
    assert "exclude=<3 ids>" in repr(Count(None, None, (1, 2, 3)))


def test_the_ends_of_a_stretch_belong_to_it() -> None:
    known = Known({1: 10.0, 2: 20.0, "c": 30.0})
    assert known.within(10.0, 20.0) == (1, 2)
    assert known.within(10.5, 19.5) == ()
    assert known.within(None, 20.0) == (1, 2)
    assert known.within(20.0) == (2, "c")
    assert known.within(None) == (1, 2, "c")


def test_the_newest() -> None:
    assert Known({}).newest() is None
    assert Known({1: 10.0, 2: 5.0}).newest() == 10.0


def test_the_newest_that_is_believed() -> None:
    """Nothing is discovered more than a day after the server's own time."""
    known = Known({1: 10.0, 2: BEGAN + 86_400, 3: BEGAN + 86_401})
    known.look(BEGAN)
    assert known.newest() == BEGAN + 86_400
    known.look(None)
    assert known.newest() == BEGAN + 86_400
    known.look(0.0)
    assert known.newest() == 10.0
    known.look(-86_400.0)
    assert known.newest() is None


def test_what_is_older_is_forgotten() -> None:
    known = Known({1: 9.0, 2: 10.0, 3: 11.0})
    known.forget(10.0)
    assert known.ids == {2: 10.0, 3: 11.0}


class TestAbsorb:
    def test_it_tells_which_rows_are_new(self) -> None:
        known = Known({1: BEGAN})
        assert known.absorb([*rows(0, 1, 2), (2, BEGAN + 1)], 0.0) == [1, 2]
        assert known.ids == {1: BEGAN, 2: BEGAN + 1, 3: BEGAN + 2}

    def test_one_without_an_instant_gets_that_of_its_page(self) -> None:
        known = Known({})
        assert known.absorb([(1, None), (2, 0.0)], 7.0) == [0, 1]
        assert known.ids == {1: 7.0, 2: 0.0}

    def test_one_that_is_found_again_later_is_known_there(self) -> None:
        known = Known({1: 10.0, 2: 10.0})
        assert known.absorb([(1, 20.0), (2, 5.0)], 0.0) == []
        assert known.ids == {1: 20.0, 2: 10.0}

    def test_what_is_handed_in_stays_as_it_is(self) -> None:
        seen = {1: 10.0}
        Known(seen).absorb([(2, 1.0)], 0.0)
        assert seen == {1: 10.0}


class TestLast:
    """A short page is the last one only where one of its size was full before."""

    def test_an_empty_one_always_is(self) -> None:
        assert Known({}).is_last(Ask(10), 0)

    def test_a_short_one_may_have_been_cut_short(self) -> None:
        assert not Known({}).is_last(Ask(10), 9)

    def test_a_full_one_is_not(self) -> None:
        known = Known({})
        assert not known.is_last(Ask(10), 10)
        assert not known.is_last(Ask(10), 10)

    @pytest.mark.parametrize(("limit", "last"), [(9, True), (10, True), (11, False)])
    def test_a_short_one_after_a_full_one(self, limit: int, last: bool) -> None:
        known = Known({})
        known.is_last(Ask(10), 10)
        assert known.is_last(Ask(limit), 8) is last

    @pytest.mark.parametrize(("rows", "last"), [(9, True), (10, False)])
    def test_one_of_rows_that_never_go_is_unless_it_is_full(self, rows: int, last: bool) -> None:
        assert Known({}).is_last(Ask(10), rows, stuck=True) is last

    def test_the_largest_full_one_counts(self) -> None:
        known = Known({})
        known.is_last(Ask(10), 11)
        known.is_last(Ask(5), 5)
        assert known.is_last(Ask(10), 9)


def test_the_errors_say_what_to_do_next() -> None:
    error = disobeyed("order")
    assert str(error) == (
        "the API did not obey order, so nothing more was asked for; what was handed out is good, and the mark has not "
        "passed anything else. Run it again later, and tell the vendor if it stays like this"
    )
    assert error.reason == "disobeyed"
    error = too_many(60_000, "companies", "split them")
    assert str(error) == ("60,000 companies are known, more than the 50,000 that one search may leave out; split them")
    assert error.reason == "too_many_known"


def test_the_bounds_are_those_that_the_documentation_tells() -> None:
    assert (MOST_EXCLUDED, HARD_LIMIT) == (10_000, 50_000)
