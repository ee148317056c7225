"""What a paginator does beside keeping its promise."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import attrs
import pytest

from tests.unit.paging._moving import Change, MovingList, Schedule, listing
from tests.unit.paging._still import Still, make, with_rejects
from theirstack_async import (
    ArgumentError,
    Checkpoint,
    DecodeError,
    EndReason,
    PaginationError,
    Paginator,
    ServerError,
)
from theirstack_async._walk import Ask, OffsetWalk, Told
from theirstack_async.pagination import digest


async def test_iterating_again_goes_on_after_a_break_and_an_exception() -> None:
    paginator = make(Still(10))
    taken: list[int] = []
    with pytest.raises(ZeroDivisionError):
        async for item in paginator:
            taken.append(item)
            if item == 1:
                break
        async for item in paginator:
            taken.append(item)
            if item == 5:
                1 / 0  # noqa: B018
    assert paginator.unread == (6,)
    assert paginator.end is None
    assert taken + await paginator.collect() == list(range(10))
    assert paginator.end is EndReason.EXHAUSTED
    assert paginator.unread == ()
    assert await paginator.collect() == []


async def test_pages_tell_where_they_stand_and_what_came_again() -> None:
    paginator = make(Still(10))
    assert await paginator.first() == 0
    pages = [(page.items, page.offset, page.repeated, page.meta.status) async for page in paginator.pages()]
    assert pages == [([1, 2, 3], 0, 1, 200), ([4, 5, 6], 3, 1, 200), ([7, 8, 9], 6, 1, 200)]


async def test_max_items_ends_pages_too() -> None:
    paginator = make(Still(10), max_items=5)
    assert [page.items async for page in paginator.pages()] == [[0, 1, 2, 3], [4]]
    assert paginator.end is EndReason.MAX_ITEMS


async def test_raw_pages_have_the_bytes_as_they_came() -> None:
    pages = [(page.body, page.offset, page.repeated, page.meta.status) async for page in make(Still(5)).raw_pages()]
    assert pages == [(b"[0, 1, 2, 3]", 0, 0, 200), (b"[3, 4]", 3, 1, 200)]


async def test_raw_pages_hold_rows_that_do_not_decode() -> None:
    rows = Still(3)
    rows.rows[1] = "1"
    assert [page.body async for page in with_rejects(rows).raw_pages()] == [b'[0, "1", 2]']


async def test_first_asks_for_one_row_and_the_rest_follows() -> None:
    rows = Still(6)
    paginator = make(rows)
    assert [await paginator.first(), await paginator.first()] == [0, 1]
    assert rows.asks == [(0, 1), (0, 2)]
    assert await paginator.collect() == [2, 3, 4, 5]
    assert await paginator.first() is None
    assert await make(Still(0)).first() is None


async def test_first_takes_a_row_that_has_arrived() -> None:
    rows = Still(6)
    paginator = make(rows)
    assert await paginator.collect(2) == [0, 1]
    assert await paginator.first() == 2
    assert len(rows.asks) == 1


async def test_first_passes_over_collected_rejects_and_raises_others() -> None:
    rows = Still(2000)
    rows.rows[:1500] = [f"{number}" for number in range(1500)]
    paginator = with_rejects(rows, rejects="collect")
    assert await paginator.first() == 1500
    assert len(paginator.rejects) == 1500
    with pytest.raises(DecodeError, match=r"row 0 \(id 0\)"):
        await with_rejects(rows).first()


async def test_after_rows_vanished_first_looks_for_whole_pages() -> None:
    rows = MovingList(Schedule(60, 20, [[], [Change(insert=False, where=0.05, count=10)]]))
    paginator = make(rows, 20)
    assert await paginator.collect(20) == list(range(20))
    assert await paginator.first() == 20


@pytest.mark.parametrize(
    ("size", "wanted", "end", "asks"),
    [
        (10, 0, EndReason.MAX_ITEMS, []),
        (10, 4, EndReason.MAX_ITEMS, [(0, 4)]),
        (10, 5, EndReason.MAX_ITEMS, [(0, 4), (3, 2)]),
        (3, 5, EndReason.EXHAUSTED, [(0, 4)]),
    ],
)
async def test_max_items_asks_for_no_more_than_it_needs(
    size: int, wanted: int, end: EndReason, asks: list[tuple[int, int]]
) -> None:
    for width in (1, 5):
        rows = Still(size)
        paginator = make(rows, max_items=wanted)
        async with paginator.prefetch(width) as items:
            assert [item async for item in items] == list(range(min(size, wanted)))
        assert paginator.end is end
        assert rows.asks[: len(asks)] == asks
        assert len(rows.asks) <= len(asks) + (end is EndReason.EXHAUSTED)


async def test_offset_leaves_rows_out() -> None:
    assert await make(Still(10), offset=7).collect() == [7, 8, 9]
    assert await make(Still(10), offset=11).collect() == []


async def test_two_consumers_share_the_rows() -> None:
    rows = Still(50)
    paginator = make(rows)
    taken: list[list[int]] = [[], []]

    async def consume(into: list[int]) -> None:
        async for item in paginator:
            into.append(item)
            await asyncio.sleep(0)

    await asyncio.gather(*map(consume, taken))
    assert sorted(taken[0] + taken[1]) == list(range(50))
    assert min(map(len, taken)) > 10
    assert len(rows.asks) == 17


@pytest.mark.parametrize("partial", [False, True])
async def test_a_page_that_repeats_for_ever_ends_the_listing(partial: bool) -> None:
    async def same(offset: int, limit: int) -> list[int]:
        return [0, 1, 2, 3]

    paginator = Paginator(listing(same), page_size=4, partial=partial)
    taken: list[int] = []
    if partial:
        taken = await paginator.collect()
    else:
        with pytest.raises(PaginationError, match="the same page") as caught:
            taken = await paginator.collect()
        assert caught.value.reason == "repeated_page"
        assert caught.value.items_so_far == [0, 1, 2, 3]
        assert caught.value.checkpoint == paginator.checkpoint()
    assert taken in ([], [0, 1, 2, 3])
    assert paginator.end is EndReason.REPEATED_PAGE


async def test_twenty_fruitless_pages_end_in_an_error_with_a_checkpoint_and_one_can_go_on() -> None:
    rows = MovingList(Schedule(204, 4, []))
    paginator = make(rows)
    assert len(await paginator.collect(100)) == 100
    before = rows.reads
    rows.change(Change(insert=False, where=0, count=100))
    with pytest.raises(PaginationError, match="moves faster than it can be read") as caught:
        await paginator.collect()
    assert rows.reads - before == 20
    assert caught.value.reason == "moving_list"
    assert caught.value.checkpoint == paginator.checkpoint()
    assert caught.value.checkpoint is not None
    assert caught.value.checkpoint.offset == 100
    assert await paginator.collect() == list(range(100, 204))


async def test_a_resumed_listing_is_found_again_behind_and_ahead() -> None:
    before = make(Still(100), page_size=10)
    assert await before.collect(50) == list(range(50))
    for moved in (35, 0, -35):
        rows = Still(100)
        rows.rows = list(range(1000, 1000 + moved)) + rows.rows if moved > 0 else rows.rows[-moved:]
        after = make(rows, page_size=10, resume=Checkpoint.from_json(before.checkpoint().to_json()))
        assert await after.collect() == list(range(50, 100))


async def test_a_resumed_listing_that_is_gone_is_given_up() -> None:
    point = await _point(Still(100), 50)
    for size in (0, 20, 1000):
        rows = Still(0)
        rows.rows = list(range(1000, 1000 + size))
        paginator = make(rows, page_size=10, resume=point)
        for _ in range(2):
            with pytest.raises(PaginationError) as caught:
                await paginator.collect()
            assert caught.value.reason == "moving_list"
            assert caught.value.checkpoint == point
        assert len(rows.asks) <= 40


async def _point(rows: Still, count: int) -> Checkpoint:
    paginator = make(rows, page_size=10)
    await paginator.collect(count)
    return paginator.checkpoint()


async def test_a_fresh_listing_has_a_checkpoint_too() -> None:
    rows = Still(5)
    point = make(rows, offset=2).checkpoint()
    assert (point.offset, point.ids) == (2, ())
    assert await make(rows, resume=point).collect() == [2, 3, 4]


async def test_a_checkpoint_remembers_the_last_500_ids() -> None:
    point = await _point(Still(1000), 700)
    assert point.offset == 700
    assert point.ids == tuple(range(200, 700))


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"offset": -1}, "offset"),
        ({"max_items": -1}, "max_items"),
        ({"rejects": "drop"}, "rejects"),
        ({"resume": "{}"}, "resume"),
        ({"resume": Checkpoint(2, "rows", 0, ())}, "resume"),
        ({"resume": Checkpoint(1, "other", 0, ())}, "resume"),
        ({"resume": Checkpoint(1, "rows", 3, ()), "offset": 3}, "offset"),
        ({"resume": Checkpoint(1, "rows", 3, ()), "settle": True}, "settle"),
        ({"offset": 1, "settle": True}, "settle"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        make(Still(0), **options)
    assert caught.value.field == field


async def test_counts_are_checked() -> None:
    with pytest.raises(ArgumentError):
        make(Still(0)).prefetch(0)
    with pytest.raises(ArgumentError):
        await make(Still(0)).collect(-1)
    assert await make(Still(9)).collect(0) == []


def test_the_digest_knows_the_query() -> None:
    assert digest("/a", {"x": 1, "y": None}) == digest("/a", {"x": 1})
    assert len({digest("/a", {"x": 1}), digest("/b", {"x": 1}), digest("/a", {"x": 2}), digest("/a", {})}) == 4


async def test_an_error_out_of_collect_carries_what_was_read_and_one_can_go_on() -> None:
    rows = Still(10)
    paginator = make(rows)
    rows.failures[1] = ServerError("down", status=503)
    with pytest.raises(ServerError) as caught:
        await paginator.collect()
    assert caught.value.items_so_far == [0, 1, 2, 3]
    assert caught.value.checkpoint == paginator.checkpoint()
    assert await paginator.collect() == [4, 5, 6, 7, 8, 9]


@attrs.define(frozen=True)
class _FrozenError(Exception):
    text: str


@pytest.mark.parametrize("error", [asyncio.CancelledError(), ValueError("the caller's"), _FrozenError("fixed")])
async def test_so_does_an_exception_that_is_not_ours_as_far_as_it_can(error: BaseException) -> None:
    rows = Still(10)
    rows.failures[1] = error
    with pytest.raises(type(error)) as caught:
        await make(rows).collect()
    assert caught.value is error
    if not isinstance(error, _FrozenError):
        assert getattr(caught.value, "items_so_far") == [0, 1, 2, 3]  # noqa: B009
        assert getattr(caught.value, "checkpoint").offset == 4  # noqa: B009


async def test_what_is_handed_out_can_be_a_part_of_the_row() -> None:
    assert await Paginator(listing(Still(3).read, item=str), page_size=2).collect() == ["0", "1", "2"]


async def test_the_generators_can_be_closed() -> None:
    paginator = make(Still(3))
    async with aclosing(aiter(paginator)) as items:
        assert await anext(items) == 0
    assert paginator.unread == (1, 2)


def test_a_page_of_a_moving_list_is_looked_for_a_page_at_a_time() -> None:
    """The steps, one by one: behind and ahead in turn, and no further than the list goes either way."""
    walk = OffsetWalk(10, origin=25, known=[7])
    asked: list[int] = []
    while (ask := walk.next()) is not None:
        asked.append(ask.offset)
        length = 10 if ask.offset < 44 else 3
        if walk.take(ask, range(1000, 1000 + length), Told()).verdict == "moving_list":
            break
    assert asked == [24, 14, 34, 4, 44, 0]
    assert walk.next() == Ask(0, 10)
