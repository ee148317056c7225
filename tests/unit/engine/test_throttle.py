"""Waiting for a place in the rate windows: in line, for as long as is allowed, without leaving a trace."""

from __future__ import annotations

import asyncio
import random
from typing import Any, TypeVar

import pytest

from tests._engine import KEY
from tests._scale import scaled
from tests.unit.engine._paced import Limited, get, in_flight, paced, run, start, turns
from theirstack_async import Timeouts
from theirstack_async.errors import RateLimitError, RequestTimeoutError
from theirstack_async.hooks import HookEvent, WaitStarted
from theirstack_async.testing.clock import VirtualClock

T = TypeVar("T")


async def test_first_come_first_served() -> None:
    clock = VirtualClock()
    server = Limited(clock, (2, 10.0))
    line = paced(server, clock)
    await get(line, 0)
    await run(clock, start(*(get(line, number) for number in range(1, 8))))
    assert server.arrived == [
        (0.0, "0"), (0.0, "1"), (10.0, "2"), (10.0, "3"), (20.0, "4"), (20.0, "5"), (30.0, "6"), (30.0, "7"),
    ]  # fmt: skip
    assert server.refused == 0


async def test_a_place_is_free_again_when_the_answer_is_that_old_and_not_the_request() -> None:
    clock = VirtualClock()
    server = Limited(clock, (1, 10.0), latency=2.0)
    line = paced(server, clock)
    await run(clock, start(get(line, 0)))
    await run(clock, start(get(line, 1)))
    assert server.times == [2.0, 16.0]


@pytest.mark.parametrize("leaves", [0, 1, 2, 3])
async def test_who_leaves_the_line_leaves_no_trace(leaves: int) -> None:
    """The first in line, those in the middle, and the last: the others go as if he had never come."""
    clock = VirtualClock()
    server = Limited(clock, (1, 10.0))
    line = paced(server, clock)
    await get(line, 9)
    tasks = start(*(get(line, number) for number in range(4)))
    await turns()
    await clock.advance(5.0)
    tasks[leaves].cancel()
    ends = await run(clock, tasks)
    assert isinstance(ends[leaves], asyncio.CancelledError)
    left = [str(number) for number in range(4) if number != leaves]
    assert server.arrived[1:] == [(10.0, left[0]), (20.0, left[1]), (30.0, left[2])]
    assert in_flight(line) == []


@pytest.mark.parametrize("seed", range(scaled(300)))
async def test_whoever_leaves_whenever_no_place_is_lost(seed: int) -> None:
    clock, dice = VirtualClock(), random.Random(seed)
    server = Limited(clock, (3, 10.0), (5, 25.0), latency=dice.choice([0.0, 0.5]))
    line = paced(server, clock, max_concurrency=dice.choice([1, 2, 16]))
    tasks = start(*(get(line, number) for number in range(12)))

    async def leave() -> None:
        for task in dice.sample(tasks, 5):
            await clock.sleep(dice.choice([0.0, 0.0, 2.5, dice.random() * 10]))
            for _ in range(dice.randrange(6)):
                await asyncio.sleep(0)
            task.cancel()

    ends = await run(clock, [*tasks, *start(leave())])
    assert all(end is None or isinstance(end, asyncio.CancelledError) or end.meta.status == 200 for end in ends)
    assert in_flight(line) == []
    assert [(each.waiting, each.scattered) for each in line.throttle._lines.values()] == [(0, False)]
    assert line.slots.free == line.slots.limit
    # All places are there: what is known says as much as a line that nobody ever left.
    await clock.advance(100.0)
    (limit,) = line.throttle.limits(None).values()
    assert [window.remaining for window in limit.windows] == [3, 5]


class TestTooLong:
    """A wait beyond what is allowed is refused at once, and nothing is sent."""

    @staticmethod
    async def refused(clock: VirtualClock, server: Limited, work: Any) -> RateLimitError:
        before = clock.monotonic(), len(server.arrived)
        (error,) = await run(clock, start(work))
        assert (clock.monotonic(), len(server.arrived)) == before
        assert isinstance(error, RateLimitError)
        assert (error.status, error.sent, error.attempts) == (None, "no", 0)
        assert "It was not sent" in str(error)
        return error

    async def test_it_names_the_window_and_its_reset(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (5, 10.0), (1, 100.0))
        line = paced(server, clock, max_rate_wait=60.0)
        await get(line, 0)
        error = await self.refused(clock, server, get(line, 1))
        assert error.retry_after == 100.0
        assert "GET /v0/webhooks/1: the API's rate window 'per-100-seconds' is full" in str(error)
        assert "comes in 100 s or later, which is more than max_rate_wait (60 s) allows" in str(error)
        assert error.rate_limit is not None
        assert [(each.name, each.remaining, each.reset) for each in error.rate_limit.windows] == [
            ("per-10-seconds", 4, 10.0), ("per-100-seconds", 0, 100.0),
        ]  # fmt: skip

    async def test_the_deadline_bounds_it_too(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (1, 50.0))
        line = paced(server, clock, timeouts=Timeouts(deadline=40))
        await get(line, 0)
        error = await self.refused(clock, server, get(line, 1))
        assert "in 50 s or later, which is more than is left of the deadline (40 s)" in str(error)

    async def test_who_stands_further_behind_is_told_before_he_waits(self) -> None:
        """Two requests a window: the third in line comes in the second one from now."""
        clock = VirtualClock()
        server = Limited(clock, (2, 40.0))
        line = paced(server, clock, max_rate_wait=60.0)
        await asyncio.gather(get(line, 0), get(line, 0))
        waiting = start(get(line, 1), get(line, 2))
        await turns()
        error = await self.refused_while(clock, server, get(line, 3), waiting)
        assert error.retry_after == 80.0
        await run(clock, waiting)
        assert server.times == [0.0, 0.0, 40.0, 40.0]

    async def refused_while(
        self, clock: VirtualClock, server: Limited, work: Any, waiting: list[asyncio.Task[Any]]
    ) -> RateLimitError:
        error = await self.refused(clock, server, work)
        assert not any(task.done() for task in waiting)
        return error

    async def test_who_has_waited_already_may_not_wait_as_long_again(self) -> None:
        """Somebody else takes the place that one waited for."""
        clock = VirtualClock()
        server = Limited(clock, (1, 40.0))
        line = paced(server, clock, max_rate_wait=60.0)
        await get(line, 0)
        (task,) = start(get(line, 1))
        await turns()
        await clock.advance(39.0)
        line.throttle._lines[KEY, "other"].document["times"][:] = [clock.monotonic()]
        (error,) = await run(clock, [task])
        assert isinstance(error, RateLimitError)
        assert clock.monotonic() == 40.0
        assert error.sent == "no"

    async def test_none_waits_for_any_window(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (1, 86_400.0))
        line = paced(server, clock)
        await get(line, 0)
        await run(clock, start(get(line, 1), get(line, 2)))
        assert server.times == [0.0, 86_400.0, 172_800.0]

    async def test_nobody_waits_beyond_the_deadline_for_those_before_him(self) -> None:
        """In real time, as the deadline is."""
        clock = VirtualClock()
        server = Limited(clock, (1, 3600.0))
        line = paced(server, clock)
        short = line.view(paced(server, clock, timeouts=Timeouts(deadline=0.01)).config, line.slots)
        await get(line, 0)
        (task,) = start(get(line, 1))
        await turns()
        line.throttle._lines[KEY, "other"].blocked = False
        with pytest.raises(RequestTimeoutError, match="waited for a rate window until the deadline") as caught:
            await get(short, 2)
        assert caught.value.sent == "no"
        await run(clock, [task])
        assert server.times == [0.0, 3600.0]


async def test_hooks_are_told_of_each_wait() -> None:
    events: list[HookEvent] = []
    clock = VirtualClock()
    line = paced(Limited(clock, (1, 10.0)), clock, hooks=(events.append,))
    await get(line, 0)
    await run(clock, start(get(line, 1)))
    (waited,) = [event for event in events if isinstance(event, WaitStarted)]
    assert (waited.operation, waited.seconds, waited.reason) == (
        "webhooks.get", 10.0, "the API's rate window 'per-10-seconds' is full",
    )  # fmt: skip


async def test_what_is_known_of_the_windows() -> None:
    clock = VirtualClock()
    server = Limited(clock, (2, 10.0), latency=1.0)
    line = paced(server, clock)
    assert line.throttle.limits(None) == {}
    await run(clock, start(get(line, 0)))
    (task,) = start(get(line, 1))
    await turns()
    (limit,) = line.throttle.limits(None).values()
    assert limit.windows[0].remaining == 0
    await run(clock, [task])
    await clock.advance(20.0)
    (limit,) = line.throttle.limits(None).values()
    assert (limit.windows[0].remaining, limit.windows[0].reset) == (2, 0.0)
