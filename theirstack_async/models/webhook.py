"""A webhook: where the matches of one saved search are delivered."""

from __future__ import annotations

from datetime import datetime

import attrs

from theirstack_async.models._base import Model, set_utc
from theirstack_async.models._open_enum import OpenEnum


class WebhookEventType(OpenEnum):
    """What happened, as API calls spell it; deliveries write ``job.new`` for ``job_new``, and so on."""

    JOB_NEW = "job_new"
    COMPANY_NEW = "company_new"
    JOB_CLOSED = "job_closed"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Webhook(Model):
    """A webhook: it listens to one saved search and delivers every match to one address."""

    url: str
    """Where events are delivered by POST."""
    search_id: int
    """The saved search that it follows."""
    id: int
    user_id: int
    team_id: int
    is_active: bool
    """False while disabled. What matches meanwhile is processed after it is enabled again."""
    is_archived: bool
    """True once archived, which cannot be undone: nothing is delivered any more."""
    created_at: datetime
    updated_at: datetime
    search_name: str
    """The name of that saved search."""
    event_type: WebhookEventType
    """What it is about. How this relates to ``active_event_types`` is not documented."""
    has_secret: bool
    """Whether deliveries are signed. The secret itself is never given back."""
    description: str | None = None
    listening_start_time: datetime | None = None
    """Matches from this instant on are delivered; None means all matches of any age."""
    trigger_once_per_company: bool = False
    """For ``job_new`` only: whether one job per company makes an event, or each job."""
    scanning_frequency: str = "10m"
    """How often the search is run. Values other than ``10m`` are not documented."""
    active_event_types: tuple[WebhookEventType, ...] | None = None
    """The event types subscribed to; None means the main type of the search."""

    def __attrs_post_init__(self) -> None:
        set_utc(self, "created_at", "updated_at", "listening_start_time")
