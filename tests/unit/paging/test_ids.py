"""Sets of ids over a bitmap."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async._ids import IdSet, IdView

ODD = [-1, -(2**70), 2**64, 2**70]
VALUES = st.one_of(st.integers(0, 50), st.integers(0, 2**64 - 1), st.sampled_from(ODD))


@given(st.lists(st.tuples(st.sampled_from(["add", "add_new", "discard", "update", "difference_update"]), VALUES)))
def test_it_is_a_set(steps: list[tuple[str, int]]) -> None:
    ids, plain = IdSet(), set[int]()
    for what, value in steps:
        if what == "add":
            assert ids.add(value) is (value not in plain)
            plain.add(value)
        elif what == "add_new":
            new = plain.isdisjoint({value, 7}) and value not in {7, *ODD}
            assert ids.add_new([value, 7]) is new
            plain |= {value, 7} if new else set()
        elif what == "difference_update":
            ids.difference_update([value, 3] if value % 2 else IdSet([value, 3]))
            plain -= {value, 3}
        elif what == "discard":
            ids.discard(value)
            plain.discard(value)
        else:
            ids.update([value, 3] if value % 2 else IdSet([value, 3]))
            plain.update([value, 3])
        assert ids.among([value, 3, 4]) == plain & {value, 3, 4}
    assert list(ids) == sorted(plain)
    assert len(ids) == len(plain)
    assert ids == plain
    assert pickle.loads(pickle.dumps(ids)) == plain
    assert copy.deepcopy(ids) == plain


@pytest.mark.parametrize("value", ["1", 1.0, True, None])
def test_what_is_no_id_is_not_in_it(value: object) -> None:
    assert value not in IdSet([0, 1])


def test_a_view_is_live_and_read_only() -> None:
    ids = IdSet([3, 1])
    view = IdView(ids)
    ids.add(2)
    assert (list(view), len(view), 2 in view) == ([1, 2, 3], 3, True)
    assert view == {1, 2, 3}
    assert view & {1, 9} == {1}
    assert isinstance(view - {1}, IdSet)
    assert (repr(ids), repr(view)) == ("IdSet(3 ids)", "IdView(3 ids)")
    assert not hasattr(view, "add")


def test_it_may_grow_while_it_is_iterated() -> None:
    ids = IdSet(range(1000))
    for value in ids:
        ids.add(value + 100_000)
    assert len(ids) == 2000
