"""What a reconciliation found and did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import chain
from typing import Any, Final

import attrs

from theirstack_async._wire.encode import encode_instant

_SHOWN: Final = 10
"""Ids of a reason, and lines of a kind, that the text of a report names; the report itself has them all."""


@attrs.frozen(kw_only=True)
class ReconcileReport:
    """What there was in the event lists, and what became of the events that the receiver may have missed.

    Each event that is FAILED or NOT_TRIGGERED is in exactly one of ``known``, ``processed``, ``resent`` and ``left``.
    """

    since: datetime
    """Events from this instant on were looked at."""
    listed: int = 0
    """Events in the lists, of any age and status."""
    failed: int = 0
    """FAILED ones among them, not older than ``since``."""
    not_triggered: int = 0
    """NOT_TRIGGERED ones among them, not older than ``since``."""
    known: int = 0
    """Those that the store had already, in whatever state: nothing was done about them."""
    processed: tuple[int, ...] = ()
    """The ids of those that were taken in from the list: they are safe, and were or will be handled."""
    resent: tuple[int, ...] = ()
    """The ids of those that the API was asked to send again, and accepted. Whether they arrive, the next run shows."""
    left: Mapping[int, str] = attrs.field(factory=dict[int, str])
    """The ids of those about which nothing was, or could be, done; each with the reason."""
    unreadable: tuple[str, ...] = ()
    """Rows of the list that cannot be read, with the reasons. They may be events that never arrived."""
    by_webhook: Mapping[int, ReconcileReport] = attrs.field(factory=dict[int, "ReconcileReport"])
    """The same for each webhook; empty in those reports."""

    @property
    def ok(self) -> bool:
        """Whether nothing was left, and every row was read."""
        return not self.left and not self.unreadable

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON data: ids as lists, ``left`` and ``by_webhook`` under ids as text."""
        data: dict[str, Any] = {
            "since": encode_instant(self.since, "since"),
            "ok": self.ok,
            "listed": self.listed,
            "failed": self.failed,
            "not_triggered": self.not_triggered,
            "known": self.known,
            "processed": [*self.processed],
            "resent": [*self.resent],
            "left": {str(event_id): why for event_id, why in self.left.items()},
            "unreadable": [*self.unreadable],
        }
        if self.by_webhook:
            data["by_webhook"] = {str(webhook): report.to_dict() for webhook, report in self.by_webhook.items()}
        return data

    def __str__(self) -> str:
        found = f"{self.failed:,} failed, {self.not_triggered:,} not triggered"
        since = encode_instant(self.since, "since")
        lines = [f"{self.listed:,} events listed; since {since}: {found}", _counts(self)]
        if len(self.by_webhook) > 1:
            lines += [f"  webhook {webhook}: {_counts(report)}" for webhook, report in self.by_webhook.items()]
        reasons: dict[str, list[int]] = {}
        for event_id, why in self.left.items():
            reasons.setdefault(why, []).append(event_id)
        lines += _some([f"  left: {_some_ids(ids)}: {why}" for why, ids in reasons.items()], "reasons")
        lines += _some([f"  unreadable: {why}" for why in self.unreadable], "unreadable rows")
        return "\n".join(lines)


def total(since: datetime, by_webhook: Mapping[int, ReconcileReport]) -> ReconcileReport:
    """Return the report of several webhooks."""
    each = by_webhook.values()
    left: dict[int, str] = {}
    for report in each:
        left.update(report.left)
    return ReconcileReport(
        since=since,
        listed=sum(report.listed for report in each),
        failed=sum(report.failed for report in each),
        not_triggered=sum(report.not_triggered for report in each),
        known=sum(report.known for report in each),
        processed=tuple(chain.from_iterable(report.processed for report in each)),
        resent=tuple(chain.from_iterable(report.resent for report in each)),
        left=left,
        unreadable=tuple(chain.from_iterable(report.unreadable for report in each)),
        by_webhook=by_webhook,
    )


def _counts(report: ReconcileReport) -> str:
    parts = [
        f"{report.known:,} known already",
        f"{len(report.processed):,} processed",
        f"{len(report.resent):,} resent",
        f"{len(report.left):,} left",
    ]
    if report.unreadable:
        parts.append(f"{len(report.unreadable):,} unreadable")
    return ", ".join(parts)


def _some(lines: list[str], what: str) -> list[str]:
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], f"  and {more:,} more {what}"] if more > 0 else lines


def _some_ids(ids: list[int]) -> str:
    shown = ", ".join(map(str, ids[:_SHOWN]))
    return shown if len(ids) <= _SHOWN else f"{shown} and {len(ids) - _SHOWN:,} more"
