"""One run has a journal, whoever else would; others read along."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.unit.replay._journals import (
    accepted,
    intended,
    journal_at,
    plan_of_size,
    settings_of,
    standing,
    steps_of,
)
from theirstack_async._database.sqlite import SQLiteDatabase
from theirstack_async.errors import JournalError, ReplayError, ReplayLockedError
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._states import ReplayState

S = ReplayState


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replay.db"


async def test_one_run_has_a_journal(path: Path) -> None:
    async with journal_at(path, plan_of_size(1)) as journal:
        with pytest.raises(ReplayLockedError, match=r"another run has the journal .*; nothing was sent") as caught:
            await Journal.open(path)
        assert "theirstack replay status" in str(caught.value)
        assert str(path) in str(caught.value)
        await journal.write(intended(1, 0))
    again = await Journal.open(path)
    await again.aclose()


async def test_the_journal_is_one_by_whatever_name(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    async with journal_at(path, plan_of_size(1)):
        other.symlink_to(path)
        with pytest.raises(ReplayLockedError):
            await Journal.open(other)


async def test_to_read_goes_on_beside_a_run(path: Path) -> None:
    async with journal_at(path, plan_of_size(2), intended(1, 0)) as journal:
        reader, second = await Journal.open(path, write=False), await Journal.open(path, write=False)
        assert reader.ledger.state(0) is S.INTENDED
        await journal.write(accepted(1, 0))
        assert reader.ledger.state(0) is S.INTENDED
        await reader.refresh()
        assert standing(reader.ledger, reader.plan) == standing(journal.ledger, journal.plan)
        with pytest.raises(JournalError, match="opened to be read"):
            await reader.write(intended(2, 1))
        await reader.aclose()
        await second.aclose()
        await journal.write(intended(2, 1))
    assert len(await steps_of(reader)) == 3


async def test_readers_that_refresh_at_once_take_each_step_in_once(path: Path) -> None:
    async with journal_at(path, plan_of_size(2)) as journal:
        reader = await Journal.open(path, write=False)
        await journal.write(intended(1, 0), accepted(1, 0))
        await asyncio.gather(*(reader.refresh() for _ in range(5)))
        assert reader.ledger.state(0) is S.ACCEPTED


async def test_a_reader_keeps_no_run_from_the_journal(path: Path) -> None:
    async with journal_at(path, plan_of_size(1)):
        pass
    reader = await Journal.open(path, write=False)
    journal = await Journal.open(path)
    await journal.write(intended(1, 0))
    await reader.refresh()
    assert reader.ledger.state(0) is S.INTENDED
    await journal.aclose()
    await reader.aclose()


async def test_of_two_that_make_a_journal_at_once_one_does(path: Path) -> None:
    plans = [plan_of_size(1), plan_of_size(2)]
    results = await asyncio.gather(
        *(Journal.create(path, plan, settings_of()) for plan in plans), return_exceptions=True
    )
    made = [each for each in results if isinstance(each, Journal)]
    refused = [each for each in results if isinstance(each, ReplayLockedError)]
    assert (len(made), len(refused)) == (1, 1)
    await made[0].aclose()
    again = await Journal.open(path, write=False)
    assert again.plan == made[0].plan


async def test_a_journal_made_between_the_look_and_the_lock_is_not_made_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = SQLiteDatabase.lock

    async def late(database: SQLiteDatabase, key: str, wait: float) -> bool:
        monkeypatch.undo()
        async with journal_at(path, plan_of_size(2)):
            pass
        return await lock(database, key, wait)

    monkeypatch.setattr(SQLiteDatabase, "lock", late)
    with pytest.raises(ReplayError, match="is the journal of a run already"):
        await Journal.create(path, plan_of_size(1), settings_of())
    # Nor is its lock kept.
    again = await Journal.open(path)
    assert len(again.plan.entries) == 2
    await again.aclose()
