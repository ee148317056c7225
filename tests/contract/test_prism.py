"""The SDK against mock servers that Prism makes of the API's documents: no request refused, every answer decoded.

Needs the documents, ``../shared/api``, and Prism, which ``PRISM`` names or the path has;
``nox -s contract`` brings it.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests._documents import AUGUST, HERE, VENDOR
from tests._operations import CALLS, SINCE, Call, Known
from theirstack_async import AttemptEnded, HookEvent, TheirStack, UnprocessableError, WebhookEventCount
from theirstack_async._engine.theirstack import OPERATIONS

PRISM = os.environ.get("PRISM") or shutil.which("prism")

pytestmark = [
    pytest.mark.contract,
    HERE,
    pytest.mark.skipif(PRISM is None, reason="Prism is not installed; `nox -s contract` brings it"),
]


# Prism takes one value of a parameter whose type is a list of types for a text, and then no array; two it takes.
SEVERAL = Call(
    lambda client, known: client.webhooks.events.counts(start=SINCE, group_by=["status", "event_type"]),
    WebhookEventCount,
)
AUGUST_CALLS = CALLS | {"webhooks.events.counts": SEVERAL}
# Its schema is any object; that an object holds "data" is said in words only, and random objects do not.
IN_WORDS = {("requests.list", "dynamic")}


@asynccontextmanager
async def mocking(document: Path) -> AsyncIterator[str]:
    """Run Prism on a free port and yield its address. It refuses a request that does not fit the document."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        str(PRISM), "mock", "--port", str(port), "--host", "127.0.0.1", str(document),
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vendor() -> AsyncIterator[str]:
    async with mocking(VENDOR.path) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def august() -> AsyncIterator[str]:
    async with mocking(AUGUST.path) as url:
        yield url


async def call(base_url: str, name: str, made: Call, mode: str) -> None:
    """Make one call, and assert that its requests were taken and that its answer is of its model."""
    statuses: list[int | None] = []

    def hook(event: HookEvent) -> None:
        if isinstance(event, AttemptEnded) and event.operation == name:
            statuses.append(event.status)

    session = aiohttp.ClientSession(headers={"Prefer": f"dynamic={'true' if mode == 'dynamic' else 'false'}"})
    async with session, TheirStack("key", base_url=base_url, session=session, hooks=[hook]) as client:
        answer = await made.do(client, Known())
    assert set(statuses) == {200}
    rows = answer if isinstance(answer, list) else [answer]
    assert all(type(row) is made.answer for row in rows)
    if mode == "static":
        assert rows


def test_the_table_of_calls_has_all_operations_of_both_documents() -> None:
    table = {(each.method, re.sub(r"{\w+}", "{}", each.path)) for each in OPERATIONS.values()}
    assert set(CALLS) == set(OPERATIONS)
    assert (len(VENDOR.operations), len(AUGUST.operations)) == (47, 55)
    assert table == VENDOR.operations | AUGUST.operations == AUGUST.operations


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("mode", ["static", "dynamic"])
@pytest.mark.parametrize("name", [name for name in CALLS if VENDOR.has(OPERATIONS[name])])
async def test_the_vendors_document(vendor: str, name: str, mode: str) -> None:
    """Static mode answers with the document's examples, dynamic mode with random data of its schemas."""
    await call(vendor, name, CALLS[name], mode)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("name", "mode"), sorted(set(product(CALLS, ["static", "dynamic"])) - IN_WORDS))
async def test_the_document_of_august(august: str, name: str, mode: str) -> None:
    await call(august, name, AUGUST_CALLS[name], mode)


@pytest.mark.asyncio(loop_scope="module")
async def test_prism_does_refuse_what_does_not_fit(vendor: str) -> None:
    """Otherwise the tests above could not fail."""
    async with TheirStack("key", base_url=vendor) as client:
        with pytest.raises(UnprocessableError):
            await client.request("POST", "/v0/webhooks", json={"url": "https://example.com/hook"})
