"""What an API holds whose events can be replayed, and how it behaves. It outlives the programs that use it.

Times are Unix seconds by the clock of the running loop (``_virtual.py``).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Literal

import attrs

from tests.replay._virtual import START
from theirstack_async.replay._provider import DeliveryStatus, WebhookId

Fate = Literal["taken", "partly", "throttled", "refused", "unsent", "lost", "dropped", "closed", "over"]
"""What becomes of a call.

``taken``: what the ids deserve. ``partly``: taken, and the answer tells only of the first half. ``lost``: taken, and
the answer is lost. ``dropped``: lost on the way there, which looks the same. Of the others the answer says that
nothing was done, and nothing was.
"""


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
        """Do what was to be done with a row until now, one attempt after the other, and return it."""
        while True:
            if row.next_attempt is not None and row.next_attempt <= now and row.status == "failed":
                soon = max(row.next_attempt, row.updated_at)
                row.due, row.next_attempt = min(row.due or soon, soon), None
            if row.due is None or row.due > now:
                return row
            row.updated_at, row.due = row.due, None
            taken = self.takes(row, row.updated_at)
            row.delivered += taken
            row.delivered_at = min(row.delivered_at, row.updated_at if taken else float("inf"))
            if row.status != "delivered":
                row.status = "delivered" if taken else "failed"

    def accept(self, id_: int, now: float) -> str | None:
        """Take the resend of an event, and return the handle of the delivery."""
        row = self.settle(self.rows[id_], now)
        row.taken += 1
        if not self.adds_rows:
            self._attempt(row, now)
            return None
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
            if row.status != "delivered":
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


def script(*fates: Fate) -> Callable[[Call], Fate]:
    """Return the fates of the first calls, one after the other; those after them are taken."""
    rest: Iterable[Fate] = iter(fates)
    return lambda call: next(iter(rest), "taken")
