"""The promise of incremental extraction, over thousands of lives of a program: whatever arrives, moves or goes on the
server, however it sorts and cuts its pages, and wherever the program dies, in the end the user's store holds each row,
and no row was bought twice that could have been kept.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.incremental._life import Life
from tests.incremental._process import MemoryLanding
from tests.incremental._schedule import Schedule, Session, schedules
from tests.incremental._world import Sorting
from theirstack_async import EndReason

SORTINGS: dict[str, st.SearchStrategy[Sorting]] = {
    "obeyed": st.just("obeyed"),
    "ignored": st.just("newest"),
    "refused": st.sampled_from(["400", "422"]),
    "changing": st.sampled_from(["obeyed", "newest", "400", "422"]),
}


async def lived(schedule: Schedule, *, landing: bool, last: Sorting) -> Life:
    """Return what a life came to, after a last run that nothing bounds."""
    life = Life(schedule, landing=MemoryLanding() if landing else None)
    for session in schedule.sessions:
        await life.live(session)
    await life.live(Session(sorting=last))
    assert life.end is EndReason.EXHAUSTED
    assert life.world.rows.keys() <= life.store <= life.world.ever
    return life


async def buys_no_more(life: Life, last: Sorting) -> None:
    """Assert that further runs cost nothing, once the rows are known that moved since they were bought."""
    for moved in (life.world.moved, set[int]()):
        before, billed = set(life.bought), life.world.billed
        await life.live(Session(sorting=last))
        assert life.end is EndReason.EXHAUSTED
        assert {row for row, _ in life.bought - before} <= moved
        assert life.world.billed == billed + len(life.bought) - len(before)


@pytest.mark.parametrize("sorting", SORTINGS)
@given(data=st.data())
async def test_with_landing_every_row_is_bought_once(sorting: str, data: st.DataObject) -> None:
    schedule, last = data.draw(schedules(SORTINGS[sorting])), data.draw(SORTINGS[sorting])
    life = await lived(schedule, landing=True, last=last)
    assert life.world.billed == len(life.bought) + life.repeated + life.lost
    assert isinstance(life.landing, MemoryLanding) and life.landing.kept == {}
    await buys_no_more(life, last)


@pytest.mark.parametrize("sorting", SORTINGS)
@given(data=st.data())
async def test_without_landing_only_unacknowledged_pages_are_bought_again(sorting: str, data: st.DataObject) -> None:
    schedule, last = data.draw(schedules(SORTINGS[sorting])), data.draw(SORTINGS[sorting])
    life = await lived(schedule, landing=False, last=last)
    assert life.world.billed <= len(life.bought) + life.repeated + life.lost + life.open
    await buys_no_more(life, last)
