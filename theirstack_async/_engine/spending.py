"""What one billed call holds of a budget while nobody knows its cost, and what it cost in the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from theirstack_async._engine.call import Call
from theirstack_async._engine.usage import OperationUsage
from theirstack_async._wire.encode import encode_json
from theirstack_async.errors import BudgetExceededError

if TYPE_CHECKING:
    from theirstack_async.budget import CreditBudget, Hold


class Spending:
    """The account of one call, from before it is sent until its cost is known."""

    def __init__(self, call: Call, budget: CreditBudget | None, rows: int) -> None:
        self._call = call
        self._budget = budget if call.kind == "billed" and call.credits else None
        self._rows = rows
        self._hold: Hold | None = None
        self._doubted = 0
        self.rows: int | None = None
        """Rows of the answer, once it is here."""
        self.credits = 0
        """What the answer cost."""

    async def begin(self, body: Mapping[str, Any]) -> int:
        """Hold the worst case, and return for how many rows there was room; the call then asks for no more.

        Raises:
            BudgetExceededError: there was none.
        """
        call, operation, wanted = self._call, self._call.operation, self._rows
        if self._budget is not None:
            self._hold = await self._take(self._budget, least=1)
        if self._rows < wanted:
            limited = encode_json({**body, operation.limit_field: self._rows})
            call.request = attrs.evolve(call.request, body=limited)
            call.credits = operation.credits_per_call + self._rows * operation.credits_per_row
        return self._rows

    async def repeat(self, *, doubted: bool) -> bool:
        """Prepare for another attempt, and return whether the budget has room for it.

        When the last attempt may have been billed (``doubted``), what it holds stays counted, and the next one needs
        as much again.
        """
        if not doubted:
            return True
        self._doubted += self._call.credits
        if self._budget is None or self._hold is None:
            return True
        first, self._hold = self._hold, None
        await first.doubt()
        try:
            self._hold = await self._take(self._budget, least=self._rows)
        except BudgetExceededError:
            return False
        return True

    async def settle(self, rows: int | None) -> None:
        """Tell how many rows came; None when they cannot be counted, so that the cost stays in doubt."""
        if rows is None:
            await self.fail(doubted=True)
            return
        self.rows, self.credits = rows, self._call.operation.price(rows)
        if self._hold is not None:
            await self._hold.settle(self.credits)

    async def fail(self, *, doubted: bool) -> None:
        """Tell that the call ended without rows; ``doubted`` when it may have been billed all the same."""
        hold, self._hold = self._hold, None
        if doubted:
            self._doubted += self._call.credits
        if hold is not None:
            await (hold.doubt() if doubted else hold.release())

    def usage(self) -> OperationUsage:
        """Return what the call came to."""
        return OperationUsage(1, self._call.state.attempts, self.rows or 0, self.credits, self._doubted)

    async def _take(self, budget: CreditBudget, *, least: int) -> Hold:
        call = self._call
        price = call.operation.price(1)
        rows = self._rows if call.operation.credits_per_row else 1
        hold = await budget.hold(
            price,
            rows,
            least=min(least, rows),
            fingerprint=call.fingerprint,
            label=call.request.label,
            clock=call.clock,
            remaining=call.remaining,
        )
        if call.operation.credits_per_row:
            self._rows = hold.rows
        return hold
