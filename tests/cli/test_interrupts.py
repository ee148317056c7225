"""Ctrl-C: a retry run drains and reports, a second one cuts, a third ends the process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from theirstack_async.cli import retrying
from theirstack_async.cli.interrupts import Interrupts
from theirstack_async.testing import FakeTheirStack, Hang

URL = "https://example.invalid/hook"
RETRY = "POST /v0/webhooks/events/retry"


def press(number: signal.Signals = signal.SIGINT) -> None:
    """Do what the terminal does."""
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_cancels(number: signal.Signals, code: int) -> None:
    cleaned: list[bool] = []

    async def work() -> int:
        try:
            asyncio.get_running_loop().call_soon(press, number)
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)
        return 0

    before = signal.getsignal(number)
    assert Interrupts().run(work) == code
    assert cleaned == [True]
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("times", [1, 2])
def test_one_that_comes_before_the_event_loop_counts(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    real = asyncio.run

    def run(main: Any) -> int:
        for _ in range(times):
            press()
        return real(main)

    monkeypatch.setattr(asyncio, "run", run)
    assert Interrupts().run(asyncio.Event().wait) == 130


def test_work_may_end_in_its_own_way() -> None:
    async def work() -> int:
        asyncio.get_running_loop().call_soon(press)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return 5
        return 0

    assert Interrupts().run(work) == 5


def test_the_second_interrupts_the_clearing_up() -> None:
    reached: list[str] = []

    async def work() -> int:
        loop = asyncio.get_running_loop()
        loop.call_soon(press)
        try:
            await asyncio.Event().wait()
        finally:
            reached.append("clearing up")
            loop.call_soon(press)
            try:
                await asyncio.Event().wait()
            finally:
                reached.append("cut")
        return 0

    assert Interrupts().run(work) == 130
    assert reached == ["clearing up", "cut"]


@pytest.mark.parametrize("during", ["the work", "what is said"])
def test_two_that_come_at_once_are_two(during: str) -> None:
    reached: list[str] = []

    def interrupt_twice() -> None:
        press()
        if during == "the work":
            press()

    async def work() -> int:
        asyncio.get_running_loop().call_soon(interrupt_twice)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            reached.append("the first")
            await asyncio.Event().wait()
        return 0

    assert Interrupts(press if during == "what is said" else lambda: None).run(work) == 130
    assert reached == ["the first"]


def test_the_third_ends_it() -> None:
    async def work() -> int:
        for _ in range(3):
            press()
        return 0

    with pytest.raises(KeyboardInterrupt):
        Interrupts().run(work)


def test_a_cancellation_of_its_own_is_no_interrupt() -> None:
    async def work() -> int:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        Interrupts().run(work)


def _press_twice_when_busy(monkeypatch: pytest.MonkeyPatch, fake: FakeTheirStack) -> None:
    """Press Ctrl-C when two batches are accepted and the third hangs, and once more when that has been noticed."""
    from theirstack_async._engine.aiohttp_transport import AiohttpTransport

    real = AiohttpTransport.send
    sends: list[None] = []
    fingers: list[asyncio.Task[None]] = []

    async def press_twice() -> None:
        while fake.requests.total < 3:
            await asyncio.sleep(0.001)
        press()
        for _ in range(10):
            await asyncio.sleep(0)
        press()

    async def send(self: AiohttpTransport, request: Any) -> Any:
        sends.append(None)
        if len(sends) == 3:
            fake.faults.add(RETRY, Hang())
            fingers.append(asyncio.ensure_future(press_twice()))
        return await real(self, request)

    monkeypatch.setattr(AiohttpTransport, "send", send)


@pytest.mark.parametrize("for_people", [False, True])
def test_a_retry_that_is_cut_reports_and_exits_with_130(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: Any, for_people: bool
) -> None:
    if for_people:
        request.getfixturevalue("people")
    webhook = fake.seed_webhook(URL)
    ids = [*fake.seed_events(webhook, 10)]
    _press_twice_when_busy(monkeypatch, fake)
    file = tmp_path / "run.json"
    result = run("events", "retry", "--batch-size", 2, "--max-concurrency", 1, "--report", file, *ids)
    assert result.exit_code == 130
    report = json.loads(file.read_text("utf-8"))
    assert (report["accepted"], report["unknown"], report["skipped"]) == (ids[:4], ids[4:6], ids[6:])
    if for_people:
        assert "4 of 10 accepted" in result.stdout
        assert f"4 skipped, never sent: retry them: {ids[6]}, " in result.stdout
    else:
        assert json.loads(result.stdout)["skipped"] == ids[6:]


def test_a_retry_that_drains_loses_nothing_under_way(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from theirstack_async._engine.aiohttp_transport import AiohttpTransport

    real = AiohttpTransport.send
    sends: list[None] = []

    async def send(self: AiohttpTransport, request: Any) -> Any:
        sends.append(None)
        if len(sends) == 2:
            press()
        return await real(self, request)

    monkeypatch.setattr(AiohttpTransport, "send", send)
    ids = [*fake.seed_events(fake.seed_webhook(URL), 10)]
    result = run("events", "retry", "--batch-size", 2, "--max-concurrency", 1, *ids)
    report = json.loads(result.stdout)
    assert (result.exit_code, report["accepted"], report["unknown"], report["skipped"]) == (130, 4, [], ids[4:])


def test_an_interrupted_listing_of_ids_has_nothing_to_report(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from theirstack_async._engine.aiohttp_transport import AiohttpTransport

    async def send(self: AiohttpTransport, request: Any) -> Any:
        press()
        await asyncio.Event().wait()

    monkeypatch.setattr(AiohttpTransport, "send", send)
    result = run("events", "retry-failed", 7)
    assert (result.exit_code, result.output) == (130, retrying.DRAINING + "\n")
