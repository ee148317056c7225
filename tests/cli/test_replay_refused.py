"""What ``theirstack replay`` refuses before it asks anybody: one sentence, which names what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from theirstack_async import ArgumentError
from theirstack_async.replay import Replay
from theirstack_async.testing import FakeTheirStack

NUMBER = "a webhook id, a whole number, got"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["plan", "abc"], f"expected {NUMBER} 'abc'"),
        (["plan", "7", "8.5"], f"expected {NUMBER} '8.5'"),
        (["run", "abc", "--journal", "x.db"], f"expected the file of a plan or {NUMBER} 'abc'"),
    ],
)
def test_what_is_no_webhook_id(
    fake: FakeTheirStack, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("replay", *command)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: WEBHOOK_ID: {said}.\n")
    assert len(fake.requests) == 0


def test_it_names_the_line_on_stdin(fake: FakeTheirStack, run: Run) -> None:
    result = run("replay", "plan", "-", stdin="7\nx\n")
    assert (result.exit_code, result.stderr) == (2, f"error: WEBHOOK_ID: stdin, line 2: expected {NUMBER} 'x'.\n")


@pytest.mark.parametrize("command", ["plan", "run"])
def test_usage_says_once_that_there_may_be_several(run: Run, command: str) -> None:
    """Older versions of Typer do not say it in this line at all."""
    usage = run("replay", command, "--help").stdout.partition("\n\n")[0]
    assert "WEBHOOK_ID" in usage
    assert usage.count("...") <= 1


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--status", "LOST"], "--status: expected "),
        (["--start", "2026-05-02T00:00:00Z", "--end", "2026-05-01T00:00:00Z"], "--start: 2026-05-02 00:00:00 UTC is "),
        (["--rate", 0], "--rate: expected "),
    ],
)
def test_options_are_called_what_the_user_calls_them(
    fake: FakeTheirStack, run: Run, tmp_path: Path, option: list[object], said: str
) -> None:
    webhook = fake.seed_webhook("https://example.invalid/hook")
    fake.seed_events(webhook, 1)
    result = run("replay", "run", webhook, "--journal", tmp_path / "replay.db", "--yes", *option)
    assert (result.exit_code, result.stderr.startswith(f"error: {said}")) == (2, True), result.stderr


def test_other_errors_are_left_as_they_are(
    fake: FakeTheirStack, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (ArgumentError("grouped: no", field="grouped"), ArgumentError("no rate", field="rate")):

        async def refuse(*_: object, _error: ArgumentError = error, **__: object) -> None:
            raise _error

        monkeypatch.setattr(Replay, "plan", refuse)
        assert run("replay", "plan", 7).stderr == f"error: {error}.\n"


def test_another_number_is_refused_where_nothing_is_failed_too(fake: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    webhook, journal = fake.seed_webhook("https://example.invalid/hook"), tmp_path / "replay.db"
    refused = run("replay", "run", webhook, "--journal", journal, "--expect", 500)
    assert (refused.exit_code, refused.stdout, journal.exists()) == (1, "", False)
    assert "0 events are to be sent, and 500 were expected" in refused.stderr
    right = run("replay", "run", webhook, "--journal", journal, "--expect", 0)
    assert (right.exit_code, json.loads(right.stdout)["total"], journal.exists()) == (0, 0, False)
