"""A power cut leaves of a SQLite file what was on the disk when a claim returned, and any part of what came after."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Final

from tests._scale import scaled
from theirstack_async.receiver import DeliveryState, SQLiteDeliveries
from theirstack_async.testing.delivery_calls import claim, settle

CUTS: Final = scaled(500)
EVENTS: Final = 30


def log_of(path: Path) -> Path:
    """Return SQLite's write-ahead log beside a file, to which each commit adds: https://www.sqlite.org/wal.html."""
    return path.with_name(f"{path.name}-wal")


def cut(path: Path, to: Path, length: int, noise: bytes) -> None:
    """Copy a file as a power cut leaves it: so many bytes of its log, and then what happened to be on the disk."""
    shutil.copyfile(path, to)
    log_of(to).write_bytes(log_of(path).read_bytes()[:length] + noise)


async def test_a_power_cut_takes_nothing_that_had_returned(tmp_path: Path) -> None:
    path, order = tmp_path / "deliveries.db", random.Random(7)
    store = SQLiteDeliveries(path)
    lengths = [0]
    for number in range(EVENTS):
        await claim(store, number, body=order.randbytes(9000))
        if number % 2:
            await settle(store, number, DeliveryState.DONE)
        lengths.append(log_of(path).stat().st_size)
    assert lengths == sorted(set(lengths)), "SQLite has begun its log anew: fewer events"
    for each in range(CUTS):
        length = order.randrange(lengths[1], lengths[-1] + 1)
        noise = order.choice([b"", bytes(4096), order.randbytes(order.randrange(1, 9000))])
        copy = tmp_path / f"cut{each}.db"
        cut(path, copy, length, noise)
        left = SQLiteDeliveries(copy)
        returned = max(number for number, size in enumerate(lengths) if size <= length)
        known = await left.known(range(EVENTS))
        # The next one may be there too, and with a settlement that was on its way.
        assert [*known] in [[*range(returned)], [*range(returned + 1)]]
        assert {known[number] for number in range(1, returned, 2)} <= {DeliveryState.DONE}
        assert {known[number] for number in range(0, returned, 2)} <= {DeliveryState.PENDING}
        assert {len(one.body) for one in await left.list(DeliveryState.PENDING)} <= {9000}
        await left.aclose()
        copy.unlink()
    await store.aclose()
