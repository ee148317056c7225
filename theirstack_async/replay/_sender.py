"""Sending the events of one webhook: the canary first, then call after call, each noted before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Final, Generic, Literal

from theirstack_async._tasks import cancel_and_wait, run_to_end
from theirstack_async.errors import JournalError, TheirStackError
from theirstack_async.replay._lane import Decision, Lane
from theirstack_async.replay._provider import I, Resent
from theirstack_async.replay._states import TAKEN, ReplayState
from theirstack_async.replay._steps import Intended, PutBack
from theirstack_async.replay._work import Work

CANARY_DEADLINE: Final = 60.0
"""Seconds until the deliveries of a canary must have ended; one that is still under way then holds up nothing."""
_JITTER: Final = 0.1
"""A pause is longer by up to this share, so that programs that were throttled together do not return together."""

_RETURN_WHEN: Final = {"all": asyncio.FIRST_EXCEPTION, "first": asyncio.FIRST_COMPLETED}


class Sender(Generic[I]):
    """Sends what a lane holds."""

    def __init__(self, work: Work[I], lane: Lane) -> None:
        self._work: Final = work
        self._lane: Final = lane
        self.webhook_id: Final = lane.webhook_id
        self._changed: Final = asyncio.Event()

    @property
    def stopped(self) -> bool:
        """Whether nothing more is sent to this webhook in this run."""
        return self._lane.stopped is not None

    async def run(self) -> None:
        """Return when nothing is left to send, or nothing may be sent."""
        if self._work.settings.canary:
            await self._canary()
        workers = 1 if self._work.pace.one_at_a_time() else self._work.settings.max_concurrency
        await together(self._worker() for _ in range(workers))

    async def stop(self, reason: str) -> None:
        """Send nothing more to this webhook in this run."""
        if self._lane.stopped is None:
            self._lane.stopped = reason
            await self._work.stop(self._lane.webhook_id, reason)

    async def _canary(self) -> None:
        """Send a few, and stop when they were tried and none was delivered."""
        ledger, taken = self._work.journal.ledger, list[int]()
        # What was put back, refused or lost tells nothing of the receiver: others stand in for it.
        while (left := self._work.settings.canary - len(taken)) > 0 and self._lane.waiting and self._may_go_on():
            taken += (at for at in await self._next(left) if ledger.state(at) in TAKEN)
        if not taken or not self._may_go_on():
            return
        until = self._work.verifier.until(taken, deadline=CANARY_DEADLINE)
        try:
            sights = await self._work.unless_ending(until) or {}
        except JournalError:
            raise
        except TheirStackError as error:
            await self.stop(f"the canary could not be followed: {error}; nothing more was sent")
            return
        failed = [each for each in sights.values() if each.state is ReplayState.FAILED_AGAIN]
        if failed and len(failed) == len(sights):
            told = failed[0].response or failed[0].response_status or failed[0].word
            await self.stop(f"the canary failed again ({told}); nothing more was sent")

    async def _worker(self) -> None:
        while self._may_go_on():
            self._changed.clear()
            if self._lane.waiting:
                await self._next(self._work.settings.batch_size)
            elif self._lane.under_way:
                # What is under way may be put back.
                await self._changed.wait()
            else:
                return

    def _may_go_on(self) -> bool:
        return self._lane.stopped is None and not self._work.ending.is_set()

    async def _next(self, at_most: int) -> tuple[int, ...]:
        """Make the next call as soon as it may be made, and return what was in it."""
        lane, work = self._lane, self._work
        place = await work.pace.take(lane.webhook_id, lambda: min(lane.size, at_most))
        if place is None:
            return ()
        part: tuple[int, ...] = ()
        called = False
        try:
            async with work.slots:
                # Others may have sent it, or were throttled, while this call waited for its slot.
                if not self._may_go_on() or not lane.waiting or work.pace.held(lane.webhook_id):
                    return ()
                part = lane.take(place.size)
                lane.under_way += 1
                called = True
                await self._send(part)
                return part
        finally:
            if called:
                lane.under_way -= 1
                work.pace.settle(place)
            else:
                work.pace.give_back(place)
            self._changed.set()

    async def _send(self, part: tuple[int, ...]) -> None:
        work, lane = self._work, self._lane
        batch = work.next_batch()
        entries = work.journal.plan.entries
        ids = [entries[at].id for at in part]
        resent = await self._resend(batch, part, ids)
        decision = lane.decide(batch, part, ids, resent)
        # It may have to wait for its turn. A run that is cut meanwhile notes all the same what it knows.
        await run_to_end(work.journal.write(decision.step))
        await self._obey(decision)

    async def _resend(self, batch: int, part: tuple[int, ...], ids: list[Any]) -> Resent[I]:
        work = self._work
        try:
            await work.journal.write(Intended(batch=batch, positions=part, at=work.clock.now()))
        except asyncio.CancelledError:
            if batch in work.journal.ledger.open_batches:  # it was written all the same; the call was not made
                await work.journal.write(PutBack(batch=batch, reason="the run was cancelled before the call"))
            raise
        work.calls += 1
        # A call that is cut here leaves an intent without an outcome, which the end of the run or the next one sees.
        return await work.provider.resend(self._lane.webhook_id, ids)

    async def _obey(self, decision: Decision) -> None:
        self._lane.put_back(*decision.again)
        if decision.stop == "run":
            await self._work.stop(None, decision.reason)
        elif decision.stop == "webhook":
            await self.stop(decision.reason)
        elif decision.pause:
            pause = decision.pause * (1 + _JITTER * self._work.uniform())
            self._work.pace.hold(self._lane.webhook_id, pause)


async def together(coroutines: Iterable[Coroutine[Any, Any, None]], until: Literal["all", "first"] = "all") -> None:
    """Run coroutines side by side until all have ended, or the first one has, and cancel the others then.

    What the first one raises cancels the others in any case, and is raised.
    """
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        if tasks:
            done, _ = await asyncio.wait(tasks, return_when=_RETURN_WHEN[until])
            for each in done:
                each.result()
    finally:
        await cancel_and_wait(tasks)
