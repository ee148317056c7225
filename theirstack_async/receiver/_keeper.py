"""Keeping the store and the hand in step: leases are prolonged, what is due is taken up, old events are forgotten."""

from __future__ import annotations

import asyncio
import math
from typing import Final

from theirstack_async._tasks import pause
from theirstack_async.receiver._front import parsed
from theirstack_async.receiver._hand import Held
from theirstack_async.receiver._handling import Handling
from theirstack_async.receiver._intake import STORED, logger
from theirstack_async.receiver._running import Running, is_cancelled
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
        self._durable: Final = running.store.durable
        self._renewed = -math.inf
        self._pruned = -math.inf

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            self._wake.event.clear()
            try:
                rest = await self.tick()
            except (Exception, asyncio.CancelledError):  # a store of somebody else may raise anything
                if is_cancelled():
                    raise
                logger.exception("the store of deliveries failed, and is asked again")
                rest = _AFTER_FAILURE
            await pause(self._wake.event, rest, self._run.clock)

    async def tick(self) -> float:
        """Do what is to be done now, and return in how many seconds there is more."""
        await self._handling.note_again()
        await self._renew()
        await self._prune()
        while await self._take(await self._hand.reserve_free(_AT_ONCE)):
            continue
        rest = max(_LEAST, self._renewed + self._run.settings.lease / 3 - self._run.clock.monotonic())
        self._wake.hungry = self._hand.is_full()
        if not self._wake.hungry:
            due = await self._run.store.next_due()
            return rest if due is None else min(rest, max(_LEAST, due - self._run.clock.now()))
        if self._hand.waiting and await self._reserve(rest) and await self._take(1):
            return _LEAST
        return rest

    async def _reserve(self, rest: float) -> bool:
        """Stand in line with the deliveries that wait for a place, so that what is in the store gets its turn too."""
        try:
            async with asyncio.timeout(rest):
                await self._hand.reserve()
        except TimeoutError:
            return False
        return True

    async def _renew(self) -> None:
        """Prolong the leases of what handlers get, three times as often as they end."""
        now = self._run.clock.monotonic()
        if now - self._renewed < self._run.settings.lease / 3:
            return
        # Not what is only being claimed: there may be a lease of an earlier claim that was cut off, which has to end.
        held = {each.delivery.id: each for each in self._hand.all() if each.queued}
        until = self._run.clock.now() + self._run.settings.lease
        lost = await self._run.store.renew([*held], owner=self._run.owner, until=until)
        for event_id in held.keys() - set(lost):
            held[event_id].until = until
        self._renewed = now

    async def _prune(self) -> None:
        now = self._run.clock.monotonic()
        if self._run.settings.keep is not None and now - self._pruned >= _PRUNE_EVERY:
            self._pruned = now
            await self._run.store.prune(before=self._run.clock.now() - self._run.settings.keep)

    async def _take(self, places: int) -> int:
        """Take up what is due into places that were reserved, and return how many events that was."""
        used = 0
        try:
            now = self._run.clock.now()
            until = now + self._run.settings.lease
            if places:
                taken = await self._run.store.take(owner=self._run.owner, now=now, until=until, limit=places)
                for stored in taken[:places]:
                    used += await self._hold(stored, until)
        finally:
            for _ in range(places - used):
                self._hand.release()
        return used

    async def _hold(self, stored: StoredDelivery, until: float) -> bool:
        """Put an event that was taken up into a place, and return whether it needs one."""
        held = self._hand.get(stored.id)
        if held is not None:
            if not held.queued:
                # A copy is being claimed just now. The claim finds a lease, and cannot tell that it is for this.
                self._enqueue(held, stored.attempts, until)
            return False
        try:
            delivery = parsed(stored.body, self._run.settings)
            attempts = int(stored.attempts)
        except Exception as error:  # noqa: BLE001 - of a store of somebody else, too: the others are not to wait for it
            await self._bury(stored, error)
            return False
        self._enqueue(self._hand.hold(delivery), attempts, until)
        return True

    def _enqueue(self, held: Held, attempts: int, until: float) -> None:
        self._run.counters.recovered += 1
        if self._durable:
            held.answer(STORED)
        self._hand.enqueue(held, attempts, until)

    async def _bury(self, stored: StoredDelivery, error: Exception) -> None:
        """Keep an event whose body this release cannot read, and go on with the others."""
        logger.error("event %d cannot be read from the store, and is kept as dead: %s", stored.id, error)
        try:
            await self._run.store.settle(
                stored.id,
                owner=self._run.owner,
                state=DeliveryState.DEAD,
                attempts=stored.attempts,
                error=f"{type(error).__name__}: {error}",
                due=0.0,
                now=self._run.clock.now(),
            )
        except Exception:  # noqa: BLE001 - a store of somebody else may raise anything
            logger.exception("event %d could not be noted as dead, and is looked at again", stored.id)
        else:
            self._run.counters.dead += 1
