"""The life of webhooks and events: matches, deliveries, resends, retries. It knows nothing of HTTP requests."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from theirstack_async._clock import Clock
from theirstack_async.testing.account.account import Account
from theirstack_async.testing.billing import Billing
from theirstack_async.testing.delivery import NOT_SENT, DeliveryQueue, Sender, is_loopback
from theirstack_async.testing.options import Options
from theirstack_async.testing.payloads import Payloads
from theirstack_async.testing.registry import DELIVERY_TYPE, Registry, Webhook
from theirstack_async.testing.schedule import HOUR, RESEND_FOR, Schedule
from theirstack_async.testing.search.dataset import DataSet
from theirstack_async.testing.store import MICRO, EventStore, Kind, Outcome, Place, Status

_NO_OUTCOME: Final = Outcome(None, None)
_SEEDED: Final[dict[Status, Outcome]] = {
    "SUCCESS": Outcome(200, "ok"),
    "FAILED": Outcome(503, "upstream unavailable"),
    "IN_PROGRESS": _NO_OUTCOME,
    "NOT_TRIGGERED": _NO_OUTCOME,
}


@dataclass(frozen=True, slots=True)
class EventState:
    """What the fake knows of one event."""

    id: int
    webhook_id: int
    kind: Kind
    status: Status
    attempts: int
    """Deliveries tried, counted up to 255."""
    triggered_at: int
    """Unix time in seconds."""
    updated_at: float
    """Unix time in seconds, exact to the microsecond: when its delivery was begun or ended last."""
    response_status_code: int | None
    response_body: str | None


class Backend:
    """All state of one fake, and what happens in it."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.registry: Registry = Registry()
        self.store: EventStore = EventStore()
        self.payloads: Payloads = Payloads(options.seed, naive=options.naive_instants)
        self.billing: Billing = Billing(options.credits, clock)
        self.data: DataSet = DataSet(options.seed, options.jobs, options.companies, clock)
        self.account: Account = Account(clock.now(), self.data.list_members)
        self.sender: Sender = Sender(options.delivery_timeout)
        self.queue: DeliveryQueue = DeliveryQueue(self._deliver, options.max_deliveries_in_flight)
        self._schedule = Schedule()

    def seed(self, webhook_id: int, n: int, status: Status, kind: Kind, spacing: float) -> range:
        """Append events as if they had happened, ``spacing`` seconds apart, the last one now. Nothing is billed."""
        now = int(self.clock.now())
        triggered = [now - int(spacing * (n - 1 - i)) for i in range(n)]
        ids = self.store.add(webhook_id, kind, status, triggered, n, _SEEDED[status])
        if status == "FAILED" and n:
            self._schedule.add(ids, now, now)
        return ids

    def match(self, webhook: Webhook, n: int, kind: Kind) -> range:
        """Let ``n`` new records match a webhook's search: they are billed and delivered, or wait while disabled."""
        nothing = self.store.add(webhook.id, kind, "IN_PROGRESS", (), 0, _NO_OUTCOME)
        if self.registry.is_silent(webhook):
            return nothing
        if not webhook.is_active:
            webhook.waiting.append((n, kind))
            return nothing
        now = int(self.clock.now())
        paid = 0
        while paid < n and self.billing.charge(kind):
            paid += 1
        ids = self.store.add(webhook.id, kind, "IN_PROGRESS", [now] * paid, paid, _NO_OUTCOME)
        for event_id in ids:
            self._dispatch(self.store.find(event_id), webhook)
        unpaid = self.store.add(webhook.id, kind, "NOT_TRIGGERED", [now] * (n - paid), n - paid, _NO_OUTCOME)
        return range(ids.start, unpaid.stop)

    def match_waiting(self, webhook: Webhook) -> None:
        """Process what matched while a webhook was disabled."""
        waiting, webhook.waiting = webhook.waiting, []
        for n, kind in waiting:
            self.match(webhook, n, kind)

    def match_history(self, webhook: Webhook) -> None:
        """Process the past matches from ``listening_start_time`` on: all of them when that is null."""
        past = self.registry.search(webhook.search_id).past_matches
        start = webhook.listening_start_time
        if start is not None:
            hours = (self.clock.now() - start.timestamp()) / HOUR
            past = min(past, max(0, math.floor(hours)))
        self.match(webhook, past, self.registry.main_kind(webhook))

    def retry(self, places: Sequence[Place]) -> None:
        """Deliver events once more, whatever their status; one that is on its way already is sent twice.

        One that was never dispatched is billed now, or stays as it is when the credits do not suffice.
        """
        for place in places:
            if place.status == "NOT_TRIGGERED" and not self.billing.charge(place.segment.kind):
                continue
            self._dispatch(place, self.registry.webhooks[place.segment.webhook_id])

    def next_due(self) -> float | None:
        """Return when the next hourly resend is due."""
        return self._schedule.next_due()

    async def run_due(self) -> None:
        """Resend what is due now, and return when all deliveries are done."""
        now = int(self.clock.now())
        for ids in self._schedule.take(now):
            self._resend(ids, now)
        await self.queue.settled()

    def event(self, event_id: int) -> EventState:
        """Return what is known of an event. Raises KeyError for an unknown id."""
        place = self.store.find(event_id)
        segment, index = place.segment, place.index
        outcome = self.store.outcome(place)
        return EventState(
            id=event_id,
            webhook_id=segment.webhook_id,
            kind=segment.kind,
            status=place.status,
            attempts=segment.attempts[index],
            triggered_at=segment.triggered[index],
            updated_at=segment.touched[index] / MICRO,
            response_status_code=outcome.status_code,
            response_body=outcome.body,
        )

    def envelope(self, kind: Kind, event_id: int) -> bytes:
        """Return the body of a delivery. It is the same at every attempt."""
        record = self.payloads.delivered(kind, event_id)
        return b'{"id":%d,"type":"%s","payload":%s}' % (event_id, DELIVERY_TYPE[kind].encode(), record)

    async def close(self) -> None:
        """Cancel and await all deliveries."""
        await self.queue.close()
        await self.sender.close()

    def _resend(self, ids: Iterable[int], now: int) -> None:
        for event_id in ids:
            place = self.store.find(event_id)
            webhook = self.registry.webhooks[place.segment.webhook_id]
            too_early = place.segment.touched[place.index] // MICRO + HOUR > now
            too_late = place.segment.triggered[place.index] + RESEND_FOR < now
            if webhook.is_archived or place.status != "FAILED" or too_early or too_late:
                continue
            if webhook.is_active:
                self._dispatch(place, webhook)
            else:
                self._plan_resend(place, now)

    def _dispatch(self, place: Place, webhook: Webhook) -> None:
        if not self.options.deliver:
            self._record(place, Outcome(200, None))
        elif not is_loopback(webhook.url):
            self._record(place, NOT_SENT)
        else:
            self.store.update(place, "IN_PROGRESS", self.clock.now())
            self.queue.put(webhook.id, place.event_id)

    async def _deliver(self, event_id: int) -> None:
        place = self.store.find(event_id)
        webhook = self.registry.webhooks[place.segment.webhook_id]
        body = self.envelope(place.segment.kind, event_id)
        self._record(place, await self.sender.send(webhook.url, body, webhook.secret))

    def _record(self, place: Place, outcome: Outcome) -> None:
        now = self.clock.now()
        delivered = outcome.status_code is not None and 200 <= outcome.status_code <= 299
        self.store.update(place, "SUCCESS" if delivered else "FAILED", now, outcome)
        if not delivered:
            self._plan_resend(place, int(now))

    def _plan_resend(self, place: Place, now: int) -> None:
        triggered = place.segment.triggered[place.index]
        self._schedule.add(range(place.event_id, place.event_id + 1), now, triggered)
