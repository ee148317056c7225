"""A run: what users hold while the events of a plan are sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Generic, Self

import anyio

from theirstack_async._clock import Clock
from theirstack_async._tasks import cancel_and_wait
from theirstack_async.config import check_seconds
from theirstack_async.errors import ReplayError
from theirstack_async.replay._lane import Lane
from theirstack_async.replay._provider import I, ReplayProvider
from theirstack_async.replay._reconcile import Reconciler, reconcile
from theirstack_async.replay._sender import Sender, together
from theirstack_async.replay._snapshot import OPEN, ReplaySnapshot
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import Resumed
from theirstack_async.replay._watch import Watch
from theirstack_async.replay._work import Work

if TYPE_CHECKING:
    from theirstack_async.replay._journal import Journal
    from theirstack_async.replay._report import ReplayReport
    from theirstack_async.replay._settings import Settings

Opening = Callable[[AsyncExitStack], Awaitable["tuple[Journal, Settings]"]]
"""Takes the locks and opens the journal; what is to be undone at the end goes onto the stack."""


class ReplayRun(Generic[I]):
    """Events being sent again. Enter it with ``async with``, once: that takes the locks, opens the journal and begins.

    Leaving the block waits for the end. An exception in the block, and a cancellation, end the run cleanly: calls under
    way get ``drain`` seconds to end, and what is cut then is noted as unknown. Whatever happens, ``replay.resume()``
    goes on from the journal.
    """

    def __init__(
        self,
        provider: ReplayProvider[I],
        opening: Opening,
        *,
        clock: Clock,
        uniform: Callable[[], float],
        drain: float,
    ) -> None:
        self._provider: Final = provider
        self._opening: Final = opening
        self._clock: Final = clock
        self._uniform: Final = uniform
        self._drain: Final = drain
        self._stack: Final = AsyncExitStack()
        self._work: Work[I] | None = None
        self._task: asyncio.Task[None] | None = None
        self._began = 0.0
        self._elapsed: float | None = None
        self._open_at_first = 0

    @property
    def snapshot(self) -> ReplaySnapshot:
        """How far it is now.

        Raises:
            ReplayError: it has not begun.
        """
        work, task = self._entered()
        ledger = work.journal.ledger
        elapsed = self._clock.monotonic() - self._began if self._elapsed is None else self._elapsed
        counts = ledger.counts()
        return ReplaySnapshot(
            counts=counts,
            calls=work.calls,
            elapsed=elapsed,
            settled_here=max(0, self._open_at_first - sum(counts[each] for each in OPEN)),
            stopped=dict(ledger.stopped),
            done=task.done(),
        )

    async def progress(self, every: float = 1.0) -> AsyncGenerator[ReplaySnapshot, None]:
        """Yield a snapshot now, every so many seconds, and a last one when the run has ended.

        Raises:
            ArgumentError: ``every`` is no number of seconds.
            ReplayError: the run has not begun.
        """
        check_seconds("every", every)
        _, task = self._entered()
        while not task.done():
            yield self.snapshot
            nap = asyncio.create_task(self._clock.sleep(every))
            try:
                await asyncio.wait({task, nap}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await cancel_and_wait([nap])
        yield self.snapshot

    async def result(self) -> ReplayReport:
        """Wait for the end, and return the report of what was sent. What arrived, ``replay.verify()`` finds out.

        Raises:
            JournalError: the journal could not be written. Nothing was sent that it had no intent for.
            ReplayError: the run has not begun.
        """
        from theirstack_async.replay._report import ReplayReport

        work, task = self._entered()
        await asyncio.wait({task})
        # One that was cut as its block was left has ended too, and nobody has cancelled the caller.
        if not task.cancelled():
            task.result()
        return await ReplayReport.read(work.journal.path)

    def cancel(self) -> None:
        """Make no new call, and let those under way end. What was sent stays sent. It can be called more than once.

        Raises:
            ReplayError: the run has not begun.
        """
        work, _ = self._entered()
        work.end()

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise ReplayError("a run can be entered once; make another one with replay.resume(journal)")
        try:
            journal, settings = await self._opening(self._stack)
            self._work = Work(self._provider, journal, settings, self._clock, self._uniform)
            await self._work.recall()
            await journal.write(Resumed(at=self._clock.now()))
            await Reconciler(self._work).adopt()
        except BaseException:
            await self._stack.aclose()
            raise
        self._began = self._clock.monotonic()
        counts = journal.ledger.counts()
        self._open_at_first = counts[ReplayState.PLANNED]
        self._task = asyncio.create_task(self._main(self._work))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        work, task = self._entered()
        try:
            if kind is None:
                await asyncio.wait({task})
                task.result()
        finally:
            await self._finish(work, task)

    async def _finish(self, work: Work[I], task: asyncio.Task[None]) -> None:
        """End what is under way, note what was cut, and let go of journal and locks."""
        work.end()
        try:
            # A cancelled anyio scope cancels on each turn. The shield lets only asyncio's own second one through.
            with anyio.CancelScope(shield=True):
                await asyncio.wait({task}, timeout=self._drain)
        finally:
            try:
                await cancel_and_wait([task])
            finally:
                with anyio.CancelScope(shield=True):
                    await self._stack.aclose()

    async def _main(self, work: Work[I]) -> None:
        try:
            while True:
                await self._send_all(work)
                if work.ending.is_set() or not await reconcile(work):
                    break
        finally:
            self._elapsed = self._clock.monotonic() - self._began
            await Reconciler(work).adopt()

    async def _send_all(self, work: Work[I]) -> None:
        ledger, plan = work.journal.ledger, work.journal.plan
        lanes = [
            Lane(each, ledger.positions(each, ReplayState.PLANNED), work.settings.batch_size)
            for each in plan.webhook_ids
            if each not in ledger.stopped
        ]
        senders = [Sender(work, lane) for lane in lanes if lane.waiting]
        rule = work.settings.stop_when
        sending = together(each.run() for each in senders)
        watching = [] if rule is None else [Watch(work, rule, senders).run()]
        await together([sending, *watching], until="first")

    def _entered(self) -> tuple[Work[I], asyncio.Task[None]]:
        if self._work is None or self._task is None:
            raise ReplayError("the run has not begun; enter it with `async with`")
        return self._work, self._task

    def __repr__(self) -> str:
        place: Path | None = None if self._work is None else Path(self._work.journal.path)
        return f"<ReplayRun {self._provider.capabilities.provider} {place or 'not begun'}>"
