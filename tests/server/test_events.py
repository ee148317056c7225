"""The events of webhooks, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
import pytest_asyncio

from theirstack_async import (
    ArgumentError,
    Checkpoint,
    NotFoundError,
    PaginationError,
    TheirStack,
    UnprocessableError,
    WebhookEvent,
    WebhookEventStatus,
)
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.faults import GarbageJson, Latency, ResetBeforeBody, SamePageForever, Status

RETRY = "POST /v0/webhooks/events/retry"


@attrs.define
class World:
    fake: FakeTheirStack
    client: TheirStack
    webhook: int
    sleeping: int = 0
    most_at_once: int = 0

    async def sleep(self, seconds: float) -> None:
        self.sleeping += 1
        self.most_at_once = max(self.most_at_once, self.sleeping)
        try:
            for _ in range(200):
                await asyncio.sleep(0)
        finally:
            self.sleeping -= 1

    @property
    def retried(self) -> list[list[int]]:
        found = [request for request in self.fake.requests if request.path.endswith("/retry")]
        return [request.json()["webhook_event_ids"] for request in found]


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    made: list[World] = []
    fake = FakeTheirStack(deliver=False, sleep=lambda seconds: made[0].sleep(seconds))  # it is not made yet  # noqa: PLW0108
    async with fake, TheirStack(fake.api_key, base_url=fake.base_url) as client:
        made.append(World(fake, client, fake.seed_webhook("http://localhost:9/hook")))
        yield made[0]


async def test_events_are_read_to_the_end(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 120)
    paginator = world.client.webhooks.events.list(world.webhook, status="FAILED", page_size=50)
    events = await paginator.collect()
    assert [event.id for event in events] == list(reversed(ids))
    assert all(isinstance(event, WebhookEvent) and event.status is WebhookEventStatus.FAILED for event in events)
    assert [request.query_string for request in world.fake.requests] == [
        "status=FAILED&offset=0&limit=50",
        "status=FAILED&offset=49&limit=50",
        "status=FAILED&offset=98&limit=50",
    ]


async def test_only_events_of_the_status_that_is_asked_for(world: World) -> None:
    world.fake.seed_events(world.webhook, 3, status="SUCCESS")
    failed = world.fake.seed_events(world.webhook, 2)
    assert sorted(await world.client.webhooks.events.ids(world.webhook, status="FAILED").collect()) == list(failed)
    assert len(await world.client.webhooks.events.ids(world.webhook).collect()) == 5
    assert await world.client.webhooks.events.count(world.webhook) == 5


async def test_a_checkpoint_goes_on_elsewhere_and_is_refused_for_another_list(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 30)
    events = world.client.webhooks.events
    first = events.list(world.webhook, page_size=7)
    taken = [event.id for event in await first.collect(10)]
    world.fake.seed_events(world.webhook, 12)
    point = Checkpoint.from_json(first.checkpoint().to_json())
    taken += await events.ids(world.webhook, page_size=7, resume=point).collect()
    assert taken == list(reversed(ids))
    other = world.fake.seed_webhook("http://localhost:9/other")
    for changed in ({"webhook_id": other}, {"webhook_id": world.webhook, "status": "FAILED"}):
        with pytest.raises(ArgumentError, match="belongs to another list"):
            events.list(**changed, resume=point)  # type: ignore[arg-type]


async def test_a_server_that_ignores_the_offset(world: World) -> None:
    world.fake.seed_events(world.webhook, 30)
    world.fake.faults.add(f"GET /v0/webhooks/{world.webhook}/events", SamePageForever(), times=None)
    with pytest.raises(PaginationError) as caught:
        await world.client.webhooks.events.list(world.webhook, page_size=10).collect()
    assert caught.value.reason == "repeated_page"
    assert len(caught.value.items_so_far or []) == 10


async def test_no_more_pages_under_way_than_wanted_and_than_the_client_allows(world: World) -> None:
    world.fake.seed_events(world.webhook, 200, kind=None)
    world.fake.faults.add("GET *", Latency(1), times=None)
    async with world.client.webhooks.events.ids(world.webhook, page_size=10).prefetch(4) as rows:
        assert len([row async for row in rows]) == 200
    assert world.most_at_once == 4
    while world.sleeping:
        await asyncio.sleep(0)
    world.most_at_once = 0
    view = world.client.with_options(max_concurrency=2)
    async with view.webhooks.events.ids(world.webhook, page_size=10).prefetch(8) as rows:
        assert len([row async for row in rows]) == 200
    assert world.most_at_once == 2


async def test_no_more_batches_under_way_than_wanted(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 200)
    world.fake.faults.add(RETRY, Latency(1), times=None)
    assert (await world.client.webhooks.events.retry(ids, batch_size=10, max_concurrency=3)).ok
    assert world.most_at_once == 3


async def test_retry_takes_events_and_pages_of_them(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 25)
    events = world.client.webhooks.events
    rows = await events.list(world.webhook).collect(3)
    assert (await events.retry([*rows, rows[0].id])).duplicates == 1
    report = await events.retry(events.list(world.webhook, status="FAILED", page_size=5), batch_size=10)
    assert report.accepted == set(ids) - {row.id for row in rows}
    assert [len(batch) for batch in world.retried] == [3, 10, 10, 2]


async def test_unknown_ids_stand_alone_and_the_rest_is_retried(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 9)
    report = await world.client.webhooks.events.retry([*ids, 999_999])
    assert report.accepted == set(ids)
    assert isinstance(report.rejected[999_999], UnprocessableError)
    assert {world.fake.event(each).status for each in ids} == {"SUCCESS"}


async def test_a_404_for_everything_stops_the_run(world: World) -> None:
    world.fake.faults.add("* /v0/*", Status(404), times=None)
    report = await world.client.webhooks.events.retry(range(10), batch_size=2, max_concurrency=1)
    assert isinstance(report.stopped_by, NotFoundError)
    assert (set(report.rejected), report.skipped) == ({0, 1}, set(range(2, 10)))
    assert len(world.fake.requests) == 2


@pytest.mark.parametrize("fault", [ResetBeforeBody(apply=True), Status(503, apply=True), GarbageJson(apply=True)])
async def test_a_batch_of_unknown_outcome_is_reported_and_not_sent_again(world: World, fault: Any) -> None:
    ids = world.fake.seed_events(world.webhook, 4)
    world.fake.faults.add(RETRY, fault)
    report = await world.client.webhooks.events.retry(ids, batch_size=2, max_concurrency=1)
    assert (report.unknown, report.accepted) == (set(ids[:2]), set(ids[2:]))
    assert world.retried == [list(ids[:2]), list(ids[2:])]


async def test_or_sent_again_when_the_caller_says_so(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 4)
    world.fake.faults.add(RETRY, Status(503, headers={"Retry-After": "0"}, apply=True))
    assert (await world.client.webhooks.events.retry(ids, on_unknown="resend")).ok
    assert world.retried == [list(ids), list(ids)]


async def test_an_answer_without_a_body_is_a_success(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 4)
    world.fake.faults.add(RETRY, Status(200, b""))
    assert (await world.client.webhooks.events.retry(ids)).ok


async def test_retry_failed_takes_the_failed_ones(world: World) -> None:
    world.fake.seed_events(world.webhook, 30, status="SUCCESS")
    failed = world.fake.seed_events(world.webhook, 70)
    seen: list[int] = []
    report = await world.client.webhooks.events.retry_failed(
        world.webhook, page_size=20, batch_size=30, on_progress=lambda live: seen.append(live.settled)
    )
    assert report.accepted == set(failed)
    assert seen[-1] == 70
    assert (await world.client.webhooks.events.retry_failed(world.webhook)).requested == 0


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"ids": "123"}, "ids"),
        ({"ids": 5}, "ids"),
        ({"ids": [1, "2"]}, "ids"),
        ({"ids": [-1]}, "ids"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 10_001}, "batch_size"),
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"drain": -1}, "drain"),
        ({"on_unknown": "ignore"}, "on_unknown"),
        ({"on_progress": "bar"}, "on_progress"),
        ({"on_progress": asyncio.sleep}, "on_progress"),
    ],
)
async def test_what_cannot_be_is_refused_unsent(world: World, options: dict[str, Any], field: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        await world.client.webhooks.events.retry(**{"ids": [1], **options})
    assert caught.value.field == field
    assert len(world.fake.requests) == 0


def test_page_sizes_have_bounds() -> None:
    client = TheirStack("key", base_url="http://127.0.0.1:9")
    for page_size in (0, 501):
        with pytest.raises(ArgumentError):
            client.webhooks.events.list(1, page_size=page_size)
    with pytest.raises(ArgumentError):
        client.webhooks.events.ids(-1)


async def test_counts_send_both_instants(world: World) -> None:
    world.fake.seed_events(world.webhook, 5)
    end = datetime.fromtimestamp(world.fake.clock.now() + 60, UTC)
    events = world.client.webhooks.events
    counts = await events.counts(end=end, webhook_id=world.webhook)
    assert sum(count.number_of_events or 0 for count in counts) == 5
    sent = dict(world.fake.requests[-1].query)
    assert sent["timezone"] == "UTC"
    assert sent["webhook_id"] == str(world.webhook)
    start = datetime.fromisoformat(sent["start_datetime"])
    assert datetime.fromisoformat(sent["end_datetime"]) - start == timedelta(days=30)
    await events.counts(group_by=["status", "webhook_id"])
    assert [value for name, value in world.fake.requests[-1].query if name == "group_by"] == ["status", "webhook_id"]
    assert "end_datetime" in dict(world.fake.requests[-1].query)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"end": datetime(2026, 1, 1)}, "end"),  # noqa: DTZ001
        ({"start": datetime(2026, 1, 1)}, "start"),  # noqa: DTZ001
        ({"start": datetime(2026, 1, 2, tzinfo=UTC), "end": datetime(2026, 1, 1, tzinfo=UTC)}, "start"),
        ({"timezone": ""}, "timezone"),
    ],
)
async def test_instants_that_cannot_be_are_refused(world: World, options: dict[str, Any], field: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        await world.client.webhooks.events.counts(**options)
    assert caught.value.field == field
    assert len(world.fake.requests) == 0
