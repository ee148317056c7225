"""Requests, and receivers, that are cut off at any turn of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.replay._virtual import LoopClock, play
from tests.unit.receiver._receiving import Durable, Handler, body_of, deliver, new_receiver, signed
from theirstack_async._tasks import cancel_and_wait
from theirstack_async.receiver import Answer, Delivery, DeliveryState, Receiver

STATES = DeliveryState
_TURNS = 3
"""That the store takes before and after what it does."""


async def turns(number: int) -> None:
    """Let others have so many turns."""
    for _ in range(number):
        await asyncio.sleep(0)


class Slow(Durable):
    """A store whose claims and notes take turns."""

    def __init__(self, *, durable: bool) -> None:
        super().__init__()
        self._is_durable = durable

    @property
    def durable(self) -> bool:
        return self._is_durable

    async def claim(self, *args: Any, **how: Any) -> Any:
        await turns(_TURNS)
        claimed = await super().claim(*args, **how)
        await turns(_TURNS)
        return claimed

    async def settle(self, *args: Any, **how: Any) -> Any:
        await turns(_TURNS)
        settled = await super().settle(*args, **how)
        await turns(_TURNS)
        return settled


async def in_turns(receiver: Receiver, event_id: int) -> Answer:
    """Deliver a body that comes in pieces."""
    body = body_of(event_id)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 30):
            await turns(1)
            yield body[start : start + 30]

    return await receiver.receive("POST", signed(body), pieces())


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("busy", [True, False])
def test_a_request_that_is_cut_off(*, durable: bool, busy: bool) -> None:
    """Nothing is lost or done twice: its copy is answered, its event handled once, and its place is free."""

    async def cut_off(after: int) -> bool:
        receiver = new_receiver(Slow(durable=durable), queue=1)
        handler = Handler(receiver)
        async with receiver:
            if busy:
                before = asyncio.create_task(deliver(receiver, 9))
                await turns(1)
            cut, copy = (asyncio.create_task(in_turns(receiver, 1)) for _ in range(2))
            await turns(after)
            was_over = cut.done()
            await cancel_and_wait([cut])
            answer = await copy
            if busy:
                assert (await before).ok
            if answer.ok and not durable:
                assert 1 in handler.ended
            for _ in range(5):
                # Just when leases are prolonged, which must not prolong that of a claim that was cut off.
                again = await deliver(receiver, 1)
                await asyncio.sleep(10)
            assert again.ok
            assert receiver.stats.in_hand == 0
            assert (await deliver(receiver, 2)).ok
            await receiver.settled()
        assert handler.ended == ([9] if busy else []) + [1, 2]
        return was_over

    after = 0
    while not play(cut_off(after)):
        after += 1
    assert after >= 10


@pytest.mark.parametrize("again", [0, 1, 2, 5])
def test_a_receiver_that_is_cut_off_while_it_ends(again: int) -> None:
    """At any turn, and once more after that: what was handled is noted, the rest is given back, the store is closed."""

    async def cut_off(after: int) -> bool:
        receiver = new_receiver(store := Slow(durable=True), max_concurrency=1)
        ended: list[int] = []
        leaving = asyncio.Event()

        async def handle(delivery: Delivery) -> None:
            await leaving.wait()
            await turns(4)
            ended.append(delivery.id)

        receiver.on(Delivery)(handle)

        async def live() -> None:
            async with receiver:
                for event_id in (1, 2, 3):
                    await deliver(receiver, event_id)
                await asyncio.sleep(1)
                leaving.set()

        life = asyncio.create_task(live())
        await leaving.wait()
        await turns(after)
        was_over = life.done()
        life.cancel()
        await turns(again)
        life.cancel()
        await asyncio.wait([life])
        assert (store.closed, receiver.stats.in_hand) == (1, 0)
        assert life.cancelled() is not was_over
        known = await store.known([1, 2, 3])
        assert [event_id for event_id in known if known[event_id] is STATES.DONE] == ended
        left = await store.list(STATES.PENDING)
        assert len(left) + len(ended) == 3
        assert all(each.due <= LoopClock().now() for each in left)
        return was_over

    after = 0
    while not play(cut_off(after)):
        after += 1
    assert after > 20
