"""How many credits were spent in a period."""

from __future__ import annotations

from datetime import datetime

import attrs

from theirstack_async.models._base import Model, set_utc


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CreditConsumption(Model):
    """The credits that the team spent in one period, which is a day."""

    period_start: datetime
    api_credits_consumed: int
    ui_credits_consumed: int
    """Company credits, which the app spends."""

    def __attrs_post_init__(self) -> None:
        set_utc(self, "period_start")
