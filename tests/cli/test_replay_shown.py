"""``theirstack replay status`` and ``report``: a journal for people and for programs."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from theirstack_async.replay import ReplayPlan
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._settings import Settings
from theirstack_async.testing import FakeTheirStack

URL = "https://example.invalid/hook"


@pytest.fixture
def webhook(fake: FakeTheirStack) -> int:
    """A webhook with five failed events; all that is sent again arrives."""
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 5)
    return webhook


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "replay.db"


@pytest.mark.usefixtures("people")
def test_status_for_people(webhook: int, run: Run, journal: Path) -> None:
    run("replay", "run", webhook, "--journal", journal, "--yes", "--no-verify", "--canary", 0)
    # A long path takes a line of its own.
    told = [line.split() for line in run("replay", "status", journal).stdout.splitlines()]
    assert ["webhooks", str(webhook)] in told
    assert ["accepted", "5"] in told


def test_status_of_a_journal_without_steps(webhook: int, run: Run, journal: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.jsonl"
    run("replay", "plan", webhook, "--save", file)
    settings = Settings(
        batch_size=100, rate=None, max_concurrency=4, canary=1, stop_when=None, on_unknown="report", grace=60.0
    )

    async def make() -> None:
        await (await Journal.create(journal, ReplayPlan.load(file), settings)).aclose()

    asyncio.run(make())
    told = json.loads(run("replay", "status", journal).stdout)
    assert (told["counts"]["planned"], told["last_step_at"], told["calls_under_way"]) == (5, None, 0)


def test_the_rows_of_a_report(webhook: int, run: Run, journal: Path, tmp_path: Path) -> None:
    run("replay", "run", webhook, "--journal", journal, "--yes")
    rows = [json.loads(line) for line in run("replay", "report", journal).stdout.splitlines()]
    assert [(row["state"], row["sends"]) for row in rows] == [("delivered", 1)] * 5
    as_csv = run("replay", "report", journal, "--format", "csv")
    assert [row["id"] for row in csv.DictReader(io.StringIO(as_csv.stdout))] == [str(row["id"]) for row in rows]
    assert run("replay", "report", journal, "--state", "failed-again, missing").stdout == ""
    for name in ("rows.csv", "rows.jsonl"):
        saved = run("replay", "report", journal, "--state", "delivered", "--out", tmp_path / name)
        assert (saved.stdout, saved.stderr) == ("", f"5 rows in {tmp_path / name}.\n")
    assert len((tmp_path / "rows.csv").read_text("utf-8").splitlines()) == 6
    assert [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()] == rows


def test_a_report_refuses_what_means_nothing(run: Run, journal: Path) -> None:
    result = run("replay", "report", journal, "--state", "lost")
    assert (result.exit_code, "--state: 'lost' is none of planned, " in result.stderr) == (2, True)
    result = run("replay", "report", journal, "--format", "table", "--out", "x")
    assert (result.exit_code, "a table is for the terminal" in result.stderr) == (2, True)
    result = run("replay", "report", journal, "--json", "--format", "csv")
    assert (result.exit_code, "--json: means --format jsonl, and --format is csv" in result.stderr) == (2, True)


@pytest.mark.usefixtures("people")
def test_people_get_totals_or_a_table(webhook: int, run: Run, journal: Path) -> None:
    run("replay", "run", webhook, "--journal", journal, "--yes")
    assert run("replay", "report", journal).stdout.startswith("5 events: 5 delivered\n")
    for options in (["--state", "delivered"], ["--format", "table"]):
        [header, *rows] = run("replay", "report", journal, *options).stdout.splitlines()
        assert header.split()[:2] == ["id", "state"]
        assert [row.split()[1] for row in rows] == ["delivered"] * 5


def test_a_table_that_is_asked_for_is_written_into_a_pipe(webhook: int, run: Run, journal: Path) -> None:
    run("replay", "run", webhook, "--journal", journal, "--yes")
    [header, *rows] = run("replay", "report", journal, "--format", "table").stdout.splitlines()
    assert header.split()[:2] == ["id", "state"]
    assert [row.split()[1] for row in rows] == ["delivered"] * 5
    assert run("replay", "report", journal, "--json", "--format", "jsonl").stdout.startswith('{"id":')
