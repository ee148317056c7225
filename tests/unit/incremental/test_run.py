"""A run: the profile is locked from its beginning to its end, and what it brings is told."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.incremental._runs import BEGAN, DOCUMENT, found, world
from tests.unit.incremental.sinks._runs import BEGIN
from theirstack_async import (
    ArgumentError,
    Batch,
    DecodeError,
    EndReason,
    Job,
    SavedState,
    StateError,
    StateLockedError,
    Summary,
)
from theirstack_async.incremental._landing import Landing

MARK = BEGIN.isoformat()
USE = r"use a run within `async with client\.jobs\.incremental\(\.\.\.\) as run:`"


class TestEntering:
    async def test_the_profile_is_locked_and_let_go(self) -> None:
        scene = world()
        run = scene.run(wait=2.5)
        assert scene.state.log == []
        async with run as entered:
            assert entered is run
            assert scene.state.log == ["acquire key 2.5", "load key"]
            ((saved, progress),) = scene.read
            assert (saved, progress.document["kind"]) == (SavedState(), "jobs")
        assert scene.state.log[2:] == ["release key"]

    async def test_what_it_has_to_tell(self) -> None:
        scene = world()
        run = scene.run()
        assert (run.key, run.row_type, run.state, run.landing) == ("key", Job, scene.state, None)
        assert (run.end, run.mark, run.summary) == (None, None, Summary())
        landing = Landing("x")
        assert scene.run(landing=landing).landing is landing

    async def test_by_default_it_does_not_wait(self) -> None:
        scene = world()
        async with scene.run():
            assert scene.state.log[0] == "acquire key 0.0"

    async def test_one_that_is_locked_may_be_entered_later(self) -> None:
        scene = world(found(1))
        scene.state.errors["acquire"] = StateLockedError("taken")
        run = scene.run()
        with pytest.raises(StateLockedError):
            await run.__aenter__()
        assert scene.state.log == ["acquire key 0.0"]
        async with run:
            assert [batch.rows[0].id async for batch in run] == [1]

    @pytest.mark.parametrize("what", ["load", "document", "reader"])
    async def test_whatever_fails_the_profile_is_let_go(self, what: str) -> None:
        scene = world()
        if what == "load":
            scene.state.errors["load"] = StateError("broken")
        elif what == "document":
            scene.state.saved = SavedState(1, {"format": 9})
        else:
            scene.error = StateError("broken")
        run = scene.run()
        with pytest.raises(StateError):
            await run.__aenter__()
        assert scene.state.log[-1] == "release key"
        with pytest.raises(ArgumentError, match=USE):
            await run.count()

    async def test_once(self) -> None:
        scene = world()
        run = scene.run()
        async with run:
            with pytest.raises(ArgumentError, match=r"entered once; make another one with incremental\(\.\.\.\)"):
                await run.__aenter__()
        with pytest.raises(ArgumentError, match="entered once"):
            await run.__aenter__()
        assert [entry.split()[0] for entry in scene.state.log] == ["acquire", "load", "release"]

    async def test_it_is_let_go_after_an_error_too(self) -> None:
        scene = world()
        with pytest.raises(ZeroDivisionError):
            async with scene.run():
                raise ZeroDivisionError
        assert scene.state.log[-1] == "release key"

    async def test_outside_nothing_works(self) -> None:
        scene = world(found(1), found(2))
        run = scene.run()
        with pytest.raises(ArgumentError, match=USE):
            await anext(aiter(run))
        with pytest.raises(ArgumentError, match=USE):
            _ = run.note
        async with run:
            batch = await anext(aiter(run))
        for use in (run.count(), batch.ack(), anext(aiter(run))):
            with pytest.raises(ArgumentError, match=USE):
                await use
        assert not batch.acknowledged
        assert run.summary.rows == 1


class TestBatches:
    async def test_what_a_batch_tells(self) -> None:
        error = DecodeError("odd")
        page = found(1, 2, credits=3, repeated=4, rejects=(error,), replayed=True)
        async with world(page, found(3)).run() as run:
            first, second = [batch async for batch in run]
            assert isinstance(first, Batch)
            assert (first.number, [row.id for row in first.rows], first.window) == (1, [1, 2], page.window)
            assert (first.credits, first.repeated, first.rejects) == (3, 4, (error,))
            assert (first.replayed, first.meta, first.acknowledged) == (True, None, False)
            assert (second.number, second.replayed, second.run) == (2, False, run)
            assert repr(first).startswith("Batch(number=1, rows=<2 rows>, window=Window(")

    async def test_the_meta_is_handed_on(self) -> None:
        meta: Any = object()
        async with world(found(1, meta=meta)).run() as run:
            assert [batch.meta async for batch in run] == [meta]

    async def test_rejects_alone_are_a_batch(self) -> None:
        async with world(found(rejects=(DecodeError("odd"),))).run() as run:
            assert [batch.rows async for batch in run] == [[]]
            assert run.summary.rejected == 1

    async def test_an_empty_page_is_none(self) -> None:
        async with world(found(), found(1)).run() as run:
            assert [batch.number async for batch in run] == [1]
            assert run.summary.batches == 1

    async def test_an_error_comes_after_the_good_ones_and_reading_may_go_on(self) -> None:
        async with world(found(1), DecodeError("odd"), found(2)).run() as run:
            numbers: list[int] = []
            with pytest.raises(DecodeError):
                async for batch in run:
                    numbers.append(batch.rows[0].id)
            assert (numbers, run.end) == ([1], None)
            async for batch in run:
                numbers.append(batch.rows[0].id)
            assert (numbers, run.end) == ([1, 2], EndReason.EXHAUSTED)

    async def test_it_can_be_closed_in_the_midst(self) -> None:
        async with world(found(1), found(2)).run() as run:
            async with aclosing(aiter(run)) as batches:
                async for batch in batches:
                    assert batch.number == 1
                    break
            assert [batch.number async for batch in run] == [2]


class TestSummary:
    async def test_what_came_of_a_run(self) -> None:
        pages = [
            found(1, 2, credits=2, repeated=1, mark=BEGAN),
            found(3, credits=0, repeated=5, replayed=True, mark=BEGAN + 1),
            found(credits=7, repeated=7),
            found(4, credits=2, rejects=(DecodeError("odd"),)),
        ]
        async with world(*pages, last=EndReason.MAX_PAGES).run() as run:
            assert run.summary == Summary()
            batches = [batch async for batch in run]
            await run.ack(batches[:2])
        assert run.summary == Summary(
            rows=4, acknowledged=3, credits=11, repeated=8, replayed=1, rejected=1, batches=3,
            mark=datetime.fromtimestamp(BEGAN + 1, UTC), end=EndReason.MAX_PAGES,
        )  # fmt: skip

    def test_as_plain_data(self) -> None:
        assert Summary().to_dict() == {
            "rows": 0, "acknowledged": 0, "credits": 0, "repeated": 0, "replayed": 0, "rejected": 0, "batches": 0,
            "mark": None, "end": None,
        }  # fmt: skip
        plain = Summary(rows=1, mark=BEGIN + timedelta(seconds=0.5), end=EndReason.BUDGET).to_dict()
        assert (plain["rows"], plain["mark"], plain["end"]) == (1, "2026-01-01T12:00:00.500000Z", "budget")


def test_it_belongs_to_its_event_loop() -> None:
    run, taken = world(found(1), found(2)).run(), list[Batch[Job]]()

    async def begin() -> None:
        await run.__aenter__()
        taken.append(await anext(aiter(run)))

    async def go_on() -> None:
        for use in (anext(aiter(run)), taken[0].ack()):
            with pytest.raises(ArgumentError, match="another event loop; read and acknowledge it there"):
                await use

    asyncio.run(begin())
    asyncio.run(go_on())
    assert not taken[0].acknowledged


async def test_the_rows_to_come_are_counted() -> None:
    async with world().run() as run:
        assert await run.count() == 100


async def test_a_run_goes_on_from_what_is_saved() -> None:
    scene = world()
    scene.state.saved = SavedState(4, {**DOCUMENT, "mark": MARK, "rows": 9, "sink": {"bytes": 3}}, {1: BEGAN})
    async with scene.run() as run:
        assert (run.mark, run.note, await run.count()) == (BEGIN, {"bytes": 3}, 109)
        ((saved, _),) = scene.read
        assert saved.seen == {1: BEGAN}


async def test_a_release_is_run_to_its_end_when_cancelled() -> None:
    scene = world()
    begun, go = asyncio.Event(), asyncio.Event()

    async def release(key: str) -> None:
        begun.set()
        await go.wait()
        scene.state.log.append(f"released {key}")

    scene.state.release = release  # type: ignore[method-assign]
    run = scene.run()
    await run.__aenter__()
    task = asyncio.ensure_future(run.__aexit__(None, None, None))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert scene.state.log[-1] == "released key"
