"""``theirstack credits``."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run, serving
from theirstack_async.testing import FakeTheirStack


def test_the_balance_is_a_line_as_it_came(fake: FakeTheirStack, run: Run) -> None:
    run("companies", "search", "--limit", 2)
    result = run("credits")
    found = json.loads(result.stdout)
    assert (found["used_api_credits"], result.stderr) == (6, "")
    assert json.loads(run("credits", "--json").stdout) == found


@pytest.mark.usefixtures("people")
def test_people_are_told_of_the_doubt(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(credits=1_500) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        run("companies", "search", "--limit", 2)
        result = run("credits")
    left, company, expiry = result.stdout.splitlines()
    words = left.split()
    assert words[:3] == ["API", "credits", "left"]
    total = int(words[-1].replace(",", ""))
    assert int(words[3].replace(",", "")) == total - 6
    assert company.startswith("company credits left ")
    assert expiry.startswith("first expire (UTC)")
    assert result.stderr.startswith("Left is all there are less those used.")


def test_consumption_takes_a_period(fake: FakeTheirStack, run: Run) -> None:
    run("companies", "search", "--limit", 2)
    result = run(
        "credits", "consumption", "--start", "2026-09-01T00:00:00Z", "--end", "2026-10-01T00:00:00+02:00",
        "--timezone", "Europe/Madrid",
    )  # fmt: skip
    assert [json.loads(line)["api_credits_consumed"] for line in result.stdout.splitlines()] == [6]
    assert dict(fake.requests[-1].query) == {
        "start_datetime": "2026-09-01T00:00:00Z",
        "end_datetime": "2026-09-30T22:00:00Z",
        "timezone": "Europe/Madrid",
    }
    assert run("credits", "consumption", "--start", "2026-09-01").exit_code == 2


@pytest.mark.usefixtures("people")
def test_consumption_is_a_narrow_table(fake: FakeTheirStack, run: Run) -> None:
    assert run("credits", "consumption").stdout == "Nothing was spent.\n"
    run("companies", "search", "--limit", 2)
    header, day = run("credits", "consumption", "--end", "2026-10-01T00:00:00Z").stdout.splitlines()
    assert header.split() == ["from", "(UTC)", "API", "credits", "company", "credits"]
    assert day.split()[2:] == ["6", "0"]
    assert len(header.rstrip()) <= 60
