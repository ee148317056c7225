"""A journal whose process is killed before any of its statements opens with all that it had said was written."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests._imports import ROOT
from tests.unit.replay._journals import journal_at, ledger_of, standing, steps_of
from tests.unit.replay._killed import PLAN, WRITES
from theirstack_async.errors import JournalError
from theirstack_async.replay._journal import Journal

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork(), nor SIGKILL")


async def killed(folder: Path) -> list[int]:
    """Return how many writes had returned of each program that was killed; the last one was not."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.unit.replay._killed", str(folder), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    told: list[int] = json.loads(output)
    return told


async def check(path: Path, returned: int) -> None:
    """Read a journal, see that it holds whole writes, at least those that returned, and go on to the end."""
    reader = await Journal.open(path, write=False)
    steps = await steps_of(reader)
    whole = [[step for write in WRITES[:count] for step in write] for count in range(len(WRITES) + 1)]
    count = whole.index(steps)
    # One may have been written whose writer did not live to hear of it.
    assert count in {returned, returned + 1}
    assert standing(reader.ledger, PLAN) == standing(ledger_of(PLAN, *steps), PLAN)
    journal = await Journal.open(path)
    for write in WRITES[count:]:
        await journal.write(*write)
    await reader.refresh()
    assert await steps_of(journal) == whole[-1]
    assert (
        standing(reader.ledger, PLAN) == standing(journal.ledger, PLAN) == standing(ledger_of(PLAN, *whole[-1]), PLAN)
    )
    await journal.aclose()


async def test_a_journal_survives_kill_9_before_each_statement(tmp_path: Path) -> None:
    told = await killed(tmp_path)
    # Killed in all phases: before it was made, after each write, and not at all.
    assert sorted(set(told)) == list(range(-1, len(WRITES) + 1))
    assert told == sorted(told)
    unmade = [number for number, returned in enumerate(told) if returned == -1 and not await is_made(tmp_path, number)]
    assert len(unmade) > 10
    for number in unmade:
        async with journal_at(tmp_path / str(number) / "replay.db", PLAN):
            pass
    for number in set(range(len(told))).difference(unmade):
        await check(tmp_path / str(number) / "replay.db", max(told[number], 0))


async def is_made(folder: Path, number: int) -> bool:
    """Return whether there is a journal; half of one is none."""
    try:
        await Journal.open(folder / str(number) / "replay.db", write=False)
    except JournalError as error:
        if "there is no journal" not in str(error):
            raise
        return False
    return True
