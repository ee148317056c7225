"""Whose turn it is: copies of what was taken up, places that become free, leases that end before their event's turn."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.replay._virtual import START, LoopClock, virtual
from tests.unit.receiver._receiving import (
    SECRET,
    Durable,
    Handler,
    body_of,
    deliver,
    new_receiver,
    now,
    pieces,
    signed,
)
from tests.unit.receiver.test_receiver_store_flaws import left_behind
from theirstack_async.receiver import DeliveryState, MemoryDeliveries, Receiver

STATES = DeliveryState


class JumpingClock(LoopClock):
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@pytest.mark.parametrize("store", [MemoryDeliveries, Durable])
@virtual
async def test_a_copy_of_what_was_taken_up(store: type[MemoryDeliveries]) -> None:
    """It is safe at once where the store is durable, however long the handler takes."""
    receiver = new_receiver(kept := store())
    handler = Handler(receiver)
    await kept.claim(1, body_of(1), record=None, owner="dead", now=START - 60, until=START - 30)
    async with receiver:
        handler.go.clear()
        await asyncio.sleep(1)
        assert handler.begun == [1]
        begun = now()
        assert (await deliver(receiver, 1)).ok is kept.durable
        assert now() - begun == pytest.approx(0 if kept.durable else 5)
        handler.go.set()
    assert handler.ended == [1]


@virtual
async def test_a_place_that_a_claim_did_not_need_is_used_at_once() -> None:
    """What waits in the store is not left for as long as a lease is renewed."""
    store = Durable()
    receiver = new_receiver(store, queue=1)
    handler = Handler(receiver)
    await left_behind(store, 1, due=5.0)
    works = store.claim

    async def slow(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(1)
        return await works(*args, **kwargs)

    async with receiver:
        await deliver(receiver, 2)
        await receiver.settled()
        await asyncio.sleep(4.5)
        store.claim = slow  # type: ignore[method-assign]
        assert (await deliver(receiver, 2)).text == "known already"
        assert now() == pytest.approx(5.5)
        assert handler.begun == [2]
        await asyncio.sleep(0.1)
        assert handler.ended == [2, 1]


@virtual
async def test_what_is_in_the_store_gets_a_turn_while_deliveries_wait_in_line() -> None:
    store = Durable()
    receiver = new_receiver(store, queue=2, max_concurrency=1)
    handler = Handler(receiver)
    wait = handler.go.wait

    async def second() -> bool:
        await asyncio.sleep(1)
        return await wait()

    handler.go.wait = second  # type: ignore[method-assign, assignment]
    ids = iter(range(100_000))
    ending = False

    async def keep_sending() -> None:
        while not ending:
            await deliver(receiver, next(ids))

    async with receiver:
        sending = [asyncio.create_task(keep_sending()) for _ in range(4)]
        await asyncio.sleep(1)
        await left_behind(store, *range(200_000, 200_005))
        most: list[int] = []
        for _ in range(1200):
            most.append(receiver.stats.in_hand)
            await asyncio.sleep(0.1)
        ending = True
        recovered = [event_id for event_id in handler.ended if event_id >= 200_000]
        assert (len(recovered), max(most)) == (5, 2)
        assert len(handler.ended) > 100
        assert store.calls.count("take") < 120
        await asyncio.wait(sending)


@pytest.mark.parametrize("fate", ["taken", "free", "store fails"])
@virtual
async def test_a_lease_that_ended_before_the_turn_of_its_event(fate: str, caplog: pytest.LogCaptureFixture) -> None:
    """The machine slept. The event is not handled here as well, where another process has taken it meanwhile."""
    clock, store = JumpingClock(), Durable()
    receiver = Receiver(SECRET, store, clock=clock, max_concurrency=1)
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        for event_id in (1, 2):
            await deliver(receiver, event_id)
        await asyncio.sleep(1)
        clock.ahead = 3600.0
        if fate == "taken":
            assert len(await store.take(owner="other", now=clock.now(), until=clock.now() + 30, limit=9)) == 2
        elif fate == "store fails":
            store.failing["renew"] = 1
        handler.go.set()
        await receiver.settled()
        assert handler.begun == ([1, 2] if fate == "free" else [1])
        assert ("event 2: its lease ended before its turn came" in caplog.text) is (fate != "free")
        assert ("renew fails" in caplog.text) is (fate == "store fails")
        if fate == "taken":
            assert await store.settle(
                2, owner="other", state=STATES.DONE, attempts=0, error=None, due=0.0, now=clock.now()
            )
        await asyncio.sleep(40)
        assert handler.begun.count(2) == (0 if fate == "taken" else 1)
        assert (await store.known([2])) == {2: STATES.DONE}


@virtual
async def test_a_lease_is_asked_for_once_more_where_it_had_ended() -> None:
    """It is that of another 30 seconds then, and nobody else gets the event while it is being handled."""
    clock, store = JumpingClock(), Durable()
    receiver = Receiver(SECRET, store, clock=clock, max_concurrency=1)
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        for event_id in (1, 2, 3):
            await deliver(receiver, event_id)
        await asyncio.sleep(1)
        clock.ahead = 3600.0
        handler.go.set()
        await receiver.settled()
        assert store.calls.count("renew") == 1 + 2
    assert handler.ended == [1, 2, 3]


@virtual
async def test_a_lease_that_was_prolonged_is_not_asked_for() -> None:
    store = Durable()
    receiver = new_receiver(store, max_concurrency=1, lease=30.0)
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        for event_id in (1, 2):
            await deliver(receiver, event_id)
        await asyncio.sleep(95)
        handler.go.set()
        await receiver.settled()
    assert (handler.ended, store.calls.count("renew")) == ([1, 2], 10)


@virtual
async def test_a_body_in_any_kind_of_pieces() -> None:
    """What the store gets is bytes of its own, though a server should use its buffer again."""
    receiver = new_receiver(store := Durable(), drain=0.0)
    Handler(receiver).go.clear()
    body, buffer = body_of(1), bytearray(body_of(1))
    async with receiver:
        assert (await receiver.receive("POST", signed(body), pieces(buffer))).ok
        buffer[:] = b"x" * len(buffer)
        halves = (memoryview(body_of(2))[:9], b"", bytearray(body_of(2))[9:])
        assert (await receiver.receive("POST", signed(body_of(2)), pieces(*halves))).ok  # type: ignore[arg-type]
    assert [each.body for each in await store.list(STATES.PENDING)] == [body, body_of(2)]


@virtual
async def test_an_ended_receiver_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """Servers may end after it, and deliveries come until they do."""
    receiver = new_receiver(Durable())
    async with receiver:
        assert (await deliver(receiver, 1)).ok
    assert (await deliver(receiver, 2)).status == 503
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


@virtual
async def test_what_strangers_write_is_shown_as_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with new_receiver() as receiver:
        for name in ("content-type", "content-encoding"):
            answer = await receiver.receive("POST", [(name, "\x1b[2J\n")], pieces())
            assert (answer.status, "\x1b" in answer.text + caplog.text) == (415, False)
    assert caplog.text.count("a delivery was answered 415: expected") == 2


@pytest.mark.parametrize("lease", [0.3, 1.1, 7.0, 29.9, 30.0])
@virtual
async def test_leases_are_prolonged_three_times_as_often_as_they_end(lease: float) -> None:
    """However their thirds are rounded; a store that takes its time is not asked more often."""
    receiver = new_receiver(store := Durable(), lease=lease)
    works = store.renew

    async def slow(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0.005)
        return await works(*args, **kwargs)

    store.renew = slow  # type: ignore[method-assign]
    async with receiver:
        await asyncio.sleep(100 * lease)
    assert 240 <= store.calls.count("renew") <= 301


@pytest.mark.parametrize("how", ["says so", "fails"])
@virtual
async def test_a_copy_that_is_claimed_while_its_event_is_taken_up(how: str) -> None:
    """The claim finds the lease of this very receiver: the event is handled now, with the attempts that it had."""
    store, clock = Durable(), LoopClock()
    await store.claim(1, body_of(1), record=None, owner="dead", now=clock.now(), until=clock.now())
    await store.settle(1, owner="dead", state=STATES.PENDING, attempts=4, error="x", due=clock.now(), now=0.0)
    receiver = new_receiver(store, max_attempts=5, queue=21)
    handler = Handler(receiver)
    handler.fails[1] = 1
    take, claim = store.take, store.claim

    async def slow_take(**kwargs: Any) -> Any:
        taken = await take(**kwargs)
        await asyncio.sleep(2)
        return taken

    async def slow_claim(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(2.5)
        if how == "fails":
            raise OSError
        return await claim(*args, **kwargs)

    store.take, store.claim = slow_take, slow_claim  # type: ignore[method-assign]
    async with receiver:
        await asyncio.sleep(1)
        copy = asyncio.create_task(deliver(receiver, 1))
        await asyncio.sleep(1.5)
        assert handler.begun == [1]
        assert (await copy).text == "stored"
        stats = receiver.stats
        assert (stats.recovered, stats.claimed, stats.dead, stats.in_hand) == (1, 0, 1, 0)
        handler.go.clear()
        store.claim = claim  # type: ignore[method-assign]
        assert [(await deliver(receiver, n)).status for n in range(2, 24)] == [202] * 21 + [503]
        handler.go.set()


@pytest.mark.parametrize("how", ["says so", "fails"])
@virtual
async def test_a_claim_that_comes_back_when_the_receiver_has_ended(how: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is handled, the delivery is answered that it is not safe, and nobody is told of a lease that was lost."""
    receiver = new_receiver(store := Durable(), drain=1.0)
    handler = Handler(receiver)
    claim = store.claim

    async def slow(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(3)
        if how == "fails":
            raise OSError
        return await claim(*args, **kwargs)

    store.claim = slow  # type: ignore[method-assign]
    async with receiver:
        late = asyncio.create_task(deliver(receiver, 1))
        await asyncio.sleep(0)
    assert not late.done()
    assert (await late).text == "the receiver is not running; send it again later"
    assert (handler.begun, receiver.stats.in_hand) == ([], 0)
    assert "lease" not in caplog.text
    second = new_receiver(store)
    handler = Handler(second)
    async with second:
        await asyncio.sleep(40)
    assert handler.ended == ([1] if how == "says so" else [])
