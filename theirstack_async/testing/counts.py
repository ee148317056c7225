"""Event counts by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from theirstack_async.testing.registry import EVENT_TYPE
from theirstack_async.testing.store import STATUSES, Segment

_QUARTER: Final = 900
"""Days of every time zone begin at a full quarter of an hour."""


def day_start(seconds: int, zone: ZoneInfo) -> str:
    """Return the beginning of the day, in a time zone, on which a quarter of an hour begins."""
    moment = datetime.fromtimestamp(seconds, zone)
    return moment.replace(hour=0, minute=0).isoformat().replace("+00:00", "Z")


def daily_counts(
    segments: Iterable[Segment], start: datetime, end: datetime, zone: ZoneInfo, group_by: Collection[str]
) -> list[dict[str, Any]]:
    """Return a row for each day and group that has events triggered from ``start`` to ``end``, both included.

    The day is that of the time zone, and ``period_start`` its beginning there. What a count is not grouped by is null.
    """

    @cache
    def day(quarter: int) -> str:
        return day_start(quarter * _QUARTER, zone)

    first, last = start.timestamp(), end.timestamp()
    counter: Counter[tuple[str, int, str | None, int | None]] = Counter()
    for segment in segments:
        event_type = EVENT_TYPE[segment.kind] if "event_type" in group_by else None
        webhook_id = segment.webhook_id if "webhook_id" in group_by else None
        for second, status in zip(segment.triggered, segment.status, strict=True):
            if first <= second <= last:
                counter[day(second // _QUARTER), status if "status" in group_by else -1, event_type, webhook_id] += 1
    rows = sorted(counter.items(), key=lambda item: (item[0][0], item[0][3] or 0, item[0][1], item[0][2] or ""))
    return [_row(*key, number) for key, number in rows]


def _row(period: str, status: int, event_type: str | None, webhook_id: int | None, number: int) -> dict[str, Any]:
    return {
        "period_start": period,
        "number_of_events": number,
        "number_of_executions": number,
        "status": STATUSES[status] if status >= 0 else None,
        "webhook_id": webhook_id,
        "event_type": event_type,
    }
