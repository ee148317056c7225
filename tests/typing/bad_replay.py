"""Mistakes with replays that both type checkers must report, each on its marked line."""

from __future__ import annotations

from theirstack_async import TheirStack
from theirstack_async.replay import BitGoNotifications, Replay, ReplayPlan, ReplayProvider, TheirStackEvents


async def mistakes(client: TheirStack, plan: ReplayPlan) -> None:
    Replay(client)  # E: arg-type type-var, reportArgumentType
    replay = Replay(TheirStackEvents(client))
    await replay.plan([1.5])  # E: list-item, reportArgumentType
    await replay.plan([1], start="2026-01-01")  # E: arg-type, reportArgumentType
    await replay.plan([1], auto_retry="maybe")  # E: arg-type, reportArgumentType
    await replay.plan([1], predicate=lambda event: event.payload)  # E: attr-defined, reportAttributeAccessIssue
    replay.run(plan)  # E: call-arg, reportCallIssue
    replay.run("plan.jsonl", journal="replay.db")  # E: arg-type, reportArgumentType
    replay.run(plan, journal="replay.db", on_unknown="again")  # E: arg-type, reportArgumentType
    replay.run(plan, journal="replay.db", stop_when=0.5)  # E: arg-type, reportArgumentType
    replay.resume("replay.db", batch_size=5)  # E: call-arg, reportCallIssue
    plan.entries = ()  # E: misc, reportAttributeAccessIssue
    (await replay.report("replay.db")).counts["delivered"]  # E: index, reportArgumentType


def wrong_ids(provider: BitGoNotifications) -> ReplayProvider[int]:
    return provider  # E: return-value, reportReturnType
