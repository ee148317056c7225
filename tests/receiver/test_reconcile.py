"""Reconciliation: which events are taken in, which are sent again, and which are left alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import pytest_asyncio

from tests.receiver._reconciling import LOOK, World, a_world, record, row
from theirstack_async import ArgumentError
from theirstack_async.receiver import Answer, CompanyNew, JobClosed, JobNew, parse_delivery
from theirstack_async.testing.faults import Status

AT = datetime(2026, 9, 21, 10, tzinfo=UTC)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


async def test_failed_events_are_taken_in_from_the_list(world: World) -> None:
    done = world.fake.seed_events(world.webhook, 3, status="SUCCESS")
    jobs = world.fake.seed_events(world.webhook, 620)
    companies = world.fake.seed_events(world.webhook, 2, kind="company")
    closed = world.fake.seed_events(world.webhook, 2, kind="job_closed")
    report = await world.reconcile()
    assert sorted(report.processed) == [*jobs, *companies, *closed]
    assert report.ok
    assert (report.listed, report.failed, report.known, report.resent) == (627, 624, 0, ())
    assert sorted(world.admitted) == sorted(report.processed)
    assert set(done).isdisjoint(world.admitted)
    kinds = {delivery.id: type(delivery) for delivery in map(parse_delivery, world.bodies)}
    assert {kinds[event_id] for event_id in jobs} == {JobNew}
    assert {kinds[event_id] for event_id in companies} == {CompanyNew}
    assert {kinds[event_id] for event_id in closed} == {JobClosed}
    assert world.retried == []
    again = await world.reconcile()
    assert (again.known, again.processed) == (624, ())
    assert len(world.bodies) == 624


async def test_a_delivery_is_made_of_the_very_bytes_of_the_record(world: World) -> None:
    """So nothing is lost that this release does not know of."""
    payload = record("job_closed", 7, unknown={"a": [1.50, "\ud800"]})
    world.answers_list(row(7, payload))
    assert (await world.reconcile()).processed == (7,)
    assert world.bodies == [b'{"id":7,"type":"job.closed","payload":' + json.dumps(payload).encode() + b"}"]


async def test_nothing_but_the_list_is_asked_for(world: World) -> None:
    world.fake.seed_events(world.webhook, 5)
    await world.reconcile()
    assert [(each.method, each.path) for each in world.fake.requests] == [
        ("GET", f"/v0/webhooks/{world.webhook}/events")
    ]
    assert world.fake.credits_billed == 0


async def test_events_of_other_statuses_are_left_alone(world: World) -> None:
    world.answers_list(
        *(row(n, record("job", n), status=word) for n, word in enumerate(["SUCCESS", "IN_PROGRESS", "NEW"]))
    )
    report = await world.reconcile()
    assert report.ok
    assert (report.listed, report.failed, world.bodies) == (3, 0, [])


@pytest.mark.parametrize("status", ["FAILED", "NOT_TRIGGERED"])
async def test_what_the_store_knows_is_passed_over(world: World, status: Any) -> None:
    first, second = world.fake.seed_events(world.webhook, 2, status=status)
    await world.handle(first)
    report = await world.reconcile()
    assert (report.known, report.processed, world.admitted) == (1, (second,), [second])


async def test_what_was_delivered_meanwhile_counts_as_known(world: World) -> None:
    (event_id,) = world.fake.seed_events(world.webhook, 1)

    async def admit(body: bytes) -> Answer:
        await world.handle(event_id)
        return await world.admit(body)

    report = await world.reconcile(admit=admit)
    assert (report.known, report.processed) == (1, ())


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=9))])
async def test_events_from_since_on(world: World, zone: timezone) -> None:
    texts = {1: "2026-09-21T09:59:59.999999Z", 2: "2026-09-21T10:00:00", 3: "2026-09-21T12:00:00+02:00"}
    world.answers_list(*(row(n, record("job", n), created_at=text) for n, text in texts.items()))
    report = await world.reconcile(since=AT.astimezone(zone))
    assert sorted(report.processed) == [2, 3]
    assert (report.listed, report.failed, report.since, report.since.tzinfo) == (3, 2, AT, UTC)


async def test_an_event_that_is_listed_twice_is_taken_in_once(world: World) -> None:
    twice = row(1, record("job", 1))
    world.answers_list(twice, row(2, record("job", 2)), twice, {**twice, "status": "NOT_TRIGGERED"})
    report = await world.reconcile()
    assert (report.listed, report.failed, report.not_triggered) == (2, 2, 0)
    assert sorted(world.admitted) == [1, 2]


@pytest.mark.parametrize(("how", "order"), [("process", "desc"), ("resend", "desc"), ("process", "asc")])
async def test_events_that_come_while_the_list_is_read(how: str, order: str) -> None:
    """New rows push the others on; each that was there is met all the same, and once."""
    async with a_world(order=order) as world:
        ids = world.fake.seed_events(world.webhook, 1_200)
        late: list[int] = []

        async def known(asked: Any) -> Any:
            late.extend(world.fake.seed_events(world.webhook, 40, status="SUCCESS"))
            return await type(world.store).known(world.store, asked)

        class Moving(type(world.store)):  # type: ignore[misc]
            async def known(self, asked: Any) -> Any:
                return await known(asked)

        report = await world.reconcile(how=how, store=Moving())
        assert sorted(report.processed if how == "process" else report.resent) == [*ids]
        assert late


@pytest.mark.parametrize(
    ("webhook", "made"),
    [
        ({"active_event_types": ["job_new"]}, "job.new"),
        ({"active_event_types": ["job_closed"], "event_type": "job_new"}, "job.closed"),
        ({"active_event_types": None, "event_type": "job_new"}, "job.new"),
        ({"active_event_types": ["job_new", "job_closed"]}, None),
        ({"active_event_types": ["tech_new"]}, None),
    ],
)
async def test_the_type_of_a_job_with_a_closing_date_is_the_webhooks(
    world: World, webhook: dict[str, Any], made: str | None
) -> None:
    ids = world.fake.seed_events(world.webhook, 2)
    shown = json.loads((await world.client.request("GET", f"/v0/webhooks/{world.webhook}")).body)
    world.answers_list(*(row(n, record("job", n, closed_at="2026-09-20T00:00:00Z")) for n in ids))
    world.fake.faults.add(LOOK, Status(200, json.dumps(shown | webhook)))
    report = await world.reconcile()
    assert [json.loads(body)["type"] for body in world.bodies] == ([made] * 2 if made else [])
    assert report.resent == (() if made else tuple(ids))
    # The webhook was looked at once.
    assert len(world.fake.requests) == 3 + (made is None)


async def test_what_the_receiver_does_not_take_in_is_left_with_the_reason(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 30)
    world.answers[ids[4]] = Answer(503, "the store failed; send it again later")
    report = await world.reconcile()
    assert report.left == {ids[4]: "the receiver answered 503: the store failed; send it again later"}
    assert not report.ok
    assert sorted(report.processed) == [event_id for event_id in ids if event_id != ids[4]]


async def test_an_id_that_no_delivery_can_have(world: World) -> None:
    world.answers_list(row(2**63, record("job", 1)), row(1, record("job", 1)))
    report = await world.reconcile()
    assert report.processed == (1,)
    assert report.left[2**63].startswith("its row makes no delivery: ")


async def test_rows_that_cannot_be_read_cost_no_other(world: World) -> None:
    bad = row(1, None, status=7)
    world.answers_list(bad, row(2, record("job", 2)), {"what": 1}, bad)
    report = await world.reconcile()
    assert report.processed == (2,)
    assert not report.ok
    first, second = report.unreadable
    assert first.startswith("event 1: status: ")
    assert second.startswith("a row without an id: ")


async def test_several_webhooks(world: World) -> None:
    other = world.fake.seed_webhook("http://localhost:9/other")
    here = world.fake.seed_events(world.webhook, 2)
    there = world.fake.seed_events(other, 3)
    report = await world.reconcile(world.webhook, other, world.webhook)
    assert [*report.by_webhook] == [world.webhook, other]
    assert sorted(report.by_webhook[world.webhook].processed) == [*here]
    assert sorted(report.by_webhook[other].processed) == [*there]
    assert sorted(report.processed) == [*here, *there]


async def test_no_more_than_a_few_wait_to_be_taken_in(world: World) -> None:
    """Else the deliveries that come meanwhile would stand behind them all."""
    world.fake.seed_events(world.webhook, 100)
    waiting = most = 0

    async def admit(body: bytes) -> Answer:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        for _ in range(20):
            await asyncio.sleep(0)
        waiting -= 1
        return await world.admit(body)

    assert len((await world.reconcile(admit=admit)).processed) == 100
    assert most == 10


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"since": datetime(2026, 9, 21)}, "since"),  # noqa: DTZ001  # which is the point
        ({"since": "yesterday"}, "since"),
        ({"how": "both"}, "how"),
    ],
)
async def test_arguments_that_are_refused(world: World, change: dict[str, Any], field: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        await world.reconcile(**change)
    assert caught.value.field == field
    assert not world.fake.requests


@pytest.mark.parametrize("ids", [5, "5", [], ["5"], [-1]])
async def test_webhook_ids_that_are_refused(world: World, ids: Any) -> None:
    from theirstack_async.receiver._reconcile import reconcile

    with pytest.raises(ArgumentError) as caught:
        await reconcile(world.client, ids, since=AT, store=world.store, admit=world.admit)
    assert caught.value.field == "webhook_ids"
    assert not world.fake.requests
