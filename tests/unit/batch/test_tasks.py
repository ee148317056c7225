"""Ending plain tasks."""

from __future__ import annotations

import asyncio

import pytest

from theirstack_async._fanout import FanOut
from theirstack_async._tasks import cancel_and_wait


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
    assert sorted(ended) == [1, 2]
