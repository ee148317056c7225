"""Seeing plain tasks to their end, sleeping until woken, and hanging values on an exception on its way out."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Collection
from contextlib import suppress
from typing import Any, TypeVar

from theirstack_async._clock import Clock

T = TypeVar("T")


async def cancel_and_wait(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks and return when all of them have ended.

    A cancellation of the caller meanwhile is raised again once they have, so that no task is left in any case.
    """
    for task in tasks:
        task.cancel()
    await _outlast(tasks)


async def run_to_end(awaitable: Awaitable[T]) -> T:
    """Await something to its end and return what it returns, also when the caller is cancelled meanwhile.

    The cancellation is raised once it has ended, in place of its result or its error.
    """
    future = asyncio.ensure_future(awaitable)
    await _outlast([future])
    return future.result()


async def _outlast(futures: Collection[asyncio.Future[Any]]) -> None:
    """Return when all have ended. A cancellation of the caller is raised then, in place of what they ended in."""
    cancelled: asyncio.CancelledError | None = None
    while pending := [future for future in futures if not future.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
    for future in futures:
        if not future.cancelled():
            # Looked at, so that asyncio does not complain of an exception that nobody saw.
            future.exception()
    if cancelled is not None:
        raise cancelled


async def pause(woken: asyncio.Event, seconds: float, clock: Clock) -> None:
    """Return when woken, or after so many seconds, which may be infinite."""
    if seconds == math.inf:
        await woken.wait()
        return
    nap = asyncio.create_task(clock.sleep(seconds))
    nap.add_done_callback(lambda _: woken.set())
    try:
        await woken.wait()
    finally:
        await cancel_and_wait([nap])


def attach(error: BaseException, **values: object) -> None:
    """Set attributes of somebody else's exception, as far as it lets us: a frozen one stays as it is."""
    for name, value in values.items():
        with suppress(Exception):
            setattr(error, name, value)
