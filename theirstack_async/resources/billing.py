"""The credits of the account."""

from __future__ import annotations

from theirstack_async import models
from theirstack_async._engine import theirstack as api
from theirstack_async.config import RequestOptions
from theirstack_async.resources._resource import Resource


class Billing(Resource):
    """The credits of the account."""

    async def credit_balance(self, *, options: RequestOptions | None = None) -> models.CreditBalance:
        """Return how many credits the account has, and how many were used in this billing cycle. Free.

        Source: https://theirstack.com/en/docs/api-reference/billing/get_billing_credit_balance_v0.
        """
        return await self._call(api.CREDIT_BALANCE, models.CreditBalance, options=options)
