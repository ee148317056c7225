"""Rows that do not decode: none of them costs another row, and none is lost."""

from __future__ import annotations

import pytest

from tests.unit.paging._still import Still, with_rejects
from theirstack_async import DecodeError


async def test_good_rows_come_before_the_error_of_a_bad_one() -> None:
    rows = Still(7)
    rows.rows[1:3] = ["1", "no id"]
    paginator = with_rejects(rows)
    taken: list[int] = []
    errors: list[DecodeError] = []
    for _ in range(3):
        try:
            taken += await paginator.collect()
        except DecodeError as error:
            taken += error.items_so_far or []
            errors.append(error)
    assert taken == [0, 3, 4, 5, 6]
    assert [error.body for error in errors] == [b"1", b"no id"]
    assert paginator.rejects == ()


async def test_pages_raise_the_error_after_the_page() -> None:
    rows = Still(3)
    rows.rows[1] = "1"
    items: list[int] = []
    with pytest.raises(DecodeError):
        async for page in with_rejects(rows).pages():
            assert page.rejects == ()
            items += page.items
    assert items == [0, 2]


async def test_rejects_can_be_collected() -> None:
    rows = Still(7)
    rows.rows[1:3] = ["1", "no id"]
    paginator = with_rejects(rows, rejects="collect")
    assert await paginator.collect() == [0, 3, 4, 5, 6]
    assert [error.body for error in paginator.rejects] == [b"1", b"no id"]
    pages = [page async for page in with_rejects(rows, rejects="collect").pages()]
    assert [[error.body for error in page.rejects] for page in pages] == [[b"1", b"no id"], []]
    assert [page.repeated for page in pages] == [0, 1]


async def test_a_bad_row_comes_once_however_often_it_is_read() -> None:
    """Pages overlap, so a bad row that ends one page begins the next one; without an id its bytes tell."""
    rows = Still(7)
    rows.rows[3] = "no id"
    paginator = with_rejects(rows, rejects="collect")
    assert await paginator.collect() == [0, 1, 2, 4, 5, 6]
    assert len(paginator.rejects) == 1


async def test_a_checkpoint_waits_for_a_bad_row_that_was_not_raised_yet() -> None:
    rows = Still(4)
    rows.rows[1] = "1"
    paginator = with_rejects(rows)
    assert await paginator.collect(3) == [0, 2, 3]
    assert paginator.checkpoint().offset == 1
    again = with_rejects(rows, resume=paginator.checkpoint())
    with pytest.raises(DecodeError):
        await again.collect()
    assert again.checkpoint().offset == 4
    assert with_rejects(rows, resume=again.checkpoint()).checkpoint().ids == (0, 1, 2, 3)


async def test_a_checkpoint_does_not_wait_for_collected_ones() -> None:
    rows = Still(4)
    rows.rows[1] = "1"
    paginator = with_rejects(rows, rejects="collect")
    assert await paginator.collect(3) == [0, 2, 3]
    assert paginator.checkpoint().offset == 4
