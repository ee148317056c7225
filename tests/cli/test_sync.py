"""``theirstack sync``: what it asks, stores and costs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, serving
from tests.cli.test_buying import on_a_terminal
from tests.cli.test_jobs import break_a_row, change_pages
from theirstack_async.cli import sync as command
from theirstack_async.cli.company_options import SHORT as COMPANY_OPTIONS
from theirstack_async.testing import FakeTheirStack

LATER = datetime(2026, 9, 22, tzinfo=UTC)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTheirStack]:
    """A served fake with 40 jobs and 40 companies, to which the environment points."""
    with serving(jobs=40, companies=40) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        yield fake


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "rows.db"


def ids(path: Path, table: str = "jobs") -> list[object]:
    with closing(sqlite3.connect(path)) as database:
        return [id_ for (id_,) in database.execute(f"SELECT id FROM {table} ORDER BY id")]


def asked(fake: FakeTheirStack) -> dict[str, Any]:
    """Return the body of the first request."""
    return dict(json.loads(fake.requests[0].body))


def test_each_job_is_stored_and_paid_for_once(small: FakeTheirStack, run: Run, to: Path) -> None:
    first = run("sync", "jobs", "--to", to, "--budget", 500, "--page-size", 15)
    again = run("sync", "jobs", "--to", to, "--budget", 500)
    new = [*small.seed_jobs(3, discovered_at=LATER)]
    last = run("sync", "jobs", "--to", to, "--budget", 500)
    assert [json.loads(each.stdout)["acknowledged"] for each in (first, again, last)] == [40, 0, 3]
    assert [each.exit_code for each in (first, again, last)] == [0, 0, 0]
    assert (ids(to)[-3:], len(ids(to)), small.credits_billed) == (new, 43, 43)
    assert first.stderr.splitlines()[0] == "At most 500 credits: 500 jobs at 1 credit each."
    assert first.stderr.splitlines()[1] == "40 jobs, 40 credits."
    assert last.stderr.splitlines()[2] == "Every such job found up to 2026-09-22 00:00:00 UTC is stored."


def test_the_summary_is_one_json_object(small: FakeTheirStack, run: Run, to: Path) -> None:
    result = run("sync", "jobs", "--to", to, "--max-items", 500)
    found = json.loads(result.stdout)
    profile, mark = found.pop("profile"), datetime.fromisoformat(found.pop("mark"))
    assert (len(profile), mark.tzinfo) == (32, UTC)
    assert found == {
        "rows": 40, "acknowledged": 40, "credits": 40, "repeated": 0, "replayed": 0, "rejected": 0, "batches": 1,
        "end": "exhausted", "sink": str(to), "state": str(to), "uncertain": 0,
    }  # fmt: skip


@pytest.mark.usefixtures("people")
def test_people_get_sentences_only(small: FakeTheirStack, run: Run, to: Path) -> None:
    result = run("sync", "jobs", "--to", to, "--max-items", 500)
    assert (result.stdout, result.stderr.count("\n")) == ("", 3)
    assert json.loads(run("sync", "jobs", "--to", to, "--max-items", 5, "--json").stdout)["rows"] == 0


def test_max_items_ends_a_run_and_the_next_goes_on(small: FakeTheirStack, run: Run, to: Path) -> None:
    results = [run("sync", "jobs", "--to", to, "--max-items", 15) for _ in range(3)]
    assert [result.exit_code for result in results] == [9, 9, 0]
    assert [json.loads(result.stdout)["end"] for result in results] == ["max_items", "max_items", "exhausted"]
    assert (len(ids(to)), small.credits_billed) == (40, 40)
    assert f"What came is in {to}. There may be more: the same command goes on from there.\n" in results[0].stderr


def test_a_budget_ends_a_run_and_the_next_goes_on(small: FakeTheirStack, run: Run, to: Path) -> None:
    first = run("sync", "companies", "--to", to, "--budget", 65, "--page-size", 20)
    second = run("sync", "companies", "--to", to, "--budget", 65)
    assert (first.exit_code, json.loads(first.stdout)["rows"], json.loads(first.stdout)["end"]) == (4, 21, "budget")
    assert (second.exit_code, json.loads(second.stdout)["rows"], small.credits_billed) == (0, 19, 120)
    assert "The 65 credits of --budget leave no room for another company, at 3 each." in first.stderr
    assert second.stderr.endswith("Every such company is stored.\n")
    assert len(set(ids(to, "companies"))) == 40


def test_rows_that_were_limited_are_no_budget_that_ended(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that comes again is paid for as well, so it counts."""
    change_pages(monkeypatch, lambda answer, first: {**answer, "data": [*first["data"][:2], *answer["data"][2:]]})
    result = run("sync", "jobs", "--to", to, "--max-items", 20, "--page-size", 10, "--overlap", 30_000_000)
    assert (result.exit_code, json.loads(result.stdout)["end"], small.credits_billed) == (9, "max_items", 20)
    assert "18 jobs, 20 credits, 2 came again.\n" in result.stderr


def test_events_are_free_and_come_once(small: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    webhook = small.seed_webhook("https://example.invalid/hook")
    small.seed_events(webhook, 30)
    file, state = tmp_path / "events.jsonl", tmp_path / "state.json"
    sync = ("sync", "events", webhook, "--to", file, "--state", state, "--page-size", 10)
    part = run(*sync, "--max-items", 25)
    small.seed_events(webhook, 4)
    whole = run(*sync)
    assert (part.exit_code, whole.exit_code, small.credits_billed) == (9, 0, 0)
    stored = [json.loads(line)["id"] for line in file.read_text("utf-8").splitlines()]
    assert (len(stored), len(set(stored))) == (34, 34)
    assert whole.stderr == "9 events, 0 credits.\nEvery such event is stored.\n"
    assert (json.loads(whole.stdout)["state"], [*tmp_path.glob("*.landing")]) == (str(state), [])


def test_events_of_one_status_are_a_sync_of_their_own(small: FakeTheirStack, run: Run, to: Path) -> None:
    webhook = small.seed_webhook("https://example.invalid/hook")
    small.seed_events(webhook, 3)
    failed, all_ = (run("sync", "events", webhook, "--to", to, *more) for more in (("--status", "FAILED"), ()))
    assert json.loads(failed.stdout)["profile"] != json.loads(all_.stdout)["profile"]
    assert "status=FAILED" in small.requests[0].query_string
    assert len(ids(to, "events")) == 3


def test_a_status_that_nobody_knows_is_warned_of_once(small: FakeTheirStack, run: Run, to: Path) -> None:
    webhook = small.seed_webhook("https://example.invalid/hook")
    result = run("sync", "events", webhook, "--to", to, "--status", "FAILD")
    assert result.stderr.count("warning:") == result.stderr.count("did you mean 'FAILED'?") == 1


def test_the_options_of_job_searches_stand_for_filters(small: FakeTheirStack, run: Run, to: Path) -> None:
    result = run(
        "sync", "jobs", "--to", to, "--yes", "--title", "cto", "--country", "US", "--posted-days", 7, "--technology",
        "kafka", "--no-remote", "--seniority", "senior", "--min-salary", 1000, "--domain", "acme.example",
        "--extra-filter", "min_employee_count=1", "--since", "2026-05-01",
    )  # fmt: skip
    body = asked(small)
    assert (result.exit_code, body.pop("limit")) == (0, 100)
    assert body == {
        "job_title_or": ["cto"], "job_country_code_or": ["US"], "posted_at_max_age_days": 7,
        "job_technology_slug_or": ["kafka"], "remote": False, "job_seniority_or": ["senior"], "min_salary_usd": 1000.0,
        "company_domain_or": ["acme.example"], "min_employee_count": 1,
        "discovered_at_gte": "2026-05-01T00:00:00Z", "offset": 0,
        "order_by": [{"field": "discovered_at", "desc": False}],
    }  # fmt: skip
    text = run("sync", "jobs", "--help").stdout
    assert all(f"({name})" in text for name in command._JOBS_BY.values())
    assert "discovered" not in text


def test_the_options_of_company_searches_stand_for_filters(small: FakeTheirStack, run: Run, to: Path) -> None:
    result = run(
        "sync", "companies", "--to", to, "--yes", "--name", "Acme", "--domain", "acme.example", "--country", "US",
        "--industry", 4, "--technology", "kafka", "--min-employees", 1, "--max-employees", 9, "--page-size", 30,
    )  # fmt: skip
    assert (result.exit_code, asked(small)) == (
        0,
        {
            "company_name_or": ["Acme"], "company_domain_or": ["acme.example"], "company_country_code_or": ["US"],
            "industry_id_or": [4], "company_keyword_slug_or": ["kafka"], "min_employee_count": 1,
            "max_employee_count": 9, "limit": 30, "offset": 0,
        },
    )  # fmt: skip
    text = run("sync", "companies", "--help").stdout
    assert all(f"({name})" in text for name in COMPANY_OPTIONS.values())


def test_filters_come_from_a_file(small: FakeTheirStack, run: Run, to: Path, tmp_path: Path) -> None:
    file = tmp_path / "filters.json"
    file.write_text('{"job_title_or": ["cto"]}', "utf-8")
    assert run("sync", "jobs", "--to", to, "--yes", "--filters", file).exit_code == 0
    assert asked(small)["job_title_or"] == ["cto"]


@pytest.mark.parametrize("since", ["2026-05-01T09:00:00+02:00", "2026-05-01T07:00:00Z"])
def test_the_first_run_begins_where_it_is_said(small: FakeTheirStack, run: Run, to: Path, since: str) -> None:
    run("sync", "jobs", "--to", to, "--yes", "--since", since)
    assert asked(small)["discovered_at_gte"] == "2026-05-01T07:00:00Z"


def test_a_start_that_is_none_is_refused(small: FakeTheirStack, run: Run, to: Path) -> None:
    result = run("sync", "jobs", "--to", to, "--yes", "--since", "yesterday")
    assert (result.exit_code, small.requests.total) == (2, 0)
    assert "--since: expected a day such as 2026-05-01, or an instant with an offset such as" in result.stderr


def test_the_overlap_is_what_is_looked_back(small: FakeTheirStack, run: Run, to: Path) -> None:
    sync = ("sync", "jobs", "--to", to, "--yes", "--overlap", 7200)
    mark = datetime.fromisoformat(json.loads(run(*sync).stdout)["mark"])
    small.requests.clear()
    run(*sync)
    assert (mark - datetime.fromisoformat(asked(small)["discovered_at_gte"])).total_seconds() == 7200


def test_a_sync_in_a_pipe_has_to_be_limited_or_meant(small: FakeTheirStack, run: Run, to: Path) -> None:
    result = run("sync", "jobs", "--to", to)
    assert (result.exit_code, small.requests.total) == (2, 0)
    assert "--max-items: each job costs 1 credit; say how many you want at the most, or give --budget" in result.stderr
    large = run("sync", "jobs", "--to", to, "--budget", 1_000)
    assert (large.exit_code, small.requests.total, "say --yes to mean it" in large.stderr) == (2, 0, True)
    meant = run("sync", "jobs", "--to", to, "--yes")
    assert (meant.exit_code, small.credits_billed) == (0, 40)
    assert meant.stderr.startswith("Every new job is bought, at 1 credit each.\n40 jobs, 40 credits.\n")


def test_a_terminal_is_asked_how_many(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_terminal(monkeypatch)
    assert run("sync", "jobs", "--to", to, stdin="3\n").exit_code == 9
    assert small.credits_billed == 3


@pytest.mark.parametrize(
    ("more", "rows"), [((), 26), (("--max-items", 5), 5), (("--budget", 7), 7), (("--max-items", 5, "--budget", 3), 3)]
)
def test_a_dry_run_says_what_there_is_to_come(
    small: FakeTheirStack, run: Run, to: Path, more: tuple[object, ...], rows: int
) -> None:
    run("sync", "jobs", "--to", to, "--max-items", 15)
    result = run("sync", "jobs", "--to", to, "--dry-run", *more)
    found = json.loads(result.stdout)
    assert (result.exit_code, small.credits_billed, len(ids(to))) == (0, 15, 15)
    assert (found["new"], found["rows"], found["credits"], found["price"]) == (26, rows, rows, 1)
    assert result.stderr == "A dry run is free; nothing was bought or stored.\n"


@pytest.mark.usefixtures("people")
def test_a_dry_run_is_a_sentence_for_people(small: FakeTheirStack, run: Run, to: Path) -> None:
    dry = ("sync", "companies", "--to", to, "--dry-run")
    said = "At most 40 companies to come. This run would cost 120 credits: 40 companies at 3 credits each.\n"
    assert run(*dry).stdout.replace("\n", " ").strip() == said.strip()
    jobs = ("sync", "jobs", "--to", to)
    run(*jobs, "--max-items", 39)
    assert "At most 2 jobs to come since 2026-" in run(*jobs, "--dry-run", "--max-items", 1).stdout


@pytest.mark.parametrize(
    "stores", [("a.db",), ("a.duckdb",), ("a.jsonl", "--state", "a.json"), ("rows/", "--state", "sqlite:///a.db")]
)
def test_a_dry_run_makes_nothing(
    small: FakeTheirStack, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stores: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    webhook = small.seed_webhook("https://example.invalid/hook")
    small.seed_events(webhook, 3)
    for rows, arguments in ((40, ("jobs",)), (40, ("companies",)), (3, ("events", webhook))):
        result = run("sync", *arguments, "--dry-run", "--to", *stores)
        assert (result.exit_code, json.loads(result.stdout)["new"], [*tmp_path.iterdir()]) == (0, rows, [])


@pytest.mark.parametrize(("more", "rows"), [((), 9), (("--max-items", 20), 9), (("--max-items", 5), 5)])
def test_a_dry_run_of_events_counts_those_that_are_new(
    small: FakeTheirStack, run: Run, to: Path, more: tuple[object, ...], rows: int
) -> None:
    webhook = small.seed_webhook("https://example.invalid/hook")
    small.seed_events(webhook, 30)
    sync = ("sync", "events", webhook, "--to", to, "--page-size", 10)
    run(*sync, "--max-items", 25)
    small.seed_events(webhook, 4)
    for _ in range(2):
        found = json.loads(run(*sync, "--dry-run", *more).stdout)
        assert (found["new"], found["rows"], found["credits"], found["mark"]) == (9, rows, 0, None)
    assert len(ids(to, "events")) == 25
    assert json.loads(run(*sync, *more).stdout)["acknowledged"] == rows


@pytest.mark.usefixtures("people")
def test_a_dry_run_of_events_is_a_sentence_for_people(small: FakeTheirStack, run: Run, to: Path) -> None:
    webhook = small.seed_webhook("https://example.invalid/hook")
    small.seed_events(webhook, 3)
    result = run("sync", "events", webhook, "--to", to, "--dry-run", "--max-items", 2)
    assert result.stdout == "3 events to come. This run would store 2.\n"
    assert result.stderr == "A dry run is free; nothing was bought or stored.\n"


def test_a_dry_run_that_would_cost_is_refused(small: FakeTheirStack, run: Run, to: Path) -> None:
    result = run("sync", "jobs", "--to", to, "--dry-run", "--domain", "acme.example")
    assert (result.exit_code, result.stdout, small.requests.total) == (2, "", 0)
    assert "--dry-run: with a filter that names companies the API would bill for the count." in result.stderr


def test_what_does_not_decode_is_stored_and_no_failure(
    small: FakeTheirStack, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_pages(monkeypatch, break_a_row)
    file = tmp_path / "jobs.jsonl"
    result = run("sync", "jobs", "--to", file, "--state", tmp_path / "state.db", "--max-items", 40)
    assert (result.exit_code, json.loads(result.stdout)["rejected"], small.credits_billed) == (9, 1, 40)
    assert "39 jobs, 40 credits, 1 did not decode.\nWhat did not decode is stored as it came" in result.stderr
    assert "some day" in (tmp_path / "jobs.jsonl.rejects.jsonl").read_text("utf-8")


@pytest.mark.parametrize("how", ["truncate", "402", "402-data"])
def test_too_few_credits_end_a_sync_after_its_rows(
    run: Run, to: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with serving(credits=30, out_of_credits=how) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        result = run("sync", "jobs", "--to", to, "--max-items", 60, "--page-size", 30)
    assert (result.exit_code, len(ids(to))) == (4, 30)
    assert "error: The account has no credits left for the rows that remain." in result.stderr


def test_fields_that_nobody_knows_are_stored(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_pages(monkeypatch, lambda answer, _: {**answer, "data": [{**row, "brand_new": 7} for row in answer["data"]]})
    run("sync", "jobs", "--to", to, "--yes")
    with closing(sqlite3.connect(to)) as database:
        [(extra,)] = database.execute("SELECT DISTINCT _extra FROM jobs")
    assert json.loads(extra) == {"brand_new": 7}
