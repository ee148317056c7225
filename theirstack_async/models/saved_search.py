"""A saved search: what webhooks and e-mail alerts follow."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from theirstack_async.models._base import Model, set_utc
from theirstack_async.models._open_enum import OpenEnum


class SearchType(OpenEnum):
    """What a search looks for."""

    COMPANIES = "companies"
    JOBS = "jobs"


class AlertFrequency(OpenEnum):
    """How often an e-mail alert is sent."""

    DAILY = "daily"
    WEEKLY = "weekly"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class SavedSearchUser(Model):
    """Who made a saved search. Personal data."""

    id: int
    email: str
    first_name: str | None = None
    last_name: str | None = None


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class SavedSearch(Model):
    """A saved search."""

    id: int
    name: str
    type: SearchType
    body: dict[str, Any]
    """Its filters under their names on the wire, exactly as they came. Change a copy, not this."""
    user_id: int
    """Its owner."""
    team_id: int
    created_at: datetime
    updated_at: datetime
    creator: SavedSearchUser
    is_alert_active: bool = False
    """Whether its matches are sent by e-mail."""
    query: str | None = None
    """The query of the app's page."""
    path: str | None = None
    """The path of the app's page."""
    querystring_params: dict[str, Any] | None = None
    """The parameters of the app's page."""
    is_archived: bool = False
    """True once archived. That ends its webhooks too."""
    has_active_webhooks: bool = False
    frequency: AlertFrequency | None = None
    """How often e-mail alerts are sent."""
    emails_subscribed: tuple[str, ...] | None = ()
    """Who receives the e-mail alerts. Personal data."""

    def __attrs_post_init__(self) -> None:
        set_utc(self, "created_at", "updated_at")
