"""The promise of paging: rows that stay in order are handed out exactly once, however the list moves meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests._scale import scaled
from tests.unit.paging._moving import Change, MovingList, Schedule, fault, listing, play, random_schedule
from theirstack_async import EndReason, Paginator
from theirstack_async._walk import Ask, OffsetWalk, Taken, Told

WALK = "tests.unit.paging._moving.OffsetWalk"
MEMORY = "theirstack_async.pagination._paginator.MEMORY"
SEEDS = 20_000

CHANGES = st.lists(
    st.lists(st.builds(Change, st.booleans(), st.floats(0, 1), st.integers(1, 12)), max_size=4), max_size=30
)
SCHEDULES = st.builds(
    Schedule,
    size=st.integers(0, 40),
    page_size=st.integers(1, 8),
    changes=CHANGES,
    width=st.sampled_from([1, 2, 5]),
    delays=st.lists(st.integers(0, 4), min_size=1, max_size=7),
    offset=st.one_of(st.just(0), st.integers(0, 10)),
    max_items=st.one_of(st.none(), st.integers(0, 40)),
    stops=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=4),
)


@given(SCHEDULES)
async def test_rows_that_stay_come_exactly_once(schedule: Schedule) -> None:
    played, rows = await play(schedule)
    assert not fault(schedule, played, rows)


async def _count(seeds: range, **changes: Any) -> tuple[int, int]:
    """Play many schedules; return how many broke the promise, and how many ended in errors instead of a full list."""
    broken = given_up = 0
    for seed in seeds:
        schedule = attrs.evolve(random_schedule(seed), **changes)
        played, rows = await play(schedule)
        broken += bool(fault(schedule, played, rows))
        given_up += played.gave_up
    return broken, given_up


async def test_thousands_of_schedules() -> None:
    broken, given_up = await _count(range(scaled(SEEDS)))
    assert broken == 0
    assert given_up < scaled(SEEDS) * 0.1, "a promise that is kept by giving up is worth little"


async def test_a_list_read_from_its_start_is_hardly_ever_given_up() -> None:
    """It is when as many rows come in before each read as a page holds, so that the same page is read thrice."""
    seeds = scaled(SEEDS // 4)
    broken, given_up = await _count(range(seeds), offset=0, stops=[], width=1)
    assert broken == 0
    assert given_up <= seeds * 0.005


class _OneStepBack(OffsetWalk):
    """Steps back once, and then takes whatever comes."""

    stepped = False

    def take(self, ask: Ask, keys: Sequence[int], told: Told) -> Taken:
        if self.stepped:
            self._free_offset = ask.offset
        taken = super().take(ask, keys, told)
        self.stepped = taken.verdict == "stepped_back"
        return taken


class _NoAnchor(OffsetWalk):
    """Takes each page as it comes."""

    def take(self, ask: Ask, keys: Sequence[int], told: Told) -> Taken:
        self._free_offset = ask.offset
        return super().take(ask, keys, told)


class _NoOverlap(OffsetWalk):
    """Asks for the row after the last one, as most loops do."""

    def next(self, wanted: int | None = None) -> Ask | None:
        ask = super().next(wanted)
        if ask is None or not self._seen:
            return ask
        self._free_offset = ask.offset + 1
        return Ask(ask.offset + 1, ask.limit)


class _Forgetful(OffsetWalk):
    """In the middle of a list, takes a row that stands before a known one for a new one."""

    def take(self, ask: Ask, keys: Sequence[int], told: Told) -> Taken:
        partial, self._partial = self._partial, False
        try:
            return super().take(ask, keys, told)
        finally:
            self._partial = partial


async def test_a_checkpoint_need_not_remember_all_that_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """It remembers 16 ids here, and at most 4 rows come in at a time; 500 ids are as good for 100 times as many."""
    monkeypatch.setattr(MEMORY, 16)
    broken = given_up = 0
    for seed in range(scaled(SEEDS // 4)):
        base = random_schedule(seed)
        calm = [[attrs.evolve(each, count=min(each.count, 2)) for each in changes[:2]] for changes in base.changes]
        schedule = attrs.evolve(base, size=base.size + 40, stops=[(12, True)] * 9, changes=calm)
        played, rows = await play(schedule)
        broken += bool(fault(schedule, played, rows))
        given_up += played.gave_up
    assert broken == 0
    assert given_up < scaled(SEEDS // 4) * 0.05


@pytest.mark.parametrize("walk", [_OneStepBack, _NoAnchor, _NoOverlap, _Forgetful])
async def test_a_walk_without_its_rules_breaks_the_promise(
    walk: type[OffsetWalk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schedules are hard enough to find each of the faults that a paging loop can have."""
    monkeypatch.setattr(WALK, walk)
    monkeypatch.setattr(MEMORY, 3)
    broken, _ = await _count(range(1000))
    assert broken > 0


async def test_a_single_step_back_is_not_enough_for_plain_iteration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WALK, _OneStepBack)
    broken, _ = await _count(range(1000), offset=0, stops=[], width=1)
    assert broken > 0


class _Shuffled(MovingList):
    """Between the first two reads, a row that was not read yet moves to the part that was."""

    async def read(self, offset: int, limit: int) -> list[int]:
        if self.reads == 1:
            self.rows.insert(0, self.rows.pop(7))
        return await super().read(offset, limit)


async def test_a_row_that_moves_to_the_read_part_is_missed() -> None:
    rows = _Shuffled(Schedule(10, 4, []))
    paginator = Paginator(listing(rows.read), page_size=4)
    assert await paginator.collect() == [0, 1, 2, 3, 4, 5, 6, 8, 9]


@pytest.mark.parametrize("width", [1, 3])
async def test_settle_finds_a_row_that_moved(width: int) -> None:
    rows = _Shuffled(Schedule(10, 4, []))
    paginator = Paginator(listing(rows.read), page_size=4, settle=True)
    async with paginator.prefetch(width) as items:
        assert [item async for item in items] == [0, 1, 2, 3, 4, 5, 6, 8, 9, 7]
    assert paginator.end is EndReason.EXHAUSTED
    assert rows.rows == [7, 0, 1, 2, 3, 4, 5, 6, 8, 9]


async def test_settle_ends_with_a_pass_that_brings_nothing_new() -> None:
    rows = MovingList(Schedule(10, 5, []))
    assert await Paginator(listing(rows.read), page_size=5, settle=True).collect() == list(range(10))
    assert rows.reads == 2 * 3


async def test_with_settle_the_checkpoint_stays_where_the_first_pass_ended() -> None:
    paginator = Paginator(listing(_Shuffled(Schedule(10, 4, [])).read), page_size=4, settle=True)
    assert len(await paginator.collect()) == 10
    assert paginator.checkpoint().offset == 10
    assert paginator.checkpoint().ids == (0, 1, 2, 3, 4, 5, 6, 8, 9)


def test_a_walk_from_the_middle_hands_out_only_what_stands_after_a_row_that_it_knows() -> None:
    """What stands before was handed out by the walk that it takes up, which remembered only the last ids of it."""
    walk = OffsetWalk(4, origin=8, known=(6, 7))
    taken = walk.take(Ask(7, 4), [5, 6, 7, 8], Told())
    assert (list(taken.new), taken.front) == ([3], 3)
