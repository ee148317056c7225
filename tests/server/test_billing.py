"""The credits of the account, over real sockets."""

from __future__ import annotations

from tests.server._account import account
from theirstack_async.models import CreditBalance


async def test_the_balance_falls_with_what_is_bought() -> None:
    async with account(credits=100) as (fake, client):
        before = await client.billing.credit_balance()
        assert isinstance(before, CreditBalance)
        assert (before.api_credits, before.used_api_credits) == (100, 0)
        await client.companies.search(max_items=2).collect()
        after = await client.billing.credit_balance()
        assert (after.api_credits, after.used_api_credits) == (100, 6)
        assert after.remaining == fake.credits_left == 94
        assert fake.credits_billed == 6
