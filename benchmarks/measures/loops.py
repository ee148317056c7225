"""Another event loop: uvloop against asyncio's own, for listings and for retries."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.server import Served, serving
from benchmarks.table import Row
from benchmarks.worker import compare, median, ratio

GROUP: Final = "uvloop, against asyncio's own event loop"
ROWS: Final = 20_000
IDS: Final = 20_000
"""That are retried."""


def measure(scale: float) -> Iterator[Row]:
    """Measure."""
    if importlib.util.find_spec("uvloop") is None:
        print("\n    without uvloop, which is not installed")
        return
    rounds = max(3, round(15 * scale))
    with serving("light", ROWS) as server:
        yield from compared("a listing of light events", "peers.sdk", server, ROWS, rounds)
    with serving("light", ROWS, latency=0.005) as server:
        yield from compared("the same with prefetch(8), 5 ms latency", "peers.sdk", server, ROWS, rounds, prefetch=8)
    with serving() as server:
        for size in (100, 1):
            count = IDS if size > 1 else IDS // 10
            yield from compared(
                f"a retry in batches of {size}", "peers.sdk_retry", server, count, rounds, count=count, batch_size=size
            )


def compared(what: str, module: str, server: Served, seen: int, rounds: int, **asked: Any) -> Iterator[Row]:
    """Run one client on both loops."""
    place = server.place
    if module == "peers.sdk_retry":
        place = {"url": server.url, "key": server.key}
    ways = {"asyncio": (module, {**place, **asked}), "uvloop": (module, {**place, **asked, "loop": "uvloop"})}
    found = compare(ways, rounds)
    assert {each.events for runs in found.values() for each in runs} == {seen}, "events are missing"
    yield Row(GROUP, f"{what}: on asyncio's loop", median(found["asyncio"], lambda each: each.events / each.wall), "/s")
    yield Row(GROUP, f"{what}: speed", ratio(found["uvloop"], found["asyncio"], lambda each: each.events / each.wall))
    yield Row(GROUP, f"{what}: processor time", ratio(found["uvloop"], found["asyncio"], lambda each: each.cpu))
