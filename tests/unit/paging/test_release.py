"""What of a page is let go, and when."""

from __future__ import annotations

import gc
import json
import weakref
from operator import attrgetter

import attrs

from tests.unit.paging._moving import listing
from tests.unit.paging._still import Still
from theirstack_async import Paginator
from theirstack_async._convert import Reject, Rows


@attrs.frozen(eq=False)
class Row:
    id: int


async def test_a_page_is_let_go_before_the_next_is_decoded() -> None:
    """Otherwise twice the memory is needed."""
    made: weakref.WeakSet[Row] = weakref.WeakSet()
    alive: list[int] = []

    def decode(body: bytes) -> Rows[Row]:
        gc.collect()
        alive.append(len(made))
        rows = [Row(value) for value in json.loads(body)]
        made.update(rows)
        given: list[Row | Reject] = [*rows]
        return Rows(given, 0)

    paginator: Paginator[Row] = Paginator(listing(Still(7).read, decode=decode, key=attrgetter("id")), page_size=4)
    assert [row.id async for row in paginator] == [0, 1, 2, 3, 4, 5, 6]
    assert alive == [0, 1, 1]  # the row that this loop holds
