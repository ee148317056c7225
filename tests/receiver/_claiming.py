"""A program that claims and settles events in a store that others share, and may be killed at any time.

``python -m tests.receiver._claiming PATH OWNER FIRST COUNT`` says that it is ready, and does one step for each line of
its input: ``claim`` claims so many events from the first on, several at once, and settles most of its own; ``take``
takes what is due then, as long as there is any. It says each thing in a line, once the store's call has returned.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import Final

from theirstack_async.receiver import DeliveryState, SQLiteDeliveries
from theirstack_async.testing.delivery_calls import LEASE, NOW, claim, settle, take

AT_ONCE: Final = 8


def body_of(event_id: int) -> bytes:
    """Return the body of an event, which is larger than a page of the file."""
    return b"%d " % event_id * 1200


def end_of(event_id: int) -> DeliveryState | None:
    """Return what becomes of an event; None for one that stays leased."""
    return [DeliveryState.DONE, DeliveryState.DEAD, None, DeliveryState.UNHANDLED, DeliveryState.DONE][event_id % 5]


def say(*words: object) -> None:
    """Write a line that is there also when the program is killed right after."""
    os.write(1, " ".join(map(str, words)).encode() + b"\n")


async def work(store: SQLiteDeliveries, owner: str, ids: Iterator[int]) -> None:
    """Claim events one after the other, and settle them."""
    for event_id in ids:
        found = await claim(store, event_id, body=body_of(event_id), owner=owner, record=f"job.new:{event_id}")
        say("claim", event_id, found.status)
        state = end_of(event_id)
        if found.status == "mine" and state is not None:
            say("settle", event_id, await settle(store, event_id, state, owner=owner))


async def run(path: str, owner: str, first: int, count: int) -> None:
    """Do what the input says."""
    store = SQLiteDeliveries(path)
    say("ready")
    while order := await asyncio.to_thread(sys.stdin.readline):
        if order == "claim\n":
            ids = iter(range(first, first + count))
            await asyncio.gather(*(work(store, owner, ids) for _ in range(AT_ONCE)))
        else:
            while taken := await take(store, owner=owner, now=NOW + LEASE, limit=3):
                for one in taken:
                    say("take", one.id, one.body == body_of(one.id))
        say("end")
    await store.aclose()


if __name__ == "__main__":
    _, where, name, begin, number = sys.argv
    asyncio.run(run(where, name, int(begin), int(number)))
