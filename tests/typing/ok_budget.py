"""Budgets take a client as it is."""

from typing import assert_type

from theirstack_async import CreditBalance, CreditBudget, RequestOptions, SQLiteQuota, TheirStack, Usage
from theirstack_async.budget import Reconciliation


async def budgets(client: TheirStack) -> None:
    store = SQLiteQuota("quota.db")
    budget = await CreditBudget.from_balance(client, reserve=100, store=store, name="nightly")
    assert_type(budget, CreditBudget)
    assert_type(await budget.reconcile(client), Reconciliation)
    assert_type(await client.ping(), CreditBalance)
    assert_type(client.usage, Usage)
    view = client.with_options(budget=budget).with_options(budget=None)
    assert_type(view, TheirStack)
    TheirStack(budget=budget, quota=store)
    view.jobs.search(posted_at_max_age_days=7, options=RequestOptions(budget=budget))
