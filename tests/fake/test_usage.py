"""The credit balance, and credits and requests by day."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fake._documents import CheckedApi, checking
from theirstack_async.testing import FakeTheirStack, Status
from theirstack_async.testing.account.seen import API_KEY_ID

DAY = 86_400
CONSUMPTION = "/v0/teams/credits_consumption"
COUNT = "/v0/requests/count"
REQUESTS = "/v0/requests/"


def spend(api: CheckedApi, credits_: int) -> None:
    webhook_id = api.fake.seed_webhook("https://hooks.example/")
    api.fake.trigger(webhook_id, credits_)


async def spent(api: CheckedApi, query: str = "") -> list[tuple[str, int]]:
    rows = await api.ok("GET", CONSUMPTION + query)
    assert all(row["ui_credits_consumed"] == 0 for row in rows)
    return [(row["period_start"], row["api_credits_consumed"]) for row in rows]


async def counted(api: CheckedApi, query: str = "") -> list[tuple[str, int]]:
    return [(row["period_start"], row["number_of_requests"]) for row in await api.ok("GET", COUNT + query)]


@pytest.mark.parametrize(
    ("credits_", "told", "before", "after"),
    [
        (None, "allowance", 1_000_000, 1_000_007),
        (None, "left", 1_000_000, 1_000_000),
        (10, "allowance", 10, 10),
        (10, "left", 10, 3),
    ],
)
async def test_the_balance_tells_of_credits_and_what_was_spent(
    credits_: int | None, told: Any, before: int, after: int
) -> None:
    async with checking(FakeTheirStack(credits=credits_, balance=told)) as api:
        balance = await api.ok("GET", "/v0/billing/credit-balance")
        assert (balance["api_credits"], balance["used_api_credits"]) == (before, 0)
        assert (balance["ui_credits"], balance["used_ui_credits"]) == (50, 0)
        assert balance["earliest_expiration"] == "2027-09-21T14:13:20Z"
        spend(api, 7)
        balance = await api.ok("GET", "/v0/billing/credit-balance")
        assert (balance["api_credits"], balance["used_api_credits"]) == (after, 7)


async def test_credits_are_summed_by_day(checked: CheckedApi) -> None:
    assert await spent(checked) == []
    spend(checked, 2)
    await checked.fake.clock.advance(3600)
    spend(checked, 3)
    await checked.fake.clock.advance(DAY)
    spend(checked, 4)
    assert await spent(checked) == [("2026-09-21T00:00:00Z", 5), ("2026-09-22T00:00:00Z", 4)]


async def test_a_day_is_that_of_the_time_zone(checked: CheckedApi) -> None:
    """It is 14:13 in UTC, and past midnight on the islands of Kiribati."""
    spend(checked, 2)
    assert await spent(checked, "?timezone=Pacific/Kiritimati") == [("2026-09-22T00:00:00+14:00", 2)]
    assert await spent(checked, "?timezone=Europe/Madrid") == [("2026-09-21T00:00:00+02:00", 2)]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("", 1),
        ("?start_datetime=2026-09-21", 2),
        ("?start_datetime=2026-09-21T14:15:00Z", 1),
        ("?start_datetime=2026-09-21&end_datetime=2026-09-22", 1),
        ("?start_datetime=2026-09-21&end_datetime=2026-09-21T14:00:00Z", 1),
        ("?start_datetime=2026-09-21&end_datetime=2026-09-21T13:59:59Z", 0),
        ("?end_datetime=2026-10-22T14:13:20", 1),
    ],
)
async def test_the_range_counts_whole_quarters_of_an_hour(checked: CheckedApi, query: str, days: int) -> None:
    """Something was spent at 14:13:20 on 21 September and 31 days later, which is now."""
    spend(checked, 1)
    await checked.fake.clock.advance(31 * DAY)
    spend(checked, 1)
    assert len(await spent(checked, query)) == days


async def test_requests_are_listed_latest_first(checked: CheckedApi) -> None:
    assert await checked.ok("GET", REQUESTS) == []
    await checked("GET", "/v0/webhooks/77")
    await checked.fake.clock.advance(60)
    await checked.ok("POST", "/v0/company_lists", {"name": "Leads"})
    rows = await checked.ok("GET", REQUESTS)
    assert [(row["method"], row["path"], row["status_code"]) for row in rows] == [
        ("POST", "/v0/company_lists", 200), ("GET", "/v0/webhooks/77", 404), ("GET", REQUESTS, 200),
    ]  # fmt: skip
    assert [row["created_at"] for row in rows] == ["2026-09-21T14:14:20Z"] + ["2026-09-21T14:13:20Z"] * 2
    assert {row["origin"] for row in rows} == {"api"}
    assert len({row["id"] for row in rows}) == 3


async def test_requests_come_in_pages(checked: CheckedApi) -> None:
    for number in range(60):
        await checked("GET", f"/v0/webhooks/{number}")
    first, second = await checked.ok("GET", REQUESTS), await checked.ok("GET", f"{REQUESTS}?page=1")
    assert [row["path"] for row in first] == [f"/v0/webhooks/{number}" for number in range(59, 9, -1)]
    assert [row["path"] for row in second[-9:]] == [f"/v0/webhooks/{number}" for number in range(8, -1, -1)]
    assert [row["path"] for row in await checked.ok("GET", f"{REQUESTS}?page=0&limit=1")] == [REQUESTS]
    small = await checked.ok("GET", f"{REQUESTS}?page=2&limit=2")
    assert [row["path"] for row in small] == [f"/v0/webhooks/{number}" for number in (58, 57)]


async def test_requests_of_the_last_five_days_are_listed_unless_told_otherwise(checked: CheckedApi) -> None:
    await checked.ok("GET", "/v0/webhooks")
    await checked.fake.clock.advance(6 * DAY)
    assert await checked.ok("GET", REQUESTS) == []
    old = await checked.ok("GET", f"{REQUESTS}?start_datetime=2026-09-21&end_datetime=2026-09-22")
    assert [row["path"] for row in old] == ["/v0/webhooks"]


async def test_requests_are_counted_by_day(checked: CheckedApi) -> None:
    assert await counted(checked) == []
    await checked("GET", "/v0/webhooks/77")
    await checked.fake.clock.advance(DAY)
    assert await counted(checked) == [("2026-09-21T00:00:00Z", 2)]
    expected = [("2026-09-22T00:00:00+14:00", 2), ("2026-09-23T00:00:00+14:00", 1)]
    assert await counted(checked, "?timezone=Pacific/Kiritimati") == expected


async def test_requests_of_the_last_thirty_days_are_counted_unless_told_otherwise(checked: CheckedApi) -> None:
    await checked.ok("GET", "/v0/webhooks")
    await checked.fake.clock.advance(30 * DAY)
    assert len(await counted(checked)) == 1
    await checked.fake.clock.advance(DAY)
    assert await counted(checked) == [("2026-10-21T00:00:00Z", 1)]


@pytest.mark.parametrize(
    ("query", "ours"),
    [
        ("origin=api", True),
        ("origin=mcp", False),
        ("is_origin_app=false", True),
        ("is_origin_app=0", True),
        ("is_origin_app=True", False),
        (f"api_key_id={API_KEY_ID}", True),
        (f"api_key_id={API_KEY_ID.upper()}", True),
        ("api_key_id=00000000-0000-0000-0000-000000000000", False),
    ],
)
async def test_all_requests_come_from_the_api_with_one_key(checked: CheckedApi, query: str, ours: bool) -> None:
    await checked.ok("GET", "/v0/webhooks")
    assert len(await counted(checked, f"?{query}")) == ours
    assert bool(await checked.ok("GET", f"{REQUESTS}?{query}")) == ours


async def test_what_no_operation_saw_is_not_counted(checked: CheckedApi) -> None:
    """Neither are calls without a key, for they belong to no team."""
    checked.fake.faults.add("GET /v0/webhooks", Status(503))
    await checked("GET", "/v0/webhooks")
    await checked("GET", "/v0/nothing")
    await checked("GET", "/v0/webhooks", headers={"Authorization": "Bearer wrong"})
    await checked("GET", "/v0/catalog/industries")
    assert await counted(checked) == []


async def test_counts_go_on_when_the_list_forgets(checked: CheckedApi) -> None:
    seen = checked.fake._backend.account.seen
    for number in range(seen.latest.maxlen or 0):
        seen.note(checked.fake.clock.now(), "GET", f"/old/{number}", 200)
    for _ in range(2):
        await checked("GET", "/v0/webhooks/77")
    assert seen.latest[0].path == "/old/2"
    assert await counted(checked) == [("2026-09-21T00:00:00Z", 10_002)]


@pytest.mark.parametrize("path", [CONSUMPTION, COUNT, REQUESTS])
@pytest.mark.parametrize("query", ["start_datetime=x", "end_datetime=2026-13-01"])
async def test_a_bad_range_is_422(checked: CheckedApi, path: str, query: str) -> None:
    assert (await checked("GET", f"{path}?{query}"))[0] == 422


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (CONSUMPTION, "timezone=Mars/Olympus"),
        (COUNT, "timezone=Mars/Olympus"),
        (COUNT, "is_origin_app=yes!"),
        (COUNT, "origin=cli"),
        (COUNT, "api_key_id=mine"),
        (REQUESTS, "page=-1"),
        (REQUESTS, "limit=0"),
        (REQUESTS, "origin=cli"),
    ],
)
async def test_a_bad_query_is_422(checked: CheckedApi, path: str, query: str) -> None:
    status, answer = await checked("GET", f"{path}?{query}")
    assert (status, set(answer)) == (422, {"error", "request_id"})


async def test_the_list_ends_with_a_slash(checked: CheckedApi) -> None:
    assert (await checked("GET", REQUESTS.rstrip("/")))[0] == 404
