"""Batches that are stored in a sink, and yielded once they are; the next page may be bought meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.unit.incremental._runs import World, found, world
from tests.unit.incremental.test_run_ack import ListSink
from theirstack_async import ArgumentError, DecodeError
from theirstack_async.incremental._landing import Landing


def pulls(scene: World, total: int) -> int:
    """Return how many pages have been asked for."""
    return total - len(scene.reader.pages)


async def test_each_is_yielded_once_it_is_stored() -> None:
    scene, sink = world(found(1), found(2), found(3)), ListSink()
    async with scene.run() as run:
        async with aclosing(run.stored(sink)) as batches:
            async for batch in batches:
                assert sink.batches[-1] is batch
                assert pulls(scene, 3) == batch.number
                assert sink.flushed == 0
                if batch.number == 2:
                    break
        assert (sink.flushed, run.summary.acknowledged) == (1, 2)


async def test_ahead_needs_a_folder() -> None:
    async with world(found(1)).run() as run:
        with pytest.raises(
            ArgumentError, match="ahead: a page that is bought ahead has to land; give landing="
        ) as caught:
            await run.into(ListSink(), ahead=True)
        assert caught.value.field == "ahead"


async def test_ahead_the_next_page_is_bought_while_one_is_stored(tmp_path: Path) -> None:
    scene = world(found(1), found(2), found(3))
    stored: list[tuple[int, int]] = []

    class Slow(ListSink):
        async def write(self, batch: Any) -> None:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            stored.append((batch.number, pulls(scene, 3)))
            await super().write(batch)

    async with scene.run(landing=Landing(tmp_path)) as run:
        summary = await run.into(Slow(), ahead=True)
    assert stored == [(1, 2), (2, 3), (3, 3)]
    assert summary.acknowledged == 3


async def test_an_error_ahead_comes_after_what_was_stored(tmp_path: Path) -> None:
    scene, sink = world(found(1), DecodeError("odd"), found(2)), ListSink()
    async with scene.run(landing=Landing(tmp_path)) as run:
        with pytest.raises(DecodeError):
            await run.into(sink, ahead=True)
        assert run.summary.acknowledged == 1


async def test_whoever_stops_ahead_leaves_no_task_behind(tmp_path: Path) -> None:
    scene, sink = world(found(1), found(2)), ListSink()
    waiting = asyncio.Event()
    pull = scene.reader.pull

    async def slow() -> Any:
        if len(scene.reader.pages) == 1:
            waiting.set()
            await asyncio.Event().wait()
        return await pull()

    scene.reader.pull = slow  # type: ignore[method-assign]
    async with scene.run(landing=Landing(tmp_path)) as run:
        async with aclosing(run.stored(sink, ahead=True)) as batches:
            async for _ in batches:
                await waiting.wait()
                break
        assert (run.summary.acknowledged, sink.flushed) == (1, 1)
        assert len(asyncio.all_tasks()) == 1
