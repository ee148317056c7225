"""How a reconciliation ends early: by errors of the API, of the store, of the receiver, and by cancellation."""

from __future__ import annotations

import asyncio
import pickle
import tracemalloc
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import pytest
import pytest_asyncio

from tests.receiver._reconciling import LIST, World, a_world, check
from theirstack_async import (
    AuthenticationError,
    ClientClosedError,
    DecodeError,
    DeliveryStoreError,
    NotFoundError,
    PaginationError,
    ServerError,
    TheirStackError,
)
from theirstack_async.receiver import Answer, DeliveryState, MemoryDeliveries, ReconcileReport
from theirstack_async.testing.faults import GarbageJson, Hang, SamePageForever, Status
from theirstack_async.testing.records import RequestRecord

TURN = "the run ended before its turn; run it again"


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


def report_of(error: BaseException) -> ReconcileReport:
    report: Any = getattr(error, "report", None)
    assert isinstance(report, ReconcileReport)
    check(report)
    return report


def second_page(request: RequestRecord) -> bool:
    return request.path.endswith("/events") and ("offset", "0") not in request.query


async def test_what_was_taken_in_before_an_error_stays(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 700)
    world.fake.faults.add(second_page, Status(500))
    with pytest.raises(ServerError) as caught:
        await world.reconcile()
    report = report_of(caught.value)
    assert sorted(report.processed) == [*ids[200:]]
    assert report.by_webhook[world.webhook].processed == report.processed
    assert report.ok
    again = await world.reconcile()
    assert (sorted(again.processed), again.known) == ([*ids[:200]], 500)
    assert sorted(world.admitted) == [*ids]


async def test_nothing_is_sent_again_of_a_list_that_was_not_read_to_its_end(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 700)
    world.fake.faults.add(second_page, Status(500))
    with pytest.raises(ServerError) as caught:
        await world.reconcile(how="resend")
    assert report_of(caught.value).left == dict.fromkeys(reversed(ids[200:]), TURN)
    assert world.retried == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(Status(404), NotFoundError), (GarbageJson(), DecodeError), (SamePageForever(), PaginationError)],
)
async def test_a_list_that_cannot_be_read_keeps_no_other_from_it(
    world: World, fault: Any, kind: type[TheirStackError]
) -> None:
    world.fake.seed_events(world.webhook, 600, status="SUCCESS")
    other = world.fake.seed_webhook("http://localhost:9/other")
    ids = world.fake.seed_events(other, 3)
    world.fake.faults.add(f"GET /v0/webhooks/{world.webhook}/events", fault, times=None)
    with pytest.raises(kind) as caught:
        await world.reconcile(world.webhook, other)
    report = report_of(caught.value)
    assert sorted(report.by_webhook[other].processed) == sorted(report.processed) == [*ids]


async def test_of_several_errors_the_first_is_told(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 1)
    with pytest.raises(NotFoundError, match="990"):
        await world.reconcile(990, 991, world.webhook)
    assert world.admitted == [*ids]


async def test_an_error_that_all_lists_would_meet_ends_it(world: World) -> None:
    other = world.fake.seed_webhook("http://localhost:9/other")
    world.fake.faults.add(LIST, Status(401))
    with pytest.raises(AuthenticationError) as caught:
        await world.reconcile(world.webhook, other)
    assert [*report_of(caught.value).by_webhook] == [world.webhook, other]
    assert len(world.fake.requests) == 1


async def test_an_error_with_its_report_can_be_pickled(world: World) -> None:
    world.fake.seed_events(world.webhook, 700)
    world.fake.faults.add(second_page, Status(500))
    with pytest.raises(ServerError) as caught:
        await world.reconcile()
    assert report_of(pickle.loads(pickle.dumps(caught.value))) == report_of(caught.value)


async def test_a_store_that_fails_ends_it(world: World) -> None:
    class Broken(MemoryDeliveries):
        async def known(self, event_ids: Iterable[int]) -> Mapping[int, DeliveryState]:
            raise DeliveryStoreError("deliveries.db: the disk is full")

    other = world.fake.seed_webhook("http://localhost:9/other")
    (event_id,) = world.fake.seed_events(world.webhook, 1)
    with pytest.raises(DeliveryStoreError) as caught:
        await world.reconcile(world.webhook, other, store=Broken())
    assert report_of(caught.value).left == {event_id: TURN}
    assert len(world.fake.requests) == 1


async def test_the_webhook_cannot_be_looked_at(world: World) -> None:
    (event_id,) = world.fake.seed_events(world.webhook, 1, kind=None)
    world.fake.faults.add(f"GET /v0/webhooks/{world.webhook}", Status(500))
    with pytest.raises(ServerError) as caught:
        await world.reconcile()
    assert report_of(caught.value).left == {event_id: TURN}
    assert (await world.reconcile()).resent == (event_id,)


async def test_an_error_of_the_intake_comes_out_as_it_is(world: World) -> None:
    first, *_, last = world.fake.seed_events(world.webhook, 30)

    async def admit(body: bytes) -> Answer:
        answer = await world.admit(body)
        if b'{"id":%d,' % (last - 3) in body:
            raise ZeroDivisionError
        return answer

    with pytest.raises(ZeroDivisionError) as caught:
        await world.reconcile(admit=admit)
    report = report_of(caught.value)
    assert report.left[first] == report.left[last - 3] == TURN
    assert {last, last - 1, last - 2} <= {*report.processed}


async def test_an_error_with_the_last_event_comes_out_too(world: World) -> None:
    (event_id,) = world.fake.seed_events(world.webhook, 1)

    async def admit(body: bytes) -> Answer:
        for _ in range(20):
            await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        await world.reconcile(admit=admit)
    assert report_of(caught.value).left == {event_id: TURN}


async def test_cancelled_while_events_wait_to_be_taken_in(world: World) -> None:
    """Those that wait are given a moment to be stored; the report tells which were."""
    ids = [*reversed(world.fake.seed_events(world.webhook, 30))]
    waiting = asyncio.Event()
    go_on = asyncio.Event()

    async def admit(body: bytes) -> Answer:
        if len(world.bodies) == 5:
            waiting.set()
            await go_on.wait()
        return await world.admit(body)

    task = asyncio.create_task(world.reconcile(admit=admit))
    await waiting.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    task.cancel()
    asyncio.get_running_loop().call_soon(go_on.set)
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    report = report_of(caught.value)
    assert sorted(report.processed) == sorted(world.admitted) == sorted(ids[:15])
    assert report.left == dict.fromkeys(ids[15:], TURN)
    assert sorted((await world.reconcile()).processed) == sorted(ids[15:])


async def test_cancelled_twice_cuts_off_what_waits(world: World) -> None:
    ids = world.fake.seed_events(world.webhook, 3)
    waiting = asyncio.Event()

    async def admit(body: bytes) -> Answer:
        waiting.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(world.reconcile(admit=admit))
    await waiting.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert sorted(report_of(caught.value).left) == [*ids]


async def test_cancelled_while_events_are_sent_again(world: World) -> None:
    """What the API has taken by then is in the report, and so is what it may have taken."""
    ids = world.fake.seed_events(world.webhook, 150)
    world.fake.faults.add(lambda request: request.path.endswith("/retry") and bool(world.retried), Hang(), times=None)
    task = asyncio.create_task(world.reconcile(how="resend"))
    while len(world.retried) < len(ids):
        await asyncio.sleep(0)
    for _ in range(50):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    report = report_of(caught.value)
    assert sorted([*report.resent, *report.left]) == [*ids]
    assert {why for why in report.left.values() if why != TURN} == {
        "nobody knows whether the API will send it again: the run was cut off"
    }


async def test_a_client_that_is_closed(world: World) -> None:
    await world.client.aclose()
    with pytest.raises(ClientClosedError):
        await world.reconcile()


async def test_the_payloads_are_not_held(world: World) -> None:
    """Three pages of 4 MB each are read, and no more is held at the third than at the first."""
    ids = world.fake.seed_events(world.webhook, 3 * 499 + 1)
    held: list[int] = []

    async def admit(body: bytes) -> Answer:
        held.append(tracemalloc.get_traced_memory()[0])
        return Answer(202, "stored")

    tracemalloc.start()
    try:
        report = await world.reconcile(admit=admit)
    finally:
        tracemalloc.stop()
    assert len(report.processed) == len(held) == len(ids)
    assert held[-1] < held[0] + 1024 * 1024
