"""Lists that stand still, and paginators over them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.unit.paging._moving import MovingList, listing
from theirstack_async import Paginator
from theirstack_async._convert import Reject, Rows
from theirstack_async.errors import Problem


class Still:
    """A list that stands still, and notes what it is asked for."""

    def __init__(self, size: int) -> None:
        self.rows: list[Any] = list(range(size))
        self.asks: list[tuple[int, int]] = []
        self.failures: dict[int, BaseException] = {}
        """What the request of that number, from 0, ends in."""

    async def read(self, offset: int, limit: int) -> list[Any]:
        failure = self.failures.pop(len(self.asks), None)
        self.asks.append((offset, limit))
        await asyncio.sleep(0)
        if failure is not None:
            raise failure
        return self.rows[offset : offset + limit]


def make(rows: Still | MovingList, page_size: int = 4, **options: Any) -> Paginator[int]:
    return Paginator(listing(rows.read), page_size=page_size, **options)


def with_rejects(rows: Still, page_size: int = 4, **options: Any) -> Paginator[Any]:
    """Return a paginator over a list in which each text is a row that does not decode; a number in it is its id."""

    def decode(body: bytes) -> Rows[int]:
        values = json.loads(body)
        given = [
            Reject(place, value.encode(), (Problem("", "no number"),), int(value) if value.isdigit() else None)
            if isinstance(value, str)
            else value
            for place, value in enumerate(values)
        ]
        return Rows(given, sum(isinstance(value, str) for value in values))

    return Paginator(listing(rows.read, decode=decode), page_size=page_size, **options)
