"""The journal of a run: what was meant is written before it is done, what came of it after. It is only ever added to.

So a run that was killed at any point goes on in another process, from what the file says.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from theirstack_async._tasks import run_to_end
from theirstack_async.errors import JournalError, ReplayError
from theirstack_async.replay._ledger import Ledger
from theirstack_async.replay._plan import ReplayPlan
from theirstack_async.replay._provider import Trace
from theirstack_async.replay._settings import Settings
from theirstack_async.replay._steps import Step

if TYPE_CHECKING:
    from theirstack_async.replay._journal_file import JournalFile

_CHUNK: Final = 200
"""Steps that are read at once: the event loop waits while they are taken in."""


class Journal:
    """A plan, the steps of its run, and where each event stands. Made by :meth:`create` and :meth:`open`."""

    def __init__(self, file: JournalFile, plan: ReplayPlan, settings: Settings, *, writes: bool) -> None:
        self._file: Final = file
        self._writes = writes
        self._turn: asyncio.Lock | None = None
        self._number = 0
        # Whether the file may hold steps that the ledger does not.
        self._behind = False
        self.plan: Final = plan
        """What is to be sent."""
        self.settings: Final = settings
        """How the run began to go about it."""
        self.ledger: Final = Ledger(plan)
        """Where each event stands, by the steps that were written, or read, so far."""

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    @classmethod
    async def create(cls, path: str | os.PathLike[str], plan: ReplayPlan, settings: Settings) -> Self:
        """Make a journal that has no steps, and keep it from other runs until :meth:`aclose`.

        Raises:
            ReplayError: there is one already.
            ReplayLockedError: another run is about to make it.
            JournalError: the file is something else, or cannot be written.
        """
        from theirstack_async.replay._journal_file import JournalFile

        file = JournalFile(path)
        await _refuse_existing(file)
        try:
            await file.claim()
            await _refuse_existing(file)
            await file.make(plan, settings)
        except BaseException:
            await file.aclose()
            raise
        return cls(file, plan, settings, writes=True)

    @classmethod
    async def open(cls, path: str | os.PathLike[str], *, write: bool = True) -> Self:
        """Open a journal: to go on with its run, and to keep it from others until :meth:`aclose`; or only to read.

        To read takes no lock and writes no step, so that it goes on beside a run. :meth:`refresh` reads on.

        Raises:
            ReplayLockedError: to write: another run has it.
            JournalError: there is none, it cannot be read, or is damaged.
        """
        from theirstack_async.replay._journal_file import JournalFile

        file = JournalFile(path)
        if not await file.exists():
            raise JournalError(f"there is no journal at {file.path}; give the path that the run was started with")
        try:
            if write:
                await file.claim()
            plan, settings = await file.load()
            journal = cls(file, plan, settings, writes=write)
            await journal.refresh()
        except BaseException:
            await file.aclose()
            raise
        return journal

    async def write(self, *steps: Step) -> None:
        """Write steps, all of them or none, behind what others write meanwhile. They are durable when it returns.

        A cancellation while they are written is raised once they are, and the ledger knows them then.

        Raises:
            JournalError: one of them cannot follow what was before it, the journal is closed or was opened to be read,
                or the file cannot be written; then the next call finds out whether it was.
        """
        async with self._in_turn():
            if not self._writes:
                raise JournalError(f"the journal {self.path} is closed, or was opened to be read; nothing was written")
            if self._behind:
                await self._catch_up()
            if steps:
                self._check(steps)
                await run_to_end(self._append(steps))

    async def refresh(self) -> None:
        """Take in what the run has written meanwhile.

        Raises:
            JournalError: the file cannot be read, or is damaged.
        """
        async with self._in_turn():
            await self._catch_up()

    async def steps(self) -> AsyncIterator[Step]:
        """Yield all steps in order, those too that are written meanwhile.

        Raises:
            JournalError: the file cannot be read, or is damaged.
        """
        number = 0
        while steps := await self._file.steps(number, _CHUNK):
            number += len(steps)
            for step in steps:
                yield step

    async def traces(self, positions: Iterable[int]) -> dict[int, Trace]:
        """Return by what else than their ids events can be found again: by the handles of their newest calls.

        Raises:
            JournalError: the file cannot be read, or is damaged.
        """
        batches = {position: self.ledger.batch(position) for position in positions}
        answers = await self._file.answers({batch for batch in batches.values() if batch is not None})
        traces: dict[int, Trace] = {}
        for position, batch in batches.items():
            answer = answers.get(batch) if batch is not None else None
            handle = answer.accepted.get(position) if answer is not None else None
            traces[position] = Trace(group=self.plan.entries[position].group, handle=handle)
        return traces

    async def aclose(self) -> None:
        """Let others have the journal, once what is being written is. A further call does nothing.

        Raises:
            JournalError: the file cannot be closed.
        """
        await run_to_end(self._close())

    async def _close(self) -> None:
        async with self._in_turn():
            self._writes = False
            await self._file.aclose()

    def _in_turn(self) -> asyncio.Lock:
        if self._turn is None:
            self._turn = asyncio.Lock()
        return self._turn

    def _check(self, steps: tuple[Step, ...]) -> None:
        """Check each on a ledger that knows those before it."""
        if len(steps) == 1:
            self.ledger.check(steps[0])
            return
        ledger = self.ledger.copy()
        for step in steps:
            ledger.apply(step)

    async def _append(self, steps: tuple[Step, ...]) -> None:
        self._behind = True
        await self._file.append(self._number, steps)
        self._take_in(steps)
        self._behind = False

    async def _catch_up(self) -> None:
        while steps := await self._file.steps(self._number, _CHUNK):
            self._take_in(steps)
        self._behind = False

    def _take_in(self, steps: Iterable[Step]) -> None:
        for step in steps:
            try:
                self.ledger.apply(step)
            except JournalError as error:
                raise JournalError(
                    f"the journal {self.path} is damaged: step {self._number + 1}: {error}; restore it from a copy"
                ) from error
            self._number += 1


async def _refuse_existing(file: JournalFile) -> None:
    if await file.exists():
        raise ReplayError(
            f"{file.path} is the journal of a run already; resume that run, or give another path for a new one"
        )
