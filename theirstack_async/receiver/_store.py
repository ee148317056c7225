"""What a receiver needs of a store: events are claimed with their bodies before anything is done with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Literal, Protocol

import attrs


class DeliveryState(StrEnum):
    """Where an event stands in a store."""

    PENDING = "pending"
    """Claimed, and not handled yet: in hand, waiting for another attempt, or left behind by a process that died."""
    DONE = "done"
    """Handled, or the same record as another event. Its body is no longer kept."""
    UNHANDLED = "unhandled"
    """Of a type that nothing handles. It is kept whole, to be handled later."""
    DEAD = "dead"
    """Its handler failed as often as was allowed. It is kept whole: the dead-letter list."""


@attrs.frozen
class StoredDelivery:
    """An event as a store has it. Of one that is done a store may have forgotten all but the id."""

    id: int
    """The event's id."""
    body: bytes
    """The delivery as it came; empty once it is done."""
    state: DeliveryState
    attempts: int
    """How often its handler has failed."""
    error: str | None
    """How it failed last; None if it never did."""
    received_at: float
    """When it was claimed first, as a Unix timestamp in seconds."""
    due: float
    """While pending: from when on anybody may take it, as a Unix timestamp: the end of a lease, or the next attempt."""


@attrs.frozen
class Claimed:
    """What a claim found."""

    status: Literal["mine", "pending", "done"]
    """``mine``: it is for the caller to handle; ``pending``: it is stored, and handled elsewhere or later; ``done``:
    nothing is left to do."""
    id: int
    """The event to wait for: another one than was claimed, where both are of the same record."""
    attempts: int = 0
    """How often its handler has failed before, unless it is done."""


class DeliveryStore(Protocol):
    """Where events are kept, so that each is handled, and handled once.

    All calls are atomic, also between processes where the store is shared by several. Instants are Unix timestamps in
    seconds of the caller's clock; a store has none of its own. ``owner`` names one running receiver. A lease is a row
    of the state ``PENDING`` with an owner and a ``due`` in the future. Subclass
    :class:`theirstack_async.testing.delivery_suite.DeliverySuite` to test your own.

    Every method but :attr:`durable` raises :class:`~theirstack_async.DeliveryStoreError` when the store fails.
    """

    @property
    def durable(self) -> bool:
        """Whether what was claimed outlives the process, so that a delivery is safe once it is claimed."""
        ...

    async def claim(
        self, event_id: int, body: bytes, *, record: str | None, owner: str, now: float, until: float
    ) -> Claimed:
        """Store an event with its body and lease it to ``owner`` until then, unless that was done before.

        An event that is not known is ``mine``, unless ``record`` is not None and known from another event: then it is
        stored as done, and the answer is about that other one (``pending`` while it is pending, else ``done``); where
        there are several, about the one that was to be handled. One that is pending is ``mine`` when it is due
        (``due <= now``), else ``pending``. A dead one is ``mine`` again: who sends it again wants it tried again. One
        that is done or unhandled is ``done``. ``mine`` sets owner and lease, and keeps ``attempts``. A body is stored
        as it was first claimed. A claim whose caller is cancelled may be made all the same.
        """
        ...

    async def take(self, *, owner: str, now: float, until: float, limit: int) -> Sequence[StoredDelivery]:
        """Lease up to ``limit`` pending events that are due (``due <= now``) to ``owner``, longest due first."""
        ...

    async def renew(self, event_ids: Iterable[int], *, owner: str, until: float) -> Sequence[int]:
        """Prolong leases, and return the ids of those that ``owner`` has no more."""
        ...

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
        """Note what became of an event, let go of its lease, and return True; False, and nothing, if it was lost.

        ``DONE`` drops the body. ``PENDING`` is for another attempt, by anybody, from ``due`` on; ``due`` means nothing
        for the other states.
        """
        ...

    async def next_due(self) -> float | None:
        """Return when the first pending event is due, None if there is none pending."""
        ...

    async def known(self, event_ids: Iterable[int]) -> Mapping[int, DeliveryState]:
        """Return where events stand, without those that the store does not know."""
        ...

    async def list(
        self, state: DeliveryState, *, limit: int = 100, after: int | None = None
    ) -> Sequence[StoredDelivery]:
        """Return events of a state by id, lowest first, those above ``after``."""
        ...

    async def counts(self) -> Mapping[DeliveryState, int]:
        """Return how many events there are of each state, all four named."""
        ...

    async def revive(self, event_ids: Iterable[int], *, now: float) -> int:
        """Make dead and unhandled events pending again, due now and with no attempt counted. Return how many were."""
        ...

    async def prune(self, *, before: float) -> int:
        """Forget the events that were done before an instant, and return how many. One that comes again is new then.

        Each event goes by itself; its record stays known for as long as any other event about it does.
        """
        ...

    async def aclose(self) -> None:
        """Let go of what the store holds. A further call opens it again."""
        ...
