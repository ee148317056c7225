"""Starting programs of ``_program.py``, killing their processes, and looking at what they left."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import attrs

from tests._imports import ROOT
from theirstack_async.testing import FakeTheirStack


@attrs.define
class Program:
    """One that waits for orders."""

    process: asyncio.subprocess.Process
    child: int = 0
    """The process of the run."""

    async def begin(self, order: dict[str, Any]) -> None:
        """Begin a run."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.child = int(await self._line())

    def kill(self) -> None:
        """End the run as ``kill -9`` does. One that has ended is no error, and waits for its parent all the same."""
        try:
            os.kill(self.child, signal.SIGKILL)
        except ProcessLookupError:
            return

    async def result(self) -> dict[str, Any] | None:
        """Return what came of the run; None of one that was killed."""
        result: dict[str, Any] | None = json.loads(await self._line())
        return result

    async def _line(self) -> bytes:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, "the program has ended"
        return line


@asynccontextmanager
async def program() -> AsyncIterator[Program]:
    """Yield a program, and end it with its run."""
    started = Program(
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.incremental._program",
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
    )  # fmt: skip
    try:
        yield started
    finally:
        if started.process.returncode is None:
            started.process.kill()
        await started.process.communicate(b"")


def order(fake: FakeTheirStack, folder: Path, **how: Any) -> dict[str, Any]:
    """Return the order for a run against a fake server, with all that it keeps in a folder."""
    return {
        "base_url": fake.base_url, "key": fake.api_key, "store": str(folder / "store.db"),
        "state": str(folder / "state.db"), "landing": None, "page_size": 10, "wait": 0.0, **how,
    }  # fmt: skip


def stored(folder: Path) -> dict[int, int]:
    """Return the ids of the jobs that are stored, each with how often it came."""
    with closing(sqlite3.connect(folder / "store.db", timeout=60)) as store:
        if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs'").fetchall():
            return {}
        return dict(store.execute("SELECT id, came FROM jobs"))
