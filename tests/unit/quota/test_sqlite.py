"""What is particular to the store in a file."""

from __future__ import annotations

import asyncio
import gc
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest import mock

import pytest
import pytest_asyncio

from tests.unit.quota._changes import count, look, tell_time
from theirstack_async import ArgumentError, QuotaError
from theirstack_async.quota import Document, SQLiteQuota


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "quota.db"


@pytest_asyncio.fixture
async def store(path: Path) -> AsyncIterator[SQLiteQuota]:
    store = SQLiteQuota(path, timeout=30)
    yield store
    await store.aclose()


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the file's only lock for writing."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


async def test_a_file_that_stays_locked_is_named_and_used_again_when_it_is_free(path: Path) -> None:
    store = SQLiteQuota(path, timeout=0.01)
    assert await store.update("key", count) == 1
    with locked(path), pytest.raises(QuotaError, match=r"quota\.db was locked for 0\.01 s; find out which program"):
        await store.update("key", count)
    assert await store.update("key", count) == 2
    await store.aclose()


async def test_it_waits_for_a_lock_and_no_longer(path: Path, store: SQLiteQuota) -> None:
    await store.update("key", count)
    with locked(path) as other:
        waiting = asyncio.create_task(store.update("key", count))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        other.execute("COMMIT")
    assert await waiting == 2


async def test_a_lock_that_sqlite_does_not_wait_for_is_waited_for(path: Path, store: SQLiteQuota) -> None:
    """Two programs that open a new file at once get in each other's way, and SQLite tells one of them at once."""
    with locked(path) as other:
        waiting = asyncio.create_task(store.update("key", count))
        await asyncio.sleep(0.02)
        other.execute("COMMIT")
    assert await waiting == 1


async def test_waiting_behind_others_counts(path: Path) -> None:
    store = SQLiteQuota(path, timeout=0.05)
    await store.update("key", count)
    with locked(path):
        ends = await asyncio.gather(*(store.update("key", count) for _ in range(20)), return_exceptions=True)
    assert [type(end) for end in ends] == [QuotaError] * 20
    assert await store.update("key", count) == 2
    await store.aclose()


async def test_a_cancellation_waits_for_the_transaction(path: Path, store: SQLiteQuota) -> None:
    begun, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slowly(document: Document, now: float) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait()
        document["done"] = True

    update = asyncio.create_task(store.update("key", slowly))
    await begun.wait()
    update.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not update.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await update
    assert await store.update("key", look) == {"done": True}


async def test_the_loop_runs_on_meanwhile(path: Path, store: SQLiteQuota) -> None:
    """A change runs in another thread, so it can wait for what the loop does."""
    turned = threading.Event()
    asyncio.get_running_loop().call_soon(turned.set)
    assert await store.update("key", lambda document, now: turned.wait())


async def test_a_folder_that_is_missing_is_said_and_used_once_it_is_there(tmp_path: Path) -> None:
    store = SQLiteQuota(tmp_path / "missing" / "quota.db")
    with pytest.raises(QuotaError, match=r"missing.quota\.db cannot be used: unable to open .*; see that its folder"):
        await store.update("key", count)
    (tmp_path / "missing").mkdir()
    assert await store.update("key", count) == 1
    await store.aclose()


async def test_a_file_that_is_no_database_is_left_alone(path: Path, store: SQLiteQuota) -> None:
    text = "Something else, longer than the header of a database." * 20
    await asyncio.to_thread(path.write_text, text)
    with pytest.raises(QuotaError, match="file is not a database"):
        await store.update("key", count)
    assert await asyncio.to_thread(path.read_text) == text


async def test_a_document_of_another_make_is_refused(path: Path, store: SQLiteQuota) -> None:
    await store.update("key", count)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE theirstack_quota SET document = 'nonsense'")
    with pytest.raises(QuotaError, match="Expecting value"):
        await store.update("key", count)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT document FROM theirstack_quota").fetchall() == [("nonsense",)]


async def test_what_is_no_json_is_refused_and_nothing_written(store: SQLiteQuota) -> None:
    await store.update("key", count)
    with pytest.raises(TypeError, match="not JSON serializable"):
        await store.update("key", lambda document, now: document.update(n={1, 2}))
    assert await store.update("key", look) == {"n": 1}


async def test_an_error_with_the_commit_is_a_quota_error(path: Path, store: SQLiteQuota) -> None:
    """As when the disk is full: SQLite has then ended the transaction by itself."""
    await store.update("key", count)

    def end_early(document: Document, now: float) -> None:
        store._file._connection.execute("ROLLBACK")  # type: ignore[union-attr]
        document["n"] = 5

    with pytest.raises(QuotaError, match="no transaction is active"):
        await store.update("key", end_early)
    assert await store.update("key", count) >= 2


async def test_the_path_is_fixed_when_the_store_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = SQLiteQuota("quota.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    await store.update("key", count)
    await store.aclose()
    assert {*await asyncio.to_thread(os.listdir, tmp_path)} == {"quota.db", "elsewhere"}


async def test_what_was_written_survives_a_power_cut(path: Path, store: SQLiteQuota) -> None:
    await store.update("key", count)
    [level] = await store.update("key", lambda document, now: _setting(store, "synchronous"))
    [journal] = await store.update("key", lambda document, now: _setting(store, "journal_mode"))
    assert (level, journal) == (2, "wal")  # FULL: https://www.sqlite.org/pragma.html#pragma_synchronous


def _setting(store: SQLiteQuota, name: str) -> tuple[object, ...]:
    row: tuple[object, ...] = store._file._connection.execute(f"PRAGMA {name}").fetchone()  # type: ignore[union-attr]
    return row


async def test_a_store_that_nobody_closes_lets_go_of_its_file(path: Path) -> None:
    """The file beside the database goes away with the last connection."""
    store = SQLiteQuota(path)
    await store.update("key", count)
    log = path.with_name("quota.db-wal")
    assert log.exists()
    del store
    for _ in range(100):
        # The thread may hold the last piece of work for a moment.
        gc.collect()
        await asyncio.sleep(0.001)
        if not log.exists():
            break
    assert not log.exists()


async def test_closing_twice_or_before_the_first_update_is_fine(path: Path) -> None:
    store = SQLiteQuota(path)
    await store.aclose()
    await store.update("key", count)
    await store.aclose()
    await store.aclose()


def test_one_store_serves_many_loops(path: Path) -> None:
    store = SQLiteQuota(path)
    assert [asyncio.run(store.update("key", count)) for _ in range(3)] == [1, 2, 3]
    asyncio.run(store.aclose())


def test_threads_may_share_a_store(path: Path) -> None:
    store = SQLiteQuota(path, timeout=30)
    results: list[int] = []

    async def some() -> None:
        results.extend(await asyncio.gather(*(store.update("key", count) for _ in range(10))))

    threads = [threading.Thread(target=asyncio.run, args=(some(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [*range(1, 41)]
    asyncio.run(store.aclose())


async def test_a_child_that_was_forked_opens_the_file_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``tests/quota`` shows with a real fork."""
    store = SQLiteQuota(path)
    await store.update("key", count)
    parents = store._file
    assert parents is not None
    monkeypatch.setattr(os, "getpid", lambda: -1)
    await store.aclose()
    assert store._file is parents, "a child must not close what its parent has open"
    assert await store.update("key", count) == 2
    assert store._file is not parents
    await store.aclose()
    monkeypatch.undo()
    await parents.do(parents.close)


@pytest.mark.parametrize(
    ("wall", "steady", "passed"),
    [
        pytest.param(10.0, 10.0, 10.0, id="time passes"),
        pytest.param(-3600.0, 10.0, 0.0, id="the clock was set back"),
        pytest.param(31_536_000.0, 10.0, 10.0, id="the clock was set ahead"),
        pytest.param(90.0, -5000.0, 90.0, id="the machine was started anew"),
        pytest.param(-90.0, -5000.0, 0.0, id="the machine was started anew with a clock that is slow"),
    ],
)
async def test_its_time_goes_on(path: Path, store: SQLiteQuota, wall: float, steady: float, passed: float) -> None:
    clocks = mock.Mock(wraps=time)
    with mock.patch("theirstack_async.quota._sqlite.time", clocks):
        clocks.time.return_value, clocks.monotonic.return_value = 1_000_000.0, 10_000.0
        assert await store.update("key", tell_time) == 1_000_000.0
        clocks.time.return_value, clocks.monotonic.return_value = 1_000_000.0 + wall, 10_000.0 + steady
        assert await store.update("key", tell_time) == 1_000_000.0 + passed
        assert await store.update("key", tell_time) == 1_000_000.0 + passed


@pytest.mark.parametrize("timeout", [-1, float("inf"), float("nan"), None])
def test_a_timeout_that_is_none_is_refused(path: Path, timeout: float) -> None:
    with pytest.raises(ArgumentError, match="timeout: expected seconds"):
        SQLiteQuota(path, timeout=timeout)


async def test_a_timeout_of_a_year_is_no_trouble(path: Path) -> None:
    store = SQLiteQuota(path, timeout=366 * 86400)
    assert await store.update("key", count) == 1
    await store.aclose()


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no file that is open")
@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_that_was_deleted_or_replaced_is_not_written_to(
    path: Path, store: SQLiteQuota, tmp_path: Path, replaced: bool
) -> None:
    """Nobody else would see what is written to the old one."""
    await store.update("key", count)
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink()
    if replaced:
        other = SQLiteQuota(tmp_path / "other.db")
        for _ in range(4):
            await other.update("key", count)
        await other.aclose()
        (tmp_path / "other.db").rename(path)
    assert await store.update("key", count) == (5 if replaced else 1)
    other = SQLiteQuota(path)
    assert await other.update("key", count) == (6 if replaced else 2)
    await other.aclose()
