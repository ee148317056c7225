"""One of several processes that share a key: it buys jobs, a few a call, until its calls or the credits are used up.

``python -m tests.quota._worker ORDER`` says ``ready``, begins at the next line of its input, and prints what it got.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from tests.quota._places import open_store
from theirstack_async import CreditBudget, TheirStack

AT_ONCE = 4
PATIENCE = 80.0
"""Seconds."""


async def work(order: dict[str, Any]) -> dict[str, Any]:
    """Make the calls of an order, and return the rows that came and what the budget says in the end."""
    windows, ledger = open_store(order["store"], 30.0), open_store(order["store"], 30.0)
    budget = CreditBudget(order["limit"], store=ledger, lease=order["lease"])
    async with TheirStack(
        order["key"], base_url=order["base_url"], quota=windows, budget=budget, max_rate_wait=PATIENCE
    ) as client:
        calls, rows = iter(range(order["calls"])), 0

        async def buy() -> None:
            nonlocal rows
            for _ in calls:
                found = await client.jobs.search(posted_at_max_age_days=30, max_items=order["rows"]).collect()
                rows += len(found)

        await asyncio.gather(*(buy() for _ in range(AT_ONCE)))
        await budget.refresh()
    await windows.aclose()
    await ledger.aclose()
    return {"rows": rows, "spent": budget.spent, "held": budget.held, "uncertain": budget.uncertain}


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Do the order of the command line."""
    say("ready")
    sys.stdin.readline()
    say(json.dumps(asyncio.run(work(json.loads(sys.argv[1])))))


if __name__ == "__main__":
    main()
