"""Whole replays of TheirStack's events, over real sockets and with a real receiver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.server._replay_theirstack import RETRY, TheirStackWorld, a_world
from theirstack_async.replay import Replay, ReplayState
from theirstack_async.testing import RequestRecord, Status, VirtualClock

HOUR = 3600


class Hurried:
    """A clock on which to sleep is to move it on, so that nobody waits; sleepers take turns, so it never goes back."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.turn = asyncio.Lock()
        self.now = clock.now
        self.monotonic = clock.monotonic

    async def sleep(self, seconds: float) -> None:
        async with self.turn:
            await self.clock.advance(max(0.0, seconds))


@pytest_asyncio.fixture
async def world() -> AsyncIterator[TheirStackWorld]:
    async with a_world() as world:
        world.client._pipeline.clock = Hurried(world.fake.clock)
        yield world


def replay(world: TheirStackWorld) -> Replay[int]:
    return Replay(world.provider, clock=world.client._pipeline.clock)


async def test_a_run_through_all_kinds_of_trouble(world: TheirStackWorld, tmp_path: Path) -> None:
    """What the report says of each event is what the receiver saw, and nothing was taken twice."""
    ids = await world.fail(250)
    poisoned = {ids[3], ids[130]}
    for each in poisoned:
        await world.poison(each)
    await world.throttle()
    await world.lose(carried_out=True)
    one = replay(world)
    plan = await one.plan([world.webhook_id])
    later = await world.fail(5)
    async with one.run(plan, journal=tmp_path / "replay.db") as run:
        await run.result()
    report = await one.verify(tmp_path / "replay.db")
    assert {row.id: row.state for row in report.rows} == {
        each: ReplayState.REJECTED if each in poisoned else ReplayState.DELIVERED for each in ids
    }
    assert sorted(world.receiver.ids) == sorted({*ids} - poisoned)
    assert [await world.taken(each) for each in later] == [0] * 5


async def test_what_the_api_tries_again_can_be_left_to_it(world: TheirStackWorld, tmp_path: Path) -> None:
    await world.receive(takes=False)
    old = await world.fail(3)
    await world.fake.clock.advance(49 * HOUR)
    young = await world.fail(2)
    one = replay(world)
    plan = await one.plan([world.webhook_id], auto_retry="skip")
    assert [entry.id for entry in plan.entries if entry.excluded is None] == old
    await world.receive(takes=True)
    world.receiver.bodies.clear()
    async with one.run(plan, journal=tmp_path / "replay.db") as run:
        await run.result()
    assert (await one.verify(tmp_path / "replay.db")).ok
    assert sorted(world.receiver.ids) == old
    await world.fake.clock.advance(HOUR)
    assert sorted(world.receiver.ids) == [*old, *young]


async def test_a_webhook_that_is_archived_meanwhile(world: TheirStackWorld, tmp_path: Path) -> None:
    """The run stops there, and says why; what was not sent stays planned."""
    ids = await world.fail(40)
    one = replay(world)
    plan = await one.plan([world.webhook_id])
    calls = 0

    def archive(record: RequestRecord) -> bool:
        nonlocal calls
        calls += f"{record.method} {record.path}" == RETRY
        world.fake._backend.registry.webhooks[world.webhook_id].is_archived = calls > 2
        return False

    world.fake.faults.add(archive, Status(500), times=None)
    async with one.run(plan, journal=tmp_path / "replay.db", batch_size=10, max_concurrency=1) as run:
        report = await run.result()
    assert "is archived" in report.stopped[world.webhook_id]
    assert report.counts[ReplayState.PLANNED] == 40 - 11
    assert [await world.taken(each) for each in ids] == [1] * 11 + [0] * 29
