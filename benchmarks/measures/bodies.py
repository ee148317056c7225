"""Compressed answers: what they save on the wire, what they cost the client, and on which lines they pay.

The server's own work is not counted: it has compressed each page beforehand. The rows are made up, so they compress
better than real ones do: their texts draw on few words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Final

from benchmarks.payloads import ROWS as PAGE
from benchmarks.payloads import Kind
from benchmarks.server import Pages, serving
from benchmarks.table import Row
from benchmarks.worker import Round, compare, median, ratio

ROWS: Final[Mapping[Kind, int]] = {"light": 20_000, "heavy": 5_000}
PLAIN: Final = "identity"
ENCODINGS: Final = (PLAIN, "gzip", "zstd")
NOISE: Final = 0.02
"""A share of the processor time. What costs less than that on top pays on any line."""


def measure(scale: float) -> Iterator[Row]:
    """Measure."""
    for kind, rows in ROWS.items():
        yield from compared(kind, rows, max(3, round(15 * scale)))


def compared(kind: Kind, rows: int, rounds: int) -> Iterator[Row]:
    """Read all events in each encoding."""
    group = f"Compressed answers, {kind} events"
    found = read(kind, rows, rounds)
    sizes = {each: len(Pages(kind, PAGE, each).answer(0, PAGE)) / PAGE for each in ENCODINGS}
    for name in ENCODINGS:
        yield Row(group, f"{name}: on the wire, a thousand events", sizes[name], "kB")
        yield Row(group, f"{name}: processor time, a thousand events", median(found[name], cost) * 1e6, "ms")
    for name in ENCODINGS[1:]:
        speed = ratio(found[name], found[PLAIN], lambda each: each.events / each.wall)
        saved = sizes[PLAIN] - sizes[name]
        note = f"saves {saved:,.0f} bytes an event"
        yield Row(group, f"{name}: speed on this machine, against identity", speed, note=note)
        dearer = ratio(found[name], found[PLAIN], lambda each: each.cpu) - 1
        yield Row(group, f"{name}: processor time on top", 100 * dearer, "%")
        if dearer > NOISE:
            line = saved * 8 / 1e6 / (dearer * median(found[PLAIN], cost))
            yield Row(group, f"{name}: pays on lines slower than", line, "Mbit/s")


def read(kind: Kind, rows: int, rounds: int) -> Mapping[str, list[Round]]:
    """Let clients in turn read all events, each in its encoding."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving(kind, rows, encoding=name)) for name in ENCODINGS}
        found = compare({name: ("peers.sdk", server.place) for name, server in servers.items()}, rounds)
    assert {each.events for runs in found.values() for each in runs} == {rows}, "events are missing"
    return found


def cost(run: Round) -> float:
    """Return the processor seconds an event."""
    return run.cpu / run.events
