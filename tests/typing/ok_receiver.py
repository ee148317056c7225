"""What receivers are typed as. Checked, and never run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import assert_type

from theirstack_async import Company, DeliveryError, Job, Problem, SignatureError, TheirStack, UnknownPayload
from theirstack_async import JobClosed as ClosedJob
from theirstack_async.receiver import (
    SIGNATURE_HEADER,
    AiohttpReceiver,
    Answer,
    ASGIReceiver,
    CompanyNew,
    Delivery,
    DeliveryState,
    DeliveryStore,
    JobClosed,
    JobNew,
    MemoryDeliveries,
    Receiver,
    ReceiverStats,
    ReconcileReport,
    SQLiteDeliveries,
    UnknownDelivery,
    parse_delivery,
    verify_signature,
)


def by_hand(body: bytes, headers: dict[str, str], secrets: list[str]) -> str | None:
    try:
        verify_signature(body, headers.get(SIGNATURE_HEADER), secrets)
        verify_signature(body, b"sha256=", (b"one", "another"))
        verify_signature(body, None, secrets=b"one")
        delivery = parse_delivery(body, max_bytes=10_000, keep_unknown_fields=True)
    except SignatureError as error:
        return error.reason
    except DeliveryError as error:
        assert_type(error.problems, tuple[Problem, ...])
        return None if error.too_large else str(error)
    assert_type(delivery, JobNew | JobClosed | CompanyNew | UnknownDelivery)
    assert_type(delivery.record, str | None)
    match delivery:
        case JobNew():
            assert_type(delivery.payload, Job)
            return delivery.payload.job_title
        case CompanyNew():
            assert_type(delivery.payload, Company)
            return delivery.payload.name
        case JobClosed():
            assert_type(delivery.payload, ClosedJob)
            assert_type(delivery.record, str)
            assert_type(delivery.payload.closed_at, datetime | None)
            return delivery.record
        case UnknownDelivery():
            assert_type(delivery.payload, UnknownPayload)
            assert_type(delivery.body, bytes)
            return delivery.record


def with_handlers(store: DeliveryStore) -> Receiver:
    receiver = Receiver(
        ["one", b"another"], store, queue=10, budget=2, dedupe="record", handler_timeout=None, keep=None
    )

    @receiver.on(JobNew)
    async def new_job(delivery: JobNew) -> None:
        assert_type(delivery.payload, Job)

    async def all_alike(delivery: Delivery) -> str:
        assert_type(delivery.payload, Job | Company | ClosedJob | UnknownPayload)
        return delivery.type

    receiver.on(JobClosed)(all_alike)
    receiver.on(CompanyNew)(all_alike)

    @receiver.on(Delivery)
    async def others(delivery: Delivery) -> None:
        assert_type(delivery.id, int)

    return receiver


async def used(receiver: Receiver, client: TheirStack, body: AsyncIterator[bytes]) -> Answer:
    ASGIReceiver(receiver)
    AiohttpReceiver(receiver)
    async with receiver as entered:
        assert_type(entered, Receiver)
        assert_type(receiver.stats, ReceiverStats)
        assert_type(await receiver.retry([1, 2]), int)
        report = await receiver.reconcile(client, [7], since=datetime(2026, 1, 1, tzinfo=UTC), how="resend")
        assert_type(report, ReconcileReport)
        await receiver.settled()
        dead = await receiver.store.list(DeliveryState.DEAD)
        assert_type([each.error for each in dead], list[str | None])
        return await receiver.receive("POST", [("Content-Type", "application/json")], body)


def stores() -> list[DeliveryStore]:
    return [MemoryDeliveries(), SQLiteDeliveries("deliveries.db", timeout=5)]
