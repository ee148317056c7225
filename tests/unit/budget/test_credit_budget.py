"""A budget in one process: what is held, what was spent, and what it refuses."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import Any, cast

import pytest

from tests.unit.budget._stores import LABEL, SlowStore, hold, told, turns
from theirstack_async.budget import CreditBudget, Doubt, Hold
from theirstack_async.errors import ArgumentError, BudgetExceededError, ConfigurationError
from theirstack_async.quota import MemoryQuota
from theirstack_async.testing.clock import VirtualClock


async def test_a_hold_is_settled_at_what_came() -> None:
    budget = CreditBudget(100, reserve=20)
    assert (budget.limit, budget.reserve, budget.name) == (100, 20, "default")
    assert told(budget) == (0, 0, 0, 80)
    one = await hold(budget, 25, price=3)
    assert (one.rows, one.credits) == (25, 75)
    assert told(budget) == (0, 75, 0, 5)
    await one.settle(9)
    assert told(budget) == (9, 0, 0, 71)


async def test_a_page_is_clamped_to_what_is_left() -> None:
    budget = CreditBudget(100)
    first, doubtful = await hold(budget, 60), await hold(budget, 10)
    await first.settle(40)
    await doubtful.doubt()
    second = await hold(budget, 60, price=3)
    assert second.rows == 16
    assert told(budget) == (40, 48, 10, 2)
    await first.release()
    await second.release()
    await doubtful.release()
    assert told(budget) == (40, 0, 0, 60)


async def test_a_page_is_not_made_smaller_for_what_others_hold() -> None:
    """They give room again, and the page after it would go on behind a gap."""
    budget = CreditBudget(10)
    first = await hold(budget, 6)
    waiting = [asyncio.create_task(hold(budget, 5)), asyncio.create_task(hold(budget, 5))]
    await turns()
    assert (waiting[0].done(), told(budget)) == (False, (0, 6, 0, 4))
    await first.settle(2)
    second = await waiting[0]
    assert (second.rows, told(budget)) == (5, (2, 5, 0, 3))
    await second.settle(5)
    third = await waiting[1]
    assert (third.rows, told(budget)) == (3, (7, 3, 0, 0))
    await third.release()


def test_what_is_no_store_is_refused_at_once() -> None:
    with pytest.raises(ArgumentError, match=r"^store: expected a QuotaStore, .* got 'budget\.db'") as caught:
        CreditBudget(10, store=cast("Any", "budget.db"))
    assert caught.value.field == "store"


async def test_what_is_released_is_free_again() -> None:
    budget = CreditBudget(100)
    await (await hold(budget, 60)).release()
    assert told(budget) == (0, 0, 0, 100)


async def test_a_doubt_stays_counted_and_can_be_settled() -> None:
    budget = CreditBudget(10)
    one = await hold(budget, 8)
    await one.doubt()
    assert told(budget) == (0, 0, 8, 2)
    (doubt,) = budget.doubts
    assert doubt == Doubt("f1", LABEL, 8, doubt.since)
    await one.settle(5)
    assert told(budget) == (5, 0, 0, 5)
    assert budget.doubts == ()


@pytest.mark.parametrize("first", ["settle", "release"])
@pytest.mark.parametrize("then", ["settle", "release", "doubt"])
async def test_only_the_first_end_counts(first: str, then: str) -> None:
    budget = CreditBudget(10)
    one = await hold(budget, 8)

    async def end(how: str, cost: int) -> None:
        await (one.settle(cost) if how == "settle" else getattr(one, how)())

    await end(first, 3)
    await end(then, 7)
    assert told(budget) == ((3, 0, 0, 7) if first == "settle" else (0, 0, 0, 10))


async def test_more_than_was_held_is_counted_truthfully() -> None:
    budget = CreditBudget(10)
    await (await hold(budget, 8)).settle(12)
    assert told(budget) == (12, 0, 0, 0)


async def test_a_charge_counts_beyond_the_limit() -> None:
    budget = CreditBudget(10)
    await budget.charge(15)
    assert told(budget) == (15, 0, 0, 0)
    with pytest.raises(BudgetExceededError):
        await hold(budget)


async def test_what_is_exceeded_is_said() -> None:
    budget = CreditBudget(12, reserve=2, name="nightly")
    await (await hold(budget, 5)).settle(5)
    await (await hold(budget, 4)).doubt()
    with pytest.raises(BudgetExceededError) as caught:
        await hold(budget, 3, price=3)
    error = caught.value
    assert (error.limit, error.spent, error.uncertain, error.sent) == (10, 5, 4, "no")
    assert str(error) == (
        f"{LABEL}: needs 3 credits, and budget 'nightly' has no room for them: limit 12, reserve 2, spent 5, "
        "uncertain 4. Nothing was sent. Raise budget.limit, or settle the requests of unknown outcome in budget.doubts "
        "(1 of them): await budget.reconcile(client), or budget.resolve(fingerprint, credits)"
    )
    assert (await hold(budget, 3)).rows == 1


async def test_without_doubts_only_the_limit_can_be_raised() -> None:
    budget = CreditBudget(0)
    with pytest.raises(BudgetExceededError, match=r"Raise budget\.limit$"):
        await hold(budget)
    budget.limit = 2
    assert budget.limit == 2
    assert (await hold(budget, 5)).rows == 2


async def test_a_reserve_above_the_limit_leaves_nothing() -> None:
    budget = CreditBudget(5, reserve=8)
    assert budget.left == 0
    with pytest.raises(BudgetExceededError) as caught:
        await hold(budget)
    assert caught.value.limit == -3


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"limit": -1}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"limit": True}, "limit"),
        ({"reserve": -1}, "reserve"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"lease": 0}, "lease"),
        ({"lease": -1.0}, "lease"),
        ({"lease": float("inf")}, "lease"),
    ],
)
def test_arguments_are_checked(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        CreditBudget(**{"limit": 1, **settings})
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: expected ")


@pytest.mark.parametrize(
    ("settings", "field"), [({"price": 0}, "price"), ({"least": 0}, "least"), ({"rows": 2, "least": 3}, "rows")]
)
async def test_demands_are_checked(settings: dict[str, Any], field: str) -> None:
    budget = CreditBudget(10)
    with pytest.raises(ArgumentError) as caught:
        await hold(budget, **settings)
    assert caught.value.field == field
    assert budget.held == 0


async def test_a_cost_is_a_whole_number_from_zero() -> None:
    budget = CreditBudget(10)
    one = await hold(budget, 5)
    for wrong in (one.settle, budget.charge):
        with pytest.raises(ArgumentError):
            await wrong(-1)
    with pytest.raises(ArgumentError):
        await budget.resolve("f1", -1)
    with pytest.raises(ArgumentError):
        budget.limit = -1
    assert told(budget) == (0, 5, 0, 5)


async def test_a_lease_that_ends_leaves_a_doubt_until_the_call_ends() -> None:
    clock = VirtualClock()
    budget = CreditBudget(10, store=MemoryQuota(clock), lease=60)
    one = await hold(budget, 6)
    await clock.advance(60)
    assert budget.held == 6
    await budget.refresh()
    assert told(budget) == (0, 0, 6, 4)
    await one.settle(2)
    assert told(budget) == (2, 0, 0, 8)


async def test_budgets_of_one_name_share_a_ledger_and_those_of_another_do_not() -> None:
    store = MemoryQuota()
    first, second, other = (CreditBudget(10, store=store, name=name) for name in ("a", "a", "b"))
    one = await hold(first, 6)
    await second.refresh()
    await other.refresh()
    assert told(second) == (0, 6, 0, 4)
    assert told(other) == (0, 0, 0, 10)
    await one.settle(6)
    assert (await hold(second, 10)).rows == 4


async def test_an_older_answer_that_comes_later_does_not_hide_a_newer_one() -> None:
    store = SlowStore()
    budget = CreditBudget(10, store=store)
    first, second = await hold(budget, 2), await hold(budget, 2)
    # The update that is made first returns last.
    store.turns = [0, 9, 0, 0]
    await asyncio.gather(first.settle(1), second.settle(1))
    assert told(budget) == (2, 0, 0, 8)


def test_a_budget_is_not_copied() -> None:
    budget = CreditBudget(10)
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="spend the same credits twice"):
            attempt(budget)


async def test_it_shows_its_numbers() -> None:
    budget = CreditBudget(10, reserve=1, name="n")
    assert repr(await hold(budget, 2, price=3)) == "Hold(rows=2, credits=6)"
    assert repr(budget) == "CreditBudget(limit=10, reserve=1, name='n', spent=0, held=6, uncertain=0)"


def test_it_serves_one_loop_after_the_other() -> None:
    budget = CreditBudget(10)

    async def spend() -> Hold:
        one = await hold(budget, 4)
        await one.settle(4)
        return one

    asyncio.run(spend())
    asyncio.run(spend())
    assert told(budget) == (8, 0, 0, 2)


async def test_it_is_refused_on_another_live_loop() -> None:
    budget = CreditBudget(10)
    one = await hold(budget, 4)

    def elsewhere() -> None:
        for attempt in (lambda: hold(budget), lambda: one.settle(1), budget.refresh):
            with pytest.raises(ConfigurationError, match="another event loop"):
                asyncio.run(attempt())

    await asyncio.to_thread(elsewhere)
    assert told(budget) == (0, 4, 0, 6)
