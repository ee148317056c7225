"""Deliveries as the API sends them: straight to a receiver, or to one that listens on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from theirstack_async.receiver import (
    SIGNATURE_HEADER,
    AiohttpReceiver,
    Answer,
    DeliveryStore,
    MemoryDeliveries,
    Receiver,
    SQLiteDeliveries,
)
from theirstack_async.testing import sign
from theirstack_async.testing.payloads import Payloads

SECRET: Final = "a-secret-of-some-length"
KINDS: Final = ("memory", "sqlite")
"""Of stores."""
_PAYLOADS: Final = Payloads(0)
_Headers = list[tuple[str, str]]


def body_of(event_id: int, *, record: int | None = None) -> bytes:
    """Return an event of a new job of about 8 KB: the event's own, or that of another one."""
    job = _PAYLOADS.delivered("job", event_id if record is None else record)
    return b'{"id":%d,"type":"job.new","payload":%s}' % (event_id, job)


def headers_of(body: bytes) -> _Headers:
    """Return the headers that a body is sent with."""
    return [("Content-Type", "application/json"), (SIGNATURE_HEADER, sign(body, SECRET))]


async def send(receiver: Receiver, body: bytes, headers: _Headers | None = None) -> Answer:
    """Send a body straight to a receiver, and return the answer."""
    return await receiver.receive("POST", headers_of(body) if headers is None else headers, _whole(body))


async def _whole(body: bytes) -> AsyncIterator[bytes]:
    yield body


def store_of(kind: str, folder: Path) -> DeliveryStore:
    """Return a store of a kind; those of one folder are one."""
    return MemoryDeliveries() if kind == "memory" else SQLiteDeliveries(folder / "deliveries.db")


@asynccontextmanager
async def stores_of(kind: str, folder: Path, number: int = 1) -> AsyncIterator[list[DeliveryStore]]:
    """Yield some stores of a folder, and close them."""
    stores = [store_of(kind, folder) for _ in range(number)]
    try:
        yield stores
    finally:
        for store in stores:
            await store.aclose()


@asynccontextmanager
async def serving(receiver: Receiver, port: int = 0, *, reuse_port: bool = False) -> AsyncIterator[str]:
    """Start a receiver that listens on 127.0.0.1, yield its URL, and let it drain."""
    adapter = AiohttpReceiver(receiver)
    app = web.Application()
    app.router.add_post("/hook", adapter.handle)
    app.cleanup_ctx.append(adapter.lifespan)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, reuse_port=reuse_port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


def once(event_ids: Iterable[int]) -> dict[int, int]:
    """Return each id with 1: what a count of them must be."""
    return dict.fromkeys(event_ids, 1)
