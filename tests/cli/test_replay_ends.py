"""How a replay from the shell ends: its verdict, and Ctrl-C once and twice."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.cli.conftest import Run
from theirstack_async._engine.aiohttp_transport import AiohttpTransport
from theirstack_async.cli import replay_run
from theirstack_async.cli.replay_run import Follower, in_words, verdict
from theirstack_async.replay import Replay, ReplayReport, ReplayRow, ReplaySnapshot, ReplayState
from theirstack_async.testing import FakeTheirStack, Hang

URL = "https://example.invalid/hook"
RETRY = "POST /v0/webhooks/events/retry"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def report(*states: str, stopped: Mapping[int | str | None, str] | None = None) -> ReplayReport:
    rows = (
        ReplayRow(
            id=number, webhook_id=7, type="", created_at=NOON, state=ReplayState(state), batch=None, sends=0,
            reason=None, handle=None, word=None, response_status=None, response=None, seen_at=None,
        )
        for number, state in enumerate(states)
    )  # fmt: skip
    return ReplayReport(rows, stopped)


@pytest.mark.parametrize(
    ("found", "code", "said"),
    [
        (report("delivered", "excluded"), 0, ""),
        (report("delivered", "failed_again"), 1, "1 event did not arrive."),
        (report("rejected", "missing"), 1, "2 events did not arrive."),
        (report("failed_again", "planned"), 1, "1 event did not arrive. 1 event not sent yet: RESUME goes on."),
        (report("planned", "intended", "throttled"), 9, "3 events not sent yet: RESUME goes on."),
        (report("accepted", "pending"), 9, "2 events not known to have arrived yet: VERIFY looks again."),
        (report("planned", stopped={None: "no"}), 1,
         "It was stopped for all webhooks: no. 1 event not sent yet: RESUME goes on."),
        (report("failed_again", stopped={7: "a", 8: "b"}), 1, "It was stopped for webhook 7: a; webhook 8: b."),
    ],
)  # fmt: skip
def test_the_verdict(found: ReplayReport, code: int, said: str) -> None:
    assert verdict(found, str.upper) == (code, said)


def test_what_nobody_knows_comes_first() -> None:
    code, said = verdict(report("unknown", "failed_again", "planned", stopped={None: "no"}), str.upper)
    assert code == 7
    assert said.startswith("Nobody knows whether the API took 1 event. See whether the receiver has them. RESUME --on")
    assert said.endswith(" 1 event not sent yet: RESUME goes on.")


def snapshot(*, done: bool, elapsed: float, settled: int) -> ReplaySnapshot:
    counts = dict.fromkeys(ReplayState, 0) | {ReplayState.PLANNED: 1000, ReplayState.FAILED_AGAIN: 1200}
    return ReplaySnapshot(counts=counts, calls=3, elapsed=elapsed, settled_here=settled, stopped={}, done=done)


def test_a_snapshot_in_words() -> None:
    assert in_words(snapshot(done=False, elapsed=0, settled=0), states=False) == "1,200/2,200"
    under_way = snapshot(done=False, elapsed=60, settled=1200)
    assert in_words(under_way, states=True) == "1,200/2,200 (1,000 planned, 1,200 failed again) 20/s ETA 0:00:50"
    assert in_words(snapshot(done=True, elapsed=3725.2, settled=1200), states=False) == "1,200/2,200 in 1:02:05"


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    wide = Console(file=screen, force_terminal=True, width=120, color_system=None)
    monkeypatch.setattr(replay_run, "Console", lambda **_: wide)
    with Follower() as follower:
        follower.update(snapshot(done=False, elapsed=60, settled=1200))
    assert follower.every < 1
    assert "1,200/2,200 (1,000 planned, 1,200 failed again) 20/s ETA 0:00:50" in screen.getvalue()


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def webhook(fake: FakeTheirStack) -> int:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 10)
    return webhook


def at_resend(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], object]) -> None:
    """Let something happen as the resend call of a number is sent."""
    real = AiohttpTransport.send
    sends: list[None] = []

    async def send(self: AiohttpTransport, request: Any) -> Any:
        if request.method == "POST":
            sends.append(None)
            if len(sends) == number:
                act()
        return await real(self, request)

    monkeypatch.setattr(AiohttpTransport, "send", send)


def slow(journal: Path, webhook: int) -> list[object]:
    """Two events a call, and one call at a time."""
    one = ["--batch-size", 2, "--max-concurrency", 1, "--canary", 0]
    return ["replay", "run", webhook, "--journal", journal, "--yes", *one]


def test_a_terminal_sees_that_it_looks(webhook: int, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    journal, screen = tmp_path / "replay.db", io.StringIO()
    assert run(*slow(journal, webhook), "--no-verify").exit_code == 9
    monkeypatch.setattr(replay_run, "Console", lambda **_: Console(file=screen, force_terminal=True, width=90))
    result = run("replay", "verify", journal)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "looking what has arrived" in screen.getvalue()


def test_ctrl_c_lets_the_call_under_way_end(
    fake: FakeTheirStack, webhook: int, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    at_resend(monkeypatch, 2, press)
    journal = tmp_path / "a journal.db"
    result = run("--base-url", fake.base_url, *slow(journal, webhook))
    counts = json.loads(result.stdout)["counts"]
    assert (result.exit_code, counts["accepted"], counts["planned"], counts["unknown"]) == (130, 4, 6, 0)
    assert "Stopping. The requests under way are waited for; Ctrl-C again cuts them." in result.stderr
    assert result.stderr.endswith(f"theirstack --base-url {fake.base_url} replay resume '{journal}' goes on.\n")
    resumed = run("replay", "resume", journal)
    assert (resumed.exit_code, json.loads(resumed.stdout)["counts"]["delivered"]) == (0, 10)
    assert sum(fake.event(id_).attempts - 1 for id_ in [each["id"] for each in rows(run, journal)]) == 10


def rows(run: Run, journal: Path) -> list[Any]:
    return [json.loads(line) for line in run("replay", "report", journal).stdout.splitlines()]


def test_twice_cuts_the_call_under_way(
    fake: FakeTheirStack, webhook: int, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fingers: list[asyncio.Task[None]] = []

    async def press_twice() -> None:
        while not fake.requests.in_flight:
            await asyncio.sleep(0.001)
        press()
        for _ in range(20):
            await asyncio.sleep(0)
        press()

    def hang() -> None:
        fake.faults.add(RETRY, Hang())
        fingers.append(asyncio.ensure_future(press_twice()))

    at_resend(monkeypatch, 2, hang)
    journal = tmp_path / "replay.db"
    result = run(*slow(journal, webhook))
    counts = json.loads(result.stdout)["counts"]
    assert (result.exit_code, counts["accepted"], counts["unknown"], counts["planned"]) == (130, 2, 2, 6)
    assert result.stderr.endswith(f"theirstack replay resume {journal} goes on.\n")


def test_ctrl_c_before_anything_was_sent(
    fake: FakeTheirStack, webhook: int, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, journal = tmp_path / "plan.jsonl", tmp_path / "replay.db"
    run("replay", "plan", webhook, "--save", file)
    real: Any = Replay.run

    def pressed(self: Replay[Any], *args: Any, **options: Any) -> Any:
        asyncio.get_running_loop().call_soon(press)
        return real(self, *args, **options)

    monkeypatch.setattr(Replay, "run", pressed)
    fake.faults.add(f"GET /v0/webhooks/{webhook}/events", Hang())
    result = run("replay", "run", file, "--journal", journal, "--yes")
    assert (result.exit_code, result.stdout, journal.exists()) == (130, "", False)
    assert result.stderr.endswith("It had not begun: nothing was sent.\n")


def test_ctrl_c_while_a_plan_is_made(
    fake: FakeTheirStack, webhook: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Any = Replay.plan

    async def pressed(self: Replay[Any], *args: Any, **options: Any) -> Any:
        asyncio.get_running_loop().call_soon(press)
        return await real(self, *args, **options)

    monkeypatch.setattr(Replay, "plan", pressed)
    fake.faults.add(f"GET /v0/webhooks/{webhook}/events", Hang())
    result = run("replay", "plan", webhook)
    assert (result.exit_code, result.stdout) == (130, "")


@pytest.mark.parametrize("command", ["resume", "verify"])
def test_ctrl_c_while_it_looks(
    fake: FakeTheirStack, webhook: int, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    journal = tmp_path / "replay.db"
    assert run(*slow(journal, webhook), "--no-verify").exit_code == 9
    real: Any = Replay.verify

    async def pressed(self: Replay[Any], *args: Any, **options: Any) -> Any:
        asyncio.get_running_loop().call_soon(press)
        return await real(self, *args, **options)

    monkeypatch.setattr(Replay, "verify", pressed)
    fake.faults.add(f"GET /v0/webhooks/{webhook}/events", Hang())
    result = run("replay", command, journal)
    assert (result.exit_code, json.loads(result.stdout)["counts"]["accepted"]) == (130, 10)
    assert result.stderr.endswith(f"theirstack replay verify {journal} looks again.\n")


def test_ctrl_c_when_all_is_done_has_nothing_to_go_on_with(
    webhook: int, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    journal = tmp_path / "replay.db"
    assert run(*slow(journal, webhook)).exit_code == 0

    async def pressed(*_: object, **__: object) -> None:
        press()
        await asyncio.Event().wait()

    monkeypatch.setattr(Replay, "verify", pressed)
    result = run("replay", "verify", journal)
    assert (result.exit_code, json.loads(result.stdout)["ok"]) == (130, True)
    assert "looks again" not in result.stderr
