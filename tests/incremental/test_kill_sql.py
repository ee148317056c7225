"""A program that is killed between any two statements: its next run ends with every row once, paid for once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests._imports import ROOT
from tests._scale import LOAD_SCALE
from tests.unit.incremental.sinks._databases import ask
from theirstack_async._database.database import DatabaseError
from theirstack_async.incremental import DuckDBSink, PostgresSink, SQLiteSink
from theirstack_async.incremental._landing import Landing
from theirstack_async.incremental.sinks._sql import SQLSink
from theirstack_async.testing import FakeTheirStack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the programs are forked, and there is no fork here"),
]

PAGE = 4
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
INSTANTS = [NOON + timedelta(seconds=second) for second in (0, 1, 1, 1, 1, 1, 2, 600, 601, 601)]
"""When the jobs were discovered: some at one instant, across the end of a page."""
STEP = 1 if LOAD_SCALE >= 1 else 21
"""Every which statement is the last one."""


@attrs.frozen
class Program:
    """Runs that are told to it, each in a process of its own."""

    process: asyncio.subprocess.Process

    async def run(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return what came of one run."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        line = await self.process.stdout.readline()
        found: dict[str, Any] = json.loads(line)
        return found


@asynccontextmanager
async def program() -> AsyncIterator[Program]:
    pipes = dict.fromkeys(("stdin", "stdout"), asyncio.subprocess.PIPE)
    started = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.incremental._sync", cwd=ROOT, **pipes)
    try:
        yield Program(started)
    finally:
        await started.communicate(b"")  # which closes its input; without a text, Python 3.11 leaves it open


@attrs.define
class Place:
    """Where one life of a program happens: a database that is new."""

    kind: str
    fresh: Callable[[int], str]
    """Returns where an empty database is, by a number."""
    folder: Path
    landing: bool = False
    apart: bool = False
    """Whether the state is in a file of its own."""

    def order(self, fake: FakeTheirStack, number: int, last: int | None, where: str) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "where": where,
            "last": last,
            "page_size": PAGE,
            "key": fake.api_key,
            "base_url": fake.base_url,
            "landing": str(self.folder / f"landing{number}") if self.landing else None,
            "state": str(self.folder / f"state{number}.db") if self.apart else None,
        }


@pytest.fixture(params=["sqlite", "duckdb", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    kind: str = request.param
    if kind != "postgres":
        return Place(kind, lambda number: str(tmp_path / f"rows{number}.{kind}"), tmp_path)
    url = request.getfixturevalue("postgres_url")
    import psycopg

    def fresh(number: int) -> str:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS life{number} CASCADE")
            connection.execute(f"CREATE SCHEMA life{number}")
        return f"{url}?options=-csearch_path%3Dlife{number}"

    return Place(kind, fresh, tmp_path)


def sink_of(kind: str, where: str) -> SQLSink:
    return {"sqlite": SQLiteSink, "duckdb": DuckDBSink, "postgres": PostgresSink}[kind](where)


async def safe(place: Place, where: str, landing: str | None) -> set[int]:
    """Return the ids of the rows that outlived the program, in the table or in the landing folder."""
    sink = sink_of(place.kind, where)
    try:
        ids = {id_ for (id_,) in await ask(sink, "SELECT id FROM jobs")}
    except DatabaseError:
        # It died before there was a table.
        ids = set()
    await sink.aclose()
    for folder in folders(landing):
        pages = Landing(folder.parent)
        for number in await pages.pages(folder.name):
            body = (await pages.read(folder.name, number)).body
            ids |= {row["id"] for row in json.loads(body)["data"]}
    return ids


async def check(place: Place, where: str, fake: FakeTheirStack) -> None:
    """Assert that the table holds the server's rows, and the state knows it."""
    sink = sink_of(place.kind, where)
    rows = await ask(sink, "SELECT id FROM jobs ORDER BY id")
    assert [id_ for (id_,) in rows] == fake.job_ids
    if not place.apart:
        documents = [json.loads(text) for (text,) in await ask(sink, "SELECT document FROM theirstack_state")]
        assert [datetime.fromisoformat(each["mark"]) for each in documents] == [max(INSTANTS)]
        ((known,),) = await ask(sink, "SELECT count(*) FROM theirstack_seen")
        assert known >= sum(at >= max(INSTANTS) - timedelta(minutes=10) for at in INSTANTS)
    await sink.aclose()


def folders(landing: str | None) -> list[Path]:
    """Return the folders of the profiles in a landing folder."""
    return list(Path(landing).iterdir()) if landing and Path(landing).exists() else []


async def live(place: Place) -> None:
    """Let the program die before each statement in turn, each time over a new database, and run it again."""
    async with FakeTheirStack(jobs=0, companies=3) as fake, program() as runs:
        fake.seed_jobs(len(INSTANTS), discovered_at=INSTANTS)
        where = place.fresh(0)
        whole = await runs.run(place.order(fake, 0, None, where))
        assert (whole["rows"], whole["end"], fake.credits_billed) == (len(INSTANTS), "exhausted", len(INSTANTS))
        await check(place, where, fake)
        for last in range(0, whole["statements"], STEP):
            number, before = last + 1, fake.credits_billed
            where = place.fresh(number)
            order = place.order(fake, number, last, where)
            assert await runs.run(order) == {"status": -signal.SIGKILL}
            left = len(INSTANTS) - len(await safe(place, where, order["landing"]))
            again = await runs.run(place.order(fake, number, None, where))
            assert again["end"] == "exhausted", again
            await check(place, where, fake)
            # Nothing that outlived it is bought again, but a page that only a state apart could have told of.
            assert left <= again["credits"] <= left + (PAGE if place.apart else 0), (last, left, again)
            billed = fake.credits_billed - before
            assert len(INSTANTS) <= billed <= len(INSTANTS) + (0 if place.landing else PAGE), (last, again)
            done = await runs.run(place.order(fake, number, None, where))
            assert (done["rows"], fake.credits_billed - before) == (0, billed)


async def test_every_row_once(place: Place) -> None:
    await live(place)


async def test_with_a_landing_folder_what_has_landed_is_not_paid_for_again(place: Place) -> None:
    place.landing = True
    await live(place)


async def test_with_a_state_apart_every_row_is_there_once(place: Place) -> None:
    """Rows that were stored and not acknowledged come again, and take the place of themselves."""
    place.apart = True
    await live(place)
