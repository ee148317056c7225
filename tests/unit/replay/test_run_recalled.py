"""The calls of a former process within the windows of the next one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.replay._memory import BITGO_LIKE, World, script
from tests.replay._virtual import play
from tests.unit.replay._runs import begin, replay


@pytest.mark.parametrize(
    ("world", "begun"),
    [
        # 45 ids were taken by second 5 at the latest, as far as the next run knows.
        pytest.param(World(), [0, 0, 65, 65], id="taken"),
        # What was put back may have been counted too, but no later than what was taken.
        pytest.param(World(fate=script("throttled"), retry_after=1_000.0), [0, 30, 65, 90], id="put back"),
        # Nobody knows how long a call without an answer took.
        pytest.param(World(fate=script("taken", "dropped"), latency=lambda: 4.0), [0, 4, 65, 90], id="unknown"),
    ],
)
def test_calls_of_a_former_process_count_as_long_as_they_may(world: World, begun: list[int], tmp_path: Path) -> None:
    async def played() -> list[int]:
        world.seed(90)
        one = replay(world, windows=BITGO_LIKE)
        async with begin(one, await one.plan([1]), tmp_path, drain=0) as run:
            await asyncio.sleep(5)
            run.cancel()
        await asyncio.sleep(30 - asyncio.get_running_loop().time())
        async with one.resume(tmp_path / "replay.db") as run:
            await asyncio.sleep(90)
            run.cancel()
        return [round(each.sent) for each in world.calls]

    assert play(played()) == begun
