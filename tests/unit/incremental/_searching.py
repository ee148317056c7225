"""A search that plays a script, and the plan that follows it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import attrs

from theirstack_async import APIError, DecodeError, SearchMetadata
from theirstack_async._convert import Reject, Rows
from theirstack_async._engine.call import CallState, Reply
from theirstack_async._wire.message import ResponseMeta
from theirstack_async.errors import Problem, Sent
from theirstack_async.incremental._kept import KeptPages
from theirstack_async.incremental._plan import Ask, Count, Plan, Row, Taken
from theirstack_async.incremental._search import Bounds, SearchReader, Source

Item = tuple[int, float | None]
Act = bytes | Reply | BaseException | Callable[[], Awaitable[Reply]]


def meta(status: int = 200, credits_: int = 0, date: datetime | None = None) -> ResponseMeta:
    return ResponseMeta(
        status=status, request_id="r", attempts=1, elapsed=0.1, rate_limit=None, credits=credits_, date=date
    )


def reply(
    body: bytes,
    *,
    status: int = 200,
    credits: int = 0,  # noqa: A002
    asked: int = 0,
    date: datetime | None = None,
) -> Reply:
    return Reply(body, meta(status, credits, date), asked)


def page(*items: int | str, withheld: int | None = None, companies: int | None = None, bad: str = "") -> bytes:
    """Return a page: numbers are rows, discovered at so many seconds; texts are rows that do not decode."""
    return json.dumps({"items": items, "withheld": withheld, "companies": companies, "bad": bad}).encode()


def decode(body: bytes) -> Rows[Item]:
    """Decode a page; one that is none raises, as a converter does."""
    if not body.startswith(b"{"):
        raise DecodeError("no page", problems=[Problem("data", "missing")], body=body)
    told = json.loads(body)
    rows: list[Item | Reject] = []
    for index, item in enumerate(told["items"]):
        problems = (Problem("id", "odd"),)
        number = int(item[1:]) if isinstance(item, str) and item[1:] else None
        rows.append((item, float(item)) if isinstance(item, int) else Reject(index, item.encode(), problems, number))
    metadata = SearchMetadata(truncated_results=told["withheld"], truncated_companies=told["companies"])
    bad = (Problem("metadata", told["bad"]),) if told["bad"] else ()
    return Rows(rows, sum(isinstance(row, Reject) for row in rows), None if bad else metadata, bad)


@attrs.define
class Script:
    """Answers one act after the other, the last again and again."""

    acts: list[Act]
    asks: list[Ask] = attrs.field(factory=list[Ask])
    counts: list[Count] = attrs.field(factory=list[Count])
    count_error: BaseException | None = None
    sent: Sent = "maybe"
    """Whether its requests were sent by the time that it answers."""
    started: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def fetch(self, ask: Ask, state: CallState) -> Reply:
        self.asks.append(ask)
        state.sent = self.sent
        self.started.set()
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        if isinstance(act, bytes):
            return reply(act, credits=len(json.loads(act)["items"]) if act.startswith(b"{") else 0)
        if isinstance(act, Reply):
            return act
        if isinstance(act, BaseException):
            raise act
        return await act()

    async def count(self, step: Count) -> int:
        self.counts.append(step)
        if self.count_error:
            raise self.count_error
        return 7


@attrs.define
class StubPlan:
    """Asks for pages until an empty one, and notes what it is told."""

    mark: float | None = 5.0
    steps: list[Ask | Count | None] = attrs.field(factory=list[Any])
    """What to ask for before all else."""
    known: set[Any] = attrs.field(factory=set[Any])
    says: Callable[[APIError], bool] = lambda _: False
    log: list[Any] = attrs.field(factory=list[Any])
    times: list[float | None] = attrs.field(factory=list[Any])
    """The server's time of each page that it took in."""
    done: bool = False

    def next(self, wanted: int | None) -> Ask | Count | None:
        self.log.append(("next", wanted))
        if self.steps:
            return self.steps.pop(0)
        return None if self.done else Ask(100 if wanted is None else wanted)

    def counted(self, total: int) -> None:
        self.log.append(("counted", total))

    def take(
        self, ask: Ask, rows: Sequence[Row], *, cut: bool = False, bought: bool = True, now: float | None = None
    ) -> Taken:
        self.times.append(now)
        self.log.append(("take", ask.limit, [id_ for id_, _ in rows], cut, bought))
        self.done = bought and not rows and not cut
        new = [place for place, (id_, _) in enumerate(rows) if id_ not in self.known]
        self.known.update(id_ for id_, _ in rows)
        return Taken(new, 9.0)

    def refused(self, ask: Ask | Count, error: APIError) -> bool:
        self.log.append(("refused", ask.limit if isinstance(ask, Ask) else ask.start, error.status))
        return self.says(error)

    def keeps_from(self, mark: float | None) -> float | None:
        return None if mark is None else mark - 1

    @property
    def taken(self) -> list[Any]:
        """The pages that it took in."""
        return [entry for entry in self.log if entry[0] == "take"]


def row(item: Item) -> Row:
    return item


def reader(
    script: Script, plan: Plan | None = None, kept: KeptPages | None = None, **bounds: Any
) -> SearchReader[Item]:
    source = Source(label="POST /search", fetch=script.fetch, count=script.count, decode=decode, row=row)
    return SearchReader(source, plan or StubPlan(), Bounds(**bounds), kept or KeptPages(None, "key", []))
