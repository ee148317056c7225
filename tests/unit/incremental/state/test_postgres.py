"""What is particular to the state in PostgreSQL, beside a server; ``tests/incremental`` has one."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import sys
import traceback
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from tests.unit.incremental.state._stub_postgres import SECRET, StubServer
from theirstack_async.errors import ArgumentError, ConfigurationError, StateError, StateLockedError
from theirstack_async.incremental import PostgresState, StateChange

FIRST = StateChange(0, {"label": "my jobs"}, {1: 1.0})
WHERE = "the PostgreSQL database 'jobs' at db.invalid:5433"


@pytest_asyncio.fixture
async def state(stub_postgres: StubServer) -> AsyncIterator[PostgresState]:
    state = PostgresState(stub_postgres.url)
    yield state
    await state.aclose()


@pytest.mark.parametrize(
    ("url", "where"),
    [
        (StubServer.url, WHERE),
        ("host=db.invalid password=x dbname=jobs", "the PostgreSQL database 'jobs' at db.invalid:5432"),
        ("postgresql:///jobs", "the PostgreSQL database 'jobs' at the default host:5432"),
        ("hostaddr=127.0.0.1 port=1", "the PostgreSQL database '' at 127.0.0.1:1"),
    ],
)
def test_it_shows_where_it_is(url: str, where: str) -> None:
    state = PostgresState(url)
    assert repr(state) == f"PostgresState({where!r})"
    assert SECRET not in repr(vars(state)) + repr(vars(state.database))


@pytest.mark.parametrize("url", [f"postgresql://me:{SECRET}%zz@localhost/jobs", f"host = '{SECRET}"])
def test_an_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ArgumentError, match=r"expected an address such as postgresql://") as caught:
        PostgresState(url)
    assert caught.value.field == "url"
    assert SECRET not in "".join(traceback.format_exception(caught.value, chain=True))


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'theirstack-async\[postgres\]'"):
        PostgresState(StubServer.url)


async def test_what_it_is_connected_with(stub_postgres: StubServer, state: PostgresState) -> None:
    await state.load("a")
    assert stub_postgres.asked == [
        {
            "connect_timeout": "10",
            "user": "me",
            "password": SECRET,
            "host": "db.invalid",
            "port": "5433",
            "dbname": "jobs",
        }
    ]
    other = PostgresState(f"{stub_postgres.url}?connect_timeout=3")
    await other.load("a")
    assert stub_postgres.asked[1]["connect_timeout"] == "3"
    await other.aclose()


async def test_tables_are_made_by_one_at_a_time_and_looked_for_once(
    stub_postgres: StubServer, state: PostgresState
) -> None:
    await state.load("a")
    await state.load("a")
    found = [" ".join(statement.split())[:40] for statement in stub_postgres.statements]
    select = "SELECT revision, document FROM theirstac"
    assert found == [
        "BEGIN",
        "SELECT pg_advisory_xact_lock(83860932918",
        "CREATE TABLE IF NOT EXISTS theirstack_st",
        "CREATE TABLE IF NOT EXISTS theirstack_se",
        *(select, "COMMIT", "BEGIN", select, "COMMIT"),
    ]


async def test_ids_are_written_in_one_statement(stub_postgres: StubServer, state: PostgresState) -> None:
    await state.load("a")
    stub_postgres.statements.clear()
    await state.save("a", StateChange(0, {}, dict.fromkeys(range(500), 0.0)))
    assert sum("theirstack_seen" in each for each in stub_postgres.statements) == 1


async def test_a_server_that_is_away_is_said_and_used_when_it_is_back(
    stub_postgres: StubServer, state: PostgresState
) -> None:
    stub_postgres.is_down = True
    for call in (state.load("a"), state.acquire("a")):
        with pytest.raises(
            StateError, match=rf"^{WHERE} cannot be used: connection failed: Connection refused; see that"
        ) as caught:
            await call
        assert isinstance(caught.value.__cause__, psycopg.OperationalError)
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert len(stub_postgres.asked) == 2
    stub_postgres.is_down = False
    await state.save("a", FIRST)
    stub_postgres.restart()
    stub_postgres.is_down = True
    with pytest.raises(StateError, match="Connection refused"):
        await state.load("a")
    stub_postgres.is_down = False
    assert (await state.load("a")).revision == 1


async def test_a_connection_that_was_lost_meanwhile_is_made_anew_with_its_locks(
    stub_postgres: StubServer, state: PostgresState
) -> None:
    await state.acquire("a")
    await state.save("a", FIRST)
    stub_postgres.restart()
    await state.save("a", StateChange(1, {}))
    other = PostgresState(stub_postgres.url)
    with pytest.raises(StateLockedError):
        await other.acquire("a")
    stub_postgres.restart()
    await state.release("a")
    await other.acquire("a")
    await other.release("a")
    await other.aclose()


async def test_who_took_a_lock_while_the_connection_was_lost_keeps_it(
    stub_postgres: StubServer, state: PostgresState
) -> None:
    other = PostgresState(stub_postgres.url)
    await other.save("a", FIRST)
    await state.acquire("a")
    stub_postgres.restart()
    await other.acquire("a")
    with pytest.raises(
        StateError, match=f"the connection to {WHERE} was lost, and another run took the profile a mean"
    ):
        await state.save("a", StateChange(1, {}))
    await state.release("a")
    assert (await state.load("a")).revision == 1
    with pytest.raises(StateLockedError, match="the profile my jobs in"):
        await state.acquire("a")
    await other.release("a")
    await other.aclose()


async def test_a_commit_whose_answer_is_lost_is_an_error_and_found_out_later(
    stub_postgres: StubServer, state: PostgresState
) -> None:
    await state.load("a")
    stub_postgres.break_at = "COMMIT"
    with pytest.raises(
        StateError, match="cannot be asked whether the last change was committed: server closed the conn"
    ):
        await state.save("a", FIRST)
    with pytest.raises(StateError, match=r"was changed by another run \(revision 1, not 0\)"):
        await state.save("a", FIRST)
    assert (await state.load("a")).revision == 1


@pytest.mark.parametrize("statement", ["BEGIN", "SELECT revision", "INSERT INTO theirstack_seen"])
async def test_a_connection_that_is_lost_within_undoes_all(
    statement: str, stub_postgres: StubServer, state: PostgresState
) -> None:
    await state.load("a")
    stub_postgres.break_at = statement
    if statement == "BEGIN":
        await state.save("a", FIRST)
    else:
        with pytest.raises(StateError, match="cannot be used: server closed the connection"):
            await state.save("a", FIRST)
        assert (await state.load("a")).revision == 0


async def test_an_error_that_is_swallowed_within_saves_nothing(state: PostgresState) -> None:
    """PostgreSQL answers a COMMIT after a failed statement with ROLLBACK, which is no error to a driver."""

    def within(connection: Any) -> None:
        try:
            connection.execute("SELECT * FROM missing")
        except psycopg.Error:
            return

    await state.load("a")
    with pytest.raises(StateError, match=r"the transaction in .* failed, or was ended, by what was done within"):
        await state.save("a", FIRST, within=within)
    assert (await state.load("a")).revision == 0


async def test_an_error_of_a_statement_of_the_users_is_theirs(state: PostgresState) -> None:
    with pytest.raises(psycopg.ProgrammingError, match="no such table"):
        await state.save("a", FIRST, within=lambda connection: connection.execute("SELECT * FROM missing"))
    assert (await state.load("a")).revision == 0
    assert state.database.errors == (psycopg.Error,)


async def test_two_runs_of_one_object_do_not_share_a_lock(state: PostgresState) -> None:
    """A server gives a session's lock to that session as often as it asks."""
    await state.acquire("a")
    with pytest.raises(StateLockedError):
        await state.acquire("a")
    await state.release("a")
    await state.acquire("a")
    await state.release("a")


@pytest.mark.parametrize("forked", [False, True])
async def test_one_that_nobody_closes_leaves_nothing_open_but_to_its_parent(
    stub_postgres: StubServer, monkeypatch: pytest.MonkeyPatch, forked: bool
) -> None:
    """To close a connection tells the server, and a process that was forked would end its parent's."""
    state = PostgresState(stub_postgres.url)
    await state.load("a")
    pid = os.getpid() + forked
    monkeypatch.setattr(os, "getpid", lambda: pid)
    del state
    gc.collect()
    assert [connection.closed for connection in stub_postgres.connections] == [not forked]


async def test_an_error_goes_to_another_process_without_the_connection(
    stub_postgres: StubServer, state: PostgresState
) -> None:
    stub_postgres.is_down = True
    with pytest.raises(StateError) as caught:
        await state.load("a")
    for other in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert str(other) == str(caught.value)
        assert other.__cause__ is None
