"""The hourly resends, on the virtual clock and on one that moves by itself."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.fake._receiver import Api, Receiver, until
from theirstack_async._clock import SystemClock
from theirstack_async.testing import FakeTheirStack

HOUR = 3600


async def test_failed_events_are_resent_every_hour_for_48_hours(api: Api, receiver: Receiver) -> None:
    receiver.status = 500
    (event_id,) = api.fake.trigger(api.fake.seed_webhook(receiver.url))
    await api.fake.settled()
    await api.fake.clock.advance(HOUR - 1)
    assert len(receiver.bodies) == 1
    await api.fake.clock.advance(1)
    assert len(receiver.bodies) == 2
    await api.fake.clock.advance(100 * HOUR)
    assert len(receiver.bodies) == 49
    assert api.fake.event(event_id).updated_at == 1_790_000_000 + 48 * HOUR


async def test_a_resend_that_succeeds_is_the_last(api: Api, receiver: Receiver) -> None:
    receiver.status = 500
    ids = api.fake.trigger(api.fake.seed_webhook(receiver.url), 3)
    await api.fake.settled()
    receiver.status = 200
    await api.fake.clock.advance(5 * HOUR)
    assert Counter(receiver.ids) == dict.fromkeys(ids, 2)


async def test_a_manual_retry_puts_the_resend_off(api: Api, receiver: Receiver) -> None:
    receiver.status = 500
    (event_id,) = api.fake.trigger(api.fake.seed_webhook(receiver.url))
    await api.fake.settled()
    await api.fake.clock.advance(HOUR / 2)
    await api.retry(event_id)
    await api.fake.settled()
    await api.fake.clock.advance(HOUR / 2)
    assert len(receiver.bodies) == 2
    await api.fake.clock.advance(HOUR / 2)
    assert len(receiver.bodies) == 3


async def test_seeded_failures_are_resent_unless_they_are_too_old(api: Api, receiver: Receiver) -> None:
    ids = api.fake.seed_events(api.fake.seed_webhook(receiver.url), 60, spacing=HOUR)
    await api.fake.clock.advance(HOUR)
    assert sorted(receiver.ids) == list(ids[-48:])


async def test_resends_wait_while_disabled_and_end_when_archived(api: Api, receiver: Receiver) -> None:
    webhook_id = api.fake.seed_webhook(receiver.url)
    api.fake.seed_events(webhook_id, 2)
    path = f"/v0/webhooks/{webhook_id}"
    await api.ok("PATCH", f"{path}/status", {"is_active": False})
    await api.fake.clock.advance(HOUR)
    assert receiver.bodies == []
    await api.ok("PATCH", f"{path}/status", {"is_active": True})
    receiver.status = 500
    await api.fake.clock.advance(HOUR)
    assert len(receiver.bodies) == 2
    await api.ok("PATCH", f"{path}/archive")
    await api.fake.clock.advance(HOUR)
    assert len(receiver.bodies) == 2


async def test_resends_come_in_batches_whichever_way_the_ids_were_retried(api: Api) -> None:
    """Runs of neighbouring ids are kept as one, upwards and downwards."""
    ids = api.fake.seed_events(api.fake.seed_webhook("http://192.0.2.1/"), 9, status="SUCCESS")
    await api.retry(*ids[:3], *ids[:2:-1], ids[0])
    await api.fake.clock.advance(HOUR)
    assert [api.fake.event(i).attempts for i in ids] == [4, *[3] * 8]


async def test_on_a_real_clock_resends_happen_by_themselves(receiver: Receiver) -> None:
    class FastClock(SystemClock):
        """Each sleep takes no time, and a minute passes."""

        passed = 0.0

        def now(self) -> float:
            return 1_790_000_000.0 + self.passed

        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(0)
            self.passed += seconds

    async with FakeTheirStack(clock=FastClock()) as fake:
        (event_id,) = fake.seed_events(fake.seed_webhook(receiver.url), 1)
        await until(lambda: fake.event(event_id).status == "SUCCESS")
    assert receiver.ids == [event_id]


async def test_what_is_overdue_is_resent_now_and_the_clock_never_goes_back(receiver: Receiver) -> None:
    fake = FakeTheirStack()
    (event_id,) = fake.seed_events(fake.seed_webhook(receiver.url), 1)
    await fake.clock.advance(2 * HOUR)
    async with fake:
        await fake.clock.advance(1)
    assert fake.event(event_id).updated_at == 1_790_000_000 + 2 * HOUR


async def test_deliver_pending_does_what_is_due(receiver: Receiver) -> None:
    class SetClock(SystemClock):
        """Stands still, and is set by hand; sleeps never end."""

        time = 1_790_000_000.0

        def now(self) -> float:
            return self.time

        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    clock = SetClock()
    async with FakeTheirStack(clock=clock) as fake:
        (event_id,) = fake.seed_events(fake.seed_webhook(receiver.url), 1)
        await fake.deliver_pending()
        assert receiver.ids == []
        clock.time += HOUR
        await fake.deliver_pending()
        assert receiver.ids == [event_id]
