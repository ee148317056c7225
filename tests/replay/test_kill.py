"""A program that is killed (``kill -9``) before and after each step of its journal, and resumed in another process: its
report is that of a run that nobody disturbed, but for the one batch whose intent has no outcome.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest

from tests._scale import LOAD_SCALE
from tests.incremental._programs import Program
from tests.replay._programs import Receiver, order, program, receiving
from tests.server._replay_theirstack import with_id
from theirstack_async.replay._journal import Journal
from theirstack_async.testing import FakeTheirStack, ResetBeforeBody, Status, SystemClock

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the programs are forked, and there is no fork here"),
]

EVENTS = 12
"""Of each of two webhooks."""
EVERY = 1 if LOAD_SCALE >= 1 else 11
"""Every which point is the last one."""
POISON, LOST, REFUSED, DROPPED = 3, 6, 11, 17
"""By their place in the plan: an event that sinks its call; one whose call's answer is lost once; one that the
receiver never takes; one whose call is lost once on its way. None of those that are not taken is ever a canary."""
OnUnknown = Literal["report", "resend"]


@attrs.define
class Scene:
    """An API with two webhooks, whatever becomes of the programs that use it."""

    fake: FakeTheirStack
    receiver: Receiver
    webhooks: list[int]
    ids: list[int]

    def taken(self, event: int) -> int:
        """Return how often the API has accepted an event."""
        return self.fake.event(event).attempts - 1


@asynccontextmanager
async def scene(on_unknown: OnUnknown) -> AsyncIterator[Scene]:
    """Yield a scene in which much goes wrong, in the same way each time, in whatever calls the events are."""
    async with receiving() as receiver, FakeTheirStack(clock=SystemClock()) as fake:
        webhooks = [fake.seed_webhook(receiver.url) for _ in range(2)]
        ids = [id_ for webhook in webhooks for id_ in fake.seed_events(webhook, EVENTS)]
        fake.faults.add(with_id(ids[POISON]), Status(400), times=None)
        fake.faults.add(with_id(ids[LOST]), ResetBeforeBody(apply=True))
        receiver.refused.add(ids[REFUSED])
        if on_unknown == "resend":
            fake.faults.add(with_id(ids[DROPPED]), ResetBeforeBody(apply=False))
        yield Scene(fake, receiver, webhooks, ids)


async def ran(running: Program, told: dict[str, Any]) -> dict[str, Any] | None:
    """Return what came of a run; None of one that was killed."""
    await running.begin(told)
    result = await running.result()
    assert result is None or "error" not in result, result
    return result


def outcome(place: Scene, result: dict[str, Any]) -> list[Any]:
    """Return state, word and the receiver's answer of each event, in the order of the plan."""
    assert result["total"] == result["counts"] == len(place.ids)
    return [result["rows"][str(id_)][:3] for id_ in place.ids]


async def open_batches(journal: Path) -> list[list[int]]:
    """Return the places of the events of each batch whose outcome is not noted."""
    opened = await Journal.open(journal, write=False)
    batches = [list(intended.positions) for intended in opened.ledger.open_batches.values()]
    await opened.aclose()
    return batches


async def undisturbed(running: Program, folder: Path, on_unknown: OnUnknown) -> tuple[int, list[Any]]:
    """Return how many points a run passes that nobody kills, and the outcome of each event."""
    async with scene(on_unknown) as place:
        told = order(place.fake, folder / "undisturbed.db", place.webhooks, on_unknown=on_unknown)
        result = await ran(running, told)
        assert result is not None
        found = outcome(place, result)
        states = [each[0] for each in found]
        assert states == [
            {POISON: "rejected", REFUSED: "failed_again"}.get(at, "delivered") for at in range(2 * EVENTS)
        ]  # fmt: skip
        assert max(map(place.taken, place.ids)) == 1
        points: int = result["passed"]
        return points, found


@pytest.mark.parametrize("on_unknown", ["report", "resend"])
async def test_killed_at_any_step_it_ends_as_if_it_had_not_been(tmp_path: Path, on_unknown: OnUnknown) -> None:
    killed = 0
    async with program() as running:
        points, expected = await undisturbed(running, tmp_path, on_unknown)
        for last in range(1, points + 1, EVERY):
            async with scene(on_unknown) as place:
                journal = tmp_path / f"{last}.db"
                told = order(place.fake, journal, place.webhooks, on_unknown=on_unknown)
                killed += await ran(running, {**told, "last": last}) is None
                open_ = await open_batches(journal) if journal.exists() else []
                result = await ran(running, {**told, "resume": journal.exists()})
                assert result is not None
                check(place, outcome(place, result), expected, open_, on_unknown)
    assert killed > points / EVERY * 0.8


def check(place: Scene, found: list[Any], expected: list[Any], open_: list[list[int]], on_unknown: OnUnknown) -> None:
    """Assert that the outcome is the expected one, but for what may be unknown, and that none was accepted twice."""
    assert len(open_) <= 1
    if on_unknown == "resend":
        assert found == expected
        return
    assert max(map(place.taken, place.ids)) <= 1
    for at, (now, then) in enumerate(zip(found, expected, strict=True)):
        if now[0] == "unknown":
            assert at in open_[0]
            assert place.taken(place.ids[at]) == 0, "it can be seen that it was sent again"
        else:
            assert now == then
