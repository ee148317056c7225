"""Waits for a rate window: told on a terminal, and shared by runs that name one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, serving
from theirstack_async.cli import session
from theirstack_async.cli.waits import Waits
from theirstack_async.hooks import CallStarted, WaitStarted

SEARCH = ("jobs", "search", "--posted-days", 10_000, "--limit", 1)
FULL = "the API's rate window 'per-minute' is full"


def wait(seconds: float) -> WaitStarted:
    return WaitStarted(1, "jobs.search", seconds, FULL)


def test_a_long_wait_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    waits = Waits(lambda: 100.0)
    waits(CallStarted(1, "jobs.search", "POST", "/v1/jobs/search", "billed"))
    waits(wait(2.0))
    assert capsys.readouterr().err == ""
    waits(wait(12.4))
    assert capsys.readouterr().err == f"Waiting 12 s: {FULL}.\n"


def test_waits_that_end_together_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    waits = Waits(lambda: now[0])
    waits(wait(30.0))
    now[0] = 120.0
    waits(wait(10.5))
    assert capsys.readouterr().err.count("\n") == 1
    waits(wait(20.0))
    assert capsys.readouterr().err == f"Waiting 20 s: {FULL}.\n"


@pytest.mark.parametrize("terminal", [True, False])
async def test_only_a_terminal_is_told(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    monkeypatch.setattr(session.sys.stderr, "isatty", lambda: terminal)
    async with session.Settings(api_key="key").client() as client:
        assert [type(hook) for hook in client._pipeline.config.hooks] == [Waits] * terminal


def test_runs_that_name_one_file_share_the_windows(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serving(rate_windows=[(1, 3600)]) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        first, second = (run("--quota", tmp_path / "windows", *SEARCH) for _ in "12")
        assert (first.exit_code, second.exit_code, fake.requests.total) == (0, 5, 1)
    assert "the API's rate window 'per-hour' is full" in second.stderr
    assert "0 jobs, 0 credits.\n" in second.stderr
    assert "more may have been spent" not in second.stderr


def test_a_file_that_cannot_be_used_is_told_and_does_not_stop_a_run(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serving() as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        result = run("--quota", tmp_path / "nowhere" / "windows", *SEARCH)
    assert (result.exit_code, fake.credits_billed) == (0, 1)
    assert "rate limits are kept by this process alone until its store is back: the quota file" in result.stderr
