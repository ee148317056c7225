"""A webhook whose deliveries keep failing is not sent to any longer."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.replay._memory import BITGO_LIKE, START, World
from tests.replay._virtual import virtual
from tests.unit.replay._runs import begin, replay, states
from theirstack_async.errors import ConnectError, JournalError
from theirstack_async.replay import ReplayReport, StopWhen
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._steps import Seen

RULE = StopWhen(failed=0.5, of=20, every=60.0)


async def watched(world: World, folder: Path, rule: StopWhen | None = RULE, **how: Any) -> ReplayReport:
    one = replay(world, windows=BITGO_LIKE)
    plan = await one.plan(sorted({row.webhook_id for row in world.rows.values()}, key=str))
    async with begin(one, plan, folder, stop_when=rule, **how) as run:
        return await run.result()


@virtual
async def test_a_receiver_that_goes_down_again_ends_its_webhook(tmp_path: Path) -> None:
    world = World(takes=lambda row, at: row.webhook_id == 2 or at < START + 130)
    world.seed(450, 1)
    world.seed(450, 2)
    report = await watched(world, tmp_path)
    assert list(report.stopped) == [1]
    assert report.stopped[1].endswith("of its last 20 deliveries failed again")
    counts = states(report)
    # Three windows of 45 went out before; of the other webhook all.
    assert counts["planned"] >= 200
    assert sum(world.sent[row.id] for row in world.rows.values() if row.webhook_id == 2) == 450


@virtual
async def test_few_failures_are_borne(tmp_path: Path) -> None:
    world = World(takes=lambda row, at: row.id % 3 != 0)
    world.seed(270)
    report = await watched(world, tmp_path)
    assert (dict(report.stopped), states(report).get("planned", 0)) == ({}, 0)


@virtual
async def test_a_third_of_failures_is_too_much_for_whoever_says_so(tmp_path: Path) -> None:
    world = World(takes=lambda row, at: row.id % 3 != 0)
    world.seed(270)
    report = await watched(world, tmp_path, StopWhen(failed=0.3, of=30, every=60.0))
    assert list(report.stopped) == [1]


@virtual
async def test_without_a_rule_nothing_is_looked_at(tmp_path: Path) -> None:
    world = World(takes=lambda row, at: False)
    world.seed(270)
    report = await watched(world, tmp_path, None)
    assert (states(report), world.looks) == ({"accepted": 270}, 0)


@virtual
async def test_it_is_not_ended_before_enough_is_known(tmp_path: Path) -> None:
    world = World(takes=lambda row, at: False)
    world.seed(90)
    report = await watched(world, tmp_path, StopWhen(failed=0.5, of=200, every=10.0))
    assert dict(report.stopped) == {}


@virtual
async def test_the_rule_of_the_provider_is_the_default(tmp_path: Path) -> None:
    world = World(takes=lambda row, at: False)
    world.seed(450)
    one = replay(world, windows=BITGO_LIKE, stop_when=RULE)
    async with begin(one, await one.plan([1]), tmp_path) as run:
        report = await run.result()
    assert list(report.stopped) == [1]


@virtual
async def test_a_look_that_fails_is_made_again_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = World(takes=lambda row, at: False)
    world.seed(450)
    one = replay(world, windows=BITGO_LIKE)
    plan = await one.plan([1])
    world.listing = lambda: ConnectError("nobody answers") if asyncio.get_running_loop().time() < 100 else None
    async with begin(one, plan, tmp_path, stop_when=RULE) as run:
        report = await run.result()
    assert list(report.stopped) == [1]
    assert "webhook 1 could not be looked at: nobody answers" in caplog.text


@virtual
async def test_an_error_that_no_look_may_end_in_ends_the_run(tmp_path: Path) -> None:
    """Nobody would watch the deliveries any more."""
    world = World(takes=lambda row, at: False)
    world.seed(450)
    one = replay(world, windows=BITGO_LIKE)
    plan = await one.plan([1])
    world.listing = lambda: KeyError("a fault of the provider")
    with pytest.raises(KeyError, match="a fault of the provider"):
        async with begin(one, plan, tmp_path, stop_when=RULE):
            """Waits for the end."""
    assert (states(await one.report(tmp_path / "replay.db")), world.looks) == ({"accepted": 45, "planned": 405}, 1)


@virtual
async def test_a_journal_that_takes_no_sights_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(takes=lambda row, at: False)
    world.seed(450)
    write = Journal.write

    async def failing(journal: Journal, *steps: Any) -> None:
        if isinstance(steps[0], Seen):
            raise JournalError("the disk is full")
        await write(journal, *steps)

    monkeypatch.setattr(Journal, "write", failing)
    with pytest.raises(JournalError, match="the disk is full"):
        await watched(world, tmp_path)
    assert world.sent.total() == 45


@virtual
async def test_who_waits_for_room_at_a_webhook_that_is_ended_waits_no_longer(tmp_path: Path) -> None:
    world = World(takes=lambda row, at: False)
    world.seed(450)
    report = await watched(world, tmp_path, attrs.evolve(RULE, every=20.0))
    assert list(report.stopped) == [1]
    assert 20 < asyncio.get_running_loop().time() < 22


@virtual
async def test_a_share_of_just_so_many_is_too_much(tmp_path: Path) -> None:
    world = World(takes=lambda row, at: row.id % 2 == 0)
    world.seed(450)
    report = await watched(world, tmp_path)
    assert report.stopped == {1: "10 of its last 20 deliveries failed again"}


@virtual
async def test_what_is_still_under_way_is_neither_here_nor_there(tmp_path: Path) -> None:
    delays = itertools.cycle([1.0, 10_000.0])
    world = World(takes=lambda row, at: False, delay=lambda: next(delays))
    world.seed(450)
    report = await watched(world, tmp_path, StopWhen(failed=0.9, of=20, every=20.0))
    assert report.stopped == {1: "20 of its last 20 deliveries failed again"}
