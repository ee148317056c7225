"""Starting workers and hearing of them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs

from tests._imports import ROOT


@attrs.frozen
class Worker:
    """A process of ``_worker.py`` that waits for the word to begin."""

    process: asyncio.subprocess.Process

    def begin(self) -> None:
        """Let it begin."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")

    async def result(self) -> dict[str, Any]:
        """Return what it says in the end."""
        output, errors = await self.process.communicate()
        assert self.process.returncode == 0, errors.decode()
        found: dict[str, Any] = json.loads(output)
        return found

    async def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.process.kill()
        await self.process.communicate()


@asynccontextmanager
async def workers(number: int, order: dict[str, Any]) -> AsyncIterator[list[Worker]]:
    """Start workers with an order, and yield them when all are ready."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), asyncio.subprocess.PIPE)
    command = (sys.executable, "-m", "tests.quota._worker", json.dumps(order))
    started = [Worker(await asyncio.create_subprocess_exec(*command, cwd=ROOT, **pipes)) for _ in range(number)]
    try:
        for worker in started:
            assert worker.process.stdout is not None
            assert await worker.process.stdout.readline() == b"ready\n"
        yield started
    finally:
        for worker in started:
            if worker.process.returncode is None:
                await worker.kill()
