"""Stores, clocks and accounts for the tests of budgets."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from theirstack_async.budget import CreditBudget, Hold
from theirstack_async.errors import QuotaError
from theirstack_async.models import CreditBalance
from theirstack_async.quota import Change
from theirstack_async.testing.clock import VirtualClock

LABEL = "POST /v1/jobs/search"


class SlowStore:
    """A store whose updates take turns of the event loop, before and after the change, and that can be cut off.

    Its documents are seen by ``watch`` after each change.
    """

    def __init__(self, watch: Callable[[dict[str, Any]], None] = lambda doc: None) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.turns = [1]
        self.down = False
        self.loses_answers = False
        """Whether changes are made, and then the answer is lost."""
        self.gate: asyncio.Event | None = None
        """What changes wait for before they are made."""
        self.updates = 0
        self.time = 0.0
        self._watch = watch

    async def update(self, key: str, change: Change[Any]) -> Any:
        """Apply a change, some turns after the call and some before the return."""
        await self._yield()
        if self.gate is not None:
            await self.gate.wait()
        if self.down and not self.loses_answers:
            raise QuotaError("the store is down")
        self.updates += 1
        self.time += 0.001
        doc = self.documents.setdefault(key, {})
        result = change(doc, self.time)
        self._watch(doc)
        await self._yield()
        if self.down:
            raise QuotaError("the answer of the store was lost")
        return result

    @property
    def turns(self) -> list[int]:
        """How many turns the halves of the updates take, one after the other, over and over."""
        return self._turns

    @turns.setter
    def turns(self, turns: list[int]) -> None:
        self._turns, self._count = turns, itertools.count()

    async def aclose(self) -> None:
        """Do nothing."""

    async def _yield(self) -> None:
        for _ in range(self.turns[next(self._count) % len(self.turns)]):
            await asyncio.sleep(0)


class TurnClock:
    """A clock whose sleeps take three turns of the event loop each, however long they are."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        """Return the time that was slept."""
        return self.time

    def monotonic(self) -> float:
        """Return the time that was slept."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Return three turns of the loop later."""
        for _ in range(3):
            await asyncio.sleep(0)
        self.time += seconds


class Account:
    """A client of which only the balance is asked."""

    def __init__(self, allowance: int = 1000, used: int = 0) -> None:
        self.allowance = allowance
        self.used = used
        self.while_asked: Callable[[], Any] | None = None

    async def ping(self) -> CreditBalance:
        """Return the balance, after what is to happen meanwhile."""
        answer = CreditBalance(ui_credits=0, used_ui_credits=0, api_credits=self.allowance, used_api_credits=self.used)
        if self.while_asked is not None:
            await self.while_asked()
        return answer


async def tell(end: str, one: Hold, budget: CreditBudget) -> None:
    """Tell a hold's end by its name; or charge the budget something that was not held."""
    ends = {
        "settle": lambda: one.settle(2),
        "release": one.release,
        "doubt": one.doubt,
        "charge": lambda: budget.charge(3),
    }
    await ends[end]()


async def hold(
    budget: CreditBudget,
    rows: int = 1,
    *,
    price: int = 1,
    least: int = 1,
    fingerprint: str = "f1",
    clock: VirtualClock | TurnClock | None = None,
    remaining: Callable[[], float | None] = lambda: None,
) -> Hold:
    """Hold credits as a search of jobs does."""
    return await budget.hold(
        price,
        rows,
        least=least,
        fingerprint=fingerprint,
        label=LABEL,
        clock=clock or VirtualClock(),
        remaining=remaining,
    )


async def turns(count: int = 5) -> None:
    """Let other tasks run."""
    for _ in range(count):
        await asyncio.sleep(0)


def told(budget: CreditBudget) -> tuple[int, int, int, int]:
    """Return what a budget says: spent, held, uncertain, left."""
    return budget.spent, budget.held, budget.uncertain, budget.left
