"""The events in hand: claimed by this receiver, and waiting or being handled. Their number is bounded."""

from __future__ import annotations

import asyncio
from typing import Final

from theirstack_async.receiver._answer import Answer
from theirstack_async.receiver._deliveries import Delivery


class Wake:
    """Wakes the task that takes events up from the store."""

    def __init__(self) -> None:
        self.event: Final = asyncio.Event()
        self.hungry = False
        """Whether there may be more to take up, for which there was no room."""


class Held:
    """One event in hand."""

    __slots__ = ("_answer", "_waiting", "attempts", "delivery", "queued", "until")

    def __init__(self, delivery: Delivery) -> None:
        self.delivery: Final = delivery
        self.attempts = 0
        """How often its handler has failed."""
        self.until = 0.0
        """When its lease ends, as a Unix timestamp in seconds."""
        self.queued = False
        """Whether a handler gets it, for it is leased to this receiver; until then it is being claimed."""
        self._answer: Answer | None = None
        self._waiting: list[asyncio.Future[Answer]] = []

    async def safe(self) -> Answer:
        """Return what its deliveries are answered, once that is known."""
        if self._answer is not None:
            return self._answer
        known: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(known)
        return await known

    def answer(self, answer: Answer) -> Answer:
        """Let all that wait for it answer their deliveries, unless they have, and return what they are answered."""
        if self._answer is None:
            self._answer = answer
            for known in self._waiting:
                if not known.done():
                    known.set_result(answer)
            self._waiting.clear()
        return self._answer


class Hand:
    """All of them, by event id, in as many places as there are. Made within the running loop."""

    def __init__(self, places: int, wake: Wake) -> None:
        self._places: Final = asyncio.Semaphore(places)
        self._half: Final = places // 2
        self._wake: Final = wake
        self.waiting = 0
        """How many wait for a place."""
        self._held: Final[dict[int, Held]] = {}
        self._waiting: Final[asyncio.Queue[Held]] = asyncio.Queue()
        self.empty: Final = asyncio.Event()
        """Set while nothing is in hand."""
        self.empty.set()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, event_id: int) -> Held | None:
        """Return an event that is in hand."""
        return self._held.get(event_id)

    def all(self) -> list[Held]:
        """Return all of them."""
        return list(self._held.values())

    def is_full(self) -> bool:
        """Return whether an event would have to wait for a place."""
        return self._places.locked()

    async def reserve(self) -> None:
        """Take a place, as soon as there is one."""
        self.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.waiting -= 1

    async def reserve_free(self, most: int) -> int:
        """Take up to so many places that are free, and return how many: those that wait for one come first."""
        taken = 0
        while taken < most and not self._places.locked():
            await self._places.acquire()
            taken += 1
        return taken

    def release(self) -> None:
        """Give a place back that was reserved and not used."""
        self._places.release()
        if self._wake.hungry and len(self._held) <= self._half:
            self._wake.event.set()

    def hold(self, delivery: Delivery) -> Held:
        """Put an event into a place that was reserved."""
        held = Held(delivery)
        self._held[delivery.id] = held
        self.empty.clear()
        return held

    def enqueue(self, held: Held, attempts: int, until: float) -> None:
        """Let the next handler that is free have it, while it is leased to this receiver."""
        held.queued, held.attempts, held.until = True, attempts, until
        self._waiting.put_nowait(held)

    async def next(self) -> Held:
        """Return the one that has waited longest."""
        return await self._waiting.get()

    def drop(self, held: Held) -> None:
        """Let go of an event and of its place, unless that was done before."""
        if self._held.get(held.delivery.id) is not held:
            return
        del self._held[held.delivery.id]
        self.release()
        if not self._held:
            self.empty.set()
