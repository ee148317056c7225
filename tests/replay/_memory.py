"""An API in memory whose events can be replayed: what it holds, what goes wrong, and what it was asked for.

The :class:`World` is the API, and outlives the programs that use it; a :class:`MemoryProvider` is one program's way
to it. Times are Unix seconds by the clock of the running loop (``_virtual.py``).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import attrs

from tests.replay._virtual import START, LoopClock
from theirstack_async._check import check_id
from theirstack_async.replay import ReplayCapabilities, ReplayEvent, ReplayWindow, Resent, Trace
from theirstack_async.replay._provider import DeliveryStatus, WebhookId

Fate = Literal["taken", "partly", "throttled", "refused", "unsent", "lost", "dropped", "closed", "over"]
"""What becomes of a call.

``taken``: what the ids deserve. ``partly``: taken, and the answer tells only of the first half. ``lost``: taken, and
the answer is lost. ``dropped``: lost on the way there, which looks the same. Of the others the answer says that
nothing was done, and nothing was.
"""
WORDS: Final[Mapping[DeliveryStatus, str]] = {
    "failed": "FAILED", "pending": "PENDING", "delivered": "SENT", "skipped": "SKIPPED",
}  # fmt: skip
CAPABILITIES: Final = ReplayCapabilities(
    provider="memory",
    id_type=int,
    max_ids=25,
    batch_size=25,
    outcomes="each",
    status_filter=True,
    time_filter=False,
    statuses=tuple(WORDS.values()),
    auto_retry="include",
)
"""All ids of a call may differ in outcome, and nothing bounds its pace."""
BITGO_LIKE: Final = (ReplayWindow(45, 60.0, "ids", "webhook"), ReplayWindow(300, 60.0, "calls", "account"))


@attrs.define(kw_only=True)
class Row:
    """An event, or where the API adds rows, one attempt of one."""

    id: int
    webhook_id: WebhookId
    created_at: float
    updated_at: float
    status: DeliveryStatus = "failed"
    group: str | None = None
    handle: str | None = None
    next_attempt: float | None = None
    """When the API tries it by itself."""
    due: float | None = None
    """When it is tried, since a resend."""
    taken: int = 0
    """How often a resend of it was accepted."""
    delivered: int = 0
    """How often the receiver has taken it."""
    delivered_at: float = float("inf")
    """When it took it first."""
    hidden: bool = False
    """Whether the list leaves it out."""


@attrs.frozen
class Call:
    """A resend call."""

    sent: float
    webhook_id: WebhookId
    ids: tuple[int, ...]


@attrs.frozen
class Log:
    """A line about a call, in the order in which they arrived."""

    sent: float
    arrived: float
    """Seconds of the loop's time, both."""
    webhook_id: WebhookId
    count: int
    fate: Fate


@attrs.define(kw_only=True)
class World:
    """The API: its events, its receivers, and its manners. All of it may be changed at any time."""

    rows: dict[int, Row] = attrs.Factory(dict)
    poison: set[int] = attrs.Factory(set)
    """Ids that sink their call."""
    rejects: set[int] = attrs.Factory(set)
    """Ids that are refused, alone where outcomes are told for each."""
    skips: set[int] = attrs.Factory(set)
    """Ids that are accepted and then left out."""
    closed: set[WebhookId] = attrs.Factory(set)
    takes: Callable[[Row, float], bool] = lambda row, at: True
    """Whether the receiver takes an event that is tried at a time (Unix seconds)."""
    fate: Callable[[Call], Fate] = lambda call: "taken"
    latency: Callable[[], float] = lambda: 0.2
    """Seconds that a resend call takes; half-way it is there."""
    delay: Callable[[], float] = lambda: 1.0
    """Seconds from when a resend is accepted to the attempt."""
    list_latency: float = 0.1
    """Seconds for each row's page of 100, and for each look."""
    listing: Callable[[], Exception | None] = lambda: None
    """Asked at the start of each list and look: what it fails with."""
    before_row: Callable[[int], None] = lambda number: None
    """Called before a list yields the row of this number, from 0: may change what there is."""
    retry_after: float | None = 5.0
    shows_pending: bool = True
    """Whether an accepted event is shown as pending, and not as it was, until it is tried."""
    adds_rows: bool = False
    """Whether a resend adds a row of the same group, and leaves the old one as it was."""
    calls: list[Log] = attrs.Factory(list)
    sent: Counter[int] = attrs.Factory(Counter)
    """How often each id was in a call."""
    doubts: Counter[int] = attrs.Factory(Counter)
    """How often each id was in a call whose answer did not tell what became of it."""
    looks: int = 0
    lists: int = 0
    _ids: Any = attrs.Factory(lambda: itertools.count(1))

    def seed(self, count: int, webhook_id: WebhookId = 1, *, age: float = 3600.0, **how: Any) -> list[int]:
        """Let so many events have failed, the first one so many seconds before the loop's time began, a second each."""
        new = list(itertools.islice(self._ids, count))
        for place, id_ in enumerate(new):
            at = START - age + place
            group = f"event {id_}" if self.adds_rows else None
            self.rows[id_] = Row(
                **{"id": id_, "webhook_id": webhook_id, "created_at": at, "updated_at": at, "group": group, **how}
            )
        return new

    def settle(self, row: Row, now: float) -> Row:
        """Do what was to be done with a row until now, and return it."""
        if row.next_attempt is not None and row.next_attempt <= now and row.status == "failed":
            row.due, row.next_attempt = min(row.due or row.next_attempt, row.next_attempt), None
        if row.due is not None and row.due <= now:
            row.updated_at, row.due = row.due, None
            taken = self.takes(row, row.updated_at)
            row.delivered += taken
            row.delivered_at = min(row.delivered_at, row.updated_at if taken else float("inf"))
            if row.status != "delivered":
                row.status = "delivered" if taken else "failed"
        return row

    def accept(self, id_: int, now: float) -> str | None:
        """Take the resend of an event, and return the handle of the delivery."""
        row = self.settle(self.rows[id_], now)
        row.taken += 1
        if not self.adds_rows:
            return self._attempt(row, now)
        new = next(self._ids)
        handle = f"request {new}"
        added = Row(
            id=new, webhook_id=row.webhook_id, created_at=now, updated_at=now, group=row.group, handle=handle,
            status="pending",
        )  # fmt: skip
        self.rows[new] = added
        self._attempt(added, now)
        return handle

    def _attempt(self, row: Row, now: float) -> None:
        if row.id in self.skips:
            row.status, row.updated_at = "skipped", now
        elif row.due is None:
            row.due = now + self.delay()
            row.status = "pending" if self.shows_pending and row.status != "delivered" else row.status

    def attempts(self, id_: int, now: float) -> list[Row]:
        """Return the rows about an event: its own, and those that resends of it added."""
        row = self.rows[id_]
        found = [row] if row.group is None else [each for each in self.rows.values() if each.group == row.group]
        return [self.settle(each, now) for each in found]

    def doubled(self) -> list[int]:
        """Return the ids that were accepted more than once."""
        return [row.id for row in self.rows.values() if row.taken > 1]

    def finish(self) -> None:
        """Let all that was accepted be tried."""
        for row in self.rows.values():
            self.settle(row, float("inf") if row.due is None else row.due)

    def fates(self) -> Counter[Fate]:
        """Return how many calls had which fate."""
        return Counter(log.fate for log in self.calls)


class MemoryProvider:
    """A program's way to a world.

    Args:
        world: the API.
        how: capabilities other than those of ``CAPABILITIES``.
    """

    def __init__(self, world: World, **how: Any) -> None:
        self.world = world
        self.capabilities = attrs.evolve(CAPABILITIES, **how)
        self.where = "memory://world"
        self.closed = False
        self._clock = LoopClock()

    async def list_failed(
        self, webhook_id: WebhookId, *, start: datetime | None, end: datetime | None, status: Collection[str]
    ) -> AsyncIterator[ReplayEvent[int]]:
        """Yield the events of a webhook, newest first, a page of 100 at a time."""
        self.world.lists += 1
        self._check_listing()
        wanted = {word.upper() for word in status} if self.capabilities.status_filter else set(WORDS.values())
        groups: set[str | None] = set()
        rows = [row for row in self.world.rows.values() if row.webhook_id == webhook_id]
        rows.sort(key=lambda row: (row.created_at, row.id), reverse=True)
        for number, row in enumerate(rows):
            if number % 100 == 0:
                await self._clock.sleep(self.world.list_latency)
            self.world.before_row(number)
            event = self._event(self.world.settle(row, self._clock.now()))
            if event.word in wanted and not row.hidden:
                groups.add(row.group)
                yield event
        for row in rows:
            if row.status == "delivered" and row.group is not None and row.group in groups:
                yield self._event(row)

    async def resend(self, webhook_id: WebhookId, ids: Collection[int]) -> Resent[int]:
        """Have events delivered again."""
        call = Call(self._clock.monotonic(), webhook_id, tuple(ids))
        assert len(set(call.ids)) == len(call.ids) > 0, "an id twice in a call, or none"
        assert len(call.ids) <= (self.capabilities.max_ids or len(call.ids)), "more ids than a call may have"
        assert {self.world.rows[id_].webhook_id for id_ in call.ids} == {webhook_id}, "ids of another webhook"
        fate, latency = self.world.fate(call), self.world.latency()
        try:
            try:
                await self._clock.sleep(latency / 2)
            finally:
                # What is on its way arrives, also when nobody waits for the answer any more.
                resent = self._arrived(call, fate)
            await self._clock.sleep(latency / 2)
        except BaseException:
            self.world.doubts.update(call.ids)
            raise
        if fate in ("lost", "dropped", "partly"):
            self.world.doubts.update(set(call.ids) - resent.accepted.keys() - resent.rejected.keys())
        return resent

    def _arrived(self, call: Call, fate: Fate) -> Resent[int]:
        self.world.calls.append(Log(call.sent, self._clock.monotonic(), call.webhook_id, len(call.ids), fate))
        self.world.sent.update(call.ids)
        if fate == "dropped":
            return Resent(verdict="unknown", reason="no answer came")
        if fate == "throttled":
            return Resent(verdict="throttled", reason="too fast", retry_after=self.world.retry_after)
        if fate in ("refused", "unsent", "over"):
            return Resent(verdict=fate, reason=f"the call was {fate}")
        if fate == "closed":
            self.world.closed.add(call.webhook_id)
        if call.webhook_id in self.world.closed:
            resent = Resent[int](verdict="closed", reason="the webhook is gone")
        else:
            resent = self._taken(call.ids, fate)
        return Resent(verdict="unknown", reason="the answer was lost") if fate == "lost" else resent

    def _taken(self, ids: tuple[int, ...], fate: Fate) -> Resent[int]:
        rejected = dict.fromkeys(self.world.rejects.intersection(ids), "not this one")
        all_or_nothing = self.capabilities.outcomes == "all"
        if self.world.poison.intersection(ids) or (rejected and all_or_nothing):
            return Resent(verdict="refused", reason="one of the ids is no good")
        now = self._clock.now()
        accepted = {id_: self.world.accept(id_, now) for id_ in ids if id_ not in rejected}
        if fate == "partly" and not all_or_nothing:
            told = set(ids[: len(ids) // 2])
            accepted = {id_: handle for id_, handle in accepted.items() if id_ in told}
            rejected = {id_: reason for id_, reason in rejected.items() if id_ in told}
        return Resent(verdict="answered", accepted=accepted, rejected=rejected)

    async def status_of(
        self, webhook_id: WebhookId, ids: Mapping[int, Trace], since: datetime
    ) -> Mapping[int, ReplayEvent[int]]:
        """Return where events stand: delivered where any of its rows is, or as its newest row says."""
        self.world.looks += 1
        self._check_listing()
        await self._clock.sleep(self.world.list_latency)
        now, found = self._clock.now(), dict[int, ReplayEvent[int]]()
        for id_ in ids:
            rows = [row for row in self.world.attempts(id_, now) if not row.hidden]
            if rows:
                best = max(rows, key=lambda row: (row.status == "delivered", row.created_at, row.id))
                found[id_] = attrs.evolve(self._event(best), id=id_)
        return found

    def _check_listing(self) -> None:
        if (error := self.world.listing()) is not None:
            raise error

    def _event(self, row: Row) -> ReplayEvent[int]:
        return ReplayEvent(
            id=row.id,
            webhook_id=row.webhook_id,
            type="job.new",
            status=row.status,
            word=WORDS[row.status],
            created_at=_instant(row.created_at),
            updated_at=_instant(row.updated_at),
            next_attempt=None if row.next_attempt is None else _instant(row.next_attempt),
            group=row.group,
            handle=row.handle,
            response_status={"delivered": 200, "failed": 503}.get(row.status),
            response={"delivered": "thank you", "failed": "not now"}.get(row.status),
        )

    def check_id(self, field: str, value: object) -> int:
        """Return a whole number from 0."""
        return check_id(field, value)

    def check_webhook_id(self, field: str, value: object) -> WebhookId:
        """Return a whole number from 0."""
        return check_id(field, value)

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed = True


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def script(*fates: Fate) -> Callable[[Call], Fate]:
    """Return the fates of the first calls, one after the other; those after them are taken."""
    rest: Iterable[Fate] = iter(fates)
    return lambda call: next(iter(rest), "taken")
