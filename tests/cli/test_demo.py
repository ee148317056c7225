"""``theirstack demo``, with few events."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from typing import Any

import pytest
from rich.console import Console

from tests.cli.conftest import Run
from theirstack_async import TheirStack
from theirstack_async.cli import demo as demo_module
from theirstack_async.cli.demo_receiver import DemoReceiver
from theirstack_async.testing import FakeTheirStack


def test_it_ends_with_the_report(run: Run) -> None:
    result = run("demo", "--events", 250)
    assert (result.exit_code, result.stderr) == (0, "")
    told = result.stdout.splitlines()
    assert told[3].startswith("They failed (no answer: Client")
    assert [line.split()[:4] for line in told[7:12]] == [
        ["ok", "planned", "250", "events"],
        ["ok", "sent", "250", "events"],
        ["ok", "delivered", "250", "events"],
        ["ok", "verified", "250", "signatures"],
        ["ok", "API", "says", "250"],
    ]
    assert told[-1].startswith("No event was lost, none came twice. It took ")
    assert "\x1b" not in result.stdout


def test_a_narrow_terminal_gets_the_report_as_text(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    told = run("demo", "--events", 5).stdout
    assert "ok  verified   5 signatures, HMAC-SHA256, 0 wrong" in told
    assert "ok  API says   5 SUCCESS, 0 FAILED" in told


def test_it_needs_no_key_and_takes_no_address(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THEIRSTACK_API_KEY", raising=False)
    monkeypatch.setenv("THEIRSTACK_BASE_URL", "https://example.invalid")
    assert run("demo", "--events", 1).exit_code == 0


def test_a_terminal_gets_a_bar(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(
        demo_module, "Console", lambda **_: Console(file=screen, force_terminal=True, width=80, color_system=None)
    )
    assert run("demo", "--events", 20).exit_code == 0
    assert "planning " in screen.getvalue()
    assert "delivering" in screen.getvalue()


def _before_the_run(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Let something happen to the receiver just before it starts."""
    real = DemoReceiver.start

    async def start(self: DemoReceiver) -> None:
        act(self)
        await real(self)

    monkeypatch.setattr(DemoReceiver, "start", start)


def test_a_wrong_signature_is_found(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _before_the_run(monkeypatch, lambda receiver: setattr(receiver, "_secret", b"another"))
    result = run("demo", "--events", 5)
    assert result.exit_code == 1
    wrong = [line.split()[1] for line in result.stdout.splitlines() if line.startswith("WRONG")]
    assert wrong == ["sent", "delivered", "verified", "API"]
    assert "A check failed." in result.stdout


def test_a_duplicate_is_found(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    real = FakeTheirStack.settled
    calls: list[None] = []

    async def settled(self: FakeTheirStack) -> None:
        await real(self)
        calls.append(None)
        if len(calls) == 2:
            async with TheirStack(self.api_key, base_url=self.base_url) as client:
                await client.webhooks.events.retry(await client.webhooks.events.ids(101, max_items=1).collect())
            await real(self)

    monkeypatch.setattr(FakeTheirStack, "settled", settled)
    result = run("demo", "--events", 5)
    assert result.exit_code == 1
    assert "1 duplicates" in result.stdout


def test_ctrl_c_ends_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def press(_: DemoReceiver) -> None:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)

    _before_the_run(monkeypatch, press)
    result = run("demo", "--events", 500)
    assert result.exit_code == 130
    assert "No event was lost" not in result.stdout


async def test_the_receiver_refuses_until_it_is_started() -> None:
    import aiohttp

    told: list[None] = []
    async with DemoReceiver("secret", lambda: told.append(None)) as receiver, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.post(receiver.url)
        await receiver.start()
        async with session.post(receiver.url, data=b"{}") as response:
            assert response.status == 403
    assert (receiver.deliveries, receiver.verified, told) == (1, 0, [])
