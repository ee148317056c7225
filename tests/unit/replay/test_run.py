"""A run from begin to end: what is sent, in what order, and how far it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.replay._memory import BITGO_LIKE, Call, Fate, MemoryProvider, World, script
from tests.replay._virtual import LoopClock, virtual
from tests.unit.replay._runs import begin, in_state, replay, sent, states
from theirstack_async.errors import ArgumentError
from theirstack_async.replay import Replay, ReplayState, ReplayWindow
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._steps import Stopped


def in_turn(*fates: Fate) -> Any:
    """Return a function that gives each call the next fate, and the last one to all others."""
    left = [*fates]
    return lambda call: left.pop(0) if len(left) > 1 else left[0]


@virtual
async def test_all_that_is_planned_is_sent_once_oldest_first(tmp_path: Path) -> None:
    world = World()
    ids = world.seed(60)
    order: list[int] = []

    def noted(call: Call) -> Fate:
        order.extend(call.ids)
        return "taken"

    world.fate = noted
    report = await sent(replay(world), tmp_path, max_concurrency=1)
    assert (states(report), order, world.doubled()) == ({"accepted": 60}, ids, [])


@virtual
async def test_calls_overlap_as_far_as_allowed(tmp_path: Path) -> None:
    world = World()
    world.seed(1_000)
    under_way, most = 0, 0

    def counted(call: Call) -> Fate:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        asyncio.get_running_loop().call_later(0.2, less)
        return "taken"

    def less() -> None:
        nonlocal under_way
        under_way -= 1

    world.fate = counted
    await sent(replay(world), tmp_path, max_concurrency=3)
    assert most == 3


@virtual
async def test_webhooks_are_sent_to_side_by_side(tmp_path: Path) -> None:
    world = World()
    for webhook in (1, 2, 3):
        world.seed(90, webhook)
    one = replay(world, windows=BITGO_LIKE)
    async with begin(one, await one.plan([1, 2, 3]), tmp_path) as run:
        await run.result()
    # 90 ids at 45 a minute take a minute, however many webhooks there are.
    assert asyncio.get_running_loop().time() < 65


@virtual
async def test_snapshots_tell_how_far_it_is(tmp_path: Path) -> None:
    world = World(latency=lambda: 10.0)
    world.seed(100)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path, max_concurrency=1) as run:
        found = [each async for each in run.progress(every=11.0)]
    assert [each.waiting for each in found] == [100, 75, 50, 25, 0]
    assert [each.accepted for each in found] == [0, 25, 50, 75, 100]
    assert [each.total for each in found] == [100] * 5
    assert [each.done for each in found] == [False] * 4 + [True]
    assert [each.calls for each in found] == [0, 2, 3, 4, 4]
    assert [each.rate for each in found[1:]] == pytest.approx([2.27, 2.27, 2.27, 2.5], rel=0.01)
    assert found[0].eta is None
    assert [each.eta for each in found[1:]] == pytest.approx([33, 22, 11, 0], rel=0.01)
    told = found[1].to_dict()
    assert {name: told[name] for name in ("total", "accepted", "waiting")} == {
        "total": 100, "accepted": 25, "waiting": 75
    }  # fmt: skip
    assert {name: count for name, count in told["counts"].items() if count} == {
        "planned": 50, "intended": 25, "accepted": 25
    }  # fmt: skip
    assert found[0].to_dict()["eta"] is None


@virtual
async def test_the_time_stands_when_it_has_ended(tmp_path: Path) -> None:
    world = World()
    world.seed(10)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path) as run:
        await run.result()
        await asyncio.sleep(100)
        assert run.snapshot.elapsed < 10
        assert run.snapshot.eta == 0.0


@virtual
async def test_poison_costs_only_itself(tmp_path: Path) -> None:
    world = World()
    ids = world.seed(100)
    world.poison = {ids[3], ids[60]}
    report = await sent(replay(world, outcomes="all"), tmp_path)
    assert states(report) == {"accepted": 98, "rejected": 2}
    assert in_state(report, ReplayState.REJECTED) == [ids[3], ids[60]]
    assert {row.reason for row in report.rows if row.state is ReplayState.REJECTED} == {"one of the ids is no good"}
    assert world.doubled() == []


@virtual
async def test_what_was_throttled_or_not_reached_is_sent_again(tmp_path: Path) -> None:
    world = World(fate=in_turn("throttled", "unsent", "taken"))
    world.seed(25)
    report = await sent(replay(world), tmp_path)
    assert (states(report), world.fates()["taken"]) == ({"accepted": 25}, 1)
    assert [round(each.sent) for each in world.calls] == [0, 5, 6]


@virtual
async def test_a_webhook_that_is_gone_ends_alone(tmp_path: Path) -> None:
    world = World(closed={1})
    world.seed(50, 1)
    world.seed(50, 2)
    one = replay(world)
    async with begin(one, await one.plan([1, 2]), tmp_path, max_concurrency=1) as run:
        report = await run.result()
        assert run.snapshot.stopped == {1: "the webhook is gone"}
        assert run.snapshot.to_dict()["stopped"] == {"1": "the webhook is gone"}
    assert states(report) == {"planned": 50, "accepted": 50}
    assert report.stopped == {1: "the webhook is gone"}


@virtual
async def test_a_key_that_is_refused_ends_everything(tmp_path: Path) -> None:
    world = World(fate=lambda call: "over" if call.webhook_id == 1 else "taken")
    world.seed(50, 1)
    world.seed(500, 2)
    one = replay(world)
    async with begin(one, await one.plan([1, 2]), tmp_path, max_concurrency=1) as run:
        report = await run.result()
        assert run.snapshot.to_dict()["stopped"] == {"all": "the call was over"}
    assert report.counts[ReplayState.PLANNED] >= 500
    assert report.stopped == {None: "the call was over"}


@virtual
async def test_an_empty_plan_is_done_at_once(tmp_path: Path) -> None:
    report = await sent(replay(World()), tmp_path)
    assert (report.total, states(report), report.ok) == (0, {}, True)


@virtual
async def test_what_was_excluded_is_not_sent(tmp_path: Path) -> None:
    world = World()
    ids = world.seed(10)
    one = replay(world)
    plan = await one.plan([1], predicate=lambda event: event.id != ids[4])
    async with begin(one, plan, tmp_path) as run:
        report = await run.result()
    assert (states(report), world.sent[ids[4]]) == ({"accepted": 9, "excluded": 1}, 0)


@virtual
async def test_two_calls_that_find_the_webhook_gone_stop_it_once(tmp_path: Path) -> None:
    world = World(closed={1})
    world.seed(100)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path, max_concurrency=2) as run:
        report = await run.result()
    assert (len(world.calls), report.stopped) == (2, {1: "the webhook is gone"})


@virtual
async def test_verify_follows_what_was_sent(tmp_path: Path) -> None:
    world = World(delay=lambda: 100.0)
    ids = world.seed(50)
    world.takes = lambda row, at: row.id != ids[3]
    one = replay(world)
    await sent(one, tmp_path)
    early = await one.verify(tmp_path / "replay.db", deadline=10.0)
    late = await one.verify(tmp_path / "replay.db")
    assert states(early) == {"pending": 50}
    assert states(late) == {"delivered": 49, "failed_again": 1}
    assert in_state(late, ReplayState.FAILED_AGAIN) == [ids[3]]
    assert (late.ok, world.doubled()) == (False, [])
    with pytest.raises(ArgumentError, match=r"^deadline: "):
        await one.verify(tmp_path / "replay.db", deadline=-1.0)


@virtual
async def test_the_end_does_not_wait_for_room_that_nobody_needs(tmp_path: Path) -> None:
    world = World()
    world.seed(50)
    await sent(replay(world, windows=(ReplayWindow(1, 60.0, "calls", "account"),)), tmp_path)
    assert [round(each.sent) for each in world.calls] == [0, 60]
    assert asyncio.get_running_loop().time() < 61


@virtual
async def test_a_call_that_waits_for_a_slot_while_its_webhook_is_throttled_is_not_made(tmp_path: Path) -> None:
    latencies = iter([0.2, 1.0, 5.0, 5.0])
    world = World(fate=script("taken", "throttled"), retry_after=60.0, latency=lambda: next(latencies, 0.2))
    world.seed(100, 1)
    world.seed(50, 2)
    one = replay(world)
    async with begin(one, await one.plan([1, 2]), tmp_path, max_concurrency=2) as run:
        assert states(await run.result()) == {"accepted": 150}
    assert [round(each.sent) for each in world.calls if each.webhook_id == 1][:3] == [0, 0, 61]


@virtual
async def test_both_halves_of_a_refused_call_are_sent_at_once(tmp_path: Path) -> None:
    world = World()
    world.poison = {world.seed(2)[0]}
    report = await sent(replay(world), tmp_path)
    assert (states(report), len(world.calls)) == ({"rejected": 1, "accepted": 1}, 3)
    assert world.calls[1].sent == world.calls[2].sent


@virtual
async def test_a_pause_is_longer_by_chance_so_that_programs_do_not_return_together(tmp_path: Path) -> None:
    world = World(fate=script("throttled"), retry_after=50.0)
    world.seed(5)
    one = Replay(MemoryProvider(world), clock=LoopClock(), uniform=lambda: 1.0)
    await sent(one, tmp_path)
    assert world.calls[1].sent - world.calls[0].arrived == pytest.approx(55.0, abs=0.2)


@virtual
async def test_that_a_webhook_is_gone_is_noted_once(tmp_path: Path) -> None:
    world = World(closed={1})
    world.seed(100)
    assert states(await sent(replay(world), tmp_path)) == {"planned": 100}
    journal = await Journal.open(tmp_path / "replay.db", write=False)
    assert [type(step) async for step in journal.steps()].count(Stopped) == 1
    await journal.aclose()
    assert len(world.calls) == 4
