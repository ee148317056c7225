"""What a budget says to people when it refuses."""

from __future__ import annotations

from theirstack_async._engine.ledger import Demand, Standing
from theirstack_async.errors import BudgetExceededError, ConfigurationError, QuotaError, RequestTimeoutError


def exceeded(name: str, limit: int, reserve: int, demand: Demand, seen: Standing) -> BudgetExceededError:
    """Return the error for a call that no end of other calls can make room for."""
    settle = (
        f", or settle the requests of unknown outcome in budget.doubts ({len(seen.doubts)} of them): "
        "await budget.reconcile(client), or budget.resolve(fingerprint, credits)"
    )
    return BudgetExceededError(
        f"{demand.label}: needs {demand.price * demand.least} credits, and budget {name!r} has no room for them: limit "
        f"{limit}, reserve {reserve}, spent {seen.spent}, uncertain {seen.uncertain}. Nothing was sent. "
        f"Raise budget.limit{settle if seen.doubts else ''}",
        limit=limit - reserve,
        spent=seen.spent,
        uncertain=seen.uncertain,
    )


def late(name: str, room: int, demand: Demand, seen: Standing) -> RequestTimeoutError:
    """Return the error for a call that waited for others until its deadline."""
    free = max(0, room - seen.spent - seen.held - seen.uncertain)
    rows = max(demand.least, min(demand.rows, (room - seen.certain) // demand.price))
    return RequestTimeoutError(
        f"{demand.label}: waited until the deadline of the call for {demand.price * rows} credits of budget "
        f"{name!r}: free {free}, held by other calls {seen.held}. Nothing was sent. Try again later, give it a longer "
        "deadline, or raise budget.limit",
        phase="deadline",
    )


def lost(name: str, seen: Standing) -> QuotaError:
    """Return the error for a ledger that was deleted from its store, replaced there, or set back to an older state."""
    return QuotaError(
        f"the ledger of budget {name!r} was deleted from its store, replaced, or set back to an older state: spent "
        f"{seen.spent}, held {seen.held} and uncertain {seen.uncertain} are forgotten there, so this budget spends "
        "nothing more. Find out what became of the store; then begin anew, with a new CreditBudget of what is left"
    )


def no_baseline(name: str) -> ConfigurationError:
    """Return the error for a budget of which nobody noted what the account had used when it began."""
    return ConfigurationError(
        f"budget {name!r} cannot be compared with the account: nobody noted the balance when it began. Make it by "
        "CreditBudget.from_balance(client), or call reconcile(client) once before anything is spent; for now settle "
        "its doubts by hand, with budget.resolve(fingerprint, credits)"
    )


def new_cycle(name: str, told: int, baseline: int, used: int) -> ConfigurationError:
    """Return the error for an account that has used less than the budget knows to be spent."""
    return ConfigurationError(
        f"budget {name!r} cannot be compared with the account, which says that {used} credits were used in this "
        f"billing cycle: {baseline} were used when the budget began, and {told} were spent of it since. A new cycle "
        "has begun, or the balance lags behind: then try again later. All doubts are kept; settle them by hand, with "
        "budget.resolve(fingerprint, credits), and begin the new cycle with a budget of another name"
    )
