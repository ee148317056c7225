"""Twice as many deliveries as the handlers can take: 503 for those that there is no room for, which come again later;
nothing is lost, nothing is handled twice, and the memory stays bounded.
"""

from __future__ import annotations

import asyncio
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Final

import attrs
import pytest

from tests._scale import scaled
from tests.receiver._sending import KINDS, SECRET, body_of, once, send, serving, stores_of
from theirstack_async.receiver import Answer, Delivery, DeliveryState, DeliveryStore, Receiver
from theirstack_async.testing import FakeTheirStack, VirtualClock

pytestmark = pytest.mark.slow

HOUR: Final = 3600.0
BUDGET: Final = 5.0
QUEUE: Final = 20
"""Events in hand. Twice as many requests are let in, where they wait for a place."""
IN_FLIGHT: Final = 3 * QUEUE
AT_ONCE: Final = 5
LEASE: Final = 30.0
HOURS: Final = 3 + scaled(8)
"""Of overload."""
RESENDS: Final = 48
"""Hours for which the API sends again what was refused."""
REFUSED: Final = scaled(10_000)


async def until(condition: Callable[[], object]) -> None:
    """Let other tasks run until ``condition`` holds."""
    while not condition():
        await asyncio.sleep(0)


@attrs.define
class Hurried:
    """Moves the clock of the event loop, by which a receiver knows when it has to answer."""

    ahead: float = 0.0

    @classmethod
    def here(cls) -> Hurried:
        """Do so with the running loop."""
        loop, hurried = asyncio.get_running_loop(), cls()
        real = loop.time
        loop.time = lambda: real() + hurried.ahead  # type: ignore[method-assign]
        return hurried


@attrs.define
class Stalled:
    """A handler that goes on when it is told to."""

    gate: asyncio.Event = attrs.field(factory=asyncio.Event)
    handled: Counter[int] = attrs.field(factory=Counter)
    most: int = 0
    """The most events that were handled at once."""
    now: int = 0

    async def __call__(self, delivery: Delivery) -> None:
        """Handle a delivery."""
        self.now += 1
        self.most = max(self.most, self.now)
        await self.gate.wait()
        self.now -= 1
        self.handled[delivery.id] += 1


class Watched(Receiver):
    """A receiver with little room, which counts what it is asked and what it has in hand at most."""

    def __init__(self, store: DeliveryStore, handler: Stalled) -> None:
        self.handler = handler
        self.time = VirtualClock()
        self.begun = 0
        self.reading = 0
        self.most = 0
        self.statuses: Counter[int] = Counter()
        # Handlers have no limit, for it is the loop's clock too that tells how long they take.
        how = {"queue": QUEUE, "max_concurrency": AT_ONCE, "budget": BUDGET, "lease": LEASE}
        super().__init__(SECRET, store, handler_timeout=None, clock=self.time, **how)
        self.on(Delivery)(handler)

    @property
    def open(self) -> int:
        """The requests that are not answered."""
        return self.begun - self.statuses.total()

    async def receive(self, method: str, headers: Iterable[tuple[str, str]], body: AsyncIterable[bytes]) -> Answer:
        """Receive a delivery."""
        self.begun += 1
        answer = await super().receive(method, headers, self._counted(body))
        assert (answer.status == 503) == ("Retry-After" in answer.headers)
        self.statuses[answer.status] += 1
        return answer

    async def _counted(self, body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        self.reading += 1
        async for chunk in body:
            yield chunk
        self.reading -= 1

    def waits(self) -> bool:
        """Return whether nothing more happens before handlers go on or time passes."""
        stats = self.stats
        self.most = max(self.most, stats.in_hand)
        return self.reading == 0 and stats.in_hand == stats.claimed - stats.handled


async def an_hour(fake: FakeTheirStack) -> None:
    """Let an hour pass, and return when all that was sent in it is answered."""
    await fake.clock.advance(HOUR)
    await fake.settled()


@pytest.mark.parametrize("kind", KINDS)
async def test_at_twice_the_load_all_is_delivered_in_the_end(tmp_path: Path, kind: str) -> None:
    """In each hour come twice as many new events as there is room for, beside those that were refused before."""
    hurried, new, ids = Hurried.here(), 2 * QUEUE, list[int]()
    async with (
        stores_of(kind, tmp_path) as (store,),
        FakeTheirStack(max_deliveries_in_flight=IN_FLIGHT, delivery_timeout=1e6) as fake,
    ):
        receiver = Watched(store, Stalled())
        async with serving(receiver) as url:
            webhook = fake.seed_webhook(url, secret=SECRET)
            for hour in range(RESENDS):
                receiver.handler.gate.clear()
                ids += fake.trigger(webhook, new if hour < HOURS else 0)
                expected = receiver.begun + sum(fake.event(id_).status != "SUCCESS" for id_ in ids)
                sent = asyncio.ensure_future(an_hour(fake))
                while not sent.done():
                    left = expected - receiver.statuses.total()
                    if 0 < receiver.open == min(IN_FLIGHT, left) and receiver.waits():
                        hurried.ahead += BUDGET
                    await asyncio.sleep(0)
                receiver.handler.gate.set()
                await receiver.settled()
                while (await store.counts())[DeliveryState.PENDING]:
                    await receiver.time.advance(LEASE / 3)
        assert {fake.event(id_).status for id_ in ids} == {"SUCCESS"}
        assert receiver.handler.handled == once(ids)
        assert (await store.counts())[DeliveryState.DONE] == len(ids) == HOURS * new
    assert receiver.statuses.keys() <= {200, 202, 503}
    assert receiver.statuses[503] > len(ids)
    assert (receiver.most, receiver.handler.most) == (QUEUE, AT_ONCE)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_refused_takes_no_memory(tmp_path: Path, kind: str) -> None:
    hurried, first, at_once = Hurried.here(), 1_000_001, 2 * QUEUE
    async with stores_of(kind, tmp_path) as (store,), Watched(store, Stalled()) as receiver:
        taken = [asyncio.ensure_future(send(receiver, body_of(first + at))) for at in range(QUEUE)]
        await until(lambda: receiver.handler.now == AT_ONCE and receiver.stats.claimed == QUEUE)

        async def refuse(count: int) -> None:
            for _ in range(-(-count // at_once)):
                begun = receiver.begun
                sent = [asyncio.ensure_future(send(receiver, body_of(first + begun + at))) for at in range(at_once)]
                await until(lambda: receiver.begun == begun + at_once and receiver.waits())  # noqa: B023
                hurried.ahead += BUDGET
                assert {answer.status for answer in await asyncio.gather(*sent)} == {503}

        tracemalloc.start()
        try:
            await refuse(REFUSED // 10)
            before, most_before = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            await refuse(REFUSED)
            now, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        receiver.handler.gate.set()
        await asyncio.gather(*taken)
        await receiver.settled()
        assert receiver.handler.handled == once(range(first, first + QUEUE))
        assert (await store.counts())[DeliveryState.PENDING] == 0
    assert now - before < 100_000
    assert most - most_before < 100_000
    assert most < 5 * at_once * len(body_of(first)), (
        "more is held of a delivery that waits than its body and its record"
    )
