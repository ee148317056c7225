"""Starting programs of ``_program.py``, and the API and the receiver that outlive them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests._imports import ROOT
from tests.incremental._programs import Program
from theirstack_async.testing import FakeTheirStack


@asynccontextmanager
async def program() -> AsyncIterator[Program]:
    """Yield a program, and end it with its run."""
    pipes = dict.fromkeys(("stdin", "stdout"), asyncio.subprocess.PIPE)
    started = Program(
        await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.replay._program", cwd=ROOT, **pipes)
    )
    try:
        yield started
    finally:
        if started.process.returncode is None:
            started.process.kill()
        await started.process.communicate(b"")


def order(fake: FakeTheirStack, journal: Path, webhooks: list[int], **how: Any) -> dict[str, Any]:
    """Return the order for a run, or, where there is a journal, for going on with it."""
    return {
        "base_url": fake.base_url, "key": fake.api_key, "journal": str(journal), "webhooks": webhooks,
        "resume": journal.exists(), "last": None, "on_unknown": "report", "max_concurrency": 1, "batch_size": 4, **how,
    }  # fmt: skip


class Receiver:
    """Takes deliveries on 127.0.0.1, counts them, and refuses some events for good."""

    def __init__(self) -> None:
        self.url = ""
        self.refused: set[int] = set()
        self.taken: list[int] = []

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Take a delivery, or refuse it."""
        event = json.loads(await request.read())["id"]
        if event in self.refused:
            return web.Response(status=503, text="not that one")
        self.taken.append(event)
        return web.Response(text="thank you")


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Yield a receiver that listens."""
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
