"""Acknowledging: once, in any order, saved before it is told; and what a sink does with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from tests.unit.incremental._runs import BEGAN, DOCUMENT, StubState, World, found, world
from theirstack_async import ArgumentError, Batch, DecodeError, EndReason, Job, Model, SavedState, StateError
from theirstack_async.incremental import IncrementalState


class TestAck:
    async def test_only_then_does_the_mark_move(self) -> None:
        scene = world(found(1, mark=BEGAN + 1, credits=1), found(2, 3, mark=BEGAN + 2, credits=2))
        async with scene.run() as run:
            batches = [batch async for batch in run]
            assert (run.mark, scene.state.changes) == (None, [])
            await batches[0].ack()
            assert run.mark is not None
            assert run.mark.timestamp() == BEGAN + 1
            assert (batches[0].acknowledged, batches[1].acknowledged, run.summary.acknowledged) == (True, False, 1)
            await batches[1].ack(note={"bytes": 3})
            assert (run.note, run.summary.acknowledged) == ({"bytes": 3}, 3)
        assert run._entries == {}
        first, second = scene.state.changes
        assert (first.revision, set(first.seen), first.forget_before, first.document["rows"]) == (0, {1}, BEGAN - 59, 1)
        assert (second.revision, set(second.seen), second.document["credits"]) == (1, {2, 3}, 3)

    async def test_a_second_time_does_nothing(self) -> None:
        scene = world(found(1))
        async with scene.run() as run:
            batch = await anext(aiter(run))
            await batch.ack()
            await batch.ack(note={"x": 1})
            await run.ack([batch])
            await run.ack([])
        assert (len(scene.state.changes), run.summary.acknowledged) == (1, 1)

    async def test_nor_does_one_at_the_same_time(self) -> None:
        scene = world(found(1))
        async with scene.run() as run:
            batch = await anext(aiter(run))
            await asyncio.gather(batch.ack(), batch.ack())
        assert (len(scene.state.changes), run.summary.acknowledged) == (1, 1)

    async def test_several_at_once(self) -> None:
        scene = world(found(1, mark=BEGAN), found(2, mark=BEGAN + 1), found(3))
        async with scene.run() as run:
            first, second, third = [batch async for batch in run]
            await second.ack()
            assert run.mark is None
            await run.ack([third, first, second, first], note={"part": 1})
        assert (set(scene.state.changes[1].seen), scene.state.changes[1].document["rows"]) == ({1, 3}, 3)
        assert run.summary.acknowledged == 3

    async def test_none_of_another_run(self) -> None:
        scene, other = world(found(1, mark=BEGAN)), world(found(2))
        async with scene.run() as run, other.run() as another:
            mine, theirs = await anext(aiter(run)), await anext(aiter(another))
            with pytest.raises(ArgumentError, match="of another run; acknowledge it there"):
                await run.ack([mine, theirs])
            assert (mine.acknowledged, theirs.acknowledged, scene.state.changes) == (False, False, [])
            await theirs.ack()

    async def test_within_the_transaction_of_the_state(self) -> None:
        scene = world(found(1), found(2))
        done: list[Any] = []
        async with scene.run() as run:
            first, second = [batch async for batch in run]
            await first.ack(within=done.append)
            await run.ack([second], within=done.append)
        assert done == ["connection", "connection"]

    async def test_a_state_that_is_no_database_need_not_know_of_it(self) -> None:
        scene = world(found(1))
        saved: list[Mapping[str, Any]] = []

        async def save(key: str, change: Any, **more: Any) -> None:
            saved.append(more)

        scene.state.save = save  # type: ignore[method-assign]
        async with scene.run() as run:
            await (await anext(aiter(run))).ack()
        assert saved == [{}]

    async def test_one_that_cannot_be_saved_may_be_tried_again(self) -> None:
        scene = world(found(1, mark=BEGAN, landed="a"))
        scene.state.errors["save"] = StateError("full")
        async with scene.run() as run:
            batch = await anext(aiter(run))
            with pytest.raises(StateError, match="full"):
                await batch.ack()
            assert (batch.acknowledged, run.mark, run.summary.acknowledged) == (False, None, 0)
            assert scene.reader.discarded == []
            await batch.ack()
            assert batch.acknowledged
        assert scene.reader.discarded == [["a"]]

    async def test_it_is_saved_to_the_end_when_cancelled(self) -> None:
        scene = world(found(1))
        begun, go = asyncio.Event(), asyncio.Event()
        save = scene.state.save

        async def slow(key: str, change: Any) -> None:
            begun.set()
            await go.wait()
            await save(key, change)

        scene.state.save = slow  # type: ignore[method-assign]
        async with scene.run() as run:
            batch = await anext(aiter(run))
            task = asyncio.ensure_future(batch.ack())
            await begun.wait()
            task.cancel()
            await asyncio.sleep(0)
            go.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert batch.acknowledged
        assert (len(scene.state.changes), run.summary.acknowledged) == (1, 1)


class TestLanded:
    async def test_pages_are_deleted_once_that_is_saved(self) -> None:
        scene = world(found(1, landed="a"), found(2, landed="b"), found(3))
        async with scene.run() as run:
            first, second, third = [batch async for batch in run]
            await run.ack([second])
            assert scene.state.changes[0].document["landed"] == ["b"]
            await first.ack()
            assert scene.state.changes[1].document["landed"] == ["a"]
            await third.ack()
            assert scene.state.changes[2].document["landed"] == []
        assert scene.reader.discarded == [["b"], ["a"]]

    async def test_one_that_cannot_be_deleted_is_deleted_by_a_later_turn(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        scene = world(found(1, landed="a"), found(2, landed="b"), found(3))
        discard = scene.reader.discard

        async def fails(landed: Any) -> None:
            raise StateError("no access")

        async with scene.run() as run:
            first, second, third = [batch async for batch in run]
            scene.reader.discard = fails  # type: ignore[method-assign]
            await first.ack()
            assert first.acknowledged
            assert caplog.messages == ["no access; it is acknowledged, and is not read again"]
            scene.reader.discard = discard  # type: ignore[method-assign]
            await second.ack()
            await third.ack()
        assert [change.document["landed"] for change in scene.state.changes] == [["a"], ["a", "b"], []]
        assert scene.reader.discarded == [["a", "b"]]

    async def test_what_an_earlier_run_could_not_delete_is_deleted(self) -> None:
        scene = world(found())
        scene.state.saved = SavedState(1, {**DOCUMENT, "landed": ["a"]})
        async with scene.run() as run:
            assert [batch async for batch in run] == []
        assert scene.reader.discarded[0] == ["a"]


class TestWithoutTheUser:
    """Pages without a new row need nobody's acknowledgement."""

    async def test_what_was_paid_for_them_is_saved(self) -> None:
        scene = world(found(credits=2), found(mark=BEGAN))
        async with scene.run() as run:
            assert [batch async for batch in run] == []
        assert [change.document["credits"] for change in scene.state.changes] == [2, 2]
        assert (run.summary.credits, scene.state.saved.document["rows"]) == (2, 0)

    async def test_a_page_of_an_earlier_run_is_paid_for_once(self) -> None:
        scene = world(found(cost=2, landed="a"), found(1, cost=3, replayed=True))
        async with scene.run() as run:
            async for batch in run:
                assert batch.credits == 0
                await batch.ack()
        assert scene.state.saved.document["credits"] == 5
        assert run.summary.credits == 0

    async def test_their_pages_are_deleted(self) -> None:
        scene = world(found(landed="a"))
        async with scene.run() as run:
            assert [batch async for batch in run] == []
        assert scene.reader.discarded == [["a"]]

    async def test_what_changes_nothing_is_not_saved(self) -> None:
        scene = world(found())
        async with scene.run() as run:
            assert [batch async for batch in run] == []
        assert scene.state.changes == []

    async def test_the_mark_moves_at_the_end(self) -> None:
        scene = world(found(1, mark=BEGAN), mark=BEGAN + 5)
        async with scene.run() as run:
            async for batch in run:
                await batch.ack()
            assert run.mark is not None
            assert run.mark.timestamp() == BEGAN + 5
        assert scene.state.changes[-1].seen == {}

    async def test_it_waits_for_what_is_not_acknowledged(self) -> None:
        scene = world(found(1), mark=BEGAN + 5)
        async with scene.run() as run:
            (batch,) = [batch async for batch in run]
            assert (run.mark, scene.state.changes) == (None, [])
            await batch.ack()
            assert run.mark is not None
            assert run.mark.timestamp() == BEGAN + 5

    @pytest.mark.parametrize("last", [reason for reason in EndReason if reason is not EndReason.EXHAUSTED])
    async def test_not_where_there_may_be_more(self, last: EndReason) -> None:
        scene = world(mark=BEGAN + 5, last=last)
        async with scene.run() as run:
            assert [batch async for batch in run] == []
        assert (run.mark, run.end) == (None, last)


@attrs.define
class ListSink:
    """Keeps rows, and acknowledges them when it is flushed."""

    error: BaseException | None = None
    name: str = "list"
    state: IncrementalState | None = None
    opened: list[Any] = attrs.field(factory=list[Any])
    batches: list[Batch[Any]] = attrs.field(factory=list[Batch[Any]])
    flushed: int = 0

    async def open(self, row_type: type[Model], saved: Mapping[str, Any] | None) -> None:
        self.opened.append((row_type, saved))

    async def write(self, batch: Batch[Any]) -> None:
        if self.error:
            raise self.error
        self.batches.append(batch)

    async def flush(self) -> None:
        self.flushed += 1
        if self.batches:
            await self.batches[0].run.ack(self.batches, note={"rows": len(self.batches)})  # type: ignore[attr-defined]

    async def aclose(self) -> None:
        raise AssertionError("it belongs to the caller")


class TestInto:
    async def test_all_is_stored_and_told(self) -> None:
        scene, sink = world(found(1, mark=BEGAN), found(2)), ListSink()
        async with scene.run() as run:
            summary = await run.into(sink)
        assert summary == run.summary
        assert (summary.acknowledged, summary.end, sink.flushed) == (2, EndReason.EXHAUSTED, 1)
        assert sink.opened == [(Job, None)]
        again = World(world(found(3)).reader, state=scene.state)
        async with again.run() as run:
            await run.into(sink := ListSink())
        assert sink.opened == [(Job, {"rows": 2})]

    async def test_another_sink_than_before_is_warned_of(self) -> None:
        scene = world(found(1), found(2), found(3))
        said = "went to list; only new ones go to other. For all of them there use another state, which buys every row"
        async with scene.run() as run:
            await run.into(ListSink())
        assert scene.state.saved.document["into"] == "list"
        scene = World(world(found(2)).reader, state=scene.state)
        async with scene.run() as run:
            with pytest.warns(UserWarning, match=said):
                await run.into(ListSink(name="other"))
        assert scene.state.saved.document["into"] == "other"
        scene = World(world(found(3)).reader, state=scene.state)
        async with scene.run() as run:
            await run.into(ListSink(name="other"))

    async def test_what_was_bought_before_an_error_is_stored(self) -> None:
        scene, sink = world(found(1), DecodeError("odd")), ListSink()
        async with scene.run() as run:
            with pytest.raises(DecodeError):
                await run.into(sink)
            assert run.summary.acknowledged == 1

    async def test_what_a_sink_cannot_store_is_not_acknowledged(self) -> None:
        scene, sink = world(found(1), found(2)), ListSink(error=OSError("full"))
        async with scene.run() as run:
            with pytest.raises(OSError, match="full"):
                await run.into(sink)
        assert (sink.flushed, run.summary.acknowledged, scene.state.changes) == (1, 0, [])


def test_the_stub_is_a_state() -> None:
    state: IncrementalState = StubState()
    assert state is not None
