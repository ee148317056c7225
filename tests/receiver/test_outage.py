"""The outage drill: a receiver is down for three hours while events fire, and nothing is lost or handled twice."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from tests._scale import scaled
from tests.receiver._sending import SECRET, once, serving
from theirstack_async import TheirStack
from theirstack_async.receiver import Delivery, DeliveryState, Receiver, SQLiteDeliveries
from theirstack_async.testing import FakeTheirStack

EVENTS: Final = scaled(5_000)
ROUND: Final = 20 * 60
"""Seconds between two rounds of events."""
ROUNDS: Final = 9
"""Rounds within the three hours."""
HOUR: Final = 3600


@attrs.define
class Drill:
    fake: FakeTheirStack
    client: TheirStack
    webhook: int
    port: int
    folder: Path
    fired: list[int] = attrs.field(factory=list[int])
    handled: Counter[int] = attrs.field(factory=Counter[int])

    @asynccontextmanager
    async def up(self) -> AsyncIterator[Receiver]:
        """Run a receiver for a while, as a process of its own would: only the store outlives it."""
        receiver = Receiver(SECRET, SQLiteDeliveries(self.folder / "deliveries.db"), clock=self.fake.clock)

        @receiver.on(Delivery)
        async def handle(delivery: Delivery) -> None:
            await asyncio.sleep(0)
            self.handled[delivery.id] += 1

        async with serving(receiver, self.port, reuse_port=True):
            yield receiver

    def fire(self, share: float) -> range:
        """Let events match, so many of them all; most are jobs."""
        number = round(share * EVENTS)
        ids = range(0)
        for kind, count in (("job", number - 2), ("company", 1), ("job_closed", 1)):
            ids = self.fake.trigger(self.webhook, count, kind=kind)  # type: ignore[arg-type]
            self.fired += ids
        return ids

    async def statuses(self) -> Counter[str]:
        """Return how many events of each status the API lists, each listed once."""
        rows = await self.client.webhooks.events.list(self.webhook).collect()
        assert sorted(row.id for row in rows) == self.fired
        return Counter(row.status.value for row in rows)

    async def check(self, receiver: Receiver) -> None:
        """Hold the store to having just the events that the API has, each handled once."""
        await self.fake.settled()
        await receiver.settled()
        assert self.handled == once(self.fired)
        assert await receiver.store.known(self.fired) == dict.fromkeys(self.fired, DeliveryState.DONE)
        assert sum((await receiver.store.counts()).values()) == len(self.fired)


@contextmanager
def held_port() -> Iterator[int]:
    """Keep a port that refuses connections while nobody else listens at it."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@asynccontextmanager
async def a_drill(folder: Path) -> AsyncIterator[Drill]:
    fake = FakeTheirStack(keep_requests=False, max_deliveries_in_flight=8)
    with held_port() as port:
        async with fake, TheirStack(fake.api_key, base_url=fake.base_url) as client:
            webhook = fake.seed_webhook(f"http://127.0.0.1:{port}/hook", secret=SECRET)
            yield Drill(fake, client, webhook, port, folder)


@pytest.mark.parametrize("how", ["process", "resend"])
async def test_three_hours_down(tmp_path: Path, how: Any) -> None:
    """Each round is sent again every hour; a third of them arrives so before it comes to the reconciliation."""
    async with a_drill(tmp_path) as drill:
        fake = drill.fake
        since = datetime.fromtimestamp(fake.clock.now(), UTC)
        async with drill.up() as receiver:
            drill.fire(0.05)
            await drill.check(receiver)
        for _ in range(ROUNDS):
            drill.fire(0.1)
            await fake.settled()
            await fake.clock.advance(ROUND)
        missed = len(drill.fired) - len(drill.handled)
        assert (await drill.statuses())["FAILED"] == missed
        async with drill.up() as receiver:
            await fake.clock.advance(ROUND)
            resent = len(drill.handled) - (len(drill.fired) - missed)
            assert resent == missed // 3
            drill.fire(0.05)
            report = await receiver.reconcile(drill.client, [drill.webhook], since=since, how=how)
            await drill.check(receiver)
            assert report.ok
            assert report.failed == missed - resent
            assert len(report.processed if how == "process" else report.resent) == report.failed - report.known
            failed = 0 if how == "resend" else report.failed
            assert await drill.statuses() == Counter(SUCCESS=len(drill.fired) - failed, FAILED=failed)
            # The API knows nothing of it when events were taken from its list, and goes on sending them.
            before = receiver.stats.known
            await fake.clock.advance(HOUR)
            await drill.check(receiver)
            assert receiver.stats.known - before == failed
            assert await drill.statuses() == Counter(SUCCESS=len(drill.fired))
            again = await receiver.reconcile(drill.client, [drill.webhook], since=since, how=how)
            assert (again.failed, again.listed) == (0, len(drill.fired))


@pytest.mark.parametrize("how", ["process", "resend"])
async def test_events_and_resends_go_on_meanwhile(tmp_path: Path, how: Any) -> None:
    """While the list is read, the API's own resends of the same events arrive, and new events."""
    async with a_drill(tmp_path) as drill:
        fake = drill.fake
        since = datetime.fromtimestamp(fake.clock.now(), UTC)
        drill.fire(0.4)
        await fake.settled()
        async with drill.up() as receiver:

            async def go_on() -> None:
                for _ in range(10):
                    drill.fire(0.02)
                    await fake.clock.advance(HOUR / 5)

            going = asyncio.create_task(go_on())
            report = await receiver.reconcile(drill.client, [drill.webhook], since=since, how=how)
            await going
            assert report.ok
            await drill.check(receiver)
            await receiver.reconcile(drill.client, [drill.webhook], since=since, how=how)
            await drill.check(receiver)
