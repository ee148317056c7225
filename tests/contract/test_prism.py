"""The SDK against a mock server that Prism makes of the vendor's document: no request refused, every answer decoded.

Needs ``../shared/api/theirstack.openapi.json`` and Prism, which ``PRISM`` names or the path has; ``nox -s contract``
brings it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from theirstack_async import (
    AttemptEnded,
    HookEvent,
    TheirStack,
    Webhook,
    WebhookEvent,
    WebhookEventCount,
    WebhookTestResult,
)

DOCUMENT = Path(__file__).parents[3] / "shared" / "api" / "theirstack.openapi.json"
PRISM = os.environ.get("PRISM") or shutil.which("prism")

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(not DOCUMENT.exists(), reason="the vendor's document, ../shared/api, is not here"),
    pytest.mark.skipif(PRISM is None, reason="Prism is not installed; `nox -s contract` brings it"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prism() -> AsyncIterator[str]:
    """Run Prism on a free port and return its address. It refuses a request that does not fit the document."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        str(PRISM), "mock", "--port", str(port), "--host", "127.0.0.1", str(DOCUMENT),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while b"Prism is listening" not in (line := await process.stdout.readline()):
                assert line, "Prism ended before it listened"
        # Its log has to be read on, or the pipe fills up and Prism stands still.
        reader = asyncio.create_task(process.stdout.read())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
    await reader


async def an_event(client: TheirStack) -> WebhookEvent | None:
    """Return an event, and ask again while the list is empty, as one in six random ones is; a bad row raises."""
    for _ in range(50):
        event = await client.webhooks.events.list(7, status="FAILED", max_items=1).first()
        if event is not None:
            return event
    return None


Call = Callable[[TheirStack], Awaitable[Any]]
SINCE = datetime(2026, 4, 1, tzinfo=UTC)

CALLS: dict[str, tuple[Call, type[Any]]] = {
    "list": (lambda c: c.webhooks.list(), list),
    "get": (lambda c: c.webhooks.get(7), Webhook),
    "create": (
        lambda c: c.webhooks.create(
            url="https://example.com/hook", search_id=3, listening_start_time=SINCE, secret="0123456789abcdef"
        ),
        Webhook,
    ),
    "update": (lambda c: c.webhooks.update(7, description="new", secret=None), Webhook),
    "enable": (lambda c: c.webhooks.enable(7), Webhook),
    "archive": (lambda c: c.webhooks.archive(7), Webhook),
    "test": (lambda c: c.webhooks.test(url="https://example.com/hook", event_type="job_new"), WebhookTestResult),
    "events.list": (an_event, WebhookEvent),
    "events.count": (lambda c: c.webhooks.events.count(7), int),
    "events.counts": (lambda c: c.webhooks.events.counts(webhook_id=7, group_by="status"), list),
    "events.retry": (lambda c: c.webhooks.events.retry([1, 2, 3]), object),
}
"""The eleven webhooks operations of the May document; ``disable`` is the same operation as ``enable``."""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("mode", ["static", "dynamic"])
@pytest.mark.parametrize("name", CALLS)
async def test_no_request_is_refused_and_every_answer_decodes(prism: str, name: str, mode: str) -> None:
    """Static mode answers with the document's examples, dynamic mode with random data of its schemas."""
    call, type_ = CALLS[name]
    statuses: list[int | None] = []

    def hook(event: HookEvent) -> None:
        if isinstance(event, AttemptEnded):
            statuses.append(event.status)

    session = aiohttp.ClientSession(headers={"Prefer": f"dynamic={'true' if mode == 'dynamic' else 'false'}"})
    async with session, TheirStack("key", base_url=prism, session=session, hooks=[hook]) as client:
        answer = await call(client)
    assert set(statuses) == {200}
    assert isinstance(answer, type_)
    if name == "events.retry":
        assert answer.ok and set(answer.accepted) == {1, 2, 3}
    if isinstance(answer, list):
        assert all(isinstance(each, Webhook | WebhookEventCount) for each in answer)


@pytest.mark.asyncio(loop_scope="module")
async def test_prism_does_refuse_what_does_not_fit(prism: str) -> None:
    """Otherwise the test above could not fail."""
    from theirstack_async import UnprocessableError

    async with TheirStack("key", base_url=prism) as client:
        with pytest.raises(UnprocessableError):
            await client.request("POST", "/v0/webhooks", json={"url": "https://example.com/hook"})
