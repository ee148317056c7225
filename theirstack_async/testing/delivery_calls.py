"""Calls of a store of deliveries, and comparisons that say what differs, as its suite needs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from theirstack_async.receiver._store import Claimed, DeliveryState, DeliveryStore, StoredDelivery

NOW: Final = 1795250180.270319
LEASE: Final = 30.5
BODY: Final = b'{"id": 1, "type": "job.new", "payload": {"job_title": "Z\xc3\xbcrich"}}'


async def claim(
    store: DeliveryStore,
    event_id: int,
    *,
    body: bytes = BODY,
    record: str | None = None,
    owner: str = "a",
    now: float = NOW,
    until: float | None = None,
) -> Claimed:
    """Claim an event, for the length of a lease unless an end is given."""
    until = now + LEASE if until is None else until
    return await store.claim(event_id, body, record=record, owner=owner, now=now, until=until)


async def take(
    store: DeliveryStore, *, owner: str = "a", now: float = NOW, limit: int = 100
) -> Sequence[StoredDelivery]:
    """Take what is due."""
    return await store.take(owner=owner, now=now, until=now + LEASE, limit=limit)


async def settle(
    store: DeliveryStore,
    event_id: int,
    state: DeliveryState,
    *,
    owner: str = "a",
    attempts: int = 0,
    error: str | None = None,
    due: float = NOW,
    now: float = NOW,
) -> bool:
    """Settle an event."""
    return await store.settle(event_id, owner=owner, state=state, attempts=attempts, error=error, due=due, now=now)


async def close(*stores: DeliveryStore) -> None:
    """Close stores."""
    for store in stores:
        await store.aclose()


def is_answer(found: Claimed, status: str, event_id: int, what: str) -> None:
    """Fail unless a claim was answered like this."""
    same((found.status, found.id), (status, event_id), what)


def same(found: object, expected: object, what: str) -> None:
    """Fail, saying what differs, unless two values are the same."""
    # This file is no test module, so pytest does not explain an assert in it.
    if found != expected:
        raise AssertionError(f"{what}: expected {expected!r:.500}, found {found!r:.500}")
