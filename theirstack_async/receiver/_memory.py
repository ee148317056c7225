"""Deliveries in memory: each is answered when it was handled, for nothing here outlives the process."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from theirstack_async.receiver._store import Claimed, DeliveryState, StoredDelivery

_SLACK: Final = 64
"""So many instants that mean nothing any more are kept before they are swept out."""


@attrs.define
class _Kept:
    """An event that is kept whole."""

    body: bytes
    received_at: float
    owner: str | None
    due: float
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    error: str | None = None


class MemoryDeliveries:
    """A :class:`~theirstack_async.receiver.DeliveryStore` in the memory of one process, for one event loop.

    A claim costs the same however many events there are. Of an event that is done only its id and the instant are
    kept, about 100 bytes: it is listed with no attempts and no error, and as received when it was done. The rest is
    kept whole, with its body; nothing bounds that here.
    """

    def __init__(self) -> None:
        self._pending: Final[dict[int, _Kept]] = {}
        self._aside: Final[dict[int, _Kept]] = {}
        """Unhandled and dead ones."""
        self._done: Final[dict[int, float]] = {}
        self._records: Final[dict[str, int]] = {}
        self._queue: list[tuple[float, int]] = []
        """A heap of when pending events are due. An instant that an event no longer has is passed over."""

    @property
    def durable(self) -> bool:
        """False: what was claimed ends with the process."""
        return False

    async def claim(
        self, event_id: int, body: bytes, *, record: str | None, owner: str, now: float, until: float
    ) -> Claimed:
        """Store an event and lease it, unless that was done before. See :meth:`DeliveryStore.claim`."""
        kept = self._pending.get(event_id)
        if kept is not None and kept.due > now:
            return Claimed("pending", event_id, kept.attempts)
        if kept is None:
            aside = self._aside.get(event_id)
            if event_id in self._done or (aside is not None and aside.state is DeliveryState.UNHANDLED):
                return Claimed("done", event_id)
            if aside is not None:
                kept = self._take_back(event_id)
            elif record is not None and (first := self._records.setdefault(record, event_id)) != event_id:
                return self._same_record(event_id, record, first, now)
            else:
                kept = self._pending[event_id] = _Kept(body, now, owner, until)
        self._lease(event_id, kept, owner, until)
        return Claimed("mine", event_id, kept.attempts)

    async def take(self, *, owner: str, now: float, until: float, limit: int) -> Sequence[StoredDelivery]:
        """Lease pending events that are due, longest due first. See :meth:`DeliveryStore.take`."""
        taken: list[int] = []
        while len(taken) < limit and (first := self._first()) is not None and first[0] <= now:
            # It is not to be met again here, should the queue hold it twice.
            self._pending[first[1]].due = math.inf
            taken.append(first[1])
        for event_id in taken:
            self._lease(event_id, self._pending[event_id], owner, until)
        return [_stored(event_id, self._pending[event_id]) for event_id in taken]

    async def renew(self, event_ids: Iterable[int], *, owner: str, until: float) -> Sequence[int]:
        """Prolong leases, and return the ids that were lost. See :meth:`DeliveryStore.renew`."""
        lost: list[int] = []
        for event_id in event_ids:
            kept = self._leased(event_id, owner)
            if kept is None:
                lost.append(event_id)
            else:
                self._lease(event_id, kept, owner, until)
        return lost

    async def settle(
        self,
        event_id: int,
        *,
        owner: str,
        state: DeliveryState,
        attempts: int,
        error: str | None,
        due: float,
        now: float,
    ) -> bool:
        """Note what became of an event; False if its lease was lost. See :meth:`DeliveryStore.settle`."""
        kept = self._leased(event_id, owner)
        if kept is None:
            return False
        kept.state, kept.attempts, kept.error = state, attempts, error
        if state is DeliveryState.PENDING:
            self._lease(event_id, kept, None, due)
            return True
        del self._pending[event_id]
        if state is DeliveryState.DONE:
            self._done[event_id] = now
        else:
            self._aside[event_id] = kept
        self._sweep()
        return True

    async def next_due(self) -> float | None:
        """Return when the first pending event is due. See :meth:`DeliveryStore.next_due`."""
        first = self._first()
        return None if first is None else first[0]

    async def known(self, event_ids: Iterable[int]) -> Mapping[int, DeliveryState]:
        """Return where events stand, those that are known. See :meth:`DeliveryStore.known`."""
        found = ((event_id, self._state(event_id)) for event_id in event_ids)
        return {event_id: state for event_id, state in found if state is not None}

    async def list(
        self, state: DeliveryState, *, limit: int = 100, after: int | None = None
    ) -> Sequence[StoredDelivery]:
        """Return events of a state by id, lowest first. See :meth:`DeliveryStore.list`."""
        if state is DeliveryState.DONE:
            ids = heapq.nsmallest(limit, (one for one in self._done if after is None or one > after))
            return [StoredDelivery(one, b"", state, 0, None, self._done[one], self._done[one]) for one in ids]
        kept = self._pending if state is DeliveryState.PENDING else self._aside
        found = (one for one in kept if kept[one].state is state and (after is None or one > after))
        return [_stored(one, kept[one]) for one in heapq.nsmallest(limit, found)]

    async def counts(self) -> Mapping[DeliveryState, int]:
        """Return how many events there are of each state. See :meth:`DeliveryStore.counts`."""
        aside = Counter(kept.state for kept in self._aside.values())
        return {
            DeliveryState.PENDING: len(self._pending),
            DeliveryState.DONE: len(self._done),
            DeliveryState.UNHANDLED: aside[DeliveryState.UNHANDLED],
            DeliveryState.DEAD: aside[DeliveryState.DEAD],
        }

    async def revive(self, event_ids: Iterable[int], *, now: float) -> int:
        """Make dead and unhandled events pending again. See :meth:`DeliveryStore.revive`."""
        ids = [event_id for event_id in dict.fromkeys(event_ids) if event_id in self._aside]
        for event_id in ids:
            kept = self._take_back(event_id)
            kept.attempts = 0
            self._lease(event_id, kept, None, now)
        return len(ids)

    async def prune(self, *, before: float) -> int:
        """Forget the events that were done before an instant. See :meth:`DeliveryStore.prune`."""
        old = {event_id for event_id, at in self._done.items() if at < before}
        for event_id in old:
            del self._done[event_id]
        for record in [record for record, event_id in self._records.items() if event_id in old]:
            del self._records[record]
        return len(old)

    async def aclose(self) -> None:
        """Keep everything: it is let go of with the object."""

    def _same_record(self, event_id: int, record: str, first: int, now: float) -> Claimed:
        """Store an event as done whose record is known from another one."""
        self._done[event_id] = now
        if first in self._done:
            # The record is known for as long as the event of it that was done last.
            self._records[record] = event_id
        kept = self._pending.get(first)
        return Claimed("done", first) if kept is None else Claimed("pending", first, kept.attempts)

    def _take_back(self, event_id: int) -> _Kept:
        """Make an event pending again that was set aside."""
        kept = self._pending[event_id] = self._aside.pop(event_id)
        kept.state = DeliveryState.PENDING
        return kept

    def _leased(self, event_id: int, owner: str) -> _Kept | None:
        """Return an event that an owner has, None if it was lost."""
        kept = self._pending.get(event_id)
        return kept if kept is not None and kept.owner == owner else None

    def _lease(self, event_id: int, kept: _Kept, owner: str | None, due: float) -> None:
        kept.owner, kept.due = owner, due
        heapq.heappush(self._queue, (due, event_id))
        self._sweep()

    def _first(self) -> tuple[float, int] | None:
        """Return when the first pending event is due, and which it is, with nothing stale before it."""
        while self._queue:
            due, event_id = self._queue[0]
            kept = self._pending.get(event_id)
            if kept is not None and kept.due == due:
                return due, event_id
            heapq.heappop(self._queue)
        return None

    def _sweep(self) -> None:
        """Take from the queue what is stale, when that is most of it: it costs no more than it had cost to fill."""
        if len(self._queue) > 2 * len(self._pending) + _SLACK:
            self._queue = [(kept.due, event_id) for event_id, kept in self._pending.items()]
            heapq.heapify(self._queue)

    def _state(self, event_id: int) -> DeliveryState | None:
        if event_id in self._done:
            return DeliveryState.DONE
        kept = self._pending.get(event_id) or self._aside.get(event_id)
        return None if kept is None else kept.state


def _stored(event_id: int, kept: _Kept) -> StoredDelivery:
    return StoredDelivery(event_id, kept.body, kept.state, kept.attempts, kept.error, kept.received_at, kept.due)
