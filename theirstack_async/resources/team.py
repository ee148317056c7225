"""What the team has spent."""

from __future__ import annotations

from datetime import datetime

from theirstack_async import models
from theirstack_async._check import check_text
from theirstack_async._engine import theirstack as api
from theirstack_async.config import RequestOptions
from theirstack_async.resources._arguments import check_period
from theirstack_async.resources._resource import Resource


class Team(Resource):
    """What the team has spent."""

    async def credits_consumption(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        timezone: str = "UTC",
        options: RequestOptions | None = None,
    ) -> list[models.CreditConsumption]:
        """Return how many credits were spent, day by day. Free.

        Both instants are always sent: what the API takes for those that are missing is not documented.
        Source: https://theirstack.com/en/docs/api-reference/credit-consumption/get_teams_credits_consumption_v0.

        Args:
            start: aware datetime; 30 days before ``end`` unless given.
            end: aware datetime; now unless given.
            timezone: an IANA name such as ``Europe/Madrid``, in which days begin.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an instant has no time zone, or ``start`` is not before ``end``; nothing was sent.
        """
        query = {**check_period(start, end, self._now(), days=30), "timezone": check_text("timezone", timezone)}
        return await self._call(api.CREDITS_CONSUMPTION, list[models.CreditConsumption], query=query, options=options)
