"""Writing to a journal from several tasks, some of which are cancelled, and on a disk that fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.replay._journals import (
    accepted,
    intended,
    journal_at,
    plan_of_size,
    settings_of,
    steps_of,
)
from theirstack_async._database.database import DatabaseError
from theirstack_async._database.sqlite import SQLiteDatabase
from theirstack_async.errors import JournalError
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._states import ReplayState

S = ReplayState


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replay.db"


async def test_writers_take_turns_in_the_order_in_which_they_came(path: Path) -> None:
    """Two that would send the same event: the first has it, and the second is refused as if it had come later."""
    async with journal_at(path, plan_of_size(3)) as journal:
        results = await asyncio.gather(
            journal.write(intended(1, 0)),
            journal.write(intended(2, 0)),
            journal.write(accepted(1, 0)),
            journal.write(intended(3, 1), intended(4, 2)),
            return_exceptions=True,
        )
        assert [type(each) for each in results] == [type(None), JournalError, type(None), type(None)]
        assert await steps_of(journal) == [intended(1, 0), accepted(1, 0), intended(3, 1), intended(4, 2)]


class Held:
    """Holds the work of a database back, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        do = SQLiteDatabase.do

        async def slow(database: SQLiteDatabase, work: Callable[[Any], Any]) -> Any:
            def waits(connection: Any) -> Any:
                self.begun.set()
                assert self.go_on.wait(60)
                return work(connection)

            return await do(database, waits)

        monkeypatch.setattr(SQLiteDatabase, "do", slow)

    async def wait(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, 60)


async def test_a_cancelled_write_ends_and_the_ledger_knows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with journal_at(path, plan_of_size(2)) as journal:
        held = Held(monkeypatch)
        first = asyncio.create_task(journal.write(intended(1, 0)))
        await held.wait()
        waiting = asyncio.create_task(journal.write(intended(2, 1)))
        third = asyncio.create_task(journal.write(accepted(1, 0)))
        await asyncio.sleep(0)
        first.cancel()
        waiting.cancel()
        await asyncio.sleep(0)
        assert not first.done()
        assert journal.ledger.state(0) is S.PLANNED
        held.go_on.set()
        for task in (first, waiting):
            with pytest.raises(asyncio.CancelledError):
                await task
        await third
        # What waited for its turn was never begun.
        assert [journal.ledger.state(0), journal.ledger.state(1)] == [S.ACCEPTED, S.PLANNED]
        assert await steps_of(journal) == [intended(1, 0), accepted(1, 0)]


async def test_the_ledger_knows_a_cancelled_write_as_soon_as_it_is_raised(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with journal_at(path, plan_of_size(1)) as journal:
        held = Held(monkeypatch)
        task = asyncio.create_task(journal.write(intended(1, 0)))
        await held.wait()
        task.cancel()
        await asyncio.sleep(0)
        held.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert journal.ledger.state(0) is S.INTENDED


async def test_to_close_waits_for_what_is_being_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = await Journal.create(path, plan_of_size(1), settings_of())
    held = Held(monkeypatch)
    writing = asyncio.create_task(journal.write(intended(1, 0)))
    await held.wait()
    closing = asyncio.create_task(journal.aclose())
    await asyncio.sleep(0)
    # It closes all the same.
    closing.cancel()
    late = asyncio.create_task(journal.write(accepted(1, 0)))
    await asyncio.sleep(0)
    held.go_on.set()
    await writing
    with pytest.raises(asyncio.CancelledError):
        await closing
    with pytest.raises(JournalError, match="is closed, or was opened to be read; nothing was written"):
        await late
    monkeypatch.undo()
    again = await Journal.open(path)
    assert await steps_of(again) == [intended(1, 0)]
    await again.aclose()
    await again.aclose()


async def test_a_write_whose_outcome_nobody_knows_is_looked_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk may fail after it has written; the next call asks the file what is in it."""
    async with journal_at(path, plan_of_size(2)) as journal:
        do = SQLiteDatabase.do

        async def fails_late(database: SQLiteDatabase, work: Callable[[Any], Any]) -> Any:
            await do(database, work)
            raise DatabaseError("the disk failed")

        with monkeypatch.context() as patch:
            patch.setattr(SQLiteDatabase, "do", fails_late)
            with pytest.raises(JournalError, match=r"the journal .* cannot be written: the disk failed"):
                await journal.write(intended(1, 0))
        assert journal.ledger.state(0) is S.PLANNED
        with pytest.raises(JournalError, match="position 0 is intended"):
            await journal.write(intended(2, 0))
        await journal.write(accepted(1, 0))
        assert await steps_of(journal) == [intended(1, 0), accepted(1, 0)]
