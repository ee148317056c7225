"""What a run refuses, before anything is sent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.replay._memory import World
from tests.replay._virtual import virtual
from tests.unit.replay._runs import begin, replay, sent
from theirstack_async.errors import ArgumentError, ReplayError, ReplayLockedError
from theirstack_async.replay import Replay


@virtual
async def test_it_is_entered_once(tmp_path: Path) -> None:
    one = replay(World())
    run = begin(one, await one.plan([1]), tmp_path)
    assert repr(run) == "<ReplayRun memory not begun>"
    for use in (lambda: run.snapshot, run.cancel):
        with pytest.raises(ReplayError, match="has not begun"):
            use()
    async with run:
        assert repr(run) == f"<ReplayRun memory {tmp_path / 'replay.db'}>"
    with pytest.raises(ReplayError, match="can be entered once"):
        await run.__aenter__()


@virtual
async def test_one_run_a_webhook_at_a_time(tmp_path: Path) -> None:
    world = World()
    world.seed(10)
    one = replay(world)
    plan = await one.plan([1])
    async with begin(one, plan, tmp_path):
        other = one.run(plan, journal=tmp_path / "other.db")
        with pytest.raises(ReplayLockedError, match="webhook 1"):
            await other.__aenter__()
        with pytest.raises(ReplayLockedError):
            await one.resume(tmp_path / "replay.db").__aenter__()
        with pytest.raises(ReplayLockedError):
            await one.verify(tmp_path / "replay.db")
        assert not (tmp_path / "other.db").exists()
    assert world.doubled() == []


@virtual
async def test_it_closes_its_provider() -> None:
    world = World()
    async with replay(world) as one:
        assert repr(one) == "<Replay memory memory://world>"
    assert one.provider.closed  # type: ignore[attr-defined]


@virtual
@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"expect": -1}, "expect"), ({"tolerance": 1.5}, "tolerance"), ({"tolerance": "x"}, "tolerance"),
        ({"rate": 0}, "rate"), ({"batch_size": 26}, "batch_size"), ({"batch_size": 0}, "batch_size"),
        ({"max_concurrency": 0}, "max_concurrency"), ({"canary": -1}, "canary"), ({"on_unknown": "x"}, "on_unknown"),
        ({"grace": -1}, "grace"), ({"drain": -1}, "drain"),
    ],
)  # fmt: skip
async def test_bad_arguments_are_refused_before_anything_happens(
    tmp_path: Path, how: dict[str, Any], field: str
) -> None:
    one = replay(World())
    plan = await one.plan([1])
    with pytest.raises(ArgumentError, match=f"^{field}: ") as caught:
        one.run(plan, journal=tmp_path / "replay.db", **how)
    assert caught.value.field == field
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # ASYNC240 wants no Path here


@virtual
async def test_a_plan_or_journal_of_another_api_is_refused(tmp_path: Path) -> None:
    world = World()
    world.seed(5)
    one = replay(world)
    await sent(one, tmp_path)
    other = replay(world, provider="another")
    with pytest.raises(ReplayError, match="the plan is for memory at memory://world, and this replay is for another"):
        other.run(await one.plan([1]), journal=tmp_path / "other.db")
    with pytest.raises(ReplayError, match="the journal is for memory"):
        await other.resume(tmp_path / "replay.db").__aenter__()
    with pytest.raises(ReplayError, match="the journal is for memory"):
        await other.verify(tmp_path / "replay.db")


@virtual
async def test_settings_of_a_resumed_run_are_checked_against_its_journal(tmp_path: Path) -> None:
    one = replay(World())
    await sent(one, tmp_path)
    with pytest.raises(ArgumentError, match=r"^rate: "):
        await one.resume(tmp_path / "replay.db", rate=-1.0).__aenter__()
    async with one.resume(tmp_path / "replay.db", rate=1.0, on_unknown="resend"):
        """The refused one has let go of its locks."""


def test_what_is_no_provider_is_refused_at_once() -> None:
    with pytest.raises(ArgumentError, match=r"^provider: expected one such as TheirStackEvents.client., got object$"):
        Replay(object())  # type: ignore[arg-type,type-var]
