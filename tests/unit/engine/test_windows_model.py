"""The rate windows against a model of the server, with true sliding windows, in virtual time."""

from __future__ import annotations

import heapq
import itertools
import json
import math
import random
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async._engine.windows import Wait, forecast, reserve, settle
from theirstack_async._values import RateLimit, RateWindow
from theirstack_async.testing.rate import TIERS

Windows = tuple[tuple[int, int], ...]
LEASE = 20.0


class Server:
    """Lets a request in when all its windows have room, and counts only these."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.admitted: list[float] = []
        self.refused = 0

    def admit(self, now: float) -> bool:
        admitted = all(self._used(now, length) < quota for quota, length in self.windows)
        if admitted:
            self.admitted.append(now)
        return admitted

    def _used(self, now: float, length: float) -> int:
        return len(self.admitted) - bisect_right(self.admitted, now - length)

    def told(self, now: float) -> RateLimit:
        """Return what the headers say: whole seconds, rounded up."""
        windows: list[RateWindow] = []
        for quota, length in self.windows:
            used = self._used(now, length)
            reset = math.ceil(self.admitted[-used] + length - now) if used else 0
            windows.append(RateWindow(f"{quota} in {length}", quota, length, quota - used, reset))
        return RateLimit(tuple(windows))


@attrs.define
class World:
    """Clients that share one document, and the server, on one virtual clock."""

    server: Server
    latency: Callable[[], float]
    lost: Callable[[], bool] = lambda: False
    doc: dict[str, Any] = attrs.Factory(dict)
    now: float = 0.0
    left: int = 0
    answered: int = 0
    events: list[tuple[float, int, Callable[[], None]]] = attrs.Factory(list)
    number: Callable[[], int] = attrs.Factory(lambda: itertools.count().__next__)

    def at(self, delay: float, event: Callable[[], None]) -> None:
        heapq.heappush(self.events, (self.now + delay, self.number(), event))

    def run(self, clients: int, requests: int) -> None:
        """Make requests until they are all answered (or lost), the clients each one after the other."""
        self.left = requests
        for _ in range(clients):
            self.at(0.0, self.next_request)
        while self.events:
            self.now, _, event = heapq.heappop(self.events)
            event()

    def next_request(self) -> None:
        if self.left:
            self.left -= 1
            self.ask(str(self.number()))

    def ask(self, ticket: str) -> None:
        self.doc = json.loads(json.dumps(self.doc, sort_keys=True, allow_nan=False))  # as a store would
        soonest = forecast(self.doc, self.now, 0)
        wait = reserve(self.doc, self.now, ticket, lease=LEASE)
        if wait is None:
            assert soonest is None, "a forecast is a lower bound"
            self.at(self.latency(), lambda: self.arrive(ticket))
        else:
            self.check(wait)
            self.at(wait.seconds, lambda: self.ask(ticket))

    def check(self, wait: Wait) -> None:
        length = next(length for quota, length in self.server.windows if f"{quota} in {length}" == wait.window)
        assert 0 < wait.seconds <= length
        assert 0 < wait.reset <= length

    def arrive(self, ticket: str) -> None:
        if self.lost():
            self.at(self.latency(), lambda: self.end(ticket, None, True))
        elif self.lost():
            self.server.admit(self.now)
            self.at(self.latency(), lambda: self.end(ticket, None, True))
        else:
            admitted = self.server.admit(self.now)
            told = self.server.told(self.now)
            self.at(self.latency(), lambda: self.end(ticket, told, admitted))

    def end(self, ticket: str, told: RateLimit | None, admitted: bool) -> None:
        settle(self.doc, self.now, ticket, told, counted=admitted)
        if admitted:
            self.answered += 1
            self.next_request()
        else:
            self.server.refused += 1
            self.ask(str(self.number()))


def optimum(windows: Windows, requests: int) -> float:
    """Return how long that many requests take at least, if each took no time."""
    times: list[float] = []
    for n in range(requests):
        times.append(max([0.0, *times[-1:], *(times[n - quota] + length for quota, length in windows if n >= quota)]))
    return times[-1]


def bound(windows: Windows, clients: int, requests: int, slowest: float) -> float:
    """Return how long it takes at most when each request holds its slots for two slow ways longer than the server."""
    held = tuple((quota, length + 2 * slowest) for quota, length in windows)
    return optimum(held, requests) + math.ceil(requests / clients) * 2 * slowest + 0.01 * requests


WINDOWS = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from([1, 2, 5, 30])),
    min_size=1,
    max_size=3,
    unique_by=lambda window: window,
).map(tuple)
SLOWEST = st.sampled_from([0.01, 0.3, 3.0])


@given(WINDOWS, SLOWEST, st.integers(1, 8), st.integers(1, 60), st.sampled_from([0.0, 0.1]), st.integers())
def test_after_the_first_answer_nothing_is_refused(
    windows: Windows, slowest: float, clients: int, requests: int, lost: float, seed: int
) -> None:
    """Whatever the latency of each way, with several clients on one document, and when answers get lost."""
    dice = random.Random(seed)
    server = Server(windows)
    world = World(server, lambda: dice.uniform(0.001, slowest), lambda: dice.random() < lost)
    settle(world.doc, 0.0, "first", server.told(0.0))
    world.run(clients, requests)
    assert server.refused == 0
    assert world.answered == requests
    assert world.now <= bound(windows, clients, requests, slowest)


@given(WINDOWS, SLOWEST, st.integers(1, 8), st.integers(1, 40), st.integers(0, 60), st.integers())
def test_with_other_tenants_everybody_gets_through(
    windows: Windows, slowest: float, clients: int, requests: int, others: int, seed: int
) -> None:
    """Others may take any slot at any time, also before the first request. No request waits for ever."""
    dice = random.Random(seed)
    server = Server(windows)
    world = World(server, lambda: dice.uniform(0.001, slowest))
    until = dice.choice([1.0, 20.0])
    for _ in range(others):
        world.at(dice.uniform(0.0, until), lambda: server.admit(world.now))
    world.run(clients, requests)
    assert world.answered == requests
    assert world.now <= until + bound(windows, clients, requests + others, slowest)
    assert server.refused <= clients + others, "nobody knows better at first, and then what others take is soon known"


def test_two_hundred_requests_of_the_free_tier_take_what_its_windows_allow() -> None:
    windows = tuple((window.quota, window.seconds) for window in TIERS["free"])
    dice = random.Random(200)
    server = Server(windows)
    world = World(server, lambda: dice.uniform(0.01, 0.2))
    world.run(1, 1)
    world.run(8, 199)
    assert server.refused == 0
    assert world.answered == 200
    assert optimum(windows, 200) <= world.now <= 1.02 * optimum(windows, 200)
