"""What replays are typed as. Checked, and never run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_type

from theirstack_async import TheirStack, Unset
from theirstack_async.replay import (
    BitGoNotifications,
    PlanSummary,
    Replay,
    ReplayEvent,
    ReplayPlan,
    ReplayProvider,
    ReplayReport,
    ReplayRun,
    ReplaySnapshot,
    ReplayState,
    StopWhen,
    TheirStackEvents,
)


async def still_open(event: ReplayEvent[int]) -> bool:
    return event.created_at > datetime(2026, 1, 1, tzinfo=UTC)


async def theirstack(client: TheirStack) -> None:
    replay = Replay(TheirStackEvents(client))
    assert_type(replay, Replay[int])
    plan = await replay.plan([1, 2], status=["FAILED"], predicate=still_open, auto_retry="skip")
    assert_type(plan, ReplayPlan)
    assert_type(plan.summary(), PlanSummary)
    async with replay.run(plan, journal=Path("replay.db"), expect=plan.to_send, stop_when=StopWhen(of=10)) as run:
        assert_type(run, ReplayRun[int])
        async for snapshot in run.progress(every=0.5):
            assert_type(snapshot, ReplaySnapshot)
            assert_type(snapshot.counts, Mapping[ReplayState, int])
            assert_type(snapshot.eta, float | None)
        assert_type(await run.result(), ReplayReport)
    replay.run(plan, journal="replay.db", stop_when=None, rate=2, on_unknown="resend")
    replay.resume("replay.db", rate=None, canary=0)
    assert_type((await replay.verify("replay.db", deadline=60)).counts[ReplayState.DELIVERED], int)


async def bitgo() -> None:
    async with BitGoNotifications("token") as provider, Replay(provider) as replay:
        assert_type(replay, Replay[str])
        plan = await replay.plan(["wallet"], predicate=lambda event: event.type != "block")
        replay.run(plan, journal="wallet.db")


def any_provider(provider: ReplayProvider[int]) -> Replay[int]:
    return Replay(provider)


def kept(client: TheirStack, value: StopWhen | Unset | None) -> object:
    return Replay(any_provider(TheirStackEvents(client)).provider).resume("replay.db", stop_when=value)
