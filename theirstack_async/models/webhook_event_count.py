"""How many events there were in a period."""

from __future__ import annotations

from datetime import datetime

import attrs

from theirstack_async.models._base import Model, set_utc
from theirstack_async.models._open_enum import OpenEnum
from theirstack_async.models.webhook import WebhookEventType
from theirstack_async.models.webhook_event import WebhookEventStatus


class WebhookGroupBy(OpenEnum):
    """What event counts can be split by."""

    STATUS = "status"
    WEBHOOK_ID = "webhook_id"
    EVENT_TYPE = "event_type"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class WebhookEventCount(Model):
    """The number of events in one period, for one value of what the counts are grouped by."""

    period_start: datetime
    number_of_events: int = 0
    """Taken from ``number_of_executions`` where the API gave only that."""
    status: WebhookEventStatus | None = None
    """Set when grouped by status."""
    webhook_id: int | None = None
    """Set when grouped by webhook."""
    event_type: WebhookEventType | None = None
    """Set when grouped by event type."""
    number_of_executions: int | None = None
    """Deprecated by the API: use ``number_of_events``."""

    def __attrs_post_init__(self) -> None:
        set_utc(self, "period_start")
        if not self.number_of_events and self.number_of_executions:
            object.__setattr__(self, "number_of_events", self.number_of_executions)
