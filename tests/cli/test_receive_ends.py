"""``theirstack receive`` as a process of its own, which is ended in order and killed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from tests._scale import scaled
from tests.cli._receiving import SECRET
from tests.cli.test_terminal import PATIENCE, PROGRAM
from theirstack_async.testing import FakeTheirStack

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there are no such signals here")


@asynccontextmanager
async def receiving(out: Path, port: int = 0) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str], None]:
    """Run the program, and yield it with its URL."""
    command = [*PROGRAM, "receive", "--port", str(port), "--secret-env", "SECRET", "--out", str(out)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "SECRET": SECRET}, stdout=pipe, stderr=pipe
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        yield process, json.loads(line)["url"]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: asyncio.subprocess.Process) -> tuple[dict[str, Any], str]:
    """End a program as a supervisor does, and return its summary and what it said."""
    process.terminate()
    printed, said = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0, said
    return json.loads(printed), said.decode()


def ids(out: Path) -> list[int]:
    return sorted(json.loads(line)["id"] for line in out.read_bytes().splitlines())


def lines(out: Path) -> int:
    return out.read_bytes().count(b"\n")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


def let_leases_end(store: Path) -> None:
    """Have what is pending due now, as it is some seconds after the program died that had it."""
    with closing(sqlite3.connect(store, timeout=PATIENCE)) as connection, connection:
        connection.execute("UPDATE delivery SET due = 0 WHERE state = 'pending'")


async def test_sigterm_drains_and_tells(tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    async with receiving(out) as (process, url), FakeTheirStack(max_deliveries_in_flight=8) as fake:
        triggered = [*fake.trigger(fake.seed_webhook(url, secret=SECRET), 60)]
        while not out.stat().st_size:
            await asyncio.sleep(0.005)
        summary, said = await ended(process)
        await fake.settled()
        taken = [each for each in triggered if fake.event(each).status == "SUCCESS"]
        left = summary["stored"]["pending"]
        assert (summary["written"] + left, summary["claimed"], left) == (len(taken), len(taken), 0)
        assert ids(out) == taken
        assert said.startswith(f"Listening on {url} until Ctrl-C.")
        assert "Traceback" not in said


@pytest.mark.parametrize("seed", range(scaled(10)))
async def test_killed_at_any_time_it_writes_each_event_once(tmp_path: Path, seed: int) -> None:
    """The lines that a killed program has written and not marked are found again, and whatever it had not answered is
    sent again by the API.
    """
    rng = random.Random(seed)
    out, port = tmp_path / "events.jsonl", free_port()
    store = Path(f"{out}.store.db")
    async with FakeTheirStack(max_deliveries_in_flight=8) as fake:
        webhook = fake.seed_webhook(f"http://127.0.0.1:{port}/", secret=SECRET)
        triggered: list[int] = []
        for run in range(2):
            if run:
                let_leases_end(store)
            async with receiving(out, port) as (process, _):
                killed_after = lines(out) + rng.randrange(1, 60)
                triggered += fake.trigger(webhook, 80)
                while lines(out) < killed_after:
                    await asyncio.sleep(0)
                process.send_signal(signal.SIGKILL)
                await process.wait()
                await fake.settled()
        let_leases_end(store)
        async with receiving(out, port) as (process, _):
            await fake.clock.advance(3600)
            assert {fake.event(each).status for each in triggered} == {"SUCCESS"}
            while lines(out) < len(triggered):
                await asyncio.sleep(0.01)
            summary, _ = await ended(process)
    assert ids(out) == triggered
    assert summary["stored"] == {"pending": 0, "done": len(triggered), "unhandled": 0, "dead": 0}
