"""``theirstack jobs reveal``: chosen jobs, each paid for once and printed, however it ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import Result

from tests.cli.conftest import Run, serving
from tests.cli.test_buying import on_a_terminal, press_when_sent
from tests.cli.test_jobs import break_a_row, change_pages
from theirstack_async.testing import FakeTheirStack, ResetBeforeBody, Status

REVEAL = ("jobs", "reveal", "--page-size", 4)


def known(fake: FakeTheirStack, number: int) -> list[int]:
    """Return the ids of the newest jobs."""
    return sorted(fake._backend.data.jobs)[-number:]


def printed(result: Result) -> list[int]:
    return [json.loads(line)["id"] for line in result.stdout.splitlines()]


def test_chosen_jobs_are_bought_once_each(fake: FakeTheirStack, run: Run) -> None:
    ids = known(fake, 10)
    result = run(*REVEAL, *ids[:6], ids[0], "-", stdin="".join(f'{{"id":{id_}}}\n' for id_ in ids[4:]))
    assert (result.exit_code, sorted(printed(result)), fake.credits_billed) == (0, sorted(ids), 10)
    assert [len(json.loads(request.body)["job_id_or"]) for request in fake.requests] == [4, 4, 2]
    assert result.stderr == "At most 10 credits: 10 jobs at 1 credit each.\n10 jobs, 10 credits.\n"


def test_a_preview_flows_into_it(fake: FakeTheirStack, run: Run) -> None:
    preview = run("jobs", "preview", "--posted-days", 10_000, "--limit", 3).stdout
    result = run("jobs", "reveal", "-", stdin=preview)
    assert printed(result) == [json.loads(line)["id"] for line in preview.splitlines()]
    assert not any(json.loads(line)["has_blurred_data"] for line in result.stdout.splitlines())


def test_no_id_buys_nothing(fake: FakeTheirStack, run: Run) -> None:
    result = run("jobs", "reveal", "-", stdin="")
    assert (result.exit_code, result.stdout, fake.requests.total) == (0, "", 0)
    assert run("jobs", "reveal", "x1").exit_code == 2


def test_an_id_that_does_not_come_back_is_named(fake: FakeTheirStack, run: Run) -> None:
    [id_] = known(fake, 1)
    result = run(*REVEAL, 5, id_, 6)
    assert (result.exit_code, printed(result), fake.credits_billed) == (1, [id_], 1)
    assert result.stderr.endswith("1 job, 1 credit.\nerror: 2 ids did not come back, and cost nothing: 5, 6.\n")


def test_a_budget_ends_it_and_what_is_left_is_named(fake: FakeTheirStack, run: Run) -> None:
    ids = known(fake, 8)
    result = run(*REVEAL, *ids, "--budget", 6)
    left = [id_ for id_ in ids if id_ not in printed(result)]
    assert (result.exit_code, len(left), fake.credits_billed) == (4, 2, 6)
    assert result.stderr.splitlines()[1:] == [
        "6 jobs, 6 credits.",
        f"Not bought, 2 ids: {left[0]}, {left[1]}.",
        "error: The 6 credits of --budget leave no room for another job, at 1 each.",
    ]


@pytest.mark.parametrize("how", ["truncate", "402", "402-data"])
def test_too_few_credits_end_it_after_its_rows(run: Run, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    with serving(credits=6, out_of_credits=how) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        ids = known(fake, 8)
        result = run(*REVEAL, *ids)
    rows = printed(result)
    assert (result.exit_code, len(rows), fake.credits_billed) == (4, len(rows), len(rows))
    assert len(rows) in (4, 6)
    assert all(f"{id_}" in result.stderr for id_ in ids if id_ not in rows)


@pytest.mark.parametrize(
    ("fault", "code", "more"), [(Status(401), 3, ""), (ResetBeforeBody(), 7, "Up to 4 credits more may have been")]
)
def test_an_error_in_the_middle_names_what_is_left(
    fake: FakeTheirStack, run: Run, fault: Any, code: int, more: str
) -> None:
    ids = known(fake, 10)
    fake.faults.add(lambda _: fake.credits_billed > 0, fault)
    result = run(*REVEAL, *ids)
    assert (result.exit_code, sorted(printed(result))) == (code, sorted(ids[:4]))
    assert "4 jobs, 4 credits.\n" in result.stderr
    assert more in result.stderr
    rest = ", ".join(map(str, ids[4:]))
    assert f"\nNot bought, or not printed: {rest}. Leave the others out when you go on" in result.stderr


def test_an_error_between_the_pages_of_a_request_loses_no_row(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(plan="free") as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        ids = known(fake, 40)
        fake.faults.add(lambda _: fake.credits_billed > 0, Status(401))
        result = run("jobs", "reveal", "--page-size", 40, *ids)
    assert (result.exit_code, len(printed(result)), fake.credits_billed) == (3, 25, 25)
    assert "25 jobs, 25 credits.\n" in result.stderr


@pytest.mark.usefixtures("people")
def test_a_row_that_does_not_decode_is_shown_and_the_others_too(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_pages(monkeypatch, break_a_row)
    result = run(*REVEAL, *known(fake, 3))
    assert (result.exit_code, len(result.stdout.splitlines())) == (6, 1 + 2)
    [shown] = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("[")]
    assert [row["date_posted"] for row in shown] == ["some day"]
    assert "2 jobs, 3 credits.\n" in result.stderr


def test_a_job_that_nobody_asked_for_ends_it(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(answer: Any, _: object) -> Any:
        answer["data"][0]["id"] = 5
        return answer

    change_pages(monkeypatch, change)
    result = run(*REVEAL, *known(fake, 10))
    assert (result.exit_code, len(printed(result)), fake.credits_billed) == (6, 4, 4)


def test_a_blurred_job_is_told_of(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(answer: Any, _: object) -> Any:
        answer["data"][0]["has_blurred_data"] = True
        return answer

    change_pages(monkeypatch, change)
    result = run(*REVEAL, *known(fake, 2))
    blurred = [json.loads(line)["id"] for line in result.stdout.splitlines() if json.loads(line)["has_blurred_data"]]
    assert (result.exit_code, len(printed(result)), len(blurred)) == (0, 2, 1)
    assert f"1 job came blurred, and cost as much: {blurred[0]}.\n" in result.stderr


def test_an_interrupt_waits_for_the_request_that_is_under_way(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = known(fake, 12)
    press_when_sent(monkeypatch, 2, 1)
    result = run(*REVEAL, *ids)
    assert (result.exit_code, sorted(printed(result)), fake.credits_billed) == (130, sorted(ids[:8]), 8)
    assert f"Not bought, or not printed: {', '.join(map(str, ids[8:]))}." in result.stderr


def test_a_second_interrupt_cuts_it_and_tells_what_is_uncertain(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_when_sent(monkeypatch, 2, 2)
    result = run(*REVEAL, *known(fake, 12))
    assert (result.exit_code, len(printed(result))) == (130, 4)
    assert "4 jobs, 4 credits.\nUp to 4 credits more may have been spent" in result.stderr


@pytest.mark.usefixtures("people")
def test_a_table_has_one_header(fake: FakeTheirStack, run: Run) -> None:
    drawn = run(*REVEAL, *known(fake, 10)).stdout.splitlines()
    assert (len(drawn), drawn[0].split()[:3]) == (11, ["id", "posted", "title"])


def test_a_terminal_is_asked_from_a_hundred_ids_on(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_terminal(monkeypatch)
    result = run("jobs", "reveal", *range(1, 101), stdin="n\n")
    assert (result.exit_code, fake.requests.total) == (1, 0)
    assert "This may cost 100 credits. Go on?" in result.stderr
