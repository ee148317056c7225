"""A program's life: its runs against a server in memory, what it stores, and what must hold after each step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from datetime import date, datetime, timedelta
from typing import Any, Literal
from unittest.mock import patch

from tests._engine import KEY, pipeline
from tests.incremental._process import CrashError, MemoryLanding, MemoryState, MortalLanding, MortalState, Process
from tests.incremental._schedule import Schedule, Session
from tests.incremental._world import EventWorld, World
from theirstack_async import CreditBudget, EndReason, Job, JobFilters, TheirStack
from theirstack_async._wire.message import Request, Response
from theirstack_async.incremental._landing import Landing

FILTERS = JobFilters(posted_at_gte=date(2020, 1, 1))
LOSES = ("answer", "landing")
"""The points at which a process dies with a page that it has paid for and not landed."""
MOST_REQUESTS = 2000
"""Of one session: more is a run that does not end."""


class Wire:
    """The way from one process to the server."""

    def __init__(self, world: World | EventWorld, process: Process) -> None:
        self.billed = 0
        """Rows of the last answer that were billed."""
        self._world, self._process = world, process
        self._began = world.requests

    def check(self) -> None:
        """Do nothing: it is always open."""

    async def send(self, request: Request) -> Response:
        """Send a request."""
        self._process.at("request")
        assert self._world.requests - self._began < MOST_REQUESTS, "the run does not end"
        before = self._world.billed
        answer = await self._world.send(request)
        self.billed = self._world.billed - before
        self._process.at("answer")
        return answer

    async def aclose(self) -> None:
        """Do nothing."""


class Life:
    """One program, from run to run."""

    def __init__(
        self,
        schedule: Schedule,
        *,
        landing: MemoryLanding | Landing | None,
        state: Any = None,
        kind: Literal["jobs", "companies"] = "jobs",
    ) -> None:
        self.world = World(kind)
        self.world.manners.inclusive = schedule.inclusive
        self.world.manners.newest_of_equals = schedule.newest_of_equals
        self.schedule = schedule
        self.landing = landing
        self.state = MemoryState() if state is None else state
        self.store: set[int] = set()
        """The ids of the rows in the user's store."""
        self.bought: set[tuple[int, float]] = set()
        """What is stored, each with the instant that it was bought with: a row that moved is bought anew."""
        self.repeated = 0
        self.lost = 0
        """Rows of answers that were not landed when the process died."""
        self.open = 0
        """Rows that were handed out, and not acknowledged by the end of their run."""
        self.end: EndReason | None = None

    async def live(self, session: Session) -> None:
        """Run the program once."""
        for move in session.first:
            move.play(self.world, self.schedule.overlap)
        moves = iter(session.moves)

        def before() -> None:
            if (move := next(moves, None)) is not None:
                move.play(self.world, self.schedule.overlap)

        manners = self.world.manners
        manners.sorting, manners.cap, manners.dry = session.sorting, session.cap, session.dry
        self.world.credits, self.world.before = session.credits, before
        process = Process(*(session.dies or (None, 1)))
        wire, billed = Wire(self.world, process), self.world.billed
        try:
            with (
                self._landed(process),
                patch("theirstack_async.incremental._windows.FIT", self.schedule.fit),
                patch("theirstack_async.incremental._keyset.PROOF", self.schedule.proof),
            ):
                await self._run(client_over(wire), process, session)
        except CrashError:
            self.end = None
            self.lost += wire.billed if process.died_at in LOSES else 0
            if isinstance(self.state, MemoryState):
                self.state.held.clear()
            else:
                for key in process.held:
                    await self.state.release(key)
                await self.state.aclose()
        await self.check()
        assert (self.world.billed - billed) * self.world.price <= session.budget, "the budget does not allow that"

    @contextmanager
    def _landed(self, process: Process) -> Iterator[None]:
        if self.landing is None:
            yield
            return
        mortal = MortalLanding(self.landing, process)
        with patch("theirstack_async.incremental._landing.Landing", lambda _: mortal):
            yield

    async def _run(self, client: TheirStack, process: Process, session: Session) -> None:
        how: dict[str, Any] = {
            "state": MortalState(self.state, process),
            "budget": CreditBudget(session.budget),
            "landing": None if self.landing is None else "landing",
            "page_size": session.page_size,
            "max_items": session.max_items,
            "max_pages": session.max_pages,
        }
        overlap = timedelta(seconds=self.schedule.overlap)
        jobs = self.world.kind == "jobs"
        async with (
            client.jobs.incremental(FILTERS, overlap=overlap, **how) if jobs else client.companies.incremental(**how)
        ) as run:
            try:
                await self._take(run, process, session)
            finally:
                self.repeated += run.summary.repeated
        self.end = run.end

    async def _take(self, run: Any, process: Process, session: Session) -> None:
        waiting: list[Any] = []
        async with aclosing(aiter(run)) as batches:
            async for batch in batches:
                self.open += len(batch.rows)
                process.at("got")
                self._keep(batch.rows)
                process.at("stored")
                waiting.append(batch)
                while len(waiting) > session.lag:
                    await self._acknowledge(waiting.pop(0), process)
                if batch.number == session.stops_after:
                    return
        for batch in waiting:
            await self._acknowledge(batch, process)

    def _keep(self, rows: list[Any]) -> None:
        for row in rows:
            id_, at = (row.id, row.discovered_at.timestamp()) if isinstance(row, Job) else (int(row.id[1:]), 0.0)
            self.store.add(id_)
            self.bought.add((id_, at))

    async def _acknowledge(self, batch: Any, process: Process) -> None:
        await batch.ack()
        self.open -= len(batch.rows)
        await self.check()
        process.at("acked")

    async def check(self) -> None:
        """Assert what must hold at any time: a row that is not stored can still be found by a later run."""
        for key, document in (await self.state.profiles()).items():
            seen = (await self.state.load(key)).seen
            ids = {id_ if isinstance(id_, int) else int(id_[1:]) for id_ in seen}
            assert ids <= self.store, "an id is remembered whose row is not stored"
            if document["mark"] is not None:
                bound = math.floor(datetime.fromisoformat(document["mark"]).timestamp() - self.schedule.overlap)
                passed = {row for row, at in self.world.rows.items() if at < bound}
                assert passed <= self.store, f"the mark has passed rows that are not stored: {passed - self.store}"


def client_over(wire: Wire) -> TheirStack:
    """Return a client whose requests go that way."""
    client = TheirStack(KEY, base_url="http://theirstack.invalid")
    client._pipeline = pipeline(wire)  # type: ignore[arg-type]
    return client
