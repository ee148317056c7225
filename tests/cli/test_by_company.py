"""``theirstack jobs by-company``: an entry for every domain, and no job is paid for twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import Result

from tests.cli.conftest import Run, serving
from tests.cli.test_buying import press_when_sent
from tests.cli.test_jobs import change_pages
from theirstack_async.testing import FakeTheirStack, Status

BY = ("jobs", "by-company", "--posted-days", 10_000)
QUIET = "nobody.example"


def busy(fake: FakeTheirStack, number: int = 2) -> list[str]:
    """Return domains of companies that have jobs."""
    return [str(company.domain) for company in fake._backend.data.companies[:number]]


def entries(result: Result) -> list[tuple[str | None, str, int]]:
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return [(entry["domain"], entry["state"], len(entry["jobs"])) for entry in found]


def test_every_domain_has_an_entry_as_it_was_written(fake: FakeTheirStack, run: Run) -> None:
    first, second = busy(fake)
    stdin = f'{{"domain":"{second}"}}\n{first}\n'
    result = run(*BY, f"https://www.{first.upper()}/jobs", QUIET, "-", "--budget", 900, stdin=stdin)
    found = entries(result)
    assert [name for name, _, _ in found] == [f"https://www.{first.upper()}/jobs", QUIET, second]
    assert {state for _, state, _ in found} == {"complete"}
    assert (result.exit_code, sum(number for _, _, number in found)) == (0, fake.credits_billed)
    assert [bool(number) for _, _, number in found] == [True, False, True]
    assert f"\n{fake.credits_billed} jobs, {fake.credits_billed} credits.\n" in result.stderr


def test_the_limit_ends_it_and_what_is_left_is_named(fake: FakeTheirStack, run: Run) -> None:
    first, second = busy(fake)
    result = run(*BY, QUIET, first, second, "--limit", 3, "--batch-size", 1)
    assert entries(result) == [(QUIET, "complete", 0), (first, "incomplete", 3), (second, "not_asked", 0)]
    assert (result.exit_code, fake.credits_billed) == (0, 3)
    assert result.stderr.endswith(
        f"3 jobs, 3 credits.\n1 domain may have more jobs: {first}. To ask again buys what came again, unless "
        f"--filter job_id_not=ID leaves it out.\nNot asked for, 1 domain: {second}.\n"
    )


def test_a_limit_that_was_just_enough_leaves_what_comes_after_it(fake: FakeTheirStack, run: Run) -> None:
    first, second = busy(fake)
    has = entries(run(*BY, first, "--budget", 900))[0][2]
    result = run(*BY, first, second, "--limit", has + 1, "--batch-size", 1)
    assert entries(result)[1][1:] == ("incomplete", 1)
    result = run(*BY, first, second, "--limit", has, "--batch-size", 1)
    assert [state for _, state, _ in entries(result)][1:] == ["not_asked"]


def test_the_budget_ends_it(fake: FakeTheirStack, run: Run) -> None:
    result = run(*BY, *busy(fake), "--budget", 2)
    assert (result.exit_code, fake.credits_billed) == (4, 2)
    assert "error: The 2 credits of --budget leave no room for another job, at 1 each.\n" in result.stderr


def test_the_plan_cuts_one_batch_and_the_next_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(plan="free", companies=10, jobs=2_000) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        first, second = busy(fake)
        result = run(*BY, first, second, "--budget", 900, "--batch-size", 1)
    assert entries(result) == [(first, "incomplete", 125), (second, "incomplete", 125)]
    assert (result.exit_code, fake.credits_billed) == (8, 250)


def test_an_error_in_the_middle_loses_no_job(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(companies=10, jobs=2_000) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        first, second = busy(fake)
        fake.faults.add(lambda _: fake.credits_billed > 0, Status(401))
        result = run(*BY, first, second, "--limit", 90, "--page-size", 10, "--batch-size", 1)
    assert (result.exit_code, entries(result)) == (3, [(first, "incomplete", 10)])
    assert f"10 jobs, 10 credits.\nMay have more jobs: {first}, {second}. Leave the others out" in result.stderr
    assert "To leave out what came of these: --filter job_id_not=ID." in result.stderr


def test_an_error_before_any_job_says_nothing_of_payment(fake: FakeTheirStack, run: Run) -> None:
    fake.faults.add("POST /v1/jobs/search", Status(401))
    result = run(*BY, *busy(fake), "--limit", 5)
    assert (result.exit_code, result.stdout, "paid for" in result.stderr) == (3, "", False)


def test_an_interrupt_waits_for_the_request_that_is_under_way(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = busy(fake)
    press_when_sent(monkeypatch, 1, 1)
    result = run(*BY, first, second, "--limit", 900, "--batch-size", 1)
    [(name, state, number)] = entries(result)
    assert (result.exit_code, name, state, number) == (130, first, "complete", fake.credits_billed)
    assert f"May have more jobs: {second}." in result.stderr


def foreign(answer: Any, _: object) -> Any:
    answer["data"][0]["company_domain"] = "elsewhere.example"
    company = answer["data"][0]["company_object"]
    company["domain"], company["url"], company["possible_domains"] = "elsewhere.example", None, []
    return answer


def test_a_job_of_another_company_is_printed_too(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    [name] = busy(fake, 1)
    change_pages(monkeypatch, foreign)
    result = run(*BY, name, "--limit", 2)
    assert entries(result) == [(name, "incomplete", 1), (None, "unmatched", 1)]
    assert "2 jobs, 2 credits.\n" in result.stderr


@pytest.mark.usefixtures("people")
def test_a_table_has_a_row_for_a_domain_without_jobs(fake: FakeTheirStack, run: Run) -> None:
    [name] = busy(fake, 1)
    result = run(*BY, QUIET, name, QUIET.upper(), "--limit", 2, "--batch-size", 1)
    header, quiet, *rows = result.stdout.splitlines()
    assert header.split()[:4] == ["asked", "for", "id", "posted"]
    assert quiet.split()[:3] == [QUIET, "-", "-"]
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no domain",), "domains: expected domains such as example.com"),
        ((QUIET, "--filter", "company_name_or=Acme"), "company_name_or: leave it out"),
        ((QUIET, "--filter", "job_titel_or=cto"), "job_titel_or: no such filter"),
    ],
)
def test_what_is_refused_is_refused_before_it_is_asked_about(
    fake: FakeTheirStack, run: Run, arguments: tuple[str, ...], said: str
) -> None:
    result = run(*BY, "--limit", 5_000, *arguments)
    assert (result.exit_code, fake.requests.total, said in result.stderr) == (2, 0, True)


def test_it_has_to_be_limited(fake: FakeTheirStack, run: Run) -> None:
    result = run(*BY, QUIET)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "--limit: each job costs 1 credit" in result.stderr
