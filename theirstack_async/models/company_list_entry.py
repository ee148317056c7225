"""A company on a list."""

from __future__ import annotations

from datetime import datetime

import attrs

from theirstack_async.models._base import Model, set_utc
from theirstack_async.models.company import Company


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CompanyListEntry(Model):
    """A company on a list, and when it came there."""

    company_name: str
    added_at: datetime
    """When it was put on the list."""
    revealed_at: datetime
    """When it was revealed, that is paid for."""
    company_object: Company

    def __attrs_post_init__(self) -> None:
        set_utc(self, "added_at", "revealed_at")
