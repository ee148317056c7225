"""``theirstack replay`` with BitGo's notifications."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run, on_a_thread
from theirstack_async.replay import ReplayPlan
from theirstack_async.testing import FakeBitGo


@pytest.fixture
def bitgo(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBitGo]:
    """A served fake with the operators' path, whose token is in the environment."""
    monkeypatch.delenv("THEIRSTACK_API_KEY", raising=False)
    with on_a_thread(FakeBitGo(admin=True)) as fake:
        monkeypatch.setenv("BITGO_ACCESS_TOKEN", fake.access_token)
        yield fake


@pytest.fixture
def webhook(bitgo: FakeBitGo) -> str:
    webhook = bitgo.seed_webhook()
    bitgo.seed_notifications(webhook, 30)
    return webhook


def paths(bitgo: FakeBitGo) -> list[str]:
    return [record.path for record in bitgo.requests if record.method == "POST"]


def test_the_whole_journey(bitgo: FakeBitGo, webhook: str, run: Run, tmp_path: Path) -> None:
    file, journal, at = tmp_path / "plan.jsonl", tmp_path / "replay.db", ("--base-url", bitgo.base_url)
    planned = run(*at, "replay", "plan", webhook, "--provider", "bitgo", "--save", file)
    assert (planned.exit_code, json.loads(planned.stdout)["to_send"]) == (0, 30)
    assert ReplayPlan.load(file).provider == "bitgo"
    result = run(*at, "--timeout", 20, "replay", "run", file, "--journal", journal, "--yes", "--no-verify")
    assert (result.exit_code, len(paths(bitgo))) == (9, 3), "a canary, and two calls of at most 25"
    looked = run(*at, "replay", "verify", journal)
    assert (looked.exit_code, json.loads(looked.stdout)["counts"]["delivered"]) == (0, 30)
    assert not any("/admin/" in path for path in paths(bitgo))
    assert sum(bitgo.delivered.values()) == 30


def test_more_than_the_api_takes_is_refused_by_the_options_name(
    bitgo: FakeBitGo, webhook: str, run: Run, tmp_path: Path
) -> None:
    sent = ("--provider", "bitgo", "--journal", tmp_path / "replay.db", "--yes", "--batch-size", 26)
    result = run("--base-url", bitgo.base_url, "replay", "run", webhook, *sent)
    assert (result.exit_code, result.stderr.startswith("error: --batch-size: 26, the API takes 25 ids")) == (2, True)
    assert paths(bitgo) == []


def test_operators_have_a_call_of_their_own(bitgo: FakeBitGo, webhook: str, run: Run, tmp_path: Path) -> None:
    journal = tmp_path / "replay.db"
    sent = ("--provider", "bitgo", "--admin", "--journal", journal, "--yes", "--no-verify", "--canary", 0)
    result = run("--base-url", bitgo.base_url, "replay", "run", webhook, *sent)
    assert all("/admin/" in path for path in paths(bitgo))
    again = f"theirstack --base-url {bitgo.base_url} replay verify {journal} looks again."
    assert (result.exit_code, result.stderr.splitlines()[-1].endswith(again)) == (9, True)


def test_what_goes_on_needs_the_call_for_operators_too(
    bitgo: FakeBitGo, webhook: str, run: Run, tmp_path: Path
) -> None:
    journal = tmp_path / "replay.db"
    bitgo.receive(webhook, takes=False)
    result = run(
        "--base-url", bitgo.base_url, "replay", "run", webhook, "--provider", "bitgo", "--admin", "--journal", journal,
        "--yes",
    )  # fmt: skip
    assert f"replay resume {journal} --admin goes on." in result.stderr


@pytest.mark.usefixtures("people")
def test_a_table_has_room_for_uuids(bitgo: FakeBitGo, webhook: str, run: Run, tmp_path: Path) -> None:
    journal = tmp_path / "replay.db"
    sent = ("--provider", "bitgo", "--journal", journal, "--yes", "--canary", 0)
    assert run("--base-url", bitgo.base_url, "replay", "run", webhook, *sent).exit_code == 0
    [_, first, *_] = run("replay", "report", journal, "--state", "delivered").stdout.splitlines()
    assert first.split()[0] in bitgo.accepted


def test_a_token_is_needed(bitgo: FakeBitGo, webhook: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BITGO_ACCESS_TOKEN")
    result = run("--base-url", bitgo.base_url, "replay", "plan", webhook, "--provider", "bitgo")
    assert (result.exit_code, "BITGO_ACCESS_TOKEN" in result.stderr) == (2, True)
