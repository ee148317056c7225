"""Events of unknown outcome: looked for, and only then left at that, or sent again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.replay._memory import BITGO_LIKE, Fate, MemoryProvider, World, script
from tests.replay._virtual import LoopClock, play, virtual
from tests.unit.replay._runs import begin, in_state, replay, sent, states
from theirstack_async.errors import ConnectError, JournalError
from theirstack_async.replay import Replay, ReplayState
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._provider import WebhookId
from theirstack_async.replay._steps import Reconciled


def first(fate: Fate, times: int = 1) -> Any:
    """Return a function that gives the first calls a fate."""
    left = [fate] * times
    return lambda call: left.pop() if left else "taken"


@virtual
async def test_a_call_that_arrived_is_found(tmp_path: Path) -> None:
    world = World(fate=first("lost"))
    world.seed(50)
    report = await sent(replay(world), tmp_path)
    assert (states(report), world.doubled()) == ({"accepted": 50}, [])
    assert asyncio.get_running_loop().time() < 10


@virtual
async def test_one_that_shows_late_is_found_within_the_grace_time(tmp_path: Path) -> None:
    world = World(fate=first("lost"), shows_pending=False, delay=lambda: 40.0)
    world.seed(25)
    report = await sent(replay(world), tmp_path, grace=60.0)
    assert states(report) == {"accepted": 25}
    assert 40 < asyncio.get_running_loop().time() < 61


@virtual
async def test_one_that_did_not_arrive_stays_unknown_and_is_not_sent_again(tmp_path: Path) -> None:
    world = World(fate=first("dropped"))
    ids = world.seed(50)
    report = await sent(replay(world), tmp_path, max_concurrency=1)
    assert states(report) == {"unknown": 25, "accepted": 25}
    assert in_state(report, ReplayState.UNKNOWN) == ids[:25]
    assert {row.reason for row in report.rows if row.state is ReplayState.UNKNOWN} == {
        "no answer came; looked for, and no sign of it"
    }
    assert max(world.sent.values()) == 1
    assert 60 <= asyncio.get_running_loop().time() < 62


@virtual
async def test_what_was_given_up_is_sent_again_by_a_run_that_is_told_to(tmp_path: Path) -> None:
    world = World(fate=first("dropped"))
    world.seed(25)
    one = replay(world)
    await sent(one, tmp_path)
    async with one.resume(tmp_path / "replay.db") as run:
        report = await run.result()
    assert (states(report), max(world.sent.values()), world.looks) == ({"unknown": 25}, 1, 7)
    async with one.resume(tmp_path / "replay.db", on_unknown="resend", canary=0) as run:
        report = await run.result()
    assert (states(report), max(world.sent.values()), world.doubled()) == ({"accepted": 25}, 2, [])


@virtual
async def test_it_is_sent_again_where_that_is_wanted_once_its_grace_time_is_over(tmp_path: Path) -> None:
    world = World(fate=first("dropped"))
    world.seed(50)
    report = await sent(replay(world), tmp_path, on_unknown="resend", grace=30.0)
    assert (states(report), world.doubled()) == ({"accepted": 50}, [])
    assert 30 <= world.calls[-1].sent < 35


@virtual
async def test_three_times_at_most(tmp_path: Path) -> None:
    world = World(fate=lambda call: "dropped")
    world.seed(5)
    one = replay(world)
    report = await sent(one, tmp_path, on_unknown="resend", grace=1.0)
    assert (states(report), set(world.sent.values())) == ({"unknown": 5}, {3})
    async with one.resume(tmp_path / "replay.db") as run:
        assert states(await run.result()) == {"unknown": 5}
    assert set(world.sent.values()) == {3}


@virtual
async def test_ids_that_an_answer_leaves_out_are_looked_for(tmp_path: Path) -> None:
    world = World(fate=first("partly"))
    world.seed(25)
    report = await sent(replay(world), tmp_path)
    assert (states(report), world.doubled()) == ({"accepted": 25}, [])


@virtual
async def test_each_webhook_is_looked_at_for_its_own(tmp_path: Path) -> None:
    world = World(fate=first("lost", 2))
    world.seed(25, 1)
    world.seed(25, 2)
    one = replay(world)
    async with begin(one, await one.plan([1, 2]), tmp_path) as run:
        report = await run.result()
    assert (states(report), world.looks) == ({"accepted": 50}, 2)


@virtual
async def test_where_the_api_cannot_be_asked_they_stay_open_for_the_next_run(tmp_path: Path) -> None:
    world = World(fate=first("lost"))
    world.seed(25)
    one = replay(world)
    plan = await one.plan([1])
    world.listing = lambda: ConnectError("nobody answers")
    async with begin(one, plan, tmp_path) as run:
        report = await run.result()
    assert states(report) == {"unknown": 25}
    assert report.stopped == {1: "events of unknown outcome could not be looked for: nobody answers"}
    world.listing = lambda: None
    async with one.resume(tmp_path / "replay.db") as run:
        report = await run.result()
    assert states(report) == {"accepted": 25}


@virtual
async def test_cancel_ends_the_looking(tmp_path: Path) -> None:
    world = World(fate=first("dropped"))
    world.seed(25)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path, grace=1_000.0) as run:
        await asyncio.sleep(10)
        run.cancel()
        report = await run.result()
    assert states(report) == {"unknown": 25}
    assert asyncio.get_running_loop().time() == pytest.approx(10, abs=0.2)


@virtual
async def test_an_intent_of_a_process_that_died_is_looked_for(tmp_path: Path) -> None:
    """The call had arrived: it is found, and not made again. See tests/replay for real processes that are killed."""
    world = World(latency=lambda: 1_000.0)
    world.seed(25)
    one = replay(world)
    with pytest.raises(LookupError):
        async with begin(one, await one.plan([1]), tmp_path, drain=0):
            await asyncio.sleep(1)
            raise LookupError
    world.latency = lambda: 0.2
    assert states(await one.report(tmp_path / "replay.db")) == {"unknown": 25}
    async with one.resume(tmp_path / "replay.db") as run:
        report = await run.result()
    assert (states(report), max(world.sent.values())) == ({"accepted": 25}, 1)


@virtual
async def test_the_windows_know_of_the_calls_of_a_former_process(tmp_path: Path) -> None:
    world = World()
    world.seed(90)
    one = replay(world, windows=BITGO_LIKE)
    async with begin(one, await one.plan([1]), tmp_path) as run:
        await asyncio.sleep(5)
        run.cancel()
    async with one.resume(tmp_path / "replay.db", canary=0) as run:
        report = await run.result()
    assert states(report)["accepted"] == 90
    assert [round(each.sent) for each in world.calls] == [0, 0, 65, 65]


@virtual
async def test_calls_of_long_ago_take_no_room(tmp_path: Path) -> None:
    world = World()
    world.seed(90)
    one = replay(world, windows=BITGO_LIKE)
    async with begin(one, await one.plan([1]), tmp_path) as run:
        await asyncio.sleep(5)
        run.cancel()
    await asyncio.sleep(100)
    async with one.resume(tmp_path / "replay.db", canary=0) as run:
        await run.result()
    assert [round(each.sent) for each in world.calls] == [0, 0, 105, 105]


@virtual
async def test_a_webhook_without_doubts_is_not_looked_at(tmp_path: Path) -> None:
    world = World(fate=lambda call: "lost" if call.webhook_id == 2 else "taken")
    world.seed(25, 1)
    world.seed(25, 2)
    one = replay(world)
    async with begin(one, await one.plan([1, 2]), tmp_path) as run:
        report = await run.result()
    assert (states(report), world.looks) == ({"accepted": 50}, 1)


@virtual
async def test_calls_that_did_nothing_are_not_among_the_three(tmp_path: Path) -> None:
    fates: list[Fate] = ["throttled", "throttled", "unsent", "dropped", "dropped"]
    world = World(fate=lambda call: fates.pop(0) if fates else "taken")
    world.seed(5)
    report = await sent(replay(world), tmp_path, on_unknown="resend", grace=1.0)
    assert (states(report), {row.sends for row in report.rows}) == ({"accepted": 5}, {6})


@virtual
async def test_a_verification_finds_what_shows_up_later(tmp_path: Path) -> None:
    """Of one webhook they show up, of the second none does, and the third has none."""
    world = World(fate=lambda call: ("lost", "dropped", "taken")[int(call.webhook_id) - 1], shows_pending=False)
    for webhook in (1, 2, 3):
        world.seed(5, webhook)
    world.delay = lambda: 100.0
    one = replay(world)
    async with begin(one, await one.plan([1, 2, 3]), tmp_path, grace=1.0) as run:
        assert states(await run.result()) == {"unknown": 10, "accepted": 5}
    await asyncio.sleep(100)
    report = await one.verify(tmp_path / "replay.db")
    assert states(report) == {"unknown": 5, "delivered": 10}


@virtual
async def test_a_webhook_that_cannot_be_looked_at_is_not_in_the_way_of_the_others(tmp_path: Path) -> None:
    """Of three whose calls were lost, the first is gone when its events are looked for, and the last is suspended."""
    world = World(fate=lambda call: "lost", shows_pending=False, delay=lambda: 30.0)
    for webhook in (1, 2, 3):
        world.seed(5, webhook)
    one = Replay(picky := Picky(world), clock=LoopClock())
    async with begin(one, await one.plan([1, 2, 3]), tmp_path) as run:
        report = await run.result()
    assert states(report) == {"unknown": 10, "accepted": 5}
    reason = "events of unknown outcome could not be looked for: no such webhook"
    assert report.stopped == {1: reason, 3: reason}
    assert picky.refused == 2
    assert states(await one.verify(tmp_path / "replay.db")) == {"unknown": 10, "delivered": 5}


@virtual
async def test_a_verification_that_could_not_look_at_anything_says_so(tmp_path: Path) -> None:
    world = World(fate=lambda call: "lost")
    world.seed(5, 1)
    one = Replay(Picky(world), clock=LoopClock())
    async with begin(one, await one.plan([1]), tmp_path) as run:
        await run.result()
    with pytest.raises(ConnectError, match="no such webhook"):
        await one.verify(tmp_path / "replay.db")


@virtual
async def test_why_a_webhook_was_stopped_first_is_what_is_told(tmp_path: Path) -> None:
    world = World(fate=script("lost", "closed"))
    world.seed(50, 1)
    one = Replay(Picky(world), clock=LoopClock())
    async with begin(one, await one.plan([1]), tmp_path, max_concurrency=1) as run:
        report = await run.result()
    assert (states(report), dict(report.stopped)) == ({"unknown": 25, "planned": 25}, {1: "the webhook is gone"})


@pytest.mark.parametrize("where", ["the run", "the verification"])
def test_a_journal_that_takes_no_finds_is_an_error(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Journal.write

    async def failing(journal: Journal, *steps: Any) -> None:
        if isinstance(steps[0], Reconciled):
            raise JournalError("the disk is full")
        await write(journal, *steps)

    async def played() -> None:
        world = World(fate=first("lost"))
        world.seed(5)
        one = replay(world)
        async with begin(one, await one.plan([1]), tmp_path) as run:
            if where == "the verification":
                await asyncio.sleep(0.1)
                run.cancel()
        await one.verify(tmp_path / "replay.db")

    monkeypatch.setattr(Journal, "write", failing)
    with pytest.raises(JournalError, match="the disk is full"):
        play(played())


@virtual
async def test_a_clock_that_is_set_back_makes_the_grace_time_no_longer(tmp_path: Path) -> None:
    world = World(fate=first("dropped"))
    world.seed(5)
    clock = SetClock()
    one = Replay(MemoryProvider(world), clock=clock)
    async with begin(one, await one.plan([1]), tmp_path, on_unknown="resend") as run:
        await asyncio.sleep(0.1)
        clock.jump = -3_600.0
        assert states(await run.result()) == {"accepted": 5}
    assert 60 <= asyncio.get_running_loop().time() < 62


class SetClock(LoopClock):
    """A clock whose time of day somebody sets."""

    jump = 0.0

    def now(self) -> float:
        return super().now() + self.jump


class Picky(MemoryProvider):
    """A way to an API that has no list of the webhooks 1 and 3 any more, once they were planned."""

    refused = 0

    async def status_of(self, webhook_id: WebhookId, ids: Any, since: Any) -> Any:
        if webhook_id != 2:
            self.refused += 1
            raise ConnectError("no such webhook")
        return await super().status_of(webhook_id, ids, since)
