"""``theirstack fake-server``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
from typing import Any

import pytest

from tests.cli.conftest import Run
from theirstack_async import TheirStack
from theirstack_async.testing import FakeTheirStack


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Press Ctrl-C as soon as the server serves."""
    real = FakeTheirStack.serve_forever

    async def serve_forever(self: FakeTheirStack) -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        await real(self)

    monkeypatch.setattr(FakeTheirStack, "serve_forever", serve_forever)


@pytest.mark.usefixtures("stops")
def test_a_program_reads_where_it_serves(run: Run) -> None:
    result = run("fake-server", "--webhooks", 2, "--events", 3)
    said = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, len(said["webhook_ids"])) == (0, "", 2)
    assert said["base_url"].startswith("http://127.0.0.1:")
    assert {"api_key", "secret"} < {*said}


@pytest.mark.usefixtures("stops", "people")
@pytest.mark.parametrize(("webhooks", "more"), [(0, ""), (1, ""), (5, "2 more webhooks have as many.")])
def test_people_read_lines_to_copy(run: Run, webhooks: int, more: str) -> None:
    result = run("fake-server", "--webhooks", webhooks, "--events", 3)
    assert result.exit_code == 0
    assert result.stdout.endswith("\nStopped.\n")
    assert "  export THEIRSTACK_BASE_URL=http://127.0.0.1:" in result.stdout
    assert result.stdout.count("has 3 FAILED events; deliveries are signed with") == min(webhooks, 3)
    assert more in result.stdout
    assert ("more webhooks" in result.stdout) is bool(more)
    assert ("theirstack events retry-failed 101" in result.stdout) is bool(webhooks)


def test_it_serves_what_it_says(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    async def look(self: FakeTheirStack) -> None:
        async with TheirStack(self.api_key, base_url=self.base_url) as client:
            seen.append(await client.webhooks.events.count(101))
            seen.append((await client.webhooks.get(101)).url)
            seen.append([count.number_of_events for count in await client.webhooks.events.counts()])
            seen.append((await client.webhooks.events.retry_failed(101)).ok)
            seen.append(await client.webhooks.events.ids(101, status="FAILED").collect())

    monkeypatch.setattr(FakeTheirStack, "serve_forever", look)
    assert run("fake-server", "--events", 7, "--deliver-to", "http://127.0.0.1:9/x").exit_code == 0
    assert seen[:4] == [7, "http://127.0.0.1:9/x", [7], True]
    seen.clear()
    assert run("fake-server", "--events", 7).exit_code == 0
    assert seen[4] == [], "without --deliver-to each delivery counts as answered"


def test_its_account_is_as_poor_as_it_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    async def look(self: FakeTheirStack) -> None:
        async with TheirStack(self.api_key, base_url=self.base_url) as client:
            rows = client.jobs.search(posted_at_max_age_days=90, max_items=200, partial=True)
            seen.append((len(await rows.collect()), rows.end, self.credits_left))

    monkeypatch.setattr(FakeTheirStack, "serve_forever", look)
    assert run("fake-server", "--credits", 60).exit_code == 0
    assert run("fake-server", "--free-plan").exit_code == 0
    assert seen == [(60, "truncated_by_credits", 0), (125, "plan_limit", None)]


def test_a_port_that_is_taken_is_a_usage_error(run: Run) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        result = run("fake-server", "--port", taken.getsockname()[1])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error: Cannot serve: " in result.stderr


def test_an_address_that_is_none_is_a_usage_error(run: Run) -> None:
    result = run("fake-server", "--deliver-to", "nonsense")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error: Cannot serve: " in result.stderr
