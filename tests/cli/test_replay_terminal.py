"""``theirstack replay`` on a real pseudo-terminal."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from pathlib import Path

import pytest

from tests.cli.conftest import serving
from tests.cli.test_terminal import Terminal, piped, terminal
from theirstack_async.testing import FakeTheirStack, Latency

URL = "https://example.invalid/hook"
ONE_BY_ONE = ("--batch-size", 10, "--max-concurrency", 1, "--canary", 0)
RETRY = "POST /v0/webhooks/events/retry"


@pytest.fixture
def webhook(fake: FakeTheirStack) -> int:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 120)
    return webhook


def lines_of(screen: str) -> list[str]:
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen)
    return [line for line in re.split(r"[\r\n]+", plain) if line]


def wait_for_the_call(fake: FakeTheirStack, journal: Path, screen: Terminal) -> None:
    """Return when a call is under way that the journal knows of: what is asked before is not in it."""
    while not (journal.exists() and fake.requests.in_flight):
        assert screen.process.poll() is None, screen.screen
        time.sleep(0.001)


@pytest.mark.parametrize("columns", [60, 120])
def test_a_run_asks_draws_and_tells(fake: FakeTheirStack, webhook: int, tmp_path: Path, columns: int) -> None:
    journal = tmp_path / "replay.db"
    with terminal("replay", "run", webhook, "--journal", journal, columns=columns) as screen:
        screen.wait_for(r"Go on\? \[y/N\]: ")
        assert not any(record.method == "POST" for record in fake.requests)
        screen.type(b"y\n")
        assert screen.end() == 0
    lines = lines_of(screen.screen)
    asked = next(at for at, line in enumerate(lines) if "Go on?" in line)
    assert lines[0] == "To be sent again: 120 of 120 events of 1 webhook"
    assert "This is a plan: nothing was sent." in lines[:asked]
    drawn = [line.strip() for line in lines if line.startswith("replaying ")]
    states = r" \(119 accepted, 1 delivered\)" if columns == 120 else ""
    assert re.fullmatch(rf"replaying ━+ 120/120{states} in 0:00:0\d", drawn[-1])
    assert max(len(line) for at, line in enumerate(lines) if at != asked) <= columns
    assert lines[-2:] == ["120 events: 120 delivered", "All that was to be sent was delivered."]


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 1), (b"\x03", 130)])
def test_no_means_that_nothing_is_sent(
    fake: FakeTheirStack, webhook: int, tmp_path: Path, answer: bytes, code: int
) -> None:
    journal = tmp_path / "replay.db"
    with terminal("replay", "run", webhook, "--journal", journal) as screen:
        screen.wait_for(r"Go on\? \[y/N\]: ")
        assert screen.end(answer) == code
    assert not journal.exists()
    assert not any(record.method == "POST" for record in fake.requests)


def test_status_tells_beside_a_run_and_ctrl_c_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    journal, released = tmp_path / "replay.db", threading.Event()

    async def held(_: float) -> None:
        while not released.is_set():
            await asyncio.sleep(0.001)

    with serving(sleep=held) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        webhook = fake.seed_webhook(URL)
        fake.seed_events(webhook, 120)
        fake.faults.add(RETRY, Latency(1.0))
        with terminal("replay", "run", webhook, "--journal", journal, "--yes", *ONE_BY_ONE, columns=200) as screen:
            wait_for_the_call(fake, journal, screen)
            told = json.loads(piped("replay", "status", journal).stdout)
            assert (told["calls_under_way"], told["counts"]["intended"]) == (1, 10)
            locked = piped("replay", "resume", journal)
            assert (locked.returncode, "another run has the journal" in locked.stderr) == (10, True)
            screen.type(b"\x03")
            screen.wait_for("Ctrl-C again cuts them")
            released.set()
            assert screen.end() == 130
        lines = lines_of(screen.screen)
        assert "120 events: 10 accepted, 110 planned" in lines
        assert any(
            re.fullmatch(r"replaying .* 10/120 \(110 planned, 10 accepted\) in 0:\d\d:\d\d *", line) for line in lines
        )
        assert lines[-1] == f"theirstack replay resume {journal} goes on."
        assert "Traceback" not in screen.screen
        assert json.loads(piped("replay", "resume", journal).stdout)["counts"]["delivered"] == 120


def test_a_process_that_was_killed_is_gone_on_with(fake: FakeTheirStack, webhook: int, tmp_path: Path) -> None:
    journal = tmp_path / "replay.db"
    fake.faults.add(RETRY, Latency(1e6))
    with terminal("replay", "run", webhook, "--journal", journal, "--yes", *ONE_BY_ONE) as screen:
        wait_for_the_call(fake, journal, screen)
        screen.process.kill()
        screen.process.wait()
    ended = piped("replay", "resume", journal, "--on-unknown", "resend", "--grace", 0)
    assert (ended.returncode, json.loads(ended.stdout)["counts"]["delivered"]) == (0, 120)
