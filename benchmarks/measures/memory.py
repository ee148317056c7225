"""How much memory many events take: held all at once, streamed, and retried by ids from a generator.

Each figure comes from a process of its own, by what the system says of its resident memory.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.payloads import FIRST, ROWS, Kind, page
from benchmarks.server import serving
from benchmarks.table import Row
from benchmarks.worker import Round, Worker

HELD: Final = 50_000
STREAMED: Final[dict[Kind, int]] = {"light": 1_000_000, "heavy": 100_000}
RETRIED: Final = 1_000_000
WARM_UP: Final = 20_000
"""Events that are read before growth is measured."""
DICTS: Final = "orjson.loads, dicts"
HOLDING: Final = "Memory of heavy events that are held"
STREAMING: Final = "Memory while streaming events"
RETRYING: Final = "Retrying ids from a generator"
OURS: Final[dict[str, tuple[str, dict[str, bool], float | None]]] = {
    "typed models": ("typed", {}, 0.85),
    "typed models, strings shared": ("typed", {"share_strings": True}, 0.60),
    "typed models, payloads lazy and none used": ("lazy", {}, None),
}
"""By what is held: the way, the converter's settings, and the bound of its ratio to dicts."""
PEERS: Final = {
    "json": ("dicts", "json:loads"),
    "msgspec Structs": ("typed models", "benchmarks.peers.msgspec_structs:decode"),
    "pydantic 2": ("typed models", "benchmarks.peers.httpx_pydantic:decode"),
}


def measure(scale: float) -> Iterator[Row]:
    """Measure all of it."""
    yield from held(max(2, round(HELD * scale) // ROWS))
    for kind, rows in STREAMED.items():
        yield from streamed(kind, WARM_UP + round(rows * scale))
    yield from retried(round(RETRIED * scale))
    yield from stopped(round(RETRIED * scale))


def alone(module: str, **arguments: Any) -> Round:
    """Run a client once, in a fresh process."""
    with Worker(module) as worker:
        return worker.run(**arguments)


def held(pages: int) -> Iterator[Row]:
    """Hold so many pages of 500 heavy events, all of them different."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pages"
        with file.open("wb") as to:
            to.writelines(page("heavy", FIRST + number * ROWS) + b"\n" for number in range(pages))
        base = hold(pages, file, "orjson:loads")
        yield Row(HOLDING, f"{pages * ROWS:,} events", base, "MB", peer=DICTS)
        for what, (way, settings, bound) in OURS.items():
            yield Row(HOLDING, f"{what}, against dicts", hold(pages, file, way, settings) / base, bound=bound)
        for who, (what, way) in PEERS.items():
            yield Row(HOLDING, f"{what}, against dicts", hold(pages, file, way) / base, peer=who)


def hold(pages: int, file: Path, way: str, settings: dict[str, bool] | None = None) -> float:
    """Return what the events of a file take, in MB, held in one way."""
    run = alone("peers.hold", way=way, file=str(file), **(settings or {}))
    assert run.events == pages * ROWS, "events are missing"
    return float(run.more["held_mb"])


def streamed(kind: Kind, rows: int) -> Iterator[Row]:
    """Read so many events one after the other and keep none."""
    with serving(kind, rows) as server:
        run = alone("peers.stream", **server.place, first=FIRST, rows=rows, warm_up=WARM_UP)
    assert (run.events, run.more["read"]) == (rows, rows), "an event is missing, or came twice"
    what = f"{rows:,} {kind} events"
    yield Row(STREAMING, f"{what}: growth after {WARM_UP:,}", run.more["grown_mb"], "MB", bound=15)
    bound = 60 if kind == "light" else None
    note = f"of the whole process, of which the interpreter and aiohttp alone take {empty('import aiohttp'):.0f} MB"
    yield Row(STREAMING, f"{what}: peak", run.more["highest_mb"], "MB", bound=bound, note=note)


def empty(imports: str) -> float:
    """Return the peak of a process that imports something and ends, in MB."""
    program = f"{imports}\nfrom benchmarks.peak import peak\nprint(peak())"
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


def retried(count: int) -> Iterator[Row]:
    """Retry so many ids."""
    with serving() as server:
        run = alone("peers.retry_many", **server.place, count=count)
    assert (run.events, run.more["taken"]) == (count, count), "an id was not accepted"
    yield Row(RETRYING, f"{count:,} ids: growth at its highest", run.more["grown_mb"], "MB", bound=20)
    yield Row(RETRYING, f"{count:,} ids: seconds", run.wall, "s")


def stopped(count: int, latency: float = 1.0) -> Iterator[Row]:
    """Cancel a run twice in the middle, while each request takes ``latency`` seconds."""
    with serving(latency=latency) as server:
        run = alone("peers.retry_many", **server.place, count=count, batch_size=max(1, count // 100), cancel=True)
    told = run.more
    what = f"cancelled twice in the middle of {count:,}"
    under_way = f"the requests under way would have taken up to {latency:g} s more; they held {told['unknown']:,} ids"
    yield Row(RETRYING, f"{what}: until it has ended", told["seconds"] * 1e3, "ms", note=under_way)
    yield Row(RETRYING, f"{what}: tasks left", told["tasks_left"], "", bound=0)
    yield Row(RETRYING, f"{what}: ids taken and not accounted for", told["taken"] - told["settled"], "", bound=0)
