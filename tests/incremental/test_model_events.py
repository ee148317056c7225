"""The same for the events of a webhook: a free list that is read by offset while it moves. In the end each event is
stored, and none came twice that was acknowledged.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.incremental._life import Wire, client_over
from tests.incremental._process import CrashError, MemoryState, MortalState, Process
from tests.incremental._schedule import Move, Session, crashes, moves, or_none
from tests.incremental._world import EventWorld
from theirstack_async import EndReason, PaginationError

pytestmark = pytest.mark.slow

PAGE_SIZES = [1, 2, 3, 7, 25, 500]


def sessions() -> st.SearchStrategy[Session]:
    """Return a strategy for runs."""
    return st.builds(
        Session,
        page_size=st.sampled_from(PAGE_SIZES),
        max_items=or_none(st.integers(0, 20)),
        dies=crashes(),
        stops_after=or_none(st.integers(1, 3)),
        first=st.lists(moves(), max_size=12).map(tuple),
        moves=st.lists(moves(), max_size=12).map(tuple),
    )


class EventLife:
    """A program that stores events, from run to run."""

    def __init__(self) -> None:
        self.world = EventWorld()
        self.state = MemoryState()
        self.store: set[int] = set()
        self.acknowledged: set[int] = set()
        self.end: EndReason | None = None

    def play(self, move: Move) -> None:
        """Let something happen to the list."""
        self.world.arrive(move.arrive)
        if move.remove is not None:
            self.world.remove(move.remove)

    async def live(self, session: Session) -> None:
        """Run the program once."""
        for move in session.first:
            self.play(move)
        coming = iter(session.moves)
        self.world.before = lambda: self.play(next(coming, Move()))
        process = Process(*(session.dies or (None, 1)))
        try:
            await self._run(process, session)
        except CrashError:
            self.state.held.clear()
        except PaginationError as error:
            # As many rows arrived before each page as it has, so that all pages were the same. What came is good.
            assert error.reason == "repeated_page"  # noqa: PT017 - it may be raised, or not

    async def _run(self, process: Process, session: Session) -> None:
        client = client_over(Wire(self.world, process))
        state = MortalState(self.state, process)
        made = client.webhooks.events.incremental(
            7, state=state, page_size=session.page_size, max_items=session.max_items
        )
        async with made as run, aclosing(aiter(run)) as batches:
            async for batch in batches:
                process.at("got")
                ids = {event.id for event in batch.rows}
                assert not ids & self.acknowledged, "an event came again that was acknowledged"
                self.store |= ids
                process.at("stored")
                await self._acknowledge(batch, ids, process)
                if batch.number == session.stops_after:
                    break
            self.end = run.end

    async def _acknowledge(self, batch: Any, ids: set[int], process: Process) -> None:
        try:
            await batch.ack()
        finally:
            (profile,) = self.state.saved.values() or [None]
            self.acknowledged |= set(profile.seen) if profile else set()
            assert self.acknowledged <= self.store
        assert ids <= self.acknowledged
        process.at("acked")


@given(
    sessions=st.lists(sessions(), min_size=1, max_size=5), newest_first=st.booleans(), last=st.sampled_from(PAGE_SIZES)
)
async def test_in_the_end_every_event_is_stored(sessions: list[Session], newest_first: bool, last: int) -> None:
    life = EventLife()
    life.world.newest_first = newest_first
    for session in sessions:
        await life.live(session)
    await life.live(Session(page_size=last))
    assert life.end is EndReason.EXHAUSTED
    assert set(life.world.rows) <= life.store <= life.world.ever
    before = life.state.saved.copy()
    await life.live(Session(page_size=last))
    assert life.state.saved == before
