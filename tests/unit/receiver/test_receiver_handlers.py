"""Handlers that do to a receiver what they can."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Awaitable, Callable

import pytest

from tests.replay._virtual import LoopClock, virtual
from tests.unit.receiver._receiving import Durable, Handler, body_of, deliver, new_receiver, now
from theirstack_async.receiver import Delivery, DeliveryState

STATES = DeliveryState
_WHERE: contextvars.ContextVar[int] = contextvars.ContextVar("_WHERE", default=0)


class MuteError(Exception):
    """Cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Abort(BaseException):
    """Is no Exception, like the outcomes of pytest and many libraries' ways out."""


async def _cancel_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(1)


async def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("fail", "said"),
    [
        (lambda: _raise(MuteError()), "MuteError: (its text cannot be had)"),
        (lambda: _raise(Abort("out")), "Abort: out"),
        (
            lambda: _raise(BaseExceptionGroup("two", [Abort(), ValueError()])),
            "BaseExceptionGroup: two (2 sub-exceptions)",
        ),
        (lambda: _raise(ExceptionGroup("one", [ValueError()])), "ExceptionGroup: one (1 sub-exception)"),
        (lambda: _raise(asyncio.CancelledError("of another")), "CancelledError: of another"),
        (lambda: _raise(TimeoutError("of another")), "TimeoutError: of another"),
        (lambda: _raise(ValueError("x" * 600)), "ValueError: " + "x" * 488),
        (_cancel_itself, "CancelledError: "),
    ],
)
@virtual
async def test_whatever_a_handler_raises_is_a_failure(fail: Callable[[], Awaitable[None]], said: str) -> None:
    """Its event is not lost, and the only worker lives on."""
    receiver = new_receiver(store := Durable(), max_concurrency=1, max_attempts=2)
    ended: list[int] = []

    @receiver.on(Delivery)
    async def handler(delivery: Delivery) -> None:
        if delivery.id == 1:
            await fail()
        ended.append(delivery.id)

    async with receiver:
        for event_id in (1, 2):
            await deliver(receiver, event_id)
        await asyncio.sleep(5)
        [dead] = await store.list(STATES.DEAD)
        assert (dead.id, dead.attempts, dead.error) == (1, 2, said)
    assert (ended, receiver.stats.failed) == ([2], 2)


@virtual
async def test_a_handler_that_cannot_be_called() -> None:
    receiver = new_receiver(store := Durable(), max_attempts=1)

    async def handler() -> None:
        raise AssertionError

    receiver.on(Delivery)(handler)  # type: ignore[arg-type]
    async with receiver:
        await deliver(receiver, 1)
        await receiver.settled()
    [dead] = await store.list(STATES.DEAD)
    assert "takes 0 positional arguments" in str(dead.error)


@virtual
async def test_context_variables_end_with_their_event() -> None:
    receiver = new_receiver(Durable(), max_concurrency=1)
    seen: list[int] = []

    @receiver.on(Delivery)
    async def handler(delivery: Delivery) -> None:
        seen.append(_WHERE.get())
        _WHERE.set(delivery.id)

    async with receiver:
        for event_id in (1, 2):
            await deliver(receiver, event_id)
        await receiver.settled()
    assert seen == [0, 0]


@virtual
async def test_a_handler_that_ends_well_though_its_time_is_over() -> None:
    """It caught the cancellation, and did what it was to do: it is not called again."""
    receiver = new_receiver(store := Durable(), handler_timeout=10.0, drain=1.0)
    calls: list[float] = []

    @receiver.on(Delivery)
    async def handler(delivery: Delivery) -> None:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            await asyncio.sleep(1)
            calls.append(now())

    async with receiver:
        await deliver(receiver, 1)
        await receiver.settled()
        assert calls == [11.0]
        await deliver(receiver, 2)
        await asyncio.sleep(1)
    assert calls == [11.0, 14.0]
    assert await store.known([1, 2]) == {1: STATES.DONE, 2: STATES.DONE}
    assert receiver.stats.failed == 0


@virtual
async def test_what_ends_in_the_turn_in_which_the_receiver_does_is_done() -> None:
    store = Durable()
    receiver = new_receiver(store, drain=3.0)
    ended: list[int] = []

    @receiver.on(Delivery)
    async def handler(delivery: Delivery) -> None:
        await asyncio.sleep(2.0 + delivery.id)
        ended.append(delivery.id)

    async with receiver:
        await deliver(receiver, 1)
    assert await store.known([1]) == ({1: STATES.DONE} if ended else {1: STATES.PENDING})


@virtual
async def test_a_handler_that_never_ends_holds_nobody_up_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    """The receiver ends, with an error in the log; the event is handled when its lease is over."""
    receiver = new_receiver(store := Durable(), drain=1.0)
    left: list[asyncio.Task[object] | None] = []
    free = asyncio.Event()

    @receiver.on(Delivery)
    async def handler(delivery: Delivery) -> None:
        left.append(asyncio.current_task())
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    async with receiver:
        await deliver(receiver, 1)
        await deliver(receiver, 2)
        await asyncio.sleep(0.1)
        begun = now()
    assert now() - begun == pytest.approx(31)
    assert "could be given back within 30 s" in caplog.text
    assert (store.closed, receiver.stats.in_hand) == (1, 0)
    await receiver.settled()
    free.set()
    await asyncio.wait([task for task in left if task is not None])
    assert await store.known([1]) == {1: STATES.PENDING}


@virtual
async def test_very_many_attempts() -> None:
    """They are 300 seconds apart, however many there were."""
    store, clock = Durable(), LoopClock()
    await store.claim(1, body_of(1), record=None, owner="dead", now=clock.now(), until=clock.now())
    await store.settle(1, owner="dead", state=STATES.PENDING, attempts=5000, error="x", due=clock.now(), now=0.0)
    receiver = new_receiver(store, max_attempts=10_000)
    handler = Handler(receiver)
    handler.fails[1] = 2
    async with receiver:
        await asyncio.sleep(599)
        assert (len(handler.begun), handler.ended) == (2, [])
        await asyncio.sleep(2)
    assert handler.ended == [1]


@virtual
async def test_an_event_loop_that_ends_before_the_receiver_ends_its_tasks() -> None:
    """As ``asyncio.run`` cancels all of them: none goes on because its handler did."""
    receiver = new_receiver(Durable(), max_concurrency=1)

    @receiver.on(Delivery)
    async def handler(delivery: Delivery) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(1000)

    async with receiver:
        await deliver(receiver, 1)
        await asyncio.sleep(1)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        _, going_on = await asyncio.wait(tasks, timeout=1)
        assert not going_on
    assert receiver.stats.handled == 1
