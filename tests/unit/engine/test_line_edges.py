"""Where the line for the rate windows is at its bounds: a wait that is just allowed, a cancel just before sending."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from tests._engine import ScriptedTransport, answer
from tests.unit.engine._paced import Limited, get, in_flight, paced, run, start, turns
from theirstack_async import Timeouts
from theirstack_async._engine import theirstack as api
from theirstack_async.errors import RateLimitError
from theirstack_async.quota import Change, MemoryQuota
from theirstack_async.testing.clock import VirtualClock

T = TypeVar("T")


class Counted(MemoryQuota):
    """Counts how often it is asked."""

    updates = 0

    async def update(self, key: str, change: Change[T]) -> T:
        """Count, and do it."""
        self.updates += 1
        return await super().update(key, change)


async def test_a_wait_that_takes_all_that_is_left_of_the_deadline_is_too_long() -> None:
    clock = VirtualClock()
    server = Limited(clock, (1, 40.0))
    line = paced(server, clock, timeouts=Timeouts(deadline=40.0))
    await get(line, 0)
    (error,) = await run(clock, start(get(line, 1)))
    assert isinstance(error, RateLimitError)
    assert clock.monotonic() == 0.0


async def test_a_wait_of_just_max_rate_wait_is_allowed_to_those_further_behind_too() -> None:
    clock = VirtualClock()
    server = Limited(clock, (1, 30.0))
    line = paced(server, clock, max_rate_wait=60.0)
    await get(line, 0)
    tasks = start(get(line, 1))
    await turns()
    ends = await run(clock, [*tasks, *start(get(line, 2))])
    assert [end.meta.status for end in ends] == [200, 200]
    assert server.times == [0.0, 30.0, 60.0]


async def test_when_nobody_waits_any_longer_a_call_asks_the_store_twice() -> None:
    """For a place, and to tell its end."""
    clock = VirtualClock()
    store = Counted(clock)
    line = paced(Limited(clock, (2, 10.0)), clock, quota=store)
    await get(line, 0)
    await get(line, 1)
    await run(clock, start(get(line, 2)))
    await clock.advance(20.0)
    before = store.updates
    await get(line, 3)
    assert store.updates - before == 2


async def test_before_the_first_answer_searches_keep_to_four_a_second() -> None:
    clock = VirtualClock()
    server = Limited(clock, (4, 1.0), latency=0.1)
    line = paced(server, clock)
    ends = await run(clock, start(*(line.call(api.JOBS_SEARCH, json={}, rows=1) for _ in range(6))))
    assert [end.meta.status for end in ends] == [200] * 6
    assert server.refused == 0


async def test_what_is_known_is_told_by_our_clock_where_the_stores_is_another() -> None:
    clock, theirs = VirtualClock(), VirtualClock()
    await theirs.advance(5000.0)
    line = paced(Limited(clock, (1, 10.0)), clock, quota=MemoryQuota(theirs))
    await get(line, 0)
    await clock.advance(4.0)
    (limit,) = line.throttle.limits(None).values()
    assert [window.reset for window in limit.windows] == [6.0]


async def test_who_is_cancelled_before_he_sends_gives_his_place_back() -> None:
    clock = VirtualClock()
    told = Limited(clock, (1, 100.0)).windows.headers()
    line = paced(ScriptedTransport(answer(200, [], told)), clock, max_concurrency=1)
    await get(line, 0)
    await clock.advance(200.0)
    await line.slots.acquire()
    (task,) = start(get(line, 1))
    await turns()
    assert len(in_flight(line)) == 1
    task.cancel()
    await asyncio.wait([task])
    line.slots.release()
    await run(clock, start(get(line, 2)))
    assert clock.monotonic() == 200.0
