"""What was billed for which request, and whether its answer was sent: the truth that a budget is held against."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.fake._receiver import Api, calling, until
from theirstack_async.testing import (
    Answer,
    DripBody,
    Exchange,
    FakeTheirStack,
    Fault,
    GarbageJson,
    Hang,
    Latency,
    ResetAfterHeaders,
    ResetBeforeBody,
    Status,
    TruncatedBody,
    WrongContentType,
)
from theirstack_async.testing.exchange import BrokenOffError
from theirstack_async.testing.faults import BILLED_DROPS

JOBS = "/v1/jobs/search"
COMPANIES = "/v1/companies/search"
TECHNOLOGIES = "/v1/companies/technologies"
WEEK: dict[str, Any] = {"posted_at_max_age_days": 7, "limit": 5}
NAMED = {"company_name": "Amber Analytics"}
Bill = tuple[str, int, int, bool]


@pytest_asyncio.fixture
async def small() -> AsyncIterator[Api]:
    async with calling(FakeTheirStack(jobs=400, companies=80)) as caller:
        yield caller


def bills(api: Api) -> list[Bill]:
    return [(one.path, one.rows, one.credits, one.answered) for one in api.fake.billed_log]


async def played(api: Api, fault: Fault) -> Bill:
    """Play a fault for a search, and return its record."""
    api.fake.faults.add("POST *", fault)
    with suppress(aiohttp.ClientError, ValueError):
        await api("POST", JOBS, WEEK)
    await until(lambda: not api.fake.requests.in_flight)
    assert len(api.fake.faults) == 0
    record = api.fake.requests[-1]
    return record.path, record.rows, record.credits, record.answered


async def used_by_balance(api: Api) -> int:
    return int((await api.ok("GET", "/v0/billing/credit-balance"))["used_api_credits"])


async def test_what_was_billed_is_told_request_by_request(small: Api) -> None:
    await small.ok("POST", JOBS, WEEK)
    await small.ok("POST", COMPANIES, {"limit": 2})
    found = await small.ok("POST", TECHNOLOGIES, NAMED)
    assert len(found["data"]) > 1
    free: list[tuple[str, Any]] = [
        (JOBS, WEEK | {"blur_company_data": True}),
        (COMPANIES, {"blur_company_data": True}),
        (JOBS, WEEK | {"job_title_or": ["nothing like it"]}),
        (TECHNOLOGIES, {"company_name": "nobody"}),
    ]
    for path, body in free:
        await small.ok("POST", path, body)
    assert (await small("POST", JOBS, {}))[0] == 422
    assert bills(small) == [
        (JOBS, 5, 5, True), (COMPANIES, 2, 6, True), (TECHNOLOGIES, len(found["data"]), 3, True),
    ]  # fmt: skip
    assert all(one.answered for one in small.fake.requests)
    assert {one.rows for one in small.fake.requests[3:]} == {0}
    assert small.fake.credits_billed == 14 == await used_by_balance(small)


async def test_a_preview_of_a_named_company_is_billed_without_a_word(small: Api) -> None:
    asked = {"company_name_or": ["Amber Analytics"], "blur_company_data": True, "limit": 3}
    found = await small.ok("POST", COMPANIES, asked)
    assert [row["has_blurred_data"] for row in found["data"]] == [False]
    assert (bills(small), small.fake.credits_billed) == ([(COMPANIES, 1, 3, True)], 3)


@pytest.mark.parametrize(("how", "status", "rows"), [("truncate", 200, 3), ("402-data", 402, 3), ("402", 402, 0)])
async def test_only_the_rows_that_were_paid_for_are_counted(how: Any, status: int, rows: int) -> None:
    async with calling(FakeTheirStack(jobs=400, companies=80, credits=3, out_of_credits=how)) as api:
        assert (await api("POST", JOBS, WEEK))[0] == status
        assert bills(api) == [(JOBS, rows, rows, True)][:rows]


async def test_a_lookup_that_is_not_paid_for_is_not_billed() -> None:
    async with calling(FakeTheirStack(jobs=400, companies=80, credits=2)) as api:
        found = await api.ok("POST", TECHNOLOGIES, NAMED)
        assert (found["data"], bills(api)) == ([], [])


async def test_events_are_billed_apart(small: Api) -> None:
    small.fake.trigger(small.fake.seed_webhook("http://192.0.2.1/"), 4)
    assert (small.fake.credits_billed, bills(small)) == (4, [])
    assert await used_by_balance(small) == 4


async def test_the_log_is_kept_with_the_requests() -> None:
    async with calling(FakeTheirStack(jobs=400, companies=80, keep_requests=False)) as api:
        await api.ok("POST", JOBS, WEEK)
        assert (api.fake.credits_billed, bills(api)) == (5, [])


@pytest.mark.parametrize("point", BILLED_DROPS)
async def test_a_search_is_billed_and_its_answer_is_lost_at_each_point(small: Api, point: str) -> None:
    status: int | None = None
    got = b""
    small.fake.faults.add(f"POST {JOBS}", BILLED_DROPS[point])
    with pytest.raises(aiohttp.ClientError):
        async with small.session.post(JOBS, json=WEEK) as response:
            status = response.status
            async for chunk in response.content.iter_any():
                got += chunk
    assert (status, bool(got)) == {
        "before headers": (None, False), "after headers": (200, False), "mid-body": (200, True),
    }[point]  # fmt: skip
    await until(lambda: not small.fake.requests.in_flight)
    assert bills(small) == [(JOBS, 5, 5, False)]
    assert small.fake.credits_billed == 5 == await used_by_balance(small)


@pytest.mark.parametrize("kind", [ResetBeforeBody, ResetAfterHeaders, TruncatedBody])
async def test_the_same_drops_can_cost_nothing(small: Api, kind: Any) -> None:
    assert await played(small, kind(apply=False)) == (JOBS, 0, 0, False)
    assert small.fake.credits_billed == 0


@pytest.mark.parametrize(
    ("fault", "answered"),
    [
        (DripBody(chunk=2000, delay=0.0), True),
        (WrongContentType(), True),
        (TruncatedBody(sent=10**9), True),
        (Latency(0.0), True),
        (Status(500, apply=True), False),
        (GarbageJson(apply=True), False),
    ],
)
async def test_only_the_true_answer_and_all_of_it_is_an_answer(small: Api, fault: Fault, answered: bool) -> None:
    assert await played(small, fault) == (JOBS, 5, 5, answered)


async def test_a_fault_of_its_own_answers_nothing(small: Api) -> None:
    """Even where the body that it makes up is equal to the true one."""
    small.fake.faults.add("POST *", WrongContentType(apply=False))
    async with small.session.post(JOBS, json=WEEK) as response:
        assert await response.read() == b"null"
    assert not small.fake.requests[-1].answered


async def test_who_leaves_before_the_answer_was_not_answered(small: Api) -> None:
    small.fake.faults.add("POST *", Hang(apply=True))
    task = asyncio.create_task(small("POST", JOBS, WEEK))
    await until(lambda: small.fake.credits_billed)
    task.cancel()
    await asyncio.wait([task])
    await until(lambda: not small.fake.requests.in_flight)
    assert bills(small) == [(JOBS, 5, 5, False)]


async def test_an_answer_that_stops_in_the_socket_was_not_sent_whole(small: Api) -> None:
    """A client that reads nothing leaves four megabytes of events in mid-way, and goes."""
    webhook_id = small.fake.seed_webhook("http://192.0.2.1/")
    small.fake.seed_events(webhook_id, 500)
    host, _, port = small.fake.base_url.removeprefix("http://").partition(":")
    head = f"Host: {host}\r\nAuthorization: Bearer {small.fake.api_key}\r\n\r\n"
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        slow.sendall(f"GET /v0/webhooks/{webhook_id}/events?limit=500 HTTP/1.1\r\n{head}".encode())
        await until(lambda: small.fake.requests and small.fake.requests[0].status)
        for _ in range(20):
            await asyncio.sleep(0)
        assert (small.fake.requests[0].answered, small.fake.requests.in_flight) == (False, 1)
    await until(lambda: not small.fake.requests.in_flight)
    assert not small.fake.requests[0].answered


@dataclass(frozen=True)
class CloseAndAnswer(Fault):
    """A fault of one's own, which answers on a connection that it has closed."""

    async def play(self, exchange: Exchange) -> Answer:
        answer = await exchange.carry_out()
        with suppress(BrokenOffError):
            exchange.close()
        return answer


async def test_an_answer_to_a_closed_connection_was_not_sent(small: Api) -> None:
    assert await played(small, CloseAndAnswer()) == (JOBS, 5, 5, False)


async def test_jobs_of_any_age_are_bought_by_their_ids(small: Api) -> None:
    """The way to buy chosen jobs: the date is there because a search must have one of a few filters."""
    wanted = small.fake.job_ids[3:9:2]
    asked = {"job_id_or": [*wanted, 1], "posted_at_gte": "1970-01-01", "limit": 500}
    found = await small.ok("POST", JOBS, asked)
    assert sorted(row["id"] for row in found["data"]) == wanted
    assert bills(small) == [(JOBS, 3, 3, True)]


async def test_many_companies_are_asked_for_by_domains_however_written(small: Api) -> None:
    plain = ["amber-analytics.example", "beacon-health.example"]
    rows = [
        (await small.ok("POST", JOBS, {"company_domain_or": domains, "limit": 500}))["data"]
        for domains in (plain, ["WWW.Amber-Analytics.EXAMPLE", "www.beacon-health.example", "nobody.example"])
    ]
    assert rows[0] == rows[1]
    assert {row["company_domain"] for row in rows[0]} == set(plain)
