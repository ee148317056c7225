"""What a run knows of the calls of a former process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.replay._memory import BITGO_LIKE, World, script
from tests.replay._virtual import START, play, virtual
from tests.unit.replay._runs import begin, replay, sent, states
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._steps import Intended


@pytest.mark.parametrize(
    ("world", "back", "begun"),
    [
        # 45 ids were taken by second 5 at the latest, as far as the next run knows.
        pytest.param(World(), 30, [0, 0, 65, 65], id="taken"),
        pytest.param(World(), 62, [0, 0, 65, 65], id="taken, a minute ago"),
        # What was put back may have been counted too, but no later than what was taken.
        pytest.param(World(fate=script("throttled"), retry_after=1_000.0), 30, [0, 30, 65, 90], id="put back"),
        # Nobody knows how long a call without an answer took.
        pytest.param(World(fate=script("taken", "dropped"), latency=lambda: 4.0), 30, [0, 4, 65, 90], id="unknown"),
    ],
)
def test_calls_of_a_former_process_count_as_long_as_they_may(
    world: World, back: float, begun: list[int], tmp_path: Path
) -> None:
    async def played() -> list[int]:
        world.seed(90)
        one = replay(world, windows=BITGO_LIKE)
        async with begin(one, await one.plan([1]), tmp_path, drain=0) as run:
            await asyncio.sleep(5)
            run.cancel()
        await asyncio.sleep(back - asyncio.get_running_loop().time())
        async with one.resume(tmp_path / "replay.db") as run:
            await asyncio.sleep(90)
            run.cancel()
        return [round(each.sent) for each in world.calls]

    assert play(played()) == begun


@virtual
async def test_calls_that_a_dead_process_did_not_live_to_note_are_looked_for(tmp_path: Path) -> None:
    """Of two that it was about to make, the API has taken one."""
    world = World()
    ids = world.seed(4)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path, grace=1.0) as run:
        run.cancel()
    journal = await Journal.open(tmp_path / "replay.db")
    await journal.write(
        Intended(batch=1, positions=(0, 1), at=START + 1), Intended(batch=2, positions=(2, 3), at=START + 1)
    )
    await journal.aclose()
    for id_ in ids[:2]:
        world.accept(id_, START + 1)
    async with one.resume(tmp_path / "replay.db") as run:
        report = await run.result()
    assert (states(report), world.calls) == ({"accepted": 2, "unknown": 2}, [])


@virtual
async def test_the_grace_time_of_a_call_goes_on_between_two_processes(tmp_path: Path) -> None:
    world = World(fate=lambda call: "dropped")
    world.seed(5)
    one = replay(world)
    async with begin(one, await one.plan([1]), tmp_path, grace=60.0) as run:
        await asyncio.sleep(1)
        run.cancel()
    await asyncio.sleep(100)
    async with one.resume(tmp_path / "replay.db") as run:
        assert states(await run.result()) == {"unknown": 5}
    assert asyncio.get_running_loop().time() < 105


@virtual
async def test_what_is_to_be_sent_again_waits_where_its_webhook_was_stopped_meanwhile(tmp_path: Path) -> None:
    world = World(fate=script("dropped", "closed"))
    world.seed(50)
    report = await sent(replay(world), tmp_path, max_concurrency=1, on_unknown="resend", grace=1.0)
    assert (states(report), len(world.calls)) == ({"planned": 50}, 2)
