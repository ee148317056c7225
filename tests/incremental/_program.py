"""A program that syncs jobs into its own SQLite table, run after run, each in a process of its own that may be killed.

``python -m tests.incremental._program`` takes an order a line, as JSON. It forks a process for each, which is quicker
than to start Python anew, and says its id; when that has ended, it says what came of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import aiohttp  # noqa: F401 - what is imported here need not be imported anew in each process
import filelock  # noqa: F401

from tests._orders import obey
from theirstack_async import CreditBudget, JobFilters, TheirStack
from theirstack_async.incremental import JSONState, SQLiteState, _landing, _profiles, open_state  # noqa: F401

FILTERS = JobFilters(posted_at_gte=date(2000, 1, 1))


def upsert(store: sqlite3.Connection, rows: Iterable[Any]) -> None:
    """Store rows, as a user would: each once by its id, and how often it came."""
    with store:
        store.executemany(
            "INSERT INTO jobs VALUES (?, ?, 1) ON CONFLICT (id) DO UPDATE SET title = excluded.title, came = came + 1",
            [(row.id, row.job_title) for row in rows],
        )


async def sync(order: dict[str, Any]) -> dict[str, Any]:
    """Do one run, and return its summary."""
    state = open_state(order["state"])
    with closing(sqlite3.connect(order["store"], timeout=60)) as store:
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, title TEXT, came INTEGER)")
        try:
            async with TheirStack(order["key"], base_url=order["base_url"]) as client:
                run = client.jobs.incremental(
                    FILTERS,
                    state=state,
                    budget=CreditBudget(10**9),
                    landing=order["landing"],
                    page_size=order["page_size"],
                    overlap=timedelta(minutes=1),
                    wait=order["wait"],
                )
                async with run:
                    async for batch in run:
                        upsert(store, batch.rows)
                        await batch.ack()
                return run.summary.to_dict()
        finally:
            await state.aclose()


if __name__ == "__main__":
    obey(sync)
