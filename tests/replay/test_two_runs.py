"""Two runs on one webhook, or on one journal: one is refused before it sends anything, and nothing is sent twice."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.incremental._programs import Program
from tests.incremental.test_two_runs import Gate
from tests.replay._memory import MemoryProvider, World
from tests.replay._programs import order, program, receiving
from tests.replay._virtual import LoopClock, virtual
from theirstack_async import ReplayLockedError
from theirstack_async.replay import Replay, ReplayState
from theirstack_async.testing import FakeTheirStack, SystemClock
from theirstack_async.testing.answers import Answer
from theirstack_async.testing.exchange import Exchange

RETRY = "POST /v0/webhooks/events/retry"
EVENTS = 10
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="the programs are forked, and there is no fork here")


@dataclass(frozen=True, slots=True)
class Late(Gate):
    """The call is carried out, and its answer comes once the gate is open."""

    async def play(self, exchange: Exchange) -> Answer:
        """Carry out, wait, and answer."""
        answer = await exchange.carry_out()
        self.reached.set()
        await self.opened.wait()
        return answer


def sent(fake: FakeTheirStack) -> int:
    """Return how many resend calls there were."""
    return sum(f"{record.method} {record.path}" == RETRY for record in fake.requests)


async def held(running: Program, fake: FakeTheirStack, told: dict[str, Any]) -> Gate:
    """Begin a run, and return when its first call waits for its answer."""
    gate = Late()
    fake.faults.add(RETRY, gate)
    await running.begin(told)
    await gate.reached.wait()
    return gate


def all_delivered(result: dict[str, Any] | None) -> bool:
    assert result is not None and "error" not in result, result
    return {row[0] for row in result["rows"].values()} == {"delivered"} and len(result["rows"]) == EVENTS


@forks
@pytest.mark.slow
async def test_of_two_processes_on_a_webhook_the_second_is_refused(tmp_path: Path) -> None:
    async with (
        receiving() as receiver,
        FakeTheirStack(clock=SystemClock()) as fake,
        program() as one,
        program() as two,
    ):
        webhook = fake.seed_webhook(receiver.url)
        ids = fake.seed_events(webhook, EVENTS)
        gate = await held(one, fake, order(fake, tmp_path / "one.db", [webhook]))
        await two.begin(order(fake, tmp_path / "two.db", [webhook]))
        refusal = await two.result()
        assert refusal is not None and refusal["error"] == "ReplayLockedError"
        assert str(webhook) in refusal["message"]
        assert not (tmp_path / "two.db").exists()
        assert sent(fake) == 1
        gate.opened.set()
        assert all_delivered(await one.result())
        assert sorted(receiver.taken) == [*ids]


@forks
@pytest.mark.slow
async def test_of_two_processes_on_a_journal_the_second_is_refused(tmp_path: Path) -> None:
    async with (
        receiving() as receiver,
        FakeTheirStack(clock=SystemClock()) as fake,
        program() as one,
        program() as two,
    ):
        webhook = fake.seed_webhook(receiver.url)
        ids = fake.seed_events(webhook, EVENTS)
        told = order(fake, tmp_path / "one.db", [webhook])
        gate = await held(one, fake, told)
        await two.begin({**told, "resume": True})
        refusal = await two.result()
        assert refusal is not None and refusal["error"] == "ReplayLockedError"
        assert sent(fake) == 1
        gate.opened.set()
        assert all_delivered(await one.result())
        assert sorted(receiver.taken) == [*ids]


@forks
@pytest.mark.slow
@pytest.mark.parametrize("journal", ["one.db", "two.db"])
async def test_a_process_that_was_killed_holds_nothing(tmp_path: Path, journal: str) -> None:
    """Its own journal is resumed at once; and so is its webhook free for a run with another journal."""
    async with (
        receiving() as receiver,
        FakeTheirStack(clock=SystemClock()) as fake,
        program() as one,
        program() as two,
    ):
        webhook = fake.seed_webhook(receiver.url)
        ids = fake.seed_events(webhook, EVENTS)
        await held(one, fake, order(fake, tmp_path / "one.db", [webhook]))
        one.kill()
        assert await one.result() is None
        # The call had arrived.
        while fake.event(ids[0]).status != "SUCCESS":
            await asyncio.sleep(0)
        await two.begin(order(fake, tmp_path / journal, [webhook]))
        result = await two.result()
        assert result is not None and "error" not in result, result
        assert {row[0] for row in result["rows"].values()} == {"delivered"}
        # Whoever died had sent the canary, and the other journal plans only what still is FAILED.
        assert len(result["rows"]) == EVENTS - (journal == "two.db")
        assert sorted(receiver.taken) == [*ids]


@virtual
async def test_of_two_tasks_on_a_webhook_the_second_is_refused(tmp_path: Path) -> None:
    world = World(latency=lambda: 10.0)
    world.seed(5, 1)
    world.seed(5, 2)
    one, two = (Replay(MemoryProvider(world), clock=LoopClock()) for _ in range(2))
    both, second = await one.plan([1, 2]), await two.plan([2])
    async with one.run(both, journal=tmp_path / "one.db") as run:
        await asyncio.sleep(1.0)
        calls = len(world.calls)
        with pytest.raises(ReplayLockedError, match="2"):
            async with two.run(second, journal=tmp_path / "two.db"):
                raise AssertionError("it began")
        with pytest.raises(ReplayLockedError):
            async with two.resume(tmp_path / "one.db"):
                raise AssertionError("it began")
        assert len(world.calls) == calls
        report = await run.result()
    assert report.counts[ReplayState.ACCEPTED] + report.counts[ReplayState.DELIVERED] == 10
    assert world.doubled() == []
    # What is over holds nothing.
    async with two.run(await two.plan([1, 2]), journal=tmp_path / "two.db") as run:
        assert (await run.result()).total == 0
    assert world.doubled() == []


@virtual
async def test_two_tasks_on_different_webhooks_run_side_by_side(tmp_path: Path) -> None:
    world = World(latency=lambda: 10.0)
    world.seed(5, 1)
    world.seed(5, 2)
    replay = Replay(MemoryProvider(world), clock=LoopClock())
    one, two = await replay.plan([1]), await replay.plan([2])
    async with (
        replay.run(one, journal=tmp_path / "one.db") as first,
        replay.run(two, journal=tmp_path / "two.db") as second,
    ):
        assert (await first.result()).total == (await second.result()).total == 5
    assert world.doubled() == []
    assert sorted(world.sent.values()) == [1] * 10
