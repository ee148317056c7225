"""A list of companies."""

from __future__ import annotations

from datetime import datetime

import attrs

from theirstack_async.models._base import Model, set_utc
from theirstack_async.models._open_enum import OpenEnum


class CompanyListType(OpenEnum):
    """How a list is filled."""

    REVEALED_COMPANIES = "REVEALED_COMPANIES"
    """With every company that was revealed in the app."""
    WEBHOOK_TRIGGERED = "WEBHOOK_TRIGGERED"
    """By a webhook."""
    MANUAL_CREATION = "MANUAL_CREATION"
    """By hand, or through the API."""
    EXPORT_SNAPSHOT = "EXPORT_SNAPSHOT"
    """With the companies of an export."""


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CompanyList(Model):
    """A list of companies. Its id is what the filters ``company_list_id_or`` and ``company_list_id_not`` take."""

    name: str
    id: int
    created_at: datetime
    deletable: bool | None = None
    companies_count: int = 0
    """Companies on it."""
    user_id: int | None = None
    """Its owner."""
    type: CompanyListType | None = None
    webhook_id: int | None = None
    """The webhook that fills it."""

    def __attrs_post_init__(self) -> None:
        set_utc(self, "created_at")
