"""Whatever the rows and the server's manners, each row is found once and the mark passes none."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.incremental._rows import BEGAN, Shelf, drive, refusal
from theirstack_async.incremental import _windows
from theirstack_async.incremental._keyset import Keyset
from theirstack_async.incremental._plan import Ask, Known
from theirstack_async.incremental.state._state import Id

INSTANTS = st.lists(st.integers(0, 400).map(lambda at: at / 4), max_size=60)


@given(
    instants=INSTANTS,
    page_size=st.integers(1, 30),
    cap=st.integers(1, 40),
    overlap=st.integers(0, 30),
    since=st.none() | st.integers(-5, 20),
    ordered=st.booleans(),
    refused=st.booleans(),
    countable=st.booleans(),
    inclusive=st.booleans(),
)
def test_one_run(
    instants: list[float],
    page_size: int,
    cap: int,
    overlap: int,
    since: int | None,
    ordered: bool,
    refused: bool,
    countable: bool,
    inclusive: bool,
) -> None:
    held: dict[Id, float] = {number: BEGAN + at for number, at in enumerate(instants, 1)}
    start = None if since is None else BEGAN + since
    shelf = Shelf(held, ordered=ordered, cap=cap, inclusive=inclusive)
    if refused:
        shelf.refuses = lambda ask: refusal(400) if ask.ordered else None
    plan = Keyset(page_size, since=start, overlap=overlap, countable=countable)
    wanted = {id_ for id_, at in held.items() if start is None or (at >= start if inclusive else at > start)}
    assert drive(plan, shelf) == wanted
    assert shelf.bought == len(wanted)
    assert plan.mark == max((held[id_] for id_ in wanted), default=None)


@given(
    instants=st.lists(st.integers(0, 40).map(lambda at: at / 2), min_size=1, max_size=40),
    fit=st.integers(1, 6),
    limit=st.integers(1, 9),
    start=st.integers(0, 8).map(lambda at: at / 4),
)
def test_windows_end_however_few_rows_fit(instants: list[float], fit: int, limit: int, start: float) -> None:
    known = Known({0: 30.0})
    windows = _windows.Windows(known, start, countable=True)
    windows._fit = fit
    left: dict[Id, float] = {number: at for number, at in enumerate(instants, 1) if at >= start}
    for _ in range(600):
        if windows.done:
            break
        step = windows.next(limit)
        assert step.start is not None
        high = float("inf") if step.end is None else step.end
        inside = [(id_, at) for id_, at in left.items() if step.start <= at <= high]
        if isinstance(step, Ask):
            page = inside[:limit]
            known.absorb(page, 0.0)
            for id_, _at in page:
                del left[id_]
            windows.took(last=not page)
        else:
            windows.counted(len(inside))
        assert all(at > (windows.reached or 0.0) or windows.reached is None for at in left.values())
    assert (windows.done, left) == (True, {})


@given(instants=INSTANTS, seed=st.integers(0, 9), overlap=st.integers(1, 20), late=st.integers(0, 20))
def test_runs_that_go_on_from_a_mark(instants: list[float], seed: int, overlap: int, late: int) -> None:
    """Rows come between and during runs, no later than the overlap allows."""
    chance = random.Random(seed)
    shelf = Shelf({}, cap=chance.randint(1, 30), ordered=chance.random() < 0.7)
    coming = sorted(instants)
    stored: dict[Id, float] = {}
    mark: float | None = None

    def arrive(_: int) -> None:
        for at in [coming.pop(0) for _ in range(min(len(coming), chance.randint(0, 3)))]:
            newest = max(shelf.rows.values(), default=BEGAN)
            shelf.rows[len(shelf.rows) + 1] = max(BEGAN + at, newest) - chance.uniform(0, min(late, overlap))

    while coming:
        arrive(0)
        plan = Keyset(chance.randint(1, 12), mark=mark, seen=stored, overlap=overlap)
        found = drive(plan, shelf, meanwhile=arrive)
        assert found.isdisjoint(stored)
        stored |= {id_: shelf.rows[id_] for id_ in found}
        mark = plan.mark
    assert shelf.bought == len(stored)
    plan = Keyset(5, mark=mark, seen=stored, overlap=overlap)
    assert set(stored) | drive(plan, shelf) == set(shelf.rows)
