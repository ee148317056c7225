"""Plans, settings and journals to test with."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from theirstack_async.replay._journal import Journal
from theirstack_async.replay._ledger import Ledger
from theirstack_async.replay._plan import PlanEntry, ReplayPlan
from theirstack_async.replay._provider import StopWhen, WebhookId
from theirstack_async.replay._settings import Settings
from theirstack_async.replay._steps import Answered, Intended, Step

START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW: Final = START.timestamp()


def entry(id_: int | str, webhook_id: WebhookId = 1, **fields: Any) -> PlanEntry[Any]:
    """Return an entry of a plan."""
    at = START + timedelta(seconds=id_ if isinstance(id_, int) else 0)
    common: dict[str, Any] = {"type": "job.new", "created_at": at, "updated_at": at}
    return PlanEntry(id=id_, webhook_id=webhook_id, **{**common, **fields})


def plan_of(*entries: PlanEntry[Any], **fields: Any) -> ReplayPlan:
    """Return a plan."""
    common: dict[str, Any] = {
        "provider": "memory", "where": "http://127.0.0.1:1", "made_at": START, "start": None, "end": None,
        "status": ("FAILED",), "auto_retry": "include", "batch_size": 2, "windows": (),
    }  # fmt: skip
    return ReplayPlan(entries=entries, **{**common, **fields})


def plan_of_size(count: int) -> ReplayPlan:
    """Return a plan of so many events of webhook 1, all to be sent."""
    return plan_of(*(entry(number) for number in range(count)))


def settings_of(**fields: Any) -> Settings:
    """Return settings."""
    common: dict[str, Any] = {
        "batch_size": 2, "rate": 1.5, "max_concurrency": 4, "canary": 1, "stop_when": StopWhen(),
        "on_unknown": "report", "grace": 60.0,
    }  # fmt: skip
    return Settings(**{**common, **fields})


def intended(batch: int, *positions: int, at: float = NOW) -> Intended:
    """Return the intent of a call."""
    return Intended(batch=batch, positions=positions, at=at)


def accepted(batch: int, *positions: int, **fields: Any) -> Answered:
    """Return the answer to a call that took these."""
    return Answered(**{"batch": batch, "accepted": dict.fromkeys(positions), "rejected": {}, **fields})


def ledger_of(plan: ReplayPlan, *steps: Step) -> Ledger:
    """Return a ledger that has taken steps in."""
    ledger = Ledger(plan)
    for step in steps:
        ledger.apply(step)
    return ledger


def standing(ledger: Ledger, plan: ReplayPlan) -> dict[str, Any]:
    """Return all that a ledger tells, to be compared."""
    every = range(len(plan.entries))
    return {
        "states": [ledger.state(each) for each in every],
        "batches": [ledger.batch(each) for each in every],
        "sends": [ledger.sends(each) for each in every],
        "intended_at": [ledger.intended_at(each) for each in every],
        "final": [ledger.final(each) for each in every],
        "open": dict(ledger.open_batches),
        "next": ledger.next_batch,
        "stopped": dict(ledger.stopped),
        "counts": {each: ledger.counts(each) for each in (None, *plan.webhook_ids)},
    }


@asynccontextmanager
async def journal_at(path: str | os.PathLike[str], plan: ReplayPlan, *steps: Step) -> AsyncIterator[Journal]:
    """Yield a new journal with these steps."""
    journal = await Journal.create(path, plan, settings_of())
    try:
        for step in steps:
            await journal.write(step)
        yield journal
    finally:
        await journal.aclose()


async def steps_of(journal: Journal) -> list[Step]:
    """Return all steps of a journal."""
    return [step async for step in journal.steps()]


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to a file, as a user's own program would have it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def edit(path: Path, *statements: str) -> None:
    """Change a journal behind the triggers' back."""
    with connected(path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
