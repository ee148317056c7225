"""``theirstack replay``: plan, run, resume, status, verify and report, on a served fake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, serving
from theirstack_async._clock import SystemClock
from theirstack_async.replay import Replay, ReplayPlan
from theirstack_async.testing import FakeTheirStack, ResetBeforeBody, Status

URL = "https://example.invalid/hook"
NOBODY = "http://127.0.0.1:9/hook"
RETRY = "POST /v0/webhooks/events/retry"


@pytest.fixture
def webhook(fake: FakeTheirStack) -> int:
    """A webhook with five failed events; all that is sent again arrives."""
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 5)
    return webhook


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "replay.db"


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeTheirStack, int]]:
    """A fake on the machine's clock with a webhook of five failed events, whose receiver stays down."""
    with serving(deliver=True, clock=SystemClock()) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        webhook = fake.seed_webhook(NOBODY)
        fake.seed_events(webhook, 5)
        yield fake, webhook


def posts(fake: FakeTheirStack) -> int:
    return sum(record.method == "POST" for record in fake.requests)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_plan_is_told_saved_and_sends_nothing(fake: FakeTheirStack, webhook: int, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "plan.jsonl"
    result = run("replay", "plan", webhook, "--save", file)
    plan = ReplayPlan.load(file)
    told = json.loads(result.stdout)
    assert (result.exit_code, told["to_send"], told["where"]) == (0, 5, fake.base_url)
    assert told["by_webhook"] == {str(webhook): 5}
    assert (plan.to_send, posts(fake)) == (5, 0)
    assert f"theirstack replay run {file} --journal replay.db sends it." in result.stderr


@pytest.mark.usefixtures("people")
def test_people_get_the_plan_as_a_report(webhook: int, run: Run) -> None:
    result = run("replay", "plan", webhook)
    assert result.stdout.startswith("To be sent again: 5 of 5 events of 1 webhook\n")
    assert "This is a plan: nothing was sent." in result.stdout
    assert result.stderr == ""


def test_options_choose_the_events(webhook: int, run: Run) -> None:
    def planned(*options: str) -> Any:
        told = json.loads(run("replay", "plan", webhook, *options).stdout)
        return told["to_send"], told["excluded"]

    assert planned("--end", "2020-01-01T00:00:00Z") == (0, {})
    assert planned("--start", "2020-01-01T00:00:00Z") == (5, {})
    assert planned("--status", "SUCCESS", "--status", "IN_PROGRESS") == (0, {})
    assert planned("--status", "failed", "--auto-retry", "include") == (5, {})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([7, "--start", "yesterday"], "--start: expected an instant"),
        ([7, "--end", "2026-05-01"], "--end: expected an instant"),
        ([7, "--status", "LOST"], "LOST"),
        ([7, "--admin"], "No such option"),
        ([7, "--bitgo-environment", "test"], "--bitgo-environment: is for --provider bitgo"),
    ],
)
def test_a_plan_refuses_what_means_nothing(fake: FakeTheirStack, run: Run, options: list[Any], said: str) -> None:
    result = run("replay", "plan", *options)
    assert (result.exit_code, result.stdout, len(fake.requests)) == (2, "", 0)
    assert said in flat(result.stderr.replace("│", " "))


def test_a_list_that_cannot_be_read_ends_it(fake: FakeTheirStack, run: Run, webhook: int) -> None:
    fake.faults.add(f"GET /v0/webhooks/{webhook}/events", Status(401))
    assert run("replay", "plan", webhook).exit_code == 3


def test_a_run_delivers_and_looks(fake: FakeTheirStack, webhook: int, run: Run, journal: Path) -> None:
    result = run("replay", "run", webhook, "--journal", journal, "--yes", "--batch-size", 2)
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"], told["counts"]["delivered"]) == (0, True, 5)
    assert told["journal"] == str(journal)
    assert posts(fake) == 3, "a canary, and two batches"
    assert result.stderr.splitlines()[0] == "0/5 (5 planned)"
    assert result.stderr.splitlines()[-2].startswith("5/5 (")
    assert result.stderr.splitlines()[-1] == "Looking what has arrived, for 0:05:00 at the most."


@pytest.mark.usefixtures("people")
def test_people_see_plan_and_report(webhook: int, run: Run, journal: Path) -> None:
    result = run("replay", "run", webhook, "--journal", journal, "--yes")
    assert "This is a plan: nothing was sent." in result.stdout
    assert result.stdout.endswith("5 events: 5 delivered\n\nAll that was to be sent was delivered.\n")


def test_without_a_terminal_a_run_wants_yes(fake: FakeTheirStack, webhook: int, run: Run, journal: Path) -> None:
    result = run("replay", "run", webhook, "--journal", journal)
    assert (result.exit_code, posts(fake), journal.exists()) == (2, 0, False)
    assert f"5 events of 1 webhook at {fake.base_url} will be delivered again. Go on?" in result.stderr


def test_nothing_to_send_is_no_failure(webhook: int, run: Run, journal: Path) -> None:
    """And it ends as every run does: with an object for programs."""
    ended = json.loads(run("replay", "run", webhook, "--journal", journal, "--yes").stdout)
    other = journal.with_name("other.db")
    result = run("replay", "run", webhook, "--journal", other, "--end", "2020-01-01T00:00:00Z")
    told = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, other.exists()) == (0, "There is nothing to send.\n", False)
    assert told.keys() == ended.keys()
    assert (told["journal"], told["ok"], told["total"], told["by_webhook"]) == (None, True, 0, [])


@pytest.mark.usefixtures("people")
def test_people_are_told_once_that_there_is_nothing_to_send(webhook: int, run: Run, journal: Path) -> None:
    result = run("replay", "run", webhook, "--journal", journal, "--end", "2020-01-01T00:00:00Z")
    assert (result.stderr, "{" in result.stdout) == ("There is nothing to send.\n", False)


def test_what_a_plan_leaves_out_is_counted_though_nothing_is_sent(
    down: tuple[FakeTheirStack, int], run: Run, journal: Path
) -> None:
    result = run("replay", "run", down[1], "--journal", journal, "--auto-retry", "skip")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"], told["total"], told["counts"]["excluded"]) == (0, True, 5, 5)


def test_a_saved_plan_is_compared_with_what_is_still_failed(
    fake: FakeTheirStack, webhook: int, run: Run, tmp_path: Path, journal: Path
) -> None:
    file = tmp_path / "plan.jsonl"
    run("replay", "plan", webhook, "--save", file)
    first = ReplayPlan.load(file).entries[0].id
    assert run("events", "retry", first).exit_code == 0
    refused = run("replay", "run", file, "--journal", journal, "--yes")
    assert (refused.exit_code, posts(fake), journal.exists()) == (1, 1, False)
    assert "4 events are to be sent, and 5 were expected" in refused.stderr
    told = json.loads(run("replay", "run", file, "--journal", journal, "--yes", "--tolerance", "20%").stdout)
    assert (told["counts"]["delivered"], told["counts"]["excluded"]) == (4, 1)


def test_a_number_can_be_expected_of_webhooks_too(webhook: int, run: Run, journal: Path) -> None:
    refused = run("replay", "run", webhook, "--journal", journal, "--yes", "--expect", 50)
    assert (refused.exit_code, journal.exists()) == (1, False)
    assert run("replay", "run", webhook, "--journal", journal, "--yes", "--expect", 5).exit_code == 0


def test_options_of_a_plan_do_not_go_with_a_saved_one(webhook: int, run: Run, tmp_path: Path, journal: Path) -> None:
    file = tmp_path / "plan.jsonl"
    run("replay", "plan", webhook, "--save", file)
    result = run("replay", "run", file, "--journal", journal, "--auto-retry", "skip")
    assert (result.exit_code, "--auto-retry: is for a new plan" in result.stderr) == (2, True)
    missing = run("replay", "run", tmp_path / "none.jsonl", "--journal", journal)
    assert (missing.exit_code, f"cannot read the plan {tmp_path}/none.jsonl: " in missing.stderr) == (2, True)


def test_a_journal_is_used_once(fake: FakeTheirStack, webhook: int, run: Run, journal: Path) -> None:
    journal.write_text("something")
    result = run("replay", "run", webhook, "--journal", journal, "--yes")
    assert (result.exit_code, len(fake.requests)) == (2, 0)
    assert f"theirstack replay resume {journal} goes on with it" in result.stderr


def test_without_a_look_at_the_end_it_is_not_over(webhook: int, run: Run, journal: Path) -> None:
    result = run("replay", "run", webhook, "--journal", journal, "--yes", "--no-verify", "--canary", 0)
    assert (result.exit_code, json.loads(result.stdout)["counts"]["accepted"]) == (9, 5)
    assert "error:" not in result.stderr
    assert result.stderr.endswith(
        f"5 events not known to have arrived yet: theirstack replay verify {journal} looks again.\n"
    )
    looked = run("replay", "verify", journal)
    assert (looked.exit_code, json.loads(looked.stdout)["counts"]["delivered"]) == (0, 5)


def test_what_the_receiver_refuses_again_is_a_failure(
    down: tuple[FakeTheirStack, int], run: Run, journal: Path
) -> None:
    result = run("replay", "run", down[1], "--journal", journal, "--yes", "--canary", 0)
    assert (result.exit_code, json.loads(result.stdout)["counts"]["failed_again"]) == (1, 5)
    assert "error: 5 events did not arrive." in result.stderr


def test_a_canary_that_fails_stops_the_rest(down: tuple[FakeTheirStack, int], run: Run, journal: Path) -> None:
    result = run("replay", "run", down[1], "--journal", journal, "--yes")
    counts = json.loads(result.stdout)["counts"]
    assert (result.exit_code, counts["failed_again"], counts["planned"]) == (1, 1, 4)
    assert f"error: It was stopped for webhook {down[1]}: " in result.stderr
    assert f"4 events not sent yet: theirstack replay resume {journal} goes on." in result.stderr
    told = json.loads(run("replay", "status", journal).stdout)
    assert [each["webhook_id"] for each in told["stopped"]] == [down[1]]


def test_what_the_api_refuses_is_a_failure(fake: FakeTheirStack, webhook: int, run: Run, journal: Path) -> None:
    fake.faults.add(RETRY, Status(400), times=None)
    result = run("replay", "run", webhook, "--journal", journal, "--yes", "--canary", 0)
    assert (result.exit_code, json.loads(result.stdout)["counts"]["rejected"]) == (1, 5)


def test_a_refused_key_stops_everything(fake: FakeTheirStack, webhook: int, run: Run, journal: Path) -> None:
    fake.faults.add(RETRY, Status(401), times=None)
    result = run("replay", "run", webhook, "--journal", journal, "--yes")
    assert (result.exit_code, json.loads(result.stdout)["counts"]["planned"]) == (1, 5)
    assert "error: It was stopped for all webhooks: " in result.stderr
    fake.faults.clear()
    resumed = run("replay", "resume", journal)
    assert (resumed.exit_code, json.loads(resumed.stdout)["counts"]["delivered"]) == (0, 5)


def test_what_was_delivered_meanwhile_is_not_sent_again(
    fake: FakeTheirStack, webhook: int, run: Run, journal: Path
) -> None:
    fake.faults.add(RETRY, Status(401), times=None)
    assert run("replay", "run", webhook, "--journal", journal, "--yes").exit_code == 1
    fake.faults.clear()
    row = json.loads(run("replay", "report", journal).stdout.splitlines()[-1])
    assert run("events", "retry", row["id"]).exit_code == 0
    resumed = run("replay", "resume", journal)
    counts = json.loads(resumed.stdout)["counts"]
    assert (resumed.exit_code, counts["delivered"], counts["excluded"]) == (0, 4, 1)
    assert '"reason":"delivered by now"' in run("replay", "report", journal, "--state", "excluded").stdout
    assert "delivered meanwhile, by the API itself or by others, is left out" in flat(
        run("replay", "resume", "--help").stdout
    )


def test_what_nobody_knows_is_said_and_can_be_sent_again(
    fake: FakeTheirStack, webhook: int, run: Run, journal: Path
) -> None:
    fake.faults.add(RETRY, ResetBeforeBody(apply=False))
    result = run("replay", "run", webhook, "--journal", journal, "--yes", "--canary", 0, "--grace", 0)
    assert (result.exit_code, json.loads(result.stdout)["counts"]["unknown"]) == (7, 5)
    assert "error: Nobody knows whether the API took 5 events. " in result.stderr
    assert f"theirstack replay resume {journal} --on-unknown resend looks once more" in result.stderr
    again = run("replay", "resume", journal, "--on-unknown", "resend", "--grace", 0)
    assert (again.exit_code, json.loads(again.stdout)["counts"]["delivered"]) == (0, 5)


def test_what_nobody_knows_is_sent_again_where_that_is_wanted(
    fake: FakeTheirStack, webhook: int, run: Run, journal: Path
) -> None:
    fake.faults.add(RETRY, ResetBeforeBody(apply=False))
    resend = ("--canary", 0, "--on-unknown", "resend", "--grace", 0)
    result = run("replay", "run", webhook, "--journal", journal, "--yes", *resend)
    assert (result.exit_code, json.loads(result.stdout)["counts"]["delivered"]) == (0, 5)


def test_a_second_run_of_a_webhook_is_locked_out(webhook: int, run: Run, journal: Path, tmp_path: Path) -> None:
    from theirstack_async.replay._locks import WebhookLocks

    found = json.loads(run("replay", "plan", webhook).stdout)
    locks = WebhookLocks(found["provider"], found["where"], [webhook])
    locks._take()
    try:
        result = run("replay", "run", webhook, "--journal", journal, "--yes")
    finally:
        locks._drop()
    assert (result.exit_code, f"replays webhook {webhook}" in result.stderr) == (10, True)


def test_a_journal_that_is_not_there(run: Run, fake: FakeTheirStack, tmp_path: Path) -> None:
    for command in ("resume", "status", "verify", "report"):
        result = run("replay", command, tmp_path / "none.db")
        assert (result.exit_code, result.stderr.startswith("error: JOURNAL: there is no journal at ")) == (2, True)
    assert len(fake.requests) == 0


def test_pace_reaches_the_engine(webhook: int, run: Run, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    for name in ("run", "resume"):
        real = getattr(Replay, name)

        def noted(self: Replay[Any], *args: Any, _real: Any = real, **options: Any) -> Any:
            asked.append(options)
            return _real(self, *args, **options)

        monkeypatch.setattr(Replay, name, noted)
    pace = ["--rate", 50, "--max-concurrency", 2, "--canary", 0, "--stop-when", "never", "--on-unknown", "report"]
    assert run("replay", "run", webhook, "--journal", journal, "--yes", "--grace", 3, *pace).exit_code == 0
    assert run("replay", "resume", journal, *pace, "--deadline", 0).exit_code == 0
    same = {"rate": 50.0, "max_concurrency": 2, "canary": 0, "stop_when": None, "on_unknown": "report", "drain": 0.0}
    assert asked == [{**same, "journal": str(journal), "grace": 3.0, "tolerance": 0.1, "expect": None}, same]
