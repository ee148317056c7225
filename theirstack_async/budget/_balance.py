"""What a budget asks the account, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs

from theirstack_async._engine.ledger import Doubt, Standing
from theirstack_async.budget._messages import new_cycle

if TYPE_CHECKING:
    from theirstack_async.models import CreditBalance


class Account(Protocol):
    """What a budget needs of a client: :class:`TheirStack` is one."""

    async def ping(self) -> CreditBalance:
        """Return the credits of the account. Free."""
        ...


@attrs.frozen
class Reconciliation:
    """What :meth:`CreditBudget.reconcile` settled."""

    doubts: tuple[Doubt, ...]
    """The doubts that are settled, oldest first."""
    cost: int
    """Credits that they cost at most, now counted as spent."""
    freed: int
    """Credits that they had kept from being spent, and that are free again."""


def cost_at_most(name: str, before: Standing, baseline: int, used: int) -> int:
    """Return what all doubts can have cost together: what the account used beyond what the budget knows it spent.

    Whatever else uses the same account makes this larger, never smaller, and so does what is under way meanwhile.

    Raises:
        ConfigurationError: the account used less than answers told. The count starts anew with each billing cycle
            (https://theirstack.com/en/docs/api-reference/billing/get_billing_credit_balance_v0), so this says nothing.
    """
    told = before.spent - before.guessed
    if used - baseline < told:
        raise new_cycle(name, told, baseline, used)
    return max(0, used - baseline - before.spent)
