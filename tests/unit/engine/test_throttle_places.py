"""What takes a place in the rate windows, and whose windows they are."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import pytest

from tests._engine import KEY, ScriptedTransport, answer
from tests.unit.engine._paced import Limited, get, in_flight, paced, run, start, turns
from theirstack_async import RetryPolicy, Timeouts
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.call import Call
from theirstack_async._engine.pipeline import CallState, Pipeline
from theirstack_async._engine.throttle import LEASE
from theirstack_async._wire.message import Request
from theirstack_async.errors import ConnectError, ConnectionLostError, RateLimitError, RequestTimeoutError
from theirstack_async.quota import Change, MemoryQuota
from theirstack_async.testing.clock import VirtualClock

T = TypeVar("T")


def a_call(line: Pipeline) -> Call:
    """Return a call of the group ``other`` that nobody makes."""
    request = Request("GET", "http://theirstack.invalid/v0/webhooks", "read")
    return Call(
        api.WEBHOOKS_LIST, request, deadline=None, retries=RetryPolicy(), state=CallState(), secrets=(), credits=0,
        clock=line.clock, key=KEY,
    )  # fmt: skip


class TestOthersUse:
    """Windows that others spend: one goes first to see, and the rest follow."""

    async def test_a_probe_goes_first_and_the_rest_follow_with_a_little_spread(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (4, 10.0), latency=0.5)
        line = paced(server, clock)
        assert [server.windows.admit() for _ in range(3)] == [True] * 3
        await run(clock, start(get(line, 0)))
        assert (server.times, line.throttle.limits(KEY)["other"].windows[0].remaining) == ([0.5], 0)
        server.in_flight.clear()
        await run(clock, start(*(get(line, number) for number in range(1, 6))))
        # The reset was told as 10 s when the answer came, after 1 s. The first goes in the place that our own request
        # had, the second is the probe, and its answer takes 1 s. The rest goes 0.125 s after that (all at once, for the
        # random numbers are the same here), as far as there is room.
        assert server.times == [0.5, 11.5, 11.5, 12.625, 12.625, 22.625]
        assert server.refused == 0
        assert in_flight(line) == []

    async def test_a_probe_that_finds_no_room_holds_the_rest_back_for_the_new_reset(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (2, 10.0))
        line = paced(server, clock)
        assert server.windows.admit()
        await get(line, 0)
        tasks = start(get(line, 1), get(line, 2))
        await turns()
        await clock.advance(9.9)
        await clock.advance(0.1 - 1e-9)
        spent = [server.windows.admit() for _ in range(2)]
        assert spent == [False, False]
        await run(clock, tasks)
        assert server.refused == 0
        assert len(server.times) == 3

    async def test_who_comes_when_all_have_their_places_does_not_wait_with_them(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (8, 50.0))
        line = paced(server, clock, max_rate_wait=60.0)
        for _ in range(7):
            server.windows.admit()
        await get(line, 0)
        tasks = start(*(get(line, number) for number in range(1, 6)))
        await turns()
        await clock.advance(50.0)
        await turns()
        (late,) = start(get(line, 6))
        assert not any(isinstance(end, RateLimitError) for end in await run(clock, [*tasks, late]))
        assert server.times[1:] == [50.0] * 3 + [50.125] * 3

    async def test_a_pause_of_those_who_follow_can_be_cancelled(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (3, 10.0))
        line = paced(server, clock)
        server.windows.admit()
        server.windows.admit()
        await get(line, 0)
        tasks = start(*(get(line, number) for number in range(1, 4)))
        await turns()
        await clock.advance(10.0)
        await turns()
        assert [len(server.times), len(in_flight(line))] == [3, 1]
        tasks[2].cancel()
        await run(clock, tasks)
        assert (in_flight(line), len(server.times)) == ([], 3)


class TestApart:
    """What is empty for one group of operations, or for one key, holds no other back."""

    async def test_groups(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (1, 3600.0))
        line = paced(server, clock, max_rate_wait=60.0)
        body = {"limit": 1}
        await line.call(api.JOBS_SEARCH, json=body, rows=1)
        with pytest.raises(RateLimitError, match="POST /v1/companies/search"):
            await line.call(api.COMPANIES_SEARCH, json=body, rows=1)
        line.transport = ScriptedTransport(answer(200, []))
        await get(line, 1)
        await line.call(api.COMPANIES_BUYING_INTENTS, json=body)
        assert list(line.throttle.limits(KEY)) == ["tiered", "other"]

    async def test_keys(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (1, 3600.0))
        line = paced(server, clock, max_rate_wait=60.0)
        view = line.view(paced(server, clock, max_rate_wait=60.0, api_key="another-canary-key").config, line.slots)
        await get(line, 1)
        with pytest.raises(RateLimitError):
            await get(line, 2)
        line.transport = view.transport = ScriptedTransport(answer(200, []))
        await get(view, 3)
        assert view.throttle is line.throttle
        assert [list(line.throttle.limits(key)) for key in (KEY, "another-canary-key", "a-third")] == [
            ["other"], ["other"], [],
        ]  # fmt: skip

    async def test_a_view_with_the_same_key_waits_in_the_same_line(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (1, 10.0))
        line = paced(server, clock)
        view = line.view(line.config, line.slots)
        await get(view, 0)
        await run(clock, start(get(line, 1), get(view, 2), get(line, 3)))
        assert server.arrived == [(0.0, "0"), (10.0, "1"), (20.0, "2"), (30.0, "3")]

    async def test_no_key_is_in_what_is_stored(self) -> None:
        keys: list[str] = []

        class Spied(MemoryQuota):
            async def update(self, key: str, change: Change[T]) -> T:
                keys.append(key)
                return await super().update(key, change)

        clock = VirtualClock()
        line = paced(ScriptedTransport(answer()), clock, quota=Spied(clock))
        await get(line, 1)
        assert keys
        assert not [key for key in keys if KEY in key]
        assert set(keys) == {keys[0]}
        assert keys[0].startswith("rate:") and keys[0].endswith(":other")


class TestWhatCounts:
    """A place is taken by what the API counted, and by nothing else."""

    @staticmethod
    async def second(first: Any, **settings: Any) -> float:
        """Return when a second request was sent, where a window has room for one in 100 s and the first ended so."""
        clock = VirtualClock()
        told = Limited(clock, (1, 100.0)).windows.headers()
        transport = ScriptedTransport(answer(200, [], told), first, answer(200, [], told))
        line = paced(transport, clock, **settings)
        await get(line, 0)
        await clock.advance(1000.0)
        await run(clock, start(get(line, 1)))
        await run(clock, start(get(line, 2)))
        return clock.monotonic() - 1000.0

    async def test_what_was_never_sent_gives_its_place_back(self) -> None:
        failure = ConnectError("no")
        assert await self.second(failure, retries=RetryPolicy(attempts=1)) == 0.0

    @pytest.mark.parametrize("lost", [ConnectionLostError("lost", sent="maybe"), asyncio.CancelledError()])
    async def test_what_may_have_arrived_keeps_it(self, lost: BaseException) -> None:
        assert await self.second(lost, retries=RetryPolicy(attempts=1)) == 100.0

    async def test_a_refusal_is_not_counted(self) -> None:
        assert await self.second(answer(429, None), retries=RetryPolicy(attempts=1)) == 0.0

    async def test_an_error_is_counted(self) -> None:
        assert await self.second(answer(404, None), retries=RetryPolicy(attempts=1)) == 100.0

    async def test_who_gets_no_place_among_the_concurrent_ones_gives_it_back(self) -> None:
        """In real time, as the deadline is."""
        clock = VirtualClock()
        told = Limited(clock, (1, 100.0)).windows.headers()
        line = paced(ScriptedTransport(answer(200, [], told)), clock, max_concurrency=1)
        await line.slots.acquire()
        short = paced(line.transport, clock, timeouts=Timeouts(deadline=0.01)).config
        with pytest.raises(RequestTimeoutError):
            await get(line.view(short, line.slots), 1)
        line.slots.release()
        await get(line, 2)
        assert clock.monotonic() == 0.0

    async def test_a_process_that_never_tells_the_end_keeps_its_place_for_the_lease(self) -> None:
        clock = VirtualClock()
        server = Limited(clock, (1, 100.0))
        store = MemoryQuota(clock)
        dead, line = (paced(server, clock, quota=store) for _ in range(2))
        await get(dead, 0)
        await clock.advance(100.0)
        turn = await dead.throttle.acquire(a_call(dead), None, lambda seconds, why: None)
        assert in_flight(dead) == [turn.ticket]
        await run(clock, start(get(line, 1)))
        assert clock.monotonic() == 100.0 + LEASE + 100.0


class TestRetryAfter:
    """A bare Retry-After, without windows."""

    REFUSED = answer(429, None, {"retry-after": "9999"})

    async def test_it_holds_others_back_for_a_minute_and_then_one_tries(self) -> None:
        clock = VirtualClock()
        times: list[float] = []
        acts = [self.REFUSED, answer(), answer(), answer()]

        class Noted(ScriptedTransport):
            async def send(self, request: Any) -> Any:
                times.append(clock.monotonic())
                response = await super().send(request)
                await clock.sleep(2.0)
                return response

        line = paced(Noted(*acts), clock, max_rate_wait=65.0)
        (error,) = await run(clock, start(get(line, 0)))
        assert isinstance(error, RateLimitError)
        assert (error.status, error.retry_after) == (429, 9999.0)
        await run(clock, start(*(get(line, number) for number in range(1, 4))))
        assert times == [0.0, 62.0, 64.125, 64.125]

    async def test_who_tries_and_is_refused_again_holds_them_back_again(self) -> None:
        clock = VirtualClock()
        transport = ScriptedTransport(self.REFUSED)
        line = paced(transport, clock, max_rate_wait=60.0)
        await run(clock, start(get(line, 0)))
        ends = await run(clock, start(*(get(line, number) for number in range(1, 4))))
        assert [end.status for end in ends] == [429, None, None]
        assert "the API's rate window 'Retry-After' is full" in str(ends[1])
        assert len(transport.requests) == 2
        assert clock.monotonic() == 60.0

    async def test_a_short_one_is_believed(self) -> None:
        clock = VirtualClock()
        line = paced(ScriptedTransport(answer(429, None, {"retry-after": "7"}), answer()), clock)
        (reply,) = await run(clock, start(get(line, 0)))
        assert reply.meta.attempts == 2
        assert 7.0 <= clock.monotonic() <= 7.5
