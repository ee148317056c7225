"""Deliveries: each is really POSTed to the webhook's URL, if that is on this machine."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from theirstack_async.testing.signing import SIGNATURE_HEADER, sign
from theirstack_async.testing.store import Outcome

NOT_SENT: Final = Outcome(None, "not sent: the fake delivers to 127.0.0.0/8, ::1 and localhost only")
_LOOPBACK_V4: Final = ipaddress.ip_network("127.0.0.0/8")
_LOOPBACK_V6: Final = ipaddress.ip_address("::1")
_MAX_BODY: Final = 1000
"""Bytes of a receiver's answer that are kept."""


def is_loopback(url: str) -> bool:
    """Return whether a URL names this machine, judged by its text alone: no name is ever looked up."""
    host = urlsplit(url).hostname
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return False
    return address == _LOOPBACK_V6 or address in _LOOPBACK_V4


class Sender:
    """Sends one delivery. Redirects are not followed."""

    def __init__(self, timeout: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, url: str, body: bytes, secret: str | None) -> Outcome:
        """POST ``body``, signed when there is a secret, and return what came back."""
        if not is_loopback(url):
            return NOT_SENT
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers[SIGNATURE_HEADER] = sign(body, secret)
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                text = (await response.content.read(_MAX_BODY)).decode(errors="replace")
                return Outcome(response.status, text)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return Outcome(None, f"no answer: {type(error).__name__}")

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


class DeliveryQueue:
    """The deliveries that wait, by webhook, and the plain tasks that work them off."""

    def __init__(self, deliver: Callable[[int], Awaitable[None]], max_in_flight: int) -> None:
        self._deliver = deliver
        self._max_in_flight = max_in_flight
        self._waiting: dict[int, deque[int]] = {}
        self._workers: dict[int, set[asyncio.Task[None]]] = {}

    def put(self, webhook_id: int, event_id: int) -> None:
        """Queue one event; at most ``max_in_flight`` deliveries of a webhook are on their way at a time."""
        self._waiting.setdefault(webhook_id, deque()).append(event_id)
        workers = self._workers.setdefault(webhook_id, set())
        if sum(not task.done() for task in workers) < self._max_in_flight:
            task = asyncio.get_running_loop().create_task(self._work(webhook_id))
            workers.add(task)
            task.add_done_callback(workers.discard)

    async def settled(self) -> None:
        """Return when nothing waits and nothing is on its way."""
        while tasks := self._tasks():
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """Cancel what is on its way and await it; what waits is not sent."""
        tasks = self._tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for workers in self._workers.values() for task in workers]

    async def _work(self, webhook_id: int) -> None:
        waiting = self._waiting[webhook_id]
        while waiting:
            await self._deliver(waiting.popleft())
