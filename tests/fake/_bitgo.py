"""A caller of the fake BitGo that knows nothing of the client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from theirstack_async.testing import FakeBitGo

TOKEN = "fake-bitgo-token"
V1 = "/api/notifications/v1"
ALL = {"limit": "1000", "offset": "0", "start": "2020-01-01", "end": "2030-01-01T00:00:00Z"}


class Caller:
    """Calls the fake as any HTTP client does."""

    def __init__(self, fake: FakeBitGo, session: aiohttp.ClientSession) -> None:
        self.fake = fake
        self.session = session
        self.webhook = fake.seed_webhook()

    def seed(self, n: int = 1, **how: Any) -> list[str]:
        return self.fake.seed_notifications(self.webhook, n, **how)

    async def call(self, method: str, path: str, token: str = TOKEN, **how: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.request(method, self.fake.base_url + V1 + path, headers=headers, **how) as response:
            return response.status, await response.json()

    async def list(self, **query: str) -> tuple[int, Any]:
        return await self.call("GET", f"/webhooks/{self.webhook}/notifications", params={**ALL, **query})

    async def ids(self, **query: str) -> list[str]:
        status, body = await self.list(**query)
        assert status == 200
        return [each["id"] for each in body["notifications"]]

    async def resend(self, *ids: str, admin: str = "") -> tuple[int, Any]:
        path = f"{admin}/webhooks/{self.webhook}/notifications/retrigger"
        return await self.call("POST", path, json={"webhookNotificationIds": ids})

    async def statuses(self) -> list[str]:
        await self.fake.settled()
        _, body = await self.list()
        return [each["status"] for each in body["notifications"]]


@asynccontextmanager
async def calling(**how: Any) -> AsyncIterator[Caller]:
    async with FakeBitGo(**how) as fake, aiohttp.ClientSession() as session:
        yield Caller(fake, session)


def refusal(status: int, name: str, error: str) -> tuple[int, Any]:
    return status, {"name": name, "error": error, "status": status}
