"""A plan in numbers, and as a report for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from theirstack_async.replay._provider import RateWindow, WebhookId

if TYPE_CHECKING:
    from theirstack_async.replay._plan import ReplayPlan

VETOED: Final = "vetoed"
DELIVERED: Final = "delivered as"
ANOTHER: Final = "another attempt of"
AUTOMATIC: Final = "the API tries it again at"
"""Reasons for which an entry is not to be sent; all but the first go on with an id or an instant."""

_KINDS: Final = {
    VETOED: "vetoed",
    DELIVERED: "delivered",
    ANOTHER: "another attempt",
    AUTOMATIC: "left to the API",
}
_AGES: Final = (
    (timedelta(hours=1), "under 1 h"),
    (timedelta(days=1), "1 h to 24 h"),
    (timedelta(days=7), "1 to 7 days"),
    (timedelta(days=30), "7 to 30 days"),
)
_OLDER: Final = "30 days and more"


@attrs.frozen(kw_only=True)
class PlanSummary:
    """A plan in numbers. The tables count the events that are to be sent, so each of them adds up to ``to_send``."""

    to_send: int
    excluded: Mapping[str, int]
    """Events that are not to be sent, by reason: ``vetoed``, ``delivered``, ``another attempt``, ``left to the API``,
    or what else an entry says."""
    automatic: int
    """Events, sent or left out, that the API may still deliver by itself."""
    by_webhook: Mapping[WebhookId, int]
    """All webhooks of the plan, in its order."""
    by_type: Mapping[str, int]
    """The most frequent first."""
    by_day: Mapping[str, int]
    """By the UTC date of their creation, such as ``2026-11-21``, the earliest first."""
    by_age: Mapping[str, int]
    """By how old they were when the plan was made, the youngest first, such as ``1 h to 24 h``."""
    oldest: datetime | None
    """When the oldest one was created; None where none is to be sent."""
    newest: datetime | None
    calls: int
    """How many calls it takes at least, with full batches for each webhook."""
    least_seconds: float
    """How long it takes at least, in seconds, as the API's rate bounds go; 0.0 where none is known beforehand."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON data. Webhooks are named by text, as JSON has it."""
        return {
            **attrs.asdict(self),
            "by_webhook": {str(webhook_id): count for webhook_id, count in self.by_webhook.items()},
            "oldest": None if self.oldest is None else f"{self.oldest:%Y-%m-%dT%H:%M:%S.%fZ}",
            "newest": None if self.newest is None else f"{self.newest:%Y-%m-%dT%H:%M:%S.%fZ}",
        }


def summarize(plan: ReplayPlan) -> PlanSummary:
    """Return a plan in numbers."""
    sent = [entry for entry in plan.entries if entry.excluded is None]
    by_webhook = Counter(entry.webhook_id for entry in sent)
    counts = {webhook_id: by_webhook[webhook_id] for webhook_id in plan.webhook_ids}
    days = Counter(entry.created_at.astimezone(UTC).date().isoformat() for entry in sent)
    ages = Counter(age_of(plan.made_at - entry.created_at) for entry in sent)
    calls = {webhook_id: -(-count // plan.batch_size) for webhook_id, count in counts.items()}
    created = [entry.created_at for entry in sent]
    return PlanSummary(
        to_send=len(sent),
        excluded=dict(Counter(kind_of(entry.excluded) for entry in plan.entries if entry.excluded).most_common()),
        automatic=sum(entry.next_attempt is not None for entry in plan.entries),
        by_webhook=counts,
        by_type=dict(Counter(entry.type for entry in sent).most_common()),
        by_day=dict(sorted(days.items())),
        by_age={age: ages[age] for age in (*(name for _, name in _AGES), _OLDER) if ages[age]},
        oldest=min(created, default=None),
        newest=max(created, default=None),
        calls=sum(calls.values()),
        least_seconds=max((_least(window, counts, calls) for window in plan.windows), default=0.0),
    )


def kind_of(reason: str) -> str:
    """Return the kind of a reason for which an entry is excluded: the reason itself where it is none of ours."""
    return next((kind for start, kind in _KINDS.items() if reason.startswith(start)), reason)


def age_of(age: timedelta) -> str:
    """Return an age in round words."""
    return next((name for bound, name in _AGES if age < bound), _OLDER)


def _least(window: RateWindow, ids: Mapping[WebhookId, int], calls: Mapping[WebhookId, int]) -> float:
    """Return the seconds from the first call to the last: the first stretch is full at once, the next one later."""
    amounts = (ids if window.counts == "ids" else calls).values()
    amount = max(amounts, default=0) if window.per == "webhook" else sum(amounts)
    return max(0, -(-amount // window.limit) - 1) * window.seconds


def report(plan: ReplayPlan) -> str:
    """Return a plan for people, at most 80 characters wide where ids allow it."""
    return f"{plan.to_send:,} of {len(plan.entries):,} events"
