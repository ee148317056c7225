"""What becomes of a delivery that is believed."""

from __future__ import annotations

import asyncio

import pytest

from tests.replay._virtual import virtual
from tests.unit.receiver._receiving import Durable, Handler, body_of, deliver, new_receiver, now
from theirstack_async.receiver import DeliveryState, JobClosed, MemoryDeliveries, UnknownDelivery

STATES = DeliveryState


@virtual
async def test_not_durable_is_answered_when_it_was_handled() -> None:
    receiver = new_receiver()
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        answering = asyncio.create_task(deliver(receiver, 1))
        await asyncio.sleep(1)
        assert (handler.begun, handler.ended, answering.done()) == ([1], [], False)
        handler.go.set()
        assert (await answering).text == "handled"
        assert handler.ended == [1]
        assert (await receiver.store.known([1])) == {1: STATES.DONE}


@virtual
async def test_durable_is_answered_when_it_is_stored() -> None:
    receiver = new_receiver(store := Durable())
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        answer = await deliver(receiver, 1)
        assert (answer.status, answer.text, handler.ended) == (202, "stored", [])
        assert await store.known([1]) == {1: STATES.PENDING}
        assert receiver.stats.in_hand == 1
        handler.go.set()
        await receiver.settled()
        assert await store.known([1]) == {1: STATES.DONE}
    assert store.closed == 1
    assert receiver.stats.in_hand == 0


@pytest.mark.parametrize("store", [MemoryDeliveries, Durable])
@virtual
async def test_copies_at_once_and_later(store: type[MemoryDeliveries]) -> None:
    """Twenty copies of each of many deliveries are answered 2xx, and handled once. The store is asked once for each."""
    receiver = new_receiver(kept := store(), queue=10)
    handler = Handler(receiver)
    async with receiver:
        answers = await asyncio.gather(*(deliver(receiver, n % 5) for n in range(20)))
        assert all(answer.ok for answer in answers)
        await receiver.settled()
        assert all([(await deliver(receiver, n)).text == "known already" for n in range(5)])
    assert sorted(handler.ended) == [0, 1, 2, 3, 4]
    assert (receiver.stats.claimed, receiver.stats.known, receiver.stats.handled) == (5, 20, 5)
    if isinstance(kept, Durable):
        assert kept.calls.count("claim") == 10


@virtual
async def test_slower_than_the_budget() -> None:
    """It is handled all the same, and when the API sends it again it is known."""
    receiver = new_receiver(budget=5.0)
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        begun = now()
        answers = await asyncio.gather(deliver(receiver, 1), deliver(receiver, 1))
        assert [answer.status for answer in answers] == [503, 503]
        assert now() - begun == pytest.approx(5.0)
        handler.go.set()
        await receiver.settled()
        assert (await deliver(receiver, 1)).text == "known already"
    assert handler.ended == [1]


@virtual
async def test_a_handler_that_fails_is_tried_again() -> None:
    """After one second, two, four and so on, and each delivery meanwhile is answered as what it is."""
    receiver = new_receiver(Durable(), max_attempts=5)
    handler = Handler(receiver)
    times: list[float] = []
    handler.fails[1] = 3
    async with receiver:
        begun = now()
        assert (await deliver(receiver, 1)).ok
        for _ in range(4):
            while len(handler.begun) == len(times):
                await asyncio.sleep(0.01)
            times.append(now() - begun)
        await receiver.settled()
    assert [round(at) for at in times] == [0, 1, 3, 7]
    assert handler.ended == [1]
    assert (receiver.stats.failed, receiver.stats.recovered, receiver.stats.handled, receiver.stats.dead) == (
        3,
        3,
        1,
        0,
    )


@virtual
async def test_a_failure_without_a_durable_store_is_told() -> None:
    receiver = new_receiver()
    handler = Handler(receiver)
    handler.fails[1] = 1
    async with receiver:
        assert (await deliver(receiver, 1)).text == "the handler failed; it is tried again"
        answer = await deliver(receiver, 1)
        assert (answer.status, answer.text) == (503, "not handled yet; send it again later")
        await asyncio.sleep(1.5)
        assert (await deliver(receiver, 1)).text == "known already"
    assert handler.ended == [1]


@virtual
async def test_what_is_given_up_is_told() -> None:
    """In memory it is not safe, so it is no 2xx; the API sends it again, which tries it again."""
    receiver = new_receiver(max_attempts=1)
    handler = Handler(receiver)
    handler.fails[1] = 1
    async with receiver:
        answer = await deliver(receiver, 1)
        assert (answer.status, "dead-letter list" in answer.text) == (503, True)
        assert (await deliver(receiver, 1)).text == "handled"


@virtual
async def test_the_dead_letter_list(caplog: pytest.LogCaptureFixture) -> None:
    """What fails too often is kept whole; ``retry``, or another delivery of it, tries it again."""
    receiver = new_receiver(store := Durable(), max_attempts=2)
    handler = Handler(receiver)
    handler.fails[7] = 4
    async with receiver:
        await deliver(receiver, 7)
        await asyncio.sleep(10)
        [dead] = await store.list(STATES.DEAD)
        assert (dead.id, dead.attempts, dead.error, dead.body) == (7, 2, "ValueError: event 7", body_of(7))
        assert "receiver.retry([7])" in caplog.text
        assert len(handler.begun) == 2
        assert (await deliver(receiver, 7)).text == "stored"
        await asyncio.sleep(10)
        assert (len(handler.begun), receiver.stats.dead) == (3, 2)
        assert await receiver.retry([7, 8]) == 1
        await asyncio.sleep(10)
        assert (len(handler.begun), handler.ended) == (5, [7])


@virtual
async def test_what_nothing_handles_is_kept() -> None:
    """Known types without a handler and unknown ones alike; a handler that comes later may have them."""
    receiver = new_receiver(store := Durable())
    known = Handler(receiver, JobClosed)
    async with receiver:
        assert (await deliver(receiver, 1)).ok
        assert (await deliver(receiver, 2, kind="job.archived")).ok
        await receiver.settled()
        [kept] = await store.list(STATES.UNHANDLED)
        assert (kept.id, kept.error) == (2, "nothing handles 'job.archived'")
        assert (await deliver(receiver, 2, kind="job.archived")).text == "known already"
        unknown = Handler(receiver, UnknownDelivery)
        assert await receiver.retry([2]) == 1
        await asyncio.sleep(0.1)
    assert (known.ended, unknown.ended, receiver.stats.unhandled) == ([1], [2], 1)


@pytest.mark.parametrize("store", [MemoryDeliveries, Durable])
@virtual
async def test_records_are_the_same(store: type[MemoryDeliveries]) -> None:
    """With ``dedupe="record"`` an event about a record that another one is about is answered, and not handled."""
    receiver = new_receiver(store(), dedupe="record")
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        first = asyncio.create_task(deliver(receiver, 1, record=9))
        await asyncio.sleep(0)
        second = asyncio.create_task(deliver(receiver, 2, record=9))
        other = asyncio.create_task(deliver(receiver, 3, record=10))
        await asyncio.sleep(1)
        assert second.done() is receiver.store.durable
        handler.go.set()
        assert [(await each).ok for each in (first, second, other)] == [True, True, True]
        assert (await deliver(receiver, 4, record=9)).text == "known already"
        await receiver.settled()
    assert sorted(handler.ended) == [1, 3]


@virtual
async def test_a_record_whose_event_waits_for_another_attempt() -> None:
    receiver = new_receiver(dedupe="record")
    handler = Handler(receiver)
    handler.fails[1] = 1
    async with receiver:
        assert not (await deliver(receiver, 1, record=9)).ok
        assert (await deliver(receiver, 2, record=9)).text == "not handled yet; send it again later"


@virtual
async def test_full() -> None:
    """Who comes when there is no room waits for it within the budget; who waits at a second place gets it in turn."""
    receiver = new_receiver(Durable(), queue=2, budget=5.0)
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        assert [(await deliver(receiver, n)).status for n in (1, 2)] == [202, 202]
        begun = now()
        late = asyncio.create_task(deliver(receiver, 3))
        copy = asyncio.create_task(deliver(receiver, 1))
        assert (await copy).ok
        answer = await late
        assert (answer.status, answer.headers["Retry-After"], now() - begun) == (503, "10", pytest.approx(5.0))
        waiting = [asyncio.create_task(deliver(receiver, n)) for n in (4, 4)]
        await asyncio.sleep(1)
        assert not any(each.done() for each in waiting)
        handler.go.set()
        assert [(await each).text for each in waiting] == ["stored", "known already"]
        await receiver.settled()
        assert (await receiver.store.known([3])) == {}
        assert sorted(handler.ended) == [1, 2, 4]
        handler.go.clear()
        assert [(await deliver(receiver, n)).status for n in (5, 6, 7)] == [202, 202, 503]
        handler.go.set()


@virtual
async def test_at_most_so_many_handlers_at_once() -> None:
    receiver = new_receiver(Durable(), max_concurrency=3)
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        for n in range(10):
            await deliver(receiver, n)
        await asyncio.sleep(1)
        assert handler.begun == [0, 1, 2]
        handler.go.set()
        await receiver.settled()
    assert sorted(handler.ended) == list(range(10))
