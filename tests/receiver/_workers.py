"""Starting the programs of ``_worker.py``, killing them, and looking at what they left."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import attrs

from tests._imports import ROOT
from tests.incremental._programs import Program

LOOK_EVERY = 0.002
"""Seconds between two looks at a log: processes that can be killed anywhere have no clock of ours."""


@asynccontextmanager
async def program() -> AsyncIterator[Program]:
    """Yield a program, and end it with its worker."""
    pipes = dict.fromkeys(("stdin", "stdout"), asyncio.subprocess.PIPE)
    started = Program(
        await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.receiver._worker", cwd=ROOT, **pipes)
    )
    try:
        yield started
    finally:
        if started.process.returncode is None:
            started.process.kill()
        await started.process.communicate(b"")


@contextmanager
def held_port() -> Iterator[int]:
    """Yield a port that nobody else gets: it is bound here, and refuses while no worker listens on it too."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@attrs.define
class Log:
    """What the workers of one log have written."""

    path: Path
    _read: int = 0

    def words(self) -> list[tuple[str, int]]:
        """Return all lines, each a word and a number."""
        lines = self.path.read_text("ascii").splitlines() if self.path.exists() else []
        return [(word, int(number)) for word, number in (line.split() for line in lines)]

    def ids(self, word: str) -> list[int]:
        """Return the events of the lines with a word."""
        return [number for found, number in self.words() if found == word]

    def count(self, word: str) -> Counter[int]:
        """Return how many lines with a word there are of each event."""
        return Counter(self.ids(word))

    def news(self) -> list[tuple[str, int]]:
        """Return the lines that were not asked for before."""
        words = self.words()
        new, self._read = words[self._read :], len(words)
        return new


@attrs.define
class Worker:
    """A receiver in a process of its own."""

    program: Program
    outcome: asyncio.Future[dict[str, Any] | None]

    async def stop(self) -> dict[str, Any]:
        """Let it end as a service is told to, and return its counts."""
        os.kill(self.program.child, signal.SIGTERM)
        found = await self.outcome
        assert found is not None and "error" not in found, found
        return found

    async def kill(self) -> None:
        """Kill it, if it has not died by then."""
        self.program.kill()
        await self.died()

    async def died(self) -> None:
        """Wait until it has killed itself."""
        assert await self.outcome is None, self.outcome.result()


@asynccontextmanager
async def working(running: Program, order: dict[str, Any]) -> AsyncIterator[Worker]:
    """Start a worker, and yield it once it listens or has died. It does not outlive its block."""
    log = Log(Path(order["log"]))
    before = len(log.ids("up"))
    await running.begin(order)
    worker = Worker(running, asyncio.ensure_future(running.result()))
    try:
        while len(log.ids("up")) == before and not worker.outcome.done():
            await asyncio.sleep(LOOK_EVERY)
        yield worker
    finally:
        if not worker.outcome.done():
            running.kill()
            await worker.outcome


def order(folder: Path, port: int, **how: Any) -> dict[str, Any]:
    """Return the order for a worker with all that it keeps in a folder."""
    return {
        "store": str(folder / "deliveries.db"), "log": str(folder / "log.txt"), "port": port, "ahead": 0.0,
        "point": None, "time": 1, "longest": 0.0, "max_concurrency": 10, "budget": 5.0, **how,
    }  # fmt: skip
