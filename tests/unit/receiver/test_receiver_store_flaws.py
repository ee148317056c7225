"""Stores of somebody else that do what they should not: hang, cancel, and return wrong things."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
import pytest

from tests.replay._virtual import LoopClock, virtual
from tests.unit.receiver._receiving import Durable, Handler, body_of, deliver, new_receiver, now
from theirstack_async.receiver import Claimed, DeliveryState, MemoryDeliveries

STATES = DeliveryState


async def left_behind(store: Durable, *event_ids: int, due: float = 0.0) -> None:
    """Leave events as a process does that died; ``due`` in seconds from now."""
    for event_id in event_ids:
        until = LoopClock().now() + due
        await store.claim(event_id, body_of(event_id), record=None, owner="dead", now=until - 30, until=until)
    store.calls.clear()


@pytest.mark.parametrize("found", [Claimed("busy", 1), Claimed("mine", 1, None), None, ("done", 1)])  # type: ignore[arg-type]
@virtual
async def test_a_claim_that_means_nothing_is_not_safe(found: Any, caplog: pytest.LogCaptureFixture) -> None:
    receiver = new_receiver(store := Durable())
    handler = Handler(receiver)

    async def claim(*args: Any, **kwargs: Any) -> Any:
        return found

    store.claim = claim  # type: ignore[method-assign]
    async with receiver:
        answer = await deliver(receiver, 1)
        assert (answer.status, answer.text) == (503, "the store failed; send it again later")
        assert receiver.stats.in_hand == 0
    assert handler.begun == []
    assert "event 1 was not taken" in caplog.text


@virtual
async def test_a_count_that_is_a_text() -> None:
    """As Redis returns it."""
    receiver = new_receiver(store := Durable(), max_attempts=3)
    handler = Handler(receiver)
    handler.fails[1] = 1
    claim = store.claim

    async def texts(*args: Any, **kwargs: Any) -> Claimed:
        return attrs.evolve(await claim(*args, **kwargs), attempts="2")  # type: ignore[arg-type]

    store.claim = texts  # type: ignore[method-assign]
    async with receiver:
        await deliver(receiver, 1)
        await receiver.settled()
    [dead] = await store.list(STATES.DEAD)
    assert dead.attempts == 3


@pytest.mark.parametrize("call", ["take", "settle", "next_due", "renew"])
@virtual
async def test_a_store_that_is_cancelled_inside(call: str) -> None:
    """Such as by its own pool of connections: no task of the receiver ends for it."""
    store = Durable()
    await left_behind(store, 1)
    receiver = new_receiver(store, max_concurrency=1)
    handler = Handler(receiver)
    works, times = getattr(store, call), [0]

    async def cancelled(*args: Any, **kwargs: Any) -> Any:
        times[0] += 1
        if times[0] <= 2:
            raise asyncio.CancelledError
        return await works(*args, **kwargs)

    setattr(store, call, cancelled)
    async with receiver:
        await deliver(receiver, 2)
        await asyncio.sleep(60)
        await deliver(receiver, 3)
        await receiver.settled()
    assert sorted(handler.ended) == [1, 2, 3]
    assert (await store.counts())[STATES.DONE] == 3


@virtual
async def test_an_event_that_cannot_be_read_or_buried(caplog: pytest.LogCaptureFixture) -> None:
    """Those behind it do not wait for it."""
    store = Durable()
    await left_behind(store, 1, 2)
    works = store.take

    async def take(**kwargs: Any) -> Any:
        return [attrs.evolve(each, body=None if each.id == 1 else each.body) for each in await works(**kwargs)]

    store.take = take  # type: ignore[method-assign]
    receiver = new_receiver(store, max_concurrency=1)
    handler = Handler(receiver)
    store.failing["settle"] = 1
    async with receiver:
        await asyncio.sleep(1)
        assert (handler.ended, receiver.stats.dead) == ([2], 0)
        assert "event 1 could not be noted as dead" in caplog.text
        await asyncio.sleep(60)
    [dead] = await store.list(STATES.DEAD)
    assert (dead.id, dead.attempts, dead.error is not None and dead.error.startswith("TypeError: ")) == (1, 0, True)
    assert receiver.stats.dead == 1


@pytest.mark.parametrize("times", [1, 2])
@virtual
async def test_a_store_that_gives_more_than_was_asked_for(times: int) -> None:
    """Or each twice: there is room for so many, and no more are handled at a time."""
    store = Durable()
    await left_behind(store, *range(6))
    works, most = store.take, [0]

    async def take(**kwargs: Any) -> Any:
        return [each for each in await works(**{**kwargs, "limit": 100}) for _ in range(times)]

    store.take = take  # type: ignore[method-assign]
    receiver = new_receiver(store, queue=2, max_concurrency=10)
    handler = Handler(receiver)
    handler.go.clear()
    async with receiver:
        for _ in range(20):
            await asyncio.sleep(1)
            most.append(receiver.stats.in_hand)
        handler.go.set()
        await asyncio.sleep(400)
    assert (max(most), sorted(handler.ended)) == (2 // times, [0, 1, 2, 3, 4, 5])


@virtual
async def test_a_store_that_hangs_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """The receiver ends all the same, and who waits for what was in its hand waits no more."""
    receiver = new_receiver(store := Durable(), drain=1.0, max_concurrency=1)
    handler = Handler(receiver)
    handler.go.clear()

    async def hangs(*args: Any, **kwargs: Any) -> Any:
        await asyncio.Future()

    async with receiver:
        for event_id in (1, 2, 3):
            await deliver(receiver, event_id)
        waiting = asyncio.create_task(receiver.settled())
        store.aclose = store.settle = hangs  # type: ignore[method-assign, assignment]
        begun = now()
    assert now() - begun == pytest.approx(61)
    assert "could be given back within 30 s" in caplog.text
    assert "was not closed within 30 s" in caplog.text
    await waiting
    assert receiver.stats.in_hand == 0


@virtual
async def test_a_store_that_hangs_at_the_start() -> None:
    """Who gives up waiting for it gets away."""
    store = Durable()

    async def hangs() -> Any:
        await asyncio.Future()

    store.counts = store.aclose = hangs  # type: ignore[method-assign]
    begun = now()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await new_receiver(store).__aenter__()
    assert now() - begun == pytest.approx(31)


@virtual
async def test_a_store_that_cannot_say_whether_it_is_durable() -> None:
    """It is closed, and no task is left."""

    class Unsure(Durable):
        @property
        def durable(self) -> bool:
            raise ValueError("who knows")

    store = Unsure()
    with pytest.raises(ValueError, match="who knows"):
        await new_receiver(store).__aenter__()
    assert store.closed == 1


@virtual
async def test_what_was_handled_is_not_given_back_when_it_was_just_being_noted() -> None:
    """The store failed to note it, and the receiver ends while it is asked once more."""
    receiver = new_receiver(store := Durable(), drain=0.0)
    handler = Handler(receiver)
    works, calls = store.settle, list[DeliveryState]()

    async def settle(*args: Any, **kwargs: Any) -> bool:
        calls.append(kwargs["state"])
        if len(calls) == 2:
            await asyncio.sleep(60)
        return await works(*args, **kwargs)

    store.settle = settle  # type: ignore[method-assign]
    store.failing["settle"] = 1
    async with receiver:
        await deliver(receiver, 1)
        await asyncio.sleep(12)
    assert calls == [STATES.DONE] * 3
    assert (await store.known([1]), handler.ended) == ({1: STATES.DONE}, [1])


@virtual
async def test_what_could_not_be_noted_when_it_ends_is_in_no_hand() -> None:
    receiver = new_receiver(store := MemoryDeliveries(), drain=1.0, queue=1, budget=60.0)
    Handler(receiver)

    async def settle(*args: Any, **kwargs: Any) -> bool:
        raise OSError

    store.settle = settle  # type: ignore[method-assign]
    async with receiver:
        assert (await deliver(receiver, 1)).text == "the store failed; send it again later"
        waiting = asyncio.create_task(deliver(receiver, 2))
        await asyncio.sleep(0.5)
        begun = now()
    assert (await waiting).text == "the receiver is not running; send it again later"
    assert now() - begun == pytest.approx(1)
    assert receiver.stats.in_hand == 0


@virtual
async def test_a_claim_is_not_begun_once_the_receiver_ends() -> None:
    """It would open the store again, and nobody would close it."""
    receiver = new_receiver(store := Durable(), drain=2.0, queue=1, budget=60.0)
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        await deliver(receiver, 1)
        waiting = [asyncio.create_task(deliver(receiver, n)) for n in (2, 3)]
        await asyncio.sleep(1)
        assert not any(each.done() for each in waiting)
        asyncio.get_running_loop().call_later(1, handler.go.set)
    assert [(await each).text for each in waiting] == ["the receiver is not running; send it again later"] * 2
    assert (handler.ended, store.calls.count("claim"), store.closed) == ([1], 1, 1)


@virtual
async def test_a_claim_that_was_cut_off_when_the_store_had_done_it() -> None:
    """The event is safe, is answered so when it comes again, and is handled when its lease is over."""
    receiver = new_receiver(store := Durable(), budget=5.0)
    handler = Handler(receiver)
    works = store.claim

    async def claim(*args: Any, **kwargs: Any) -> Claimed:
        claimed = await works(*args, **kwargs)
        await asyncio.sleep(5 if args[0] == 1 else 0)
        return claimed

    store.claim = claim  # type: ignore[method-assign]
    async with receiver:
        assert (await deliver(receiver, 1)).status == 503
        assert (await deliver(receiver, 1)).status == 503 or handler.begun == []
        await asyncio.sleep(19)
        assert handler.begun == []
        await asyncio.sleep(2)
        assert handler.ended == [1]


@virtual
async def test_what_is_just_being_noted_when_it_ends_is_noted() -> None:
    receiver = new_receiver(store := Durable(), drain=0.0)
    handler = Handler(receiver)
    works = store.settle

    begun: list[DeliveryState] = []

    async def slow(*args: Any, **kwargs: Any) -> bool:
        begun.append(kwargs["state"])
        await asyncio.sleep(5)
        return await works(*args, **kwargs)

    store.settle = slow  # type: ignore[method-assign]
    async with receiver:
        await deliver(receiver, 1)
        await asyncio.sleep(1)
    assert handler.ended == [1]
    assert (begun, await store.known([1])) == ([STATES.DONE], {1: STATES.DONE})
