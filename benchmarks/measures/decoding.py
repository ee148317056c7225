"""How long a page of 500 events takes to decode, against ``orjson.loads``, which makes plain dicts.

Each side is measured in a fresh process, so that ours is not weighed down by what the others import:
``python -m benchmarks.measures.decoding ours 20`` and ``... peers 10`` print as JSON what they measured in so many
rounds. Every round runs every way, taking turns who begins. The garbage collector is on, as users run it: a sample
decodes several pages and pays for the garbage that they make, and begins without that of others. What counts is
processor time, which other programs disturb least.
"""

from __future__ import annotations

import gc
import importlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks.payloads import FIRST, Kind, events
from benchmarks.table import Row
from benchmarks.worker import in_turn

ROOT: Final = Path(__file__).parents[2]
KINDS: Final[tuple[Kind, ...]] = ("heavy", "light")
PAGES: Final[Mapping[Kind, int]] = {"heavy": 5, "light": 200}
"""How many pages one sample decodes."""
ROUNDS: Final = {"ours": 20, "peers": 10}
DICTS: Final = "orjson.loads, dicts"
TYPED: Final = "typed models"
IDS: Final = "ids alone"
BOUNDS: Final[Mapping[tuple[Kind, str], float]] = {("heavy", TYPED): 0.85, ("heavy", IDS): 0.15}
BY: Final = " by "
UNION: Final = "typed models, all kinds of payload tried"
PEERS: Final = {
    ("dicts", "json"): ("json", "loads"),
    (TYPED, "msgspec Structs"): ("benchmarks.peers.msgspec_structs", "decode"),
    (TYPED, "pydantic 2"): ("benchmarks.peers.httpx_pydantic", "decode"),
    (UNION, "pydantic 2"): ("benchmarks.peers.httpx_pydantic", "decode_plain"),
    (TYPED, "cattrs for orjson"): ("benchmarks.peers.cattrs_stock", "decode"),
    (TYPED, "openapi-python-client"): ("benchmarks.peers.generated", "decode"),
}
"""By what comes out and who makes it: the module and the function."""
NOTES: Final = {
    "msgspec Structs": "the floor of typed rows: instants not in UTC, enumerations without new values, jobs alone",
    "openapi-python-client": "of the document without its titles; with them it leaves the list of events out",
}
Ways = dict[str, Callable[[], object]]
Samples = dict[str, list[float]]


def measure(scale: float) -> Iterator[Row]:
    """Measure ours with targets, and the others."""
    ours, peers = (told(side, max(5, round(ROUNDS[side] * scale))) for side in ("ours", "peers"))
    for name, why in peers["missing"].items():
        print(f"\n    without {name}: {why}")
    for kind in KINDS:
        group = f"Decoding a page of {kind} events, against {DICTS}"
        yield Row(group, "a page", statistics.median(ours[kind][DICTS]) * 1e3, "ms", peer=DICTS)
        for found in (ours[kind], peers[kind]):
            for name in filter(DICTS.__ne__, found):
                what, _, who = name.partition(BY)
                bound, note = BOUNDS.get((kind, name)), NOTES.get(who, "")
                yield Row(group, what, ratio(found, name), bound=bound, note=note, peer=who)


def ratio(found: Samples, name: str) -> float:
    """Return the median of a way's ratios to the dicts, round by round."""
    return statistics.median(one / base for one, base in zip(found[name], found[DICTS], strict=True))


def told(side: str, rounds: int) -> dict[str, Any]:
    """Return what a fresh process measured: samples by kind and way, and which peers are missing and why."""
    command = [sys.executable, "-m", "benchmarks.measures.decoding", side, str(rounds)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def ours(kind: Kind) -> Ways:
    """Return what this package can do with a page."""
    from theirstack_async._convert import Converter
    from theirstack_async._convert.lazy import read_lazily
    from theirstack_async.models import WebhookEvent
    from theirstack_async.models.webhook_event import EventId

    good = whole(rows := events(kind))
    plain, keeping, sharing = Converter(), Converter(keep_unknown_fields=True), Converter(share_strings=True)
    ways: Ways = {
        TYPED: partial(plain.decode_rows, good, WebhookEvent),
        IDS: partial(plain.decode_rows, good, EventId),
        f"{TYPED}, unknown fields kept": partial(keeping.decode_rows, good, WebhookEvent),
        f"{TYPED}, strings shared": partial(sharing.decode_rows, good, WebhookEvent),
    }
    if kind == "heavy":
        ways[f"{TYPED}, payloads lazy and none used"] = partial(read_lazily, good, plain)
        ways[f"{TYPED}, payloads lazy and all used"] = lambda: used(read_lazily(good, plain).rows)
        ways[f"{TYPED}, one payload damaged"] = partial(plain.decode_rows, whole(damaged(rows)), WebhookEvent)
    ways[f"{TYPED}, one row damaged"] = partial(plain.decode_rows, whole(damaged(rows, row=True)), WebhookEvent)
    return {DICTS: partial(orjson.loads, good)} | ways


def used(rows: list[Any]) -> list[Any]:
    """Return the rows after a look at each payload."""
    assert all(row.payload is not None for row in rows)
    return rows


def peers(kind: Kind, missing: dict[str, str]) -> Ways:
    """Return what the others can do with a page; those that are not installed are noted as missing."""
    good = whole(events(kind))
    ways: Ways = {DICTS: partial(orjson.loads, good)}
    for (what, who), (module, function) in PEERS.items():
        try:
            ways[f"{what}{BY}{who}"] = partial(getattr(importlib.import_module(module), function), good)
        except ImportError as error:
            missing[who] = str(error)
    return ways


def whole(rows: list[bytes]) -> bytes:
    """Return a page."""
    return b"[" + b",".join(rows) + b"]"


def damaged(rows: list[bytes], *, row: bool = False) -> list[bytes]:
    """Return the rows with the last one damaged: in its payload, or as a row, by which it has no id."""
    old, new = (f'"id": {FIRST + len(rows) - 1}', '"id": null') if row else ('"latitude": 40.71', '"latitude": "north"')
    changed = rows[-1].replace(old.encode(), new.encode(), 1)
    assert changed != rows[-1]
    return [*rows[:-1], changed]


def sampled(ways: Ways, pages: int, rounds: int) -> Samples:
    """Return the seconds of processor time a page of each way in each round, after a round that does not count."""
    found: Samples = {name: [] for name in ways}
    for name, counts in in_turn(list(ways), rounds):
        way = ways[name]
        gc.collect()
        start = time.process_time()
        for _ in range(pages):
            way()
        took = (time.process_time() - start) / pages
        if counts:
            found[name].append(took)
    return found


def main() -> None:
    """Measure one side, and print it."""
    _, side, rounds = sys.argv
    missing: dict[str, str] = {}
    found: dict[str, Any] = {"missing": missing}
    for kind in KINDS:
        ways = ours(kind) if side == "ours" else peers(kind, missing)
        found[kind] = sampled(ways, PAGES[kind], int(rounds))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
