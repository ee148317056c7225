"""A receiver of deliveries, and short ways to call the fake with a plain aiohttp client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from theirstack_async.testing import FakeTheirStack


async def until(condition: Callable[[], object]) -> None:
    """Let other tasks run until ``condition`` holds."""
    while not condition():
        await asyncio.sleep(0)


class Receiver:
    """Takes deliveries on 127.0.0.1, remembers them, and answers what it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.headers: dict[str, str] = {}
        self.bodies: list[bytes] = []
        self.signatures: list[str | None] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.in_flight = 0
        self.max_in_flight = 0

    @property
    def ids(self) -> list[int]:
        return [json.loads(body)["id"] for body in self.bodies]

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        self.bodies.append(await request.read())
        self.signatures.append(request.headers.get("X-TheirStack-Signature-256"))
        await self.gate.wait()
        self.in_flight -= 1
        return web.Response(status=self.status, text=f"said {self.status}", headers=self.headers)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    receiver.gate.set()
    await runner.cleanup()


class Api:
    """Calls the fake as a client with the right key would."""

    def __init__(self, fake: FakeTheirStack, session: aiohttp.ClientSession) -> None:
        self.fake = fake
        self.session = session

    async def __call__(self, method: str, path: str, body: Any = ..., **options: Any) -> tuple[int, Any]:
        """Return the status and the decoded body."""
        if body is not ...:
            options["json"] = body
        async with self.session.request(method, path, **options) as response:
            return response.status, await response.json()

    async def ok(self, method: str, path: str, body: Any = ...) -> Any:
        status, answer = await self(method, path, body)
        assert status == 200, answer
        return answer

    async def retry(self, *ids: int) -> tuple[int, Any]:
        return await self("POST", "/v0/webhooks/events/retry", {"webhook_event_ids": list(ids)})


@asynccontextmanager
async def calling(fake: FakeTheirStack) -> AsyncIterator[Api]:
    """Serve ``fake``, and yield a caller."""
    async with (
        fake,
        aiohttp.ClientSession(fake.base_url, headers={"Authorization": f"Bearer {fake.api_key}"}) as session,
    ):
        yield Api(fake, session)
