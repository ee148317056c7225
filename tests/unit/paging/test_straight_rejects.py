"""Billed lists of which something does not decode."""

from __future__ import annotations

import pytest

from tests.unit.paging._billed import Billed
from theirstack_async import EndReason
from theirstack_async.errors import DecodeError


class TestMetadata:
    """What a page says of the list does not decode."""

    async def test_the_rows_come_first(self) -> None:
        server = Billed(list(range(30)), damage=True)
        paginator = server.paginator()
        rows: list[int] = []
        for _ in range(2):
            with pytest.raises(DecodeError, match=r"the rows are good.*total_results") as caught:
                async for row in paginator:
                    rows.append(row)
        assert b'"data"' in caught.value.body
        assert rows + await paginator.collect() == list(range(30))
        assert (server.billed, paginator.checkpoint().offset) == (30, 30)

    async def test_it_can_be_collected(self) -> None:
        paginator = Billed(list(range(30)), damage=True).paginator(rejects="collect")
        assert [(len(page.items), len(page.rejects)) async for page in paginator.pages()] == [(25, 1), (5, 1)]


class TestRejects:
    """Rows that do not decode were paid for, so they count as rows that were wanted."""

    async def test_nothing_is_bought_in_their_place(self) -> None:
        server = Billed(list(range(200)), broken=5)
        paginator = server.paginator(10, max_items=30, rejects="collect")
        assert len(await paginator.collect()) == 24
        assert (len(paginator.rejects), server.billed, paginator.end) == (6, 30, EndReason.MAX_ITEMS)

    async def test_each_page_has_its_own(self) -> None:
        server = Billed(list(range(200)), broken=1)
        pages = [page async for page in server.paginator(10, max_items=15, rejects="collect").pages()]
        assert [(len(page.items), len(page.rejects)) for page in pages] == [(0, 10), (0, 5)]
        assert server.billed == 15

    async def test_read_ahead_no_more_is_bought_either(self) -> None:
        server = Billed(list(range(200)), broken=5)
        async with server.paginator(10, max_items=30, rejects="collect").prefetch(4) as rows:
            assert len([row async for row in rows]) == 24
        assert server.billed == 30
