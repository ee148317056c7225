"""Lists that move while they are read, and schedules that say how."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections import deque
from contextlib import aclosing
from typing import Any, Final

import attrs

from theirstack_async import Checkpoint, EndReason, Paginator
from theirstack_async._convert import Rows
from theirstack_async._engine.pipeline import Reply
from theirstack_async._walk import Ask, OffsetWalk
from theirstack_async._wire.message import ResponseMeta
from theirstack_async.errors import PaginationError
from theirstack_async.pagination import Listing

META: Final = ResponseMeta(200, None, 1, 0.0, None)
PATIENCE: Final = 3
"""How often a reader goes on after a PaginationError before it gives the listing up."""


def listing(fetch: Any, **changes: Any) -> Listing[Any]:
    """Return a listing of plain numbers over ``fetch``, which returns them by offset and limit."""

    async def call(ask: Ask) -> Reply:
        return Reply(json.dumps(await fetch(ask.offset, ask.limit)).encode(), META)

    def decode(body: bytes) -> Rows[int]:
        return Rows(json.loads(body), 0)

    given: dict[str, Any] = {"label": "GET /rows", "fetch": call, "decode": decode, "key": int, "digest": "rows"}
    given["walk"] = OffsetWalk
    return Listing(**{**given, **changes})


@attrs.frozen
class Change:
    """One change of a list, anywhere in it."""

    insert: bool
    where: float
    """From 0, the beginning of the list, to 1, its end."""
    count: int


@attrs.frozen
class Schedule:
    """How a list is read, and how it moves meanwhile."""

    size: int
    page_size: int
    changes: list[list[Change]]
    """Those before the first read, before the second, and so on; afterwards the list stands still."""
    width: int = 1
    """Pages that are under way at once; with more than one, their reads happen in another order than they are asked."""
    delays: list[int] = attrs.Factory(lambda: [0])
    offset: int = 0
    max_items: int | None = None
    stops: list[tuple[int, bool]] = attrs.Factory(list)
    """After so many rows the reader breaks off; then it goes on with the paginator, or with a checkpoint (True)."""

    @property
    def resumes(self) -> bool:
        return any(resume for _, resume in self.stops)


class MovingList:
    """Numbers in an order that never changes for those that stay."""

    def __init__(self, schedule: Schedule) -> None:
        self.rows = list(range(schedule.size))
        self.gone: set[int] = set()
        self.start: list[int] = []
        """What the first page that was asked for, and those after it, could have held."""
        self.in_flight = self.peak = self.asks = self.reads = 0
        self._schedule = schedule
        self._changes = deque(schedule.changes)
        self._delays = itertools.cycle(schedule.delays)
        self._new = itertools.count(schedule.size)

    def change(self, change: Change) -> None:
        place = round(change.where * len(self.rows))
        if change.insert:
            self.rows[place:place] = itertools.islice(self._new, change.count)
        else:
            self.gone.update(self.rows[place : place + change.count])
            del self.rows[place : place + change.count]

    async def read(self, offset: int, limit: int) -> list[int]:
        self.asks += 1
        first = self.asks == 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            for _ in range(next(self._delays) if self._schedule.width > 1 else 0):
                await asyncio.sleep(0)
            for change in self._changes.popleft() if self._changes else ():
                self.change(change)
            self.reads += 1
            if first:
                self.start = self.rows[offset:]
            return self.rows[offset : offset + limit]
        finally:
            self.in_flight -= 1


@attrs.define
class Played:
    """What became of a schedule."""

    delivered: list[int] = attrs.Factory(list)
    gave_up: bool = False
    errors: int = 0


async def play(schedule: Schedule) -> tuple[Played, MovingList]:
    """Read a list to its end, or give it up after a few PaginationErrors."""
    rows = MovingList(schedule)
    stops = deque(schedule.stops)
    played = Played()
    page = schedule.page_size
    paginator = Paginator(listing(rows.read), page_size=page, offset=schedule.offset, max_items=schedule.max_items)
    while paginator.end is None and not played.gave_up:
        count, resume = stops.popleft() if stops else (None, False)
        try:
            await _take(paginator, played.delivered, count, schedule.width)
        except PaginationError as error:
            played.errors += 1
            played.gave_up = played.errors > PATIENCE
            assert error.checkpoint == paginator.checkpoint()  # and it goes on  # noqa: PT017
            played.gave_up = played.gave_up or paginator.end is EndReason.REPEATED_PAGE
        if resume and paginator.end is None:
            left = None if schedule.max_items is None else schedule.max_items - len(played.delivered)
            point = Checkpoint.from_json(paginator.checkpoint().to_json())
            paginator = Paginator(listing(rows.read), page_size=page, max_items=left, resume=point)
    return played, rows


async def _take(paginator: Paginator[int], into: list[int], count: int | None, width: int) -> None:
    if width > 1:
        async with paginator.prefetch(width) as items, aclosing(items):
            await _drain(items, into, count)
    else:
        async with aclosing(aiter(paginator)) as items:
            await _drain(items, into, count)


async def _drain(items: Any, into: list[int], count: int | None) -> None:
    before = len(into)
    if count == 0:
        return
    async for item in items:
        into.append(item)
        if len(into) - before == count:
            return


def fault(schedule: Schedule, played: Played, rows: MovingList) -> str:
    """Return how the promise was broken, or an empty text.

    A row that came in between and was taken once may come again after a checkpoint; one that was there throughout not.
    """
    taken = played.delivered
    stayed = [row for row in rows.start if row < schedule.size and row not in rows.gone]
    again = [row for row in set(taken) if taken.count(row) > 1 and (row < schedule.size or not schedule.resumes)]
    if again:
        return f"handed out twice: {again}"
    if schedule.max_items is not None and len(taken) > schedule.max_items:
        return f"{len(taken)} rows, more than max_items"
    if rows.peak > schedule.width:
        return f"{rows.peak} pages under way at once"
    taken_in_order = [row for row in taken if row in set(stayed)]
    whole = not played.gave_up and (schedule.max_items is None or len(taken) < schedule.max_items)
    expected = stayed if whole else stayed[: len(taken_in_order)]
    if taken_in_order != expected:
        return f"missing or out of order: expected {expected}, got {taken_in_order}"
    return ""


def random_schedule(seed: int) -> Schedule:
    """Return a schedule; half of them with a quiet list's few changes, half with a busy one's many."""
    rng = random.Random(seed)
    busy = rng.choice([1, 4])
    changes = [
        [Change(rng.random() < 0.5, rng.random(), rng.randint(1, 3 * busy)) for _ in range(rng.randint(0, busy))]
        for _ in range(rng.randint(0, 30))
    ]
    offset = rng.choice([0, 0, rng.randint(0, 8)])
    return Schedule(
        size=rng.randint(0, 40),
        page_size=rng.randint(1, 8),
        changes=changes,
        width=rng.choice([1, 1, 2, 5]),
        delays=[rng.randint(0, 4) for _ in range(7)],
        offset=offset,
        max_items=rng.choice([None, None, rng.randint(0, 40)]),
        stops=[(rng.randint(0, 9), rng.random() < 0.4) for _ in range(rng.choice([0, 0, 3]))],
    )
