"""Look for free, choose, and pay for what was chosen: ``python choose_and_reveal.py LIMIT TITLE``.

The choice, here the remote jobs, is in plan.json, whole before anything is paid for. A run that was cut short is begun
again in the same way, and buys the rest of the plan, nothing twice, for LIMIT credits at the most. The rows are in the
table ``jobs`` of jobs.db. Another choice is made in another folder. In one call, without a second run, without files:
``client.jobs.reveal()``.
"""

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from theirstack_async import CreditBudget, SQLiteSink, TheirStack


async def choose(title: str) -> list[int]:
    async with TheirStack() as client:
        preview = client.jobs.preview(job_title_or=[title], posted_at_max_age_days=7, page_size=500)
        return [job.id async for job in preview if job.remote]


async def buy(ids: list[int], limit: int) -> None:
    async with TheirStack(budget=CreditBudget(limit)) as client, SQLiteSink("jobs.db") as sink:
        jobs = client.jobs.incremental(job_id_or=ids, max_items=len(ids), state=sink.state, landing="landing")
        async with jobs as run:
            print((await run.into(sink)).rows, "bought;", run.end)
    with closing(sqlite3.connect("jobs.db")) as database:
        print("not there:", {*ids}.difference(row[0] for row in database.execute("SELECT id FROM jobs")) or "none")


if __name__ == "__main__":
    if not (plan := Path("plan.json")).exists():
        plan.write_text(json.dumps(asyncio.run(choose(sys.argv[2]))), "utf-8")
    asyncio.run(buy(json.loads(plan.read_text("utf-8")), int(sys.argv[1])))
