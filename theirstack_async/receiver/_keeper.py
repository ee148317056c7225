"""Keeping the store and the hand in step: leases are prolonged, what is due is taken up, old events are forgotten."""

from __future__ import annotations

import math
from typing import Final

from theirstack_async._tasks import pause
from theirstack_async.errors import DeliveryError
from theirstack_async.receiver._front import parsed
from theirstack_async.receiver._handling import Handling
from theirstack_async.receiver._intake import logger
from theirstack_async.receiver._running import Running
from theirstack_async.receiver._store import DeliveryState, StoredDelivery

_AT_ONCE: Final = 20
"""Events that are taken up from the store in one go."""
_AFTER_FAILURE: Final = 1.0
"""Seconds until the store is asked again after it failed."""
_LEAST: Final = 0.01
"""Seconds between two looks into the store at the least."""
_PRUNE_EVERY: Final = 3600.0
"""Seconds."""


class Keeper:
    """Does all that in one plain task, for one receiver."""

    def __init__(self, running: Running, handling: Handling) -> None:
        self._run: Final = running
        self._hand: Final = running.hand
        self._wake: Final = running.wake
        self._handling: Final = handling
        self._renewed = -math.inf
        self._pruned = -math.inf

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            self._wake.event.clear()
            try:
                rest = await self.tick()
            except Exception:  # noqa: BLE001 - a store of somebody else may raise anything
                logger.exception("the store of deliveries failed, and is asked again")
                rest = _AFTER_FAILURE
            await pause(self._wake.event, rest, self._run.clock)

    async def tick(self) -> float:
        """Do what is to be done now, and return in how many seconds there is more."""
        await self._handling.note_again()
        await self._renew()
        await self._prune()
        while await self._take():
            continue
        every = self._run.settings.lease / 3
        self._wake.hungry = self._hand.is_full()
        if self._wake.hungry:
            return every
        due = await self._run.store.next_due()
        return every if due is None else min(every, max(_LEAST, due - self._run.clock.now()))

    async def _renew(self) -> None:
        """Prolong the leases of all that is in hand, three times as often as they end."""
        now = self._run.clock.monotonic()
        if now - self._renewed < self._run.settings.lease / 3:
            return
        held = [each.delivery.id for each in self._hand.all()]
        await self._run.store.renew(held, owner=self._run.owner, until=self._run.clock.now() + self._run.settings.lease)
        self._renewed = now

    async def _prune(self) -> None:
        now = self._run.clock.monotonic()
        if self._run.settings.keep is not None and now - self._pruned >= _PRUNE_EVERY:
            self._pruned = now
            await self._run.store.prune(before=self._run.clock.now() - self._run.settings.keep)

    async def _take(self) -> int:
        """Take up what is due, as far as there is room, and return how many events that was."""
        places = await self._hand.reserve_free(_AT_ONCE)
        if places == 0:
            return 0
        used = 0
        try:
            now = self._run.clock.now()
            taken = await self._run.store.take(
                owner=self._run.owner, now=now, until=now + self._run.settings.lease, limit=places
            )
            for stored in taken:
                used += await self._hold(stored)
        finally:
            for _ in range(places - used):
                self._hand.release()
        return used

    async def _hold(self, stored: StoredDelivery) -> bool:
        """Put an event that was taken up into a place, and return whether it needs one."""
        held = self._hand.get(stored.id)
        if held is not None:
            if not held.queued:
                # A copy is being claimed just now. The claim finds a lease, and cannot tell that it is for this.
                held.attempts = stored.attempts
                self._run.counters.recovered += 1
                self._hand.enqueue(held)
            return False
        try:
            delivery = parsed(stored.body, self._run.settings)
        except DeliveryError as error:
            await self._bury(stored, error)
            return False
        self._run.counters.recovered += 1
        self._hand.enqueue(self._hand.hold(delivery, stored.attempts))
        return True

    async def _bury(self, stored: StoredDelivery, error: DeliveryError) -> None:
        """Keep an event whose body this release cannot read, and go on with the others."""
        logger.error("event %d cannot be read from the store, and is kept as dead: %s", stored.id, error)
        await self._run.store.settle(
            stored.id,
            owner=self._run.owner,
            state=DeliveryState.DEAD,
            attempts=stored.attempts,
            error=f"DeliveryError: {error}",
            due=0.0,
            now=self._run.clock.now(),
        )
        self._run.counters.dead += 1
