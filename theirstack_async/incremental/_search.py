"""Reads new rows out of a search that is paid for, landing each page before anything else is done with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import attrs

from theirstack_async._convert.rows import Reject
from theirstack_async._engine.call import CallState, Reply
from theirstack_async._tasks import cancel_and_wait
from theirstack_async._walk import EndReason
from theirstack_async.errors import APIError, BudgetExceededError, DecodeError
from theirstack_async.incremental._batch import Window
from theirstack_async.incremental._kept import KeptPages
from theirstack_async.incremental._plan import Ask, Count, Plan, Row
from theirstack_async.incremental._progress import LAST_INSTANT
from theirstack_async.incremental._reader import Found
from theirstack_async.pagination._rows import reject_key, withheld_by

if TYPE_CHECKING:
    from theirstack_async._convert import Rows
    from theirstack_async.incremental._landing import Landed

T = TypeVar("T")
DRAIN: Final = 5.0
"""Seconds that a page which is on its way gets to arrive, and to be landed, when a run is cancelled."""


@attrs.frozen(kw_only=True)
class Source(Generic[T]):
    """What has to be known of a search."""

    label: str
    """What errors call it."""
    fetch: Callable[[Ask, CallState], Awaitable[Reply]]
    """Asks for a page, and tells in the state whether it was sent."""
    count: Callable[[Count], Awaitable[int]]
    """How many rows there are, for free."""
    decode: Callable[[bytes], Rows[T]]
    row: Callable[[T], Row]
    """From a row to its id and its instant."""


@attrs.frozen(kw_only=True)
class Bounds:
    """What one run may read."""

    max_items: int | None = None
    max_pages: int | None = None
    collect: bool = False
    """Whether rows that do not decode are collected, or raised."""


@attrs.frozen
class _Arrival:
    """A page that has come."""

    ask: Ask
    reply: Reply
    landed: str | None


class SearchReader(Generic[T]):
    """Reads a search as its plan says, the pages in the landing folder first."""

    def __init__(self, source: Source[T], plan: Plan, bounds: Bounds, kept: KeptPages) -> None:
        self.end: EndReason | None = None
        self._source = source
        self._plan = plan
        self._bounds = bounds
        self._kept = kept
        self._rows = 0
        self._pages = 0
        self._held = False
        self._error: DecodeError | None = None
        self._kept_error: DecodeError | None = None
        self._late: _Arrival | None = None

    @property
    def mark(self) -> float | None:
        """How far every row is known."""
        return None if self._held else self._plan.mark

    def keeps_from(self, mark: float | None) -> float | None:
        """Return from which instant on the ids of stored rows are needed with a mark; None for all of them."""
        return self._plan.keeps_from(mark)

    async def pull(self) -> Found[T] | None:
        """Return the next page, None at the end."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        while self.end is None:
            page = await self._kept.next()
            found = await self._ask() if page is None else self._replay(page)
            if found is not None:
                return found
        if self._kept_error is not None:
            error, self._kept_error = self._kept_error, None
            raise error
        return None

    async def discard(self, landed: list[str]) -> None:
        """Delete acknowledged pages from the landing folder."""
        await self._kept.discard(landed)

    def _replay(self, page: Landed) -> Found[T]:
        """Return a page that an earlier run bought."""
        head = page.head
        try:
            now: float | None = head["now"]
            found = self._take(Ask.from_head(head), page.body, head["name"], cut=head["out_of_credits"], now=now)
            return attrs.evolve(found, cost=head["credits"])
        except DecodeError as error:
            problems = error.problems
        raise DecodeError(
            f"{self._source.label}: the page that is kept in {page.path} does not decode: {problems[0]}; it was paid "
            "for, so nothing more is asked for until a release of theirstack-async can read it, or the file is moved "
            "away",
            problems=problems,
            body=page.body,
        )

    async def _ask(self) -> Found[T] | None:
        """Take one step of the plan; None if it brought no page."""
        if self._late is not None:
            page, self._late = self._late, None
            return self._arrived(page)
        wanted = None if self._bounds.max_items is None else self._bounds.max_items - self._rows
        if wanted is not None and wanted <= 0:
            self.end = EndReason.MAX_ITEMS
        elif self._bounds.max_pages == self._pages:
            self.end = EndReason.MAX_PAGES
        elif (step := self._plan.next(wanted)) is None:
            self.end = EndReason.EXHAUSTED
        elif isinstance(step, Count):
            await self._count(step)
        else:
            return await self._buy(step)
        return None

    async def _count(self, step: Count) -> None:
        try:
            self._plan.counted(await self._source.count(step))
        except APIError as error:
            if not self._plan.refused(step, error):
                raise

    async def _buy(self, ask: Ask) -> Found[T] | None:
        try:
            arrival = await self._arrival(ask)
        except BudgetExceededError:
            self.end = EndReason.BUDGET
            return None
        except APIError as error:
            self._refused(ask, error)
            return None
        return self._arrived(arrival)

    async def _arrival(self, ask: Ask) -> _Arrival:
        """Ask for a page. One that is sent when the caller is cancelled gets some seconds to come."""
        state = CallState()
        coming = asyncio.ensure_future(self._fetch(ask, state))
        try:
            return await asyncio.shield(coming)
        except asyncio.CancelledError:
            if state.sent != "no":
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([coming], timeout=DRAIN)
            await cancel_and_wait([coming])
            if not coming.cancelled() and coming.exception() is None:
                self._late = coming.result()
            raise

    async def _fetch(self, ask: Ask, state: CallState) -> _Arrival:
        """Ask for a page, and land it."""
        reply = await self._source.fetch(ask, state)
        return _Arrival(attrs.evolve(ask, limit=reply.asked or ask.limit), reply, await self._kept.keep(ask, reply))

    def _arrived(self, page: _Arrival) -> Found[T]:
        """Return a page that has been bought."""
        self._pages += 1
        meta = page.reply.meta
        now = None if meta.date is None else meta.date.timestamp()
        found = self._take(page.ask, page.reply.body, page.landed, cut=meta.status == 402, bought=True, now=now)
        # Rows that come again cost as much.
        self._rows += len(found.rows) + len(found.rejects) + found.repeated
        return attrs.evolve(found, credits=meta.credits, cost=meta.credits, meta=meta)

    def _refused(self, ask: Ask, error: APIError) -> None:
        """End the run, or let the plan ask for something else, or raise."""
        if error.status == 402:
            self.end = EndReason.TRUNCATED_BY_CREDITS
        elif self._plan.refused(ask, error):
            return
        elif error.status == 403 and self._pages:
            self.end = EndReason.PLAN_LIMIT
        else:
            raise error

    def _take(
        self, ask: Ask, body: bytes, landed: str | None, *, cut: bool, now: float | None, bought: bool = False
    ) -> Found[T]:
        """Decode a page, and return what is new of it, as one from the folder."""
        page = self._source.decode(body)
        cut = cut or withheld_by(page.metadata) > 0
        if not page.rows and page.metadata_problems:
            # It could have ended early, and then it would not be the end.
            raise DecodeError(
                f"{self._source.label}: an empty page whose metadata cannot be read: {page.metadata_problems[0]}",
                problems=page.metadata_problems,
                body=body,
            )
        rows = [self._row(row) for row in page.rows]
        taken = self._plan.take(ask, rows, cut=cut, bought=bought, now=now)
        if cut and bought:
            self.end = EndReason.TRUNCATED_BY_CREDITS
        new = [page.rows[place] for place in taken.new]
        rejects = [row.to_error(self._source.label) for row in new if isinstance(row, Reject)]
        held = bool(rejects) and not self._bounds.collect
        if held:
            # The mark stays before such a row, and its page stays in the folder, for a release that can read it.
            self._held, landed = True, None
            if bought:
                self._error = rejects[0]
            else:
                # It was raised when it was bought: now what is new comes first.
                self._kept_error = rejects[0]
        times = [at for _, at in rows if at is not None]
        latest = max(times, default=0.0)
        return Found(
            rows=[row for row in new if not isinstance(row, Reject)],
            ids={
                rows[place][0]: latest if (at := rows[place][1]) is None else at
                for place in taken.new
                if not (held and isinstance(page.rows[place], Reject))
            },
            mark=None if self._held else taken.mark,
            window=_window([rows[place][1] for place in taken.new]),
            repeated=len(rows) - len(new),
            rejects=() if held else tuple(rejects),
            landed=landed,
            replayed=not bought,
        )

    def _row(self, row: T | Reject) -> Row:
        return (reject_key(row), None) if isinstance(row, Reject) else self._source.row(row)


def _window(instants: Sequence[float | None]) -> Window:
    known = [datetime.fromtimestamp(min(at, LAST_INSTANT), UTC) for at in instants if at is not None]
    return Window(min(known), max(known)) if known else Window()
