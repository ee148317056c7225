"""What one billed call holds of a budget while nobody knows its cost, and what it cost in the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import attrs

from theirstack_async._engine.call import Call
from theirstack_async._engine.usage import OperationUsage
from theirstack_async._wire.encode import encode_json
from theirstack_async.errors import TheirStackError

if TYPE_CHECKING:
    from theirstack_async.budget import CreditBudget, Hold


class Spending:
    """The account of one call, from before it is sent until its cost is known."""

    def __init__(self, call: Call, budget: CreditBudget | None, rows: int) -> None:
        self._call = call
        self._budget = budget if call.credits else None
        self._rows = rows
        self._hold: Hold | None = None
        self.rows: int | None = None
        """Rows of the answer, once it is here."""
        self.credits = 0
        """What the answer cost."""

    async def begin(self, body: object) -> int:
        """Hold the worst case, and return for how many rows there was room; the call then asks for no more.

        Raises:
            BudgetExceededError: there was none.
        """
        call, operation, wanted = self._call, self._call.operation, self._rows
        fields = cast("Mapping[str, object]", body if isinstance(body, Mapping) else {})
        if self._budget is not None:
            # A raw request may have no body, or a limit that is none: such a request is not made smaller.
            limit = fields.get(operation.limit_field, wanted if isinstance(body, Mapping) else None)
            self._hold = await self._take(self._budget, whole=limit != wanted)
        if self._rows < wanted:
            limited = encode_json({**fields, operation.limit_field: self._rows})
            call.request = attrs.evolve(call.request, body=limited)
            call.credits = operation.worst_case(self._rows)
        return self._rows

    async def repeat(self) -> str | None:
        """Prepare for another attempt. Return None, or why the budget does not allow it.

        When the last attempt may have been billed, what it holds stays counted, and the next one needs as much again.
        """
        if not self._call.unclear:
            return None
        await self.fail()
        if self._budget is None:
            return None
        try:
            self._hold = await self._take(self._budget, whole=True)
        except TheirStackError as error:
            return f"the budget does not allow to pay twice: {error}"
        return None

    async def settle(self, rows: int | None) -> None:
        """Tell how many rows came; None when they cannot be counted, so that the cost stays in doubt."""
        if rows is None:
            await self.fail()
            return
        # A raw request for a preview says that it is billed, and costs nothing.
        self.rows, self.credits = rows, self._call.operation.price(rows) if self._call.credits else 0
        if self._hold is not None:
            await self._hold.settle(self.credits)

    async def fail(self) -> None:
        """Tell that the last attempt brought no rows. If that may have been billed all the same, it is in doubt."""
        hold, self._hold = self._hold, None
        doubted, self._call.unclear = self._call.unclear, False
        if doubted:
            self._call.doubted += self._call.credits
        if hold is not None:
            await (hold.doubt() if doubted else hold.release())

    def usage(self) -> OperationUsage:
        """Return what the call came to."""
        return OperationUsage(1, self._call.state.attempts, self.rows or 0, self.credits, self._call.doubted)

    async def _take(self, budget: CreditBudget, *, whole: bool) -> Hold:
        """Hold as much as there is room for; with ``whole`` all of it, or nothing."""
        call = self._call
        per_row = bool(call.operation.credits_per_row)
        rows = self._rows if per_row else 1
        hold = await budget.hold(
            call.operation.price(1),
            rows,
            least=rows if whole else 1,
            fingerprint=call.fingerprint,
            label=call.request.label,
            clock=call.clock,
            remaining=call.remaining,
        )
        if per_row:
            self._rows = hold.rows
        return hold
