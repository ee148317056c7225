"""A store that cannot be reached: nothing is spent meanwhile, and what was paid is told to it later, once."""

from __future__ import annotations

import asyncio
import copy
import logging

import pytest

from tests.unit.budget._stores import SlowStore, hold, tell, told, turns
from theirstack_async.budget import CreditBudget
from theirstack_async.errors import QuotaError


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.mark.parametrize("loses_answers", [False, True])
@pytest.mark.parametrize(
    ("end", "expected"),
    [("settle", (2, 0, 0, 8)), ("release", (0, 0, 0, 10)), ("doubt", (0, 0, 6, 4)), ("charge", (3, 6, 0, 1))],
)
async def test_an_end_is_kept_and_told_later(
    store: SlowStore, end: str, expected: tuple[int, int, int, int], loses_answers: bool
) -> None:
    """Also when the store made the change and only its answer was lost: it counts once."""
    budget = CreditBudget(10, store=store)
    one = await hold(budget, 6)
    store.down, store.loses_answers = True, loses_answers
    await tell(end, one, budget)
    assert budget.held == 6
    for _ in range(2):
        with pytest.raises(QuotaError):
            await budget.refresh()
    store.down = False
    await budget.refresh()
    assert told(budget) == expected
    await budget.refresh()
    assert told(budget) == expected


async def test_what_was_kept_is_told_before_the_next_hold(store: SlowStore) -> None:
    budget = CreditBudget(10, store=store)
    one = await hold(budget, 10)
    store.down = True
    await one.settle(4)
    store.down = False
    assert (await hold(budget, 10)).rows == 6
    assert told(budget) == (4, 6, 0, 0)


async def test_ends_are_told_in_their_order(store: SlowStore) -> None:
    budget = CreditBudget(10, store=store)
    one, two = await hold(budget, 4), await hold(budget, 4)
    store.down = True
    await one.doubt()
    await two.settle(1)
    await one.settle(2)
    await two.release()
    store.down = False
    await budget.refresh()
    assert told(budget) == (3, 0, 0, 7)


async def test_an_older_end_that_cannot_be_told_does_not_lose_the_next(store: SlowStore) -> None:
    budget = CreditBudget(10, store=store)
    holds = [await hold(budget, 2) for _ in range(3)]
    store.down = True
    await asyncio.gather(*(one.settle(2) for one in holds))
    store.down = False
    await budget.charge(1)
    assert told(budget) == (7, 0, 0, 3)


async def test_ends_of_one_call_are_told_in_order_though_their_updates_overtake_each_other(store: SlowStore) -> None:
    budget = CreditBudget(10, store=store)
    one = await hold(budget, 4)
    store.down = True
    await one.settle(3)
    store.turns = [20, *[0] * 30]
    slow = asyncio.create_task(budget.refresh())
    await turns(2)
    await one.release()
    assert not slow.done()
    with pytest.raises(QuotaError):
        await slow
    store.down = False
    await budget.refresh()
    assert told(budget) == (3, 0, 0, 7)


@pytest.mark.parametrize("loses_answers", [False, True])
async def test_nothing_is_held_while_the_store_is_down(store: SlowStore, loses_answers: bool) -> None:
    budget = CreditBudget(10, store=store)
    store.down, store.loses_answers = True, loses_answers
    with pytest.raises(QuotaError):
        await hold(budget, 6)
    store.down = False
    await budget.refresh()
    assert told(budget) == (0, 0, 0, 10)


@pytest.mark.parametrize("loses_answers", [False, True])
async def test_a_hold_cancelled_while_the_store_goes_down_is_released_later(
    store: SlowStore, loses_answers: bool
) -> None:
    budget = CreditBudget(10, store=store)
    store.down, store.loses_answers = True, loses_answers
    task = asyncio.create_task(hold(budget, 6))
    await turns(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    store.down = False
    await budget.refresh()
    assert told(budget) == (0, 0, 0, 10)


async def test_a_waiter_is_told_that_the_store_is_down(store: SlowStore) -> None:
    budget = CreditBudget(10, store=store)
    one = await hold(budget, 10)
    waiter = asyncio.create_task(hold(budget, 5))
    await turns(20)
    store.down = True
    budget.limit = 20
    with pytest.raises(QuotaError):
        await waiter
    store.down = False
    await one.release()
    assert told(budget) == (0, 0, 0, 20)


async def test_one_warning_an_outage(store: SlowStore, caplog: pytest.LogCaptureFixture) -> None:
    budget = CreditBudget(10, store=store, name="nightly")
    for outage in range(1, 3):
        store.down = True
        for _ in range(3):
            await budget.charge(1)
        warnings = [each for each in caplog.records if each.name == "theirstack_async"]
        assert [each.levelno for each in warnings] == [logging.WARNING] * outage
        assert warnings[-1].getMessage() == (
            "budget 'nightly': the store is down. What calls cost is kept in memory and told to the store before the "
            "next billed call; until then no billed call is sent"
        )
        store.down = False
        await budget.refresh()
    assert budget.spent == 6


async def test_a_charge_of_unknown_fate_is_not_counted_again_by_a_slow_update(store: SlowStore) -> None:
    """The caller is cancelled while the store takes its time: the first step is seen to its end before the second."""
    budget = CreditBudget(10, store=store)
    store.gate = asyncio.Event()
    task = asyncio.create_task(budget.charge(4))
    await turns()
    task.cancel()
    await turns()
    assert not task.done()
    store.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told(budget) == (4, 0, 0, 6)
    assert store.updates == 2


def test_an_end_that_the_loop_cuts_short_is_told_on_the_next(store: SlowStore) -> None:
    budget = CreditBudget(10, store=store)

    async def first() -> None:
        one = await hold(budget, 6)
        store.gate = asyncio.Event()
        task = asyncio.create_task(one.settle(2))
        await turns()
        assert not task.done()
        # asyncio.run() now cancels all tasks, the one in which the store works included.

    asyncio.run(first())
    store.gate = None
    asyncio.run(budget.refresh())
    assert told(budget) == (2, 0, 0, 8)


@pytest.mark.parametrize("another", [False, True], ids=["deleted", "replaced"])
@pytest.mark.parametrize("spent", [False, True])
async def test_a_ledger_that_was_lost_is_not_begun_anew(store: SlowStore, spent: bool, another: bool) -> None:
    """What was spent, held and uncertain would be forgotten, and could be spent again."""
    budget = CreditBudget(10, store=store)
    one = await hold(budget, 6)
    if spent:
        await one.settle(6)
    store.documents.clear()
    if another:
        await hold(CreditBudget(10, store=store), 6)
    before = {**store.documents}
    for _ in range(2):
        with pytest.raises(
            QuotaError, match=r"'default' was deleted .* spent \d, held \d and uncertain 0 are forgotten"
        ):
            await hold(budget, 1)
    assert {name: doc for name, doc in store.documents.items() if doc} == before
    assert (budget.spent, budget.held) == ((6, 0) if spent else (0, 6))
    assert (await hold(CreditBudget(4, store=store, name="the rest"), 10)).rows == 4


async def test_a_ledger_that_was_set_back_is_not_trusted(store: SlowStore) -> None:
    budget = CreditBudget(10, store=store)
    await (await hold(budget, 3)).settle(3)
    older = copy.deepcopy(store.documents)
    await (await hold(budget, 3)).settle(3)
    store.documents = older
    with pytest.raises(QuotaError, match="set back to an older state: spent 6"):
        await budget.refresh()
