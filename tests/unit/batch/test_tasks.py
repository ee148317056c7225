"""Ending plain tasks."""

from __future__ import annotations

import asyncio

import pytest

from theirstack_async._fanout import FanOut
from theirstack_async._tasks import cancel_and_wait, run_to_end


async def test_a_cancellation_meanwhile_is_raised_once_all_tasks_have_ended() -> None:
    gate = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await gate.wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    ending = asyncio.create_task(cancel_and_wait([task]))
    await asyncio.sleep(0)
    ending.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not ending.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert task.cancelled()


async def test_leaving_without_joining_ends_the_children() -> None:
    ended: list[int] = []

    async def child(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    async with FanOut(2, drain=0.0) as fan:
        await fan.submit(child(1))
        await fan.submit(child(2))
        await asyncio.sleep(0)
    assert sorted(ended) == [1, 2]


async def _fail(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("after", ["submit", "join"])
async def test_a_child_that_failed_before_anybody_waited_is_told_of(after: str) -> None:
    error, begun = ZeroDivisionError(), list[int]()

    async def child() -> None:
        begun.append(1)

    with pytest.raises(ZeroDivisionError) as caught:
        async with FanOut(5, drain=1.0) as fan:
            await fan.submit(_fail(error))
            for _ in range(5):
                await asyncio.sleep(0)
            await (fan.submit(child()) if after == "submit" else fan.join())
    assert caught.value is error
    assert begun == []


async def test_children_begin_while_a_caller_computes_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that had to wait for room, and came just after the last turn of the loop."""
    now = 0.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    begun: list[int] = []

    async def child(number: int) -> None:
        begun.append(number)
        await asyncio.sleep(0)

    async with FanOut(1, drain=0.0) as fan:
        for number in range(4):
            now += 1.0
            await fan.submit(child(number))
            assert begun == [*range(number + 1)]


async def test_children_of_a_quick_caller_begin_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 0.0)
    begun: list[int] = []

    async def child(number: int) -> None:
        begun.append(number)

    async with FanOut(5, drain=0.0) as fan:
        for number in range(4):
            await fan.submit(child(number))
        assert begun == [0]
        await fan.join()
    assert begun == [0, 1, 2, 3]


async def test_running_to_the_end_returns_the_result_or_raises_the_error() -> None:
    async def work(result: int) -> int:
        await asyncio.sleep(0)
        return 10 // result

    assert await run_to_end(work(5)) == 2
    with pytest.raises(ZeroDivisionError):
        await run_to_end(work(0))


@pytest.mark.parametrize("outcome", ["result", "error", "cancelled"])
async def test_a_cancellation_waits_for_the_end_and_is_raised_then(outcome: str) -> None:
    gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run_to_end(gate))
    for _ in range(3):
        await asyncio.sleep(0)
        running.cancel("enough")
    await asyncio.sleep(0)
    assert not running.done() and not gate.done()
    if outcome == "result":
        gate.set_result(outcome)
    elif outcome == "error":
        gate.set_exception(ValueError(outcome))
    else:
        gate.cancel()
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await running
