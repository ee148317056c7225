"""Calls that wait for credits: in order, no longer than they must, and without a trace when they give up."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.budget._stores import LABEL, SlowStore, hold, tell, told, turns
from theirstack_async.budget import CreditBudget, Hold
from theirstack_async.errors import BudgetExceededError, RequestTimeoutError
from theirstack_async.quota import MemoryQuota
from theirstack_async.testing.clock import VirtualClock


@pytest.mark.parametrize("end", ["settle", "release"])
async def test_a_waiter_is_woken_when_a_hold_ends(end: str) -> None:
    budget = CreditBudget(10)
    one = await hold(budget, 10)
    waiter = asyncio.create_task(hold(budget, 6))
    await turns()
    assert not waiter.done()
    await (one.settle(7) if end == "settle" else one.release())
    assert (await waiter).rows == (3 if end == "settle" else 6)


async def test_a_waiter_is_told_when_no_room_can_come() -> None:
    budget = CreditBudget(10)
    one, two = await hold(budget, 6), await hold(budget, 4)
    waiter = asyncio.create_task(hold(budget, 6, least=5))
    await turns()
    await one.doubt()
    with pytest.raises(BudgetExceededError):
        await waiter
    await two.release()


@pytest.mark.parametrize("settle", ["limit", "resolve", "refresh"])
async def test_a_waiter_is_woken_by_whatever_makes_room(settle: str) -> None:
    store = MemoryQuota()
    budget = CreditBudget(10, store=store)
    await (await hold(budget, 4)).doubt()
    one = await hold(budget, 6)
    waiter = asyncio.create_task(hold(budget, 2, least=2))
    await turns()
    if settle == "limit":
        budget.limit = 13
    elif settle == "resolve":
        await budget.resolve("f1", 1)
    else:
        await CreditBudget(10, store=store).resolve("f1", 2)
        await budget.refresh()
    assert (await waiter).rows == 2
    await one.release()


async def test_first_come_first_served() -> None:
    """Nobody passes the one who waits for much, be it a call that waits for less or one that has just come."""
    budget = CreditBudget(10)
    holds = [await hold(budget, 5) for _ in range(2)]
    order: list[str] = []

    async def want(name: str, rows: int) -> Hold:
        one = await hold(budget, rows, least=rows)
        order.append(name)
        return one

    big = asyncio.create_task(want("big", 8))
    small = asyncio.create_task(want("small", 1))
    await turns()
    await holds[0].release()
    late = asyncio.create_task(want("late", 1))
    await turns()
    assert (order, budget.left) == ([], 5)
    await holds[1].release()
    await asyncio.gather(big, small, late)
    assert order == ["big", "small", "late"]
    assert told(budget) == (0, 10, 0, 0)


async def test_the_next_in_line_follows_one_who_gives_up() -> None:
    budget = CreditBudget(10)
    await hold(budget, 8)
    big = asyncio.create_task(hold(budget, 8, least=8))
    small = asyncio.create_task(hold(budget, 2))
    await turns()
    assert not small.done()
    big.cancel()
    assert (await small).rows == 2
    with pytest.raises(asyncio.CancelledError):
        await big


async def test_who_comes_too_late_is_told_at_once() -> None:
    """Although others are before it in line: no end of a hold can make room for it."""
    budget = CreditBudget(10)
    await (await hold(budget, 8)).settle(8)
    one = await hold(budget, 2)
    waiter = asyncio.create_task(hold(budget, 1))
    await turns()
    with pytest.raises(BudgetExceededError):
        await hold(budget, 1, price=3)
    await one.release()
    await waiter


async def test_it_waits_until_the_deadline_and_no_longer() -> None:
    clock = VirtualClock()
    budget = CreditBudget(10, name="nightly")
    await hold(budget, 10)
    until = clock.monotonic() + 30

    def remaining() -> float:
        return max(0.0, until - clock.monotonic())

    waiters = [asyncio.create_task(hold(budget, 2, price=3, clock=clock, remaining=remaining)) for _ in range(2)]
    await turns()
    await clock.advance(29.9)
    assert not any(waiter.done() for waiter in waiters)
    await clock.advance(0.2)
    for waiter in waiters:
        with pytest.raises(RequestTimeoutError) as caught:
            await waiter
        assert (caught.value.phase, caught.value.sent) == ("deadline", "no")
        assert str(caught.value) == (
            f"{LABEL}: waited until the deadline of the call for 6 credits of budget 'nightly': free 0, held by "
            "other calls 10. Nothing was sent. Try again later, give it a longer deadline, or raise budget.limit"
        )
    assert told(budget) == (0, 10, 0, 0)


async def test_who_has_time_only_to_look_looks() -> None:
    budget = CreditBudget(10)
    assert (await hold(budget, 10, remaining=lambda: 0.0)).rows == 10
    with pytest.raises(RequestTimeoutError):
        await hold(budget, 1, remaining=lambda: 0.0)


async def test_it_sees_the_end_of_a_lease() -> None:
    """A hold that nobody ends makes others wait no longer than its lease."""
    clock = VirtualClock()
    budget = CreditBudget(10, store=MemoryQuota(clock), lease=60)
    await hold(budget, 10)
    waiter = asyncio.create_task(hold(budget, 1, clock=clock))
    await turns()
    await clock.advance(59.9)
    assert not waiter.done()
    await clock.advance(1.1)
    with pytest.raises(BudgetExceededError) as caught:
        await waiter
    assert caught.value.uncertain == 10


async def test_alone_it_looks_again_when_the_first_lease_ends() -> None:
    budget = CreditBudget(10, lease=60)
    await hold(budget, 10)
    clock = VirtualClock()
    waiter = asyncio.create_task(hold(budget, 1, clock=clock))
    await turns()
    # The store in memory has the machine's clock, of which next to nothing has passed.
    assert clock.next_sleep() == pytest.approx(clock.now() + 60, rel=0, abs=30)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter


async def test_it_polls_a_shared_store_with_growing_pauses_and_jitter() -> None:
    clock = VirtualClock()
    store = MemoryQuota()
    mine, other = (CreditBudget(10, store=store) for _ in range(2))
    one = await hold(other, 10)
    draws = iter([0.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.0, 1.0])
    mine._uniform = lambda: next(draws)
    waiter = asyncio.create_task(hold(mine, 4, clock=clock))
    pauses: list[float] = []
    for _ in range(7):
        await turns()
        due = clock.next_sleep()
        assert due is not None
        pauses.append(due - clock.now())
        await clock.advance(pauses[-1] + 1e-6)
    assert pauses == pytest.approx([0.025, 0.1, 0.15, 0.4, 0.8, 1.0, 0.5], abs=1e-5)
    await one.release()
    assert not waiter.done()
    await clock.advance(1.1)
    assert (await waiter).rows == 4


async def test_a_poll_is_no_longer_than_what_is_left_of_the_lease() -> None:
    clock = VirtualClock()
    budget = CreditBudget(10, store=MemoryQuota(clock), lease=0.2)
    budget._uniform = lambda: 1.0
    await hold(budget, 10)
    waiter = asyncio.create_task(hold(budget, 1, clock=clock))
    await turns()
    # 0.05, 0.1, and then 0.05 are left of the lease where the poll would take 0.2.
    await clock.advance(0.26)
    with pytest.raises(BudgetExceededError):
        await waiter


async def test_it_never_looks_in_a_tight_loop() -> None:
    """Although the first lease ends in next to no time: two clocks may disagree for a while about when that is."""
    times, clock = VirtualClock(), VirtualClock()
    budget = CreditBudget(10, store=MemoryQuota(times), lease=60)
    budget._uniform = lambda: 1.0
    await hold(budget, 10)
    await times.advance(59.9999)
    waiter = asyncio.create_task(hold(budget, 1, clock=clock))
    await turns()
    assert clock.next_sleep() == pytest.approx(clock.now() + 0.05, rel=0, abs=1e-6)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter


async def test_a_cancelled_waiter_leaves_no_trace() -> None:
    budget = CreditBudget(10)
    one = await hold(budget, 10)
    waiters = [asyncio.create_task(hold(budget, 5)) for _ in range(3)]
    await turns()
    for waiter in waiters:
        waiter.cancel()
    assert all(
        isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*waiters, return_exceptions=True)
    )
    assert told(budget) == (0, 10, 0, 0)
    await one.release()
    assert (await hold(budget, 10)).rows == 10


@pytest.mark.parametrize("after", range(14))
async def test_a_hold_that_is_cancelled_while_the_store_works_is_released(after: int) -> None:
    """Whether it was noted before the cancellation or after it, and however often it is cancelled."""
    store = SlowStore()
    store.turns = [3]
    budget = CreditBudget(10, store=store)
    task = asyncio.create_task(hold(budget, 6))
    await turns(after)
    for _ in range(3):
        task.cancel()
        await turns(2)
    try:
        await (await task).release()
        assert after > 6
    except asyncio.CancelledError:
        assert after < 14
    await budget.refresh()
    assert told(budget) == (0, 0, 0, 10)


@pytest.mark.parametrize("end", ["settle", "release", "doubt", "charge"])
async def test_an_end_is_told_though_it_is_cancelled(end: str) -> None:
    store = SlowStore()
    store.turns = [3]
    budget = CreditBudget(10, store=store)
    one = await hold(budget, 6)
    task = asyncio.create_task(tell(end, one, budget))
    for _ in range(4):
        await turns(1)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    expected = {"settle": (2, 0, 0, 8), "release": (0, 0, 0, 10), "doubt": (0, 0, 6, 4), "charge": (3, 6, 0, 1)}
    assert told(budget) == expected[end]
