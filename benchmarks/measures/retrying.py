"""What a batch retry costs a request, against workers over one iterator that a user wrote by hand with aiohttp."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.server import serving
from benchmarks.table import Row
from benchmarks.worker import Round, compare, median, ratio

GROUP: Final = "Batch retry, 16 requests at once, against a bare aiohttp loop"
BARE: Final = "aiohttp + orjson by hand"
REQUESTS: Final = 2_000
"""A round."""
ROUNDS: Final = 15
BOUND: Final = 1.25


def measure(scale: float) -> Iterator[Row]:
    """Measure batches as they are by default, and requests for one event each, where nothing but the call counts."""
    with serving() as server:
        for size in (100, 1):
            asked = {**server.place, "count": REQUESTS * size, "batch_size": size}
            ways = {"ours": ("peers.sdk_retry", asked), "bare": ("peers.bare_retry", asked)}
            found = compare(ways, max(3, round(ROUNDS * scale)))
            assert {each.events for runs in found.values() for each in runs} == {REQUESTS * size}, "events are missing"
            what = f"{size} event{'s' if size > 1 else ''} a request"
            yield Row(GROUP, f"{what}: processor time", ratio(found["ours"], found["bare"], cpu), bound=BOUND)
            for name, peer in (("ours", ""), ("bare", BARE)):
                yield Row(GROUP, f"{what}: processor time a request", median(found[name], cpu), "us", peer=peer)


def cpu(run: Round) -> float:
    """Return the microseconds of processor time that a request took."""
    return run.cpu / REQUESTS * 1e6
