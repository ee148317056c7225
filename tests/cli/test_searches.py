"""``theirstack searches``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Run
from theirstack_async.testing import FakeTheirStack

BODY = ("--filter", "job_title_or=CTO", "--filter", "posted_at_max_age_days=7")


def made(run: Run, *arguments: object) -> dict[str, Any]:
    result = run("searches", "create", "--type", "jobs", *BODY, "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


def test_a_search_is_made_of_filters(fake: FakeTheirStack, run: Run) -> None:
    search = made(run, "--name", "New CTOs", "--alert")
    assert (search["name"], search["type"], search["is_alert_active"]) == ("New CTOs", "jobs", True)
    assert search["body"] == {"job_title_or": ["CTO"], "posted_at_max_age_days": 7}
    companies = run("searches", "create", "--type", "companies", "--filter", "only_yc_companies=true")
    assert json.loads(companies.stdout)["type"] == "companies"


def test_a_misspelt_filter_is_refused(fake: FakeTheirStack, run: Run) -> None:
    result = run("searches", "create", "--type", "companies", "--filter", "job_title_or=CTO")
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "it belongs inside job_filters=" in result.stderr


def test_its_filters_go_into_a_search(fake: FakeTheirStack, run: Run) -> None:
    search = made(run)
    body = json.loads(run("searches", "get", search["id"]).stdout)["body"]
    assert run("jobs", "count", "--filters", "-", stdin=json.dumps(body)).exit_code == 0


def test_searches_are_listed_by_kind(fake: FakeTheirStack, run: Run) -> None:
    search = made(run)
    run("searches", "create", "--type", "companies")
    assert len(run("searches", "list").stdout.splitlines()) == 2
    [row] = run("searches", "list", "--type", "jobs").stdout.splitlines()
    assert json.loads(row)["id"] == search["id"]


def test_only_what_is_named_changes(fake: FakeTheirStack, run: Run) -> None:
    search = made(run, "--name", "Old")
    run(
        "searches",
        "update",
        search["id"],
        "--name",
        "New",
        "--alert",
        "--frequency",
        "weekly",
        "--email",
        "a@b.example",
    )
    assert json.loads(fake.requests[-1].body) == {
        "name": "New",
        "is_alert_active": True,
        "frequency": "weekly",
        "emails_subscribed": ["a@b.example"],
    }
    result = run("searches", "update", search["id"], "--type", "jobs", "--filter", "posted_at_max_age_days=3")
    assert json.loads(result.stdout)["body"] == {"posted_at_max_age_days": 3}
    assert json.loads(fake.requests[-1].body) == {"type": "jobs", "body": {"posted_at_max_age_days": 3}}


def test_a_change_that_says_too_little_is_refused(fake: FakeTheirStack, run: Run) -> None:
    nothing = run("searches", "update", 7)
    assert (nothing.exit_code, "name at least one field" in nothing.stderr) == (2, True)
    kind = run("searches", "update", 7, *BODY)
    assert (kind.exit_code, "say with --type what the new filters look for" in kind.stderr) == (2, True)
    empty = run("searches", "update", 7, "--type", "jobs")
    assert (empty.exit_code, "--type comes with new filters" in empty.stderr) == (2, True)
    assert fake.requests.total == 0


def test_a_search_is_archived_when_it_is_meant(fake: FakeTheirStack, run: Run) -> None:
    search = made(run)
    assert run("searches", "archive", search["id"]).exit_code == 2
    assert run("searches", "archive", search["id"], "--yes").exit_code == 0
    assert run("searches", "list").stdout == ""


@pytest.mark.usefixtures("people")
def test_a_table_for_people(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("searches", "list").stdout == "There is no such search; theirstack searches create makes one.\n"
    search = made(run, "--name", "New CTOs")
    monkeypatch.setenv("COLUMNS", "80")
    header, row = run("searches", "list").stdout.splitlines()
    assert header.split() == ["id", "type", "alert", "webhook", "updated", "(UTC)", "name"]
    assert row.split()[:2] == [str(search["id"]), "jobs"]
    shown = run("searches", "get", search["id"]).stdout
    assert '{"job_title_or": ["CTO"], "posted_at_max_age_days": 7}' in shown
