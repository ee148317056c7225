"""The promise of incremental extraction, over thousands of lives of a program: whatever arrives, moves or goes on the
server, however it sorts and cuts its pages, and wherever the program dies, in the end the user's store holds each row,
and no row was bought twice that could have been kept.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.incremental._life import Life
from tests.incremental._process import MemoryLanding
from tests.incremental._schedule import Schedule, Session, schedules
from tests.incremental._world import Sorting
from theirstack_async import EndReason
from theirstack_async.incremental import SQLiteState
from theirstack_async.incremental._landing import Landing

pytestmark = pytest.mark.slow

SORTINGS: dict[str, st.SearchStrategy[Sorting]] = {
    "obeyed": st.just("obeyed"),
    "ignored": st.just("newest"),
    "shuffled": st.just("shuffled"),
    "refused": st.sampled_from(["400", "422"]),
    "changing": st.sampled_from(["obeyed", "newest", "400", "422"]),
}


def lives(sorting: str) -> st.SearchStrategy[Schedule]:
    """Return a strategy for lives with a server that sorts in a way; chance has to meet the full proof of an order."""
    return schedules(SORTINGS[sorting], proofs=(8,) if sorting == "shuffled" else (1, 2, 8))


async def lived(schedule: Schedule, *, last: Sorting, landing: MemoryLanding | Landing | None, **how: Any) -> Life:
    """Return what a life came to, after a last run that nothing bounds."""
    life = Life(schedule, landing=landing, **how)
    for session in schedule.sessions:
        await life.live(session)
    await life.live(Session(sorting=last))
    assert life.end is EndReason.EXHAUSTED
    assert life.world.rows.keys() <= life.store <= life.world.ever
    return life


async def buys_no_more(life: Life, last: Sorting) -> None:
    """Assert that one more run costs nothing, but for rows that were found anew since they were bought."""
    before = life.world.billed
    await life.live(Session(sorting=last))
    assert life.end is EndReason.EXHAUSTED
    assert set(life.world.sold[before:]) <= set(life.world.moved)


@pytest.mark.parametrize("sorting", SORTINGS)
@given(data=st.data())
async def test_with_landing_every_row_is_bought_once(sorting: str, data: st.DataObject) -> None:
    """A row that is found anew may come, and cost, once more, as a new one or as a repeated one."""
    schedule, last = data.draw(lives(sorting)), data.draw(SORTINGS[sorting])
    life = await lived(schedule, landing=MemoryLanding(), last=last)
    moves = len(life.world.moved)
    assert life.repeated == 0 or moves
    least = len(life.store) + life.lost
    assert least <= life.world.billed <= len(life.bought) + life.repeated + life.lost + moves
    assert isinstance(life.landing, MemoryLanding) and life.landing.kept == {}
    await buys_no_more(life, last)


@pytest.mark.parametrize("sorting", SORTINGS)
@given(data=st.data())
async def test_without_landing_only_unacknowledged_pages_are_bought_again(sorting: str, data: st.DataObject) -> None:
    schedule, last = data.draw(lives(sorting)), data.draw(SORTINGS[sorting])
    life = await lived(schedule, landing=None, last=last)
    most = len(life.bought) + life.repeated + life.lost + life.open
    assert life.world.billed <= most + len(life.world.moved)
    await buys_no_more(life, last)


@settings(max_examples=settings.default.max_examples // 5)
@given(schedule=lives("changing"))
async def test_the_same_with_a_database_and_a_folder(schedule: Schedule) -> None:
    with TemporaryDirectory() as folder:
        state, landing = SQLiteState(f"{folder}/state.db"), Landing(f"{folder}/landing")
        life = await lived(schedule, landing=landing, state=state, last="obeyed")
        least = len(life.store) + life.lost
        most = len(life.bought) + life.repeated + life.lost + len(life.world.moved)
        assert least <= life.world.billed <= most
        (key,) = await state.profiles()
        assert await landing.pages(key) == []
        await buys_no_more(life, "obeyed")
        await state.aclose()


@pytest.mark.parametrize("landing", [True, False])
@given(schedule=schedules(st.sampled_from(["newest", "by id", "shuffled"])))
async def test_companies_are_bought_once(schedule: Schedule, landing: bool) -> None:
    folder = MemoryLanding() if landing else None
    life = await lived(schedule, landing=folder, kind="companies", last="shuffled")
    assert life.repeated == 0
    bought_again = 0 if landing else life.open
    assert len(life.store) + life.lost <= life.world.billed <= len(life.store) + life.lost + bought_again
    before = life.world.billed
    await life.live(Session(sorting="shuffled"))
    assert (life.end, life.world.billed) == (EndReason.EXHAUSTED, before)
