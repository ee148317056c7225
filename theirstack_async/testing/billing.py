"""What the events cost."""

from __future__ import annotations

from typing import Final

from theirstack_async.testing.store import Kind

PRICES: Final[dict[Kind, int]] = {"job": 1, "company": 3, "job_closed": 1, None: 1}
"""Credits an event, charged once, when it is first dispatched (third-party figures; the official page says "per
record dispatched", https://theirstack.com/en/docs/pricing/credits.md). What a retry, a resend or a test event costs
is undocumented: here it costs nothing."""


class Billing:
    """Counts the credits of dispatched events, and knows when they run out."""

    def __init__(self, credits_left: int | None) -> None:
        self.billed: int = 0
        self.left = credits_left
        """Credits left; None for no end of them."""

    def charge(self, kind: Kind) -> bool:
        """Charge one event and return True, or return False when the credits do not suffice for it."""
        price = PRICES[kind]
        if self.left is not None:
            if self.left < price:
                return False
            self.left -= price
        self.billed += price
        return True
