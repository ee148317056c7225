"""Mistakes with receivers that both type checkers must report, each on its marked line."""

from __future__ import annotations

import os
from datetime import datetime

from theirstack_async import Job, TheirStack
from theirstack_async import JobClosed as ClosedJob
from theirstack_async.receiver import (
    ASGIReceiver,
    CompanyNew,
    Delivery,
    JobClosed,
    JobNew,
    MemoryDeliveries,
    Receiver,
    SQLiteDeliveries,
    UnknownDelivery,
    parse_delivery,
    verify_signature,
)

STORE = MemoryDeliveries()
RECEIVER = Receiver("a secret", STORE)


def by_hand(body: bytes, text: str, header: str | None) -> None:
    verify_signature(text, header, "a secret")  # E: arg-type, reportArgumentType
    verify_signature({"id": 1}, header, "a secret")  # E: arg-type, reportArgumentType
    verify_signature(body, [text], "a secret")  # E: arg-type, reportArgumentType
    verify_signature(body, header, None)  # E: arg-type, reportArgumentType
    verify_signature(body, header, os.environ.get("SECRET"))  # E: arg-type, reportArgumentType
    verify_signature(body, header, [None])  # E: list-item, reportArgumentType
    verify_signature(body, header)  # E: call-arg, reportCallIssue
    parse_delivery(text)  # E: arg-type, reportArgumentType
    parse_delivery(body, 10)  # E: misc call-arg, reportCallIssue
    delivery = parse_delivery(body)
    job: Job = delivery.payload  # E: assignment, reportAssignmentType
    job.id = 1  # E: misc, reportAttributeAccessIssue
    delivery.id = 1  # E: misc, reportAttributeAccessIssue
    assert delivery.payload.job_title  # E: union-attr, reportAttributeAccessIssue
    assert delivery.body  # E: union-attr, reportAttributeAccessIssue
    JobNew(1, "job.new", job)  # E: misc call-arg, reportCallIssue
    JobNew(id=1, type="job.new", payload=ClosedJob(id=1))  # E: arg-type, reportArgumentType
    UnknownDelivery(id=1, type="x", payload=job, body=body)  # E: arg-type, reportArgumentType


def made() -> None:
    Receiver("a secret")  # E: call-arg, reportCallIssue
    Receiver(None, STORE)  # E: arg-type, reportArgumentType
    Receiver("a secret", "deliveries.db")  # E: arg-type, reportArgumentType
    Receiver("a secret", SQLiteDeliveries)  # E: arg-type, reportArgumentType
    Receiver("a secret", STORE, 10)  # E: misc call-arg, reportCallIssue
    Receiver("a secret", STORE, dedupe="job")  # E: arg-type, reportArgumentType
    ASGIReceiver("a secret")  # E: arg-type, reportArgumentType
    RECEIVER.on(Job)  # E: type-var, reportArgumentType
    RECEIVER.on(ClosedJob)  # E: type-var, reportArgumentType
    RECEIVER.on("job.new")  # E: arg-type, reportArgumentType
    RECEIVER.on(JobNew())  # E: arg-type call-arg, reportArgumentType reportCallIssue


@RECEIVER.on(JobNew)  # E: arg-type, reportArgumentType
async def of_another_type(delivery: CompanyNew) -> None:
    assert delivery.id


@RECEIVER.on(JobNew)  # E: arg-type, reportArgumentType
async def of_the_record(job: Job) -> None:
    assert job.id


@RECEIVER.on(JobNew)  # E: arg-type, reportArgumentType
def not_a_coroutine(delivery: JobNew) -> None:
    assert delivery.id


@RECEIVER.on(Delivery)  # E: arg-type, reportArgumentType
async def of_one_type_for_all(delivery: JobNew) -> None:
    assert delivery.id


@RECEIVER.on  # E: arg-type, reportArgumentType
async def without_a_type(delivery: JobNew) -> None:
    assert delivery.id


@RECEIVER.on(JobClosed)
async def reads_what_is_not_there(delivery: JobClosed) -> None:
    assert delivery.payload.job_title  # E: attr-defined, reportAttributeAccessIssue


async def used(client: TheirStack, since: datetime) -> None:
    RECEIVER.settled()  # E: unused-coroutine, reportUnusedCoroutine
    with RECEIVER:  # E: attr-defined, reportGeneralTypeIssues reportAttributeAccessIssue
        await RECEIVER.retry("all")  # E: arg-type, reportArgumentType
    await RECEIVER.retry(7)  # E: arg-type, reportArgumentType
    await RECEIVER.reconcile(client, [7])  # E: call-arg, reportCallIssue
    await RECEIVER.reconcile(client, 7, since=since)  # E: arg-type, reportArgumentType
    await RECEIVER.reconcile(client, [7], since="2026-01-01")  # E: arg-type, reportArgumentType
    await RECEIVER.reconcile(client, [7], since=since, how="retry")  # E: arg-type, reportArgumentType
    RECEIVER.stats.handled = 1  # E: misc, reportAttributeAccessIssue
