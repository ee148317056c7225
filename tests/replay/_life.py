"""A replay's life: planned once, run and resumed by one process after the other, each of which may end anyhow."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from pathlib import Path
from typing import Any, Final, Literal
from unittest.mock import patch

import attrs

from tests.incremental._process import CrashError, Process
from tests.replay._memory import Call, Fate, MemoryProvider, Row, World
from tests.replay._virtual import START, LoopClock
from theirstack_async import ConnectionLostError, JournalError
from theirstack_async.replay import Replay, ReplayPlan, ReplayReport, ReplayState, ReplayWindow
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._provider import WebhookId

End = Literal["done", "crash", "fail", "cancel", "stop", "leave"]
"""How a process ends: when all is done; at once and without a word; with a journal that cannot be written any more;
cancelled; by the run's own ``cancel()``; by an exception of the program that uses it."""
POINTS: Final = ("begun", "writing", "written", "request", "answer")
"""Where it ends: at its beginning; before and after a step is in the journal; before a call, and after it."""
DEADLINE: Final = 5_000.0
"""Seconds; all deliveries take less."""
SETTLED: Final = {ReplayState.EXCLUDED, ReplayState.REJECTED, ReplayState.DELIVERED}
"""What nothing follows."""


class LeaveError(Exception):
    """The program around a run has failed."""


@attrs.frozen(kw_only=True)
class Session:
    """One process."""

    end: End = "done"
    point: str = "written"
    nth: int = 1
    turns: int = 0
    """Turns of the loop from that point to the end, where it is not killed: any number, so at any ``await``."""
    quiet: bool = False
    """Whether every call is answered after what its ids deserve."""
    how: dict[str, Any] = attrs.Factory(dict)
    """Settings of the run, or of going on with it."""


@attrs.frozen(kw_only=True)
class Manners:
    """How the world behaves."""

    seed: int
    webhooks: tuple[int, ...]
    """Failed events of each."""
    batch_size: int
    outcomes: Literal["each", "all"]
    windows: tuple[ReplayWindow, ...]
    adds_rows: bool
    shows_pending: bool
    troubles: tuple[Fate, ...]
    """What befalls a call in ten, and more where several are named."""
    odd: float
    """The share of ids that are each of: vetoed, poisonous, refused, left out, to be tried by the API itself, attempts
    of an event that there is another row of."""
    slowest: float
    """Seconds that a call takes at the most."""
    latest: float
    """Seconds to the delivery of an accepted event at the most."""
    receiver: Literal["up", "down", "later", "a while", "flaky"]
    vanish: float
    """The share of accepted events that the list loses."""
    auto_retry: Literal["include", "skip"]
    rate: float | None
    """Ids a second that the user allows for each webhook."""


class Program(Process):
    """A process, and what ends it."""

    def __init__(self, session: Session) -> None:
        super().__init__(*((session.point, session.nth) if session.end == "crash" else (None, 1)))
        self.leaving = False
        """Whether the program around the run is to fail."""
        self.run: Any = None
        self.task: asyncio.Task[None] | None = None
        self._session = session

    def at(self, point: str) -> None:
        """Pass a point, and end there if that is what the session says."""
        super().at(point)
        session = self._session
        passed = self._passed[point]
        if point != session.point or passed < session.nth:
            return
        if session.end == "fail" and point == "writing":
            raise JournalError("the disk is full")
        if passed == session.nth:
            self._later(session.turns)

    def _later(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._later, turns - 1)
        elif self._session.end == "cancel" and self.task is not None:
            self.task.cancel()
        elif self._session.end == "stop" and self.run is not None:
            self.run.cancel()
        elif self._session.end == "leave":
            self.leaving = True


class Life:
    """One replay, from process to process."""

    def __init__(self, manners: Manners, folder: str) -> None:
        self.manners = manners
        self.chance = random.Random(manners.seed)
        self.path = Path(folder, "replay.db")
        self.world = World(adds_rows=manners.adds_rows, shows_pending=manners.shows_pending)
        self.plan: ReplayPlan | None = None
        self.report: ReplayReport | None = None
        self.vetoed: set[int] = set()
        self.by_itself: set[int] = set()
        """Ids of events that the API tries without being asked."""
        self.cut: dict[int, list[int]] = {}
        """Batches that a process did not live to note the outcome of, each with its ids."""
        self._seed()

    def provider(self, process: Process | None = None) -> MemoryProvider:
        """Return a way to the world, for a process that may die."""
        manners = self.manners
        return MortalProvider(
            self.world, process or Process(), max_ids=manners.batch_size, batch_size=manners.batch_size,
            outcomes=manners.outcomes, windows=manners.windows,
        )  # fmt: skip

    async def make_plan(self) -> ReplayPlan:
        """Plan once, in a world where listing works."""
        replay = Replay(self.provider(), clock=LoopClock())
        ids: list[WebhookId] = list(range(1, len(self.manners.webhooks) + 1))
        plan: ReplayPlan = await replay.plan(
            ids, predicate=lambda event: event.id not in self.vetoed, auto_retry=self.manners.auto_retry
        )
        self.plan = plan
        return plan

    async def live(self, session: Session) -> BaseException | None:
        """Let one process run or resume the replay, and return what ended it before its end."""
        before = self.states()
        self._set(session)
        program = Program(session)
        program.task = asyncio.ensure_future(self._process(session, program))
        ended: BaseException | None = None
        with patch.object(Journal, "write", _mortal_write(Journal.write, program)):
            try:
                await program.task
            except (CrashError, LeaveError, JournalError, ConnectionLostError, asyncio.CancelledError) as error:
                ended = error
        await self._note()
        after = self.states()
        changed = {id_: (state, after[id_]) for id_, state in before.items() if state in SETTLED}
        assert all(old is new for old, new in changed.values()), f"what was settled has changed: {changed}"
        return ended

    def doubts(self) -> Counter[int]:
        """Return how often the outcome of a call with each id was not known."""
        return self.world.doubts + Counter(itertools.chain.from_iterable(self.cut.values()))

    def states(self) -> dict[Any, ReplayState]:
        """Return where each event stands, as the last report has it."""
        return {row.id: row.state for row in self.report.rows} if self.report else {}

    async def _process(self, session: Session, program: Program) -> None:
        replay = Replay(self.provider(program), clock=LoopClock())
        how = {"grace": 60.0, **session.how}
        assert self.plan is not None
        program.at("begun")
        if self.path.exists():
            running = replay.resume(self.path, **how)
        else:
            running = replay.run(self.plan, journal=self.path, rate=self.manners.rate, **how)
        async with running as run:
            program.run = run
            while not run.snapshot.done:
                if program.leaving:
                    raise LeaveError
                await asyncio.sleep(1.0)
            await run.result()
        if session.end != "stop":
            await replay.verify(self.path, deadline=DEADLINE)

    async def _note(self) -> None:
        """Look at the journal that was left behind."""
        if not self.path.exists():
            return
        assert self.plan is not None
        journal = await Journal.open(self.path, write=False)
        try:
            for batch, intended in journal.ledger.open_batches.items():
                self.cut[batch] = [self.plan.entries[at].id for at in intended.positions]
        finally:
            await journal.aclose()
        self.report = await ReplayReport.read(self.path)

    def _set(self, session: Session) -> None:
        manners, chance, world = self.manners, self.chance, self.world
        world.latency = lambda: chance.uniform(0.01, manners.slowest)
        world.delay = lambda: chance.uniform(0.0, manners.latest)
        world.takes = self._takes
        world.fate = _as_deserved if session.quiet else self._fate
        world.listing = (lambda: None) if session.quiet else self._listing

    def _fate(self, call: Call) -> Fate:
        troubles = self.manners.troubles
        return self.chance.choice(troubles) if troubles and self.chance.random() < 0.1 * len(troubles) else "taken"

    def _listing(self) -> Exception | None:
        return ConnectionLostError("half of the list is missing") if self.chance.random() < 0.1 else None

    def _takes(self, row: Row, at: float) -> bool:
        if self.chance.random() < self.manners.vanish:
            row.hidden = True
        kind = self.manners.receiver
        if kind == "flaky":
            return self.chance.random() < 0.5
        return kind == "up" or (kind == "later" and at > START + 300) or (kind == "a while" and at < START + 300)

    def _seed(self) -> None:
        manners, chance, world = self.manners, self.chance, self.world
        for webhook, count in enumerate(manners.webhooks, 1):
            ids = world.seed(count, webhook)
            for kind in (self.vetoed, world.poison, world.rejects, world.skips, self.by_itself):
                kind.update(id_ for id_ in ids if chance.random() < manners.odd)
            for before, id_ in itertools.pairwise(ids):
                if manners.adds_rows and chance.random() < manners.odd:
                    world.rows[id_].group = world.rows[before].group
                    if chance.random() < 0.5:
                        world.rows[before].status, world.rows[before].delivered_at = "delivered", START
        for id_ in self.by_itself:
            world.rows[id_].next_attempt = START + chance.uniform(1.0, 3600.0)


class MortalProvider(MemoryProvider):
    """A process's way to the world: when that has died, it does nothing any more."""

    def __init__(self, world: World, process: Process, **how: Any) -> None:
        super().__init__(world, **how)
        self._process = process

    async def resend(self, webhook_id: WebhookId, ids: Any) -> Any:
        """Die before the call, or after it, or live."""
        self._process.at("request")
        resent = await super().resend(webhook_id, ids)
        self._process.at("answer")
        return resent

    async def status_of(self, webhook_id: WebhookId, ids: Any, since: Any) -> Any:
        """Look, unless dead."""
        self._process.check()
        return await super().status_of(webhook_id, ids, since)


def _as_deserved(call: Call) -> Fate:
    return "taken"


def _mortal_write(write: Any, program: Program) -> Any:
    async def mortal(self: Journal, *steps: Any) -> None:
        program.at("writing")
        await write(self, *steps)
        program.at("written")

    return mortal
