"""The rows of TheirStack's event list, with no more of each decoded than a replay needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

import attrs

from theirstack_async._convert import Converter, Rows
from theirstack_async._convert.kinds import kind_of
from theirstack_async._values import UNSET
from theirstack_async.models import Company, Job, JobClosed
from theirstack_async.models._base import Model, set_utc
from theirstack_async.replay._provider import DeliveryStatus, ReplayEvent

STATUSES: Final[Mapping[str, DeliveryStatus]] = {
    "FAILED": "failed",
    "NOT_TRIGGERED": "skipped",
    "IN_PROGRESS": "pending",
    "SUCCESS": "delivered",
}
"""The API's words for where a delivery stands (https://theirstack.com/en/docs/webhooks/monitor-your-webhooks.md)."""
_AGAIN_AFTER: Final = timedelta(hours=1)
_AGAIN_FOR: Final = timedelta(hours=48)
"""What failed is sent again every hour for 48 hours (the same page)."""
_RESPONSE: Final = 1_000
"""Characters that are kept of what a receiver answered."""


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class EventRow(Model):
    """A row without the record that is in it, which is nearly all of its bytes."""

    id: int
    status: str
    triggered_at: datetime
    """When the event came about; ``created_at`` would be when the API noted it."""
    updated_at: datetime
    response_status_code: int | None = None
    response_body: str | None = None

    def __attrs_post_init__(self) -> None:
        set_utc(self, "triggered_at", "updated_at")

    @property
    def event_type(self) -> str:
        """The type of the event; empty where it cannot be known."""
        return ""


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class _Something(Model):
    """An object of which it matters only that it is there."""


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class _Shape(Model):
    """What of a record tells its kind."""

    id: Any = UNSET
    name: Any = UNSET
    job_title: Any = UNSET
    closed_at: Any = UNSET
    company_object: _Something | None = None


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class _ShapedRow(EventRow):
    """A row with what of its record tells the type of the event: rows have no field for it."""

    payload: _Shape | None = None

    @property
    def event_type(self) -> str:
        """The type of the event; empty where it cannot be known."""
        if self.payload is None:
            return ""
        record: dict[str, Any] = attrs.asdict(self.payload, recurse=False)
        given = {name: value for name, value in record.items() if value is not UNSET}
        if given["company_object"] is None:
            del given["company_object"]
        kind = kind_of(isinstance(given.get("id"), str), given)
        if kind is Job:
            # What a closed job's record has is not documented: a job with a closing date may be either.
            return "" if given.get("closed_at") else "job.new"
        return "company.new" if kind is Company else "job.closed" if kind is JobClosed else ""


def decode(converter: Converter, body: bytes) -> Rows[EventRow]:
    """Return the rows of a page. Where a record is no object, no row of the page has a type; none is lost for it."""
    shaped = converter.decode_rows(body, _ShapedRow)
    return converter.decode_rows(body, EventRow) if shaped.rejected else cast("Rows[EventRow]", shaped)


def to_event(row: EventRow, webhook_id: int, now: datetime) -> ReplayEvent[int]:
    """Return a row in the words that all APIs share. A status that is not known is pending: it is not to be sent."""
    return ReplayEvent(
        id=row.id,
        webhook_id=webhook_id,
        type=row.event_type,
        status=STATUSES.get(row.status, "pending"),
        word=row.status,
        created_at=row.triggered_at,
        updated_at=row.updated_at,
        next_attempt=_next_attempt(row, now),
        response_status=row.response_status_code,
        response=None if row.response_body is None else row.response_body[:_RESPONSE],
    )


def _next_attempt(row: EventRow, now: datetime) -> datetime | None:
    if row.status != "FAILED":
        return None
    last = row.triggered_at + _AGAIN_FOR
    due = row.updated_at + _AGAIN_AFTER
    return due if due <= last and now < last else None
