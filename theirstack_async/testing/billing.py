"""What the fake's calls and events cost."""

from __future__ import annotations

from collections import Counter
from typing import Final

from theirstack_async._clock import Clock
from theirstack_async.testing.store import Kind

PRICES: Final[dict[Kind, int]] = {"job": 1, "company": 3, "job_closed": 1, None: 1}
"""Credits an event, charged once, when it is first dispatched (third-party figures; the official page says "per
record dispatched", https://theirstack.com/en/docs/pricing/credits.md). What a retry, a resend or a test event costs
is undocumented: here it costs nothing."""

JOB_PRICE: Final = 1
"""Credits a job of a search (https://theirstack.com/en/docs/pricing/credits.md, and so the next two)."""
COMPANY_PRICE: Final = 3
"""Credits a company of a search."""
LOOKUP_PRICE: Final = 3
"""Credits an answer with a company's technologies or buying intents; an empty one is free."""

QUARTER: Final = 900
"""Seconds of the periods by which spending is kept: days of every time zone begin at a full quarter of an hour."""


class Billing:
    """Counts the credits of events and searches, and knows when they run out."""

    def __init__(self, credits_left: int | None, clock: Clock) -> None:
        self._clock = clock
        self.billed: int = 0
        """Credits spent so far."""
        self.left = credits_left
        """Credits left; None for no end of them."""
        self.spent: Counter[int] = Counter()
        """Credits spent in each quarter of an hour, by its number: Unix seconds divided by :data:`QUARTER`."""

    def charge(self, kind: Kind) -> bool:
        """Charge one event and return True, or return False when the credits do not suffice for it."""
        return self.pay(PRICES[kind], 1) == 1

    def pay(self, price: int, rows: int) -> int:
        """Charge as many of some rows as the credits suffice for, each at a price, and return how many those are."""
        paid = self.affordable(price, rows)
        if paid:
            self.billed += price * paid
            self.spent[int(self._clock.now()) // QUARTER] += price * paid
            if self.left is not None:
                self.left -= price * paid
        return paid

    def affordable(self, price: int, rows: int) -> int:
        """Return how many of some rows the credits suffice for. Nothing is charged."""
        return rows if self.left is None else min(rows, self.left // price)
