"""Handlers that do not end, receivers that do, and settings that cannot be."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.replay._virtual import LoopClock, play, virtual
from tests.unit.receiver._receiving import Durable, Handler, body_of, deliver, new_receiver, now, pieces, signed
from theirstack_async.errors import ArgumentError, ConfigurationError, DeliveryError, DeliveryStoreError
from theirstack_async.receiver import Delivery, DeliveryState, JobClosed, MemoryDeliveries, Receiver

STATES = DeliveryState


@virtual
async def test_a_handler_that_hangs_is_a_failure() -> None:
    receiver = new_receiver(store := Durable(), handler_timeout=10.0, max_attempts=1)
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        await deliver(receiver, 1)
        await asyncio.sleep(11)
        [dead] = await store.list(STATES.DEAD)
        assert dead.error == "TimeoutError: it took longer than handler_timeout"


@virtual
async def test_a_handler_that_lets_a_cancellation_out() -> None:
    """One of something that it waited for: a failure like any other, and the worker lives on."""
    receiver = new_receiver(Durable(), max_concurrency=1, max_attempts=1)
    ended: list[int] = []

    @receiver.on(Delivery)
    async def handler(delivery: Delivery) -> None:
        if delivery.id == 1:
            raise asyncio.CancelledError
        ended.append(delivery.id)

    async with receiver:
        await deliver(receiver, 1)
        await deliver(receiver, 2)
        await receiver.settled()
    assert (ended, receiver.stats.dead) == ([2], 1)


@virtual
async def test_leaving_waits_for_what_is_in_hand() -> None:
    receiver = new_receiver(store := Durable(), max_concurrency=1)
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        for n in range(3):
            await deliver(receiver, n)
        asyncio.get_running_loop().call_later(5, handler.go.set)
        begun = now()
    assert (handler.ended, now() - begun, store.closed) == ([0, 1, 2], pytest.approx(5), 1)


@virtual
async def test_leaving_gives_back_what_does_not_end() -> None:
    """For anybody to handle at once, with no attempt counted; those who wait for an answer get one."""
    receiver = new_receiver(store := MemoryDeliveries(), max_concurrency=1, drain=3.0, budget=60.0)
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        waiting = [asyncio.create_task(deliver(receiver, n)) for n in range(3)]
        await asyncio.sleep(1)
        begun = now()
    assert now() - begun == pytest.approx(3)
    assert [(await each).text for each in waiting] == ["the receiver is not running; send it again later"] * 3
    left = await store.list(STATES.PENDING)
    assert [(each.id, each.attempts, each.due <= LoopClock().now()) for each in left] == [
        (n, 0, True) for n in range(3)
    ]
    assert handler.begun == [0]


@virtual
async def test_a_delivery_while_it_drains() -> None:
    receiver = new_receiver(Durable())
    handler = Handler(receiver)
    async with receiver:
        handler.go.clear()
        await deliver(receiver, 1)
        loop = asyncio.get_running_loop()
        late: list[asyncio.Task[Any]] = []
        loop.call_later(1, lambda: late.append(loop.create_task(deliver(receiver, 2))))
        loop.call_later(2, handler.go.set)
    assert (await late[0]).text == "the receiver is not running; send it again later"


@virtual
async def test_a_delivery_that_was_being_read_when_it_ended() -> None:
    receiver = new_receiver(Durable())

    async def slow() -> Any:
        await asyncio.sleep(1)
        yield body_of(1)

    async with receiver:
        late = asyncio.create_task(receiver.receive("POST", signed(body_of(1)), slow()))
        await asyncio.sleep(0)
    assert (await late).status == 503


@virtual
async def test_cancelled_while_it_drains() -> None:
    """It is stopped at once, cleanly, and the cancellation comes out."""
    store = Durable()
    receiver = new_receiver(store)
    handler = Handler(receiver)

    async def run() -> None:
        async with receiver:
            handler.go.clear()
            await deliver(receiver, 1)

    task = asyncio.create_task(run())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [left] = await store.list(STATES.PENDING)
    assert (left.due <= LoopClock().now(), store.closed) == (True, 1)


@virtual
async def test_it_runs_once() -> None:
    receiver = new_receiver()
    async with receiver:
        with pytest.raises(ConfigurationError, match="runs once"):
            await receiver.__aenter__()
    with pytest.raises(ConfigurationError, match="runs once"):
        await receiver.__aenter__()


@virtual
async def test_a_store_that_cannot_be_opened_is_noticed_at_the_start() -> None:
    store = Durable()
    store.failing["counts"] = 1
    receiver = new_receiver(store)
    with pytest.raises(DeliveryStoreError, match="counts fails"):
        await receiver.__aenter__()
    assert store.closed == 1
    assert (await deliver(receiver, 1)).status == 503


@virtual
async def test_outside_it_has_nothing_in_hand() -> None:
    receiver = new_receiver(store := Durable())
    await receiver.settled()
    assert await receiver.retry([1]) == 0
    with pytest.raises(ConfigurationError, match="not running"):
        await receiver.reconcile(None, [1], since=None)  # type: ignore[arg-type]
    assert receiver.stats.in_hand == 0
    assert receiver.store is store


@virtual
async def test_leaving_what_was_never_entered_is_nothing() -> None:
    receiver = new_receiver(store := Durable())
    await receiver.__aexit__(None, None, None)
    async with receiver:
        assert (await deliver(receiver, 1)).ok
    await receiver.__aexit__(None, None, None)
    assert store.closed == 1


@virtual
async def test_reconciling_hands_over_what_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = new_receiver(store := Durable(), keep_unknown_fields=True)
    handler = Handler(receiver)
    given: dict[str, Any] = {}

    async def reconcile(*args: Any, admit: Any, **kwargs: Any) -> Any:
        given.update(kwargs, args=args, answers=[await admit(body_of(n)) for n in (1, 1)])
        with pytest.raises(DeliveryError):
            await admit(b"{}")
        return "the report"

    monkeypatch.setattr("theirstack_async.receiver._reconcile.reconcile", reconcile)
    client: Any = object()
    since = datetime(2026, 9, 21, tzinfo=UTC)
    async with receiver:
        report: object = await receiver.reconcile(client, [7], since=since, how="resend", resend_not_triggered=True)
        assert report == "the report"
        await receiver.settled()
    assert [answer.status for answer in given.pop("answers")] == [202, 200]
    assert given == {
        "args": (client, [7]), "since": since, "how": "resend", "resend_not_triggered": True, "store": store,
    }  # fmt: skip
    assert handler.ended == [1]


@pytest.mark.parametrize(
    ("kind", "handler", "words"),
    [
        (int, None, "int is no class of deliveries"),
        ("job.new", None, "'job.new' is no class of deliveries"),
        (Delivery, len, "expected a coroutine function"),
        (Delivery, lambda delivery: delivery, "expected a coroutine function"),
    ],
)
def test_handlers_that_cannot_be(kind: Any, handler: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words) as caught:
        new_receiver().on(kind)(handler)
    assert caught.value.field == ("handler" if handler else "kind")


def test_one_handler_a_class() -> None:
    receiver = new_receiver()

    async def first(delivery: Delivery) -> None:
        raise AssertionError

    assert receiver.on(JobClosed)(first) is first
    receiver.on(Delivery)(first)
    with pytest.raises(ArgumentError, match=r"JobClosed has a handler already.*first") as caught:
        receiver.on(JobClosed)(first)
    assert caught.value.field == "kind"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"queue": 0}, "queue"),
        ({"queue": True}, "queue"),
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_bytes": 1.5}, "max_bytes"),
        ({"budget": 0}, "budget"),
        ({"lease": -1}, "lease"),
        ({"lease": float("inf")}, "lease"),
        ({"handler_timeout": 0}, "handler_timeout"),
        ({"drain": None}, "drain"),
        ({"keep": "long"}, "keep"),
        ({"dedupe": "job"}, "dedupe"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        new_receiver(**settings)
    assert caught.value.field == field
    assert field in str(caught.value)


@pytest.mark.parametrize("secrets", ["", b"", [], [""], None])
def test_a_secret_is_compulsory(secrets: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        Receiver(secrets, MemoryDeliveries())
    assert caught.value.field == "secrets"


def test_it_shows_no_secret() -> None:
    assert "0123456789abcdef" not in repr(new_receiver())


@virtual
async def test_unknown_fields_are_kept_when_asked_for() -> None:
    body = b'{"id":1,"type":"job.closed","payload":{"id":1,"why":"filled"}}'
    seen: list[dict[str, Any]] = []
    for keep in (True, False):
        receiver = new_receiver(keep_unknown_fields=keep)

        @receiver.on(JobClosed)
        async def handler(delivery: JobClosed) -> None:
            seen.append(dict(delivery.payload.extra))

        async with receiver:
            assert (await receiver.receive("POST", signed(body), pieces(body))).ok
    assert seen == [{"why": "filled"}, {}]


def test_a_loop_that_ends_waits_for_nobody() -> None:
    """It has cancelled the workers by the time the receiver is left, so there is nothing to wait for."""
    store = Durable()
    receiver = new_receiver(store, drain=1000.0)
    handler = Handler(receiver)
    left: list[float] = []

    async def leave() -> None:
        await asyncio.sleep(1)
        await receiver.__aenter__()
        handler.go.clear()
        await deliver(receiver, 1)
        await asyncio.sleep(0)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await receiver.__aexit__(None, None, None)
        left.append(now())

    play(leave())
    assert (left, store.closed) == ([1.0], 1)
