"""``--budget``: so many credits and no more, and what is said when they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from theirstack_async.cli.buying import Goods, Order, agree
from theirstack_async.testing import FakeTheirStack

JOBS = ("jobs", "search", "--posted-days", 10_000, "--page-size", 10)
END = "error: The 25 credits of --budget leave no room for another job, at 1 each.\n"


def test_a_budget_ends_a_search_that_has_no_other_limit(fake: FakeTheirStack, run: Run) -> None:
    result = run(*JOBS, "--budget", 25)
    assert (result.exit_code, len(result.stdout.splitlines()), fake.credits_billed) == (4, 25, 25)
    assert result.stderr == f"At most 25 credits: 25 jobs at 1 credit each.\n25 jobs, 25 credits.\n{END}"


@pytest.mark.parametrize(("limit", "code", "bought"), [(24, 0, 24), (25, 0, 25), (26, 4, 25)])
def test_whichever_is_smaller_ends_it(fake: FakeTheirStack, run: Run, limit: int, code: int, bought: int) -> None:
    result = run(*JOBS, "--budget", 25, "--limit", limit)
    assert (result.exit_code, fake.credits_billed) == (code, bought)
    assert result.stderr.startswith(f"At most {bought} credits: {bought} jobs")
    assert result.stderr.endswith(END) is bool(code)


def test_what_buys_no_whole_row_is_left(fake: FakeTheirStack, run: Run) -> None:
    result = run("companies", "search", "--budget", 8)
    assert (result.exit_code, fake.credits_billed) == (4, 6)
    assert result.stderr.startswith("At most 6 credits: 2 companies at 3 credits each.\n2 companies, 6 credits.\n")
    assert "The 8 credits of --budget leave no room for another company, at 3 each." in result.stderr


@pytest.mark.parametrize("command", [("companies", "search"), ("companies", "technologies", "--domain", "a.example")])
@pytest.mark.parametrize("budget", [0, 2])
def test_a_budget_that_is_too_small_sends_nothing(
    fake: FakeTheirStack, run: Run, command: tuple[str, ...], budget: int
) -> None:
    result = run(*command, "--budget", budget)
    assert (result.exit_code, result.stdout, fake.requests.total) == (4, "", 0)
    assert f"error: The {budget} credits of --budget leave no room for another company, at 3 each.\n" in result.stderr


def test_a_look_up_within_the_budget_is_made(fake: FakeTheirStack, run: Run) -> None:
    name = str(fake._backend.data.companies[0].domain)
    result = run("companies", "buying-intents", "--domain", name, "--budget", 3)
    assert (result.exit_code, fake.credits_billed) == (0, 3)
    assert result.stderr.endswith(", 3 credits.\n")


def test_the_next_run_goes_on_with_a_budget_of_its_own(fake: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    arguments = (*JOBS, "--budget", 15, "--checkpoint", tmp_path / "jobs.checkpoint")
    rows = [json.loads(line)["id"] for _ in "12" for line in run(*arguments).stdout.splitlines()]
    assert (len(set(rows)), fake.credits_billed) == (30, 30)


def test_a_high_budget_in_a_pipe_has_to_be_meant(fake: FakeTheirStack, run: Run) -> None:
    result = run(*JOBS, "--filter", "job_id_or=1", "--budget", 1_000)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "This may cost 1,000 credits. Go on? There is no terminal to ask on: say --yes" in result.stderr
    assert run(*JOBS, "--filter", "job_id_or=1", "--budget", 1_000, "--yes").exit_code == 0


def test_an_order_knows_which_of_the_two_has_ended_it() -> None:
    goods = Goods("company", 3)
    assert agree(16, goods, budget=50, yes=True) == Order(goods, 16, 48)
    assert agree(17, goods, budget=50, yes=True) == Order(goods, 17, 50, 50)
    assert agree(None, goods, budget=50, yes=True) == Order(goods, None, 50, 50)
