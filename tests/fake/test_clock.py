"""The clock that stands still until it is moved."""

from __future__ import annotations

import asyncio

from theirstack_async.testing import VirtualClock


async def test_sleepers_wake_in_order_at_their_instants() -> None:
    clock = VirtualClock(start=100.0)
    woke: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woke.append((name, clock.now()))
        if name == "a":
            await sleeper("again", seconds)

    tasks = [asyncio.create_task(sleeper("b", 20)), asyncio.create_task(sleeper("a", 10))]
    await asyncio.sleep(0)
    assert clock.next_sleep() == 110.0
    await clock.advance(9)
    assert woke == []
    await clock.advance(100)
    assert woke == [("a", 110.0), ("b", 120.0), ("again", 120.0)]
    assert (clock.now(), clock.monotonic()) == (209.0, 109.0)
    assert clock.next_sleep() is None
    await asyncio.gather(*tasks)


async def test_a_sleep_of_nothing_ends_at_once() -> None:
    clock = VirtualClock()
    await clock.sleep(0)
    await clock.sleep(-1)
    assert clock.monotonic() == 0.0


async def test_a_cancelled_sleeper_is_passed_over() -> None:
    clock = VirtualClock()
    task = asyncio.create_task(clock.sleep(5))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await clock.advance(10)
    assert clock.monotonic() == 10.0
