"""How a run is left: by cancel(), an exception, a cancellation, a journal that fails."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.replay._memory import BITGO_LIKE, Call, Fate, World
from tests.replay._virtual import virtual
from tests.unit.replay._runs import begin, replay, states
from theirstack_async.errors import JournalError
from theirstack_async.replay import ReplayState
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._steps import Answered, Intended, Step


@virtual
async def test_cancel_lets_what_is_under_way_end_and_resume_sends_the_rest(tmp_path: Path) -> None:
    world = World()
    world.seed(500)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path) as run:
        await asyncio.sleep(0.1)
        run.cancel()
        run.cancel()
        report = await run.result()
    assert states(report) == {"planned": 400, "accepted": 100}
    async with one.resume(tmp_path / "replay.db") as again:
        report = await again.result()
    assert (states(report)["accepted"] + states(report).get("delivered", 0), world.doubled()) == (500, [])


@virtual
async def test_cancel_leaves_the_looking_for_what_is_unknown_to_the_next_run(tmp_path: Path) -> None:
    world = World(fate=lambda call: "lost")
    world.seed(25)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path) as run:
        await asyncio.sleep(0.1)
        run.cancel()
        assert states(await run.result()) == {"unknown": 25}
    assert world.looks == 0


@virtual
async def test_cancel_wakes_those_who_wait_for_room(tmp_path: Path) -> None:
    world = World()
    world.seed(500)
    one = replay(world, windows=BITGO_LIKE)
    async with begin(one, await one.plan([1]), tmp_path) as run:
        await asyncio.sleep(5)
        run.cancel()
        await run.result()
    assert asyncio.get_running_loop().time() < 6


@virtual
async def test_an_exception_in_the_block_lets_what_is_under_way_end(tmp_path: Path) -> None:
    world = World()
    world.seed(500)
    one = replay(world)
    with pytest.raises(LookupError):
        async with begin(one, await one.plan([1]), tmp_path):
            await asyncio.sleep(0.1)
            raise LookupError
    assert states(await one.report(tmp_path / "replay.db")) == {"planned": 400, "accepted": 100}


@virtual
async def test_without_drain_what_is_under_way_is_cut_and_unknown(tmp_path: Path) -> None:
    world = World()
    world.seed(500)
    one = replay(world)
    with pytest.raises(LookupError):
        async with begin(one, await one.plan([1]), tmp_path, drain=0):
            await asyncio.sleep(0.1)
            raise LookupError
    report = await one.report(tmp_path / "replay.db")
    assert states(report) == {"planned": 400, "unknown": 100}
    async with one.resume(tmp_path / "replay.db", canary=0) as run:
        report = await run.result()
    # The calls had arrived, which the look has found out.
    assert (states(report), world.doubled()) == ({"accepted": 500}, [])


@virtual
async def test_a_cancelled_block_is_left_in_the_same_way(tmp_path: Path) -> None:
    world = World()
    world.seed(500)
    one = replay(world)
    plan = await one.plan([1])

    async def work() -> None:
        async with begin(one, plan, tmp_path):
            """Leaving the block waits for the end."""

    task = asyncio.create_task(work())
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    report = await one.report(tmp_path / "replay.db")
    assert states(report)["accepted"] % 25 == 0
    assert "unknown" not in states(report)


@virtual
async def test_a_cancelled_scope_of_anyio_lets_what_is_under_way_end(tmp_path: Path) -> None:
    """It cancels again at each turn of the loop, until it is left."""
    world = World()
    world.seed(500)
    one = replay(world)
    plan = await one.plan([1])
    with anyio.move_on_after(0.3):
        async with begin(one, plan, tmp_path):
            """Leaving the block waits for the end."""
    report = await one.report(tmp_path / "replay.db")
    assert (states(report), report.total) == ({"planned": 300, "accepted": 200}, 500)
    async with one.resume(tmp_path / "replay.db") as run:
        assert (await run.result()).counts[ReplayState.PLANNED] == 0


@virtual
async def test_leaving_the_block_waits_for_the_end(tmp_path: Path) -> None:
    world = World()
    world.seed(100)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path):
        """Nothing to do here."""
    assert states(await one.report(tmp_path / "replay.db")) == {"accepted": 100}


@virtual
async def test_a_journal_that_cannot_be_written_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.seed(500)
    one = replay(world)
    write, written = Journal.write, 0

    async def failing(journal: Journal, *steps: Any) -> None:
        nonlocal written
        written += 1
        if written > 5:
            raise JournalError("the disk is full")
        await write(journal, *steps)

    monkeypatch.setattr(Journal, "write", failing)
    with pytest.raises(JournalError, match="the disk is full"):
        async with begin(one, await one.plan([1]), tmp_path) as run:
            with pytest.raises(JournalError, match="the disk is full"):
                await run.result()
    assert sum(world.sent.values()) <= 100


@virtual
@pytest.mark.parametrize(
    ("kind", "when", "found"),
    [
        # A write is run to its end, so the intent is there; the call was not made, and nobody need look for it.
        (Intended, "after", ({"planned": 25}, {1}, 0)),
        (Intended, "before", ({"planned": 25}, {0}, 0)),
        (Answered, "before", ({"accepted": 25}, {1}, 25)),
    ],
)
async def test_a_run_that_is_cut_while_it_writes_loses_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Step],
    when: str,
    found: tuple[dict[str, int], set[int], int],
) -> None:
    """The journal's turn comes late, before a step of this kind is written or after."""
    world = World()
    world.seed(25)
    one = replay(world)
    plan = await one.plan([1])
    write = Journal.write

    async def slow(journal: Journal, *steps: Any) -> None:
        if isinstance(steps[0], kind) and when == "before":
            await asyncio.sleep(10)
        await write(journal, *steps)
        if isinstance(steps[0], kind) and when == "after":
            await asyncio.sleep(10)

    monkeypatch.setattr(Journal, "write", slow)
    with pytest.raises(LookupError):
        async with begin(one, plan, tmp_path, drain=0):
            await asyncio.sleep(1)
            raise LookupError
    report = await one.report(tmp_path / "replay.db")
    assert (states(report), {row.sends for row in report.rows}, world.sent.total()) == found


@virtual
async def test_nothing_but_the_journal_and_its_lock_is_left(tmp_path: Path) -> None:
    world = World()
    world.seed(5)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path) as run:
        """Sends all."""
    await run.result()
    await one.verify(tmp_path / "replay.db")
    await one.report(tmp_path / "replay.db")
    assert sorted(os.listdir(tmp_path)) == ["replay.db", "replay.db.run.lock"]  # noqa: PTH208  # no Path in async tests


@virtual
async def test_the_result_of_a_run_that_was_cut_is_its_report(tmp_path: Path) -> None:
    """Nobody has cancelled who waits for it."""
    world = World(latency=lambda: 1_000.0)
    world.seed(25)
    one = replay(world)
    run = begin(one, await one.plan([1]), tmp_path, drain=0)

    async def leave() -> None:
        async with run:
            await asyncio.sleep(1)
            raise LookupError

    leaving = asyncio.create_task(leave())
    await asyncio.sleep(0.5)
    assert states(await run.result()) == {"unknown": 25}
    with pytest.raises(LookupError):
        await leaving
    assert states(await run.result()) == {"unknown": 25}


@virtual
async def test_a_run_that_was_cancelled_has_no_time_to_go(tmp_path: Path) -> None:
    world = World()
    world.seed(500)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path) as run:
        await asyncio.sleep(0.1)
        run.cancel()
        await run.result()
        assert (run.snapshot.waiting, run.snapshot.eta) == (400, None)


@virtual
async def test_cancel_lets_nothing_begin_that_waits_for_a_slot(tmp_path: Path) -> None:
    world = World(latency=lambda: 10.0)
    world.seed(25, 1)
    world.seed(25, 2)
    one = replay(world)
    async with begin(one, await one.plan([1, 2]), tmp_path, max_concurrency=1) as run:
        await asyncio.sleep(1)
        run.cancel()
        assert states(await run.result()) == {"accepted": 25, "planned": 25}


@virtual
async def test_an_error_that_no_call_may_end_in_ends_the_run_at_once(tmp_path: Path) -> None:
    """What was under way is unknown: nobody waits for its answers."""

    def fate(call: Call) -> Fate:
        if call.webhook_id == 1:
            raise KeyError("a fault of the provider")
        return "taken"

    world = World(fate=fate, latency=lambda: 1_000.0)
    world.seed(50, 1)
    world.seed(50, 2)
    one = replay(world)
    with pytest.raises(KeyError, match="a fault of the provider"):
        async with begin(one, await one.plan([2, 1]), tmp_path, max_concurrency=3):
            """Waits for the end."""
    assert asyncio.get_running_loop().time() < 2
    assert states(await one.report(tmp_path / "replay.db")) == {"planned": 25, "unknown": 75}
