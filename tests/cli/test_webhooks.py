"""``theirstack webhooks``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from theirstack_async.testing import FakeTheirStack

URL = "https://example.invalid/hook"


def sent(fake: FakeTheirStack, method: str = "POST") -> Any:
    """Return the body of the last request of a method."""
    return next(record.json() for record in reversed(fake.requests) if record.method == method)


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_list_writes_an_object_a_line(fake: FakeTheirStack, run: Run) -> None:
    ids = [fake.seed_webhook(URL), fake.seed_webhook(URL)]
    result = run("webhooks", "list")
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(row["id"] for row in lines(result.stdout)) == ids
    assert lines(result.stdout)[0]["created_at"].endswith("Z")


@pytest.mark.usefixtures("people")
def test_list_draws_a_table_for_people(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    assert run("webhooks", "list").stdout.split() == [
        "id", "active", "search", "events", "url", str(webhook), "yes", "1", "Search", "1", "job_new", URL,
    ]  # fmt: skip


@pytest.mark.usefixtures("people")
def test_an_empty_list_says_what_to_do(fake: FakeTheirStack, run: Run) -> None:
    assert "theirstack webhooks create" in run("webhooks", "list").stdout
    assert run("webhooks", "list", "--json").stdout == ""


@pytest.mark.usefixtures("people")
def test_get_shows_every_field(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    shown = dict(line.strip().split(maxsplit=1) for line in run("webhooks", "get", webhook).stdout.splitlines())
    assert (shown["id"], shown["url"], shown["is_active"], shown["description"]) == (str(webhook), URL, "yes", "-")


def test_create_sends_what_is_named(fake: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("0123456789abcdef\n")
    result = run(
        "webhooks", "create", "--url", URL, "--search-id", 42, "--listen-from", "2026-05-01T09:00:00+02:00",
        "--description", "mine", "--once-per-company", "--event-type", "job_new", "--event-type", "job.closed",
        "--secret-file", tmp_path / "secret",
    )  # fmt: skip
    assert result.exit_code == 0
    assert sent(fake) == {
        "url": URL,
        "search_id": 42,
        "listening_start_time": "2026-05-01T07:00:00Z",
        "trigger_once_per_company": True,
        "description": "mine",
        "secret": "0123456789abcdef",
        "active_event_types": ["job_new", "job_closed"],
    }
    assert "0123456789abcdef" not in result.output


@pytest.mark.parametrize(("word", "wire"), [("now", str), ("all-history", type(None))])
def test_create_takes_words_for_when(fake: FakeTheirStack, run: Run, word: str, wire: type) -> None:
    assert run("webhooks", "create", "--url", URL, "--search-id", 1, "--listen-from", word, "--yes").exit_code == 0
    assert isinstance(sent(fake)["listening_start_time"], wire)


@pytest.mark.parametrize("when", ["yesterday", "2026-05-01T09:00:00"])
def test_create_refuses_an_instant_that_is_none(fake: FakeTheirStack, run: Run, when: str) -> None:
    result = run("webhooks", "create", "--url", URL, "--search-id", 1, "--listen-from", when)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert f"got '{when}'" in result.stderr
    assert "expected now, all-history or an instant with an offset" in result.stderr


def test_create_makes_the_caller_choose(fake: FakeTheirStack, run: Run) -> None:
    result = run("webhooks", "create", "--url", URL, "--search-id", 1)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "--listen-from" in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("create", "--url", URL, "--search-id", 1, "--listen-from", "all-history"),
        ("update", 101, "--listen-from", "all-history"),
        ("archive", 101),
    ],
)
def test_what_costs_or_cannot_be_undone_needs_yes_where_nobody_can_be_asked(
    fake: FakeTheirStack, run: Run, command: tuple[object, ...]
) -> None:
    result = run("webhooks", *command)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "--yes" in result.stderr


def test_update_leaves_alone_what_is_not_named(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL, secret="0123456789abcdef")
    result = run("webhooks", "update", webhook, "--url", "https://example.invalid/new", "--every-job")
    changed = json.loads(result.stdout)
    assert (changed["url"], changed["search_id"], changed["has_secret"]) == ("https://example.invalid/new", 1, True)
    assert "secret" not in sent(fake, "PATCH")
    assert sent(fake, "PATCH")["trigger_once_per_company"] is False


def test_update_clears_and_sets_the_start(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL, secret="0123456789abcdef")
    clear = [part for name in ("secret", "event-types", "description") for part in ("--clear", name)]
    result = run("webhooks", "update", webhook, *clear, "--listen-from", "all-history", "--yes")
    body = sent(fake, "PATCH")
    names = ("secret", "active_event_types", "description", "listening_start_time")
    assert [body[name] for name in names] == [None] * 4
    assert json.loads(result.stdout)["has_secret"] is False


def test_update_without_a_change_is_refused(fake: FakeTheirStack, run: Run) -> None:
    result = run("webhooks", "update", 101)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "name at least one field" in result.stderr


def test_a_webhook_is_switched_and_archived(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    assert json.loads(run("webhooks", "disable", webhook).stdout)["is_active"] is False
    assert json.loads(run("webhooks", "enable", webhook).stdout)["is_active"] is True
    assert json.loads(run("webhooks", "archive", webhook, "--yes").stdout)["is_archived"] is True


@pytest.mark.parametrize(("status", "code"), [(200, 0), (299, 0), (500, 1), (0, 1)])
def test_test_tells_how_the_receiver_took_it(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    from theirstack_async import WebhookTestResult
    from theirstack_async.resources.webhooks import Webhooks

    async def answer(self: Webhooks, **asked: Any) -> WebhookTestResult:
        assert asked == {"webhook_id": 7, "url": URL, "event_type": "job_new", "secret": "s" * 16}
        return WebhookTestResult(status=status)

    monkeypatch.setattr(Webhooks, "test", answer)
    command = ("webhooks", "test", 7, "--url", URL, "--event-type", "job_new", "--secret-file", "-")
    result = run(*command, stdin="s" * 16)
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (code, status)


def test_event_types_are_listed(fake: FakeTheirStack, run: Run) -> None:
    every = {row["event_type"] for row in lines(run("webhooks", "event-types").stdout)}
    jobs = {row["event_type"] for row in lines(run("webhooks", "event-types", "--search-type", "jobs").stdout)}
    assert every == {"job_new", "job_closed", "company_new"}
    assert "job_new" in jobs < every


@pytest.mark.parametrize("given", [(), ("--url", URL), ("--event-type", "job_new")])
def test_test_says_what_it_needs(fake: FakeTheirStack, run: Run, given: tuple[str, ...]) -> None:
    result = run("webhooks", "test", *given)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "name a WEBHOOK_ID, or give --url with --event-type" in result.stderr


@pytest.mark.parametrize("command", ["create", "update"])
def test_the_help_explains_from_when_on(run: Run, command: str) -> None:
    shown = run("webhooks", command, "--help").stdout
    assert "--listen-from WHEN" in shown
    assert "Which matches are delivered" in " ".join(shown.split())
