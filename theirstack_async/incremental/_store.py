"""Stores the batches of a run in a sink, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

from theirstack_async._tasks import cancel_and_wait, run_to_end

if TYPE_CHECKING:
    from theirstack_async.incremental._batch import Batch
    from theirstack_async.incremental._run import IncrementalRun
    from theirstack_async.incremental.sinks._sink import Sink
    from theirstack_async.models import Model

T = TypeVar("T", bound="Model")


async def stored(run: IncrementalRun[T], sink: Sink, *, ahead: bool) -> AsyncGenerator[Batch[T], None]:
    """Store the batches of a run, and yield each of them then. See :meth:`IncrementalRun.stored`."""
    await sink.open(run.row_type, run.note)
    try:
        async with aclosing(_ahead(run) if ahead else aiter(run)) as batches:
            async for batch in batches:
                await sink.write(batch)
                yield batch
    finally:
        await run_to_end(sink.flush())


async def _ahead(run: IncrementalRun[Any]) -> AsyncGenerator[Batch[Any], None]:
    """Yield the batches of a run, and have the next one fetched meanwhile."""
    async with aclosing(aiter(run)) as batches:
        coming = asyncio.ensure_future(anext(batches, None))
        try:
            while (batch := await coming) is not None:
                coming = asyncio.ensure_future(anext(batches, None))
                yield batch
        finally:
            await cancel_and_wait([coming])
