"""TheirStack's events as a provider: what is asked for, and what each answer means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.server._replay_theirstack import RETRY, TheirStackWorld, a_world
from theirstack_async import DecodeError, NotFoundError, RetryPolicy, TheirStack, Timeouts
from theirstack_async.replay import ReplayProvider, Resent, TheirStackEvents, Trace
from theirstack_async.testing import Fault, GarbageJson, Hang, Status, ValidationDetail
from theirstack_async.testing.faults import TruncatedBody
from theirstack_async.testing.store import Kind

LIST = "GET /v0/webhooks/*/events"


@pytest_asyncio.fixture
async def world() -> AsyncIterator[TheirStackWorld]:
    async with a_world() as world:
        yield world


async def resend(world: TheirStackWorld, *ids: int) -> Resent[int]:
    return await world.provider.resend(world.webhook_id, ids)


async def test_it_is_a_provider_of_the_clients_environment(world: TheirStackWorld) -> None:
    provider: ReplayProvider[int] = TheirStackEvents(world.client)
    assert provider.where == world.fake.base_url
    can = provider.capabilities
    assert (can.provider, can.id_type, can.max_ids, can.batch_size, can.outcomes) == (
        "theirstack",
        int,
        None,
        100,
        "all",
    )
    assert (can.windows, can.status_filter, can.time_filter, can.auto_retry) == ((), True, False, "include")
    assert can.statuses == ("FAILED", "NOT_TRIGGERED", "IN_PROGRESS", "SUCCESS")
    assert can.stop_when is None


async def test_the_client_stays_open(world: TheirStackWorld) -> None:
    await world.provider.aclose()
    [event_id] = await world.fail(1)
    assert (await resend(world, event_id)).verdict == "answered"


async def test_one_status_is_asked_for_by_name(world: TheirStackWorld) -> None:
    failed = await world.fail(40)
    everything = [*failed, *world.fake.seed_events(world.webhook_id, 1, status="SUCCESS")]
    for words, expected in ((["FAILED"], failed), (["FAILED", "NOT_TRIGGERED"], everything)):
        events = world.provider.list_failed(world.webhook_id, start=None, end=None, status=words)
        assert sorted([event.id async for event in events]) == expected
    asked = [record.query_string for record in world.fake.requests]
    assert asked == ["status=FAILED&offset=0&limit=500", "offset=0&limit=500"]


async def test_rows_are_read_with_their_types_and_the_next_attempt(world: TheirStackWorld) -> None:
    await world.receive(takes=False)
    kinds: tuple[Kind, ...] = ("job", "company", "job_closed", None)
    for kind in kinds:
        world.fake.seed_events(world.webhook_id, 1, kind=kind)
    seeded = world.now()
    for passed, again in ((0, 1), (1, 2), (47, None)):
        await world.fake.clock.advance(passed * 3600)
        events = world.provider.list_failed(world.webhook_id, start=None, end=None, status=["FAILED"])
        found = [event async for event in events]
        assert [event.type for event in found] == ["", "job.closed", "company.new", "job.new"]
        assert {event.next_attempt for event in found} == {None if again is None else seeded + timedelta(hours=again)}


async def test_a_row_that_cannot_be_read_ends_a_list_and_not_a_look(world: TheirStackWorld) -> None:
    """A plan must not miss it; a look for others has no need of it."""
    ids = await world.fail(2)
    page = await world.client.request("GET", f"/v0/webhooks/{world.webhook_id}/events")
    spoilt = page.body.replace(b'"id":%d,"webhook_id"' % ids[0], b'"id":%d,"status":5,"webhook_id"' % ids[0], 1)
    spoilt = spoilt.replace(b'"status":"FAILED","payload"', b'"payload"')
    spoilt = spoilt.replace(b'"id":%d,' % ids[1], b'"id":%d,"status":"FAILED",' % ids[1], 1)
    world.fake.faults.add(LIST, Status(200, spoilt), times=2)
    found = await world.provider.status_of(world.webhook_id, {each: Trace() for each in ids}, world.now())
    assert [*found] == [ids[1]]
    with pytest.raises(DecodeError, match=str(ids[0])):
        [_ async for _ in world.provider.list_failed(world.webhook_id, start=None, end=None, status=["FAILED"])]


async def test_a_look_reads_no_more_than_it_needs(world: TheirStackWorld) -> None:
    ids = await world.fail(1200)
    found = await world.provider.status_of(world.webhook_id, {each: Trace() for each in ids[-500:]}, world.now())
    assert sorted(found) == ids[-500:]
    assert [record.query_string for record in world.fake.requests] == ["offset=0&limit=500"]
    await world.provider.status_of(world.webhook_id, {ids[0]: Trace()}, world.now())
    assert len(world.fake.requests) == 4
    await world.provider.status_of(world.webhook_id, {}, world.now())
    assert len(world.fake.requests) == 4


async def test_a_list_that_cannot_be_read_is_an_error(world: TheirStackWorld) -> None:
    world.webhook_id += 1
    with pytest.raises(NotFoundError):
        await world.provider.status_of(world.webhook_id, {1: Trace()}, world.now())
    with pytest.raises(NotFoundError):
        [_ async for _ in world.provider.list_failed(world.webhook_id, start=None, end=None, status=["FAILED"])]


async def test_one_call_is_one_request(world: TheirStackWorld) -> None:
    """A 429 comes back at once, and is not waited for within the call."""
    [event_id] = await world.fail(1)
    world.fake.faults.add(RETRY, Status(429, headers={"Retry-After": "7"}))
    found = await resend(world, event_id)
    assert (found.verdict, found.retry_after) == ("throttled", 7.0)
    assert "429" in found.reason
    assert world.asked == [tuple(RETRY.split())]
    assert world.fake.requests[0].json() == {"webhook_event_ids": [event_id]}


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (Status(401), "over"),
        (Status(402), "over"),
        (Status(403), "over"),
        (Status(409), "unsent"),
        (Status(413), "refused"),
        (ValidationDetail(), "refused"),
        (Status(500), "unknown"),
        (Status(503, headers={"Retry-After": "1"}), "unknown"),
        (Status(302), "unknown"),
        (Status(200, '{"error": {"title": "Timeout"}}'), "unknown"),
        (Status(200, '{"detail": "no"}'), "unknown"),
        (Status(200, "<html>"), "unknown"),
        (GarbageJson(), "unknown"),
        (TruncatedBody(), "unknown"),
        (Status(200, "", apply=True), "answered"),
        (Status(200, '{"anything": [1]}', apply=True), "answered"),
        (Status(204, "", apply=True), "answered"),
    ],
)
async def test_answers_and_verdicts(world: TheirStackWorld, fault: Fault, verdict: str) -> None:
    ids = await world.fail(2)
    world.fake.faults.add(RETRY, fault)
    found = await resend(world, *ids)
    assert found.verdict == verdict
    assert bool(found.reason) == (verdict != "answered")
    assert found.accepted == (dict.fromkeys(ids) if verdict == "answered" else {})


async def test_what_is_not_clear_is_told_by_its_first_error(world: TheirStackWorld) -> None:
    """Not by the advice for those who call the API themselves: a replay looks, and repeats nothing blindly."""
    world.fake.faults.add(RETRY, Status(502))
    found = await resend(world, *await world.fail(1))
    assert found.reason.startswith("POST /v0/webhooks/events/retry was answered 502")


async def test_a_time_out_after_acceptance(world: TheirStackWorld) -> None:
    ids = await world.fail(2)
    world.fake.faults.add(RETRY, Hang(apply=True))
    async with TheirStack(world.fake.api_key, base_url=world.fake.base_url, timeouts=Timeouts(read=0.05)) as client:
        found = await TheirStackEvents(client).resend(world.webhook_id, ids)
    assert found.verdict == "unknown"
    assert [await world.taken(each) for each in ids] == [1, 1]


async def test_nobody_at_the_address(world: TheirStackWorld, unused_tcp_port: int) -> None:
    async with TheirStack("key", base_url=f"http://127.0.0.1:{unused_tcp_port}") as client:
        assert (await TheirStackEvents(client).resend(1, [1])).verdict == "unsent"


async def test_a_client_that_cannot_call(world: TheirStackWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key, and after it was closed, nothing more can be done."""
    monkeypatch.delenv("THEIRSTACK_API_KEY", raising=False)
    async with TheirStack(base_url=world.fake.base_url) as client:
        assert (await TheirStackEvents(client).resend(1, [1])).verdict == "over"
    assert (await TheirStackEvents(client).resend(1, [1])).verdict == "over"
    assert world.asked == []


async def test_what_is_no_id_is_refused_unsent(world: TheirStackWorld) -> None:
    ids: list[Any] = [1, "2"]
    found = await resend(world, *ids)
    assert (found.verdict, world.asked) == ("refused", [])
    assert "'2'" in found.reason


async def test_a_wrong_address(world: TheirStackWorld) -> None:
    async with TheirStack(world.fake.api_key, base_url=f"{world.fake.base_url}/wrong") as client:
        found = await TheirStackEvents(client).resend(world.webhook_id, [1])
    assert found.verdict == "over"
    assert [path for _, path in world.asked] == [
        "/wrong/v0/webhooks/events/retry",
        f"/wrong/v0/webhooks/{world.webhook_id}",
        "/wrong/v0/webhooks",
    ]


async def test_a_webhook_that_is_not_there(world: TheirStackWorld) -> None:
    world.webhook_id += 1
    found = await resend(world, 5)
    assert (found.verdict, found.reason) == ("closed", f"there is no webhook {world.webhook_id} any more")


async def test_an_archived_webhook(world: TheirStackWorld) -> None:
    ids = await world.fail(2)
    await world.close()
    found = await resend(world, *ids)
    assert found.verdict == "closed"
    assert found.reason == f"webhook {world.webhook_id} is archived, so nothing is delivered to it any more"


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (Status(403), "closed"),
        (Status(401), "over"),
        (Status(402), "over"),
        (Status(500), "refused"),
        (Status(429), "refused"),
        (Status(400), "refused"),
        (Status(200, "[]"), "refused"),
        (Status(200, '{"is_archived": "yes"}'), "refused"),
        (Status(200, "<html>"), "refused"),
    ],
)
async def test_what_a_look_at_the_webhook_tells(world: TheirStackWorld, fault: Fault, verdict: str) -> None:
    """While it tells nothing clear, it is the ids that are refused, and the reason is that of the refusal."""
    world.fake.faults.add(RETRY, Status(400))
    world.fake.faults.add(f"GET /v0/webhooks/{world.webhook_id}", fault, times=None)
    world.client = world.client.with_options(retries=RetryPolicy(attempts=1))
    world.provider = TheirStackEvents(world.client)
    found = await resend(world, 1)
    assert found.verdict == verdict
    assert ("retry" in found.reason) == (verdict == "refused")


@pytest.mark.parametrize(("status", "verdict"), [(404, "over"), (401, "over"), (429, "refused"), (500, "refused")])
async def test_what_a_look_at_all_webhooks_tells(world: TheirStackWorld, status: int, verdict: str) -> None:
    world.fake.faults.add(RETRY, Status(404))
    world.fake.faults.add(f"GET /v0/webhooks/{world.webhook_id}", Status(404))
    world.fake.faults.add("GET /v0/webhooks", Status(status), times=None)
    world.client = world.client.with_options(retries=RetryPolicy(attempts=1))
    world.provider = TheirStackEvents(world.client)
    assert (await resend(world, 1)).verdict == verdict


async def test_a_webhook_is_looked_at_once_and_for_single_ids(world: TheirStackWorld) -> None:
    """A bad id among many is halved out; a look for each half would double the calls."""
    ids = await world.fail(8)
    await world.poison(ids[0])
    for part in (ids, ids[:4], ids[:2], ids[:1], ids[:1]):
        assert (await resend(world, *part)).verdict == "refused"
    gets = [path for method, path in world.asked if method == "GET"]
    assert gets == [f"/v0/webhooks/{world.webhook_id}"] * 3
    await world.close()
    assert (await resend(world, *ids)).verdict == "refused"
    assert (await resend(world, ids[5])).verdict == "closed"


async def test_a_webhook_that_was_not_seen_alive_is_looked_at_again(world: TheirStackWorld) -> None:
    ids = await world.fail(2)
    await world.close()
    for _ in range(2):
        assert (await resend(world, *ids)).verdict == "closed"
