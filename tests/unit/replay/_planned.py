"""Plans without an API: events, entries, and a provider that lists what it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from tests._engine import ManualClock
from theirstack_async._check import check_id
from theirstack_async.replay import PlanEntry, ReplayCapabilities, ReplayEvent, ReplayPlan, ReplayWindow
from theirstack_async.replay._planning import make_plan

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
"""When plans are made."""

CAPABILITIES = ReplayCapabilities(
    provider="letters",
    id_type=int,
    max_ids=25,
    batch_size=10,
    outcomes="each",
    windows=(ReplayWindow(45, 60.0, "ids", "webhook"),),
    status_filter=False,
    time_filter=False,
    statuses=("FAILED", "PENDING", "SENT"),
    auto_retry="include",
)


def minutes(before: float) -> datetime:
    """Return an instant so many minutes before noon."""
    return NOON - timedelta(minutes=before)


def event(id_: int, *, age: float = 100, tried: float | None = None, **fields: Any) -> ReplayEvent[int]:
    """Return an event that was created ``age`` minutes before noon, and ``tried`` last so many before it."""
    updated = age if tried is None else tried
    some = {"webhook_id": 7, "type": "letter.sent", "status": "failed", "word": "FAILED"}
    return ReplayEvent(**{"id": id_, "created_at": minutes(age), "updated_at": minutes(updated), **some, **fields})


def delivered(id_: int, **fields: Any) -> ReplayEvent[int]:
    """Return an event that was delivered."""
    return event(id_, **{"status": "delivered", "word": "SENT", **fields})


def entry(id_: int | str, *, age: float = 100, **fields: Any) -> PlanEntry[Any]:
    """Return an entry of a plan."""
    some = {"webhook_id": 7, "type": "letter.sent", "created_at": minutes(age), "updated_at": minutes(age)}
    return PlanEntry(**{"id": id_, **some, **fields})


def plan_of(*entries: PlanEntry[Any], **fields: Any) -> ReplayPlan:
    """Return a plan of some entries."""
    some: dict[str, Any] = {
        "provider": "letters",
        "where": "https://letters.invalid",
        "made_at": NOON,
        "start": None,
        "end": None,
        "status": ("FAILED",),
        "auto_retry": "include",
        "batch_size": 10,
        "windows": (),
    }
    return ReplayPlan(entries=entries, **{**some, **fields})


class Lister:
    """Lists for each webhook what it is told, and fails with what is an exception."""

    where = "https://letters.invalid"

    def __init__(self, lists: Mapping[int, Iterable[ReplayEvent[int] | Exception]] | None = None, **can: Any) -> None:
        self.capabilities = attrs.evolve(CAPABILITIES, **can)
        self.lists = lists or {}
        self.asked: list[dict[str, Any]] = []

    async def list_failed(self, webhook_id: int, **bounds: Any) -> AsyncIterator[ReplayEvent[int]]:
        """Yield the webhook's rows."""
        self.asked.append({"webhook_id": webhook_id, **bounds})
        for row in self.lists.get(webhook_id, ()):
            if isinstance(row, Exception):
                raise row
            yield row

    def check_webhook_id(self, field: str, value: object) -> int:
        """Take whole numbers."""
        return check_id(field, value)


async def plan(provider: Lister, webhook_ids: Any = 7, **how: Any) -> ReplayPlan:
    """Make a plan at noon."""
    clock = ManualClock()
    clock.advance(NOON.timestamp() - clock.now())
    bounds = {"start": None, "end": None, "status": None, "predicate": None, "auto_retry": None}
    return await make_plan(provider, webhook_ids, **{**bounds, **how}, clock=clock)


def fates(made: ReplayPlan) -> dict[Any, str | None]:
    """Return why each entry is left out, by id."""
    return {each.id: each.excluded for each in made.entries}
