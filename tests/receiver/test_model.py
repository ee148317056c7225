"""The promise of a receiver, over thousands of lives: however its processes end, and whatever the store does, each
event is handled, and handled again only where a process died before it could note that it was.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.receiver._world import Manners, World
from tests.replay._virtual import play
from theirstack_async.receiver import DeliveryState

pytestmark = pytest.mark.slow


def manners(**fixed: Any) -> st.SearchStrategy[Manners]:
    """Return a strategy for how the world behaves."""
    settings = st.fixed_dictionaries(
        {
            "queue": st.sampled_from([1, 3, 100]),
            "max_concurrency": st.sampled_from([1, 2, 10]),
            "budget": st.sampled_from([0.5, 5.0]),
            "drain": st.sampled_from([0.0, 10.0]),
            "lease": st.sampled_from([30.0, 300.0]),
            "max_attempts": st.just(1_000_000),
        }
    )
    drawn: dict[str, Any] = {
        "seed": st.integers(0, 2**32),
        "events": st.integers(1, 25),
        "processes": st.integers(1, 3),
        "lives": st.integers(0, 6),
        "killed": st.sampled_from([0.0, 0.5, 1.0]),
        "fails": st.sampled_from([0.0, 0.1, 0.5]),
        "store_fails": st.sampled_from([0.0, 0.05, 0.2]),
        "slowest": st.sampled_from([0.1, 40.0, 200.0]),
        "copies": st.sampled_from([0.0, 0.3, 1.0]),
        "settings": settings,
    }
    return st.builds(Manners, **{**drawn, **fixed})


@given(manners(durable=st.just(True)))
def test_each_event_is_handled_once(how: Manners) -> None:
    world = World(how)
    play(world.play())
    for event_id in range(how.events):
        assert 1 <= world.handled[event_id] <= 1 + world.excused[event_id], event_id


@given(manners(durable=st.just(True), killed=st.just(0.0), store_fails=st.just(0.0)))
def test_in_good_order_each_is_handled_exactly_once(how: Manners) -> None:
    """Nothing excuses a second time then, and nothing is left in the store but what is done."""
    world = World(how)

    async def played() -> None:
        await world.play()
        counts = await world.store.counts()
        assert dict(counts) == dict.fromkeys(DeliveryState, 0) | {DeliveryState.DONE: how.events}

    play(played())
    assert world.handled == dict.fromkeys(range(how.events), 1)


@given(manners(durable=st.just(False)))
def test_a_store_in_memory_loses_none_either(how: Manners) -> None:
    """Each event is handled, and by no process twice."""
    world = World(how)
    play(world.play())
    assert set(world.handled) == set(range(how.events))
    assert not [where for where, times in world.by_process.items() if times > 1 + world.excused[where[0]]]
