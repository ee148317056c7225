"""What the parts of one run share: its journal, the API, the time, and whether it is to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, TypeVar

from theirstack_async._clock import Clock
from theirstack_async._tasks import cancel_and_wait
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._pace import Pace
from theirstack_async.replay._provider import I, ReplayProvider, WebhookId
from theirstack_async.replay._settings import Settings
from theirstack_async.replay._steps import Answered, Intended, PutBack, Stopped
from theirstack_async.replay._verify import Verifier

T = TypeVar("T")

_LATENCY: Final = 5.0
"""Seconds that a call which was answered took at the most, as far as the windows of the next run are concerned."""


class Work(Generic[I]):
    """One run under way."""

    def __init__(
        self,
        provider: ReplayProvider[I],
        journal: Journal,
        settings: Settings,
        clock: Clock,
        uniform: Callable[[], float],
    ) -> None:
        self.provider: Final = provider
        self.journal: Final = journal
        self.settings: Final = settings
        self.clock: Final = clock
        self.uniform: Final = uniform
        self.ending: Final = asyncio.Event()
        """Set once no new call may be made."""
        self.slots: Final = asyncio.Semaphore(settings.max_concurrency)
        self.pace: Final = Pace(provider.capabilities.windows, settings.rate, clock)
        self.verifier: Final = Verifier(provider, journal, clock)
        self.calls = 0
        self._batch = journal.ledger.next_batch

    def next_batch(self) -> int:
        """Return a number that no batch of this journal has had."""
        self._batch, number = self._batch + 1, self._batch
        return number

    async def recall(self) -> None:
        """Count the calls that the former runs of this journal made lately into the windows.

        Raises:
            JournalError: the journal cannot be read.
        """
        longest = max((each.seconds for each in self.provider.capabilities.windows), default=0.0)
        if not longest or self._batch == 1:
            return
        now, recent, answered = self.clock.now(), dict[int, Intended](), set[int]()
        async for step in self.journal.steps():
            if isinstance(step, Intended) and step.at > now - longest - _LATENCY:
                recent[step.batch] = step
            elif isinstance(step, Answered | PutBack):
                answered.add(step.batch)
        ages = {each: max(0.0, now - step.at - _LATENCY) if each in answered else 0.0 for each, step in recent.items()}
        for each in sorted(recent, key=lambda each: -ages[each]):
            positions = recent[each].positions
            self.pace.recall(self.journal.plan.entries[positions[0]].webhook_id, len(positions), ages[each])

    def end(self) -> None:
        """Make no new call."""
        self.ending.set()
        self.pace.close()

    async def stop(self, webhook_id: WebhookId | None, reason: str) -> None:
        """Note that nothing more is sent to a webhook, or to any."""
        if webhook_id is None:
            self.end()
        else:
            self.pace.close(webhook_id)
        await self.journal.write(Stopped(webhook_id=webhook_id, reason=reason))

    async def unless_ending(self, waiting: Coroutine[Any, Any, T]) -> T | None:
        """Return what something that only waits and looks returns, or None as soon as the run is to end."""
        doing = asyncio.create_task(waiting)
        ending = asyncio.create_task(self.ending.wait())
        try:
            await asyncio.wait({doing, ending}, return_when=asyncio.FIRST_COMPLETED)
            return doing.result() if doing.done() else None
        finally:
            await cancel_and_wait([doing, ending])
