"""The first events of a webhook, which are followed before the rest is sent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.replay._memory import Fate, World, script
from tests.replay._virtual import play, virtual
from tests.unit.replay._runs import begin, in_state, replay, sent, states
from theirstack_async.errors import ConnectError, JournalError
from theirstack_async.replay import ReplayState, StopWhen
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._steps import Seen


@virtual
async def test_one_that_arrives_lets_the_rest_go(tmp_path: Path) -> None:
    world = World()
    world.seed(50)
    report = await sent(replay(world), tmp_path, canary=1)
    assert states(report) == {"accepted": 49, "delivered": 1}
    assert [each.count for each in world.calls] == [1, 25, 24]


@virtual
async def test_the_rest_waits_until_it_has_arrived(tmp_path: Path) -> None:
    world = World(delay=lambda: 20.0)
    world.seed(50)
    await sent(replay(world), tmp_path, canary=1)
    assert world.calls[0].sent < 1
    assert world.calls[1].sent > 20


@virtual
async def test_one_that_fails_again_keeps_the_rest(tmp_path: Path) -> None:
    world = World(takes=lambda row, at: row.webhook_id == 2)
    world.seed(50, 1)
    world.seed(50, 2)
    one = replay(world)
    async with begin(one, await one.plan([1, 2]), tmp_path, canary=1) as run:
        report = await run.result()
    assert states(report) == {"failed_again": 1, "planned": 49, "delivered": 1, "accepted": 49}
    assert report.stopped == {1: "the canary failed again (not now); nothing more was sent"}


@virtual
async def test_of_several_one_that_arrives_is_enough(tmp_path: Path) -> None:
    world = World()
    ids = world.seed(50)
    world.takes = lambda row, at: row.id != ids[0]
    report = await sent(replay(world), tmp_path, canary=3)
    assert states(report) == {"failed_again": 1, "delivered": 2, "accepted": 47}
    assert world.calls[0].count == 3


@virtual
async def test_one_that_is_still_under_way_after_a_minute_holds_up_nothing(tmp_path: Path) -> None:
    world = World(delay=lambda: 1_000.0)
    world.seed(50)
    report = await sent(replay(world), tmp_path, canary=1)
    assert states(report) == {"accepted": 49, "pending": 1}
    assert 60 <= world.calls[1].sent < 65


@virtual
async def test_another_one_stands_in_for_one_that_was_refused(tmp_path: Path) -> None:
    world = World()
    ids = world.seed(50)
    world.rejects = {ids[0]}
    report = await sent(replay(world), tmp_path, canary=1)
    assert (states(report), world.looks) == ({"rejected": 1, "delivered": 1, "accepted": 48}, 2)
    assert [each.count for each in world.calls] == [1, 1, 25, 23]


@virtual
async def test_where_all_are_refused_there_is_nothing_to_follow(tmp_path: Path) -> None:
    world = World()
    world.rejects = {*world.seed(5)}
    report = await sent(replay(world), tmp_path, canary=1)
    assert (states(report), world.looks) == ({"rejected": 5}, 0)


@pytest.mark.parametrize(
    ("fate", "counts"),
    [
        ("throttled", {"failed_again": 1, "planned": 49}),
        ("unsent", {"failed_again": 1, "planned": 49}),
        ("dropped", {"unknown": 1, "failed_again": 1, "planned": 48}),
    ],
)
def test_one_that_was_not_taken_is_none(fate: Fate, counts: dict[str, int], tmp_path: Path) -> None:
    """It tells nothing of the receiver, which refuses all."""

    async def played() -> None:
        world = World(fate=script(fate), takes=lambda row, at: False)
        world.seed(50)
        assert states(await sent(replay(world), tmp_path, canary=1)) == counts

    play(played())


@virtual
async def test_one_that_was_watched_as_it_arrived_counts(tmp_path: Path) -> None:
    """The second one is held up for so long that the first is seen before."""
    world = World(fate=script("taken", "throttled"), retry_after=70.0)
    ids = world.seed(50)
    world.takes = lambda row, at: row.id != ids[1]
    rule = StopWhen(failed=1.0, of=100, every=10.0)
    report = await sent(replay(world), tmp_path, canary=2, rate=1.0, stop_when=rule)
    assert (states(report).get("planned", 0), dict(report.stopped)) == (0, {})
    assert in_state(report, ReplayState.FAILED_AGAIN) == [ids[1]]


@virtual
async def test_it_is_sent_bit_by_bit_where_there_is_little_room(tmp_path: Path) -> None:
    world = World()
    world.seed(10)
    await sent(replay(world), tmp_path, canary=2, rate=1.0)
    assert [each.count for each in world.calls] == [1] * 10


@virtual
async def test_a_webhook_that_is_gone_needs_no_more_of_it(tmp_path: Path) -> None:
    world = World(closed={1})
    world.seed(50)
    report = await sent(replay(world), tmp_path, canary=5)
    assert (states(report), len(world.calls), world.looks) == ({"planned": 50}, 1, 0)


@virtual
async def test_it_is_not_followed_at_a_webhook_that_is_gone_meanwhile(tmp_path: Path) -> None:
    world = World(fate=script("taken", "closed"))
    world.seed(50)
    report = await sent(replay(world), tmp_path, canary=2, rate=1.0)
    assert (states(report), world.looks) == ({"accepted": 1, "planned": 49}, 0)


@virtual
async def test_cancel_ends_the_waiting_for_it(tmp_path: Path) -> None:
    world = World(delay=lambda: 1_000.0)
    world.seed(50)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path, canary=1) as run:
        await asyncio.sleep(10)
        run.cancel()
        report = await run.result()
    assert states(report) == {"accepted": 1, "planned": 49}
    assert asyncio.get_running_loop().time() == pytest.approx(10, abs=0.2)


@virtual
async def test_an_api_that_cannot_be_looked_at_ends_the_run(tmp_path: Path) -> None:
    """Nobody knows whether the canary lives, so nothing more is sent."""
    world = World()
    world.seed(50)
    one = replay(world)
    plan = await one.plan([1])
    world.listing = lambda: ConnectError("nobody answers")
    async with begin(one, plan, tmp_path, canary=1) as run:
        report = await run.result()
    assert states(report) == {"accepted": 1, "planned": 49}
    assert report.stopped == {1: "the canary could not be followed: nobody answers; nothing more was sent"}


@virtual
async def test_a_journal_that_cannot_be_written_meanwhile_ends_the_run_with_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    world.seed(50)
    one = replay(world)
    plan = await one.plan([1])
    write = Journal.write

    async def failing(journal: Journal, *steps: Any) -> None:
        if isinstance(steps[0], Seen):
            raise JournalError("the disk is full")
        await write(journal, *steps)

    monkeypatch.setattr(Journal, "write", failing)
    with pytest.raises(JournalError, match="the disk is full"):
        async with begin(one, plan, tmp_path, canary=1):
            """Waits for the end."""
    assert world.sent.total() == 1
