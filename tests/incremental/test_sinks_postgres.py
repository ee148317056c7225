"""The sink in a real PostgreSQL database: what it stores, what it refuses, and several that write at once."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from tests.incremental._postgres_server import PASSWORD, PostgresServer
from tests.unit.incremental.sinks._databases import KEY, Run, ask, tell
from tests.unit.incremental.sinks._runs import company, job
from tests.unit.incremental.sinks.test_sql_cells import event
from tests.unit.incremental.sinks.test_sql_tables import New, Old
from theirstack_async import Company, Job, SinkError, StateError, UnknownPayload, WebhookEvent
from theirstack_async.errors import DecodeError, Problem
from theirstack_async.incremental import PostgresSink
from theirstack_async.models._base import keep_extra

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def sink(postgres_url: str) -> AsyncIterator[PostgresSink]:
    """A sink into an empty database."""
    made = PostgresSink(postgres_url)
    yield made
    await made.aclose()


@pytest.fixture
async def things(postgres_url: str) -> AsyncIterator[PostgresSink]:
    """A sink into a table with a name of its own."""
    made = PostgresSink(postgres_url, table="things")
    yield made
    await made.aclose()


async def test_rows_have_the_types_of_their_fields(sink: PostgresSink) -> None:
    run = Run()
    await sink.open(Job, None)
    row = job(1, latitude=1.5, remote=False, cities=("Köln", 'a"\\b\n\t'), closed_at=NOON, description="a\tb\\N\n")
    keep_extra(row, {"vibe": [1]})
    await sink.write(run.batch(job(2), row))
    columns = "id, latitude, remote, date_posted, closed_at, cities, description, company_object_name, _extra"
    assert await ask(sink, f"SELECT {columns} FROM jobs ORDER BY id") == [
        (1, 1.5, False, date(2025, 12, 1), NOON, ["Köln", 'a"\\b\n\t'], "a\tb\\N\n", "Müller", {"vibe": [1]}),
        (2, None, None, date(2025, 12, 1), None, None, None, "Müller", None),
    ]
    await sink.write(run.batch(job(2, job_title="new", closed_at=NOON), job(3)))
    assert await ask(sink, "SELECT id, job_title, closed_at FROM jobs ORDER BY id") == [
        (1, "Title 1", NOON),
        (2, "new", NOON),
        (3, "Title 3", None),
    ]
    assert run.acknowledged == [2, 1, 2, 3]


async def test_what_fits_no_column_is_stored_all_the_same(sink: PostgresSink) -> None:
    run = Run()
    await sink.open(Job, None)
    row = job(1, job_title="a\0\ud800", latitude=math.nan, min_annual_salary=2**70, cities=("\0\udfff", "\\u0000"))
    keep_extra(row, {"\0": math.inf, "\ud800": ["\0"]})
    reject = DecodeError(problems=[Problem("a", "\0\ud800")], body=b'{"id": "\\u0000"}\xff\0')
    await sink.write(run.batch(row, job(2, id=2**64), rejects=(reject,)))
    ((title, latitude, cities, extra),) = await ask(sink, "SELECT job_title, latitude, cities, _extra FROM jobs")
    assert (title, latitude, cities) == ("a\ufffd\ufffd", None, ["\ufffd\ufffd", "\\u0000"])
    exact = extra["_exact"]
    assert json.loads(exact["job_title"]) == "a\0\ud800"
    assert json.loads(exact["cities"]) == ["\0\udfff", "\\u0000"]
    assert json.loads(exact["_extra"]) == {"\0": "Infinity", "\ud800": ["\0"]}
    assert (exact["min_annual_salary"], exact["latitude"]) == (str(2**70), "NaN")
    found = dict(await ask(sink, "SELECT problems, body FROM jobs_rejects"))
    assert found["a: \ufffd\ufffd"] == reject.body
    assert json.loads(found["id: the table cannot hold it"])["id"] == 2**64


async def test_companies_and_events(sink: PostgresSink) -> None:
    run = Run()
    await sink.open(Company, None)
    await sink.write(run.batch(company(id="b"), company(id="a", possible_domains=("x", "y"))))
    assert await ask(sink, "SELECT id, possible_domains FROM companies ORDER BY id") == [("a", ["x", "y"]), ("b", [])]
    await sink.open(WebhookEvent, None)
    await sink.write(run.batch(event(id=1, payload=job(9)), event(id=2), event(id=3, payload=UnknownPayload(b"\xff"))))
    found = await ask(sink, "SELECT id, payload, status, triggered_at FROM events ORDER BY id")
    assert found[0][1]["id"] == 9
    assert [row[1] for row in found[1:]] == [None, "\ufffd"]
    assert found[0][2] == "SUCCESS" and found[0][3].tzinfo is not None


async def test_rows_and_mark_are_one_transaction(sink: PostgresSink) -> None:
    await sink.open(Job, None)
    run = Run(sink.state)
    await sink.write(run.batch(job(1)))
    with pytest.raises(StateError, match="changed by another run"):
        await sink.write(Run(sink.state, revision=7).batch(job(2)))
    assert await ask(sink, "SELECT id FROM jobs") == [(1,)]
    await tell(sink, "ALTER TABLE jobs ADD CONSTRAINT small CHECK (id < 3)")
    with pytest.raises(SinkError, match=r"the table jobs in .* did not take the rows: .*small") as caught:
        await sink.write(run.batch(job(2), job(3)))
    assert PASSWORD not in str(caught.value) and isinstance(caught.value.__cause__, psycopg.Error)
    assert ((await sink.state.load(KEY)).seen, run.acknowledged) == ({1: 0.0}, [1])
    await sink.write(run.batch(job(2)))
    assert await ask(sink, "SELECT id FROM jobs ORDER BY id") == [(1,), (2,)]


async def test_tables_that_are_there_already(postgres_url: str) -> None:
    sink, run = PostgresSink(postgres_url, table="things"), Run()
    await sink.open(Old, None)
    await sink.write(run.batch(Old(id=1, name="one", gone="x"), Old(id=2, name="two", gone="y")))
    await tell(sink, "ALTER TABLE things ADD COLUMN mine TEXT NOT NULL DEFAULT 'me'")
    await sink.open(New, None)
    await sink.write(run.batch(New(id=2, name="deux", tags=("t",)), New(id=3, name="trois", score=0.5)))
    assert await ask(sink, "SELECT id, name, gone, tags, score, mine FROM things ORDER BY id") == [
        (1, "one", "x", None, None, "me"),
        (2, "deux", "y", ["t"], None, "me"),
        (3, "trois", None, [], 0.5, "me"),
    ]
    await sink.aclose()


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ("id BIGINT", "cannot take the place of rows by id: .*primary key"),
        ("id BIGINT, name TEXT, UNIQUE (id, name)", "cannot take the place of rows by id"),
        ('"ID" BIGINT PRIMARY KEY', "has no column id"),
    ],
)
async def test_a_table_of_no_use_is_refused_as_it_is(things: PostgresSink, table: str, match: str) -> None:
    await tell(things, f"CREATE TABLE things ({table})")
    before = await ask(
        things, "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema='public'"
    )
    with pytest.raises(SinkError, match=f"the table things in the PostgreSQL database .* {match}"):
        await things.open(New, None)
    after = await ask(
        things, "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema='public'"
    )
    assert after == before


async def test_a_view_is_refused(things: PostgresSink) -> None:
    await tell(things, "CREATE VIEW things AS SELECT 1 AS id")
    with pytest.raises(SinkError, match=r"the table things in .* see that it is a table"):
        await things.open(New, None)


@pytest.mark.parametrize(
    ("type_", "taken", "refused", "stored"),
    [
        ("INTEGER", "5", "no number", 5),
        ("VARCHAR(3)", "abc", "abcd", "abc"),
        ("TIMESTAMP", "2026-01-01 00:00:00", "never", datetime(2026, 1, 1)),  # noqa: DTZ001 - the column has no zone
        ("JSONB", '"a"', "a", "a"),
    ],
)
async def test_a_column_of_another_type_takes_what_it_can(
    postgres_url: str, type_: str, taken: str, refused: str, stored: Any
) -> None:
    sink, run = PostgresSink(postgres_url, table="things"), Run()
    await tell(sink, f"CREATE TABLE things (id BIGINT PRIMARY KEY, name {type_})")
    await sink.open(New, None)
    await sink.write(run.batch(New(id=1, name=taken)))
    with pytest.raises(SinkError, match=r"the table things in .*name.*None of them is acknowledged"):
        await sink.write(run.batch(New(id=2, name=taken), New(id=3, name=refused)))
    assert (await ask(sink, "SELECT id, name FROM things"), run.acknowledged) == ([(1, stored)], [1])
    await sink.aclose()


async def test_instants_in_a_column_without_a_zone_are_utc(sink: PostgresSink) -> None:
    await tell(
        sink,
        "CREATE TABLE jobs (id BIGINT PRIMARY KEY, discovered_at TIMESTAMP)",
        "SET TIME ZONE 'Asia/Tokyo'",
    )
    await sink.open(Job, None)
    await sink.write(Run().batch(job(1)))
    assert await ask(sink, "SELECT discovered_at::text FROM jobs") == [("2026-01-01 13:00:00",)]


async def test_several_may_begin_and_write_at_once(postgres_url: str) -> None:
    """They make the same tables at the same time, and store the same rows in another order."""
    rows = [job(number) for number in range(1, 60)]

    async def copy(number: int) -> None:
        sink = PostgresSink(postgres_url)
        await sink.open(Job, None)
        for _ in range(5):
            await sink.write(Run().batch(*(rows if number % 2 else rows[::-1])))
        await sink.aclose()

    await asyncio.gather(*map(copy, range(4)))
    sink = PostgresSink(postgres_url)
    assert await ask(sink, "SELECT count(*), count(DISTINCT id) FROM jobs") == [(59, 59)]
    await sink.aclose()


async def test_a_server_that_goes_away(own_postgres: PostgresServer) -> None:
    sink = PostgresSink(own_postgres.url)
    await sink.open(Job, None)
    run = Run(sink.state)
    await sink.write(run.batch(job(1)))
    own_postgres.stop()
    with pytest.raises(StateError, match="cannot be used") as caught:
        await sink.write(run.batch(job(2)))
    assert PASSWORD not in str(caught.value)
    with pytest.raises(SinkError, match="cannot be used"):
        await sink.write(Run().batch(job(2)))
    own_postgres.start()
    await sink.write(run.batch(job(2)))
    assert await ask(sink, "SELECT id FROM jobs ORDER BY id") == [(1,), (2,)]
    assert run.acknowledged == [1, 2]
    await sink.aclose()
