"""Event rows, their order and pages, and the counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake._receiver import Api, Receiver, calling
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.payloads import Payloads
from theirstack_async.testing.store import STATUSES, EventStore, Order, Outcome
from theirstack_async.testing.store import Status as EventStatus

URL = "http://127.0.0.1:1/"


async def test_rows_have_the_record_and_the_outcome(api: Api) -> None:
    webhook_id = api.fake.seed_webhook(URL)
    (event_id,) = api.fake.seed_events(webhook_id, 1)
    (row,) = await api.ok("GET", f"/v0/webhooks/{webhook_id}/events")
    assert (row["id"], row["webhook_id"], row["status"]) == (event_id, webhook_id, "FAILED")
    assert row["triggered_at"] == row["created_at"] == row["updated_at"] == "2026-09-21T14:13:20Z"
    assert (row["response_status_code"], row["response_body"]) == (503, "upstream unavailable")
    assert row["job_id"] == row["payload"]["id"] == event_id + 40_000_000
    assert row["company_name"] == row["payload"]["company"] == row["payload"]["company_object"]["name"]
    assert str(row["job_id"]) in row["payload"]["url"]
    assert row["payload"]["discovered_at"].endswith("T08:41:07")
    assert 7_000 < len(json.dumps(row["payload"])) < 10_000


async def test_a_new_attempt_shows_while_the_clock_stands_still(api: Api, receiver: Receiver) -> None:
    """It is later by a microsecond than the one before it, also when it is not really sent."""
    receiver.status = 503
    seen = []
    for url in (receiver.url, "https://elsewhere.example/"):
        webhook_id = api.fake.seed_webhook(url)
        (event_id,) = api.fake.seed_events(webhook_id, 1)
        for _ in range(2):
            await api.retry(event_id)
            await api.fake.settled()
            (row,) = await api.ok("GET", f"/v0/webhooks/{webhook_id}/events")
            assert row["status"] == "FAILED"
            seen.append((row["updated_at"], api.fake.event(event_id).updated_at))
    once, twice = (
        ("2026-09-21T14:13:20.000001Z", 1_790_000_000.000001),
        ("2026-09-21T14:13:20.000002Z", 1_790_000_000.000002),
    )
    assert seen == [once, twice, once, twice]


async def test_attempts_are_noted_to_the_microsecond(api: Api, receiver: Receiver) -> None:
    (event_id,) = api.fake.seed_events(webhook_id := api.fake.seed_webhook(receiver.url), 1)
    await api.fake.clock.advance(0.25)
    await api.retry(event_id)
    await api.fake.settled()
    (row,) = await api.ok("GET", f"/v0/webhooks/{webhook_id}/events")
    assert (row["triggered_at"], row["updated_at"]) == ("2026-09-21T14:13:20Z", "2026-09-21T14:13:20.250000Z")


async def test_kinds_of_payload(api: Api) -> None:
    webhook_id = api.fake.seed_webhook(URL)
    api.fake.seed_events(webhook_id, 1, kind="company", status="SUCCESS")
    api.fake.seed_events(webhook_id, 1, kind="job_closed", status="SUCCESS")
    api.fake.seed_events(webhook_id, 1, kind=None, status="NOT_TRIGGERED")
    empty, closed, company = await api.ok("GET", f"/v0/webhooks/{webhook_id}/events")
    assert company["payload"]["technologies_found"]
    assert isinstance(company["payload"]["id"], str)
    assert (company["job_id"], company["response_status_code"]) == (None, 200)
    assert set(closed["payload"]) == {"id", "closed_at"}
    assert (empty["payload"], empty["company_name"], empty["job_id"]) == (None, None, None)
    assert (empty["response_status_code"], empty["response_body"]) == (None, None)


def test_payloads_depend_on_seed_and_id_alone() -> None:
    one, same, other = Payloads(1), Payloads(1), Payloads(2)
    ids = range(1_000_001, 1_000_041)
    assert [one.record("job", i) for i in ids] == [same.record("job", i) for i in reversed(ids)][::-1]
    assert one.record("job", ids[0]) != other.record("job", ids[0])
    assert len({one.template("job", i) for i in ids}) > 8
    assert json.loads(Payloads(1, naive=False).record("job", ids[0]))["discovered_at"].endswith("Z")


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_pages_in_either_order(order: Order) -> None:
    async with calling(FakeTheirStack(order=order)) as api:
        webhook_id = api.fake.seed_webhook(URL)
        other = api.fake.seed_webhook(URL)
        ids = list(api.fake.seed_events(webhook_id, 30))
        api.fake.seed_events(other, 3)
        ids += api.fake.seed_events(webhook_id, 7, status="SUCCESS")
        expected = ids if order == "asc" else ids[::-1]
        path = f"/v0/webhooks/{webhook_id}/events"
        assert [row["id"] for row in await api.ok("GET", path)] == expected[:25]
        assert [row["id"] for row in await api.ok("GET", f"{path}?offset=28&limit=4")] == expected[28:32]
        assert [row["id"] for row in await api.ok("GET", f"{path}?offset=35&limit=500")] == expected[35:]
        assert await api.ok("GET", f"{path}?offset=37") == []
        assert [row["id"] for row in await api.ok("GET", f"{path}?offset=0&limit=1")] == expected[:1]
        failed = [i for i in expected if i in ids[:30]]
        assert [row["id"] for row in await api.ok("GET", f"{path}?status=FAILED&offset=3&limit=9")] == failed[3:12]
        assert await api.ok("GET", f"{path}/count") == 37


@given(
    runs=st.lists(st.tuples(st.integers(1, 2), st.sampled_from(STATUSES), st.integers(0, 9_000)), max_size=6),
    status=st.sampled_from([*STATUSES, None]),
    offset=st.integers(0, 12_000),
    limit=st.integers(1, 500),
    order=st.sampled_from(["asc", "desc"]),
)
def test_pages_are_slices_of_the_filtered_list(
    runs: list[tuple[int, EventStatus, int]], status: EventStatus | None, offset: int, limit: int, order: Order
) -> None:
    store = EventStore()
    expected: list[int] = []
    for webhook_id, run_status, count in runs:
        ids = store.add(webhook_id, "job", run_status, range(count), count, Outcome(None, None))
        if webhook_id == 1 and status in (None, run_status):
            expected += ids
    if order == "desc":
        expected.reverse()
    page = store.page(1, status, offset, limit, order)
    assert [place.event_id for place in page] == expected[offset : offset + limit]


def test_many_different_answers_of_receivers_take_bounded_memory() -> None:
    """From the ten thousandth answer on, only its status code is kept."""
    store = EventStore()
    ids = store.add(1, None, "FAILED", range(10_100), 10_100, Outcome(None, None))
    for event_id in ids:
        store.update(store.find(event_id), "FAILED", 5, Outcome(500, f"body {event_id}"))
    assert store.outcome(store.find(ids[0])).body == f"body {ids[0]}"
    assert store.outcome(store.find(ids[-1])) == Outcome(500, None)


async def counts(api: Api, query: str) -> list[tuple[Any, ...]]:
    rows = await api.ok("GET", f"/v0/webhooks/events/count?{query}")
    assert all(row["number_of_executions"] == row["number_of_events"] for row in rows)
    keys = ("period_start", "status", "webhook_id", "event_type", "number_of_events")
    return [tuple(row[key] for key in keys) for row in rows]


async def test_counts_by_day_and_group(api: Api) -> None:
    first, second = api.fake.seed_webhook(URL), api.fake.seed_webhook(URL)
    api.fake.seed_events(first, 2, spacing=86_400.0)
    api.fake.seed_events(second, 3, status="SUCCESS", kind="company", spacing=0.0)
    days = ("2026-09-20T00:00:00Z", "2026-09-21T00:00:00Z")
    by_status = [(days[0], "FAILED", None, None, 1), (days[1], "FAILED", None, None, 1)]
    assert await counts(api, "") == [by_status[0], (days[1], "SUCCESS", None, None, 3), by_status[1]]
    assert await counts(api, f"webhook_id={first}") == by_status
    assert await counts(api, "group_by=webhook_id&group_by=event_type&start_datetime=2026-09-21") == [
        (days[1], None, first, "job_new", 1),
        (days[1], None, second, "company_new", 3),
    ]
    assert await counts(api, "end_datetime=2026-09-20T14:13:20") == by_status[:1]
    assert await counts(api, "end_datetime=2026-09-20T14:13:19Z") == []


async def test_a_count_takes_in_both_ends_of_the_range_and_the_whole_day(api: Api) -> None:
    api.fake.seed_events(api.fake.seed_webhook(URL), 3, spacing=1000.0)
    day = "2026-09-21T00:00:00Z"
    assert await counts(api, "") == [(day, "FAILED", None, None, 3)]
    only = "start_datetime=2026-09-21T13:56:40Z&end_datetime=2026-09-21T13:56:40Z"
    assert await counts(api, only) == [(day, "FAILED", None, None, 1)]


async def test_days_are_those_of_the_time_zone(api: Api) -> None:
    api.fake.seed_events(api.fake.seed_webhook(URL), 1)
    assert await counts(api, "timezone=Asia/Tokyo") == [("2026-09-21T00:00:00+09:00", "FAILED", None, None, 1)]
    assert await counts(api, "timezone=Pacific/Auckland") == [("2026-09-22T00:00:00+12:00", "FAILED", None, None, 1)]


async def test_the_range_of_counts_is_the_last_30_days_by_default(api: Api) -> None:
    api.fake.seed_events(api.fake.seed_webhook(URL), 3, spacing=20 * 86_400.0)
    assert sum(row[-1] for row in await counts(api, "")) == 2


async def test_an_unknown_webhook_or_event_is_a_key_error(api: Api) -> None:
    fake = api.fake
    with pytest.raises(KeyError):
        fake.seed_events(5, 1)
    with pytest.raises(KeyError):
        fake.trigger(5)
    with pytest.raises(KeyError):
        fake.event(1)
    with pytest.raises(ValueError, match="valid URL"):
        fake.seed_webhook("nonsense")
