"""What incremental extraction costs beside a bare writer of the same rows: rows a second into SQLite and into Parquet.

    python benchmarks/incremental.py [sqlite] [parquet]

The fake server is a process of its own with 1,000,000 jobs. The bare writer sends the requests that the SDK sends, 500
jobs a page, over plain aiohttp, decodes them with the standard library, and writes the same columns: by ``executemany``
in a transaction a page, or by pyarrow in files of as many rows. It has no state and no landing folder, and asks nothing
twice only because nothing goes wrong. The SDK runs ``client.jobs.incremental(..., landing=...)`` into a sink. Both are
processes of their own and take turns, so that a busy machine slows them alike.

Bounds: 0.7 of the bare writer's rows a second, and at most 60 MB more memory (RSS at its highest) after the first tenth
of the rows. Exits 1 beyond them. ``LOAD_SCALE`` scales the count.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from bare_writer import OVERLAP, PAGE, to_parquet, to_sqlite

from theirstack_async import ALL, All, TheirStack
from theirstack_async.incremental import Batch, ParquetSink, Sink, SQLiteSink, SQLiteState
from theirstack_async.models import Model
from theirstack_async.testing import FakeTheirStack

SCALE = float(os.environ.get("LOAD_SCALE") or "1")
JOBS = max(1_000, round(1_000_000 * SCALE))
TURN = max(PAGE, JOBS // 40)
"""Rows that one writer stores while the other waits."""
PART = max(PAGE, JOBS // 20)
"""Rows a Parquet file."""
FASTER = 0.7
"""Of the bare writer's rows a second."""
GROWTH = 60.0
"""MB."""


async def serve() -> None:
    async with FakeTheirStack(keep_requests=False, jobs=JOBS) as fake:
        assert len(fake.job_ids) == JOBS  # they are made now, and not while a request waits
        print(fake.base_url, fake.api_key, flush=True)
        await fake.serve_forever()


class Turns:
    """Counts the rows that were stored, and waits after a turn's worth until the parent says go on."""

    def __init__(self) -> None:
        self._rows = 0
        self._turns = 0
        self._early = 0.0
        self._begin()

    def stored(self, rows: int) -> None:
        self._rows += rows
        if not self._early and self._rows >= JOBS // 10:
            self._early = _highest()
        if self._rows >= (self._turns + 1) * TURN:
            self._turns = self._rows // TURN
            self.tell(done=False)
            self._begin()

    def tell(self, *, done: bool) -> None:
        seconds, cpu = time.perf_counter() - self._started, time.process_time() - self._cpu
        growth = _highest() - self._early
        told = {"rows": self._rows, "seconds": seconds, "cpu": cpu, "growth": growth, "done": done}
        print(json.dumps(told), flush=True)

    def _begin(self) -> None:
        assert sys.stdin.readline()
        self._started, self._cpu = time.perf_counter(), time.process_time()


def _highest() -> float:
    """Return the most resident memory in MB that this process has had.

    That of ``getrusage`` begins with the most of the process that started this one.
    """
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))


class Counted:
    """A sink that counts what another one stores."""

    def __init__(self, sink: Sink, stored: Callable[[int], None]) -> None:
        self._sink = sink
        self._stored = stored
        self.state = sink.state

    @property
    def name(self) -> str:
        return self._sink.name

    async def open(self, row_type: type[Model], saved: Mapping[str, Any] | None) -> None:
        await self._sink.open(row_type, saved)

    async def write(self, batch: Batch[Any]) -> None:
        await self._sink.write(batch)
        self._stored(len(batch.rows))

    async def flush(self) -> None:
        await self._sink.flush()

    async def aclose(self) -> None:
        await self._sink.aclose()


async def run_sdk(url: str, key: str, sink: Sink, landing: Path, max_items: int | All = ALL) -> None:
    state = sink.state or SQLiteState(landing.with_suffix(".state"))
    async with (
        TheirStack(key, base_url=url) as client,
        client.jobs.incremental(
            state=state, landing=landing, page_size=PAGE, overlap=OVERLAP, max_items=max_items
        ) as run,
    ):
        await run.into(sink)
    await state.aclose()
    await sink.aclose()


async def bare_parquet(url: str, key: str, folder: Path, stored: Callable[[int], None]) -> None:
    await to_parquet(url, key, folder, PART, stored)


async def sdk_sqlite(url: str, key: str, folder: Path, stored: Callable[[int], None]) -> None:
    await run_sdk(url, key, Counted(SQLiteSink(folder / "sdk.db"), stored), folder / "landing-sqlite")


async def sdk_parquet(url: str, key: str, folder: Path, stored: Callable[[int], None]) -> None:
    sink = ParquetSink(folder / "sdk", rows_per_file=PART)
    await run_sdk(url, key, Counted(sink, stored), folder / "landing-parquet")


async def sample(kind: str, url: str, key: str, folder: Path) -> None:
    """Store one page, so that the bare writer can make the same table."""
    sink = SQLiteSink(folder / "sample.db") if kind == "sqlite" else ParquetSink(folder / "sample")
    await run_sdk(url, key, sink, folder / f"landing-sample-{kind}", PAGE)


async def work(name: str, url: str, key: str, folder: Path) -> None:
    """Store all rows, a turn's worth at a time."""
    turns = Turns()
    await WORKS[name](url, key, folder, turns.stored)
    turns.tell(done=True)


def ids_sqlite(folder: Path, name: str) -> list[int]:
    connection = sqlite3.connect(folder / f"{name}.db")
    try:
        return [one for (one,) in connection.execute("SELECT id FROM jobs ORDER BY id")]
    finally:
        connection.close()


def ids_parquet(folder: Path, name: str) -> list[int]:
    paths = sorted((folder / name).rglob("*.parquet"))
    return sorted(one for path in paths for one in pq.ParquetFile(path).read(columns=["id"])["id"].to_pylist())


IDS = {"sqlite": ids_sqlite, "parquet": ids_parquet}
WORKS = {
    "bare-sqlite": to_sqlite,
    "bare-parquet": bare_parquet,
    "sdk-sqlite": sdk_sqlite,
    "sdk-parquet": sdk_parquet,
}


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Give a process that runs this file, and end it."""
    command = [sys.executable, __file__, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.terminate()


def turn(child: subprocess.Popen[str]) -> dict[str, Any]:
    """Let a writer store a turn's worth of rows, and return what it tells."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    line = child.stdout.readline()
    assert line, "a writer has ended with an error"
    told: dict[str, Any] = json.loads(line)
    return told


def compare(kind: str, url: str, key: str, folder: Path) -> bool:
    """Run both writers in turns, print what they took, and return whether it is within the bounds."""
    subprocess.run([sys.executable, __file__, "sample", kind, url, key, str(folder)], check=True)
    seconds, cpu, growth = ({"bare": 0.0, "sdk": 0.0} for _ in range(3))
    with (
        process(f"bare-{kind}", url, key, str(folder)) as bare,
        process(f"sdk-{kind}", url, key, str(folder)) as sdk,
    ):
        running = {"bare": bare, "sdk": sdk}
        while running:
            for name, child in list(running.items()):
                told = turn(child)
                seconds[name] += told["seconds"]
                cpu[name] += told["cpu"]
                growth[name] = told["growth"]
                if told["done"]:
                    assert told["rows"] == JOBS, f"{name} stored {told['rows']:,} rows of {JOBS:,}"
                    del running[name]
    for name in seconds:
        rate, each = JOBS / seconds[name], cpu[name] / JOBS * 1e6
        print(f"{kind:9}{name:6}{JOBS:>11,}{seconds[name]:>10.1f}{rate:>10,.0f}{each:>10.0f}{growth[name]:>11.1f}")
    found = IDS[kind](folder, "sdk")
    assert len(found) == JOBS
    assert found == IDS[kind](folder, "bare")
    ratio = seconds["bare"] / seconds["sdk"]
    print(f"{kind:9}the SDK writes {ratio:.2f} of the bare writer's rows a second (bound {FASTER})", flush=True)
    return ratio >= FASTER and growth["sdk"] <= GROWTH


def measure(kinds: list[str]) -> bool:
    print(f"{'':15}{'rows':>11}{'seconds':>10}{'rows/s':>10}{'CPU us':>10}{'growth MB':>11}", flush=True)
    with process("serve") as server, tempfile.TemporaryDirectory() as folder:
        assert server.stdout is not None
        url, key = server.stdout.readline().split()
        within = [compare(kind, url, key, Path(folder)) for kind in kinds]
    return all(within)


def main() -> int:
    first, *others = sys.argv[1:] or ["sqlite", "parquet"]
    if first == "serve":
        asyncio.run(serve())
    elif first == "sample":
        kind, url, key, folder = others
        asyncio.run(sample(kind, url, key, Path(folder)))
    elif first in WORKS:
        url, key, folder = others
        asyncio.run(work(first, url, key, Path(folder)))
    else:
        return 0 if measure([first, *others] if sys.argv[1:] else ["sqlite", "parquet"]) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
