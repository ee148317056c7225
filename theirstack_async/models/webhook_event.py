"""One row of a webhook's event list."""

from datetime import datetime
from typing import Final, TypeAlias

import attrs

from theirstack_async.models._base import Model, set_utc
from theirstack_async.models._open_enum import OpenEnum
from theirstack_async.models.company import Company
from theirstack_async.models.job import Job
from theirstack_async.models.job_closed import JobClosed
from theirstack_async.models.unknown_payload import UnknownPayload

EventPayload: TypeAlias = Job | Company | JobClosed | UnknownPayload | None
"""The record that an event is about; None where the API gave none."""


class WebhookEventStatus(OpenEnum):
    """Where the delivery of an event stands (https://theirstack.com/en/docs/webhooks/monitor-your-webhooks.md)."""

    IN_PROGRESS = "IN_PROGRESS"
    """Being delivered; this may last minutes."""
    SUCCESS = "SUCCESS"
    """Delivered: the receiver answered with a 2xx status."""
    FAILED = "FAILED"
    """Not accepted by the receiver; sent again every hour for 48 hours."""
    NOT_TRIGGERED = "NOT_TRIGGERED"
    """Not sent, because the account had no credits."""


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class EventFields(Model):
    """The fields of :class:`WebhookEvent`, for the decoder, which puts the instants of a whole page into UTC at once:
    to be called for each row takes a fifth of a page's decoding.
    """

    id: int
    """What the retry endpoint takes."""
    webhook_id: int
    triggered_at: datetime
    status: WebhookEventStatus
    created_at: datetime
    updated_at: datetime
    job_id: int | None = None
    company_name: str | None = None
    payload: EventPayload = None
    """The bare record. What fits no kind of record is an :class:`UnknownPayload`, so no event is lost for it."""
    response_status_code: int | None = None
    """The HTTP status that the receiver answered with."""
    response_body: str | None = None
    """What the receiver answered."""


EVENT_INSTANTS: Final = ("triggered_at", "created_at", "updated_at")


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class WebhookEvent(EventFields):
    """One event of a webhook: what matched, and how its delivery went."""

    def __attrs_post_init__(self) -> None:
        set_utc(self, *EVENT_INSTANTS)


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class EventId(Model):
    """A row of the event list of which nothing but the id is wanted, and so nothing else is decoded."""

    id: int
