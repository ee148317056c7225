"""An event that another process left behind is sent again just when it is taken up from the store: it is handled once,
and at once, in whatever order the store does what it is asked and says so.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any, Final

from tests.receiver._sending import SECRET, body_of, send
from theirstack_async import DeliveryStoreError
from theirstack_async.receiver import Claimed, DeliveryState, JobNew, MemoryDeliveries, Receiver, StoredDelivery
from theirstack_async.testing import VirtualClock

EVENT: Final = 1_000_001
MOST: Final = 4
MANY: Final = 40
"""Turns of the event loop in which all of it is over."""


async def turns(number: int) -> None:
    """Let others have so many turns."""
    for _ in range(number):
        await asyncio.sleep(0)


class Slow(MemoryDeliveries):
    """A store as several processes share one, which takes its time before it does something and before it says so."""

    def __init__(
        self, take: tuple[int, int], claim: tuple[int, int], *, durable: bool = True, fails: bool = False
    ) -> None:
        super().__init__()
        self._take, self._claim = take, claim
        self._durable, self._fails = durable, fails

    @property
    def durable(self) -> bool:
        return self._durable

    async def take(self, **how: Any) -> Sequence[StoredDelivery]:
        """Take events."""
        await turns(self._take[0])
        taken = await super().take(**how)
        await turns(self._take[1])
        return taken

    async def claim(self, *args: Any, **how: Any) -> Claimed:
        """Claim an event."""
        await turns(self._claim[0])
        if self._fails:
            raise DeliveryStoreError("the disk is full")
        claimed = await super().claim(*args, **how)
        await turns(self._claim[1])
        return claimed


async def received(store: Slow) -> tuple[list[int], bool]:
    """Let a receiver start after another process has died, and get a copy of what that left behind.

    Return what it handles at once, and whether the copy was answered so that it does not come again.
    """
    clock, handled, body = VirtualClock(), list[int](), body_of(EVENT)
    now = clock.now()
    await MemoryDeliveries.claim(store, EVENT, body, record=None, owner="dead", now=now - 60.0, until=now - 30.0)
    receiver = Receiver(SECRET, store, clock=clock)

    @receiver.on(JobNew)
    async def handle(delivery: JobNew) -> None:
        handled.append(delivery.id)

    async with receiver:
        answer = await send(receiver, body)
        assert store.durable or handled or not answer.ok, "it was not safe"
        await turns(MANY)
        assert (await store.counts())[DeliveryState.PENDING] == receiver.stats.in_hand == 0, (
            "it waits for a lease to end"
        )
    return handled, answer.ok


TIMES: Final = list(itertools.product(range(MOST), repeat=4))


async def test_a_copy_neither_doubles_an_event_nor_leaves_it_to_its_lease() -> None:
    for times in TIMES:
        assert await received(Slow(times[:2], times[2:])) == ([EVENT], True), times


async def test_nor_does_it_where_an_event_is_safe_only_once_it_is_handled() -> None:
    answers: set[bool] = set()
    for times in TIMES:
        handled, ok = await received(Slow(times[:2], times[2:], durable=False))
        assert handled == [EVENT], times
        answers.add(ok)
    assert True in answers


async def test_nor_does_one_whose_claim_fails() -> None:
    for times in TIMES:
        assert (await received(Slow(times[:2], times[2:], fails=True)))[0] == [EVENT], times


async def test_what_is_in_hand_is_not_taken_up_beside_it() -> None:
    """Its lease has ended while its handler held up the event loop, and nobody else has it."""
    store, clock, handled, go = MemoryDeliveries(), VirtualClock(), list[int](), asyncio.Event()
    async with Receiver(SECRET, store, clock=clock) as receiver:

        @receiver.on(JobNew)
        async def handle(delivery: JobNew) -> None:
            await go.wait()
            handled.append(delivery.id)

        answer = asyncio.ensure_future(send(receiver, body_of(EVENT)))
        await turns(MANY)
        assert receiver._running is not None
        owner = receiver._running.owner
        assert await store.renew([EVENT], owner=owner, until=clock.now() - 1.0) == []
        await receiver.retry([])  # has it look into the store
        await turns(MANY)
        assert await store.next_due() == clock.now() + 30.0
        assert (receiver.stats.in_hand, receiver.stats.recovered) == (1, 0)
        go.set()
        assert (await answer).ok
    assert handled == [EVENT]
