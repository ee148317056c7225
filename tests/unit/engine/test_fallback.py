"""A store of rate windows that goes down and comes back: nobody is held up by it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, TypeVar

import pytest

from tests._engine import ScriptedTransport, answer
from tests.unit.engine._paced import Limited, get, in_flight, paced, run, start, turns
from theirstack_async import RetryPolicy
from theirstack_async._engine.fallback import Fallback
from theirstack_async._wire.message import Response
from theirstack_async.errors import ConnectError, QuotaError
from theirstack_async.quota import Change, MemoryQuota
from theirstack_async.testing.clock import VirtualClock

T = TypeVar("T")


class Unsteady(MemoryQuota):
    """A store that is down when a test says so, and takes some of the clock's seconds to notice."""

    def __init__(self, clock: VirtualClock, *, takes: float = 0.0) -> None:
        super().__init__(clock)
        self.clock = clock
        self.takes = takes
        self.down = False
        self.tries: list[float] = []

    async def update(self, key: str, change: Change[T]) -> T:
        """Fail, or do it."""
        self.tries.append(self.clock.monotonic())
        if self.down:
            if self.takes:
                await self.clock.sleep(self.takes)
            raise QuotaError("the store is gone")
        return await super().update(key, change)


def count(document: dict[str, Any], now: float) -> int:
    document["n"] = document.get("n", 0) + 1
    return int(document["n"])


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_without_a_store_it_is_memory() -> None:
    kept = Fallback(None, VirtualClock())
    assert [await kept.update("a", count), await kept.update("a", count), await kept.update("b", count)] == [1, 2, 1]


async def test_one_warning_and_a_try_a_second_until_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    store = Unsteady(clock)
    kept = Fallback(store, clock)
    assert await kept.update("a", count) == 1
    store.down = True
    counts: list[int] = []
    for _ in range(7):
        counts.append(await kept.update("a", count))
        await clock.advance(0.4)
    assert counts == [1, 2, 3, 4, 5, 6, 7]
    assert store.tries == [pytest.approx(each) for each in (0.0, 0.0, 1.2, 2.4)]
    assert warnings(caplog) == ["rate limits are kept by this process alone until its store is back: the store is gone"]
    store.down = False
    await clock.advance(1.0)
    assert [await kept.update("a", count), await kept.update("a", count)] == [2, 3]
    store.down = True
    assert await kept.update("a", count) == 8
    assert len(warnings(caplog)) == 2


async def test_while_one_tries_the_others_go_on() -> None:
    clock = VirtualClock()
    store = Unsteady(clock, takes=5.0)
    kept = Fallback(store, clock)
    store.down = True
    assert await run(clock, start(kept.update("a", count))) == [1]
    await clock.advance(1.0)
    (first,) = start(kept.update("a", count))
    await turns()
    assert [await kept.update("a", count) for _ in range(3)] == [2, 3, 4]
    assert store.tries == [0.0, 6.0]
    assert await run(clock, [first]) == [5]
    await kept.update("a", count)
    assert store.tries == [0.0, 6.0]


async def test_who_is_cancelled_while_he_tries_leaves_it_to_the_next() -> None:
    clock = VirtualClock()
    store = Unsteady(clock, takes=5.0)
    kept = Fallback(store, clock)
    store.down = True
    await run(clock, start(kept.update("a", count)))
    await clock.advance(1.0)
    (first,) = start(kept.update("a", count))
    await turns()
    first.cancel()
    await asyncio.wait([first])
    store.down = False
    assert await kept.update("a", count) == 2
    await clock.advance(1.0)
    assert await kept.update("a", count) == 1


async def test_what_a_change_raises_is_no_failure_of_the_store(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    store = Unsteady(clock)
    kept = Fallback(store, clock)

    def wrong(document: dict[str, Any], now: float) -> None:
        raise KeyError("a defect")

    with pytest.raises(KeyError):
        await kept.update("a", wrong)
    await kept.update("a", count)
    assert (len(store.tries), warnings(caplog)) == (2, [])


async def test_calls_are_paced_by_the_process_alone_while_it_is_down(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    server = Limited(clock, (2, 10.0))
    store = Unsteady(clock)
    line = paced(server, clock, quota=store)
    await get(line, 0)
    store.down = True
    await run(clock, start(get(line, 1)))
    await run(clock, start(*(get(line, number) for number in range(2, 6))))
    assert (server.refused, server.times) == (0, [0.0, 0.0, 10.0, 10.0, 20.0, 20.0])
    store.down = False
    await clock.advance(30.0)
    await run(clock, start(*(get(line, number) for number in range(6, 9))))
    assert (server.refused, server.times[6:]) == (0, [50.0, 50.0, 60.0])
    assert len(warnings(caplog)) == 1
    assert in_flight(line) == []


async def test_a_place_that_was_taken_before_it_went_down_can_be_told_after() -> None:
    clock = VirtualClock()
    store = Unsteady(clock)

    async def cut(request: Any) -> Any:
        store.down = not store.down
        return answer(200, [], Limited(clock, (1, 10.0)).windows.headers())

    line = paced(ScriptedTransport(cut), clock, quota=store)
    for number in range(4):
        (reply,) = await run(clock, start(get(line, number)))
        assert reply.meta.status == 200
        await clock.advance(20.0)
    assert clock.monotonic() == 80.0


class Distant(MemoryQuota):
    """A store to which a change travels, and from which the answer does; either can be cut off on its way."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.clock = clock
        self.away = 0.5
        """Seconds for each of the two ways."""

    async def update(self, key: str, change: Change[T]) -> T:
        """Do it later, and answer later still."""
        await self.clock.sleep(self.away)
        result = await super().update(key, change)
        await self.clock.sleep(self.away)
        return result


@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
async def test_who_is_cancelled_again_and_again_leaves_no_place_in_a_shared_store(seconds: float) -> None:
    """As a scope of anyio does it: on each turn of the loop until the task has ended."""
    clock = VirtualClock()
    server = Limited(clock, (1, 600.0), latency=0.5)
    store = Distant(clock)
    line = paced(server, clock, quota=store)
    (first,) = start(get(line, 0))
    await turns()
    await clock.advance(seconds)

    async def insist() -> None:
        while not first.done():
            first.cancel()
            await asyncio.sleep(0)

    await run(clock, [*start(insist()), first])
    assert first.cancelled()
    flying = [ticket for document in store._documents.values() for ticket in document["flying"]]
    assert flying == []


async def test_who_looks_while_a_request_ends_does_not_miss_it() -> None:
    """Its place is given back while the answer of the store, that there is none, is on its way."""
    clock = VirtualClock()
    server = Limited(clock, (2, 600.0))
    store = Distant(clock)
    line = paced(server, clock, quota=store, retries=RetryPolicy(attempts=1))
    await run(clock, start(get(line, 0)))
    asleep = asyncio.Event()
    transport = ScriptedTransport(lambda _: stuck(asleep), answer(200, []))
    line.transport = transport
    (second,) = start(get(line, 1))
    await turns()
    await clock.advance(1.0)
    (third,) = start(get(line, 2))
    await turns()
    await clock.advance(0.75)
    store.away = 0.0
    asleep.set()
    began = clock.monotonic()
    await run(clock, [second, third])
    assert clock.monotonic() - began < 10


async def stuck(asleep: asyncio.Event) -> Response:
    """Find no connection in the end."""
    await asleep.wait()
    raise ConnectError("no connection")
