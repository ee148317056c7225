"""Whole replays of BitGo's notifications, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.server._replay_bitgo import LIST, RESEND, BitGoWorld, a_world, seed
from theirstack_async.replay import Replay, ReplayState
from theirstack_async.testing import FakeBitGo, RequestRecord, ResetBeforeBody, Status

_CALM = 20
"""Turns of the loop without a request, after which everybody is presumed to wait for time to pass."""


class Hurried:
    """A clock on which to sleep is to move it on, once nobody is busy. Sleepers take turns, so it never goes back."""

    def __init__(self, fake: FakeBitGo) -> None:
        self.fake = fake
        self.turn = asyncio.Lock()
        self.now = fake.clock.now
        self.monotonic = fake.clock.monotonic

    async def sleep(self, seconds: float) -> None:
        until = self.now() + seconds
        async with self.turn:
            calm = 0
            while calm < _CALM:
                await asyncio.sleep(0)
                calm = 0 if self.fake.requests.in_flight else calm + 1
            await self.fake.clock.advance(max(0.0, until - self.now()))


@pytest_asyncio.fixture(params=[False, True], ids=["changes rows", "adds rows"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[BitGoWorld]:
    async with a_world(adds_rows=request.param, suspends_after=None) as world:
        world.bitgo._pipeline.clock = Hurried(world.fake)
        yield world


def replay(world: BitGoWorld) -> Replay[str]:
    return Replay(world.provider, clock=world.bitgo._pipeline.clock)


def resends(world: BitGoWorld) -> list[RequestRecord]:
    return [each for each in world.fake.requests if each.method == "POST"]


async def test_a_run_through_all_kinds_of_trouble(world: BitGoWorld, tmp_path: Path) -> None:
    """The report tells what the API did; nothing was accepted twice, and no call came too fast but the one on cue."""
    ids = await world.fail(130)
    refused, poisoned = {ids[7], ids[60]}, {ids[30]}
    for each in refused:
        world.fake.refuse(each, "too old")
    await world.poison(ids[30])
    await world.throttle()
    await world.lose(carried_out=True)
    journal, one = tmp_path / "replay.db", replay(world)
    async with one.run(await one.plan([world.webhook_id]), journal=journal) as run:
        await run.result()
    report = await one.verify(journal)
    assert {row.id: row.state for row in report.rows} == {
        each: ReplayState.REJECTED if each in refused | poisoned else ReplayState.DELIVERED for each in ids
    }
    assert world.fake.accepted == dict.fromkeys({*ids} - refused - poisoned, 1) == world.fake.delivered
    assert {row.reason for row in report.rows if row.id in refused} == {"too old"}
    limited = [each for each in resends(world) if each.status == 400]
    assert len(limited) <= 1 + 11  # the one on cue, and those that a poisoned id takes to be found among 25
    assert (await one.plan([world.webhook_id])).to_send == 3


async def test_what_the_api_tries_again_is_left_to_it(world: BitGoWorld, tmp_path: Path) -> None:
    """By default, for as long as it does."""
    old = await world.fail(2)
    young = seed(world, 2, age=3600, retries=5)
    one = replay(world)
    plan = await one.plan([world.webhook_id])
    assert [entry.id for entry in plan.entries if entry.excluded is None] == old
    both = await one.plan([world.webhook_id], auto_retry="include")
    assert {entry.id for entry in both.entries if entry.excluded is None} == {*old, *young}
    await world.fake.clock.advance(466 * 60 - 3600)
    assert (await one.plan([world.webhook_id])).to_send == 4


async def test_attempts_at_one_event_are_sent_once(world: BitGoWorld, tmp_path: Path) -> None:
    """And none is, once one was delivered."""
    seed(world, 3, payload="the same")
    seed(world, 2, payload="another")
    seed(world, 1, payload="another", age=60, status="SENT")
    journal, one = tmp_path / "replay.db", replay(world)
    plan = await one.plan([world.webhook_id])
    assert (plan.to_send, len(plan.entries)) == (1, 5)
    async with one.run(plan, journal=journal) as run:
        await run.result()
    assert (await one.verify(journal)).counts[ReplayState.DELIVERED] == 1
    assert sum(world.fake.accepted.values()) == 1


@pytest.mark.parametrize("carried_out", [True, False])
async def test_a_lost_answer_is_settled_by_looking(world: BitGoWorld, tmp_path: Path, *, carried_out: bool) -> None:
    """It is never sent again blindly."""
    ids = await world.fail(5)
    world.fake.faults.add(RESEND, ResetBeforeBody(apply=carried_out), times=2)
    journal, one = tmp_path / "replay.db", replay(world)
    async with one.run(await one.plan([world.webhook_id]), journal=journal, canary=0) as run:
        await run.result()
    report = await one.verify(journal)
    wanted = ReplayState.DELIVERED if carried_out else ReplayState.UNKNOWN
    assert {row.id: row.state for row in report.rows} == dict.fromkeys(ids, wanted)
    assert world.fake.accepted == (dict.fromkeys(ids, 1) if carried_out else {})
    assert len(resends(world)) == 1


async def test_a_webhook_that_vanishes_stops_and_others_go_on(world: BitGoWorld, tmp_path: Path) -> None:
    await world.fail(30)
    other = world.fake.seed_webhook()
    kept = world.fake.seed_notifications(other, 30)
    journal, one = tmp_path / "replay.db", replay(world)
    plan = await one.plan([world.webhook_id, other])
    await world.close()
    async with one.run(plan, journal=journal) as run:
        report = await run.result()
    assert report.stopped.keys() == {world.webhook_id}
    assert "404 (NotFound)" in report.stopped[world.webhook_id]
    assert world.fake.accepted == dict.fromkeys(kept, 1)


async def test_a_receiver_that_recovers_for_a_while_stops_the_webhook(world: BitGoWorld, tmp_path: Path) -> None:
    """What is left stays unsent. How soon it stops is not seen here, for this clock runs while journals are written."""
    await world.fail(600)
    world.fake.receive(world.webhook_id, takes=True, times=30)
    one = replay(world)
    async with one.run(await one.plan([world.webhook_id]), journal=tmp_path / "replay.db") as run:
        report = await run.result()
    assert world.webhook_id in report.stopped
    assert sum(world.fake.accepted.values()) < 600
    assert report.counts[ReplayState.PLANNED] == 600 - sum(world.fake.accepted.values())


async def test_a_list_that_fails_for_a_while_is_read_again(world: BitGoWorld, tmp_path: Path) -> None:
    ids = await world.fail(3)
    journal, one = tmp_path / "replay.db", replay(world)
    async with one.run(await one.plan([world.webhook_id]), journal=journal, canary=0) as run:
        await run.result()
    world.fake.faults.add(LIST, Status(503), times=6)
    assert (await one.verify(journal)).counts[ReplayState.DELIVERED] == len(ids)
