"""Short ways to a replay over the API in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.replay._memory import MemoryProvider, World
from tests.replay._virtual import LoopClock
from theirstack_async.replay import Replay, ReplayPlan, ReplayReport, ReplayRun, ReplayState


def replay(world: World, **capabilities: Any) -> Replay[int]:
    """Return the replay of a program of its own."""
    return Replay(MemoryProvider(world, **capabilities), clock=LoopClock(), uniform=lambda: 0.0)


def begin(one: Replay[int], plan: ReplayPlan, folder: Path, **how: Any) -> ReplayRun[int]:
    """Return a run without a canary, unless told otherwise."""
    return one.run(plan, journal=folder / "replay.db", **{"canary": 0, **how})


async def sent(one: Replay[int], folder: Path, **how: Any) -> ReplayReport:
    """Plan all that failed at webhook 1, send it, and return the report."""
    async with begin(one, await one.plan([1]), folder, **how) as run:
        return await run.result()


def states(report: ReplayReport) -> dict[str, int]:
    """Return how many events are in each state that any is in."""
    return {state.value: count for state, count in report.counts.items() if count}


def in_state(report: ReplayReport, state: ReplayState) -> list[object]:
    """Return the ids in a state."""
    return [row.id for row in report.rows if row.state is state]
