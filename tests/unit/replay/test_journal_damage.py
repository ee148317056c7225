# ruff: noqa: ASYNC240 - a test may wait for its own small files
"""A journal that is damaged is told from a good one, and what is the matter with it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.unit.replay._journals import (
    accepted,
    edit,
    intended,
    journal_at,
    plan_of_size,
    steps_of,
)
from theirstack_async.errors import JournalError
from theirstack_async.replay._journal import Journal


@pytest.fixture
async def kept(tmp_path: Path) -> Path:
    """Return a journal with two steps that nobody has open."""
    path = tmp_path / "replay.db"
    async with journal_at(path, plan_of_size(2), intended(1, 0), accepted(1, 0)):
        pass
    return path


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
