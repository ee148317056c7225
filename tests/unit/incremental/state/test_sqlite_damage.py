"""What a state in a SQLite file does when the file is missing, damaged or newer, and when a disk fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.incremental.state.test_sqlite import FIRST, change, path, state
from theirstack_async._database.database import DatabaseError
from theirstack_async._database.sqlite import SQLiteDatabase
from theirstack_async.errors import StateError
from theirstack_async.incremental import SQLiteState, StateChange

__all__ = ["path", "state"]


def write(path: Path, text: str) -> None:
    path.write_text(text)


def read(path: Path) -> str:
    return path.read_text()


def delete(path: Path) -> None:
    """Delete a file with all that stands beside it."""
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


async def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    state = SQLiteState(tmp_path / "missing" / "state.db")
    with pytest.raises(StateError, match=r"missing is missing; make it, or correct the path"):
        await state.acquire("a")
    with pytest.raises(StateError, match=r"missing.state\.db cannot be used: unable to open .*; see that its folder"):
        await state.load("a")
    assert not (tmp_path / "missing").exists()
    (tmp_path / "missing").mkdir()
    await state.acquire("a")
    await state.release("a")
    await state.aclose()


async def test_a_lock_file_that_cannot_be_made_is_named(path: Path, state: SQLiteState) -> None:
    path.with_name("state.db.a.lock").mkdir()
    with pytest.raises(StateError, match=r"the lock file .*state\.db\.a\.lock cannot be used: .*; see that its folder"):
        await state.acquire("a")


async def test_a_file_that_is_no_database_is_left_alone(path: Path, state: SQLiteState) -> None:
    text = "Something else, longer than the header of a database." * 20
    write(path, text)
    with pytest.raises(
        StateError, match=r"not a database; see .* a damaged one must be restored from a copy"
    ) as caught:
        await state.load("a")
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)
    assert read(path) == text
    delete(path)
    assert (await state.load("a")).revision == 0


async def test_a_file_that_was_deleted_is_noticed(path: Path, state: SQLiteState) -> None:
    """What is written to a deleted file nobody else sees."""
    await state.save("a", FIRST)
    delete(path)
    with pytest.raises(
        StateError, match=r"was changed by another run \(revision 0, not 1\), or taken away; nothing was"
    ):
        await state.save("a", StateChange(1, {}))
    await state.save("a", FIRST)
    assert (await state.load("a")).revision == 1


@pytest.mark.parametrize(
    ("sql", "value", "said"),
    [
        ("UPDATE theirstack_state SET document = ?", "{", "is no JSON: .*; restore it from a copy"),
        ("UPDATE theirstack_state SET document = ?", "[]", "holds something else than the state of a profile"),
        ("UPDATE theirstack_state SET document = ?", '{"format": "x"}', "holds something else than the state"),
        (
            "UPDATE theirstack_state SET document = ?",
            '{"format": 2}',
            r"later release \(format 2, and .* upgrade theirst",
        ),
        ("UPDATE theirstack_seen SET id = ?", "12,", "is no JSON"),
        ("UPDATE theirstack_seen SET id = ?", "[1]", "holds ids of the profile a that no release writes"),
        ('UPDATE theirstack_seen SET "at" = ?', "soon", "holds ids of the profile a that no release writes"),
        ("ALTER TABLE theirstack_seen RENAME COLUMN id TO id2", None, "cannot be used: no such column"),
    ],
)
async def test_what_cannot_be_read_is_never_taken_for_empty(
    sql: str, value: str | None, said: str, path: Path, state: SQLiteState
) -> None:
    await state.save("a", FIRST)
    change(path, sql, *([] if value is None else [value]))
    with pytest.raises(StateError, match=said):
        await state.load("a")


async def test_a_later_format_is_not_listed_as_if_it_were_known(path: Path, state: SQLiteState) -> None:
    await state.save("a", StateChange(0, {"format": 9}))
    with pytest.raises(StateError, match="later release"):
        await state.profiles()


class Failing(sqlite3.Connection):
    """A connection on which one statement fails, as on a disk that is full or broken."""

    fails: str = ""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if Failing.fails and sql.startswith(Failing.fails):
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *parameters)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, factory=Failing, **kwargs))
    monkeypatch.setattr(Failing, "fails", "")
    return lambda sql: monkeypatch.setattr(Failing, "fails", sql)


@pytest.mark.parametrize("statement", ["PRAGMA synchronous", "BEGIN", "INSERT INTO theirstack_state", "COMMIT"])
async def test_a_statement_that_fails_changes_nothing(
    statement: str, failing: Callable[[str], None], state: SQLiteState
) -> None:
    failing(statement)
    with pytest.raises(StateError, match="cannot be used: disk I/O error"):
        await state.save("a", FIRST)
    failing("")
    assert (await state.load("a")).revision == 0
    await state.save("a", FIRST)


async def test_what_cannot_be_rolled_back_is_closed(failing: Callable[[str], None], state: SQLiteState) -> None:
    def within(connection: Any) -> None:
        connection.execute("CREATE TABLE jobs (id)")
        failing("ROLLBACK")
        raise LookupError

    with pytest.raises(LookupError):
        await state.save("a", FIRST, within=within)
    assert (await state.load("a")).revision == 0


async def test_an_exit_from_within_is_rolled_back_too(path: Path) -> None:
    database = SQLiteDatabase(path)

    def leave(connection: Any) -> None:
        connection.execute("CREATE TABLE jobs (id)")
        raise GeneratorExit

    with pytest.raises(GeneratorExit):
        await database.do(leave)
    with pytest.raises(DatabaseError, match="no such table: jobs"):
        await database.do(lambda connection: connection.execute("SELECT * FROM jobs"))
    await database.aclose()
