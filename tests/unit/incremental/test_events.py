"""The whole list of events is read each time, and those that are known are left out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from tests.unit.incremental._searching import meta
from tests.unit.incremental.sinks._runs import BEGIN
from theirstack_async import DecodeError, EndReason, WebhookEvent, WebhookEventStatus, Window
from theirstack_async.incremental._events import EventReader
from theirstack_async.incremental._reader import Found
from theirstack_async.pagination import Page
from theirstack_async.pagination._rows import body_key

STATUS = WebhookEventStatus("FAILED")


def event(number: int) -> WebhookEvent:
    """Return an event that was triggered so many seconds after the beginning."""
    at = BEGIN + timedelta(seconds=number)
    return WebhookEvent(id=number, webhook_id=7, triggered_at=at, status=STATUS, created_at=BEGIN, updated_at=BEGIN)


def page(*rows: int | str) -> Page[WebhookEvent]:
    """Return a page: numbers are events, texts are rows that do not decode."""
    rejects = tuple(DecodeError(row, body=row.encode()) for row in rows if isinstance(row, str))
    return Page([event(row) for row in rows if isinstance(row, int)], 0, meta(), rejects, 0)


@attrs.define
class Pages:
    """Stands in for a paginator."""

    left: list[Page[WebhookEvent] | BaseException]
    closed: int = 0

    async def pages(self) -> AsyncGenerator[Page[WebhookEvent], None]:
        try:
            while self.left:
                step = self.left.pop(0)
                if isinstance(step, BaseException):
                    raise step
                yield step
        finally:
            self.closed += 1


def reader(
    pages: Pages | list[Page[WebhookEvent] | BaseException],
    seen: Iterable[int] = (),
    *,
    max_items: int | None = None,
    collect: bool = False,
) -> EventReader:
    events: Any = pages if isinstance(pages, Pages) else Pages(pages)
    return EventReader(events, seen, max_items=max_items, collect=collect)


async def pulled(found: EventReader) -> Found[WebhookEvent]:
    step = await found.pull()
    assert step is not None
    return step


def numbers(found: Found[WebhookEvent]) -> list[int]:
    return [row.id for row in found.rows]


async def test_pages_and_the_end() -> None:
    pages = Pages([page(3, 1, 2), page(4)])
    events = reader(pages, [1, 9])
    found = await pulled(events)
    assert numbers(found) == [3, 2]
    assert found.ids == {number: BEGIN.timestamp() + number for number in (3, 2)}
    assert found.window == Window(BEGIN + timedelta(seconds=2), BEGIN + timedelta(seconds=3))
    assert (found.mark, found.credits, found.rejects, found.meta) == (None, 0, (), meta())
    assert pages.closed == 1
    assert numbers(await pulled(events)) == [4]
    assert events.end is None
    assert await events.pull() is None
    assert events.end is EndReason.EXHAUSTED
    closed = pages.closed
    assert await events.pull() is None
    assert pages.closed == closed


async def test_a_page_of_known_events_has_no_window() -> None:
    found = await pulled(reader([page(1, 2)], [1, 2]))
    assert (found.rows, found.ids, found.window) == ([], {}, Window())


async def test_events_that_moved_come_once() -> None:
    events = reader([page(1, 2), page(2, 3)])
    assert [numbers(await pulled(events)), numbers(await pulled(events))] == [[1, 2], [3]]


async def test_there_is_no_mark_and_every_id_is_needed() -> None:
    events = reader([])
    events.keeps_from(5.0)
    assert events.mark is None
    await events.discard(["a"])


class TestMaxItems:
    async def test_no_more_than_wanted(self) -> None:
        events = reader([page(1, 2), page(3, 4, 5), page(6)], max_items=3)
        assert [numbers(await pulled(events)), numbers(await pulled(events))] == [[1, 2], [3]]
        assert events.end is None
        assert await events.pull() is None
        assert events.end is EndReason.MAX_ITEMS

    async def test_what_was_cut_off_is_not_known(self) -> None:
        events = reader([page(1, 2), page(2, 3)], max_items=1)
        assert (await pulled(events)).ids == {1: BEGIN.timestamp() + 1}

    async def test_known_ones_do_not_count(self) -> None:
        events = reader([page(1, 2, 3)], [1], max_items=2)
        assert numbers(await pulled(events)) == [2, 3]

    async def test_none(self) -> None:
        pages = Pages([page(1)])
        events = reader(pages, max_items=0)
        assert await events.pull() is None
        assert (events.end, pages.closed) == (EndReason.MAX_ITEMS, 0)


class TestRejects:
    async def test_collected_ones_are_known_from_then_on(self) -> None:
        events = reader([page(1, "a", "b"), page("b", "c")], [body_key(b"a")], collect=True)
        found = await pulled(events)
        assert [str(error) for error in found.rejects] == ["b"]
        assert found.ids == {1: BEGIN.timestamp() + 1, body_key(b"b"): 0.0}
        found = await pulled(events)
        assert ([str(error) for error in found.rejects], found.window) == (["c"], Window())

    async def test_else_the_first_is_raised_after_the_good_ones(self) -> None:
        events = reader([page(1, "a", "b"), page(2)])
        found = await pulled(events)
        assert (numbers(found), found.rejects, set(found.ids)) == ([1], (), {1})
        with pytest.raises(DecodeError, match="a"):
            await events.pull()
        assert numbers(await pulled(events)) == [2]
        assert await events.pull() is None

    async def test_one_that_was_collected_before_is_not_raised(self) -> None:
        events = reader([page(1, "a")], [body_key(b"a")])
        await pulled(events)
        assert await events.pull() is None


async def test_an_error_of_the_listing_is_raised() -> None:
    events = reader([page(1), DecodeError("no page"), page(2)])
    await pulled(events)
    with pytest.raises(DecodeError, match="no page"):
        await events.pull()
    assert events.end is None
    assert numbers(await pulled(events)) == [2]
