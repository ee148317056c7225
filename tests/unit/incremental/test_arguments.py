"""Arguments are looked at before anything is sent, and an error names the one that is wrong."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests._engine import answer
from tests.unit.incremental._runs import StubState
from tests.unit.incremental._sent import client_over, company, found, job, sent
from theirstack_async import (
    ALL,
    ArgumentError,
    CreditBudget,
    DecodeError,
    EndReason,
    JobFilters,
    RequestOptions,
    incremental,
)
from theirstack_async.filters import CompanyFilters
from theirstack_async.incremental._landing import Landing

BOUNDED = {"max_items": 1}


def refused(resource: str, **settings: Any) -> ArgumentError:
    """Return the error of a run that is not made."""
    client, transport = client_over(found())
    state = StubState()
    makers: dict[str, Any] = {
        "jobs": client.jobs.incremental,
        "companies": client.companies.incremental,
        "events": lambda **given: client.webhooks.events.incremental(**{"webhook_id": 7, **given}),
    }
    with pytest.raises(ArgumentError) as caught:
        makers[resource](**{"state": state, **settings})
    assert (transport.requests, state.log) == ([], [])
    return caught.value


@pytest.mark.parametrize("resource", ["jobs", "companies", "events"])
def test_a_state_is_no_address(resource: str) -> None:
    error = refused(resource, state="state.db", max_items=1)
    said = (
        """state: expected a state, such as SQLiteState("state.db"), got 'state.db'; open_state(...) makes one of an"""
    )
    assert (str(error), error.field) == (f"{said} address", "state")


@pytest.mark.parametrize("resource", ["jobs", "companies"])
class TestSearches:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("page_size", 0), ("page_size", 501), ("page_size", "1"), ("max_items", -1), ("max_pages", 0),
            ("rejects", "drop"), ("wait", -1.0), ("wait", float("nan")),
        ],
    )  # fmt: skip
    def test_out_of_bounds(self, resource: str, field: str, value: Any) -> None:
        error = refused(resource, **{**BOUNDED, field: value})
        assert (error.field, str(error).startswith(field)) == (field, True)

    def test_one_bound_is_required(self, resource: str) -> None:
        assert "max_items" in str(refused(resource))

    def test_limits_are_no_filters(self, resource: str) -> None:
        assert "page_size=" in str(refused(resource, extra_filters={"limit": 5}, **BOUNDED))

    @pytest.mark.parametrize(
        "bound", [{"max_items": ALL}, {"max_items": 0}, {"max_pages": 1}, {"budget": CreditBudget(9)}], ids=str
    )
    def test_each_of_the_bounds_will_do(self, resource: str, bound: dict[str, Any]) -> None:
        client, _ = client_over(found())
        maker: Any = client.jobs.incremental if resource == "jobs" else client.companies.incremental
        assert maker(state=StubState(), page_size=500, **bound).end is None

    def test_a_landing_folder(self, resource: str, tmp_path: Path) -> None:
        client, _ = client_over(found())
        maker: Any = client.jobs.incremental if resource == "jobs" else client.companies.incremental
        assert isinstance(maker(state=StubState(), landing=tmp_path / "x", **BOUNDED).landing, Landing)
        assert maker(state=StubState(), **BOUNDED).landing is None
        assert not (tmp_path / "x").exists()

    async def test_bounds_and_options_are_obeyed(self, resource: str) -> None:
        def row(number: int) -> dict[str, Any]:
            return job(number) if resource == "jobs" else company(f"c{number}")

        pages = [found(row(1), row(2)), found(row(3), row(4)), found(row(5), row(6))]
        client, transport = client_over(*pages)
        maker: Any = client.jobs.incremental if resource == "jobs" else client.companies.incremental
        state = StubState()
        async with maker(state=state, max_pages=2, wait=1.5, page_size=2) as run:
            assert [len(batch.rows) async for batch in run] == [2, 2]
        assert (run.end, state.log[0]) == (EndReason.MAX_PAGES, f"acquire {run.key} 1.5")
        client, transport = client_over(*pages)
        maker = client.jobs.incremental if resource == "jobs" else client.companies.incremental
        async with maker(state=StubState(), max_items=4, page_size=2) as run:
            assert [len(batch.rows) async for batch in run] == [2, 2]
        assert (run.end, len(transport.requests)) == (EndReason.MAX_ITEMS, 2)
        budget = CreditBudget(1 if resource == "jobs" else 3)
        client, transport = client_over(found(row(1)))
        options = RequestOptions(budget=CreditBudget(100))
        maker = client.jobs.incremental if resource == "jobs" else client.companies.incremental
        async with maker(state=StubState(), budget=budget, options=options, page_size=9) as run:
            assert [len(batch.rows) async for batch in run] == [1]
        assert (run.end, sent(transport)[0]["limit"]) == (EndReason.BUDGET, 1)
        assert budget.spent == budget.limit

    async def test_rejects_are_raised_unless_they_are_collected(self, resource: str) -> None:
        client, _ = client_over(found({"id": 7}), found())
        maker: Any = client.jobs.incremental if resource == "jobs" else client.companies.incremental
        async with maker(state=StubState(), max_items=ALL, rejects="collect") as run:
            assert [len(batch.rejects) async for batch in run] == [1]

    async def test_filters_come_as_an_object_and_by_name(self, resource: str) -> None:
        client, transport = client_over(found())
        if resource == "jobs":
            run: Any = client.jobs.incremental(
                JobFilters(remote=True), state=StubState(), max_items=1, posted_at_max_age_days=3
            )
            wanted: dict[str, Any] = {"remote": True, "posted_at_max_age_days": 3}
        else:
            query = CompanyFilters(company_country_code_or=["ES"])
            run = client.companies.incremental(query, state=StubState(), max_items=1, min_employee_count=5)
            wanted = {"company_country_code_or": ["ES"], "min_employee_count": 5}
        async with run:
            assert [batch async for batch in run] == []
        assert wanted.items() <= sent(transport)[0].items()


@pytest.mark.parametrize("resource", ["jobs", "companies", "events"])
async def test_options_are_those_of_each_call(resource: str) -> None:
    client, transport = client_over(answer(200, []) if resource == "events" else found(total=3))
    makers: dict[str, Any] = {
        "jobs": partial(client.jobs.incremental, max_items=1),
        "companies": partial(client.companies.incremental, max_items=1),
        "events": partial(client.webhooks.events.incremental, 7),
    }
    async with makers[resource](state=StubState(), options=RequestOptions(headers={"X-Mine": "1"})) as run:
        await run.count()
        assert [batch async for batch in run] == []
    assert len(transport.requests) == (1 if resource == "events" else 2)
    assert all(request.headers["X-Mine"] == "1" for request in transport.requests)


class TestJobs:
    @pytest.mark.parametrize("since", ["2026-01-01", 5, timedelta(1)])
    def test_since_is_an_instant(self, since: Any) -> None:
        error = refused("jobs", since=since, **BOUNDED)
        assert str(error) == f"since: expected an aware datetime or a date, got {since!r}"
        assert error.field == "since"

    def test_since_has_a_zone(self) -> None:
        error = refused("jobs", since=datetime(2026, 1, 1), **BOUNDED)  # noqa: DTZ001
        assert str(error) == "since: a datetime needs a time zone, such as datetime.UTC"
        assert error.field == "since"

    def test_since_may_be_a_day(self) -> None:
        client, _ = client_over(found())
        assert client.jobs.incremental(state=StubState(), since=date(2026, 1, 1), max_items=1).end is None

    @pytest.mark.parametrize("overlap", [timedelta(microseconds=-1), timedelta(days=366, microseconds=1), 600, None])
    def test_overlap_is_a_span(self, overlap: Any) -> None:
        error = refused("jobs", overlap=overlap, **BOUNDED)
        assert str(error) == f"overlap: expected a timedelta from 0 to 366 days, got {overlap!r}"
        assert error.field == "overlap"

    def test_there_may_be_none(self) -> None:
        client, _ = client_over(found())
        assert client.jobs.incremental(state=StubState(), overlap=timedelta(0), max_items=1).end is None
        assert client.jobs.incremental(state=StubState(), overlap=timedelta(366), max_items=1).end is None


class TestEvents:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("page_size", 0), ("page_size", 501), ("max_items", -1), ("rejects", "drop"), ("wait", -1.0),
            ("webhook_id", "x"), ("status", 5),
        ],
    )  # fmt: skip
    def test_out_of_bounds(self, field: str, value: Any) -> None:
        error = refused("events", **{field: value})
        assert field in str(error)

    async def test_a_row_that_does_not_decode_is_raised_after_the_good_ones(self) -> None:
        at = "2026-01-02T03:04:05Z"
        row = {"webhook_id": 7, "triggered_at": at, "status": "FAILED", "created_at": at, "updated_at": at}
        client, _ = client_over(answer(200, [{"id": 5}, {**row, "id": 1}]), answer(200, []))
        async with client.webhooks.events.incremental(7, state=StubState()) as run:
            numbers: list[int] = []
            with pytest.raises(DecodeError, match="id 5"):
                async for batch in run:
                    numbers += [event.id for event in batch.rows]
        assert numbers == [1]

    async def test_bounds_are_obeyed(self) -> None:
        at = "2026-01-02T03:04:05Z"
        row = {"webhook_id": 7, "triggered_at": at, "status": "FAILED", "created_at": at, "updated_at": at}
        rows = [{**row, "id": 1}, {"id": 5}, {**row, "id": 2}, {**row, "id": 3}]
        client, transport = client_over(answer(200, rows))
        state = StubState()
        how: dict[str, Any] = {"page_size": 4, "max_items": 2, "rejects": "collect", "wait": 2.5}
        async with client.webhooks.events.incremental(7, state=state, **how) as run:
            (batch,) = [batch async for batch in run]
            assert ([event.id for event in batch.rows], len(batch.rejects)) == ([1, 2], 1)
        assert (run.end, state.log[0]) == (EndReason.MAX_ITEMS, f"acquire {run.key} 2.5")
        assert transport.requests[0].url.endswith("/v0/webhooks/7/events?offset=0&limit=4")


def test_a_name_that_the_room_does_not_have() -> None:
    with pytest.raises(AttributeError, match="no attribute 'FileState'"):
        _: Any = incremental.FileState  # type: ignore[attr-defined]
