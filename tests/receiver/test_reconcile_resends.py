"""Reconciliation: which events the API is asked to send again, and what became of that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.receiver._reconciling import RETRY, World, a_world, record, row
from theirstack_async.testing.faults import Status


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(None, id="none"),
        pytest.param({"what": "is this"}, id="unknown"),
        pytest.param([1], id="no object"),
        pytest.param(record("job", 1, job_title=7), id="damaged"),
        pytest.param(record("job", 1, has_blurred_data=True), id="blurred job"),
        pytest.param(record("company", 1, has_blurred_data=True), id="blurred company"),
    ],
)
async def test_what_has_no_record_to_process_is_sent_again(world: World, payload: Any) -> None:
    known, event_id = world.fake.seed_events(world.webhook, 2)
    await world.handle(known)
    world.answers_list(row(event_id, payload), row(known, payload))
    report = await world.reconcile()
    assert (report.processed, report.resent, report.known, report.ok) == ((), (event_id,), 1, True)
    assert (world.bodies, world.retried) == ([], [event_id])


async def test_a_row_without_a_payload_is_sent_again(world: World) -> None:
    (event_id,) = world.fake.seed_events(world.webhook, 1)
    bare = row(event_id, None)
    del bare["payload"]
    world.answers_list(bare)
    assert (await world.reconcile()).resent == (event_id,)


async def test_all_are_sent_again_on_request(world: World) -> None:
    """But those that arrive before it comes to that."""
    known, late, *ids = world.fake.seed_events(world.webhook, 650)
    await world.handle(known)
    pages = 0

    class Store(type(world.store)):  # type: ignore[misc]
        async def known(self, asked: Any) -> Any:
            nonlocal pages
            pages += 1
            if pages == 3:
                await world.handle(late)
            return await world.store.known(asked)

    report = await world.reconcile(how="resend", store=Store())
    assert sorted(report.resent) == sorted(world.retried) == ids
    assert (report.known, report.processed, world.bodies) == (2, (), [])
    assert {world.fake.event(event_id).status for event_id in ids} == {"SUCCESS"}


@pytest.mark.parametrize("how", ["process", "resend"])
async def test_what_was_not_triggered_is_not_sent_unless_that_is_asked_for(how: str) -> None:
    """For it was never paid for, and sending it may cost credits."""
    async with a_world(credits=0) as world:
        (bare,) = world.fake.seed_events(world.webhook, 1, status="NOT_TRIGGERED", kind=None)
        (whole,) = world.fake.seed_events(world.webhook, 1, status="NOT_TRIGGERED")
        report = await world.reconcile(how=how)
        assert report.not_triggered == 2
        assert report.processed == ((whole,) if how == "process" else ())
        assert set(report.left) == ({bare} if how == "process" else {bare, whole})
        assert "resend_not_triggered=True" in report.left[bare]
        assert world.retried == []
        more = await world.reconcile(how=how, resend_not_triggered=True)
        assert sorted(more.resent) == sorted(report.left)
        assert more.ok


async def test_an_archived_webhook(world: World) -> None:
    """Its list is still there to be processed; nothing of it can be sent again."""
    jobs = world.fake.seed_events(world.webhook, 2)
    bare = world.fake.seed_events(world.webhook, 2, kind=None)
    await world.client.webhooks.archive(world.webhook)
    report = await world.reconcile()
    assert sorted(report.processed) == [*jobs]
    assert sorted(report.left) == [*bare]
    assert set(report.left.values()) == {"its webhook is archived, so the API does not send it again"}
    assert world.retried == []


async def test_a_webhook_that_is_gone_though_its_list_is_not(world: World) -> None:
    (event_id,) = world.fake.seed_events(world.webhook, 1, kind=None)
    world.fake.faults.add(f"GET /v0/webhooks/{world.webhook}", Status(404))
    assert "archived" in (await world.reconcile()).left[event_id]


async def test_what_the_api_does_with_ids_that_it_does_not_take(world: World) -> None:
    (good,) = world.fake.seed_events(world.webhook, 1)
    world.answers_list(row(good, None), row(5, None))
    report = await world.reconcile()
    assert report.resent == (good,)
    assert report.left[5].startswith("the API refused to send it again: ")


@pytest.mark.parametrize(
    ("status", "taken"), [(500, "nobody knows whether"), (401, "the API refused"), (402, "the API refused")]
)
async def test_a_resend_that_fails(world: World, status: int, taken: str) -> None:
    """It costs nothing of the report: each event is in it, with what is known of its batch."""
    ids = world.fake.seed_events(world.webhook, 150)
    world.fake.faults.add(RETRY, Status(status), times=None)
    report = await world.reconcile(how="resend")
    assert sorted(report.left) == [*ids]
    for why in report.left.values():
        assert why.startswith((taken, "the API was not asked to send it again: ")), why
        assert "on cue" in why, why


async def test_a_resend_is_not_begun_after_one_that_the_account_does_not_allow(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 1_000)
    world.fake.faults.add(RETRY, Status(402), times=None)
    report = await world.reconcile(how="resend")
    skipped = [why for why in report.left.values() if why.startswith("the API was not asked to send it again: ")]
    assert len(report.left) == len(ids)
    assert len(skipped) >= 600
    assert "  left: " in str(report)
