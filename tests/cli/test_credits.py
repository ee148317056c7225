"""``theirstack credits``."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run, serving
from theirstack_async import RateLimit, RateWindow
from theirstack_async.cli import credits  # noqa: A004  # the module's name
from theirstack_async.testing import FakeTheirStack


def test_the_balance_is_a_line_as_it_came_with_the_rate_windows(fake: FakeTheirStack, run: Run) -> None:
    run("companies", "search", "--limit", 2)
    result = run("credits")
    found = json.loads(result.stdout)
    [window] = found.pop("rate_limits")["other"]
    assert (found["used_api_credits"], window["name"], window["window"], result.stderr) == (6, "per-second", 1, "")
    assert found["remaining"] == found["api_credits"] - 6
    again = json.loads(run("credits", "--json").stdout)
    assert {name: value for name, value in again.items() if name != "rate_limits"} == found


@pytest.mark.usefixtures("people")
def test_people_are_told_of_the_doubt(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(credits=1_500) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        run("companies", "search", "--limit", 2)
        result = run("credits")
    left, company, expiry, window = result.stdout.splitlines()
    words = left.split()
    assert words[:3] == ["API", "credits", "left"]
    total = int(words[-1].replace(",", ""))
    assert int(words[3].replace(",", "")) == total - 6
    assert company.startswith("company credits left ")
    assert expiry.startswith("first expire (UTC)")
    assert window == "rate window per-second  999,999 of 1,000,000 requests left"
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


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (RateWindow("w", quota=1_200, remaining=1_000, reset=3.0), "1,000 of 1,200 requests left"),
        (RateWindow("w", quota=4, remaining=0, reset=59.6), "0 of 4 requests left, again in 60 s"),
        (RateWindow("w", remaining=0), "0 of ? requests left"),
    ],
)
def test_a_window_is_told_as_far_as_it_is_known(window: RateWindow, said: str) -> None:
    assert credits._windows({"other": RateLimit((window,))}) == {"rate window w": said}


def test_ping_tells_the_address_and_the_balance(fake: FakeTheirStack, run: Run) -> None:
    result = run("ping")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["base_url"], result.stderr) == (0, fake.base_url, "")
    assert found["balance"]["used_api_credits"] == 0
    assert found["balance"]["remaining"] == found["balance"]["api_credits"]
    assert fake.credits_billed == 0


@pytest.mark.usefixtures("people")
def test_ping_tells_people_that_the_key_is_good(fake: FakeTheirStack, run: Run) -> None:
    lines = run("--base-url", f"{fake.base_url}/", "ping").stdout.splitlines()
    assert [lines[0].split(), lines[1].split()] == [["address", fake.base_url], ["key", "accepted"]]
    assert lines[2].startswith("API credits left")


def test_ping_fails_where_the_key_does(fake: FakeTheirStack, run: Run) -> None:
    assert run("--api-key", "another", "ping").exit_code == 3
