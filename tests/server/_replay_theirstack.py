"""A TheirStack with one webhook, whose receiver is real, and the levers that the suite for replays pulls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from tests.fake._receiver import Receiver, receiving
from theirstack_async import TheirStack
from theirstack_async.replay import TheirStackEvents
from theirstack_async.testing import FakeTheirStack, Hang, RequestRecord, ResetBeforeBody, Status
from theirstack_async.testing.replay_suite import ReplayWorld

RETRY: Final = "POST /v0/webhooks/events/retry"


def with_id(event_id: int) -> Callable[[RequestRecord], bool]:
    """Match the resend calls that have an id in them."""
    return lambda record: record.path.endswith("/retry") and event_id in record.json()["webhook_event_ids"]


class TheirStackWorld(ReplayWorld[int]):
    page_size = 500
    strangers: Sequence[int] = (5, 999_999_999)
    no_ids: Collection[object] = ("1000001", 1.5, -1)
    no_webhook_ids: Collection[object] = ("101", 1.5, -1)

    def __init__(self, fake: FakeTheirStack, client: TheirStack, receiver: Receiver) -> None:
        # One clock for both machines, so that the time of an attempt can be compared.
        client._pipeline.clock = fake.clock
        self.fake = fake
        self.client = client
        self.receiver = receiver
        self.provider = TheirStackEvents(client)
        self.webhook_id: int = fake.seed_webhook(receiver.url)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.fake.clock.now(), UTC)

    async def fail(self, n: int) -> list[int]:
        await self.fake.clock.advance(n)
        return [*self.fake.seed_events(self.webhook_id, n)]

    async def receive(self, *, takes: bool) -> None:
        self.receiver.status = 200 if takes else 503

    async def settle(self) -> None:
        await self.fake.settled()

    async def taken(self, event_id: int, /) -> int:
        await self.fake.settled()
        return self.fake.event(event_id).attempts - 1

    async def poison(self, event_id: int, /) -> None:
        self.fake.faults.add(with_id(event_id), Status(400), times=None)

    async def throttle(self) -> None:
        self.fake.faults.add(RETRY, Status(429))

    async def lose(self, *, carried_out: bool) -> None:
        self.fake.faults.add(RETRY, ResetBeforeBody(apply=carried_out))

    async def hang(self) -> None:
        self.fake.faults.add(RETRY, Hang())

    async def hanging(self) -> None:
        while not self.fake.requests.in_flight:
            await asyncio.sleep(0)

    async def close(self) -> None:
        await self.client.webhooks.archive(self.webhook_id)

    async def shake(self, ids: Sequence[int], *, new: int) -> None:
        left = [*ids]

        def at_the_second_page(record: RequestRecord) -> bool:
            if left and record.path.endswith("/events") and dict(record.query)["offset"] != "0":
                self.fake.seed_events(self.webhook_id, new)
                while left:
                    self.deliver(left.pop())
            return False

        self.fake.faults.add(at_the_second_page, Status(500), times=None)

    def deliver(self, event_id: int) -> None:
        """Let an event have been delivered, as by one of the hourly attempts."""
        store = self.fake._backend.store
        store.update(store.find(event_id), "SUCCESS", self.fake.clock.now())

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Method and path of the requests so far."""
        return [(record.method, record.path) for record in self.fake.requests]


@asynccontextmanager
async def a_world(**options: Any) -> AsyncIterator[TheirStackWorld]:
    """Serve a world."""
    async with (
        receiving() as receiver,
        FakeTheirStack(**options) as fake,
        TheirStack(fake.api_key, base_url=fake.base_url) as client,
    ):
        yield TheirStackWorld(fake, client, receiver)
