"""What the tests of several pages and programs share."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator

import pytest

from tests._imports import ROOT
from tests.docs._receiving import SECRET
from theirstack_async.testing import FakeTheirStack, VirtualClock


@pytest.fixture
def env(fake_theirstack: FakeTheirStack, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a program that finds the fake server."""
    return _finding(fake_theirstack, monkeypatch)


@pytest.fixture
async def fake_today() -> AsyncGenerator[FakeTheirStack]:
    """A fake that lives today, as programs do, and delivers over many connections at once."""
    async with FakeTheirStack(clock=VirtualClock(time.time()), max_deliveries_in_flight=20) as fake:
        yield fake


@pytest.fixture
def receiving(fake_today: FakeTheirStack, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a program that finds that fake, and checks what it delivers."""
    return _finding(fake_today, monkeypatch) | {"WEBHOOK_SECRET": SECRET, "WEBHOOK_SECRETS": SECRET}


def _finding(fake: FakeTheirStack, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    variables = {"THEIRSTACK_BASE_URL": fake.base_url, "THEIRSTACK_API_KEY": fake.api_key}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **variables, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
