"""Processes that share the file of a store: each event is one's own, and what was said to be stored outlives a kill."""

from __future__ import annotations

import asyncio
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tests._imports import ROOT
from tests._scale import scaled
from tests.receiver._claiming import body_of, end_of
from theirstack_async.receiver import DeliveryState, SQLiteDeliveries
from theirstack_async.testing.delivery_calls import LEASE, NOW, take

pytestmark = pytest.mark.slow

PROCESSES: Final = 3
EVENTS: Final = scaled(200)
KILLS: Final = scaled(20)
ENDLESS: Final = 10**6
LINES: Final = 400
"""A process that is killed says so many things at the most."""


@asynccontextmanager
async def claiming(path: Path, owner: str, first: int, count: int) -> AsyncIterator[Process]:
    """Start a program of ``_claiming.py``, and yield it when it is ready. It is killed if it does not end by itself."""
    words = (str(path), owner, str(first), str(count))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.receiver._claiming", *words, stdin=PIPE, stdout=PIPE, cwd=ROOT
    )
    try:
        assert await line_of(process) == ["ready"]
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_of(process: Process) -> list[str]:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().split()


async def told(process: Process, order: str) -> list[list[str]]:
    """Return what a program says of a step."""
    assert process.stdin is not None
    process.stdin.write(f"{order}\n".encode())
    found: list[list[str]] = []
    while (line := await line_of(process)) != ["end"]:
        assert line, "it ended in the middle of a step"
        found.append(line)
    return found


async def test_processes_share_the_events_among_them(tmp_path: Path) -> None:
    """They open a new file at once, and claim and take the same events."""
    path = tmp_path / "deliveries.db"
    starts = [claiming(path, f"owner {number}", 1, EVENTS) for number in range(PROCESSES)]
    async with starts[0] as one, starts[1] as two, starts[2] as three:
        programs = (one, two, three)
        said = await asyncio.gather(*(told(each, "claim") for each in programs))
        mine = [int(words[1]) for lines in said for words in lines if words[0] == "claim" and words[2] == "mine"]
        assert {*mine} == {*range(1, EVENTS + 1)}
        # Who sends a dead one again wants it tried again.
        assert {number for number in mine if mine.count(number) > 1} <= {
            number for number in mine if end_of(number) is DeliveryState.DEAD
        }
        assert {words[2] for lines in said for words in lines if words[0] == "claim"} == {"mine", "pending", "done"}
        settled = {(int(words[1]), words[2]) for lines in said for words in lines if words[0] == "settle"}
        assert settled == {(number, "True") for number in mine if end_of(number) is not None}
        said = await asyncio.gather(*(told(each, "take") for each in programs))
        taken = [(int(number), whole) for lines in said for _, number, whole in lines]
        assert sorted(taken) == [(number, "True") for number in sorted({*mine}) if end_of(number) is None]
        for each in programs:
            await each.communicate(b"")
            assert each.returncode == 0


async def until_killed(path: Path, first: int, lines: int) -> Sequence[list[str]]:
    """Return what a program had said when it was killed, some time after so many lines."""
    async with claiming(path, f"from {first}", first, ENDLESS) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"claim\n")
        said = [await line_of(process) for _ in range(lines)]
        process.kill()
        rest = (await process.stdout.read()).decode().split("\n")
    # A line is written whole.
    assert rest.pop() == ""
    return [*said, *(line.split() for line in rest)]


async def test_what_returned_before_a_kill_is_in_the_file(tmp_path: Path) -> None:
    """Every claim is, with its body, and every end. What was under way is whole, or not there."""
    path = tmp_path / "deliveries.db"
    order, first = random.Random(7), 0
    ends: dict[int, bool] = {}
    for _ in range(KILLS):
        for what, number, answer in await until_killed(path, first, order.randrange(1, LINES)):
            assert answer == ("mine" if what == "claim" else "True")
            ends[int(number)] = what == "settle"
        first = max(ends) + 100
    store = SQLiteDeliveries(path)
    stored: dict[int, DeliveryState] = {}
    for state in DeliveryState:
        for one in await store.list(state, limit=first):
            assert one.body == (b"" if state is DeliveryState.DONE else body_of(one.id))
            stored[one.id] = state
    assert ends.keys() <= stored.keys()
    for event_id, state in stored.items():
        # One may have been settled whose program did not live to say so, unless it is known that it was.
        assert state is (end_of(event_id) or DeliveryState.PENDING) or (
            state is DeliveryState.PENDING and not ends.get(event_id)
        ), event_id
    left = [event_id for event_id, state in stored.items() if state is DeliveryState.PENDING]
    assert sorted(one.id for one in await take(store, now=NOW + LEASE, limit=first)) == sorted(left)
    assert await store._database.do(lambda connection: connection.execute("PRAGMA integrity_check").fetchall()) == [
        ("ok",)
    ]
    await store.aclose()
