"""What is particular to the state in a DuckDB file, as the DuckDB sink keeps it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
import pytest_asyncio

from theirstack_async._database import duckdb as _duckdb
from theirstack_async._database.duckdb import DuckDBDatabase
from theirstack_async._database.thread import file_lock
from theirstack_async.errors import ConfigurationError, StateError, StateLockedError
from theirstack_async.incremental import StateChange
from theirstack_async.incremental.state._sql import SQLState

FIRST = StateChange(0, {"label": "my jobs"}, {1: 1.0})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.duckdb"


@pytest_asyncio.fixture
async def state(path: Path) -> AsyncIterator[SQLState]:
    state = SQLState(DuckDBDatabase(path))
    yield state
    await state.aclose()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def read(path: Path) -> bytes:
    return path.read_bytes()


def listed(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def delete(path: Path) -> None:
    """Delete a file with all that stands beside it."""
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


@contextmanager
def another_program(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Have the file open in another process, until it is told to end."""
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.kill()


async def test_rows_are_stored_with_their_acknowledgement(state: SQLState, path: Path) -> None:
    await state.save("a", FIRST, within=lambda connection: connection.execute("CREATE TABLE jobs AS SELECT 1 AS id"))
    await state.aclose()
    with duckdb.connect(path) as connection:
        assert connection.execute("SELECT id FROM jobs").fetchall() == [(1,)]


async def test_a_file_that_another_program_has_is_said_to_be_open_there(path: Path, state: SQLState) -> None:
    """It may be a run of the profile, and anything else as well."""
    with another_program(path):
        with pytest.raises(
            StateLockedError, match=r"is open in another program,.*PID [0-9]+.*; end .* close the file, or wait for it"
        ):
            await state.acquire("a")
        with pytest.raises(
            StateLockedError, match=r"is open in another program,.*PID [0-9]+.*; end that program, or let"
        ):
            await state.load("a")


async def test_an_opening_that_takes_too_long_is_said(
    path: Path, state: SQLState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_duckdb, "_PATIENCE", 0.02)
    with (
        file_lock(f"{path}.lock"),
        pytest.raises(
            StateLockedError, match=r"was locked for 0\.02 s; find out which program holds .*duckdb\.lock, and"
        ),
    ):
        await state.load("a")
    assert (await state.load("a")).revision == 0


async def test_it_waits_for_another_program(path: Path, state: SQLState) -> None:
    with another_program(path) as process:
        waiting = asyncio.create_task(state.acquire("a", wait=60.0))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        assert process.stdin is not None
        process.stdin.close()
        await waiting
    await state.release("a")


async def test_profiles_that_are_saved_at_once_wait_for_each_other(path: Path, state: SQLState) -> None:
    """DuckDB lets the later one of two transactions fail."""
    other = SQLState(DuckDBDatabase(path))
    both = (state, other)
    await asyncio.gather(*(both[n % 2].save(f"{n}", StateChange(0, {"n": n}, {n: 0.0})) for n in range(10)))
    assert len(await state.profiles()) == 10
    await other.aclose()


async def test_a_file_that_is_no_database_is_left_alone(path: Path, state: SQLState) -> None:
    write(path, b"something else" * 1000)
    for call in (state.acquire("a"), state.load("a")):
        with pytest.raises(
            StateError, match=r"cannot be used: .* not a valid DuckDB database file.*; see .* from a copy"
        ) as caught:
            await call
        assert not isinstance(caught.value, StateLockedError)
        assert isinstance(caught.value.__cause__, duckdb.Error)
    assert read(path) == b"something else" * 1000
    delete(path)
    await state.acquire("a")
    await state.release("a")


async def test_a_file_that_was_deleted_is_noticed(path: Path, state: SQLState) -> None:
    await state.save("a", FIRST)
    delete(path)
    with pytest.raises(StateError, match=r"was changed by another run \(revision 0, not 1\), or taken away"):
        await state.save("a", StateChange(1, {}))


async def test_an_error_of_a_statement_of_the_users_is_theirs(state: SQLState) -> None:
    with pytest.raises(duckdb.CatalogException, match="missing"):
        await state.save("a", FIRST, within=lambda connection: connection.execute("SELECT * FROM missing"))
    assert (await state.load("a")).revision == 0


async def test_an_error_that_is_swallowed_within_saves_nothing(state: SQLState) -> None:
    """A COMMIT after a failed statement is no error to DuckDB, although it undoes everything."""

    def within(connection: Any) -> None:
        connection.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO jobs VALUES (1)")
        try:
            connection.execute("INSERT INTO jobs VALUES (1)")
        except duckdb.Error:
            return

    with pytest.raises(StateError, match="cannot be used"):
        await state.save("a", FIRST, within=within)
    assert (await state.load("a")).revision == 0


async def test_who_ends_the_transaction_from_within_is_told(state: SQLState) -> None:
    with pytest.raises(StateError, match="no transaction is active"):
        await state.save("a", FIRST, within=lambda connection: connection.execute("COMMIT"))
    assert (await state.load("a")).revision <= 1


def test_a_package_that_is_missing_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'theirstack-async\[duckdb\]'"):
        DuckDBDatabase(path)


async def test_one_that_was_never_used_closes(path: Path) -> None:
    state = SQLState(DuckDBDatabase(path))
    await state.aclose()
    assert listed(path.parent) == []
