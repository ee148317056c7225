"""Settling doubts, by hand and by what the account says."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.budget._stores import Account, SlowStore, hold, told
from theirstack_async.budget import CreditBudget, Reconciliation
from theirstack_async.errors import ArgumentError, ConfigurationError
from theirstack_async.quota import MemoryQuota
from theirstack_async.testing import VirtualClock


async def test_a_budget_of_what_the_account_has_left() -> None:
    budget = await CreditBudget.from_balance(Account(200, used=60), reserve=40, name="all", lease=9.0)
    assert (budget.limit, budget.reserve, budget.name, budget._lease) == (140, 40, "all", 9.0)
    assert told(budget) == (0, 0, 0, 100)


async def test_a_second_process_counts_what_the_first_has_spent() -> None:
    store, account = MemoryQuota(), Account(200, used=60)
    first = await CreditBudget.from_balance(account, store=store)
    await (await hold(first, 50)).settle(50)
    await hold(first, 10)
    account.used += 50
    second = await CreditBudget.from_balance(account, store=store)
    assert (second.limit, second.spent, second.left) == (140, 50, 80)
    account.used += 7
    await (await hold(second, 7)).doubt()
    assert (await second.reconcile(account)).cost == 7


async def test_what_is_spent_while_the_balance_is_asked_is_not_forgotten() -> None:
    store, account = MemoryQuota(), Account(200, used=60)
    first = CreditBudget(1000, store=store)

    async def spend() -> None:
        await (await hold(first, 50)).settle(50)

    account.while_asked = spend
    budget = await CreditBudget.from_balance(account, store=store)
    assert (budget.limit, budget.left) == (140, 90)
    with pytest.raises(ConfigurationError, match="nobody noted the balance"):
        await budget.reconcile(account)


@pytest.mark.parametrize(("billed", "cost"), [(0, 0), (7, 7), (20, 20), (35, 20)])
async def test_doubts_cost_what_the_account_used_beyond_what_is_known(billed: int, cost: int) -> None:
    """Never more than they held, though another program may have used more."""
    account = Account(used=100)
    budget = await CreditBudget.from_balance(account)
    await (await hold(budget, 30)).settle(30)
    await (await hold(budget, 12, fingerprint="f1")).doubt()
    await (await hold(budget, 8, fingerprint="f2")).doubt()
    doubts = budget.doubts
    assert [doubt.fingerprint for doubt in doubts] == ["f1", "f2"]
    account.used += 30 + billed
    assert await budget.reconcile(account) == Reconciliation(doubts, cost, 20 - cost)
    assert told(budget) == (30 + cost, 0, 0, 900 - 30 - cost)
    assert budget.doubts == ()


async def test_what_is_settled_while_the_balance_is_asked_does_not_make_doubts_cheaper() -> None:
    account = Account()
    budget = await CreditBudget.from_balance(account)
    under_way = await hold(budget, 10)
    await (await hold(budget, 5)).doubt()

    async def settle() -> None:
        await under_way.settle(10)
        await (await hold(budget, 3, fingerprint="new")).doubt()

    account.used, account.while_asked = 5, settle
    assert (await budget.reconcile(account)).cost == 5
    # The doubt that came up meanwhile may not be in the balance yet, so it stays.
    assert told(budget) == (15, 0, 3, 982)
    account.used, account.while_asked = 18, None
    assert (await budget.reconcile(account)).cost == 3
    assert budget.spent == account.used


async def test_the_first_reconciliation_of_an_unused_budget_notes_the_balance() -> None:
    account, budget = Account(used=10), CreditBudget(100)
    assert await budget.reconcile(account) == Reconciliation((), 0, 0)
    await (await hold(budget, 5)).doubt()
    account.used = 12
    assert (await budget.reconcile(account)).cost == 2


@pytest.mark.parametrize("state", ["spent", "held", "uncertain"])
async def test_a_budget_that_never_saw_the_account_cannot_be_reconciled(state: str) -> None:
    budget = CreditBudget(100, name="nightly")
    one = await hold(budget, 5)
    if state == "spent":
        await one.settle(5)
    if state == "uncertain":
        await one.doubt()
    with pytest.raises(ConfigurationError, match=r"budget 'nightly' .*from_balance\(client\).*resolve\(") as caught:
        await budget.reconcile(Account())
    assert caught.value.sent == "no"
    assert budget.spent + budget.held + budget.uncertain == 5


async def test_a_balance_that_is_overtaken_by_the_first_call_is_not_noted() -> None:
    account, budget = Account(), CreditBudget(100)

    async def begin() -> None:
        await hold(budget, 5)

    account.while_asked = begin
    with pytest.raises(ConfigurationError, match="nobody noted the balance"):
        await budget.reconcile(account)


@pytest.mark.parametrize("used", [0, 99, 129])
async def test_a_new_billing_cycle_settles_nothing(used: int) -> None:
    """It shows by less use than when the budget began, or by less than answers have told since."""
    account = Account(used=100)
    budget = await CreditBudget.from_balance(account)
    await (await hold(budget, 30)).settle(30)
    await (await hold(budget, 5)).doubt()
    account.used = used
    with pytest.raises(ConfigurationError, match=f"says that {used} credits were used .*: 100 were .* 30 were"):
        await budget.reconcile(account)
    assert told(budget) == (30, 0, 5, 865)


async def test_doubts_that_were_settled_too_high_do_not_look_like_a_new_cycle() -> None:
    account = Account()
    budget = await CreditBudget.from_balance(account)
    for _ in range(2):
        await (await hold(budget, 5)).doubt()
    await budget.resolve("f1", 5)
    doubts = budget.doubts
    assert await budget.reconcile(account) == Reconciliation(doubts, 0, 5)
    assert told(budget) == (5, 0, 0, 995)


async def test_a_doubt_is_settled_by_hand() -> None:
    budget = CreditBudget(100)
    await (await hold(budget, 5, fingerprint="f1")).doubt()
    await (await hold(budget, 7, fingerprint="f2")).doubt()
    await budget.resolve("f2", 4)
    assert told(budget) == (4, 0, 5, 91)
    with pytest.raises(ArgumentError, match=r"no doubt about 'f2'; see budget\.doubts") as caught:
        await budget.resolve("f2", 4)
    assert caught.value.field == "fingerprint"
    await budget.resolve("f1", 0)
    assert told(budget) == (4, 0, 0, 96)


async def test_reconciling_is_seen_to_its_end() -> None:
    store, account = SlowStore(), Account()
    budget = await CreditBudget.from_balance(account, store=store)
    await (await hold(budget, 5)).doubt()
    account.used = 3
    before = store.updates
    task = asyncio.create_task(budget.reconcile(account))
    while store.updates < before + 2:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await budget.refresh()
    assert told(budget) == (3, 0, 0, 997)


async def test_a_call_that_outlasts_its_lease_tells_its_cost_itself() -> None:
    """Were it settled as cheap as it looks while it is under way, its credits would never be counted."""
    account, clock = Account(), VirtualClock()
    budget = await CreditBudget.from_balance(account, store=MemoryQuota(clock), lease=9.0)
    slow = await hold(budget, 10)
    await clock.advance(9.0)
    settled = await budget.reconcile(account)
    assert (settled.doubts, told(budget)) == ((), (0, 0, 10, 990))
    await slow.settle(10)
    assert told(budget) == (10, 0, 0, 990)
