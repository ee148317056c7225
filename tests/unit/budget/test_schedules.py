"""Calls that share a budget, interleaved, cancelled, cut off from the store: against a model of a server that bills.

Hypothesis draws what the calls want and what becomes of them; each plan is then run in twenty orders of events.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any, Literal

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.budget._stores import Account, SlowStore, TurnClock, hold, told, turns
from theirstack_async.budget import CreditBudget, Hold
from theirstack_async.errors import BudgetExceededError, QuotaError
from theirstack_async.quota import Change, MemoryQuota

ORDERS = 20
"""In how many orders each plan is run: two thousand schedules by default, ten times that under the deep profile."""
PATIENCE = 20_000
"""Turns of the loop after which a run counts as hanging."""


@attrs.frozen
class Want:
    """What one call wants, how many rows there are for it, and what becomes of it."""

    price: int
    rows: int
    least: int
    there: int
    fate: Literal["answered", "lost", "refused"]
    cancelled: bool


@attrs.frozen
class Plan:
    """A budget, its store, and the calls that share it."""

    limit: int
    reserve: int
    store: Literal["memory", "slow", "failing"]
    lease: float
    wants: list[Want]


WANTS = st.builds(
    Want,
    price=st.sampled_from([1, 3]),
    rows=st.integers(4, 25),
    least=st.integers(1, 4),
    there=st.integers(0, 25),
    fate=st.sampled_from(["answered", "answered", "lost", "refused"]),
    cancelled=st.booleans(),
)
PLANS = st.builds(
    Plan,
    limit=st.integers(0, 60),
    reserve=st.integers(0, 5),
    store=st.sampled_from(["memory", "slow", "failing"]),
    lease=st.sampled_from([300.0, 0.01]),
    wants=st.lists(WANTS, min_size=1, max_size=10),
)


class WatchedMemory(MemoryQuota):
    """The store in memory, whose documents are seen after each change."""

    def __init__(self, watch: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._watch = watch

    async def update(self, key: str, change: Change[Any]) -> Any:
        """Apply a change, and show the document."""

        def watched(doc: dict[str, Any], now: float) -> Any:
            result = change(doc, now)
            self._watch(doc)
            return result

        return await super().update(key, watched)


class StillClock(TurnClock):
    """A clock whose sleeps never end: whoever waits has to be woken."""

    async def sleep(self, seconds: float) -> None:
        """Wait to be cancelled."""
        await asyncio.get_running_loop().create_future()


class Run:
    """One order of events."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self.plan = plan
        self.random = random.Random(seed)
        self.room = plan.limit - plan.reserve
        self.billed = self.seen = self.doubted = 0
        self.slow = SlowStore(self.watch)
        self.slow.turns = [self.random.choice([0, 0, 1, 2, 5]) for _ in range(40)]
        alone = plan.store == "memory"
        # In memory a lease is real time, in which nothing passes here.
        self.budget = CreditBudget(
            plan.limit, reserve=plan.reserve, store=None if alone else self.slow, lease=300.0 if alone else plan.lease
        )
        if alone:
            self.budget._book._store = WatchedMemory(self.watch)  # type: ignore[misc]
        self.clock = StillClock() if alone else TurnClock()

    def watch(self, doc: dict[str, Any]) -> None:
        """See that the ledger is within the budget."""
        held = sum(entry[0] for part in ("holds", "uncertain") for entry in doc[part].values())
        assert doc["spent"] + held <= max(0, self.room)

    async def run(self) -> None:
        """Run all calls to their end, and see what the budget says then."""
        account = Account()
        await self.budget.reconcile(account)
        tasks = [asyncio.create_task(self.call(want)) for want in self.plan.wants]
        await self.disturb(tasks)
        self.slow.down = False
        for task in tasks:
            assert task.cancelled() or task.exception() is None
        await self.budget.refresh()
        assert told(self.budget)[:3] == (self.seen, 0, self.doubted)
        assert self.seen <= self.billed <= self.seen + self.doubted
        account.used = self.billed
        await self.budget.reconcile(account)
        assert told(self.budget)[:3] == (self.billed, 0, 0)

    async def disturb(self, tasks: list[asyncio.Task[None]]) -> None:
        """Cancel what is to be cancelled, some of it twice, and cut the store off now and then, until all is done."""
        doomed = [task for task, want in zip(tasks, self.plan.wants, strict=True) if want.cancelled]
        strikes: dict[int, list[asyncio.Task[None]]] = {}
        for task in doomed * 2:
            strikes.setdefault(self.random.randrange(80), []).append(task)
        for turn in range(PATIENCE):
            if all(task.done() for task in tasks):
                return
            for task in strikes.get(turn, ()):
                task.cancel()
            if self.plan.store == "failing" and turn % 7 == 0:
                self.slow.down = self.random.random() < 0.3
                self.slow.loses_answers = self.random.random() < 0.5
            await asyncio.sleep(0)
        raise AssertionError("a call hangs")

    async def call(self, want: Want) -> None:
        """Make a call as the engine does."""
        await turns(self.random.randrange(10))
        try:
            one = await hold(self.budget, want.rows, price=want.price, least=want.least, clock=self.clock)
        except (BudgetExceededError, QuotaError):
            return
        assert want.least <= one.rows <= want.rows
        sent, cost = False, None
        try:
            await turns(self.random.randrange(4))
            sent = True
            await turns(self.random.randrange(4))
            cost = self.bill(want, one)
            await turns(self.random.randrange(4))
        except asyncio.CancelledError:
            if not sent:
                await one.release()
                raise
            if cost is None:
                self.bill(want, one)
            await self.doubt(one)
            raise
        if want.fate == "refused":
            await one.release()
        elif want.fate == "lost":
            await self.doubt(one)
        else:
            self.seen += cost
            await one.settle(cost)

    def bill(self, want: Want, one: Hold) -> int:
        """Do what the server does: bill the rows that there are, unless it refuses."""
        cost = 0 if want.fate == "refused" else min(want.there, one.rows) * want.price
        self.billed += cost
        assert self.billed <= max(0, self.room)
        return cost

    async def doubt(self, one: Hold) -> None:
        """Leave the cost of a call in doubt."""
        self.doubted += one.credits
        await one.doubt()


@given(plan=PLANS)
def test_never_overspent_and_nothing_forgotten(plan: Plan) -> None:
    for seed in range(ORDERS):
        asyncio.run(Run(plan, seed).run())
