"""What a search has cost when it does not end well, and how it goes on without paying twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.cli.conftest import Run, serving
from tests.cli.test_interrupts import press
from theirstack_async.cli import buying, messages, till
from theirstack_async.cli.buying import Goods
from theirstack_async.testing import FakeTheirStack, ResetBeforeBody, Status

SEARCH = "POST /v1/jobs/search"
JOBS = ("jobs", "search", "--posted-days", 10_000, "--page-size", 10)


def ids(result: Result) -> list[int]:
    return [json.loads(line)["id"] for line in result.stdout.splitlines()]


def test_a_cost_is_told_in_words() -> None:
    assert Goods("job", 1).cost(1) == "1 credit: 1 job at 1 credit each"
    assert Goods("company", 3).cost(1_200) == "3,600 credits: 1,200 companies at 3 credits each"


def test_a_checkpoint_goes_on_where_the_last_run_stopped(fake: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "jobs.checkpoint"
    first, second = (run(*JOBS, "--limit", 25, "--checkpoint", file) for _ in range(2))
    whole = run(*JOBS, "--limit", 50)
    assert ids(first) + ids(second) == ids(whole)
    assert fake.credits_billed == 100
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_the_checkpoint_of_a_search_that_ended_is_removed(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """To go on from there would buy what moved there; so the same command starts over."""
    file = tmp_path / "jobs.checkpoint"
    with serving(jobs=30) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        stopped, ended = (run(*JOBS, "--limit", 20, "--checkpoint", file) for _ in range(2))
    assert [len(result.stdout.splitlines()) for result in (stopped, ended)] == [20, 10]
    assert "is removed" not in stopped.stderr
    assert f"That was the last row, so {file} is removed; the same command starts over.\n" in ended.stderr
    assert not file.exists()
    assert fake.credits_billed == 30


def test_a_checkpoint_survives_an_error(fake: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "jobs.checkpoint"
    arguments = (*JOBS, "--limit", 20, "--checkpoint", file)
    printed = run(*JOBS, "--limit", 10, "--checkpoint", file)
    saved = file.read_text("utf-8")
    fake.faults.add(SEARCH, ResetBeforeBody())
    cut = run(*arguments)
    assert (cut.exit_code, cut.stdout, file.read_text("utf-8")) == (7, "", saved)
    assert "0 jobs, 0 credits.\nUp to 10 credits more may have been spent: nobody knows whether " in cut.stderr
    assert cut.stderr.splitlines()[-2] == f"The same command goes on from there, as {file} says."
    assert not set(ids(printed)) & set(ids(run(*arguments)))


@pytest.mark.parametrize("with_file", [False, True])
def test_an_error_in_the_middle_tells_what_was_spent_and_how_to_go_on(
    fake: FakeTheirStack, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_file: bool
) -> None:
    file = tmp_path / "jobs.checkpoint"
    after_pages(monkeypatch, 1, lambda: fake.faults.add(SEARCH, Status(401)))
    result = run(*JOBS, "--limit", 30, *(("--checkpoint", file) if with_file else ()))
    assert (result.exit_code, len(ids(result))) == (3, 10)
    assert "10 jobs, 10 credits.\n" in result.stderr
    advice = f"goes on from there, as {file} says." if with_file else "With --checkpoint FILE it would go on."
    assert advice in result.stderr
    assert result.stderr.index(advice) < result.stderr.index("error: ")


def test_a_checkpoint_of_another_search_is_refused(fake: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "jobs.checkpoint"
    run(*JOBS, "--limit", 1, "--checkpoint", file)
    served = fake.requests.total
    result = run(*JOBS, "--limit", 1, "--checkpoint", file, "--remote")
    assert (result.exit_code, fake.requests.total) == (2, served)
    assert "belongs to another list, or to other filters" in result.stderr


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda file: file.write_text("[]"), "resume: not a checkpoint"),
        (lambda file: file.mkdir(), "--checkpoint: cannot read"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(
    fake: FakeTheirStack, run: Run, tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    make(file := tmp_path / "it")
    result = run(*JOBS, "--limit", 1, "--checkpoint", file)
    assert (result.exit_code, fake.requests.total, said in result.stderr) == (2, 0, True)


def test_a_checkpoint_that_cannot_be_written_is_told_before_anything_is_bought(
    fake: FakeTheirStack, run: Run, tmp_path: Path
) -> None:
    result = run(*JOBS, "--limit", 1, "--checkpoint", tmp_path / "nowhere" / "it")
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "--checkpoint: cannot write" in result.stderr


def after_pages(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], object]) -> None:
    """Do something once so many pages have been printed."""
    real, taken = buying._take, []

    def take(till: Any, page: Any) -> None:
        real(till, page)
        taken.append(page)
        if len(taken) == number:
            act()

    monkeypatch.setattr(buying, "_take", take)


def test_an_interrupt_while_a_page_is_printed_asks_for_no_other(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    after_pages(monkeypatch, 2, press)
    file = tmp_path / "jobs.checkpoint"
    result = run(*JOBS, "--limit", 50, "--checkpoint", file)
    assert (result.exit_code, len(ids(result)), fake.credits_billed) == (130, 20, 20)
    assert result.stderr.splitlines()[1:] == [
        till.STOPPING,
        "20 jobs, 20 credits.",
        f"The same command goes on from there, as {file} says.",
    ]
    assert not set(ids(result)) & set(ids(run(*JOBS, "--limit", 10, "--checkpoint", file)))


def press_when_sent(monkeypatch: pytest.MonkeyPatch, number: int, times: int) -> None:
    """Press Ctrl-C when the request of this number is under way; a second time makes it hang until it is cut."""
    from theirstack_async._engine.aiohttp_transport import AiohttpTransport

    real, sends = AiohttpTransport.send, []

    async def send(self: AiohttpTransport, request: Any) -> Any:
        sends.append(request)
        if len(sends) == number:
            for _ in range(times):
                press()
                await asyncio.sleep(0.01)
            if times == 2:
                await asyncio.Event().wait()
        return await real(self, request)

    monkeypatch.setattr(AiohttpTransport, "send", send)


def test_an_interrupt_waits_for_the_page_that_is_under_way(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_when_sent(monkeypatch, 2, 1)
    result = run(*JOBS, "--limit", 50)
    assert (result.exit_code, len(ids(result)), fake.credits_billed) == (130, 20, 20)
    assert "20 jobs, 20 credits.\nThe same command starts over, and pays again." in result.stderr


def test_a_second_interrupt_cuts_the_page_and_says_that_it_may_have_been_paid_for(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_when_sent(monkeypatch, 2, 2)
    result = run(*JOBS, "--limit", 50)
    assert (result.exit_code, len(ids(result))) == (130, 10)
    assert "10 jobs, 10 credits.\nUp to 10 credits more may have been spent: nobody knows whether " in result.stderr


def test_an_interrupted_page_that_fails_is_an_error(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.faults.add(SEARCH, ResetBeforeBody())
    press_when_sent(monkeypatch, 1, 1)
    assert run(*JOBS, "--limit", 5).exit_code == 7


def test_whoever_stops_reading_stops_the_buying(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from theirstack_async.cli.output import Output

    def flush(self: Output) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(Output, "flush", flush)
    result = run(*JOBS, "--limit", 50)
    assert (result.exit_code, fake.credits_billed) == (1, 10)
    assert "10 jobs, 10 credits.\n" in result.stderr


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "can_ask", lambda: True)
    monkeypatch.setattr(buying, "can_ask", lambda: True)


def test_a_terminal_is_asked_for_the_limit(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    result = run(*JOBS, stdin="many\n0\n3\n")
    assert (result.exit_code, fake.credits_billed) == (0, 3)
    assert result.stderr.count("Each job costs 1 credit. How many do you want at the most?") == 3
    assert result.stderr.count("expected a whole number from 1") == 2


def test_a_limit_that_nobody_types_ends_it(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    assert (run(*JOBS, stdin="").exit_code, fake.requests.total) == (130, 0)


@pytest.mark.parametrize(("limit", "answer", "code"), [(99, "", 0), (100, "n\n", 1), (100, "y\n", 0), (100, "", 130)])
def test_a_terminal_is_asked_from_a_hundred_credits_on(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch, limit: int, answer: str, code: int
) -> None:
    on_a_terminal(monkeypatch)
    result = run(*JOBS, "--limit", limit, stdin=answer)
    assert (result.exit_code, fake.credits_billed) == (code, 0 if code else limit)
    assert ("This may cost 100 credits. Go on?" in result.stderr) is (limit == 100)


def test_a_company_costs_three_credits(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    with serving() as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        assert run("companies", "search", "--limit", 34, stdin="n\n").exit_code == 1
        result = run("companies", "search", "--limit", 33)
    assert (result.exit_code, fake.credits_billed) == (0, 99)
    assert result.stderr == "At most 99 credits: 33 companies at 3 credits each.\n33 companies, 99 credits.\n"
