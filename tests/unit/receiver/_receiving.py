"""Receivers on a virtual loop, without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Final

from tests.replay._virtual import LoopClock
from theirstack_async.errors import DeliveryStoreError
from theirstack_async.receiver import (
    SIGNATURE_HEADER,
    Answer,
    Claimed,
    Delivery,
    DeliveryState,
    MemoryDeliveries,
    Receiver,
    StoredDelivery,
)
from theirstack_async.testing import sign

SECRET: Final = "0123456789abcdef"


def body_of(event_id: int, *, record: int | None = None, kind: str = "job.closed") -> bytes:
    """Return a small delivery."""
    payload = {"id": event_id if record is None else record, "closed_at": "2026-09-21T05:00:00Z"}
    return json.dumps({"id": event_id, "type": kind, "payload": payload}).encode()


def signed(body: bytes) -> list[tuple[str, str]]:
    """Return the headers of a good delivery."""
    return [("content-type", "application/json"), (SIGNATURE_HEADER.lower(), sign(body, SECRET))]


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """Return a body in pieces."""
    for part in parts:
        yield part


async def deliver(receiver: Receiver, event_id: int, **how: Any) -> Answer:
    """Return the answer of a delivery."""
    body = body_of(event_id, **how)
    return await receiver.receive("POST", signed(body), pieces(body))


def new_receiver(store: MemoryDeliveries | None = None, **settings: Any) -> Receiver:
    """Return a receiver in virtual time."""
    return Receiver(SECRET, MemoryDeliveries() if store is None else store, clock=LoopClock(), **settings)


class Durable(MemoryDeliveries):
    """A store that says of itself that it outlives the process, as it does here: it is shared by receivers.

    What is in ``failing`` raises when it is called, so many times.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failing: Final[dict[str, int]] = {}
        self.calls: Final[list[str]] = []
        self.closed = 0

    @property
    def durable(self) -> bool:
        return True

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.failing.get(name, 0) > 0:
            self.failing[name] -= 1
            raise DeliveryStoreError(f"{name} fails")

    async def claim(
        self, event_id: int, body: bytes, *, record: str | None, owner: str, now: float, until: float
    ) -> Claimed:
        self._called("claim")
        return await super().claim(event_id, body, record=record, owner=owner, now=now, until=until)

    async def take(self, *, owner: str, now: float, until: float, limit: int) -> Sequence[StoredDelivery]:
        self._called("take")
        return await super().take(owner=owner, now=now, until=until, limit=limit)

    async def renew(self, event_ids: Iterable[int], *, owner: str, until: float) -> Sequence[int]:
        self._called("renew")
        return await super().renew(event_ids, owner=owner, until=until)

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
        self._called("settle")
        return await super().settle(
            event_id, owner=owner, state=state, attempts=attempts, error=error, due=due, now=now
        )

    async def counts(self) -> Mapping[DeliveryState, int]:
        self._called("counts")
        return await super().counts()

    async def prune(self, *, before: float) -> int:
        self._called("prune")
        return await super().prune(before=before)

    async def aclose(self) -> None:
        self.closed += 1
        await super().aclose()


class Handler:
    """Notes what it is given, and waits or fails as it is told."""

    def __init__(self, receiver: Receiver, kind: type[Delivery] = Delivery) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.fails: dict[int, int] = {}
        self.go = asyncio.Event()
        self.go.set()
        receiver.on(kind)(self)

    async def __call__(self, delivery: Delivery) -> None:
        self.begun.append(delivery.id)
        await self.go.wait()
        if self.fails.get(delivery.id, 0) > 0:
            self.fails[delivery.id] -= 1
            raise ValueError(f"event {delivery.id}")
        self.ended.append(delivery.id)


def now() -> float:
    """Return the loop's time in seconds."""
    return asyncio.get_running_loop().time()
