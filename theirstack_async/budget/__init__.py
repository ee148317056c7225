"""Credits that calls may spend together: :class:`CreditBudget`."""

from theirstack_async._engine.ledger import Doubt
from theirstack_async.budget._balance import Account, Balances, Reconciliation
from theirstack_async.budget._budget import CreditBudget
from theirstack_async.budget._hold import Hold

__all__ = ["Account", "Balances", "CreditBudget", "Doubt", "Hold", "Reconciliation"]
