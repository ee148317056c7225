"""A program that copies jobs into a database, and may kill itself before any statement that it executes.

``python -m tests.incremental._sync`` takes an order a line, as JSON: it runs each in a process of its own, forked so
that nothing has to be imported again, and prints what came of it as JSON, or the signal that ended it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from typing import Any
from unittest.mock import patch

import duckdb
import psycopg

from theirstack_async import ALL, TheirStack
from theirstack_async.incremental import DuckDBSink, PostgresSink, SQLiteSink, SQLiteState
from theirstack_async.incremental.sinks._sql import SQLSink
from theirstack_async.models import Job
from theirstack_async.resources.jobs import Jobs

SINKS = {"sqlite": SQLiteSink, "duckdb": DuckDBSink, "postgres": PostgresSink}
DRIVERS: tuple[Any, ...] = (sqlite3, duckdb, psycopg)
LOADED = (Job, Jobs)
"""What a client would import late."""


class Statements:
    """Counts statements, and kills the process before one of them."""

    def __init__(self, last: int | None) -> None:
        self.last = last
        self.count = 0

    def tick(self) -> None:
        """Count one that is about to be executed."""
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1


class Counted:
    """A driver's connection or cursor whose statements are counted."""

    def __init__(self, real: Any, statements: Statements) -> None:
        self._real = real
        self._statements = statements

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name == "cursor":
            return lambda: Counted(found(), self._statements)
        if name not in ("execute", "executemany", "copy"):
            return found

        def counted(*args: Any) -> Any:
            self._statements.tick()
            return found(*args)

        return counted


async def sync(order: dict[str, Any], statements: Statements) -> dict[str, Any]:
    """Make one run, and return its summary."""
    sink: SQLSink = SINKS[order["kind"]](order["where"])
    state = SQLiteState(order["state"]) if order["state"] else sink.state
    async with TheirStack(order["key"], base_url=order["base_url"]) as client:
        made = client.jobs.incremental(
            posted_at_gte=date(2020, 1, 1), state=state, max_items=ALL, page_size=order["page_size"],
            landing=order["landing"], wait=30.0,
        )  # fmt: skip
        async with made as run:
            summary = await run.into(sink)
    await sink.aclose()
    await state.aclose()
    return {**summary.to_dict(), "statements": statements.count}


def run(order: dict[str, Any]) -> None:
    """Carry out an order, and print what came of it."""
    statements = Statements(order["last"])

    def counting(connect: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **how: Counted(connect(*args, **how), statements)

    with ExitStack() as patches:
        for driver in DRIVERS:
            patches.enter_context(patch.object(driver, "connect", counting(driver.connect)))
        _say(asyncio.run(sync(order, statements)))


def main() -> None:
    """Take orders until there are no more."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            _say({"status": os.waitstatus_to_exitcode(status)})


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
