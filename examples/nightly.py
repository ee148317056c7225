"""Buy the jobs that were found on one day, yesterday by default: ``python nightly.py FOLDER TITLE``.

Several of these, for other titles, may run at once on a machine: they share the rate windows, and 2,000 credits a
month. A run that was cut short is begun again in the same way, and goes on where it ended. Rows are JSON lines in
FOLDER; one can be there twice after a crash, so read them by their id.

Exit code 0: all were bought; 3: the budget, the credits or the plan ended before; 7: a request of unknown outcome may
have been paid for; 1: something else went wrong.
"""

import argparse
import asyncio
import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from theirstack_async import (
    Checkpoint,
    ConfigurationError,
    CreditBudget,
    EndReason,
    Job,
    JobFilters,
    OutcomeUnknownError,
    Page,
    SQLiteQuota,
    TheirStack,
    TheirStackError,
    Timeouts,
)

HOUR = 3600.0


def load(place: Path) -> Checkpoint | None:
    return Checkpoint.from_json(place.read_text("utf-8")) if place.exists() else None


def save(page: Page[Job], rows: Path, checkpoint: Checkpoint, place: Path) -> None:
    """Append the rows of a page to a file, and then note how far it got."""
    with rows.open("ab") as file:
        # What does not decode was paid for too, and is kept as it came.
        for line in [*(job.to_json().encode() for job in page.items), *(bad.body for bad in page.rejects)]:
            file.write(line + b"\n")
    new = place.with_suffix(".new")
    new.write_text(checkpoint.to_json(), "utf-8")
    new.replace(place)


async def main(folder: Path, title: str, day: date, limit: int) -> int:
    start = datetime.combine(day, time(), UTC)
    query = JobFilters(
        job_title_or=[title],
        posted_at_gte=day - timedelta(days=30),
        discovered_at_gte=start,
        discovered_at_lte=start + timedelta(days=1),
    )
    name = re.sub(r"\W+", "-", f"{day} {title}")
    place = folder / f"{name}.checkpoint"
    store = SQLiteQuota(folder / "quota.db")
    # A call may wait an hour for a rate window, and holds its credits for as long.
    budget = CreditBudget(limit, store=store, name=f"nightly {day:%Y-%m}", lease=HOUR)
    try:
        async with TheirStack(
            budget=budget, quota=store, max_rate_wait=HOUR, timeouts=Timeouts(deadline=HOUR)
        ) as client:
            await settle(budget, client)
            search = client.jobs.search(query, page_size=100, resume=load(place), partial=True, rejects="collect")
            async for page in search.pages():
                save(page, folder / f"{name}.jsonl", search.checkpoint(), place)
            spent = client.usage.total.credits
            print(f"{spent} credits spent, {budget.left} left, {budget.uncertain} uncertain; {search.end}")
            return 0 if search.end is EndReason.EXHAUSTED else 3
    finally:
        await store.aclose()


async def settle(budget: CreditBudget, client: TheirStack) -> None:
    """Note the balance when the month begins; later on settle what earlier runs left in doubt."""
    try:
        done = await budget.reconcile(client)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
    else:
        if done.doubts:
            print(f"{len(done.doubts)} doubts settled: {done.cost} credits spent, {done.freed} free again")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Buy the jobs that were found on one day.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("title")
    parser.add_argument("--day", type=date.fromisoformat, default=datetime.now(UTC).date() - timedelta(days=1))
    parser.add_argument("--credits", type=int, default=2_000, help="for all runs of a month together")
    given = parser.parse_args()
    try:
        sys.exit(asyncio.run(main(given.folder, given.title, given.day, given.credits)))
    except OutcomeUnknownError as error:
        print(error, file=sys.stderr)
        sys.exit(7)
    except TheirStackError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
