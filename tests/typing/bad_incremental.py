"""Mistakes with incremental runs that both type checkers must report, each on its marked line."""

from __future__ import annotations

from datetime import timedelta

from theirstack_async import Batch, Company, IncrementalRun, Job, JobFilters, SQLiteSink, SQLiteState, TheirStack

STATE = SQLiteState("state.db")


def makes(client: TheirStack) -> None:
    client.jobs.incremental(max_items=1)  # E: call-arg, reportCallIssue
    client.jobs.incremental(state=None, max_items=1)  # E: arg-type, reportArgumentType
    client.jobs.incremental(state="state.db", max_items=1)  # E: arg-type, reportArgumentType
    client.jobs.incremental(state=SQLiteState, max_items=1)  # E: arg-type, reportArgumentType
    client.jobs.incremental({"remote": True}, state=STATE, max_items=1)  # E: arg-type, reportArgumentType
    client.jobs.incremental(state=STATE, max_items="all")  # E: arg-type, reportArgumentType
    client.jobs.incremental(state=STATE, budget=100)  # E: arg-type, reportArgumentType
    client.jobs.incremental(state=STATE, landing=True, max_items=1)  # E: arg-type, reportArgumentType
    client.jobs.incremental(state=STATE, landing=b"folder", max_items=1)  # E: arg-type, reportArgumentType
    client.jobs.incremental(state=STATE, since="2026-01-01", max_items=1)  # E: arg-type, reportArgumentType
    client.jobs.incremental(state=STATE, overlap=600, max_items=1)  # E: arg-type, reportArgumentType
    client.jobs.incremental(state=STATE, rejects="drop", max_items=1)  # E: arg-type, reportArgumentType
    client.jobs.incremental(state=STATE, limit=5, max_items=1)  # E: call-arg, reportCallIssue
    client.companies.incremental(JobFilters(), state=STATE, max_items=1)  # E: arg-type, reportArgumentType
    client.companies.incremental(state=STATE, overlap=timedelta(1), max_items=1)  # E: call-arg, reportCallIssue
    client.companies.incremental(max_items=1)  # E: call-arg, reportCallIssue
    client.webhooks.events.incremental(state=STATE)  # E: call-arg, reportCallIssue
    client.webhooks.events.incremental("7", state=STATE)  # E: arg-type, reportArgumentType
    client.webhooks.events.incremental(7, state=STATE, landing="folder")  # E: call-arg, reportCallIssue


async def uses(run: IncrementalRun[Job], batch: Batch[Job], sink: SQLiteSink) -> None:
    async for found in run:
        rows: list[Company] = found.rows  # E: assignment, reportAssignmentType
        found.ack()  # E: unused-coroutine, reportUnusedCoroutine
        await found.ack([found])  # E: call-arg misc, reportCallIssue
        await found.ack(note="done")  # E: arg-type, reportArgumentType
        rows.clear()
    for _ in run:  # E: attr-defined, reportGeneralTypeIssues reportAttributeAccessIssue
        break
    with run:  # E: attr-defined, reportGeneralTypeIssues reportAttributeAccessIssue
        await run.count()
    await run.ack(batch)  # E: arg-type, reportArgumentType
    await run.into("jobs.db")  # E: arg-type, reportArgumentType
    await run.into(STATE)  # E: arg-type, reportArgumentType
    run.into(sink)  # E: unused-coroutine, reportUnusedCoroutine
    run.end = None  # E: misc, reportAttributeAccessIssue
    run.summary.rows = 1  # E: misc, reportAttributeAccessIssue
