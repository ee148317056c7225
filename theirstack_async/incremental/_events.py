"""Reads new events out of a webhook's list, which is free, and has neither a time filter nor an order to rely on."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from typing import TYPE_CHECKING

from theirstack_async._ids import IdSet
from theirstack_async._walk import EndReason
from theirstack_async.errors import DecodeError
from theirstack_async.incremental._batch import Window
from theirstack_async.incremental._reader import Found
from theirstack_async.incremental.state._state import Id
from theirstack_async.pagination._rows import body_key

if TYPE_CHECKING:
    from theirstack_async.models import WebhookEvent
    from theirstack_async.pagination import Page, Paginator


class EventReader:
    """Reads the whole list, and leaves out the events that are known."""

    mark: float | None = None

    def __init__(
        self, events: Paginator[WebhookEvent], seen: Iterable[int], *, max_items: int | None, collect: bool
    ) -> None:
        """``events`` is a listing from its start that collects what does not decode."""
        self.end: EndReason | None = None
        self._known = IdSet(seen)
        self._events = events
        self._left = max_items
        self._collect = collect
        self._error: DecodeError | None = None

    def keeps_from(self, mark: float | None) -> None:
        """Return nothing: every id is needed for as long as its event may be listed."""

    async def pull(self) -> Found[WebhookEvent] | None:
        """Return the next page, None at the end."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        if self._left == 0:
            self.end = EndReason.MAX_ITEMS
        if self.end is None:
            async with aclosing(self._events.pages()) as pages:
                async for page in pages:
                    return self._found(page)
            self.end = EndReason.EXHAUSTED
        return None

    async def discard(self, landed: list[str]) -> None:
        """Do nothing: events are free, and are not landed."""

    def _found(self, page: Page[WebhookEvent]) -> Found[WebhookEvent]:
        known = self._known.among([event.id for event in page.items])
        rows = [event for event in page.items if event.id not in known][: self._left]
        if self._left is not None:
            self._left -= len(rows)
        rejects = {body_key(error.body): error for error in page.rejects}
        rejects = {key: error for key, error in rejects.items() if key not in self._known}
        if rejects and not self._collect:
            self._error = next(iter(rejects.values()))
            rejects = {}
        ids: dict[Id, float] = {event.id: event.triggered_at.timestamp() for event in rows}
        ids |= dict.fromkeys(rejects, 0.0)
        self._known.update([*(event.id for event in rows), *rejects])
        times = [event.triggered_at for event in rows]
        return Found(
            rows=rows,
            ids=ids,
            window=Window(min(times), max(times)) if times else Window(),
            rejects=tuple(rejects.values()),
            meta=page.meta,
        )
