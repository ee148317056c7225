"""A billed list: rows have a price, a plan may cut pages or end early, credits run out, and rows come and go."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import attrs

from theirstack_async import Paginator
from theirstack_async._convert import Reject, Rows
from theirstack_async._engine.pipeline import Reply
from theirstack_async._straight import StraightWalk
from theirstack_async._walk import Ask
from theirstack_async._wire.message import ResponseMeta
from theirstack_async.errors import InsufficientCreditsError, PermissionDeniedError, Problem
from theirstack_async.models import SearchMetadata
from theirstack_async.pagination import Listing

PLAN_ROWS: Final = 25


@attrs.define
class Billed:
    """What a server with such a list does, and what it bills."""

    rows: list[int]
    cap: int | None = None
    """A plan that cuts pages to so many rows."""
    pages: int | None = None
    """A plan that gives so many pages."""
    refuses: bool = False
    """Whether the plan's end is a refusal, or else an empty page."""
    credits: int | None = None
    envelope: bool = False
    """Whether an empty account is told by an error, or else by a page that is short."""
    before: Callable[[int], None] = lambda _: None
    """Called with the number of each request, before it is answered; may change ``rows``."""
    asks: list[Ask] = attrs.Factory(list)
    billed: int = 0
    by_size: bool = False
    """Whether the plan counts pages by the size of the one that is asked for."""
    broken: int = 0
    """Each row that is a multiple of this does not decode."""
    damage: bool = False
    """Whether what a page says of the list does not decode."""

    async def fetch(self, ask: Ask) -> Reply:
        """Answer a request."""
        self.asks.append(ask)
        self.before(len(self.asks) - 1)
        limit = min(ask.limit, self.cap or ask.limit)
        total = len(self.rows) if ask.total else None
        beyond_plan = self.pages is not None and ask.offset >= self.pages * (limit if self.by_size else PLAN_ROWS)
        if beyond_plan and self.refuses:
            raise PermissionDeniedError("the plan ends here", status=403)
        rows = [] if beyond_plan else self.rows[ask.offset : ask.offset + limit]
        if self.credits is None:
            self.billed += len(rows)
            return _page(rows, total)
        paid = rows[: self.credits - self.billed]
        self.billed += len(paid)
        if rows and not paid and self.envelope:
            raise InsufficientCreditsError("no credits", status=402)
        return _page(paid, total, len(rows) - len(paid))

    def _decode(self, body: bytes) -> Rows[int]:
        data = json.loads(body)
        problems = (Problem("metadata.total_results", 'expected int, got "x"'),) if self.damage else ()
        rows: list[Any] = data["data"]
        if self.broken:
            wrong = (Problem("", "no number"),)
            rows = [row if row % self.broken else Reject(at, b"%d" % row, wrong, row) for at, row in enumerate(rows)]
        return Rows(rows, sum(isinstance(row, Reject) for row in rows), SearchMetadata(**data["metadata"]), problems)

    def paginator(self, page_size: int = 25, *, price: int = 1, **options: Any) -> Paginator[int]:
        """Return a paginator over the list."""
        walk = {name: options.pop(name) for name in ("max_pages", "totals", "whole_pages") if name in options}
        made: Listing[int] = Listing(
            label="POST /rows",
            fetch=self.fetch,
            decode=self._decode,
            key=int,
            digest="rows",
            walk=partial(StraightWalk, **walk),
            credits_per_row=price,
        )
        return Paginator(made, page_size=page_size, **options)


def _page(rows: list[int], total: int | None, withheld: int = 0) -> Reply:
    data = {"data": rows, "metadata": {"total_results": total, "truncated_results": withheld}}
    return Reply(json.dumps(data).encode(), ResponseMeta(200, None, 1, 0.0, None))
