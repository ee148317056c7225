"""What incremental runs are typed as. Checked, and never run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

from theirstack_async import (
    ALL,
    Batch,
    Company,
    CompanyFilters,
    CreditBudget,
    DecodeError,
    EndReason,
    IncrementalRun,
    IncrementalState,
    Job,
    JobFilters,
    JobSort,
    JSONState,
    RequestOptions,
    ResponseMeta,
    Sink,
    SQLiteSink,
    SQLiteState,
    Summary,
    TheirStack,
    WebhookEvent,
    Window,
    open_sink,
    open_state,
)


def insert(connection: Any) -> None:
    connection.execute("INSERT INTO rows VALUES (1)")


async def jobs(client: TheirStack, state: IncrementalState) -> None:
    run = client.jobs.incremental(
        JobFilters(remote=True),
        state=state,
        budget=CreditBudget(100),
        landing=Path("landing"),
        since=datetime(2026, 1, 1, tzinfo=UTC),
        overlap=timedelta(hours=1),
        page_size=500,
        max_items=ALL,
        max_pages=4,
        extra_filters={"new": 1},
        rejects="collect",
        wait=5,
        options=RequestOptions(),
        posted_at_max_age_days=7,
    )
    assert_type(run, IncrementalRun[Job])
    client.jobs.incremental(state=state, landing="landing", since=date(2026, 1, 1), max_items=1)
    # A filter like any other for the types; the run refuses it when it is called.
    client.jobs.incremental(state=state, max_items=1, order_by=[JobSort(field="discovered_at")])


async def batches(run: IncrementalRun[Job]) -> None:
    async with run as entered:
        assert_type(entered, IncrementalRun[Job])
        async for batch in run:
            assert_type(batch, Batch[Job])
            assert_type(batch.rows, list[Job])
            assert_type(batch.window, Window)
            assert_type(batch.window.start, datetime | None)
            assert_type(batch.credits, int)
            assert_type(batch.repeated, int)
            assert_type(batch.replayed, bool)
            assert_type(batch.rejects, tuple[DecodeError, ...])
            assert_type(batch.meta, ResponseMeta | None)
            await batch.ack()
            await batch.ack(within=insert, note={"bytes": 1})
            await run.ack([batch, batch], within=insert)
        async with aclosing(aiter(run)) as found:
            assert_type(await anext(found), Batch[Job])
        assert_type(await run.count(), int | None)
        assert_type(run.mark, datetime | None)
        assert_type(run.note, Mapping[str, Any] | None)
    assert_type(run.end, EndReason | None)
    assert_type(run.key, str)
    assert_type(run.row_type, type[Job])
    assert_type(run.summary, Summary)
    assert_type(run.summary.to_dict(), dict[str, Any])
    assert_type(run.summary.mark, datetime | None)


async def companies(client: TheirStack) -> None:
    run = client.companies.incremental(
        CompanyFilters(company_country_code_or=["ES"]), state=SQLiteState("state.db"), max_items=10
    )
    assert_type(run, IncrementalRun[Company])
    async with run:
        async for batch in run:
            assert_type(batch.rows, list[Company])


async def events(client: TheirStack) -> None:
    run = client.webhooks.events.incremental(7, state=JSONState("state.json"), status="FAILED", max_items=None)
    assert_type(run, IncrementalRun[WebhookEvent])


async def without_code(client: TheirStack, sink: SQLiteSink) -> None:
    async with client.jobs.incremental(state=sink.state, max_items=ALL) as run:
        assert_type(await run.into(sink), Summary)
    state = open_state("state.db")
    assert_type(state, IncrementalState)
    assert_type(await state.profiles(), Mapping[str, Mapping[str, Any]])
    assert_type(open_sink("jobs.db"), Sink)
