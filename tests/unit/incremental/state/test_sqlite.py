"""What is particular to the state in a SQLite file."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from theirstack_async._database import thread as _thread
from theirstack_async._database.sqlite import SQLiteDatabase
from theirstack_async.errors import ArgumentError, StateError, StateLockedError
from theirstack_async.incremental import SQLiteState, StateChange
from theirstack_async.incremental.state._sql import SQLState

FIRST = StateChange(0, {"label": "my jobs"}, {1: 1.0})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest_asyncio.fixture
async def state(path: Path) -> AsyncIterator[SQLiteState]:
    state = SQLiteState(path)
    yield state
    await state.aclose()


def listed(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def change(path: Path, sql: str, *parameters: Any) -> None:
    """Do what another program may do with the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql, parameters)


async def test_it_shows_where_it_is(state: SQLiteState, path: Path) -> None:
    assert repr(state) == f"SQLiteState('the SQLite file {path}')"


async def test_the_file_is_written_so_that_it_lasts(path: Path) -> None:
    database = SQLiteDatabase(path)
    names = ("journal_mode", "synchronous")
    found = await database.do(lambda connection: [connection.execute(f"PRAGMA {n}").fetchone()[0] for n in names])
    assert found == ["wal", 2]
    await database.aclose()


async def test_rows_are_stored_with_their_acknowledgement(state: SQLiteState, path: Path) -> None:
    def within(connection: Any) -> None:
        connection.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO jobs VALUES (1)")

    await state.save("a", FIRST, within=within)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM jobs").fetchall() == [(1,)]


async def test_an_error_of_a_statement_of_the_users_is_theirs(state: SQLiteState, path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table: missing"):
        await state.save("a", FIRST, within=lambda connection: connection.execute("INSERT INTO missing VALUES (1)"))
    assert (await state.load("a")).revision == 0


async def test_two_profiles_with_a_sink_share_a_database(path: Path) -> None:
    database = SQLiteDatabase(path)
    state = SQLState(database)
    assert state.database is database
    await state.save("a", FIRST)
    assert await database.do(lambda connection: connection.execute("SELECT 1").fetchone()) == (1,)
    await state.aclose()


async def test_a_run_that_is_refused_names_the_profile(path: Path, state: SQLiteState) -> None:
    other = SQLiteState(path)
    await other.acquire("a" * 64)
    with pytest.raises(StateLockedError, match=r"profile a{64} in the SQLite file .*state\.db is held by another run;"):
        await state.acquire("a" * 64)
    await state.save("a" * 64, FIRST)
    with pytest.raises(StateLockedError, match=r"the profile my jobs in .* another run after 0\.01 s; let it end, or"):
        await state.acquire("a" * 64, wait=0.01)
    change(path, "UPDATE theirstack_state SET document = 'broken'")
    with pytest.raises(StateLockedError, match=r"profile a{64}"):
        await state.acquire("a" * 64)
    await other.release("a" * 64)
    await other.aclose()


async def test_two_names_of_a_file_share_its_locks(path: Path, tmp_path: Path, state: SQLiteState) -> None:
    await state.acquire("a")
    (tmp_path / "link.db").symlink_to(path)
    other = SQLiteState(tmp_path / "link.db")
    with pytest.raises(StateLockedError):
        await other.acquire("a")
    await other.aclose()
    await state.release("a")


async def test_a_document_that_is_no_json_is_refused_and_nothing_saved(state: SQLiteState) -> None:
    with pytest.raises(TypeError):
        await state.save("a", StateChange(0, {"what": object()}))
    assert (await state.load("a")).revision == 0


async def test_a_file_that_stays_locked_is_said(path: Path) -> None:
    state = SQLState(SQLiteDatabase(path, timeout=0.02))
    await state.save("a", FIRST)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateLockedError, match=r"state\.db was locked for 0\.02 s; find out which program"):
            await state.save("a", StateChange(1, {}))
    await state.save("a", StateChange(1, {}))
    await state.aclose()


async def test_it_waits_for_a_program_that_makes_the_file(path: Path, state: SQLiteState) -> None:
    """Two programs that open a new file at once get in each other's way, and SQLite tells one of them at once."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(state.save("a", FIRST))
        await asyncio.sleep(0.03)
        assert not waiting.done()
        other.execute("COMMIT")
        await waiting


async def test_a_cancellation_waits_for_the_transaction(state: SQLiteState) -> None:
    begun, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slowly(connection: Any) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait()

    saving = asyncio.create_task(state.save("a", FIRST, within=slowly))
    await begun.wait()
    saving.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not saving.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert (await state.load("a")).revision == 1


async def test_who_ends_the_transaction_from_within_is_told(state: SQLiteState) -> None:
    with pytest.raises(
        StateError, match=r"the transaction in .*state\.db failed, or was ended, by what was done within"
    ):
        await state.save("a", FIRST, within=lambda connection: connection.commit())


async def test_a_change_that_another_made_in_between_is_found(path: Path, state: SQLiteState) -> None:
    """As PostgreSQL lets it happen: the revision is right at first, and another one when the document is written."""
    await state.save("a", FIRST)
    with pytest.raises(StateError, match="was changed by another run meanwhile, or taken away"):
        await state.save(
            "a",
            StateChange(1, {}, {2: 2.0}),
            within=lambda connection: connection.execute("UPDATE theirstack_state SET revision = 2"),
        )
    saved = await state.load("a")
    assert (saved.revision, dict(saved.seen)) == (1, {1: 1.0})


async def test_a_child_process_opens_it_anew(state: SQLiteState, monkeypatch: pytest.MonkeyPatch) -> None:
    """``tests/incremental`` forks; this shows that what the parent has is neither used nor closed."""
    await state.save("a", FIRST)
    inherited = len(_thread._INHERITED)
    parent = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)
    await state.release("a")
    await state.save("a", StateChange(1, {}))
    assert len(_thread._INHERITED) == inherited + 1
    await state.aclose()
    monkeypatch.undo()
    await state.aclose()
    assert (await state.load("a")).revision == 2


async def test_a_wait_that_is_cancelled_leaves_the_profile_to_who_has_it(path: Path, state: SQLiteState) -> None:
    await state.acquire("a")
    for other in (state, SQLiteState(path)):
        for turns in range(5):
            waiting = asyncio.create_task(other.acquire("a", wait=60.0))
            for _ in range(turns):
                await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        with pytest.raises(StateLockedError):
            await other.acquire("a")
        if other is not state:
            await other.aclose()
    await state.release("a")


async def test_one_that_was_never_used_closes(path: Path) -> None:
    state = SQLiteState(path)
    await state.release("a")
    await state.aclose()
    assert listed(path.parent) == []


async def test_one_that_nobody_closes_leaves_nothing_open(path: Path) -> None:
    state = SQLiteState(path)
    await state.save("a", FIRST)
    del state
    gc.collect()
    other = SQLiteState(path)
    assert json.dumps((await other.load("a")).document) == '{"label": "my jobs"}'
    await other.aclose()


def test_a_timeout_that_is_none_is_refused(path: Path) -> None:
    with pytest.raises(ArgumentError):
        SQLiteDatabase(path, timeout=-1)
