"""What happens before a run: the number that is expected, and what is not sent any more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.replay._memory import World
from tests.replay._virtual import virtual
from tests.unit.replay._runs import begin, in_state, replay, states
from theirstack_async.errors import ConnectError, NotFoundError, ReplayError
from theirstack_async.replay import ReplayState


@virtual
async def test_what_has_arrived_since_is_left_out(tmp_path: Path) -> None:
    world = World()
    ids = world.seed(100)
    one = replay(world)
    plan = await one.plan([1])
    world.rows[ids[7]].status = "delivered"
    world.rows[ids[8]].status = "pending"
    async with begin(one, plan, tmp_path, expect=100) as run:
        report = await run.result()
    assert states(report) == {"accepted": 99, "excluded": 1}
    assert in_state(report, ReplayState.EXCLUDED) == [ids[7]]
    assert report.rows[7].reason == "delivered by now"
    # What is under way may fail again.
    assert (world.sent[ids[7]], world.sent[ids[8]]) == (0, 1)


@virtual
async def test_what_is_not_listed_is_sent_all_the_same(tmp_path: Path) -> None:
    """Rows move while a list is read; whether there is such an event the API knows best."""
    world = World()
    ids = world.seed(10)
    one = replay(world)
    plan = await one.plan([1])
    world.rows[ids[3]].hidden = True
    async with begin(one, plan, tmp_path, expect=10) as run:
        assert states(await run.result()) == {"accepted": 10}


@virtual
async def test_what_the_plan_left_out_is_neither_looked_for_nor_counted(tmp_path: Path) -> None:
    world = World()
    world.seed(10, 1)
    world.seed(10, 2)
    one = replay(world)
    plan = await one.plan([1, 2], predicate=lambda event: event.webhook_id == 1)
    async with begin(one, plan, tmp_path, expect=10, tolerance=0.0) as run:
        assert states(await run.result()) == {"accepted": 10, "excluded": 10}
    assert world.looks == 1


@virtual
@pytest.mark.parametrize(("gone", "expect", "tolerance"), [(0, 112, 0.1), (0, 90, 0.1), (11, 100, 0.1), (1, 100, 0.0)])
async def test_a_number_that_differs_is_refused_and_leaves_nothing_behind(
    tmp_path: Path, gone: int, expect: int, tolerance: float
) -> None:
    world = World()
    ids = world.seed(100)
    one = replay(world)
    plan = await one.plan([1])
    for each in ids[:gone]:
        world.rows[each].status = "delivered"
    run = begin(one, plan, tmp_path, expect=expect, tolerance=tolerance)
    found = 100 - gone
    with pytest.raises(ReplayError, match=rf"{found} events are to be sent, and {expect} were.*pass expect={found} if"):
        await run.__aenter__()
    assert (world.sent.total(), (tmp_path / "replay.db").exists()) == (0, False)
    async with begin(one, plan, tmp_path):
        """The refused one has let go of its locks."""


@virtual
@pytest.mark.parametrize(("gone", "expect"), [(0, 100), (10, 100), (0, 110), (100, 0)])
async def test_a_number_that_is_near_enough_is_not(tmp_path: Path, gone: int, expect: int) -> None:
    world = World()
    ids = world.seed(100)
    one = replay(world)
    plan = await one.plan([1])
    for each in ids[:gone]:
        world.rows[each].status = "delivered"
    async with begin(one, plan, tmp_path, expect=expect) as run:
        report = await run.result()
    assert report.counts[ReplayState.ACCEPTED] == 100 - gone


@virtual
async def test_an_api_that_cannot_be_asked_is_told(tmp_path: Path) -> None:
    world = World()
    world.seed(100)
    one = replay(world)
    plan = await one.plan([1])
    world.listing = lambda: ConnectError("nobody answers")
    with pytest.raises(ConnectError):
        await begin(one, plan, tmp_path, expect=100).__aenter__()
    assert not (tmp_path / "replay.db").exists()


@virtual
async def test_a_journal_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    world = World()
    world.seed(10)
    one = replay(world)
    plan = await one.plan([1])
    async with begin(one, plan, tmp_path):
        """Sends all."""
    with pytest.raises(ReplayError, match="resume"):
        await begin(one, plan, tmp_path).__aenter__()
    assert world.doubled() == []


@virtual
@pytest.mark.parametrize(("age", "looks"), [(299.0, 0), (301.0, 1)])
async def test_an_older_plan_is_looked_at_again(tmp_path: Path, age: float, looks: int) -> None:
    world = World()
    ids = world.seed(10)
    one = replay(world)
    plan = await one.plan([1])
    await asyncio.sleep(age)
    world.rows[ids[7]].status = "delivered"
    async with begin(one, plan, tmp_path) as run:
        report = await run.result()
    assert (world.looks, world.sent[ids[7]]) == (looks, 1 - looks)
    assert report.counts[ReplayState.EXCLUDED] == looks


@virtual
async def test_a_resumed_run_leaves_out_what_was_delivered_since(tmp_path: Path) -> None:
    """An outage lasts hours, and the API sends by itself meanwhile."""
    world = World()
    ids = world.seed(100)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path, max_concurrency=1) as run:
        await asyncio.sleep(0.1)
        run.cancel()
    for each in ids[50:]:
        world.rows[each].status = "delivered"
    async with one.resume(tmp_path / "replay.db", canary=0) as run:
        report = await run.result()
    assert states(report) == {"accepted": 50, "excluded": 50}
    assert {world.sent[each] for each in ids[50:]} == {0}


@virtual
async def test_what_was_asked_for_as_delivered_is_sent_though_it_was_delivered(tmp_path: Path) -> None:
    world = World()
    world.seed(10, status="delivered")
    one = replay(world)
    plan = await one.plan([1], status="SENT")
    async with begin(one, plan, tmp_path, expect=10) as run:
        await run.result()
    assert world.sent.total() == 10


@virtual
async def test_a_webhook_that_is_gone_is_not_in_the_way_of_the_others_when_a_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(closed={1})
    world.seed(5, 1)
    world.seed(5, 2)
    one = replay(world)
    async with begin(one, await one.plan([1, 2]), tmp_path) as run:
        run.cancel()
    errors = iter([NotFoundError("no such webhook")])
    world.listing = lambda: next(errors, None)
    async with one.resume(tmp_path / "replay.db") as run:
        report = await run.result()
    assert (states(report), dict(report.stopped)) == ({"accepted": 5, "planned": 5}, {1: "the webhook is gone"})
    assert "webhook 1 could not be looked at: no such webhook" in caplog.text
