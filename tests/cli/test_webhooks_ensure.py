"""``theirstack webhooks ensure``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Run
from theirstack_async.testing import FakeTheirStack, ResetBeforeBody

URL = "https://example.invalid/hook"
SECRET = "canary-secret-5f3a"
ENSURE = ("webhooks", "ensure", "--url", URL, "--search-id", 42, "--start", "now")


def methods(fake: FakeTheirStack) -> list[str]:
    return [record.method for record in fake.requests]


def created(fake: FakeTheirStack) -> Any:
    return next(record.json() for record in fake.requests if record.method == "POST")


def test_what_is_missing_is_created_and_the_second_run_changes_nothing(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    command = (
        *ENSURE, "--secret-env", "HOOK_SECRET", "--event-type", "job_new", "--event-type", "job.closed",
        "--description", "mine", "--once-per-company",
    )  # fmt: skip
    first, second = run(*command), run(*command)
    assert (first.exit_code, second.exit_code, first.stderr, second.stderr) == (0, 0, "", "")
    body = created(fake)
    assert body.pop("listening_start_time")
    assert body == {
        "url": URL,
        "search_id": 42,
        "secret": SECRET,
        "active_event_types": ["job_new", "job_closed"],
        "description": "mine",
        "trigger_once_per_company": True,
    }
    assert methods(fake) == ["GET", "POST", "GET", "GET"]
    told, again = json.loads(first.stdout), json.loads(second.stdout)
    assert list(told) == ["id", "changed", "actions", "notes", "webhook"]
    assert (told["id"], told["changed"], told["notes"]) == (101, True, [])
    assert told["actions"][0].startswith("created it; matches from now on")
    assert (again["id"], again["changed"], again["actions"]) == (101, False, [])
    assert again["webhook"] == told["webhook"]
    assert SECRET not in first.output + second.output


@pytest.mark.usefixtures("people")
def test_people_are_shown_the_webhook_and_told_what_was_done(fake: FakeTheirStack, run: Run) -> None:
    fake.seed_webhook(URL, search_id=42)
    shown = " ".join(run(*ENSURE, "--description", "mine").stdout.split())
    assert f"url {URL}" in shown
    assert "Webhook 101: changed the description. It has no secret, so its deliveries are not signed" in shown


def test_the_secret_is_rotated_when_it_is_meant(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    webhook = fake.seed_webhook(URL, search_id=42, secret="0123456789abcdef")
    kept = json.loads(run(*ENSURE, "--secret-env", "HOOK_SECRET").stdout)
    assert (kept["changed"], len(kept["notes"])) == (False, 1)
    told = json.loads(run(*ENSURE, "--secret-env", "HOOK_SECRET", "--rotate-secret").stdout)
    assert (told["actions"], told["notes"]) == (["replaced the secret"], [])
    assert fake._backend.registry.webhooks[webhook].secret == SECRET


@pytest.mark.parametrize("value", [None, ""])
def test_a_secret_that_is_not_there_is_an_error(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("HOOK_SECRET", value)
    result = run(*ENSURE, "--secret-env", "HOOK_SECRET")
    assert (result.exit_code, result.stdout, fake.requests.total) == (2, "", 0)
    assert "error: --secret-env: the environment variable HOOK_SECRET is not set, or empty;" in result.stderr


def test_a_short_secret_is_refused_without_showing_it(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "hunter2")
    result = run(*ENSURE, "--secret-env", "HOOK_SECRET")
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "error: secret: 7 characters, the API asks for 16." in result.stderr
    assert "hunter2" not in result.output


def test_to_rotate_it_takes_a_secret(fake: FakeTheirStack, run: Run) -> None:
    result = run(*ENSURE, "--rotate-secret")
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "--rotate-secret wants the new one from --secret-env" in result.stderr


@pytest.mark.parametrize("when", ["yesterday", "2026-05-01T09:00:00"])
def test_the_start_has_to_be_one(fake: FakeTheirStack, run: Run, when: str) -> None:
    result = run(*ENSURE[:-1], when)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "error: --start: expected now, all-history or an instant with an offset" in result.stderr


def test_the_start_has_to_be_chosen(fake: FakeTheirStack, run: Run) -> None:
    result = run(*ENSURE[:-2])
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "--start" in result.stderr


def test_all_of_history_has_to_be_meant(fake: FakeTheirStack, run: Run) -> None:
    fake.seed_search(42, past_matches=7)
    command = (*ENSURE[:-1], "all-history")
    refused = run(*command)
    assert (refused.exit_code, fake.requests.total) == (2, 0)
    assert "every past match of the search will be replayed, and billed" in refused.stderr
    assert "--yes" in refused.stderr
    assert run(*command, "--yes").exit_code == 0
    assert (created(fake)["listening_start_time"], fake.credits_billed) == (None, 7)


def test_several_are_refused_by_their_ids(fake: FakeTheirStack, run: Run) -> None:
    fake.seed_webhook(URL, search_id=42)
    fake.seed_webhook(URL, search_id=42)
    result = run(*ENSURE)
    assert (result.exit_code, result.stdout, methods(fake)) == (2, "", ["GET"])
    assert "101 (job_new), 102 (job_new)" in result.stderr


def test_an_answer_that_got_lost_is_looked_for(fake: FakeTheirStack, run: Run) -> None:
    fake.faults.add("POST /v0/webhooks", ResetBeforeBody(apply=True))
    result = run(*ENSURE)
    assert (result.exit_code, json.loads(result.stdout)["id"]) == (0, 101)


def test_the_help_explains_what_it_costs(run: Run) -> None:
    shown = " ".join(run("webhooks", "ensure", "--help").stdout.split())
    assert "--start WHEN" in shown
    assert "Enabling delivers, and bills, what matched while the webhook was off." in shown
    assert "theirstack webhooks ensure --url https://example.com/hook" in shown
