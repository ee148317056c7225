"""A receiver that is killed (``kill -9``) while the API delivers, and started again: what the API was told to be safe
is stored, every event is handled, and none twice but those that were begun and not yet marked as done.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from tests._scale import LOAD_SCALE, scaled
from tests.incremental._programs import Program
from tests.receiver._sending import SECRET
from tests.receiver._worker import POINTS
from tests.receiver._workers import LOOK_EVERY, Log, Worker, held_port, order, program, working
from theirstack_async.receiver import DeliveryState, SQLiteDeliveries
from theirstack_async.testing import FakeTheirStack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the programs are forked, and there is no fork here"),
]

HOUR: Final = 3600.0
KILLS: Final = 20
"""Of one receiver: the API resends for 48 hours."""
SCENES: Final = scaled(20)
HANDLING: Final = 0.004
"""Seconds that a handler takes at most. It is the one thing here that takes real time, since a process that can be
killed anywhere has no clock of ours."""
AT_ONCE: Final = 10
"""Handlers."""
ALL_DONE: Final = {DeliveryState.DONE}
EVENTS: Final = 6
NTH: Final = range(1, EVENTS + 1) if LOAD_SCALE >= 1 else (2,)
"""At which event a receiver dies that dies at a point."""


@attrs.define
class Scene:
    """An API with a webhook, and all that outlives the receivers that it delivers to."""

    fake: FakeTheirStack
    program: Program
    folder: Path
    port: int
    webhook: int
    log: Log
    ids: list[int] = attrs.field(factory=list)
    done: set[int] = attrs.field(factory=set)
    unmarked: set[int] = attrs.field(factory=set)
    """Events whose handler had ended, and which were not marked as done, when a receiver died: the window."""

    def trigger(self, count: int) -> None:
        """Let events happen."""
        self.ids += self.fake.trigger(self.webhook, count)

    @asynccontextmanager
    async def receiver(self, **how: Any) -> AsyncIterator[Worker]:
        """Yield a receiver for the next hour, to which the API resends. It looks at what it left behind."""
        ahead = self.fake.clock.monotonic() + HOUR
        async with working(self.program, order(self.folder, self.port, ahead=ahead, **how)) as worker:
            resent = asyncio.ensure_future(self.fake.clock.advance(HOUR))
            try:
                yield worker
            finally:
                await resent
                await self.fake.settled()
        await self.look(how.get("max_concurrency", AT_ONCE))

    async def look(self, at_once: int) -> None:
        """Assert what must hold whenever a receiver has ended."""
        news = self.log.news()
        begun = [id_ for word, id_ in news if word == "begin"]
        assert len(begun) == len(set(begun)), "one receiver handled an event twice"
        assert self.done.isdisjoint(begun), "an event was handled again that had been marked as done"
        states = await self.states()
        self.done = {id_ for id_, state in states.items() if state is DeliveryState.DONE}
        assert len(set(begun) - self.done) <= at_once, "more events were open than are handled at once"
        self.unmarked |= {id_ for word, id_ in news if word == "end"} - self.done
        safe = {id_ for id_ in self.ids if self.fake.event(id_).status == "SUCCESS"}
        assert safe <= states.keys(), "the API was told that an event is safe, which is not stored"

    @property
    def delivering(self) -> bool:
        """Whether the API has deliveries to send now."""
        return any(self.fake.event(id_).status == "IN_PROGRESS" for id_ in self.ids)

    async def states(self) -> dict[int, DeliveryState]:
        """Return where the events stand in the file."""
        store = SQLiteDeliveries(self.folder / "deliveries.db")
        states = dict(await store.known(self.ids))
        await store.aclose()
        return states

    async def finish(self, **how: Any) -> None:
        """Let a last receiver do what is left, and assert that every event is handled."""
        async with self.receiver(**how) as last:
            # What had ended before the last kill is to be marked as well.
            while set(self.ids) - set(self.log.ids("end")) or set((await self.states()).values()) != ALL_DONE:
                assert not last.outcome.done(), last.outcome.result()
                await asyncio.sleep(LOOK_EVERY)
            assert (await last.stop())["pending"] == 0
        assert self.done == set(self.ids) == set(self.log.ids("end"))
        assert {self.fake.event(id_).status for id_ in self.ids} == {"SUCCESS"}
        assert {id_ for id_, times in self.log.count("end").items() if times > 1} == self.unmarked


@asynccontextmanager
async def scene(folder: Path, in_flight: int) -> AsyncIterator[Scene]:
    """Yield a scene in which nothing has happened."""
    async with AsyncExitStack() as stack:
        port = stack.enter_context(held_port())
        fake = await stack.enter_async_context(FakeTheirStack(max_deliveries_in_flight=in_flight))
        running = await stack.enter_async_context(program())
        webhook = fake.seed_webhook(f"http://127.0.0.1:{port}/hook", secret=SECRET)
        yield Scene(fake, running, folder, port, webhook, Log(folder / "log.txt"))


@pytest.mark.parametrize("number", range(SCENES))
async def test_killed_at_any_moment_it_loses_nothing(tmp_path: Path, number: int) -> None:
    chance, killed_at_work = random.Random(number), 0
    async with scene(tmp_path, in_flight=8) as place:
        for _ in range(KILLS):
            async with place.receiver(longest=HANDLING) as worker:
                before = len(place.log.words())
                place.trigger(chance.randrange(1, 30))
                lines = chance.randrange(30)
                while len(place.log.words()) < before + lines and place.delivering:
                    await asyncio.sleep(LOOK_EVERY)
                await asyncio.sleep(chance.uniform(0, HANDLING))
                killed_at_work += place.delivering
                await worker.kill()
        assert killed_at_work > KILLS / 4
        await place.finish()


@pytest.mark.parametrize("nth", NTH)
@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_point_it_handles_twice_only_what_it_had_no_time_to_mark(
    tmp_path: Path, point: str, nth: int
) -> None:
    """That is the window that no receiver can close, whose handler does not mark the event in its own transaction."""
    async with scene(tmp_path, in_flight=1) as place:
        async with place.receiver(point=point, time=nth, max_concurrency=1) as worker:
            place.trigger(EVENTS)
            await worker.died()
        if point in ("ended", "settle"):
            assert place.unmarked == {place.log.ids("end")[-1]}
        await place.finish()
