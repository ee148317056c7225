"""Reconciliation with receivers: beside deliveries, with little room, by two at once, and across their end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.receiver._reconciling import LONG_AGO, World, a_world, check, record, row
from tests.receiver._sending import SECRET, body_of, once, send
from theirstack_async import ConfigurationError
from theirstack_async.receiver import (
    Delivery,
    DeliveryState,
    JobNew,
    MemoryDeliveries,
    Receiver,
    ReconcileReport,
    SQLiteDeliveries,
    UnknownDelivery,
)
from theirstack_async.testing.clock import VirtualClock

KINDS: Final = ("memory", "sqlite")


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


def receiver_of(kind: str, folder: Path, handled: Counter[int], **settings: Any) -> Receiver:
    store = MemoryDeliveries() if kind == "memory" else SQLiteDeliveries(folder / "deliveries.db")
    receiver = Receiver(SECRET, store, **settings)

    @receiver.on(Delivery)
    async def handle(delivery: Delivery) -> None:
        await asyncio.sleep(0)
        handled[delivery.id] += 1

    return receiver


async def run(receiver: Receiver, world: World, **options: Any) -> ReconcileReport:
    report = await receiver.reconcile(world.client, [world.webhook], since=LONG_AGO, **options)
    check(report)
    return report


@pytest.mark.parametrize("kind", KINDS)
async def test_with_room_for_one_event(world: World, tmp_path: Path, kind: str) -> None:
    """The events of the list wait for room, however long that takes, and are not refused for want of it."""
    ids = world.fake.seed_events(world.webhook, 60)
    handled: Counter[int] = Counter()
    async with receiver_of(kind, tmp_path, handled, queue=1, max_concurrency=1, budget=0.001) as receiver:
        report = await run(receiver, world)
        await receiver.settled()
        assert sorted(report.processed) == [*ids]
        assert report.ok
        assert handled == once(ids)
        assert await receiver.store.known(ids) == dict.fromkeys(ids, DeliveryState.DONE)


@pytest.mark.parametrize("kind", KINDS)
async def test_deliveries_get_in_between(world: World, tmp_path: Path, kind: str) -> None:
    """They stand in line behind ten events of the list at the most, whatever is left of these."""
    ids = world.fake.seed_events(world.webhook, 200)
    handled: Counter[int] = Counter()
    async with receiver_of(kind, tmp_path, handled, queue=2, max_concurrency=1) as receiver:
        task = asyncio.create_task(run(receiver, world))
        while not handled:
            await asyncio.sleep(0)
        assert (await send(receiver, body_of(7))).ok
        assert len(handled) < 100
        report = await task
        await receiver.settled()
        assert handled == once([7, *ids])
        assert len(report.processed) == 200


async def test_two_receivers_with_one_store(world: World, tmp_path: Path) -> None:
    ids = world.fake.seed_events(world.webhook, 200)
    handled: Counter[int] = Counter()
    one, other = (receiver_of("sqlite", tmp_path, handled) for _ in range(2))
    async with one, other:
        first, second = await asyncio.gather(run(one, world), run(other, world))
        await one.settled()
        await other.settled()
    assert handled == once(ids)
    assert sorted([*first.processed, *second.processed]) == [*ids]
    assert first.ok
    assert second.ok


async def test_a_handler_that_fails(world: World) -> None:
    """A store that is not durable holds the event for another attempt; the report says that it is not safe yet."""
    clock = VirtualClock()
    ids = world.fake.seed_events(world.webhook, 3)
    failed: list[int] = []
    receiver = Receiver(SECRET, MemoryDeliveries(), clock=clock)

    @receiver.on(JobNew)
    async def handle(delivery: JobNew) -> None:
        if delivery.id == ids[1] and not failed:
            failed.append(delivery.id)
            raise ValueError("not today")

    async with receiver:
        report = await run(receiver, world)
        assert report.left == {ids[1]: "the receiver answered 503: the handler failed; it is tried again"}
        assert (await run(receiver, world)).known == 3
        while (await receiver.store.counts())[DeliveryState.PENDING]:
            await clock.advance(1)
        assert (await receiver.store.counts())[DeliveryState.DONE] == 3


async def test_records_that_are_known_from_another_event(world: World) -> None:
    handled: Counter[int] = Counter()
    world.answers_list(*(row(n, record("job", 1)) for n in (1, 2)))
    async with receiver_of("memory", Path(), handled, dedupe="record") as receiver:
        report = await run(receiver, world)
        assert (len(report.processed), report.known, sum(handled.values())) == (1, 1, 1)


async def test_events_that_no_handler_is_for_are_kept(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 2)
    receiver = Receiver(SECRET, MemoryDeliveries())

    @receiver.on(UnknownDelivery)
    async def handle(delivery: UnknownDelivery) -> None:
        raise AssertionError

    async with receiver:
        assert sorted((await run(receiver, world)).processed) == [*ids]
        assert (await receiver.store.counts())[DeliveryState.UNHANDLED] == 2
        assert (await run(receiver, world)).known == 2


async def test_dead_letters_are_left_where_they_are(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 1)
    receiver = Receiver(SECRET, MemoryDeliveries(), max_attempts=1)
    calls: list[int] = []

    @receiver.on(Delivery)
    async def handle(delivery: Delivery) -> None:
        calls.append(delivery.id)
        raise ValueError("never")

    async with receiver:
        await run(receiver, world)
        await receiver.settled()
        assert (await receiver.store.counts())[DeliveryState.DEAD] == 1
        assert (await run(receiver, world)).known == 1
    assert calls == [*ids]


async def test_a_record_that_is_too_large_to_be_delivered(world: World) -> None:
    """Deliveries of it are answered 413 for ever; from the list it is taken in whole."""
    handled: Counter[int] = Counter()
    world.answers_list(row(1, record("job", 1)))
    async with receiver_of("memory", Path(), handled, max_bytes=1000) as receiver:
        assert (await send(receiver, body_of(1))).status == 413
        assert (await run(receiver, world)).processed == (1,)
    assert handled == once([1])


async def test_a_receiver_that_stops_meanwhile(world: World, tmp_path: Path) -> None:
    """What was taken in by then is handled; the rest is for the next run."""
    ids = world.fake.seed_events(world.webhook, 400)
    handled: Counter[int] = Counter()
    async with receiver_of("sqlite", tmp_path, handled) as receiver:
        task = asyncio.create_task(run(receiver, world))
        while len(handled) < 20:
            await asyncio.sleep(0)
    with pytest.raises(ConfigurationError, match="stopped") as caught:
        await task
    report: Any = getattr(caught.value, "report", None)
    assert isinstance(report, ReconcileReport)
    check(report)
    assert set(report.processed) <= set(handled)
    assert 20 <= len(handled) < 400
    async with receiver_of("sqlite", tmp_path, handled) as receiver:
        await run(receiver, world)
        await receiver.settled()
    assert handled == once(ids)


async def test_before_it_is_started(world: World) -> None:
    receiver = Receiver(SECRET, MemoryDeliveries())
    with pytest.raises(ConfigurationError, match="not running"):
        await receiver.reconcile(world.client, [world.webhook], since=datetime(2026, 9, 1, tzinfo=UTC))
    assert not world.fake.requests
