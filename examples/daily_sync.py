"""Store the jobs that were found since the last run: ``python daily_sync.py DATABASE LIMIT``, once a day.

DATABASE is a SQLite file. For a server, write ``PostgresSink("postgresql://...")``. LIMIT is what one run may spend in
credits; where they do not suffice, the next run goes on.

Exit code 0: every row is stored; 3: there may be more; 1: an error.
"""

import asyncio
import sys

from theirstack_async import CreditBudget, EndReason, SQLiteSink, TheirStack


async def main(database: str, limit: int) -> int:
    async with TheirStack(budget=CreditBudget(limit)) as client, SQLiteSink(database) as sink:
        jobs = client.jobs.incremental(job_title_or=["data engineer"], state=sink.state, landing="landing")
        async with jobs as run:
            summary = await run.into(sink)
    print(summary.rows, "rows,", summary.credits, "credits;", summary.end)
    return 0 if summary.end is EndReason.EXHAUSTED else 3


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], int(sys.argv[2]))))
