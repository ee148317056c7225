"""A billed list that a budget cuts short: what is handed out, what is told of the rest, and where it can be resumed."""

from __future__ import annotations

from contextlib import aclosing

import attrs
import pytest

from tests.unit.paging._billed import Billed
from theirstack_async import EndReason
from theirstack_async._engine.pipeline import Reply
from theirstack_async._walk import Ask
from theirstack_async.errors import BudgetExceededError


@attrs.define
class Budgeted(Billed):
    """Cuts pages to what a budget has room for, as the engine does, and refuses them when it has none."""

    room: dict[int, int] = attrs.Factory(dict[int, int])
    """By the offset of a page: for how many rows there is room when it is asked for. Any number for the others."""

    async def fetch(self, ask: Ask) -> Reply:
        """Answer as much of a request as there is room for."""
        limit = min(ask.limit, self.room.get(ask.offset, ask.limit))
        if not limit:
            self.asks.append(ask)
            raise BudgetExceededError("no room")
        cut = attrs.evolve(ask, limit=limit)
        return attrs.evolve(await Billed.fetch(self, cut), asked=limit)


@pytest.mark.parametrize("width", [1, 4])
async def test_it_ends_where_the_budget_does_and_tells_how_many_rows_are_left(width: int) -> None:
    server = Budgeted(list(range(200)), room={**dict.fromkeys(range(15, 200, 5), 0), 10: 5})
    paginator = server.paginator(10, totals=True)
    async with paginator.prefetch(width) as rows:
        assert [row async for row in rows] == list(range(15))
    assert (paginator.end, paginator.not_fetched) == (EndReason.BUDGET, 185)
    assert (paginator.credits, server.billed, paginator.checkpoint().offset) == (15, 15, 15)


async def test_without_a_total_nobody_knows_how_many_are_left() -> None:
    paginator = Budgeted(list(range(200)), room={10: 0}).paginator(10)
    assert await paginator.collect() == list(range(10))
    assert (paginator.end, paginator.not_fetched) == (EndReason.BUDGET, None)


async def test_of_a_list_that_has_grown_beyond_its_total_none_is_known_to_be_left() -> None:
    def grow(request: int) -> None:
        if request == 1:
            server.rows.extend(range(30, 100))

    server = Budgeted(list(range(30)), before=grow, room={40: 0})
    paginator = server.paginator(20, totals=True)
    assert await paginator.collect() == list(range(40))
    assert (paginator.end, paginator.not_fetched) == (EndReason.BUDGET, 0)


async def test_the_end_of_a_plan_stays_the_reason_when_a_page_behind_it_finds_no_room() -> None:
    server = Budgeted(list(range(200)), pages=1, refuses=True, room={50: 0, 75: 0})
    paginator = server.paginator(25, partial=True, totals=True)
    async with paginator.prefetch(4) as rows:
        assert [row async for row in rows] == list(range(25))
    assert (paginator.end, paginator.not_fetched) == (EndReason.PLAN_LIMIT, 175)


async def test_whoever_resumes_gets_the_rows_that_a_page_bought_ahead_had_left_out() -> None:
    """The third page found room again, after the second one was cut."""
    server = Budgeted(list(range(60)), room={10: 4, 14: 0})
    paginator = server.paginator(10, max_items=40)
    async with paginator.prefetch(4) as rows:
        first = [row async for row in rows]
    assert first == [*range(14), *range(20, 40)]
    assert (paginator.end, paginator.credits) == (EndReason.BUDGET, server.billed)
    checkpoint = paginator.checkpoint()
    assert checkpoint.offset == 14
    server.room.clear()
    again = await server.paginator(10, resume=checkpoint).collect()
    assert sorted({*first, *again}) == list(range(60))


async def test_pages_that_were_bought_ahead_and_not_read_count_as_paid() -> None:
    server = Budgeted(list(range(60)))
    paginator = server.paginator(10, price=3)
    async with paginator.prefetch(4) as rows, aclosing(rows):
        async for row in rows:
            if row == 10:
                break
    assert paginator.credits == 3 * server.billed == 3 * 50
