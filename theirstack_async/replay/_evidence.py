"""What a look at the API says about an event that was sent again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from theirstack_async.replay._plan import PlanEntry
from theirstack_async.replay._provider import DeliveryStatus, ReplayEvent
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import Sight

CLOCKS: Final = 30.0
"""Seconds by which this machine's clock and the API's may differ."""

_STATES: Final[Mapping[DeliveryStatus, ReplayState]] = MappingProxyType(
    {
        "delivered": ReplayState.DELIVERED,
        "failed": ReplayState.FAILED_AGAIN,
        "skipped": ReplayState.FAILED_AGAIN,
        "pending": ReplayState.PENDING,
    }
)
_MISSING: Final = Sight(state=ReplayState.MISSING)


def sight(
    entry: PlanEntry[Any],
    event: ReplayEvent[Any] | None,
    sent_at: float,
    *,
    handle: str | None = None,
    asked: Collection[str] = (),
) -> Sight:
    """Return what a look found of an event that the API has accepted.

    A failure counts when the event was tried since it was sent. Until then the list still shows the failure for which
    it was planned, and the event is pending.

    Args:
        entry: the event as it was planned.
        event: the event as it is listed now; None when it is not.
        sent_at: when it was sent, in Unix seconds by this machine's clock.
        handle: what the API named its new delivery, where it gave one a name.
        asked: the API's words for the statuses that the plan asked for. Whatever such a word says may be as old as the
            plan, so it counts, as a failure does, only after a new attempt.
    """
    if event is None:
        return _MISSING
    if _may_be_old(event, asked) and not _tried(entry, event, sent_at, handle):
        return Sight(state=ReplayState.PENDING, word=event.word)
    return Sight(
        state=_STATES[event.status],
        word=event.word,
        response_status=event.response_status,
        response=event.response,
    )


def taken(
    entry: PlanEntry[Any], event: ReplayEvent[Any] | None, sent_at: float, *, asked: Collection[str] = ()
) -> bool:
    """Return whether the API has taken a call of unknown outcome, as far as this event of it shows.

    It has when the event is delivered or on its way, or was tried since it was sent. Arguments as for :func:`sight`.
    """
    if event is None:
        return False
    if event.status in ("delivered", "pending") and not _may_be_old(event, asked):
        return True
    return _tried(entry, event, sent_at, None)


def _may_be_old(event: ReplayEvent[Any], asked: Collection[str]) -> bool:
    return event.status == "failed" or event.word.casefold() in {word.casefold() for word in asked}


def _tried(entry: PlanEntry[Any], event: ReplayEvent[Any], sent_at: float, handle: str | None) -> bool:
    """Return whether it was tried after it was sent.

    What the plan has seen already is no new attempt, whatever it is called. The API's own attempts before the event
    was sent are none either, but for those within :data:`CLOCKS`, which cannot be told apart.
    """
    if event.id == entry.id and event.updated_at <= entry.updated_at:
        return False
    named = handle is not None and event.handle == handle
    return named or event.updated_at.timestamp() >= sent_at - CLOCKS
