"""What the tests of reconciliation share: a fake API, a store, and a stand-in for the receiver's intake."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from theirstack_async import RetryPolicy, TheirStack
from theirstack_async.receiver import Answer, DeliveryState, MemoryDeliveries, ReconcileReport, parse_delivery
from theirstack_async.receiver._intake import HANDLED, KNOWN
from theirstack_async.receiver._reconcile import reconcile
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.faults import Status
from theirstack_async.testing.payloads import Payloads
from theirstack_async.testing.store import Kind

LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
LIST: Final = "GET /v0/webhooks/*/events"
LOOK: Final = "GET /v0/webhooks/*"
RETRY: Final = "POST /v0/webhooks/events/retry"


@attrs.define
class World:
    fake: FakeTheirStack
    client: TheirStack
    webhook: int
    store: MemoryDeliveries = attrs.field(factory=MemoryDeliveries)
    bodies: list[bytes] = attrs.field(factory=list[bytes])
    """What was admitted, in order."""
    answers: dict[int, Answer] = attrs.field(factory=dict[int, Answer])
    """What an event is answered instead of being handled."""

    async def admit(self, body: bytes) -> Answer:
        self.bodies.append(body)
        delivery = parse_delivery(body)
        answer = self.answers.get(delivery.id)
        if answer is not None:
            return answer
        return HANDLED if await self.handle(delivery.id) else KNOWN

    async def handle(self, event_id: int) -> bool:
        """Have an event handled, unless it was."""
        claimed = await self.store.claim(event_id, b"{}", record=None, owner="me", now=0.0, until=1.0)
        if claimed.status == "mine":
            await self.store.settle(
                event_id, owner="me", state=DeliveryState.DONE, attempts=0, error=None, due=0.0, now=0.0
            )
        return claimed.status == "mine"

    async def reconcile(self, *webhooks: int, **options: Any) -> ReconcileReport:
        chosen: dict[str, Any] = {"since": LONG_AGO, "store": self.store, "admit": self.admit, **options}
        report = await reconcile(self.client, webhooks or [self.webhook], **chosen)
        check(report)
        return report

    @property
    def admitted(self) -> list[int]:
        return [json.loads(body)["id"] for body in self.bodies]

    @property
    def retried(self) -> list[int]:
        found = [request for request in self.fake.requests if request.path.endswith("/retry")]
        return [event_id for request in found for event_id in request.json()["webhook_event_ids"]]

    def answers_list(self, *rows: Mapping[str, Any]) -> None:
        """Let the event list be these rows, from now on."""
        self.fake.faults.add(LIST, Status(200, json.dumps(rows)), times=None)


@asynccontextmanager
async def a_world(**options: Any) -> AsyncIterator[World]:
    fake = FakeTheirStack(**{"deliver": False, **options})
    async with (
        fake,
        TheirStack(fake.api_key, base_url=fake.base_url, retries=RetryPolicy(attempts=1)) as client,
    ):
        yield World(fake, client, fake.seed_webhook("http://localhost:9/hook"))


def record(kind: Kind, event_id: int, **changes: Any) -> dict[str, Any]:
    """Return the record of an event as the fake lists it, changed."""
    made: dict[str, Any] = json.loads(Payloads(0).record(kind, event_id))
    return made | changes


def row(event_id: int, payload: Any, **changes: Any) -> dict[str, Any]:
    """Return a row of the event list."""
    at = "2026-09-21T10:00:00Z"
    known = {"id": event_id, "webhook_id": 101, "triggered_at": at, "created_at": at, "updated_at": at}
    return {**known, "status": "FAILED", "payload": payload, **changes}


def check(report: ReconcileReport) -> None:
    """Hold a report to its promise: each event in exactly one place, and the sums right."""
    for each in (report, *report.by_webhook.values()):
        placed = [*each.processed, *each.resent, *each.left]
        assert len(set(placed)) == len(placed)
        assert each.failed + each.not_triggered == each.known + len(placed)
        assert each.ok == (not each.left and not each.unreadable)
    assert sum(each.listed for each in report.by_webhook.values()) == report.listed
    assert json.loads(json.dumps(report.to_dict()))["failed"] == report.failed
