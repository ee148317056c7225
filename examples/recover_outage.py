"""Recover from an outage: ``python recover_outage.py START END WEBHOOK_ID...``.

START and END are instants such as 2026-09-19T22:00Z. What failed between them is delivered again.
Whatever ends it, start it again with the same arguments: it goes on from its journal, which they
name, such as ``outage_2026-09-19T2200Z_2026-09-20T0600Z_101.db``. Beside it, in a file that ends in
``.csv``, is what became of each event.

Exit code 0: every event was delivered; 3: some were not, or not yet; 1: an error.
"""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from theirstack_async import Replay, TheirStack, TheirStackError, TheirStackEvents


async def recover(journal: Path, begun: bool, start: str, end: str, *webhooks: str) -> int:
    async with TheirStack() as client, Replay(TheirStackEvents(client)) as replay:
        if begun:
            run = replay.resume(journal)
        else:
            since, until = datetime.fromisoformat(start), datetime.fromisoformat(end)
            plan = await replay.plan(map(int, webhooks), start=since, end=until)
            print(plan)
            run = replay.run(plan, journal=journal)
        async with run:
            async for now in run.progress(every=10):
                print(f"{now.accepted:,} of {now.total:,} accepted", file=sys.stderr)
        report = await replay.verify(journal, deadline=60)
    report.save_csv(journal.with_suffix(".csv"))
    print(report)
    return 0 if report.ok else 3


if __name__ == "__main__":
    # Another outage has a journal of its own, else it would be taken for one that is over.
    file = Path("_".join(["outage", *sys.argv[1:]]).replace(":", "") + ".db")
    try:
        sys.exit(asyncio.run(recover(file, file.exists(), *sys.argv[1:])))
    except TheirStackError as error:
        sys.exit(str(error))
