"""Tables that are there already: of an earlier release, with columns of the user's own, or of no use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.unit.incremental.sinks._databases import Run, StandIn, ask, tell
from tests.unit.incremental.sinks._runs import job
from tests.unit.incremental.sinks.test_sql import ALL, make
from theirstack_async import Job, Model, SinkError
from theirstack_async.incremental.sinks._sql import SQLSink


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Old(Model):
    """A row of an earlier release."""

    id: int
    name: str
    gone: str | None = None


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class New(Model):
    """A row of a later one."""

    id: int
    name: str
    tags: tuple[str, ...] = ()
    score: float | None = None


@pytest.fixture(params=ALL)
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> SQLSink:
    """A sink of each kind, not open yet."""
    return make(request.param, tmp_path, "things")


async def refused(sink: SQLSink, match: str, *statements: str) -> SinkError:
    """Return the error of opening a sink when these statements have been executed."""
    await tell(sink, *statements)
    with pytest.raises(SinkError, match=match) as caught:
        await sink.open(New, None)
    assert sink.state.database.where in str(caught.value)
    with pytest.raises(SinkError, match="is not open"):
        await sink.write(Run().batch(New(id=1, name="a")))
    await sink.aclose()
    return caught.value


async def test_a_later_release_adds_columns_and_leaves_those_that_are_gone(sink: SQLSink) -> None:
    run = Run()
    await sink.open(Old, None)
    await sink.write(run.batch(Old(id=1, name="one", gone="x"), Old(id=2, name="two", gone="y")))
    for _ in range(2):
        await sink.open(New, None)
    await sink.write(run.batch(New(id=2, name="deux", tags=("t",), score=0.5), New(id=3, name="trois")))
    assert await ask(sink, "SELECT id, name, gone, tags, score FROM things ORDER BY id") == [
        (1, "one", "x", None, None),
        (2, "deux", "y", '["t"]', 0.5),
        (3, "trois", None, "[]", None),
    ]
    await sink.aclose()


async def test_columns_of_your_own_stay(sink: SQLSink) -> None:
    await tell(sink, "CREATE TABLE things (mine VARCHAR DEFAULT 'me' NOT NULL, id BIGINT UNIQUE, name VARCHAR)")
    await sink.open(New, None)
    await sink.write(Run().batch(New(id=1, name="one")))
    await tell(sink, "UPDATE things SET mine = 'noted'")
    await sink.write(Run().batch(New(id=1, name="uno"), New(id=2, name="two")))
    assert await ask(sink, "SELECT id, name, mine FROM things ORDER BY id") == [(1, "uno", "noted"), (2, "two", "me")]
    await sink.aclose()


async def test_an_index_on_the_id_is_enough(sink: SQLSink) -> None:
    await tell(sink, "CREATE TABLE things (id BIGINT, name VARCHAR)", "CREATE UNIQUE INDEX by_id ON things (id)")
    await sink.open(New, None)
    await sink.write(Run().batch(New(id=1, name="one")))
    await sink.write(Run().batch(New(id=1, name="uno")))
    assert await ask(sink, "SELECT id, name FROM things") == [(1, "uno")]
    await sink.aclose()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
async def test_names_that_differ_in_case_are_the_same(kind: str, tmp_path: Path) -> None:
    sink = make(kind, tmp_path, "Things")
    await tell(sink, "CREATE TABLE things (ID BIGINT PRIMARY KEY, Name VARCHAR)")
    await sink.open(New, None)
    await sink.write(Run().batch(New(id=1, name="one")))
    assert await ask(sink, "SELECT id, name FROM things") == [(1, "one")]
    await sink.aclose()


async def test_to_postgres_they_differ() -> None:
    sink = SQLSink(StandIn(), "things")
    error = await refused(sink, "has no column id", 'CREATE TABLE things ("ID" BIGINT PRIMARY KEY)')
    assert "name another table with table=" in str(error)


async def test_a_table_without_an_id_is_refused_as_it_is(sink: SQLSink, tmp_path: Path) -> None:
    await refused(sink, "the table things in .* has no column id", "CREATE TABLE things (name VARCHAR)")
    if not isinstance(sink.state.database, StandIn):
        assert [tuple(row) for row in await ask(sink, "SELECT * FROM things")] == []
        await sink.aclose()


@pytest.mark.parametrize(
    "table", ["id BIGINT, name VARCHAR", "id BIGINT, name VARCHAR, UNIQUE (id, name)", "id BIGINT, name VARCHAR UNIQUE"]
)
async def test_an_id_that_is_not_unique_is_refused(sink: SQLSink, table: str) -> None:
    error = await refused(sink, "cannot take the place of rows by id", f"CREATE TABLE things ({table})")
    assert "make that its primary key" in str(error)
    assert isinstance(error.__cause__, sink.state.database.errors)


async def test_a_view_is_refused(sink: SQLSink) -> None:
    await refused(
        sink, "the table things in", "CREATE TABLE other (id BIGINT)", "CREATE VIEW things AS SELECT * FROM other"
    )


async def test_a_table_of_rejects_that_is_of_no_use(sink: SQLSink) -> None:
    await refused(
        sink, "the table things_rejects in .* has no column digest", "CREATE TABLE things_rejects (id INTEGER)"
    )


async def test_what_is_refused_changes_nothing(tmp_path: Path) -> None:
    sink = make("sqlite", tmp_path, "things")
    await refused(sink, "things_rejects", "CREATE TABLE things_rejects (id INTEGER)")
    assert await ask(sink, "SELECT name FROM sqlite_master") == [("things_rejects",)]
    await sink.aclose()


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        ("sqlite", "(id INTEGER PRIMARY KEY, name INTEGER) STRICT"),
        ("sqlite", "(id INTEGER PRIMARY KEY, name TEXT CHECK (length(name) < 2))"),
        ("duckdb", "(id INTEGER PRIMARY KEY, name INTEGER)"),
    ],
)
async def test_a_column_of_another_type_is_left_and_may_refuse(kind: str, table: str, tmp_path: Path) -> None:
    sink, run = make(kind, tmp_path, "things"), Run()
    await tell(sink, f"CREATE TABLE things {table}")
    await sink.open(New, None)
    await sink.write(run.batch(New(id=1, name="5")))
    rows: list[Any] = [New(id=2, name="6"), New(id=3, name="no number")]
    with pytest.raises(
        SinkError, match=r"the table things in .* did not take the rows: .*None of them is acknowledged"
    ):
        await sink.write(run.batch(*rows))
    assert run.acknowledged == [1]
    assert await ask(sink, "SELECT id FROM things") == [(1,)]
    await sink.aclose()


async def test_sqlite_takes_any_value_in_a_column_of_another_type(tmp_path: Path) -> None:
    sink = make("sqlite", tmp_path)
    await tell(sink, "CREATE TABLE jobs (id INTEGER PRIMARY KEY, job_title INTEGER)")
    await sink.open(Job, None)
    await sink.write(Run().batch(job(1)))
    assert await ask(sink, "SELECT job_title FROM jobs") == [("Title 1",)]
    await sink.aclose()


async def test_the_lock_on_the_schema_comes_first() -> None:
    """PostgreSQL fails where two make the same table at once."""
    database = StandIn()
    await SQLSink(database, "things").open(New, None)
    assert database.connection.statements[0] == database.schema_lock
    assert database.connection.statements[1].startswith("CREATE TABLE")
    await database.aclose()
