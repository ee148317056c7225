"""What a receiver does with its store: when it fails, what others left in it, and for how long events are kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.replay._virtual import LoopClock, virtual
from tests.unit.receiver._receiving import Durable, Handler, body_of, deliver, new_receiver
from theirstack_async.receiver import DeliveryState

STATES = DeliveryState


@pytest.mark.parametrize("how", ["raise", "hang"])
@virtual
async def test_a_store_that_fails_a_claim(how: str, caplog: pytest.LogCaptureFixture) -> None:
    """The delivery is answered 503, as are its copies, and nothing is handled; the next one is taken."""
    receiver = new_receiver(store := Durable())
    handler = Handler(receiver)
    claim = store.claim

    async def hangs(*args: Any, **kwargs: Any) -> Any:
        store.claim = claim  # type: ignore[method-assign]
        await asyncio.sleep(60)

    async with receiver:
        if how == "raise":
            store.failing["claim"] = 1
        else:
            store.claim = hangs  # type: ignore[method-assign]
        answers = await asyncio.gather(deliver(receiver, 1), deliver(receiver, 1))
        assert answers[0].status == 503
        assert (await deliver(receiver, 1)).ok
        await receiver.settled()
    assert handler.ended == [1]
    assert ("claim fails" in caplog.text) is (how == "raise")


@virtual
async def test_a_request_that_is_cut_off_while_it_is_claimed() -> None:
    """Its copies are told that it is not safe, and its place is free."""
    receiver = new_receiver(store := Durable(), queue=1)
    handler = Handler(receiver)
    claim = store.claim

    async def slow(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(1)
        return await claim(*args, **kwargs)

    async with receiver:
        store.claim = slow  # type: ignore[method-assign]
        first, copy = (asyncio.create_task(deliver(receiver, 1)) for _ in range(2))
        await asyncio.sleep(0.5)
        first.cancel()
        assert (await copy).status == 503
        assert first.cancelled()
        assert (await deliver(receiver, 1)).ok
    assert handler.ended == [1]


@virtual
async def test_a_store_that_cannot_note_what_was_done(caplog: pytest.LogCaptureFixture) -> None:
    """It is noted as soon as it can be, and not handled again. Until then it takes up its place."""
    receiver = new_receiver(store := Durable(), queue=1)
    handler = Handler(receiver)
    async with receiver:
        store.failing["settle"] = 3
        await deliver(receiver, 1)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert receiver.stats.in_hand == 1
        await asyncio.sleep(60)
        assert (receiver.stats.in_hand, receiver.stats.handled) == (0, 1)
        assert await store.known([1]) == {1: STATES.DONE}
    assert handler.ended == [1]
    assert "event 1 is done, which could not be noted yet" in caplog.text


@virtual
async def test_a_store_that_fails_at_the_end() -> None:
    """What was handled is never given back as not handled."""
    receiver = new_receiver(store := Durable(), drain=1.0)
    handler = Handler(receiver)
    async with receiver:
        store.failing["settle"] = 1000
        await deliver(receiver, 1)
        await asyncio.sleep(1)
    assert handler.ended == [1]
    [left] = await store.list(STATES.PENDING)
    assert left.due > LoopClock().now()


@virtual
async def test_a_keeper_that_meets_a_failing_store_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    receiver = new_receiver(store := Durable())
    handler = Handler(receiver)
    handler.fails[1] = 1
    async with receiver:
        store.failing["take"] = 3
        await deliver(receiver, 1)
        await asyncio.sleep(20)
    assert handler.ended == [1]
    assert "the store of deliveries failed" in caplog.text


@virtual
async def test_leases_are_kept_while_handlers_run() -> None:
    """However long a handler takes, nobody else gets its event."""
    store = Durable()
    receiver, other = new_receiver(store, handler_timeout=None), new_receiver(store)
    handler, second = Handler(receiver), Handler(other)
    async with receiver, other:
        handler.go.clear()
        await deliver(receiver, 1)
        await asyncio.sleep(500)
        assert (await deliver(other, 1)).text == "known already"
        handler.go.set()
        await receiver.settled()
    assert (handler.ended, second.begun) == ([1], [])


@virtual
async def test_what_a_dead_process_left_is_taken_up() -> None:
    """When its lease is over, also in a receiver that was started later, with the attempts that it had."""
    store = Durable()
    clock = LoopClock()
    await store.claim(1, body_of(1), record=None, owner="dead", now=clock.now(), until=clock.now() + 30)
    await store.settle(1, owner="dead", state=STATES.PENDING, attempts=4, error="x", due=clock.now() + 30, now=0.0)
    await store.claim(2, body_of(2), record=None, owner="dead", now=clock.now(), until=clock.now() + 20)
    receiver = new_receiver(store, max_attempts=5)
    handler = Handler(receiver)
    handler.fails[1] = 1
    async with receiver:
        await asyncio.sleep(19)
        assert handler.begun == []
        assert (await deliver(receiver, 2)).text == "known already"
        await asyncio.sleep(2)
        assert handler.begun == [2]
        await asyncio.sleep(10)
        assert handler.begun == [2, 1]
        assert (receiver.stats.recovered, receiver.stats.dead) == (2, 1)


@virtual
async def test_a_delivery_of_what_a_dead_process_left() -> None:
    """It need not wait for anybody: it takes the event over, once the lease is over."""
    store = Durable()
    clock = LoopClock()
    await store.claim(1, body_of(1), record=None, owner="dead", now=clock.now(), until=clock.now() - 1)
    receiver = new_receiver(store)
    handler = Handler(receiver)
    store.failing["take"] = 1
    async with receiver:
        assert (await deliver(receiver, 1)).text == "stored"
        await receiver.settled()
    assert handler.ended == [1]


@virtual
async def test_a_lease_that_was_lost(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that blocks the loop for longer than the lease: the event is handled once more, and it is said."""
    store = Durable()
    receiver, other = new_receiver(store, lease=30.0), new_receiver(store)
    handler, second = Handler(receiver), Handler(other)
    async with receiver, other:
        handler.go.clear()
        await deliver(receiver, 1)
        await asyncio.sleep(0)
        later = LoopClock().now() + 31
        [taken] = await store.take(owner="other", now=later, until=later + 1, limit=1)
        await asyncio.sleep(15)
        assert not caplog.text
        handler.go.set()
        await receiver.settled()
        assert "somebody else may handle it too" in caplog.text
        await asyncio.sleep(60)
    assert (taken.id, handler.ended + second.ended) == (1, [1, 1])


@virtual
async def test_many_are_taken_up_as_there_is_room() -> None:
    store = Durable()
    for n in range(200):
        await store.claim(n, body_of(n), record=None, owner="dead", now=0.0, until=1.0)
    receiver = new_receiver(store, queue=7, max_concurrency=2)
    handler = Handler(receiver)
    async with receiver:
        while (await store.counts())[STATES.PENDING]:
            await asyncio.sleep(0.01)
        assert max(receiver.stats.in_hand, 0) == 0
    assert sorted(handler.ended) == list(range(200))
    assert store.calls.count("take") < 200


@virtual
async def test_what_cannot_be_read_any_more_is_kept_as_dead(caplog: pytest.LogCaptureFixture) -> None:
    store = Durable()
    await store.claim(1, b"{", record=None, owner="dead", now=0.0, until=1.0)
    await store.claim(2, body_of(2), record=None, owner="dead", now=0.0, until=1.0)
    receiver = new_receiver(store)
    handler = Handler(receiver)
    async with receiver:
        await asyncio.sleep(1)
    [dead] = await store.list(STATES.DEAD)
    assert (dead.id, dead.body, handler.ended, receiver.stats.dead) == (1, b"{", [2], 1)
    assert "event 1 cannot be read" in caplog.text


@virtual
async def test_old_events_are_forgotten_once_an_hour() -> None:
    receiver = new_receiver(store := Durable(), keep=86_400.0)
    Handler(receiver)
    async with receiver:
        await deliver(receiver, 1)
        await asyncio.sleep(86_000)
        assert await store.known([1]) == {1: STATES.DONE}
        await asyncio.sleep(5_000)
        assert await store.known([1]) == {}
        assert store.calls.count("prune") == 26


@virtual
async def test_keep_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    receiver = new_receiver(store := Durable(), keep=None)
    async with receiver:
        await asyncio.sleep(86_000)
    assert ("prune" in store.calls, caplog.text) == (False, "")
