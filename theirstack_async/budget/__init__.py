"""Credits that calls may spend together: :class:`CreditBudget`."""

from theirstack_async._engine.ledger import Doubt
from theirstack_async.budget._balance import Account, Reconciliation
from theirstack_async.budget._budget import CreditBudget
from theirstack_async.budget._hold import Hold

__all__ = ["Account", "CreditBudget", "Doubt", "Hold", "Reconciliation"]
