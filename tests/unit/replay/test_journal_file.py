# ruff: noqa: ASYNC240 - a test may wait for its own small files
"""The file of a journal: it is only ever added to, and one that is none, or is damaged, is told from a good one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.unit.replay._journals import accepted, intended, journal_at, plan_of_size, settings_of, steps_of
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


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to a file, as a user's own program would have it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def edit(path: Path, *statements: str) -> None:
    """Change a journal behind the triggers' back."""
    with connected(path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


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


async def test_a_journal_of_a_newer_release_is_refused(kept: Path) -> None:
    edit(kept, "UPDATE head SET format = 2")
    for write in (True, False):
        with pytest.raises(JournalError, match=r"has the format 2, and this release knows 1; .* upgrade") as caught:
            await Journal.open(kept, write=write)
        assert str(kept) in str(caught.value)
    with pytest.raises(JournalError, match="has the format 2"):
        await Journal.create(kept, plan_of_size(1), settings_of())


DAMAGE: Final = {
    "no head": ("DELETE FROM head", "is damaged"),
    "no table of steps": ("DROP TABLE step", "cannot be read: no such table: step; see that it is there"),
    "an entry that is gone": ("DELETE FROM entry WHERE position = 1", "is damaged: its plan is not as it was written"),
    "an entry that was edited": (
        "UPDATE entry SET body = replace(body, 'job.new', 'job.old')",
        "is damaged: its plan is not as it was written",
    ),
    "a head that was edited": (
        "UPDATE head SET plan = replace(plan, 'memory', 'other')",
        "is damaged: its plan is not as it was written",
    ),
    "settings that are none": ("UPDATE head SET settings = '[]'", "is damaged: settings: expected an object"),
    "settings too deep": (
        f"UPDATE head SET settings = '{'[' * 100_000}'",
        "is damaged: .*recursion",
    ),
    "settings that are no JSON": ("UPDATE head SET settings = '{'", "is damaged"),
    "a step that is gone": ("DELETE FROM step WHERE number = 1", "is damaged: step 1 is missing; restore it from a"),
    "a step that was edited": ("UPDATE step SET kind = 'undone' WHERE number = 2", "is damaged: step 2: no step that"),
    "a step that is a number": ("UPDATE step SET body = 5 WHERE number = 2", "is damaged: step 2: no step that this"),
    "a step that is bytes": ("UPDATE step SET body = x'00ff' WHERE number = 2", "is damaged: step 2: "),
    "a step too deep": (
        f"UPDATE step SET body = '{'[' * 100_000}' WHERE number = 2",
        "is damaged: step 2: .*recursion",
    ),
    "a step that cannot follow": (
        "UPDATE step SET batch = 9 WHERE number = 2",
        r"is damaged: step 2: the journal takes no such step \(Answered\): batch 9 was never begun; restore it",
    ),
    "text that is none": ("UPDATE step SET kind = CAST(x'ff' AS TEXT) WHERE number = 2", "cannot be read: "),
}


@pytest.mark.parametrize("case", DAMAGE)
async def test_a_damaged_journal_is_told(kept: Path, case: str) -> None:
    statement, why = DAMAGE[case]
    edit(kept, statement)
    for write in (True, False):
        with pytest.raises(JournalError, match=f"the journal .*replay.db {why}"):
            await Journal.open(kept, write=write)


async def test_a_refused_journal_is_not_kept_from_others(kept: Path) -> None:
    edit(kept, "UPDATE head SET settings = '[]'")
    # As long as the error lives, what it came through does.
    errors: list[JournalError] = []
    for _ in range(2):
        with pytest.raises(JournalError, match="is damaged") as caught:
            await Journal.open(kept)
        errors.append(caught.value)


async def test_a_file_whose_pages_are_damaged_is_told(kept: Path) -> None:
    content = kept.read_bytes()
    for damaged in (content[:100] + b"\xff" * (len(content) - 100), content[: len(content) // 2], content[:16]):
        kept.write_bytes(damaged)
        with pytest.raises(JournalError, match=r"cannot be read: .*; a damaged one must be restored from a copy"):
            await Journal.open(kept)


async def test_an_answer_that_is_damaged_is_told_of(kept: Path) -> None:
    journal = await Journal.open(kept, write=False)
    edit(kept, "UPDATE step SET body = '[1]' WHERE number = 2")
    with pytest.raises(JournalError, match="is damaged: step 2: no step"):
        await journal.traces([0])
    with pytest.raises(JournalError, match="is damaged: step 2: no step"):
        await steps_of(journal)


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
