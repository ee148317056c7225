"""Batches that are stored in a sink, told of one by one."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from tests.unit.incremental._runs import found, world
from tests.unit.incremental.test_run_ack import ListSink
from theirstack_async import ArgumentError, Job


async def test_the_summary_so_far_comes_once_a_batch_is_stored() -> None:
    scene, sink = world(found(1), found(2), found(3)), ListSink()
    async with scene.run() as run:
        async with aclosing(run.stored(sink)) as progress:
            async for summary in progress:
                assert summary.rows == summary.batches == len(sink.batches) == 3 - len(scene.reader.pages)
                assert sink.flushed == 0
                if summary.batches == 2:
                    break
        assert (sink.flushed, run.summary.acknowledged) == (1, 2)
        assert sink.opened == [(Job, None)]


async def test_a_sink_is_not_opened_outside_of_a_run() -> None:
    sink = ListSink()
    with pytest.raises(ArgumentError, match="use a run within"):
        await world(found(1)).run().into(sink)
    assert (sink.opened, sink.flushed) == ([], 0)
