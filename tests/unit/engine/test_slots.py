"""Places: first come, first served, and none is ever lost."""

from __future__ import annotations

import asyncio

import pytest

from theirstack_async._engine.slots import Slots


async def test_places_are_taken_and_given_back() -> None:
    slots = Slots(2)
    assert slots.free == 2
    await slots.acquire()
    await slots.acquire()
    assert slots.free == 0
    order: list[int] = []

    async def wait(number: int) -> None:
        await slots.acquire()
        order.append(number)

    tasks = [asyncio.create_task(wait(n)) for n in range(2)]
    await asyncio.sleep(0)
    slots.release()
    slots.release()
    await asyncio.gather(*tasks)
    assert order == [0, 1]
    slots.release()
    slots.release()
    assert slots.free == 2


async def test_a_view_takes_one_of_its_own_and_one_of_its_parents() -> None:
    parent = Slots(2)
    view = Slots(1, parent)
    await view.acquire()
    assert (view.free, parent.free) == (0, 1)
    view.release()
    assert (view.free, parent.free) == (1, 2)


@pytest.mark.parametrize("wider", [1, 2])
async def test_a_cancelled_wait_loses_no_place(wider: int) -> None:
    """Whether it waits for the view's own place or, having that, for the parent's."""
    parent = Slots(1)
    view = Slots(wider, parent)
    await view.acquire()
    task = asyncio.create_task(view.acquire())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    view.release()
    assert (view.free, parent.free) == (wider, 1)


def test_giving_back_what_was_never_taken_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="without acquire"):
        Slots(1).release()
