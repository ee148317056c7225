"""The provider of BitGo against a mock server that Prism makes of the description: nothing refused, all understood.

Needs the description, ``../shared/api``, and Prism, which ``PRISM`` names or the path has; ``nox -s contract`` brings
it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import pytest_asyncio

from tests.contract._bitgo import BITGO, HERE
from tests.contract.test_prism import mocking
from theirstack_async import AttemptEnded, HookEvent
from theirstack_async.replay import BitGoNotifications, Trace

PRISM = os.environ.get("PRISM") or shutil.which("prism")

pytestmark = [
    pytest.mark.contract,
    HERE,
    pytest.mark.skipif(PRISM is None, reason="Prism is not installed; `nox -s contract` brings it"),
    pytest.mark.asyncio(loop_scope="module"),
]

EXAMPLE = "550e8400-e29b-41d4-a716-446655440000"
OTHER = "6f1c0f57-5d5b-4a3c-9a55-0b7f0c3f2d11"
"""The ids of the description's example."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mock() -> AsyncIterator[str]:
    async with mocking(BITGO.path) as url:
        yield url


async def ask(url: str, prefer: str, *, admin: bool = False) -> tuple[list[int | None], list[object]]:
    """Let the provider do all that it can, and return the statuses of the answers and what came of it."""
    statuses: list[int | None] = []

    def hook(event: HookEvent) -> None:
        if isinstance(event, AttemptEnded):
            statuses.append(event.status)

    async with (
        aiohttp.ClientSession(headers={"Prefer": prefer}) as session,
        BitGoNotifications("t", base_url=url, admin=admin, session=session, hooks=[hook]) as provider,
    ):
        since = datetime.now(UTC) - timedelta(hours=1)
        result = await provider.resend("w", [EXAMPLE, OTHER])
        listed = [each async for each in provider.list_failed("w", start=since, end=None, status=["FAILED"])]
        seen = await provider.status_of("w", {EXAMPLE: Trace(handle="c")}, since)
    return statuses, [result, listed, seen]


@pytest.mark.parametrize("admin", [False, True])
async def test_the_descriptions_examples(mock: str, *, admin: bool) -> None:
    """The operators' call has no example, so one is made up for it, in which no id of ours is."""
    statuses, [result, *_] = await ask(mock, "dynamic=false", admin=admin)
    assert {*statuses} == {200}
    assert result.verdict == "answered"  # type: ignore[attr-defined]
    if not admin:
        assert result.accepted == {EXAMPLE: "cjld2cjxh0000qzrmn831i7rn"}  # type: ignore[attr-defined]
        assert result.rejected == {OTHER: "not found for this webhook"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("admin", [False, True])
async def test_random_answers(mock: str, *, admin: bool) -> None:
    """Of ids that are not ours, in statuses that nobody knows."""
    for _ in range(5):
        statuses, [result, *_] = await ask(mock, "dynamic=true", admin=admin)
        assert {*statuses} == {200}
        assert result.verdict == "answered"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "verdict"), [(400, "throttled"), (401, "over"), (404, "closed"), (409, "unsent"), (429, "throttled")]
)
async def test_the_descriptions_refusals(mock: str, status: int, verdict: str) -> None:
    """The example of a 400 is that of too many ids a minute."""
    async with (
        aiohttp.ClientSession(headers={"Prefer": f"code={status}"}) as session,
        BitGoNotifications("t", base_url=mock, session=session) as provider,
    ):
        result = await provider.resend("w", [EXAMPLE])
    assert (result.verdict, result.accepted) == (verdict, {})


async def test_prism_does_refuse_what_does_not_fit(mock: str) -> None:
    """Otherwise the tests above could not fail."""
    url, token = f"{mock}/api/notifications/v1/webhooks/w/notifications", {"Authorization": "Bearer t"}
    async with aiohttp.ClientSession() as session:
        for query, headers, status in (({}, token, 400), ({"limit": "1", "offset": "0"}, {}, 401)):
            async with session.get(url, params=query, headers=headers) as response:
                assert response.status == status
