"""What users write with a client, and the types that they get. Checked, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Set
from datetime import datetime
from typing import assert_type

from theirstack_async import ALL_HISTORY, RequestOptions, RetryReport, TheirStack, Timeouts, Webhook, WebhookEvent
from theirstack_async.models import Company, Job, JobClosed, UnknownPayload


async def ask_for_the_key() -> str:
    return "key"


async def webhooks(client: TheirStack) -> None:
    assert_type(await client.webhooks.list(), list[Webhook])
    webhook = await client.webhooks.create(url="https://x.invalid", search_id=1, listening_start_time=ALL_HISTORY)
    assert_type(webhook, Webhook)
    assert_type(webhook.id, int)
    await client.webhooks.update(webhook.id, description=None)
    await client.webhooks.get(webhook.id, options=RequestOptions(timeouts=Timeouts(deadline=5)))


async def events(client: TheirStack) -> RetryReport:
    async for event in client.webhooks.events.list(123, status="FAILED"):
        assert_type(event, WebhookEvent)
        assert_type(event.payload, Job | Company | JobClosed | UnknownPayload | None)
        if isinstance(event.payload, Job):
            assert_type(event.payload.job_title, str)
    async for late in client.webhooks.events.list(123, payload="lazy"):
        assert_type(late, WebhookEvent)
    ids: AsyncIterator[int] = aiter(client.webhooks.events.ids(123))
    assert_type(await client.webhooks.events.count(123), int)
    report = await client.webhooks.events.retry(ids, batch_size=100, max_concurrency=8)
    unknown: Set[int] = report.unknown
    assert_type(report.ok, bool)
    return report if unknown else await client.webhooks.events.retry([1, 2, 3])


async def main() -> None:
    async with TheirStack() as client:
        assert_type(client, TheirStack)
        await webhooks(client.with_options(timeouts=Timeouts(read=5)))
    client = TheirStack(ask_for_the_key, max_concurrency=2)
    try:
        first = await client.webhooks.events.list(1).first()
        assert_type(first, WebhookEvent | None)
        assert_type(first.created_at if first else None, datetime | None)
    finally:
        await client.aclose()
