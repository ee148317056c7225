# ruff: noqa: ASYNC240 - a test may wait for its own small files
"""The file of a journal: it is only ever added to, and one that is none, or is damaged, is told from a good one."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.replay._journals import (
    accepted,
    connected,
    edit,
    intended,
    journal_at,
    plan_of_size,
    settings_of,
    steps_of,
)
from theirstack_async._database.database import DatabaseError
from theirstack_async._database.sqlite import SQLiteDatabase
from theirstack_async.errors import JournalError, ReplayError
from theirstack_async.replay import _journal_file
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import Resumed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replay.db"


@pytest.fixture
async def kept(path: Path) -> Path:
    """Return a journal with two steps that nobody has open."""
    async with journal_at(path, plan_of_size(2), intended(1, 0), accepted(1, 0)):
        pass
    return path


CHANGES: Final = [
    "UPDATE step SET body = '[]'",
    "UPDATE entry SET body = '{}'",
    "UPDATE head SET format = 2",
    "DELETE FROM step",
    "DELETE FROM step WHERE number = 2",
    "DELETE FROM entry",
    "DELETE FROM head",
    "INSERT INTO head SELECT * FROM head",
    "INSERT INTO entry SELECT 2, body FROM entry WHERE position = 0",
    "INSERT OR REPLACE INTO entry VALUES (0, '{}')",
    "INSERT INTO step SELECT 1, at, kind, batch, body FROM step WHERE number = 1",
    "INSERT OR REPLACE INTO step SELECT 1, at, kind, batch, body FROM step WHERE number = 2",
    "INSERT OR IGNORE INTO step SELECT 2, at, kind, batch, body FROM step WHERE number = 1",
    "REPLACE INTO step VALUES (2, 1.0, 'resumed', NULL, '[]')",
    "INSERT INTO step VALUES (4, 1.0, 'resumed', NULL, '[]')",
    "INSERT INTO step VALUES (NULL, 1.0, 'resumed', NULL, '[]')",
]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_journal_is_only_ever_added_to(kept: Path, change: str) -> None:
    with connected(kept) as connection:
        dump = list(connection.iterdump())
        with pytest.raises(sqlite3.IntegrityError, match="a journal is only ever added to"):
            connection.execute(change)
        assert list(connection.iterdump()) == dump
        connection.execute("INSERT INTO step VALUES (3, 1.0, 'resumed', NULL, '[]')")
    journal = await Journal.open(kept)
    assert (await steps_of(journal))[2] == Resumed(at=1.0)
    await journal.aclose()


async def test_the_file_survives_a_crash_of_the_machine(path: Path) -> None:
    """In WAL mode with synchronous = FULL each commit is on the disk; the former is a property of the file."""
    async with journal_at(path, plan_of_size(1)) as journal:
        with connected(path) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert isinstance(journal._file._database, SQLiteDatabase)


async def test_files_that_are_no_journals_are_refused_and_stay_as_they_are(path: Path) -> None:
    """Those of one byte too, which SQLite takes for an empty database."""
    for content in (b"x", b"SQLite", b'{"a":1}\n' * 1000):
        path.write_bytes(content)
        for write in (True, False):
            with pytest.raises(JournalError, match="is no journal of a replay; nothing was changed in it"):
                await Journal.open(path, write=write)
        with pytest.raises(JournalError, match="is no journal of a replay"):
            await Journal.create(path, plan_of_size(1), settings_of())
        assert path.read_bytes() == content
        assert neighbours(path) == ["replay.db"]


def neighbours(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


@pytest.mark.parametrize("application", [0, 77])
async def test_databases_of_others_are_refused_and_stay_as_they_are(path: Path, application: int) -> None:
    with connected(path) as connection:
        connection.execute("CREATE TABLE step (number INTEGER)")
        connection.execute(f"PRAGMA application_id = {application}")
    content = path.read_bytes()
    with pytest.raises(JournalError, match="is no journal of a replay"):
        await Journal.create(path, plan_of_size(1), settings_of())
    with pytest.raises(JournalError, match="is no journal of a replay"):
        await Journal.open(path)
    assert path.read_bytes() == content
    assert neighbours(path) == ["replay.db"]


async def test_an_empty_database_of_others_is_refused_too(path: Path) -> None:
    with connected(path) as connection:
        connection.execute("PRAGMA application_id = 77")
    with pytest.raises(JournalError, match="is no journal of a replay"):
        await Journal.create(path, plan_of_size(1), settings_of())


@pytest.mark.parametrize("half", ["empty file", "database without tables"])
async def test_what_was_left_of_one_that_was_never_made_is_made_again(path: Path, half: str) -> None:
    path.touch()
    if half == "database without tables":
        with connected(path) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        assert path.stat().st_size > 0
    with pytest.raises(JournalError, match="there is no journal at"):
        await Journal.open(path)
    async with journal_at(path, plan_of_size(1), intended(1, 0)) as journal:
        assert journal.ledger.state(0) is ReplayState.INTENDED


async def test_one_that_is_made_while_it_is_looked_for_is_not_taken_for_something_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading sees one moment of the file: no mark of a journal, and no tables either."""
    with connected(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    made: list[str] = []

    class Late(sqlite3.Connection):
        def execute(self, sql: str, *args: Any) -> Any:
            found = super().execute(sql, *args)
            if "application_id" in sql:
                made.append(sql)
                with sqlite3.connect(path, factory=sqlite3.Connection) as other:
                    other.execute("CREATE TABLE head (format INTEGER)")
                other.close()
            return found

    connect = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *args, **named: connect(*args, **{"factory": Late, **named}))
        with pytest.raises(JournalError, match="there is no journal at"):
            await Journal.open(path)
    assert len(made) == 1


async def test_to_read_makes_no_file(kept: Path) -> None:
    reader = await Journal.open(kept, write=False)
    for each in kept.parent.iterdir():
        each.unlink()
    with pytest.raises(JournalError, match=r"cannot be read: .*; see that it is there"):
        await reader.refresh()
    assert neighbours(kept) == []


async def test_a_journal_of_a_newer_release_is_refused(kept: Path) -> None:
    edit(kept, "UPDATE head SET format = 2")
    for write in (True, False):
        with pytest.raises(JournalError, match=r"has the format 2, and this release knows 1; .* upgrade") as caught:
            await Journal.open(kept, write=write)
        assert str(kept) in str(caught.value)
    with pytest.raises(JournalError, match="has the format 2"):
        await Journal.create(kept, plan_of_size(1), settings_of())


async def test_a_folder_in_its_place_is_told(path: Path) -> None:
    path.mkdir()
    with pytest.raises(JournalError, match=r"the journal .*replay.db cannot be read: "):
        await Journal.open(path)


async def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "replay.db"
    with pytest.raises(JournalError, match=r"cannot be locked: the folder .*gone is missing; make it"):
        await Journal.create(path, plan_of_size(1), settings_of())


async def test_a_journal_that_another_program_writes_to_is_left_alone(path: Path) -> None:
    async with journal_at(path, plan_of_size(2), intended(1, 0)) as journal:
        with connected(path) as connection:
            connection.execute("INSERT INTO step VALUES (2, 1.0, 'resumed', NULL, '[]')")
        with pytest.raises(JournalError, match="does not end where this run left it: another program has written"):
            await journal.write(accepted(1, 0))
        assert journal.ledger.state(0) is ReplayState.INTENDED
        assert len(await steps_of(journal)) == 2


async def test_a_journal_that_was_deleted_is_missed(path: Path) -> None:
    async with journal_at(path, plan_of_size(2), intended(1, 0)) as journal:
        for each in ("replay.db", "replay.db-wal", "replay.db-shm"):
            (path.parent / each).unlink()
        with pytest.raises(JournalError, match="was deleted while it was in use; restore it, and resume"):
            await journal.write(accepted(1, 0))
        assert journal.ledger.state(0) is ReplayState.INTENDED


async def test_a_journal_that_was_replaced_is_not_written_to(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "replay.db"
    async with journal_at(other, plan_of_size(2)):
        pass
    async with journal_at(path, plan_of_size(2), intended(1, 0)) as journal:
        for each in ("replay.db-wal", "replay.db-shm"):
            (path.parent / each).unlink()
        other.replace(path)
        with pytest.raises(JournalError, match="does not end where this run left it"):
            await journal.write(accepted(1, 0))
        assert await steps_of(journal) == []


async def test_errors_of_the_database_never_escape(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await Journal.create(path, plan_of_size(1), settings_of())

    async def fails(*_: object) -> None:
        raise DatabaseError("the disk is full")

    for name, act in (
        ("do", lambda: journal.write(intended(1, 0))),
        ("do", lambda: Journal.create(path.with_name("new.db"), plan_of_size(1), settings_of())),
        ("aclose", journal.aclose),
        ("unlock", journal.aclose),
        ("lock", lambda: Journal.open(path)),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(SQLiteDatabase, name, fails)
            with pytest.raises(JournalError, match=r"the journal .*\.db cannot be .*: the disk is full") as caught:
                await act()
        assert isinstance(caught.value, ReplayError)
        assert isinstance(caught.value.__cause__, DatabaseError)
    await journal.aclose()


async def test_a_journal_that_cannot_be_made_is_not_kept_from_others(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(_journal_file, "_TABLES", ("CREATE TABLE head (x)", "CREATE NONSENSE"))
        with pytest.raises(JournalError, match=r"cannot be written: .*syntax error"):
            await Journal.create(path, plan_of_size(1), settings_of())
    async with journal_at(path, plan_of_size(1)):
        assert path.exists()
