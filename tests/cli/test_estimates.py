"""``estimate``: what a search would cost."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run
from theirstack_async.testing import FakeTheirStack

JOBS = ("jobs", "estimate", "--posted-days", 10_000)


def test_an_estimate_is_a_line_and_free(fake: FakeTheirStack, run: Run) -> None:
    result = run(*JOBS)
    assert json.loads(result.stdout) == {"rows": 10_000, "credits": 10_000, "price": 1, "exact": False}
    assert (result.exit_code, result.stderr, fake.credits_billed) == (0, "Estimating is free.\n", 0)
    capped = run("companies", "estimate", "--limit", 4)
    assert json.loads(capped.stdout) == {"rows": 4, "credits": 12, "price": 3, "exact": True}


@pytest.mark.usefixtures("people")
def test_people_read_whether_it_may_change(fake: FakeTheirStack, run: Run) -> None:
    assert run(*JOBS).stdout == "10,000 credits: 10,000 jobs at 1 credit each, as it stands now\n"
    assert run(*JOBS, "--limit", 7).stdout == "7 credits: 7 jobs at 1 credit each\n"
    assert run("companies", "estimate", "--limit", 1).stdout == "3 credits: 1 company at 3 credits each\n"


@pytest.mark.parametrize("command", ["jobs", "companies"])
def test_an_estimate_that_would_be_billed_is_refused(fake: FakeTheirStack, run: Run, command: str) -> None:
    result = run(command, "estimate", "--domain", "acme.example")
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "company_domain_or: with a filter that names companies" in result.stderr
