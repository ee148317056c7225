"""Recover from an outage: ``python recover_outage.py START END WEBHOOK_ID...``.

START and END are instants such as 2026-09-19T22:00Z. What failed between them is delivered again.
Whatever ends it, start it again: it goes on from its journal, ``outage.db``. What became of each
event is in ``outage.csv``.

Exit code 0: every event was delivered; 3: some were not, or not yet; 1: an error.
"""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from theirstack_async import Replay, TheirStack, TheirStackError, TheirStackEvents

JOURNAL = Path("outage.db")


async def recover(begun: bool, start: str, end: str, *webhooks: str) -> int:
    async with TheirStack() as client, Replay(TheirStackEvents(client)) as replay:
        if begun:
            run = replay.resume(JOURNAL)
        else:
            since, until = datetime.fromisoformat(start), datetime.fromisoformat(end)
            plan = await replay.plan(map(int, webhooks), start=since, end=until)
            print(plan)
            run = replay.run(plan, journal=JOURNAL)
        async with run:
            async for now in run.progress(every=10):
                print(f"{now.accepted:,} of {now.total:,} accepted", file=sys.stderr)
        report = await replay.verify(JOURNAL, deadline=60)
    report.save_csv("outage.csv")
    print(report)
    return 0 if report.ok else 3


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(recover(JOURNAL.exists(), *sys.argv[1:])))
    except TheirStackError as error:
        sys.exit(str(error))
