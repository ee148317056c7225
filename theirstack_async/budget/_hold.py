"""What one call holds of a budget while it is under way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from theirstack_async._engine import ledger
from theirstack_async.budget._book import Step
from theirstack_async.config import check_count


class Hold:
    """The worst case of one request, kept free for it until its end is told by one of the three methods.

    Each of them may be repeated, may be cancelled (then it is done all the same), and raises nothing when the budget's
    store cannot be reached: the end is then kept and told to the store before the budget's next operation. What is
    told last counts as long as the ledger still knows the request, so a doubt can be settled; what was settled or
    released stays so.
    """

    def __init__(self, ticket: str, rows: int, credits: int, note: Callable[[Step], Awaitable[None]]) -> None:  # noqa: A002
        self.rows: Final = rows
        """How many rows the request may ask for."""
        self.credits: Final = credits
        """The worst case: what that many rows cost."""
        self._ticket: Final = ticket
        self._note: Final = note

    async def settle(self, credits: int) -> None:  # noqa: A002
        """Tell what the request cost: so many credits are spent, the rest is free again.

        More than was held is counted as well, even if that takes the budget beyond its limit.
        """
        cost = check_count("credits", credits, at_least=0)
        await self._note(partial(ledger.settle, ticket=self._ticket, credits=cost))

    async def release(self) -> None:
        """Tell that the request provably cost nothing: it was never sent, or refused."""
        await self._note(partial(ledger.release, ticket=self._ticket))

    async def doubt(self) -> None:
        """Tell that nobody knows whether the request was billed: its worst case stays counted, as uncertain."""
        await self._note(partial(ledger.doubt, ticket=self._ticket))

    def __repr__(self) -> str:
        return f"Hold(rows={self.rows}, credits={self.credits})"
