"""Buy the jobs that some companies posted in the last 30 days: ``python company_check.py LIMIT DOMAIN...``.

LIMIT is the gate: the credits that all runs in this folder may spend together. The rows are in the table ``jobs`` of
jobs.db. A run that was cut short is begun again in the same way, and goes on where it ended: what was bought is not
bought again. Give domains as the API does, such as ``example.com``.
"""

import asyncio
import sqlite3
import sys
from contextlib import aclosing, closing

from theirstack_async import CreditBudget, JobFilters, SQLiteQuota, SQLiteSink, TheirStack


async def main(limit: int, domains: list[str]) -> None:
    query = JobFilters(company_domain_or=sorted(domains), posted_at_max_age_days=30)
    async with TheirStack() as client, aclosing(SQLiteQuota("gate.db")) as gate, SQLiteSink("jobs.db") as out:
        budget = CreditBudget(limit, store=gate)
        async with client.jobs.incremental(query, state=out.state, landing="landing", budget=budget) as run:
            await run.into(out)
    with closing(sqlite3.connect("jobs.db")) as database:
        for domain in domains:
            print(domain, *database.execute("SELECT count(*) FROM jobs WHERE company_domain = ?", [domain]).fetchone())
    print(run.summary.credits, "credits now,", budget.spent, "in all,", budget.left, "left;", run.end)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
