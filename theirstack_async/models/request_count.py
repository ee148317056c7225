"""How many requests were made in a period."""

from __future__ import annotations

from datetime import datetime

import attrs

from theirstack_async.models._base import Model, set_utc
from theirstack_async.models._open_enum import OpenEnum


class RequestOrigin(OpenEnum):
    """Where a request came from."""

    API = "api"
    APP = "app"
    WEB = "web"
    MCP = "mcp"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class RequestCount(Model):
    """The number of requests in one period, which is a day."""

    period_start: datetime
    number_of_requests: int

    def __attrs_post_init__(self) -> None:
        set_utc(self, "period_start")
