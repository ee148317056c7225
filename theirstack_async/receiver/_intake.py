"""Taking events in: claimed in the store before anything is done with them, and handed on while there is room."""

from __future__ import annotations

import logging
from typing import Final

from theirstack_async.errors import DeliveryStoreError
from theirstack_async.receiver._answer import Answer
from theirstack_async.receiver._deliveries import Delivery
from theirstack_async.receiver._hand import Held
from theirstack_async.receiver._running import Running
from theirstack_async.receiver._store import Claimed

logger: Final = logging.getLogger("theirstack_async.receiver")

RETRY_AFTER: Final = {"Retry-After": "10"}
"""Seconds. The API sends again an hour later in any case
(https://theirstack.com/en/docs/webhooks/monitor-your-webhooks.md); others may look at it."""
STORED: Final = Answer(202, "stored")
KNOWN: Final = Answer(200, "known already")
HANDLED: Final = Answer(200, "handled")
FULL: Final = Answer(503, "too much is in hand; send it again later", RETRY_AFTER)
BUSY: Final = Answer(503, "not handled within the time there is for an answer; send it again later", RETRY_AFTER)
STORE_FAILED: Final = Answer(503, "the store failed; send it again later", RETRY_AFTER)
NOT_YET: Final = Answer(503, "not handled yet; send it again later", RETRY_AFTER)
FAILED: Final = Answer(503, "the handler failed; it is tried again", RETRY_AFTER)
GIVEN_UP: Final = Answer(503, "the handler failed too often; it is on the dead-letter list", RETRY_AFTER)
STOPPED: Final = Answer(503, "the receiver is not running; send it again later", RETRY_AFTER)

_STATUSES: Final = frozenset({"mine", "pending", "done"})


class Intake:
    """Claims events for one receiver."""

    def __init__(self, running: Running) -> None:
        self._run: Final = running
        self._hand: Final = running.hand
        self._counters: Final = running.counters
        self._durable: Final = running.store.durable
        self.stopped: bool = False
        """Whether nothing is taken in any more."""

    @property
    def full(self) -> bool:
        """Whether an event would have to wait for a place."""
        return self._hand.is_full()

    async def admit(self, delivery: Delivery, body: bytes) -> Answer:
        """Return the answer of a delivery as soon as it is safe, or is known not to be.

        Whoever has no more time cancels it.

        Args:
            delivery: what ``body`` says.
            body: what the store keeps.
        """
        if self.stopped:
            return STOPPED
        held = self._hand.get(delivery.id)
        if held is None:
            await self._hand.reserve()
            held = self._hand.get(delivery.id)
            if held is None and not self.stopped:
                return await self._claim(self._hand.hold(delivery), body)
            self._hand.release()  # a copy that waited for a place too was first
            if held is None:
                return STOPPED
        self._counters.known += 1
        return _again(await held.safe())

    async def _claim(self, held: Held, body: bytes) -> Answer:
        now = self._run.clock.now()
        until = now + self._run.settings.lease
        try:
            claimed = await self._ask(held.delivery, body, now, until)
            attempts = int(claimed.attempts)
        except Exception:  # a store of somebody else may raise anything
            logger.exception("event %d was not taken, and is sent again", held.delivery.id)
            return held.answer(STORE_FAILED)
        else:
            if claimed.status != "mine" or held.queued:
                self._counters.known += 1
                return await self._known(held, claimed)
            self._counters.claimed += 1
            self._hand.enqueue(held, attempts, until)
            if self._durable:
                held.answer(STORED)
            return await held.safe()
        finally:
            # It is queued without a claim where it was just being taken up from the store.
            if not held.queued:
                # Whoever waits for it, and was not answered, is answered that it is not safe: it was cut off.
                held.answer(BUSY)
                self._hand.drop(held)

    async def _ask(self, delivery: Delivery, body: bytes, now: float, until: float) -> Claimed:
        """Claim an event.

        Raises:
            DeliveryStoreError: of the store, or it returned what means nothing, so that nobody knows what is safe.
        """
        claimed = await self._run.store.claim(
            delivery.id,
            body,
            record=delivery.record if self._run.settings.dedupe == "record" else None,
            owner=self._run.owner,
            now=now,
            until=until,
        )
        if claimed.status not in _STATUSES:
            raise DeliveryStoreError(f"{self._run.store!r} answered a claim with {claimed!r}, which means nothing")
        return claimed

    async def _known(self, held: Held, claimed: Claimed) -> Answer:
        """Answer an event that the store has, or had."""
        answer = KNOWN
        if claimed.status != "done" and not self._durable:
            other = self._hand.get(claimed.id)
            answer = NOT_YET if other is None or (other is held and not held.queued) else await other.safe()
        return held.answer(_again(answer))


def _again(answer: Answer) -> Answer:
    return KNOWN if answer.ok else answer
