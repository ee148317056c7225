"""Sinks that are databases: rows and their acknowledgement in one transaction, and nothing left out."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.unit.incremental.sinks._databases import KEY, Run, StandIn, ask, tell
from tests.unit.incremental.sinks._runs import company, job
from tests.unit.incremental.sinks.test_sql_cells import event
from theirstack_async import ArgumentError, Company, Job, SinkError, StateError, UnknownPayload, WebhookEvent
from theirstack_async.errors import DecodeError, Problem, StateLockedError
from theirstack_async.incremental import DuckDBSink, PostgresSink, SQLiteSink, SQLiteState
from theirstack_async.incremental.sinks._sql import SQLSink
from theirstack_async.models import KeywordReference
from theirstack_async.models._base import keep_extra

ALL = ("sqlite", "duckdb", "stand-in")
REAL = ("sqlite", "duckdb")


def make(kind: str, folder: Path, table: str | None = None) -> SQLSink:
    if kind == "sqlite":
        return SQLiteSink(folder / "rows.db", table)
    return DuckDBSink(folder / "rows.duckdb", table) if kind == "duckdb" else SQLSink(StandIn(), table)


@pytest.fixture(params=ALL)
async def sink(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SQLSink]:
    """A sink of each kind, open for jobs."""
    made = make(request.param, tmp_path)
    await made.open(Job, None)
    yield made
    await made.aclose()


@pytest.fixture(params=REAL)
async def real(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SQLSink]:
    """A sink that is really the database it says, open for jobs."""
    made = make(request.param, tmp_path)
    await made.open(Job, None)
    yield made
    await made.aclose()


async def titles(sink: SQLSink) -> dict[int, str]:
    return dict(await ask(sink, "SELECT id, job_title FROM jobs ORDER BY id"))


async def test_rows_are_stored_and_acknowledged(sink: SQLSink) -> None:
    run = Run()
    await sink.write(run.batch(job(2), job(1, latitude=1.5, remote=True, cities=("Köln",))))
    await sink.flush()
    assert run.acknowledged == [2, 1]
    columns = "id, job_title, latitude, remote, cities, closed_at, company_object_name, _extra"
    assert await ask(sink, f"SELECT {columns} FROM jobs ORDER BY id") == [
        (1, "Title 1", 1.5, True, '["Köln"]', None, "Müller", None),
        (2, "Title 2", None, None, None, None, "Müller", None),
    ]


async def test_instants(real: SQLSink) -> None:
    await real.write(Run().batch(job(1)))
    ((found,),) = await ask(real, "SELECT CAST(discovered_at AS VARCHAR) FROM jobs")
    assert found.startswith(("2026-01-01T13:00:00.000000Z", "2026-01-01 13:00:00"))
    assert await ask(real, "SELECT CAST(date_posted AS VARCHAR) FROM jobs") == [("2025-12-01",)]


async def test_a_row_that_comes_again_takes_the_place_of_itself(sink: SQLSink) -> None:
    run = Run()
    await sink.write(run.batch(job(1, cities=("Rome",)), job(2)))
    await sink.write(run.batch(job(2, job_title="new"), job(3), job(3, job_title="last")))
    await sink.write(run.batch(job(1, job_title="also new")))
    assert await titles(sink) == {1: "also new", 2: "new", 3: "last"}
    assert await ask(sink, "SELECT cities FROM jobs WHERE id = 1") == [(None,)]


async def test_an_empty_batch_is_acknowledged(sink: SQLSink) -> None:
    run = Run()
    await sink.write(run.batch())
    assert run.revision == 1


async def test_what_did_not_decode_is_stored_once(sink: SQLSink) -> None:
    rejects = (
        DecodeError(problems=[Problem("id", "wrong"), Problem("url", "missing")], body=b'{"id": "x1", "n": 1}'),
        DecodeError("no JSON", body=b"\xff\0"),
        DecodeError(problems=[Problem("a", "\0\ud800")], body=b'{"id": "\\u0000"}'),
        DecodeError("deep", body=b"[" * 100_000),
        *(DecodeError("ids", body=body) for body in (b'{"id": 7}', b'{"id": true}', b"[1]", b"{}")),
    )
    run = Run()
    for _ in range(2):
        await sink.write(run.batch(job(1), rejects=rejects))
    found = {
        bytes(body): (id_, problems)
        for id_, problems, body in await ask(sink, "SELECT id, problems, body FROM jobs_rejects")
    }
    assert len(await ask(sink, "SELECT digest FROM jobs_rejects")) == len(found) == len(rejects)
    assert found[rejects[0].body] == ("x1", "id: wrong\nurl: missing")
    assert found[rejects[1].body] == (None, "no JSON")
    nul = "\ufffd" if sink.state.database.dialect == "postgres" else "\0"
    assert found[rejects[2].body] == (nul, f"a: {nul}\ufffd")
    assert [found[each.body][0] for each in rejects[3:]] == [None, "7", None, None, None]


async def test_a_row_whose_id_fits_no_column_is_with_the_rejects(sink: SQLSink) -> None:
    run = Run()
    await sink.write(run.batch(job(1), job(5, id=2**64, job_title="big")))
    assert list(await titles(sink)) == [1]
    ((id_, problems, body),) = await ask(sink, "SELECT id, problems, body FROM jobs_rejects")
    assert (id_, problems) == (str(2**64), "id: the table cannot hold it")
    written = json.loads(bytes(body))
    assert (written["id"], written["job_title"], written["company_object_name"]) == (2**64, "big", "Müller")
    assert run.acknowledged == [1, 2**64]


async def test_what_fits_no_column_is_stored_all_the_same(sink: SQLSink) -> None:
    row = job(1, job_title="a\0\ud800", latitude=math.nan, min_annual_salary=2**70, cities=("\0\udfff",))
    keep_extra(row, {"\0": math.inf, "\ud800": ["\0"]})
    await sink.write(Run().batch(row, job(2)))
    ((extra,),) = await ask(sink, "SELECT _extra FROM jobs WHERE id = 1")
    exact = json.loads(extra)["_exact"]
    assert json.loads(exact["job_title"]) == "a\0\ud800"
    assert json.loads(exact["_extra"]) == {"\0": "Infinity", "\ud800": ["\0"]}
    assert exact["min_annual_salary"] == str(2**70)
    assert await ask(sink, "SELECT latitude, min_annual_salary FROM jobs WHERE id = 1") == [(None, None)]


@pytest.mark.parametrize("kind", ALL)
async def test_companies_and_events_have_tables_of_their_own(kind: str, tmp_path: Path) -> None:
    sink, run = make(kind, tmp_path), Run()
    await sink.open(Company, None)
    await sink.write(run.batch(company(id="b"), company(id="a\ud800"), company(id="a", possible_domains=("x", "y"))))
    assert await ask(sink, "SELECT id, possible_domains FROM companies ORDER BY id") == [
        ("a", '["x","y"]'),
        ("b", "[]"),
    ]
    assert await ask(sink, "SELECT id FROM companies_rejects") == [("a\ufffd",)]
    await sink.open(WebhookEvent, None)
    await sink.write(run.batch(event(id=1, payload=job(9)), event(id=2), event(id=3, payload=UnknownPayload(b"{"))))
    found = dict(await ask(sink, "SELECT id, payload FROM events"))
    assert json.loads(found[1])["id"] == 9
    assert (found[2], json.loads(found[3])) == (None, "{")
    await sink.aclose()


async def test_rows_and_mark_are_one_transaction(real: SQLSink) -> None:
    """Where the acknowledgement cannot be saved, the rows are not stored; and the other way round."""
    run = Run(real.state)
    await real.write(run.batch(job(1)))
    assert (await real.state.load(KEY)).seen == {1: 0.0}
    with pytest.raises(StateError, match="changed by another run"):
        await real.write(Run(real.state, revision=7).batch(job(2), rejects=(DecodeError("x", body=b"x"),)))
    assert list(await titles(real)) == [1]
    assert await ask(real, "SELECT * FROM jobs_rejects") == []
    await tell(real, "DROP TABLE jobs")
    with pytest.raises(SinkError, match="jobs"):
        await real.write(run.batch(job(3)))
    assert ((await real.state.load(KEY)).seen, run.acknowledged) == ({1: 0.0}, [1])


async def test_with_another_state_rows_come_first(real: SQLSink, tmp_path: Path) -> None:
    other = SQLiteState(tmp_path / "other.db")
    run = Run(other)
    await real.write(run.batch(job(1)))
    assert (await other.load(KEY)).seen == {1: 0.0}
    run.error = StateError("the disk is full")
    with pytest.raises(StateError, match="the disk is full"):
        await real.write(run.batch(job(2)))
    run.error = None
    await real.write(run.batch(job(2)))
    assert list(await titles(real)) == run.acknowledged == [1, 2]
    await other.aclose()


async def test_what_cannot_be_stored_is_not_acknowledged(sink: SQLSink) -> None:
    run = Run()
    await tell(sink, "DROP TABLE jobs_rejects")
    with pytest.raises(
        SinkError, match=r"the table jobs_rejects in the .* did not take the rows: .*jobs_rejects"
    ) as it:
        await sink.write(run.batch(job(1), rejects=(DecodeError("x", body=b"x"),)))
    assert isinstance(it.value.__cause__, sink.state.database.errors)
    assert (await titles(sink), run.acknowledged) == ({}, [])


async def test_a_cancelled_write_ends_first(real: SQLSink) -> None:
    run = Run()
    task = asyncio.create_task(real.write(run.batch(job(1))))
    while not task.done():
        await asyncio.sleep(0)
        task.cancel()
    assert task.cancelled()
    assert (list(await titles(real)), run.acknowledged) == ([1], [])


async def test_a_sink_that_is_not_open(tmp_path: Path) -> None:
    sink, run = make("sqlite", tmp_path), Run()
    with pytest.raises(SinkError, match="is not open; await its open"):
        await sink.write(run.batch(job(1)))
    assert run.acknowledged == []


@pytest.mark.parametrize("kind", REAL)
async def test_a_database_that_cannot_be_reached(kind: str, tmp_path: Path) -> None:
    sink = make(kind, tmp_path / "missing")
    with pytest.raises(SinkError, match=r"missing.* (cannot be used|is missing)"):
        await sink.open(Job, None)


@pytest.mark.parametrize("kind", REAL)
async def test_it_may_be_opened_again_after_it_was_closed(kind: str, tmp_path: Path) -> None:
    sink = make(kind, tmp_path)
    for number in (1, 2):
        await sink.open(Job, None)
        await sink.write(Run().batch(job(number)))
        await sink.aclose()
    assert list(await titles(sink)) == [1, 2]
    await sink.aclose()


def test_names_of_tables_are_checked_at_once(tmp_path: Path) -> None:
    made: tuple[Any, ...] = (SQLiteSink, DuckDBSink)
    for sink in made:
        with pytest.raises(ArgumentError, match="table: expected letters"):
            sink(tmp_path / "x", table='a"; DROP')
    with pytest.raises(ArgumentError, match="choose another"):
        PostgresSink("postgresql://localhost/x", table="theirstack_state")


async def test_a_class_without_a_table_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="name the table for rows of the class KeywordReference"):
        await make("sqlite", tmp_path).open(KeywordReference, None)


def test_no_password_is_shown(tmp_path: Path) -> None:
    shown = repr(PostgresSink("postgresql://me:hunter2@localhost:5432/db"))
    assert shown.startswith("PostgresSink(") and "localhost" in shown and "hunter2" not in shown
    assert repr(make("sqlite", tmp_path)).startswith("SQLiteSink('the SQLite file ")


async def test_a_sink_whose_state_a_run_has_is_not_closed(tmp_path: Path) -> None:
    """Else the lock would be gone, and another run got in unseen; the usual order is from within to without."""
    sink = SQLiteSink(tmp_path / "jobs.db")
    async with aclosing(sink):
        await sink.state.acquire("a")
        with pytest.raises(SinkError, match=r"jobs\.db cannot be closed: a run has the profile a still; leave its"):
            await sink.aclose()
        with pytest.raises(StateError, match=r"jobs\.db cannot be closed: a run has the profile a still; leave its"):
            await sink.state.aclose()
        with pytest.raises(StateLockedError):
            await SQLiteSink(tmp_path / "jobs.db").state.acquire("a")
        await sink.state.release("a")
