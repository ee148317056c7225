"""The end of a receiver: what is in hand gets its time, the rest is given back, and nothing is waited for for ever."""

from __future__ import annotations

import asyncio
from typing import Final

from theirstack_async._tasks import cancel_and_wait, pause, run_to_end
from theirstack_async.receiver._handling import Handling
from theirstack_async.receiver._intake import logger
from theirstack_async.receiver._running import Running
from theirstack_async.receiver._store import DeliveryStore

_LAST: Final = 30.0
"""Seconds that handlers and the store get at the end, as many as SQLite waits for a lock. What hangs is left then."""


async def drain(running: Running, handling: Handling, keeper: asyncio.Task[None]) -> None:
    """Wait for the events in hand as long as the settings say, and end all of it, also when cancelled meanwhile."""
    drained = asyncio.create_task(running.hand.empty.wait())
    try:
        nap = asyncio.Event()
        drained.add_done_callback(lambda _: nap.set())
        # Without workers, such as when the event loop is ending and has cancelled all tasks, nothing gets done.
        handling.when_over(nap.set)
        await pause(nap, running.settings.drain, running.clock)
    finally:
        await run_to_end(_end(running, handling, [keeper, drained]))


async def close(store: DeliveryStore) -> None:
    """Close a store, unless it hangs."""
    try:
        async with asyncio.timeout(_LAST):
            await store.aclose()
    except TimeoutError:
        logger.error("%r was not closed within %g s, and is left open", store, _LAST)


async def _end(running: Running, handling: Handling, tasks: list[asyncio.Task[object]]) -> None:
    await cancel_and_wait(tasks)
    try:
        async with asyncio.timeout(_LAST):
            await handling.stop()
    except TimeoutError:
        logger.error(
            "not all that was in hand could be given back within %g s, for the store or a handler hangs; what was not "
            "is handled when its lease is over",
            _LAST,
        )
    finally:
        await close(running.store)
