"""Pages of a billed list that are read ahead: they are paid for, so none is dropped."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from tests.unit.paging._billed import Billed
from tests.unit.paging.test_straight import places
from theirstack_async import EndReason
from theirstack_async._walk import Ask
from theirstack_async.errors import OutcomeUnknownError


async def test_what_is_under_way_when_the_block_is_left_is_read_later() -> None:
    server = Billed(list(range(200)))
    paginator = server.paginator(10)
    async with paginator.prefetch(4) as rows, aclosing(rows):
        async for row in rows:
            if row == 25:
                break
    assert (server.billed, paginator.unread) == (60, tuple(range(26, 60)))
    assert await paginator.collect() == list(range(26, 200))
    assert server.billed == 200


async def test_plain_iteration_holds_no_task() -> None:
    readers: list[object] = []
    server = Billed(list(range(30)), before=lambda _: readers.append(asyncio.current_task()))
    assert await server.paginator(10).collect() == list(range(30))
    assert set(readers) == {asyncio.current_task()}


async def test_they_are_not_begun_before_a_full_page_has_come() -> None:
    server = Billed(list(range(200)), cap=25)
    async with server.paginator(100).prefetch(4) as rows:
        assert [row async for row in rows] == list(range(200))
    assert server.billed == 200
    assert places(server)[:3] == [(0, 100), (25, 25), (50, 25)]


async def test_no_more_is_read_ahead_than_is_wanted() -> None:
    def insert(request: int) -> None:
        if request == 1:
            server.rows[:0] = [1001, 1002, 1003]

    server = Billed(list(range(200)), before=insert)
    async with server.paginator(10, max_items=45).prefetch(8) as rows:
        assert [row async for row in rows] == list(range(45))
    assert server.billed == 48
    assert places(server) == [(0, 10), (10, 10), (20, 10), (30, 10), (40, 5), (45, 3)]


async def test_pages_after_the_end_are_handed_out_when_they_hold_rows() -> None:
    def grow(request: int) -> None:
        if request == 3:
            server.rows.extend(range(25, 40))

    server = Billed(list(range(25)), before=grow)
    paginator = server.paginator(10)
    async with paginator.prefetch(3) as rows:
        assert [row async for row in rows] == [*range(25), *range(30, 40)]
    assert (server.billed, paginator.end) == (35, EndReason.EXHAUSTED)


async def test_an_error_is_raised_in_its_turn_and_costs_no_other_page() -> None:
    def fail(request: int) -> None:
        if request == 2:
            raise OutcomeUnknownError("lost")

    server = Billed(list(range(60)), before=fail)
    paginator = server.paginator(10)
    with pytest.raises(OutcomeUnknownError):
        async with paginator.prefetch(4) as rows:
            assert [await anext(rows) for _ in range(20)] == list(range(20))
            await anext(rows)
    assert paginator.unread == tuple(range(30, 60))
    assert await paginator.collect() == list(range(20, 60))
    assert server.billed == 60


@pytest.mark.parametrize("plan", [{"refuses": True}, {"refuses": False}])
async def test_the_end_of_the_plan_is_told_all_the_same(plan: Any) -> None:
    server = Billed(list(range(300)), cap=25, pages=5, **plan)
    paginator = server.paginator(partial=True)
    async with paginator.prefetch(4) as rows:
        assert len([row async for row in rows]) == 125
    assert (paginator.end, server.billed) == (EndReason.PLAN_LIMIT, 125)


class Slow:
    """A list of which all but the first 20 rows come late."""

    def __init__(self) -> None:
        self.server = Billed(list(range(60)))
        self.open = asyncio.Event()
        self.paginator = self.server.paginator(10)
        self._fetch = self.server.fetch
        self.paginator._lookahead._fetch = self.fetch

    async def fetch(self, ask: Ask) -> Any:
        if ask.offset >= 20:
            await self.open.wait()
        return await self._fetch(ask)

    async def read(self, rows: int) -> None:
        """Read so many rows, reading ahead."""
        async with self.paginator.prefetch(3) as items, aclosing(items):
            for _ in range(rows):
                await anext(items)


async def _turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize("rows", [15, 30])
async def test_a_cancellation_does_not_wait_for_pages(rows: int) -> None:
    """Neither while a row is waited for, nor while the block is left."""
    slow = Slow()
    task = asyncio.ensure_future(slow.read(rows))
    await _turns()
    assert slow.paginator._lookahead.asks
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.paginator._lookahead.asks == []


async def test_a_page_that_another_task_cut_is_not_asked_for_again() -> None:
    slow = Slow()
    first = asyncio.ensure_future(slow.read(25))
    await _turns()
    other = asyncio.ensure_future(slow.paginator._lookahead.leave(asyncio.CancelledError))
    with pytest.raises(OutcomeUnknownError, match="may have been billed"):
        await first
    await other
    assert slow.server.billed == 20


async def test_a_refusal_beyond_the_end_is_no_end_of_the_plan() -> None:
    server = Billed(list(range(32)), pages=5, refuses=True)
    paginator = server.paginator(32)
    async with paginator.prefetch(5) as rows:
        assert [row async for row in rows] == list(range(32))
    assert server.asks[-1].offset >= 125
    assert paginator.end is EndReason.EXHAUSTED
