"""``theirstack companies``: searches, counts, previews and look-ups."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_buying import press_when_sent
from tests.cli.test_jobs import change_pages
from theirstack_async.cli.company_options import SHORT
from theirstack_async.filters._kinds import rules
from theirstack_async.testing import FakeTheirStack, ResetBeforeBody, Status


def sent(fake: FakeTheirStack) -> dict[str, object]:
    return dict(json.loads(fake.requests[-1].body))


def domain(run: Run) -> str:
    return str(json.loads(run("companies", "search", "--limit", 1).stdout)["domain"])


def test_each_option_is_the_filter_that_its_help_names(fake: FakeTheirStack, run: Run) -> None:
    result = run(
        "companies", "search", "--limit", 2, "--name", "Acme", "--domain", "acme.example", "--country", "US",
        "--industry", 4, "--industry", 5, "--technology", "kafka", "--min-employees", 1, "--max-employees", 9,
        "--filter", "job_filters.job_title_or=cto",
    )  # fmt: skip
    assert (result.exit_code, sent(fake)) == (
        0,
        {
            "company_name_or": ["Acme"],
            "company_domain_or": ["acme.example"],
            "company_country_code_or": ["US"],
            "industry_id_or": [4, 5],
            "company_keyword_slug_or": ["kafka"],
            "min_employee_count": 1,
            "max_employee_count": 9,
            "job_filters": {"job_title_or": ["cto"]},
            "limit": 2,
            "offset": 0,
        },
    )
    text = run("companies", "search", "--help").stdout
    assert all(f"({name})" in text for name in SHORT.values())


def test_the_options_stand_for_filters_that_exist() -> None:
    from theirstack_async import CompanyFilters

    assert set(SHORT.values()) <= rules(CompanyFilters).keys()
    assert not any(rules(CompanyFilters)[name].deprecated for name in SHORT.values())


def test_a_checkpoint_goes_on(fake: FakeTheirStack, run: Run, tmp_path: object) -> None:
    first, second = (
        run("companies", "search", "--limit", 3, "--checkpoint", f"{tmp_path}/it").stdout.splitlines() for _ in "12"
    )
    assert first + second == run("companies", "search", "--limit", 6).stdout.splitlines()


@pytest.mark.usefixtures("people")
def test_a_table_shows_companies(fake: FakeTheirStack, run: Run) -> None:
    drawn = run("companies", "search", "--limit", 3).stdout.splitlines()
    assert drawn[0].split() == ["name", "domain", "in", "people", "jobs", "industry"]
    assert (len(drawn), {len(line) for line in drawn}) == (4, {100})


def test_counting_is_free(fake: FakeTheirStack, run: Run) -> None:
    result = run("companies", "count")
    assert (json.loads(result.stdout), result.stderr) == ({"total_results": 1_000}, "Counting is free.\n")
    assert fake.credits_billed == 0


@pytest.mark.usefixtures("people")
def test_a_count_is_a_number_for_people(fake: FakeTheirStack, run: Run) -> None:
    assert run("companies", "count").stdout == "1,000 companies\n"


def test_a_preview_is_free(fake: FakeTheirStack, run: Run) -> None:
    result = run("companies", "preview", "--limit", 3)
    assert [json.loads(line)["has_blurred_data"] for line in result.stdout.splitlines()] == [True] * 3
    assert (result.exit_code, fake.credits_billed) == (0, 0)


def test_a_number_that_is_not_known_is_none() -> None:
    from theirstack_async.cli.companies import _number

    assert (_number(None), _number(1_200)) == (None, "1,200")


@pytest.mark.parametrize("command", ["technologies", "buying-intents"])
def test_a_look_up_costs_three_credits(fake: FakeTheirStack, run: Run, command: str) -> None:
    name = domain(run)
    before = fake.credits_billed
    result = run("companies", command, "--domain", name, "--limit", 2, "--filter", "min_jobs=1")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, len(rows), fake.credits_billed - before) == (0, 2, 3)
    assert sent(fake) == {"company_domain": name, "min_jobs": 1, "limit": 2}
    assert all(row["technology"]["slug"] for row in rows)
    noun = "technologies" if command == "technologies" else "buying-intent topics"
    assert result.stderr == f"3 credits, or none if nothing is found.\n2 {noun}, 3 credits.\n"


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("command", ["technologies", "buying-intents"])
def test_a_company_that_is_not_known_costs_nothing(fake: FakeTheirStack, run: Run, command: str) -> None:
    result = run("companies", command, "--name", "Nobody of that name")
    assert (result.exit_code, result.stdout, fake.credits_billed) == (0, "Nothing is known of it.\n", 0)
    assert ", 0 credits.\n" in result.stderr


@pytest.mark.usefixtures("people")
def test_a_table_shows_technologies(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    name = str(fake._backend.data.companies[0].domain)
    drawn = run("companies", "technologies", "--domain", name, "--limit", 2).stdout.splitlines()
    assert drawn[0].split() == ["slug", "name", "confidence", "jobs", "last", "category", "first"]
    assert len(drawn) == 3


@pytest.mark.parametrize(
    "arguments", [(), ("--domain", "a.example", "--name", "A"), ("--company-id", "1", "--linkedin-url", "x")]
)
def test_a_look_up_names_one_company(fake: FakeTheirStack, run: Run, arguments: tuple[str, ...]) -> None:
    result = run("companies", "technologies", *arguments)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "give one of --domain, --name, --linkedin-url and --company-id" in result.stderr


def test_a_misspelt_filter_of_a_look_up_is_refused(fake: FakeTheirStack, run: Run) -> None:
    result = run("companies", "technologies", "--domain", "a.example", "--filter", "min_job=1")
    assert (result.exit_code, fake.requests.total, result.stderr.count("\n")) == (2, 0, 1)
    assert "min_job: no such filter; did you mean 'min_jobs'?" in result.stderr


def test_what_this_release_does_not_know_is_sent(fake: FakeTheirStack, run: Run) -> None:
    run("companies", "technologies", "--domain", "a.example", "--extra-filter", "brand_new=[1]")
    assert sent(fake) == {"company_domain": "a.example", "brand_new": [1]}


def test_out_of_credits_is_a_code_of_its_own(fake: FakeTheirStack, run: Run) -> None:
    fake.faults.add("POST /v1/companies/technologies", Status(402))
    result = run("companies", "technologies", "--domain", "a.example")
    assert (result.exit_code, "theirstack credits shows what is left.\n" in result.stderr) == (4, True)


LOOK_UP = ("companies", "technologies", "--domain")


def test_a_look_up_of_unknown_outcome_tells_what_it_may_have_cost(fake: FakeTheirStack, run: Run) -> None:
    fake.faults.add("POST /v1/companies/technologies", ResetBeforeBody())
    result = run(*LOOK_UP, "a.example")
    assert (result.exit_code, result.stdout) == (7, "")
    assert "0 technologies, 0 credits.\nUp to 3 credits more may have been spent" in result.stderr


def break_a_row(answer: Any, _: object) -> Any:
    answer["data"][0]["jobs"] = "many"
    return answer


def test_rows_that_were_paid_for_are_printed_when_others_do_not_decode(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_pages(monkeypatch, break_a_row)
    result = run(*LOOK_UP, str(fake._backend.data.companies[0].domain), "--limit", 3)
    assert (result.exit_code, len(result.stdout.splitlines())) == (6, 2)
    [whole] = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    assert len(whole["data"]) == 3
    assert "2 technologies, 3 credits.\n" in result.stderr


def test_an_interrupt_waits_for_a_look_up(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    press_when_sent(monkeypatch, 1, 1)
    result = run(*LOOK_UP, str(fake._backend.data.companies[0].domain), "--limit", 2)
    assert (result.exit_code, len(result.stdout.splitlines()), fake.credits_billed) == (130, 2, 3)
