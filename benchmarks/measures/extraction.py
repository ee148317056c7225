"""Whole extractions: events a second, one page after the other and with pages read ahead, and processor time."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from benchmarks.payloads import Kind
from benchmarks.server import Served, serving
from benchmarks.table import Row
from benchmarks.worker import Round, compare, median, ratio

FLOOR: Final = "aiohttp + orjson dicts"
OURS: Final = "theirstack-async"
PEERS: Final = {
    "aiohttp, as usual": "peers.by_hand",
    "httpx + pydantic 2": "peers.httpx_pydantic",
    "requests + json": "peers.requests_json",
    "openapi-python-client": "peers.generated",
}
ROWS: Final[Mapping[Kind, int]] = {"light": 20_000, "heavy": 5_000}
LONG: Final = 80_000
"""Events of a list that is read ahead: so long that beginning and end do not count."""
SEQUENTIAL_BOUND: Final[Mapping[Kind, float]] = {"light": 0.8, "heavy": 1.05}
CPU_BOUND: Final[Mapping[Kind, float]] = {"light": 1.3, "heavy": 0.95}
Rounds = Mapping[str, list[Round]]


def measure(scale: float) -> Iterator[Row]:
    """Measure."""
    for kind in ("light", "heavy"):
        with serving(kind, ROWS[kind]) as server:
            yield from sequential(server, kind, scale)
    with serving("light", LONG, latency=0.005) as server:
        yield from ahead_of_floor(server, scale)
    with serving("light", LONG, latency=0.05) as server:
        yield from ahead_of_ourselves(server, scale)


def sequential(server: Served, kind: Kind, scale: float) -> Iterator[Row]:
    """One page after the other, without latency."""
    ways = {FLOOR: ("peers.floor", server.place), OURS: ("peers.sdk", server.place)}
    found = compare(ways, count(25, scale))
    check(found, server)
    group = f"One page after the other, {kind} events, no latency"
    yield Row(group, "events a second", speed(found[FLOOR]), "/s", peer=FLOOR)
    yield Row(group, "events a second", speed(found[OURS]), "/s")
    yield faster(group, found, SEQUENTIAL_BOUND[kind])
    cpu = ratio(found[OURS], found[FLOOR], lambda each: each.cpu)
    yield Row(group, "processor time an event, against the floor", cpu, bound=CPU_BOUND[kind])
    peers = usable()
    found = compare({FLOOR: ways[FLOOR], **{name: (peers[name], server.place) for name in peers}}, count(5, scale))
    check(found, server)
    for name in peers:
        yield faster(group, found, None, name)
        cpu = ratio(found[name], found[FLOOR], lambda each: each.cpu)
        yield Row(group, "processor time an event, against the floor", cpu, peer=name)


def usable() -> dict[str, str]:
    """Return the peers that are installed here, and say why the others are not."""
    found: dict[str, str] = {}
    for name, module in PEERS.items():
        try:
            importlib.import_module(f"benchmarks.{module}")
        except ImportError as error:
            print(f"\n    without {name}: {error}")
        else:
            found[name] = module
    return found


def ahead_of_floor(server: Served, scale: float) -> Iterator[Row]:
    """Eight pages under way, against the floor."""
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        FLOOR: ("peers.floor", server.place),
        OURS: ("peers.sdk", {**server.place, "prefetch": 8}),
    }
    found = compare(ways, count(9, scale))
    check(found, server)
    yield faster("Light pages, 5 ms latency", found, 4.5, what="prefetch(8): speed, against the floor")


def ahead_of_ourselves(server: Served, scale: float) -> Iterator[Row]:
    """Eight and sixteen pages under way, against one."""
    ways = {str(width): ("peers.sdk", {**server.place, "prefetch": width}) for width in (0, 8, 16)}
    found = compare(ways, count(5, scale))
    check(found, server)
    for width, bound in (("8", 7.5), ("16", 13.0)):
        value = ratio(found[width], found["0"], lambda each: each.events / each.wall)
        yield Row(
            "Light pages, 50 ms latency",
            f"prefetch({width}): speed, against one page after the other",
            value,
            bound=bound,
            at_most=False,
        )


def faster(group: str, found: Rounds, bound: float | None, name: str = OURS, what: str = "") -> Row:
    """Return the row of how much faster than the floor a client is."""
    value = ratio(found[name], found[FLOOR], lambda each: each.events / each.wall)
    what = what or "speed, against the floor"
    return Row(group, what, value, bound=bound, at_most=False, peer="" if name == OURS else name)


def speed(rounds: list[Round]) -> float:
    """Return the events a second."""
    return median(rounds, lambda each: each.events / each.wall)


def check(found: Rounds, server: Served) -> None:
    """Refuse a comparison in which somebody did not read everything."""
    for name, rounds in found.items():
        assert {each.events for each in rounds} == {server.rows}, f"{name} did not see all events"


def count(rounds: int, scale: float) -> int:
    """Return how many rounds to run."""
    return max(3, round(rounds * scale))
