"""A world in which BitGo's notifications are replayed: the fake, and the provider over it, by one virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from theirstack_async.replay import BitGoNotifications
from theirstack_async.testing import FakeBitGo, Hang, ResetBeforeBody, VirtualClock
from theirstack_async.testing.replay_suite import ReplayWorld

TOKEN: Final = "fake-bitgo-token-2f9c"
RESEND: Final = "POST *retrigger"
LIST: Final = "GET *notifications"


class BitGoWorld(ReplayWorld[str]):
    page_size = 1000
    strangers = ("550e8400-e29b-41d4-a716-446655440000", "6f1c0f57-5d5b-4a3c-9a55-0b7f0c3f2d11")
    no_ids = (7, "", "550e8400", "550e8400e29b41d4a716446655440000", "x" + strangers[0], strangers[0] + "\n")
    no_webhook_ids = (7, "", ".", "..", "a/b", "a b", "a\n", "ä")

    def __init__(self, fake: FakeBitGo, provider: BitGoNotifications) -> None:
        self.fake = fake
        self.provider = self.bitgo = provider
        self.webhook_id: str = fake.seed_webhook()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.fake.clock.now(), UTC)

    async def fail(self, n: int) -> list[str]:
        # Behind those of an earlier call, and each at an instant of its own.
        made = self.fake.seed_notifications(self.webhook_id, n, spacing=0.5)
        await self.fake.clock.advance(n)
        return made

    async def receive(self, *, takes: bool) -> None:
        self.fake.receive(self.webhook_id, takes=takes)

    async def settle(self) -> None:
        await self.fake.settled()
        await self.fake.clock.advance(1)

    async def taken(self, id: str) -> int:  # noqa: A002  # as in ReplayWorld
        return self.fake.accepted[id]

    async def poison(self, id: str) -> None:  # noqa: A002
        self.fake.poison(id)

    async def throttle(self) -> None:
        self.fake.throttle()

    async def lose(self, *, carried_out: bool) -> None:
        self.fake.faults.add(RESEND, ResetBeforeBody(apply=carried_out))

    async def hang(self) -> None:
        self.fake.faults.add(RESEND, Hang(apply=False))
        self.before = self.fake.requests.total

    async def hanging(self) -> None:
        while self.fake.requests.total == self.before:
            await asyncio.sleep(0)

    async def close(self) -> None:
        self.fake.remove_webhook(self.webhook_id)

    async def shake(self, ids: Sequence[str], *, new: int) -> None:
        def move() -> None:
            self.fake.settle_as(ids, "SENT")
            self.fake.seed_notifications(self.webhook_id, new, spacing=0.5)

        self.fake.after_page(move)


@asynccontextmanager
async def a_world(*, admin: bool = False, **manners: Any) -> AsyncIterator[BitGoWorld]:
    clock = VirtualClock()
    async with (
        FakeBitGo(access_token=TOKEN, clock=clock, admin=admin, **manners) as fake,
        BitGoNotifications(TOKEN, base_url=fake.base_url, admin=admin, clock=clock) as provider,
    ):
        yield BitGoWorld(fake, provider)


def queries(world: BitGoWorld) -> list[dict[str, str]]:
    """Return what was asked for in lists."""
    return [dict(each.query) for each in world.fake.requests if each.method == "GET"]


def seed(world: BitGoWorld, n: int = 1, **how: Any) -> list[str]:
    """Add notifications of the world's webhook, and return their ids."""
    return world.fake.seed_notifications(world.webhook_id, n, **how)
