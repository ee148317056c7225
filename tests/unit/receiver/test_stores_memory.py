"""What a store in memory costs."""

from __future__ import annotations

import tracemalloc

from theirstack_async.receiver import DeliveryState, MemoryDeliveries
from theirstack_async.testing.delivery_calls import LEASE, NOW, claim, settle, take

STALE = 200
"""Far more instants than may be kept that mean nothing."""


def test_it_says_that_it_is_not_durable() -> None:
    assert MemoryDeliveries().durable is False


async def test_instants_that_mean_nothing_are_swept_out() -> None:
    """Neither renewing one lease for ever nor handling events for ever fills the memory."""
    store = MemoryDeliveries()
    await claim(store, 0, until=NOW)
    for number in range(STALE):
        assert await store.renew([0], owner="a", until=NOW + number) == []
    assert len(store._queue) < STALE / 2
    for event_id in range(1, STALE):
        await claim(store, event_id)
    for event_id in range(1, STALE):
        await settle(store, event_id, DeliveryState.DONE)
    assert len(store._queue) < STALE / 2
    assert await store.next_due() == NOW + STALE - 1


async def test_events_that_are_set_aside_cost_no_sweep() -> None:
    store = MemoryDeliveries()
    for event_id in range(STALE):
        await claim(store, event_id)
        await settle(store, event_id, DeliveryState.DEAD)
    assert len(store._queue) < STALE / 2
    assert await store.next_due() is None
    assert store._queue == []


async def test_an_event_is_taken_once_at_a_time() -> None:
    """However often its instant stands in the queue, and whatever the lease."""
    store = MemoryDeliveries()
    await claim(store, 7, until=NOW)
    for _ in range(3):
        await store.renew([7], owner="a", until=NOW)
    taken = await store.take(owner="b", now=NOW, until=NOW, limit=10)
    assert [one.id for one in taken] == [7]
    assert [one.due for one in taken] == [NOW]


async def test_of_what_is_done_little_is_kept() -> None:
    """The body is let go of, and with a record it is some 300 bytes at the most."""
    store, number, body = MemoryDeliveries(), 2000, 8192
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for event_id in range(10**6, 10**6 + number):
        await claim(store, event_id, body=bytes(body), record=f"job.new:{event_id}", now=NOW + event_id)
        await settle(store, event_id, DeliveryState.DONE, now=NOW + event_id)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / number < 400


async def test_what_is_done_is_listed_as_received_when_it_was_done() -> None:
    store = MemoryDeliveries()
    await claim(store, 7)
    await settle(store, 7, DeliveryState.DONE, attempts=3, error="E", now=NOW + 2)
    [found] = await store.list(DeliveryState.DONE)
    assert (found.attempts, found.error, found.received_at, found.due) == (0, None, NOW + 2, NOW + 2)


async def test_a_record_is_known_for_as_long_as_its_last_event() -> None:
    store = MemoryDeliveries()
    await claim(store, 1, record="r")
    await settle(store, 1, DeliveryState.DONE)
    for event_id in range(2, 6):
        assert (await claim(store, event_id, record="r", now=NOW + event_id)).status == "done"
        await store.prune(before=NOW + event_id)
    assert [one.id for one in await store.list(DeliveryState.DONE)] == [5]
    await store.prune(before=NOW + 6)
    assert store._records == {}
    assert (await claim(store, 9, record="r")).status == "mine"
    assert await take(store, now=NOW + LEASE, limit=-1) == []
