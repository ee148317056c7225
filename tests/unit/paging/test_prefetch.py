"""Reading pages ahead."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.paging._moving import listing
from tests.unit.paging._still import Still, make
from theirstack_async import ArgumentError, Paginator, ServerError
from theirstack_async._prefetch import Lookahead
from theirstack_async._walk import Ask


class Gate:
    """A list whose pages arrive when they are let through."""

    def __init__(self, size: int) -> None:
        self.rows = list(range(size))
        self.waiting: dict[int, asyncio.Event] = {}
        self.cancelled: list[int] = []
        self.is_free = False

    async def read(self, offset: int, limit: int) -> list[int]:
        self.waiting[offset] = asyncio.Event()
        if self.is_free:
            self.waiting[offset].set()
        try:
            await self.waiting[offset].wait()
        except asyncio.CancelledError:
            self.cancelled.append(offset)
            raise
        finally:
            del self.waiting[offset]
        return self.rows[offset : offset + limit]

    async def open(self, offset: int) -> None:
        for _ in range(100):
            if offset in self.waiting:
                break
            await asyncio.sleep(0)
        self.waiting[offset].set()

    def free(self) -> None:
        """Let all pages through."""
        self.is_free = True
        for event in self.waiting.values():
            event.set()


async def test_pages_are_under_way_together_and_come_in_order() -> None:
    gate = Gate(10)
    paginator = Paginator(listing(gate.read), page_size=4)
    async with paginator.prefetch(3) as items:
        first = asyncio.ensure_future(anext(items))
        await gate.open(6)
        await gate.open(3)
        assert sorted(gate.waiting) == [0, 3, 6]
        await gate.open(0)
        assert await first == 0
        gate.free()
        assert await _all(items) == list(range(1, 10))
    assert gate.waiting == {}


async def _all(items: object) -> list[int]:
    return [item async for item in items]  # type: ignore[attr-defined]


async def test_leaving_cancels_what_is_under_way_and_the_paginator_goes_on() -> None:
    gate = Gate(20)
    paginator = Paginator(listing(gate.read), page_size=4)
    async with paginator.prefetch(3) as items:
        first = asyncio.ensure_future(anext(items))
        await gate.open(0)
        assert await first == 0
        assert sorted(gate.waiting) == [3, 6, 9]  # three, although the first has arrived
    assert gate.cancelled == [3, 6, 9]
    assert gate.waiting == {}
    assert await paginator.collect(3) == [1, 2, 3]


async def test_an_error_comes_in_its_turn_and_one_can_go_on() -> None:
    rows = Still(12)
    rows.failures[1] = ServerError("down", status=503)
    paginator = make(rows)
    taken: list[int] = []
    async with paginator.prefetch(3) as items:
        with pytest.raises(ServerError):
            async for item in items:
                taken.append(item)
        assert taken == [0, 1, 2, 3]
        async for item in paginator:
            taken.append(item)
    assert taken == list(range(12))


async def test_an_error_of_a_page_that_is_not_asked_for_is_nobodys_business(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A callable key may raise anything; asyncio must not complain that nobody looked."""
    rows = Still(4)
    rows.failures[1] = ZeroDivisionError("the caller's own")
    paginator = make(rows, max_items=4)
    async with paginator.prefetch(3) as items:
        assert [item async for item in items] == [0, 1, 2, 3]
    rows = Still(12)
    rows.failures[2] = ZeroDivisionError("the caller's own")
    async with make(rows).prefetch(3) as items:
        assert await anext(items) == 0
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert caplog.records == []


async def test_unread_holds_what_has_arrived_and_neither_errors_nor_what_is_under_way() -> None:
    gate = Gate(20)

    async def read(offset: int, limit: int) -> list[int]:
        rows = await gate.read(offset, limit)
        if offset == 6:
            raise ServerError("down", status=503)
        return rows

    paginator = Paginator(listing(read), page_size=4)
    async with paginator.prefetch(4) as items:
        first = asyncio.ensure_future(anext(items))
        for offset in (0, 3, 6):
            await gate.open(offset)
        assert await first == 0
        assert sorted(gate.waiting) == [9, 12]
        assert set(paginator.unread) == set(range(1, 7))


async def test_unread_holds_what_would_be_handed_out() -> None:
    rows = Still(9)
    paginator = Paginator(listing(rows.read, item=str), page_size=4)
    async with paginator.prefetch(2) as items:
        assert await anext(items) == "0"
        while len(rows.asks) < 2 or len(paginator.unread) < 7:
            await asyncio.sleep(0)
        assert set(paginator.unread) == {"1", "2", "3", "4", "5", "6"}


async def test_plain_iteration_holds_no_task() -> None:
    readers: list[object] = []

    async def read(offset: int, limit: int) -> list[int]:
        readers.append(asyncio.current_task())
        return list(range(6))[offset : offset + limit]

    paginator = Paginator(listing(read), page_size=4)
    assert await paginator.collect() == list(range(6))
    assert set(readers) == {asyncio.current_task()}


async def test_what_is_under_way_behind_an_error_is_cancelled() -> None:
    gate = Gate(20)

    async def read(offset: int, limit: int) -> list[int]:
        rows = await gate.read(offset, limit)
        if not offset:
            raise ServerError("down", status=503)
        return rows

    async with Paginator(listing(read), page_size=4).prefetch(3) as items:
        first = asyncio.ensure_future(anext(items))
        await gate.open(0)
        with pytest.raises(ServerError):
            await first
        assert gate.cancelled == [3, 6]


class TestMoved:
    """A page that nobody guessed shows that the list has moved."""

    @staticmethod
    async def ahead(gate: Gate, guesses: dict[int, list[Ask]]) -> Lookahead:
        """Return a look-ahead that has read the first page, with others under way."""
        lookahead = Lookahead(listing(gate.read).fetch, lambda ask, _: guesses[ask.offset])
        lookahead.width = 3
        first = asyncio.ensure_future(lookahead.get(Ask(0, 4)))
        await gate.open(0)
        await first
        return lookahead

    async def test_all_that_is_under_way_is_read_anew(self) -> None:
        gate = Gate(100)
        lookahead = await self.ahead(gate, {0: [Ask(3, 4), Ask(6, 4)], 50: [Ask(3, 4)]})
        moved = asyncio.ensure_future(lookahead.get(Ask(50, 4)))
        await gate.open(50)
        await moved
        assert gate.cancelled == [3, 6]
        assert lookahead.asks == [Ask(3, 4)], "asked for again, since it may hold other rows by now"
        await lookahead.drop()

    async def test_what_is_no_longer_expected_is_cancelled(self) -> None:
        gate = Gate(100)
        lookahead = await self.ahead(gate, {0: [Ask(3, 4), Ask(6, 4), Ask(9, 4)], 3: [Ask(6, 4)]})
        second = asyncio.ensure_future(lookahead.get(Ask(3, 4)))
        await gate.open(3)
        await second
        assert (gate.cancelled, lookahead.asks) == ([9], [Ask(6, 4)])
        await lookahead.drop()


async def test_guesses_follow_the_number_of_rows_that_are_wanted() -> None:
    rows = Still(100)
    async with make(rows, max_items=8).prefetch(9) as items:
        assert [item async for item in items] == list(range(8))
    assert rows.asks == [(0, 4), (3, 4), (6, 2)]


async def test_one_prefetch_at_a_time() -> None:
    paginator = make(Still(10))
    async with paginator.prefetch(2) as items:
        assert await anext(items) == 0
        with pytest.raises(ArgumentError, match="already"):
            async with paginator.prefetch(2):
                pytest.fail("entered")
        assert await anext(items) == 1
    async with paginator.prefetch(2) as items:
        assert await _all(items) == list(range(2, 10))


async def test_a_page_of_one_row_is_followed_by_pages_of_two() -> None:
    rows = Still(3)
    async with make(rows, 1).prefetch(4) as items:
        assert await _all(items) == [0, 1, 2]
    assert rows.asks[:2] == [(0, 1), (0, 2)]


async def test_cancelled_while_it_waits_the_page_stays_under_way() -> None:
    gate = Gate(8)
    paginator = Paginator(listing(gate.read), page_size=4)
    async with paginator.prefetch(2) as items:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anext(items)
        assert gate.cancelled == []
        gate.free()
        assert await paginator.collect() == list(range(8))
    assert gate.cancelled == []


async def test_another_task_may_leave_the_block_while_one_waits_for_a_page() -> None:
    gate = Gate(8)
    paginator = Paginator(listing(gate.read), page_size=4)
    async with paginator.prefetch(3):
        rest = asyncio.ensure_future(paginator.collect())
        while len(gate.waiting) < 3:
            await asyncio.sleep(0)
    assert gate.cancelled == [0, 3, 6]
    gate.free()
    assert await rest == list(range(8))
    assert gate.waiting == {}


async def test_nothing_more_is_begun_when_the_block_is_left_while_wrong_guesses_end() -> None:
    gate = Gate(100)
    lookahead = Lookahead(
        listing(gate.read).fetch,
        lambda ask, count: [Ask(ask.offset + 3 * (step + 1), 4) for step in range(count)],
    )
    lookahead.width = 3
    first = asyncio.ensure_future(lookahead.get(Ask(0, 4)))
    await gate.open(0)
    await first
    moved = asyncio.ensure_future(lookahead.get(Ask(50, 4)))
    await asyncio.sleep(0)
    lookahead.width = 1
    await lookahead.drop()
    await gate.open(50)
    await moved
    assert gate.cancelled == [3, 6, 9]
    assert gate.waiting == {}
