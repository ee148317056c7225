"""A plan, a journal in memory and an API that lists what it is told to: what looks at events are tested with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from tests._engine import ManualClock
from theirstack_async.replay import PlanEntry, ReplayEvent, ReplayPlan, Trace
from theirstack_async.replay._ledger import Ledger
from theirstack_async.replay._provider import WebhookId
from theirstack_async.replay._steps import Answered, Intended, Seen, Sight, Step
from theirstack_async.replay._verify import Verifier

CLOCK_START = ManualClock().now()
CREATED = datetime.fromtimestamp(CLOCK_START, UTC) - timedelta(days=1)
PLANNED = CREATED + timedelta(hours=1)
"""When the deliveries had failed."""
AFTER = datetime.fromtimestamp(CLOCK_START + 60, UTC)


def entry(event_id: int | str, webhook_id: WebhookId = 7, **fields: Any) -> PlanEntry[Any]:
    """Return a planned event."""
    return PlanEntry(**{
        "id": event_id, "webhook_id": webhook_id, "type": "job.new", "created_at": CREATED, "updated_at": PLANNED,
        **fields,
    })  # fmt: skip


def plan_of(*entries: PlanEntry[Any], **fields: Any) -> ReplayPlan:
    """Return a plan of these entries."""
    return ReplayPlan(**{
        "provider": "memory", "where": "http://127.0.0.1", "made_at": PLANNED + timedelta(hours=1), "start": None,
        "end": None, "status": ("FAILED",), "auto_retry": "include", "batch_size": 10, "windows": (),
        "entries": entries, **fields,
    })  # fmt: skip


def event(of: PlanEntry[Any], status: str = "failed", **fields: Any) -> ReplayEvent[Any]:
    """Return how an event is listed; unless told otherwise, as it was planned."""
    words = {"failed": "FAILED", "delivered": "SUCCESS", "pending": "IN_PROGRESS", "skipped": "NOT_TRIGGERED"}
    listed: dict[str, Any] = {
        "id": of.id, "webhook_id": of.webhook_id, "type": of.type, "status": status, "word": words[status],
        "created_at": of.created_at, "updated_at": of.updated_at,
    }  # fmt: skip
    return ReplayEvent(**{**listed, **fields})


@attrs.define
class MemoryJournal:
    """Checks and keeps steps as a journal does."""

    plan: ReplayPlan
    ledger: Ledger = attrs.field(init=False)
    steps: list[Step] = attrs.field(init=False, factory=list)
    handles: dict[int, str | None] = attrs.field(init=False, factory=dict)
    broken: Exception | None = None

    def __attrs_post_init__(self) -> None:
        self.ledger = Ledger(self.plan)

    async def write(self, *steps: Step) -> None:
        """Keep steps."""
        if self.broken is not None:
            raise self.broken
        for step in steps:
            self.ledger.apply(step)
            self.steps.append(step)
            if isinstance(step, Answered):
                self.handles |= step.accepted

    async def traces(self, positions: Collection[int]) -> dict[int, Trace]:
        """Return by what else events can be found."""
        entries = self.plan.entries
        return {at: Trace(group=entries[at].group, handle=self.handles.get(at)) for at in positions}

    async def accept(self, *positions: int, at: float = CLOCK_START) -> None:
        """Have events of one webhook sent and accepted, each with a handle."""
        batch = self.ledger.next_batch
        await self.write(
            Intended(batch=batch, positions=positions, at=at),
            Answered(batch=batch, accepted={each: f"h{each}" for each in positions}, rejected={}),
        )


Listing = Mapping[Any, ReplayEvent[Any]]
Act = Listing | Exception | Callable[[], Listing]


class ListedEvents:
    """An API that answers each look at a webhook with the next act for it; the last one again and again."""

    def __init__(self, **acts: list[Act]) -> None:
        """Take the acts by webhook, such as ``w7=[...]``."""
        self.acts = acts
        self.asked: list[tuple[WebhookId, dict[Any, Trace], datetime]] = []

    async def status_of(self, webhook_id: WebhookId, ids: Mapping[Any, Trace], since: datetime) -> Listing:
        """Play the next act."""
        self.asked.append((webhook_id, dict(ids), since))
        acts = self.acts[f"w{webhook_id}"]
        act = acts.pop(0) if len(acts) > 1 else acts[0]
        if isinstance(act, Exception):
            raise act
        return act() if callable(act) else act


def done(of: PlanEntry[Any]) -> dict[Any, Any]:
    """Return a listing that has it delivered."""
    return {of.id: event(of, "delivered")}


def failed(of: PlanEntry[Any]) -> dict[Any, Any]:
    """Return a listing that has it tried again in vain."""
    return {of.id: event(of, updated_at=AFTER, response_status=503, response="closed")}


def waiting(of: PlanEntry[Any]) -> dict[Any, Any]:
    """Return a listing that has it on its way."""
    return {of.id: event(of, "pending")}


async def accepted(*entries: PlanEntry[Any], **fields: Any) -> MemoryJournal:
    """Return the journal of a run all of whose events were accepted."""
    journal = MemoryJournal(plan_of(*entries, **fields))
    for webhook_id in journal.plan.webhook_ids:
        await journal.accept(*(at for at, each in enumerate(entries) if each.webhook_id == webhook_id))
    journal.steps.clear()
    return journal


def verifier(journal: MemoryJournal, api: ListedEvents, clock: ManualClock | None = None) -> Verifier[Any]:
    """Return what looks, at a clock that nobody waits for."""
    return Verifier(api, journal, clock or ManualClock())  # type: ignore[arg-type]


def states(sights: dict[int, Sight]) -> dict[int, str]:
    """Return what was seen, by position."""
    return {at: each.state.value for at, each in sights.items()}


def noted(journal: MemoryJournal) -> list[tuple[dict[int, str], float]]:
    """Return what was written: what was seen, and how many seconds after the start."""
    assert all(isinstance(step, Seen) for step in journal.steps)
    return [(states(dict(step.sights)), step.at - CLOCK_START) for step in journal.steps]  # type: ignore[union-attr]
