"""Reads new rows out of a search that is paid for, landing each page before anything else is done with it."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import attrs

from theirstack_async._engine.call import Reply
from theirstack_async._tasks import cancel_and_wait
from theirstack_async._walk import EndReason
from theirstack_async.errors import APIError, BudgetExceededError, DecodeError
from theirstack_async.incremental._batch import Window
from theirstack_async.incremental._plan import Ask, Count, Plan, Row
from theirstack_async.incremental._reader import Found
from theirstack_async.incremental.state._state import Id
from theirstack_async.pagination._rows import is_reject, reject_key

if TYPE_CHECKING:
    from theirstack_async._convert import Reject, Rows
    from theirstack_async.incremental._landing import Landing

T = TypeVar("T")
DRAIN: Final = 5.0
"""Seconds that a page which is on its way gets to arrive, and to be landed, when a run is cancelled."""


@attrs.frozen(kw_only=True)
class Source(Generic[T]):
    """What has to be known of a search."""

    label: str
    """What errors call it."""
    fetch: Callable[[Ask], Awaitable[Reply]]
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


class SearchReader(Generic[T]):
    """Reads a search as its plan says, the pages in the landing folder first."""

    def __init__(
        self, source: Source[T], plan: Plan, bounds: Bounds, *, key: str, landing: Landing | None, landed: Sequence[str]
    ) -> None:
        """``landed`` names pages that were acknowledged already and may still lie in the folder."""
        self.end: EndReason | None = None
        self._source = source
        self._plan = plan
        self._bounds = bounds
        self._key = key
        self._landing = landing
        self._settled = frozenset(landed)
        self._waiting: deque[int] | None = None
        self._numbers: dict[str, int] = {}
        self._rows = 0
        self._pages = 0
        self._held = False
        self._error: DecodeError | None = None

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
            waiting = await self._landed_pages()
            found = await (self._replay(waiting) if waiting else self._ask())
            if found is not None:
                return found
        return None

    async def discard(self, landed: list[str]) -> None:
        """Delete acknowledged pages from the landing folder."""
        if self._landing is not None:
            await self._landing.discard(
                self._key, [self._numbers.pop(name) for name in landed if name in self._numbers]
            )

    async def _landed_pages(self) -> deque[int]:
        if self._waiting is None:
            self._waiting = deque(await self._landing.pages(self._key)) if self._landing else deque()
        return self._waiting

    async def _replay(self, waiting: deque[int]) -> Found[T] | None:
        """Return a page that an earlier run bought, unless it was acknowledged."""
        assert self._landing is not None
        page = await self._landing.read(self._key, waiting[0])
        waiting.popleft()
        name: str = page.head["name"]
        self._numbers[name] = page.number
        if name in self._settled:
            await self.discard([name])
            return None
        ask = Ask.from_head(page.head)
        return self._take(ask, page.body, out_of_credits=page.head["out_of_credits"], landed=name)

    async def _ask(self) -> Found[T] | None:
        """Take one step of the plan; None if it brought no page."""
        wanted = None if self._bounds.max_items is None else self._bounds.max_items - self._rows
        if wanted == 0:
            self.end = EndReason.MAX_ITEMS
        elif self._bounds.max_pages == self._pages:
            self.end = EndReason.MAX_PAGES
        elif (step := self._plan.next(wanted)) is None:
            self.end = EndReason.EXHAUSTED
        elif isinstance(step, Count):
            self._plan.counted(await self._source.count(step))
        else:
            return await self._buy(step)
        return None

    async def _buy(self, ask: Ask) -> Found[T] | None:
        try:
            reply, landed = await (self._fetch(ask) if self._landing is None else _drained(self._fetch(ask)))
        except BudgetExceededError:
            self.end = EndReason.BUDGET
            return None
        except APIError as error:
            self._refused(ask, error)
            return None
        ask = attrs.evolve(ask, limit=reply.asked or ask.limit)
        self._pages += 1
        found = self._take(ask, reply.body, out_of_credits=reply.meta.status == 402, landed=landed)
        self._rows += len(found.rows) + len(found.rejects)
        return attrs.evolve(found, credits=reply.meta.credits, meta=reply.meta, replayed=False)

    async def _fetch(self, ask: Ask) -> tuple[Reply, str | None]:
        """Ask for a page, and land it."""
        reply = await self._source.fetch(ask)
        if self._landing is None:
            return reply, None
        name = uuid.uuid4().hex
        head = attrs.evolve(ask, limit=reply.asked or ask.limit).to_head()
        head |= {"name": name, "out_of_credits": reply.meta.status == 402, "credits": reply.meta.credits}
        self._numbers[name] = await self._landing.keep(self._key, head, reply.body)
        return reply, name

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

    def _take(self, ask: Ask, body: bytes, *, out_of_credits: bool, landed: str | None) -> Found[T]:
        """Decode a page, and return what is new of it, as one from the folder."""
        page = self._source.decode(body)
        withheld = page.metadata and (page.metadata.truncated_results or page.metadata.truncated_companies)
        cut = out_of_credits or (withheld or 0) > 0
        if not page.rows and page.metadata_problems:
            # It could have ended early, and then it would not be the end.
            raise DecodeError(
                f"{self._source.label}: an empty page whose metadata cannot be read: {page.metadata_problems[0]}",
                problems=page.metadata_problems,
                body=body,
            )
        rows = [self._row(row) for row in page.rows]
        taken = self._plan.take(ask, rows, cut=cut)
        if cut:
            self.end = EndReason.TRUNCATED_BY_CREDITS
        new = [page.rows[place] for place in taken.new]
        rejects = [row.to_error(self._source.label) for row in new if is_reject(row)]
        held = bool(rejects) and not self._bounds.collect
        if held:
            # The mark stays before such a row, and its page stays in the folder, for a release that can read it.
            self._held, self._error, landed = True, rejects[0], None
        times = [at for _, at in rows if at is not None]
        latest = max(times, default=0.0)
        return Found(
            rows=[row for row in new if not is_reject(row)],
            ids={
                rows[place][0]: latest if (at := rows[place][1]) is None else at
                for place in taken.new
                if not (held and is_reject(page.rows[place]))
            },
            mark=None if self._held else taken.mark,
            window=_window([rows[place][1] for place in taken.new]),
            repeated=len(rows) - len(new),
            rejects=() if held else tuple(rejects),
            landed=landed,
            replayed=True,
        )

    def _row(self, row: T | Reject) -> Row:
        return (reject_key(row), None) if is_reject(row) else self._source.row(row)


def _window(instants: Sequence[float | None]) -> Window:
    known = [datetime.fromtimestamp(at, UTC) for at in instants if at is not None]
    return Window(min(known), max(known)) if known else Window()


async def _drained(coming: Awaitable[T]) -> T:
    """Await something that is paid for. When the caller is cancelled it gets some seconds to end, unless again."""
    task = asyncio.ensure_future(coming)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task], timeout=DRAIN)
        await cancel_and_wait([task])
        raise
