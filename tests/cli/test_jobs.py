"""``theirstack jobs``: searches that are paid for, and counts and previews that are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import Run, serving
from theirstack_async.cli.job_options import COLUMNS, SHORT
from theirstack_async.filters._kinds import rules
from theirstack_async.testing import FakeTheirStack

ALL = ("--posted-days", 10_000)


def sent(fake: FakeTheirStack) -> dict[str, object]:
    """Return the body of the last request."""
    return dict(json.loads(fake.requests[-1].body))


def test_a_search_prints_a_line_a_row_and_tells_the_cost_before_and_after(fake: FakeTheirStack, run: Run) -> None:
    result = run("jobs", "search", "--limit", 30, "--page-size", 20, *ALL)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, len({row["id"] for row in rows}), fake.credits_billed) == (0, 30, 30)
    assert result.stderr == "At most 30 credits: 30 jobs at 1 credit each.\n30 jobs, 30 credits.\n"
    assert all(row["company_object"]["name"] for row in rows)


def test_each_option_is_the_filter_that_its_help_names(fake: FakeTheirStack, run: Run) -> None:
    result = run(
        "jobs", "search", "--limit", 1, "--title", "data engineer", "--title", "cto", "--country", "US",
        "--posted-days", 7, "--discovered-since", "2026-05-01", "--discovered-until", "2026-12-01T00:00:00Z",
        "--technology", "kafka", "--no-remote", "--seniority", "senior", "--min-salary", 1000,
        "--domain", "acme.example",
    )  # fmt: skip
    assert (result.exit_code, sent(fake)) == (
        0,
        {
            "job_title_or": ["data engineer", "cto"],
            "job_country_code_or": ["US"],
            "posted_at_max_age_days": 7,
            "discovered_at_gte": "2026-05-01",
            "discovered_at_lte": "2026-12-01T00:00:00Z",
            "job_technology_slug_or": ["kafka"],
            "remote": False,
            "job_seniority_or": ["senior"],
            "min_salary_usd": 1000.0,
            "company_domain_or": ["acme.example"],
            "limit": 1,
            "offset": 0,
        },
    )
    text = run("jobs", "search", "--help").stdout
    assert all(f"({name})" in text for name in SHORT.values())


def test_the_options_stand_for_filters_that_exist() -> None:
    from theirstack_async import JobFilters

    assert set(SHORT.values()) <= rules(JobFilters).keys()
    assert not any(rules(JobFilters)[name].deprecated for name in SHORT.values())


@pytest.mark.parametrize("command", ["search", "count", "preview"])
def test_a_misspelt_filter_is_refused_before_anything_is_sent(fake: FakeTheirStack, run: Run, command: str) -> None:
    limit = ("--limit", 3) if command == "search" else ()
    result = run("jobs", command, *limit, *ALL, "--filter", "job_titel_or=cto")
    assert (result.exit_code, result.stdout, fake.requests.total) == (2, "", 0)
    assert result.stderr.startswith("error: job_titel_or: no such filter; did you mean 'job_title_or'?")
    assert result.stderr.endswith("can be sent with --extra-filter.\n")


def test_a_search_of_everything_is_refused_before_it_is_asked_about(fake: FakeTheirStack, run: Run) -> None:
    result = run("jobs", "search", "--title", "cto", "--limit", 5000)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "a job search needs at least one of posted_at_max_age_days" in result.stderr


def test_a_search_in_a_pipe_has_to_be_limited(fake: FakeTheirStack, run: Run) -> None:
    result = run("jobs", "search", *ALL)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "--limit: each job costs 1 credit; say how many you want at the most, or give --budget" in result.stderr
    assert run("jobs", "search", "--limit", 0, *ALL).exit_code == 2


@pytest.mark.parametrize(("number", "code"), [(999, 0), (1_000, 2)])
def test_a_large_search_in_a_pipe_has_to_be_meant(fake: FakeTheirStack, run: Run, number: int, code: int) -> None:
    result = run("jobs", "search", "--limit", number, "--filter", "job_id_or=1", *ALL)
    assert (result.exit_code, fake.requests.total) == (code, 0 if code else 1)
    assert ("say --yes to mean it" in result.stderr) is bool(code)
    assert run("jobs", "search", "--limit", number, "--filter", "job_id_or=1", "--yes", *ALL).exit_code == 0


@pytest.mark.usefixtures("people")
def test_a_long_table_has_one_header_and_fits(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = run("jobs", "search", "--limit", 30, "--page-size", 10, *ALL).stdout.splitlines()
    assert len(drawn) == 31
    assert drawn[0].split() == ["id", "posted", "title", "company", "in", "remote", "USD", "a", "year"]
    assert {len(line) for line in drawn} == {100}
    monkeypatch.setenv("COLUMNS", "80")
    assert run("jobs", "search", "--limit", 1, *ALL).stdout.split("\n")[0].split()[-1] == "remote"


def test_a_row_says_where_and_for_how_much() -> None:
    from theirstack_async.models import Job, JobLocation

    at = {column.title: column.value for column in COLUMNS}
    places = tuple(JobLocation(country_code=code) for code in ("US", "DE", "US", None))
    job = Job.__new__(Job)
    for name, value in {"locations": places, "min_annual_salary_usd": 9.6e4, "max_annual_salary_usd": 96e3}.items():
        object.__setattr__(job, name, value)
    assert (at["in"](job), at["USD a year"](job)) == ("US,DE", "96k")
    object.__setattr__(job, "max_annual_salary_usd", 120_400.0)
    object.__setattr__(job, "locations", ())
    assert (at["in"](job), at["USD a year"](job)) == (None, "96k-120k")
    object.__setattr__(job, "max_annual_salary_usd", None)
    object.__setattr__(job, "min_annual_salary_usd", None)
    assert at["USD a year"](job) is None


def test_counting_is_free_and_says_so(fake: FakeTheirStack, run: Run) -> None:
    result = run("jobs", "count", *ALL)
    assert (result.exit_code, result.stderr, fake.credits_billed) == (0, "Counting is free.\n", 0)
    found = json.loads(result.stdout)
    assert found["total_results"] == 10_000
    assert 0 < found["total_companies"] <= 1_000


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(("companies", "said"), [(7, " at 7 companies"), (None, "")])
def test_a_count_is_a_sentence_for_people(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch, companies: int | None, said: str
) -> None:
    from theirstack_async import JobCount
    from theirstack_async.resources.jobs import Jobs

    async def count(*_: object, **__: object) -> JobCount:
        return JobCount(total_results=1_234, total_companies=companies)

    monkeypatch.setattr(Jobs, "count", count)
    assert run("jobs", "count", *ALL).stdout == f"1,234 jobs{said}\n"


def test_a_preview_is_free_and_blurred(fake: FakeTheirStack, run: Run) -> None:
    result = run("jobs", "preview", *ALL)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, len(rows), fake.credits_billed) == (0, 25, 0)
    assert all(row["has_blurred_data"] for row in rows)
    assert result.stderr == "Previews are free; what would identify the company is blurred.\n"
    assert len(run("jobs", "preview", "--limit", 60, *ALL).stdout.splitlines()) == 60


@pytest.mark.usefixtures("people")
def test_a_preview_without_rows_says_so(fake: FakeTheirStack, run: Run) -> None:
    assert run("jobs", "preview", "--filter", "job_id_or=1", *ALL).stdout == "There is no such job.\n"


@pytest.mark.parametrize("command", ["count", "preview"])
def test_what_would_be_billed_is_no_count_or_preview(fake: FakeTheirStack, run: Run, command: str) -> None:
    result = run("jobs", command, "--domain", "acme.example")
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "company_domain_or: with a filter that names companies the API does not blur" in result.stderr


def test_a_row_that_does_not_decode_is_printed_and_was_paid_for(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_pages(monkeypatch, break_a_row)
    result = run("jobs", "search", "--limit", 3, *ALL)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, len(rows), rows[-1]["date_posted"]) == (6, 3, "some day")
    assert "2 jobs, 3 credits, 1 did not decode.\nThese are fewer than you asked for" in result.stderr
    assert "\nerror: Rows that did not decode: 1. The first:" in result.stderr


@pytest.mark.usefixtures("people")
def test_a_row_that_does_not_decode_is_shown_beside_the_table(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was paid for, and asking for it again would be paid for again."""
    change_pages(monkeypatch, break_a_row)
    result = run("jobs", "search", "--limit", 3, *ALL)
    assert (result.exit_code, len(result.stdout.splitlines())) == (6, 3)
    [shown] = [line for line in result.stderr.splitlines() if line.startswith("{")]
    assert json.loads(shown)["date_posted"] == "some day"


def change_pages(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any, Any], Any]) -> None:
    """Have each answer changed before it is decoded; ``change`` is given it, and the first one."""
    from theirstack_async._convert.converter import Converter

    real, seen = Converter.decode_page, []

    def decode_page(self: Converter, body: bytes, row_type: Any) -> Any:
        seen.append(json.loads(body))
        return real(self, json.dumps(change(json.loads(body), seen[0])).encode(), row_type)

    monkeypatch.setattr(Converter, "decode_page", decode_page)


def break_a_row(answer: Any, _: object) -> Any:
    answer["data"][0]["date_posted"] = "some day"
    return answer


def test_the_plan_ends_a_search_after_its_rows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(plan="free") as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        result = run("jobs", "search", "--limit", 200, *ALL)
    assert (result.exit_code, len(result.stdout.splitlines())) == (8, 125)
    assert "125 jobs, 125 credits.\nerror: The account's plan gives no more rows of this search." in result.stderr
    assert " 9,875 rows or more are left." in result.stderr


@pytest.mark.parametrize("how", ["truncate", "402", "402-data"])
def test_too_few_credits_end_a_search_after_its_rows(run: Run, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    with serving(credits=30, out_of_credits=how) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        result = run("jobs", "search", "--limit", 60, "--page-size", 30, *ALL)
    assert (result.exit_code, len(result.stdout.splitlines())) == (4, 30)
    assert "30 jobs, 30 credits.\nerror: The account has no credits left" in result.stderr
    assert "theirstack credits shows the balance.\n" in result.stderr


def test_the_same_page_again_and_again_ends_a_search(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_pages(monkeypatch, lambda answer, first: first)
    result = run("jobs", "search", "--limit", 60, "--page-size", 10, *ALL)
    assert (result.exit_code, len(result.stdout.splitlines())) == (6, 10)
    assert "10 jobs, 30 credits, 20 came again.\n" in result.stderr
    assert "The API gives the same page at every offset." in result.stderr


@pytest.mark.parametrize(("limit", "bought"), [(10, 10), (20, 20), (25, 25)])
def test_rows_that_come_again_are_paid_out_of_what_was_agreed_to(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch, limit: int, bought: int
) -> None:
    """Each page after the first begins with two rows of that one. What was agreed to is spent to the last credit."""
    change_pages(monkeypatch, lambda answer, first: {**answer, "data": [*first["data"][:2], *answer["data"][2:]]})
    result = run("jobs", "search", "--limit", limit, "--page-size", 10, *ALL)
    rows = result.stdout.splitlines()
    again = 2 * ((bought - 1) // 10)
    assert (result.exit_code, len(rows), fake.credits_billed) == (0, bought - again, bought)
    assert f"{bought - again} jobs, {bought} credits{f', {again} came again' if again else ''}.\n" in result.stderr
    assert ("These are fewer than you asked for" in result.stderr) is (bought > 10)
