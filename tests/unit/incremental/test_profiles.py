"""What a run asks, and which profile of a state it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests._engine import answer
from tests.unit.incremental._runs import StubState
from tests.unit.incremental._sent import URL, client_over, company, found, job, sent
from theirstack_async import ALL, ArgumentError, JobFilters, SavedState, UnprocessableError

FREE = {"blur_company_data": True, "include_total_results": True, "limit": 1}
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ORDER = [{"field": "discovered_at", "desc": False}]


def saved(document: Any, seen: Any = (), **more: Any) -> StubState:
    """Return a state that knows of a profile."""
    return StubState(SavedState(1, {**document, **more}, dict(seen)))


async def asked_by_jobs(state: StubState | None = None, *acts: Any, **settings: Any) -> list[dict[str, Any]]:
    """Return what a run over jobs sends until its first page."""
    client, transport = client_over(*(acts or (found(job(1)),)))
    async with client.jobs.incremental(state=state or StubState(), max_items=ALL, **settings) as run:
        async for _ in run:
            break
    return sent(transport)


async def document_of(**settings: Any) -> tuple[str, dict[str, Any]]:
    client, _ = client_over(found(job(1)), found())
    state = StubState()
    async with client.jobs.incremental(state=state, max_items=ALL, **settings) as run:
        async for batch in run:
            await batch.ack()
    return run.key, dict(state.saved.document)


class TestJobs:
    async def test_the_first_page(self) -> None:
        (body,) = await asked_by_jobs(posted_at_max_age_days=7, page_size=50)
        assert body == {"posted_at_max_age_days": 7, "order_by": ORDER, "offset": 0, "limit": 50}

    async def test_a_date_is_added_where_the_api_requires_one(self) -> None:
        (body,) = await asked_by_jobs(remote=True)
        assert body == {"posted_at_gte": "2000-01-01", "remote": True, "order_by": ORDER, "offset": 0, "limit": 100}
        (body,) = await asked_by_jobs(company_domain_or=["x.example"])
        assert "posted_at_gte" not in body

    async def test_it_begins_where_it_is_told_to(self) -> None:
        (body,) = await asked_by_jobs(since=SINCE)
        assert body["discovered_at_gte"] == "2026-01-01T00:00:00Z"
        (body,) = await asked_by_jobs(since=date(2026, 1, 1))
        assert body["discovered_at_gte"] == "2026-01-01T00:00:00Z"
        (body,) = await asked_by_jobs(since=SINCE + timedelta(hours=1, microseconds=5))
        assert body["discovered_at_gte"] == "2026-01-01T01:00:00.000005Z"

    @pytest.mark.parametrize(("days", "begins"), [(-1, "2026-01-01"), (1, "2026-01-02")])
    async def test_the_later_one_of_two_beginnings_counts(self, days: int, begins: str) -> None:
        (body,) = await asked_by_jobs(since=SINCE + timedelta(days=days), discovered_at_gte=SINCE)
        assert body["discovered_at_gte"] == f"{begins}T00:00:00Z"

    async def test_a_filter_says_where_it_ends(self) -> None:
        (body,) = await asked_by_jobs(discovered_at_lte=AT)
        assert body["discovered_at_lte"] == "2026-01-02T03:04:05Z"
        assert "discovered_at_gte" not in body

    @pytest.mark.parametrize("text", ["2026-01-02", "2026-01-02T00:00:00", "2026-01-02T02:00:00+02:00"])
    async def test_without_a_zone_it_is_utc(self, text: str) -> None:
        (body,) = await asked_by_jobs(extra_filters={"discovered_at_gte": text})
        assert body["discovered_at_gte"] == "2026-01-02T00:00:00Z"

    async def test_it_goes_on_from_the_mark_without_what_is_known(self) -> None:
        _, document = await document_of(job_id_not=[99])
        seen = {1: AT.timestamp(), -5: AT.timestamp(), 0: AT.timestamp(), 2: 0.0}
        (body,) = await asked_by_jobs(saved(document, seen), found(job(3)), job_id_not=[99])
        assert body["discovered_at_gte"] == "2026-01-02T02:54:05Z"
        assert body["job_id_not"] == [99, 1]
        (body,) = await asked_by_jobs(saved(document, seen), found(job(3)), job_id_not=[99], overlap=timedelta(hours=1))
        assert body["discovered_at_gte"] == "2026-01-02T02:54:05Z"
        state = saved({**document, "kept_from": None}, seen)
        (body,) = await asked_by_jobs(state, found(job(3)), job_id_not=[99], overlap=timedelta(hours=1))
        assert body["discovered_at_gte"] == "2026-01-02T02:04:05Z"
        early = "2026-01-02T03:00:00Z"
        (body,) = await asked_by_jobs(saved(document, seen), found(job(3)), since=AT - timedelta(seconds=245))
        assert body["discovered_at_gte"] == early

    async def test_windows_are_counted_for_free_and_stay_within_the_filter(self) -> None:
        refused = answer(422, {"detail": "order_by"})
        acts = refused, found(total=9_000), found(total=0), found(total=3), found(job(2))
        _, document = await document_of(discovered_at_lte=AT)
        state = saved(document, {1: AT.timestamp()})
        bodies = await asked_by_jobs(state, *acts, discovered_at_lte=AT)
        first, *counts, page = bodies
        assert first["order_by"] == ORDER
        assert counts[0] == {
            "posted_at_gte": "2000-01-01", "discovered_at_gte": "2026-01-02T02:54:05Z",
            "discovered_at_lte": "2026-01-02T03:04:05Z", "job_id_not": [1], **FREE,
        }  # fmt: skip
        assert counts[1]["discovered_at_lte"] == "2026-01-02T02:59:05Z"
        assert counts[2]["discovered_at_lte"] == "2026-01-02T03:04:05Z"
        assert (page["discovered_at_gte"], page["limit"]) == ("2026-01-02T02:59:04Z", 100)
        assert "order_by" not in page
        assert page["job_id_not"] == [1]

    async def test_windows_lie_between_the_beginning_and_the_newest_job_that_is_known(self) -> None:
        acts = answer(422, {"detail": "order_by"}), found(total=9_000), found(total=1), found(job(2))
        known = saved({"format": 1, "base_url": URL}, {1: AT.timestamp()})
        _, _, half, page = await asked_by_jobs(known, *acts, since=AT - timedelta(minutes=10))
        assert half["discovered_at_lte"] == page["discovered_at_lte"] == "2026-01-02T02:59:05Z"

    async def test_where_a_count_costs_all_is_one_window(self) -> None:
        acts = answer(422, {"detail": "order_by"}), found(job(1))
        first, page = await asked_by_jobs(None, *acts, company_domain_or=["x.example"])
        assert first["order_by"] == ORDER
        assert page == {
            "company_domain_or": ["x.example"], "discovered_at_gte": "2000-01-01T00:00:00Z", "offset": 0, "limit": 100,
        }  # fmt: skip

    async def test_what_the_run_says_by_itself_is_refused(self) -> None:
        client, transport = client_over(found())
        order = {"order_by": [{"field": "date_posted", "desc": True}]}
        with pytest.raises(ArgumentError, match="order_by: leave it out, a run has an order of its own") as caught:
            client.jobs.incremental(state=StubState(), max_items=1, extra_filters=order)
        assert (caught.value.field, transport.requests) == ("order_by", [])

    @pytest.mark.parametrize("value", ["yesterday", 5])
    @pytest.mark.parametrize("name", ["discovered_at_gte", "discovered_at_lte"])
    async def test_an_instant_that_is_none_is_refused(self, name: str, value: object) -> None:
        client, _ = client_over(found())
        with pytest.raises(ArgumentError, match=f"{name}: expected an instant, got {value!r}") as caught:
            client.jobs.incremental(state=StubState(), max_items=1, extra_filters={name: value})
        assert caught.value.field == name

    async def test_errors_name_the_operation(self) -> None:
        client, _ = client_over(answer(200, {"data": [{"id": 7}], "metadata": {}}))
        async with client.jobs.incremental(state=StubState(), max_items=1, rejects="collect") as run:
            async for batch in run:
                assert str(batch.rejects[0]).startswith("POST /v1/jobs/search: row 0 (id 7) does not decode")
                break

    async def test_other_refusals_are_raised(self) -> None:
        with pytest.raises(UnprocessableError):
            await asked_by_jobs(None, answer(422, {"detail": "job_id_not"}))


class TestDocument:
    async def test_what_the_state_is_told(self) -> None:
        _, document = await document_of(remote=True)
        assert document == {
            "format": 1, "kind": "jobs", "label": "POST /v1/jobs/search", "filters": {"remote": True}, "base_url": URL,
            "mark": "2026-01-02T03:04:05+00:00", "rows": 1, "credits": 1, "sink": None, "landed": [],
            "kept_from": 1767322445.0, "into": None,
        }  # fmt: skip

    async def test_the_key_tells_questions_apart_and_nothing_else(self) -> None:
        same = [
            await document_of(remote=True),
            await document_of(remote=True, since=SINCE, overlap=timedelta(0), page_size=7),
            await document_of(extra_filters={"remote": True}),
        ]
        other = [await document_of(), await document_of(remote=False), await document_of(remote=True, job_id_not=[1])]
        assert len({key for key, _ in same}) == 1
        assert len({key for key, _ in same + other}) == 4
        lists = [["b", "a"], ["a", "b"], ["b", "a", "b"]]
        assert len({(await document_of(company_domain_or=names))[0] for names in lists}) == 1
        parts = [{"x": [{"k": [2, 1], "j": 1}, 3]}, {"x": [3, {"j": 1, "k": [1, 2]}]}, {"x": [3, {"j": 1, "k": [1]}]}]
        keys = [(await document_of(extra_filters=part))[0] for part in parts]
        assert keys[0] == keys[1] != keys[2]
        client, _ = client_over(found())
        runs: list[Any] = [
            client.jobs.incremental(JobFilters(remote=True), state=StubState(), max_items=1),
            client.companies.incremental(state=StubState(), max_items=1),
            client.webhooks.events.incremental(7, state=StubState()),
            client.webhooks.events.incremental(8, state=StubState()),
            client.webhooks.events.incremental(7, state=StubState(), status="FAILED"),
        ]
        assert runs[0].key == same[0][0]
        assert len({run.key for run in runs}) == len(runs)
        assert all(len(run.key) >= 16 and int(run.key, 16) for run in runs)


class TestCounts:
    async def test_of_jobs(self) -> None:
        client, transport = client_over(found(total=42))
        async with client.jobs.incremental(state=StubState(), max_items=1, since=SINCE) as run:
            assert await run.count() == 42
        begins = {"posted_at_gte": "2000-01-01", "discovered_at_gte": "2026-01-01T00:00:00Z"}
        assert sent(transport) == [{**begins, **FREE}]

    async def test_of_jobs_from_the_mark_on(self) -> None:
        _, document = await document_of()
        client, transport = client_over(found(total=42))
        async with client.jobs.incremental(state=saved(document), max_items=1) as run:
            assert await run.count() == 42
        assert sent(transport)[0]["discovered_at_gte"] == "2026-01-02T02:54:05Z"

    async def test_of_companies_without_those_that_are_known(self) -> None:
        client, transport = client_over(found(total=42))
        document = {"format": 1, "base_url": URL}
        async with client.companies.incremental(state=saved(document, rows=40), max_items=1) as run:
            assert await run.count() == 2
        async with client.companies.incremental(state=saved(document, rows=50), max_items=1) as run:
            assert await run.count() == 0
        assert sent(transport)[0] == FREE

    async def test_not_where_it_costs(self) -> None:
        client, transport = client_over(found(total=42))
        kwargs: dict[str, Any] = {"state": StubState(), "max_items": 1, "company_domain_or": ["x.example"]}
        async with client.jobs.incremental(**kwargs) as run:
            assert await run.count() is None
        async with client.companies.incremental(**kwargs) as run:
            assert await run.count() is None
        assert transport.requests == []

    async def test_not_of_events(self) -> None:
        client, transport = client_over(answer(200, []))
        async with client.webhooks.events.incremental(7, state=StubState()) as run:
            assert await run.count() is None
        assert transport.requests == []


class TestCompanies:
    async def test_known_ones_are_left_out(self) -> None:
        client, transport = client_over(found(company("a"), company("b")), found())
        state = saved({"format": 1, "base_url": URL}, {"k": 0.0, -5: 0.0})
        run = client.companies.incremental(
            state=state, max_items=ALL, page_size=2, company_id_not=["x"], company_country_code_or=["ES"]
        )
        async with run:
            async for batch in run:
                assert batch.window.start is None
                await batch.ack()
        first, second = sent(transport)
        filters = {"company_country_code_or": ["ES"], "offset": 0, "limit": 2}
        assert first == {**filters, "company_id_not": ["x", "k"]}
        assert second == {**filters, "company_id_not": ["x", "k", "a", "b"]}
        assert state.saved.seen == {"k": 0.0, -5: 0.0, "a": 0.0, "b": 0.0}
        assert (state.saved.document["kind"], state.saved.document["mark"]) == ("companies", None)
        assert state.saved.document["label"] == "POST /v1/companies/search"
        assert (run.row_type.__name__, run.summary.credits) == ("Company", 6)

    async def test_without_any_nothing_is_said_of_it(self) -> None:
        client, transport = client_over(found())
        async with client.companies.incremental(state=StubState(), max_items=ALL) as run:
            assert [batch async for batch in run] == []
        assert sent(transport) == [{"offset": 0, "limit": 100}]


class TestEvents:
    async def test_known_ones_are_left_out(self) -> None:
        at = "2026-01-02T03:04:05Z"
        row = {"webhook_id": 7, "triggered_at": at, "status": "FAILED", "created_at": at, "updated_at": at}
        client, transport = client_over(answer(200, [{**row, "id": 1}, {**row, "id": 2}]), answer(200, []))
        state = saved({"format": 1, "base_url": URL}, {1: 0.0, "2": 0.0})
        async with client.webhooks.events.incremental(7, state=state, status="FAILED") as run:
            async for batch in run:
                assert [event.id for event in batch.rows] == [2]
                await batch.ack()
        assert transport.requests[0].url == f"{URL}/v0/webhooks/7/events?status=FAILED&offset=0&limit=500"
        document = state.saved.document
        assert (document["kind"], document["label"]) == ("events", "GET /v0/webhooks/7/events")
        assert (document["filters"], document["mark"]) == ({"webhook_id": 7, "status": "FAILED"}, None)
        assert state.saved.seen == {1: 0.0, "2": 0.0, 2: AT.timestamp()}
        assert run.row_type.__name__ == "WebhookEvent"
