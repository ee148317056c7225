# ruff: noqa: ASYNC240 - a test may wait for its own small files
"""The journal of a run: what is written lasts, all of it or nothing, and in order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests._imports import ROOT
from tests.unit.replay._journals import (
    NOW,
    accepted,
    entry,
    intended,
    journal_at,
    plan_of,
    plan_of_size,
    settings_of,
    standing,
    steps_of,
)
from theirstack_async._database.sqlite import SQLiteDatabase
from theirstack_async.errors import JournalError, ReplayError
from theirstack_async.replay import ReplayWindow, Trace
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import Answered, Doubtful, Excluded, PutBack, Resumed, Step, Stopped

S = ReplayState


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replay.db"


async def test_a_journal_keeps_plan_settings_and_steps(path: Path) -> None:
    plan = plan_of(
        entry(1),
        entry("b", "two", next_attempt=entry(1).created_at, group="g", excluded="vetoed"),
        windows=(ReplayWindow(45, 60.0, "ids", "webhook"),),
        webhook_ids=(1, "two", 3),
    )
    settings = settings_of(stop_when=None)
    steps: list[Step] = [Resumed(at=NOW), intended(1, 0), accepted(1, 0), Stopped(webhook_id=3, reason="gone")]
    journal = await Journal.create(path, plan, settings)
    assert journal.path == path
    assert (journal.plan, journal.settings) == (plan, settings)
    for step in steps:
        await journal.write(step)
    before = standing(journal.ledger, plan)
    await journal.aclose()
    for write in (True, False):
        again = await Journal.open(path, write=write)
        assert (again.plan, again.settings, again.path) == (plan, settings, path)
        assert standing(again.ledger, plan) == before
        assert await steps_of(again) == steps
        await again.aclose()


async def test_a_run_goes_on_where_another_one_ended(path: Path) -> None:
    async with journal_at(path, plan_of_size(2), intended(1, 0)):
        pass
    journal = await Journal.open(str(path))
    await journal.write(Doubtful(batch=1, reason="killed"))
    await journal.write(intended(journal.ledger.next_batch, 1))
    await journal.aclose()
    again = await Journal.open(path, write=False)
    assert [again.ledger.state(0), again.ledger.state(1)] == [S.UNKNOWN, S.INTENDED]
    assert again.ledger.next_batch == 3


async def test_many_steps_are_read_in_chunks_and_in_order(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("theirstack_async.replay._journal._CHUNK", 3)
    steps: list[Step] = [each for at in range(10) for each in (intended(at + 1, at), accepted(at + 1, at))]
    async with journal_at(path, plan_of_size(10), *steps) as journal:
        assert await steps_of(journal) == steps
        reader = await Journal.open(path, write=False)
        assert standing(reader.ledger, reader.plan) == standing(journal.ledger, journal.plan)


async def test_steps_that_are_written_meanwhile_are_read_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("theirstack_async.replay._journal._CHUNK", 1)
    async with journal_at(path, plan_of_size(2), Resumed(at=1.0)) as journal:
        found: list[Step] = []
        async for step in journal.steps():
            found.append(step)
            if len(found) < 3:
                await journal.write(Resumed(at=len(found) + 1.0))
    assert found == [Resumed(at=1.0), Resumed(at=2.0), Resumed(at=3.0)]


async def test_several_steps_are_written_together_or_not_at_all(path: Path) -> None:
    """Each is checked behind those before it; what cannot follow undoes none, for none was written."""
    async with journal_at(path, plan_of_size(2)) as journal:
        await journal.write(intended(1, 0), PutBack(batch=1, reason="slow"), intended(2, 0, 1))
        before = standing(journal.ledger, journal.plan)
        with pytest.raises(JournalError, match="position 0 is accepted, and intended cannot follow"):
            await journal.write(accepted(2, 0, 1), intended(3, 0))
        assert standing(journal.ledger, journal.plan) == before
        assert len(await steps_of(journal)) == 3
        await journal.write(accepted(2, 0, 1))
        assert len(await steps_of(journal)) == 4


async def test_a_step_that_cannot_follow_is_not_written(path: Path) -> None:
    async with journal_at(path, plan_of_size(1)) as journal:
        with pytest.raises(JournalError, match="batch 1 was never begun"):
            await journal.write(PutBack(batch=1, reason="x"))
        assert await steps_of(journal) == []


async def test_to_write_nothing_does_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(database: SQLiteDatabase, work: Callable[[Any], Any]) -> Any:
        raise AssertionError

    async with journal_at(path, plan_of_size(1)) as journal:
        monkeypatch.setattr(SQLiteDatabase, "do", never)
        await journal.write()
        monkeypatch.undo()
        assert await steps_of(journal) == []


async def test_traces_are_the_group_and_the_handle_of_the_newest_call(path: Path) -> None:
    plan = plan_of(entry(0, group="g"), entry(1), entry(2), entry(3), entry(4))
    steps: list[Step] = [
        intended(1, 0, 1),
        PutBack(batch=1, reason="slow"),
        intended(2, 0, 1, 2),
        Answered(batch=2, accepted={0: "h0", 1: None}, rejected={2: "gone"}),
        intended(3, 3),
    ]
    async with journal_at(path, plan, *steps) as journal:
        assert await journal.traces(range(5)) == {
            0: Trace(group="g", handle="h0"),
            1: Trace(),
            2: Trace(),
            3: Trace(),
            4: Trace(),
        }
        assert await journal.traces([]) == {}
        assert await journal.traces(iter((1, 0))) == {1: Trace(), 0: Trace(group="g", handle="h0")}


async def test_a_journal_that_exists_is_not_made_again(path: Path) -> None:
    async with journal_at(path, plan_of_size(1), Excluded(positions=(0,), reason="x")):
        with pytest.raises(ReplayError, match="is the journal of a run already; resume that run, or give another path"):
            await Journal.create(path, plan_of_size(1), settings_of())
    with pytest.raises(ReplayError, match="is the journal of a run already"):
        await Journal.create(path, plan_of_size(1), settings_of())
    again = await Journal.open(path, write=False)
    assert again.ledger.state(0) is S.EXCLUDED


async def test_a_plan_of_nothing_has_a_journal_too(path: Path) -> None:
    async with journal_at(path, plan_of()) as journal:
        await journal.write(Resumed(at=NOW))
    again = await Journal.open(path, write=False)
    assert sum(again.ledger.counts().values()) == 0


async def test_a_missing_journal_is_none(path: Path, tmp_path: Path) -> None:
    for write in (True, False):
        with pytest.raises(JournalError, match=r"there is no journal at .*replay.db; give the path"):
            await Journal.open(path, write=write)
    assert list(tmp_path.iterdir()) == []


def test_to_import_a_journal_loads_no_database() -> None:
    program = (
        # What measures coverage has a database of its own.
        "import sys; before = set(sys.modules)\n"
        "import theirstack_async.replay._journal, theirstack_async.replay._ledger\n"
        "print(sorted({'sqlite3', 'filelock', 'aiohttp'} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"
