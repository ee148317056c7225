"""The budget: who may spend how much, and what was spent."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn

from theirstack_async._clock import Clock
from theirstack_async._engine import ledger
from theirstack_async._engine.ledger import Busy, Demand, Doubt, Full
from theirstack_async._tasks import pause
from theirstack_async.budget._balance import Account, Reconciliation, cost_at_most
from theirstack_async.budget._book import Book, Step
from theirstack_async.budget._hold import Hold
from theirstack_async.budget._messages import exceeded, late, no_baseline
from theirstack_async.config import check_count, check_seconds, check_store
from theirstack_async.errors import ArgumentError

if TYPE_CHECKING:
    from theirstack_async.quota import QuotaStore

_POLLS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)
"""Seconds between two looks at a store in which other processes may have made room; then always the last."""


class CreditBudget:
    """Credits that the calls which are given this budget may spend together, and no more.

    Before a billed call is sent its worst case is held; it is settled at what the answer cost, released when the call
    provably cost nothing, and kept as uncertain when nobody knows. So ``spent + held + uncertain`` never exceeds
    ``limit - reserve``, whatever fails or is cancelled. Prices:
    https://theirstack.com/en/docs/pricing/credits.md, 1 credit a job, 3 a company or a look-up.

    One budget serves any number of clients, views and tasks of one event loop. To share credits between processes,
    give each a budget of the same ``name`` over the same ``store``.

    Args:
        limit: credits, from 0. It can be set to another number later.
        reserve: credits of the limit that are never spent, from 0.
        store: where the ledger is kept: ``SQLiteQuota`` or ``RedisQuota`` to share it; in this object by default. The
            budget does not close it.
        name: tells the budgets of one store from each other.
        lease: seconds that a call may take. What was held longer is taken for the hold of a dead process and becomes
            uncertain, until its call ends after all. Make it no shorter than ``Timeouts.deadline``.

    Raises:
        ArgumentError: an argument is not as described.
    """

    def __init__(
        self,
        limit: int,
        *,
        reserve: int = 0,
        store: QuotaStore | None = None,
        name: str = "default",
        lease: float = 300.0,
    ) -> None:
        self._limit = check_count("limit", limit, at_least=0)
        self._reserve: Final = check_count("reserve", reserve, at_least=0)
        self._lease: Final = _check_lease(lease)
        check_store("store", store)
        self._book: Final = Book(_check_name(name), store)
        self._under_way: Final = set[str]()
        self._uniform: Callable[[], float] = random.random

    @classmethod
    async def from_balance(
        cls,
        client: Account,
        *,
        reserve: int = 0,
        store: QuotaStore | None = None,
        name: str = "default",
        lease: float = 300.0,
    ) -> CreditBudget:
        """Return a budget of all the credits that the account has left, less ``reserve``. It asks the free balance.

        With a shared ``store`` in which others have spent already, the limit counts what they spent too, so that
        ``left`` comes out as what the account has left. See :attr:`CreditBalance.remaining` for how far to trust that.

        Raises:
            QuotaError: the store cannot be reached.
            TheirStackError: the balance cannot be had.
        """
        budget = cls(0, reserve=reserve, store=store, name=name, lease=lease)
        # Looked at first: what is spent between the two looks is then taken off twice, and never forgotten.
        before = await budget._book.look()
        balance = await client.ping()
        budget.limit = balance.remaining + before.spent
        await budget._book.change(partial(ledger.anchor, used=balance.used_api_credits))
        return budget

    @property
    def limit(self) -> int:
        """Credits that may be spent, ``reserve`` included. Setting it lets calls that wait look again."""
        return self._limit

    @limit.setter
    def limit(self, credits: int) -> None:  # noqa: A002
        self._limit = check_count("limit", credits, at_least=0)
        self._book.line.wake()

    @property
    def reserve(self) -> int:
        """Credits of the limit that are never spent."""
        return self._reserve

    @property
    def name(self) -> str:
        """What tells this budget from others in the same store."""
        return self._book.name

    @property
    def spent(self) -> int:
        """Credits that were spent, as last seen: exactly in the process that keeps the ledger, see :meth:`refresh`."""
        return self._book.seen.spent

    @property
    def held(self) -> int:
        """Credits that calls under way hold, as last seen."""
        return self._book.seen.held

    @property
    def uncertain(self) -> int:
        """Credits that calls of unknown outcome may have cost, as last seen; see :attr:`doubts`."""
        return self._book.seen.uncertain

    @property
    def left(self) -> int:
        """Credits that a call could hold now, as last seen; at least 0."""
        return max(0, self._room - self.spent - self.held - self.uncertain)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """The calls of unknown outcome, oldest first, as last seen. :meth:`reconcile` or :meth:`resolve` settles them.

        Those of dead processes appear here too, once the lease of what they held has ended.
        """
        return tuple(self._book.seen.doubts.values())

    async def refresh(self) -> None:
        """Look at the ledger again, so that the properties tell what other processes did.

        Raises:
            QuotaError: the store cannot be reached.
        """
        await self._book.look()

    async def hold(
        self,
        price: int,
        rows: int,
        *,
        fingerprint: str,
        label: str,
        least: int = 1,
        clock: Clock,
        remaining: Callable[[], float | None],
    ) -> Hold:
        """Hold the worst case of a call: ``rows`` at ``price`` credits each, or as many rows as there is room for.

        What is spent and uncertain makes them fewer. What others hold does not: it waits for them to end.
        Calls of one process are served in the order in which they came, so that a big one is not passed by small ones.
        The engine does this for every billed call; ``clock`` is its clock, ``remaining`` tells the seconds of the
        call's deadline that are left (None: no deadline), ``label`` and ``fingerprint`` name the request in
        :attr:`doubts`.

        Raises:
            BudgetExceededError: what is spent and uncertain leaves no room for ``least`` rows.
            QuotaError: the store cannot be reached; nothing may be spent then.
            RequestTimeoutError: it waited for others until the deadline.
            ConfigurationError: the budget is in use on another event loop.
        """
        check_count("price", price)
        check_count("least", least)
        check_count("rows", rows, at_least=least)
        ticket = uuid.uuid4().hex
        demand = Demand(price, rows, least, label, fingerprint)
        outcome = await self._take(ticket, demand, wait=len(self._book.line) > 0)
        if isinstance(outcome, Busy):
            outcome = await self._wait(ticket, demand, clock, remaining)
        if isinstance(outcome, Full):
            raise exceeded(self.name, self._limit, self._reserve, demand, outcome.standing)
        self._under_way.add(ticket)
        return Hold(ticket, outcome, price * outcome, partial(self._end, ticket))

    async def charge(self, credits: int) -> None:  # noqa: A002
        """Count credits that were billed without a hold, even if that takes ``spent`` beyond the limit.

        When the store cannot be reached they are kept, and counted before the budget's next operation.
        """
        cost = check_count("credits", credits, at_least=0)
        ticket = uuid.uuid4().hex
        await self._book.note(
            partial(ledger.claim, ticket=ticket, credits=cost), partial(ledger.settle, ticket=ticket, credits=cost)
        )

    async def resolve(self, fingerprint: str, credits: int) -> None:  # noqa: A002
        """Settle a doubt by hand: the request of that fingerprint cost so many credits; 0 if it was not billed.

        Of several doubts about the same request it settles the oldest.

        Raises:
            ArgumentError: there is no such doubt, or ``credits`` is no whole number from 0.
            QuotaError: the store cannot be reached.
        """
        cost = check_count("credits", credits, at_least=0)
        if not await self._book.change(partial(ledger.resolve, fingerprint=fingerprint, credits=cost)):
            raise ArgumentError(
                f"fingerprint: budget {self.name!r} has no doubt about {fingerprint!r}; see budget.doubts",
                field="fingerprint",
            )

    async def reconcile(self, client: Account) -> Reconciliation:
        """Settle all doubts by what the account says that it used. It asks the free balance.

        What the account used beyond what the budget knows of is what the doubtful requests cost together, at most:
        other programs and calls under way only make it larger. So do this when little else spends. A budget that was
        not made by :meth:`from_balance` has to see the account once before anything is spent: call this first.

        Raises:
            ConfigurationError: the budget never saw the account, or a new billing cycle has begun. Doubts are kept.
            QuotaError: the store cannot be reached.
            TheirStackError: the balance cannot be had.
        """
        # Looked at before the balance is asked: what is settled in between must not make the doubts look cheaper.
        before = await self._book.look()
        used = (await client.ping()).used_api_credits
        if before.baseline is None:
            if not await self._book.change(partial(ledger.anchor, used=used)):
                raise no_baseline(self.name)
            return Reconciliation((), 0, 0)
        most = cost_at_most(self.name, before, before.baseline, used)
        # A call that outlasted the lease tells its cost itself when it ends.
        tickets = frozenset(before.doubts) - self._under_way
        doubts, cost = await self._book.change(partial(ledger.reconcile, tickets=tickets, most=most))
        return Reconciliation(doubts, cost, sum(doubt.credits for doubt in doubts) - cost)

    @property
    def _room(self) -> int:
        return self._limit - self._reserve

    async def _end(self, ticket: str, step: Step) -> None:
        self._under_way.discard(ticket)
        await self._book.note(step)

    async def _take(self, ticket: str, demand: Demand, *, wait: bool = False) -> int | Busy | Full:
        return await self._book.take(ticket, demand, room=self._room, lease=self._lease, wait=wait)

    async def _wait(
        self, ticket: str, demand: Demand, clock: Clock, remaining: Callable[[], float | None]
    ) -> int | Full:
        """Return the outcome as soon as there is one, in the order of arrival."""
        line, looks = self._book.line, 0
        with line.place() as woken:
            while True:
                seconds = math.inf
                if line.is_first(woken):
                    woken.clear()
                    outcome = await self._take(ticket, demand)
                    if not isinstance(outcome, Busy):
                        return outcome
                    seconds = min(self._poll(looks), max(outcome.seconds, _POLLS[0]))
                    looks += 1
                if (left := remaining()) is not None and left <= 0:
                    raise late(self.name, self._room, demand, self._book.seen)
                await pause(woken, seconds if left is None else min(seconds, left), clock)

    def _poll(self, looks: int) -> float:
        """Return the seconds after which others may have changed the ledger, after so many looks at it."""
        if self._book.alone:
            return math.inf
        return _POLLS[min(looks, len(_POLLS) - 1)] * (0.5 + self._uniform() / 2)

    def __repr__(self) -> str:
        return (
            f"CreditBudget(limit={self._limit}, reserve={self._reserve}, name={self.name!r}, spent={self.spent}, "
            f"held={self.held}, uncertain={self.uncertain})"
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a CreditBudget cannot be copied or pickled, since two copies would spend the same credits twice; to share "
            "it between processes make one in each, over the same SQLiteQuota or RedisQuota"
        )


def _check_name(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise ArgumentError(f"name: expected a text that is not empty, got {value!r}", field="name")


def _check_lease(value: float) -> float:
    check_seconds("lease", value)
    if value > 0:
        return value
    raise ArgumentError("lease: expected seconds above 0, got 0", field="lease")
