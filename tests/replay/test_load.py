"""A large replay with all that goes wrong: it settles every event, as fast as the API allows and never faster, and
needs no more memory at its end than at its beginning.
"""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests._scale import scaled
from tests.replay._invariants import most_within
from tests.replay._memory import BITGO_LIKE, Call, Fate, Log, MemoryProvider, World
from tests.replay._virtual import LoopClock, virtual
from theirstack_async.replay import Replay, ReplayReport, ReplayState, ReplayWindow

pytestmark = pytest.mark.slow

EVENTS = scaled(100_000)
WEBHOOKS = 5
POISON = 0.01
"""The share of ids that sink their call; as many calls are throttled, and as many have an unknown outcome."""
ENDS = {ReplayState.DELIVERED, ReplayState.REJECTED, ReplayState.UNKNOWN}


def troubled(events: int, *, webhooks: int = WEBHOOKS) -> World:
    """Return a world with so many events, in which much goes wrong."""
    chance = random.Random(events)
    doubts: tuple[Fate, ...] = ("lost", "dropped")

    def fate(call: Call) -> Fate:
        drawn = chance.random()
        return "throttled" if drawn < 0.01 else chance.choice(doubts) if drawn < 0.02 else "taken"

    world = World(fate=fate, latency=lambda: chance.uniform(0.05, 0.5), delay=lambda: chance.uniform(0.1, 20.0))
    for webhook in range(1, webhooks + 1):
        world.seed(events // webhooks, webhook, age=86_400.0)
    world.poison.update(chance.sample(sorted(world.rows), round(events * POISON)))
    return world


async def replayed(provider: MemoryProvider, journal: Path, **how: Any) -> ReplayReport:
    """Plan, run and verify."""
    replay = Replay(provider, clock=LoopClock(), uniform=lambda: 0.5)
    plan = await replay.plan(sorted({row.webhook_id for row in provider.world.rows.values()}))
    assert plan.to_send == len(provider.world.rows)
    async with replay.run(plan, journal=journal, **how) as run:
        await run.result()
    return await replay.verify(journal)


def speed(calls: list[Log], window: ReplayWindow) -> float:
    """Return what share of a window was used, on average from the first call to the last one."""
    used = sum(log.count if window.counts == "ids" else 1 for log in calls)
    took = max(log.arrived for log in calls) - min(log.sent for log in calls)
    # Both ends are full: what fits into one window can be had at once.
    return used / (window.limit * (took / window.seconds + 1))


@virtual
async def test_all_are_settled_as_fast_as_the_api_allows_and_never_faster(tmp_path: Path) -> None:
    world = troubled(EVENTS)
    report = await replayed(MemoryProvider(world, windows=BITGO_LIKE), tmp_path / "replay.db")
    assert {row.state for row in report.rows} <= ENDS
    assert report.total == sum(report.counts.values()) == EVENTS
    assert world.doubled() == []
    rejected = {row.id for row in report.rows if row.state is ReplayState.REJECTED}
    unknown = {row.id for row in report.rows if row.state is ReplayState.UNKNOWN}
    assert rejected <= world.poison <= rejected | unknown
    assert unknown <= world.doubts.keys()
    assert all(world.rows[id_].taken == 0 for id_ in unknown | rejected)
    ids, calls = BITGO_LIKE
    assert most_within(world.calls, ids) <= ids.limit
    assert most_within(world.calls, calls) <= calls.limit
    for webhook in range(1, WEBHOOKS + 1):
        assert speed([log for log in world.calls if log.webhook_id == webhook], ids) >= 0.95


@virtual
async def test_a_window_of_the_account_is_used_up_and_shared(tmp_path: Path) -> None:
    """The calls of all webhooks together take what there is."""
    world = troubled(EVENTS // 2)
    window = ReplayWindow(6, 60.0, "calls", "account")
    report = await replayed(MemoryProvider(world, windows=(window,)), tmp_path / "replay.db")
    assert {row.state for row in report.rows} <= ENDS
    assert most_within(world.calls, window) <= window.limit
    assert speed(world.calls, window) >= 0.95
    early = world.calls[: len(world.calls) // 2]
    shares = Counter(log.webhook_id for log in early)
    assert min(shares.values()) > 0.1 * max(shares.values()), "a webhook waits for others to end"


class _Nothing(list[Log]):
    """A log of calls that keeps none."""

    def append(self, _: Log) -> None:
        """Forget it."""


class _Nobody(Counter[int]):
    """Keeps no count."""

    def update(self, *_: Any, **__: Any) -> None:
        """Forget them."""


@virtual
async def test_a_run_needs_no_more_memory_the_longer_it_takes(tmp_path: Path) -> None:
    """From a quarter of the way to the end, it grows by less than a small object for each event."""
    events = EVENTS // 2
    world = troubled(events, webhooks=1)
    world.calls, world.sent = _Nothing(), _Nobody()
    replay = Replay(MemoryProvider(world, batch_size=25), clock=LoopClock(), uniform=lambda: 0.5)
    plan = await replay.plan([1])
    used: list[tuple[int, int]] = []
    tracemalloc.start()
    try:
        async with replay.run(plan, journal=tmp_path / "replay.db") as run:
            async for snapshot in run.progress(every=5.0):
                used.append((snapshot.total - snapshot.waiting, tracemalloc.get_traced_memory()[0]))
    finally:
        tracemalloc.stop()
    begun = next(each for each in used if each[0] > events / 4)
    assert used[-1][0] == events
    assert (used[-1][1] - begun[1]) / (events - begun[0]) < 48
