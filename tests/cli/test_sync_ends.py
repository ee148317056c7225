"""``theirstack sync`` when it is interrupted or fails: what came is stored, and the next run pays for nothing twice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_buying import press_when_sent
from tests.cli.test_interrupts import press
from tests.cli.test_sync import ids, small, to
from theirstack_async import StateError
from theirstack_async._tasks import attach
from theirstack_async.cli import sync_run, till
from theirstack_async.incremental._landing import Landing
from theirstack_async.incremental.sinks._sql import SQLSink
from theirstack_async.incremental.state._sql import SQLiteState
from theirstack_async.testing import FakeTheirStack, ResetBeforeBody, Status

__all__ = ["small", "to"]

SEARCH = "POST /v1/jobs/search"
GO_ON = "What was stored is never asked for again: run the same command again, and it goes on from there.\n"
UNKNOWN = "Up to 10 credits more may have been spent: nobody knows whether "


def sync(to: Path, *more: object) -> tuple[object, ...]:
    return ("sync", "jobs", "--to", to, "--max-items", 500, "--page-size", 10, *more)


def test_an_interrupt_waits_for_the_page_that_is_under_way_and_stores_it(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_when_sent(monkeypatch, 2, 1)
    result = run(*sync(to))
    assert (result.exit_code, len(ids(to)), small.credits_billed) == (130, 20, 20)
    assert result.stderr.splitlines(keepends=True)[1:] == [f"{till.STOPPING}\n", "20 jobs, 20 credits.\n", GO_ON]
    found = json.loads(result.stdout)
    assert (found["acknowledged"], found["end"]) == (20, None)
    assert run(*sync(to)).exit_code == 0
    assert (len(ids(to)), small.credits_billed) == (40, 40)


def test_an_interrupt_while_rows_are_stored_asks_for_no_other(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SQLSink.write

    async def write(self: SQLSink, batch: Any) -> None:
        press()
        await asyncio.sleep(0.01)
        await real(self, batch)

    monkeypatch.setattr(SQLSink, "write", write)
    result = run(*sync(to))
    assert (result.exit_code, len(ids(to)), small.requests.total) == (130, 10, 1)


def test_a_second_interrupt_cuts_the_page_and_says_that_it_may_have_been_paid_for(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("theirstack_async.incremental._search.DRAIN", 0.01)
    press_when_sent(monkeypatch, 2, 2)
    result = run(*sync(to))
    assert (result.exit_code, len(ids(to))) == (130, 10)
    assert f"10 jobs, 10 credits.\n{UNKNOWN}" in result.stderr
    assert result.stderr.endswith(GO_ON)


def test_an_interrupt_cuts_what_is_free_at_once(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from theirstack_async._engine.aiohttp_transport import AiohttpTransport

    real, sends = AiohttpTransport.send, []

    async def send(self: AiohttpTransport, request: Any) -> Any:
        sends.append(request)
        if len(sends) == 2:
            press()
            await asyncio.Event().wait()
        return await real(self, request)

    monkeypatch.setattr(AiohttpTransport, "send", send)
    webhook = small.seed_webhook("https://example.invalid/hook")
    small.seed_events(webhook, 30)
    result = run("sync", "events", webhook, "--to", to, "--page-size", 10)
    assert (result.exit_code, len(ids(to, "events"))) == (130, 10)
    assert result.stderr == f"10 events, 0 credits.\n{GO_ON}"


@pytest.mark.parametrize(("pages", "stored"), [(0, 0), (1, 10)])
def test_an_error_tells_what_was_stored(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch, pages: int, stored: int
) -> None:
    from theirstack_async._engine.aiohttp_transport import AiohttpTransport

    real, sends = AiohttpTransport.send, []

    async def send(self: AiohttpTransport, request: Any) -> Any:
        sends.append(request)
        if len(sends) == pages + 1:
            small.faults.add(SEARCH, Status(401))
        return await real(self, request)

    monkeypatch.setattr(AiohttpTransport, "send", send)
    result = run(*sync(to))
    assert (result.exit_code, len(ids(to)), (GO_ON in result.stderr)) == (3, stored, stored > 0)
    assert json.loads(result.stdout)["acknowledged"] == stored
    assert f"{stored} jobs, {stored} credits.\n" in result.stderr


def test_an_answer_that_was_cut_off_may_have_been_paid_for(small: FakeTheirStack, run: Run, to: Path) -> None:
    small.faults.add(SEARCH, ResetBeforeBody())
    result = run(*sync(to))
    assert (result.exit_code, f"0 jobs, 0 credits.\n{UNKNOWN}" in result.stderr) == (7, True)


def _break_store(monkeypatch: pytest.MonkeyPatch) -> None:
    async def write(*_: object) -> None:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(SQLSink, "write", write)


def test_what_could_not_be_stored_was_kept_and_is_not_bought_again(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        _break_store(broken)
        failed = run(*sync(to))
    again = run(*sync(to))
    assert (failed.exit_code, again.exit_code, len(ids(to)), small.credits_billed) == (1, 0, 40, 40)
    assert f"0 jobs, 10 credits.\n{GO_ON}error: OSError: the disk is on fire" in failed.stderr
    assert "40 jobs, 30 credits.\n10 jobs of them had been bought by an earlier run.\n" in again.stderr


def test_without_a_folder_it_is_bought_again(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        _break_store(broken)
        run(*sync(to, "--no-landing"))
    run(*sync(to, "--no-landing"))
    assert (len(ids(to)), small.credits_billed) == (40, 50)


def test_a_page_that_cannot_be_kept_is_shown_since_it_is_paid_for(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keep(*_: object) -> int:
        error = StateError("a page that was paid for cannot be kept")
        attach(error, body=b'{"data":[{"id":1}]}')
        raise error

    monkeypatch.setattr(Landing, "keep", keep)
    result = run(*sync(to))
    assert (result.exit_code, small.credits_billed) == (1, 10)
    assert result.stderr.splitlines()[1] == '{"data":[{"id":1}]}'


def test_a_file_that_is_not_ours_is_refused_before_anything_is_asked(
    small: FakeTheirStack, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "jobs.jsonl"
    file.write_text("{}\n", "utf-8")
    result = run(*sync(file, "--state", tmp_path / "state.db"))
    assert (result.exit_code, small.requests.total, file.read_text("utf-8")) == (1, 0, "{}\n")
    assert "jobs.jsonl" in result.stderr


@pytest.mark.parametrize("wait", [(), ("--wait", 0.01)])
def test_another_run_of_the_same_sync_has_a_code_of_its_own(
    small: FakeTheirStack, run: Run, to: Path, wait: tuple[object, ...]
) -> None:
    key = json.loads(run(*sync(to, "--dry-run")).stdout)["profile"]
    asked, other = small.requests.total, SQLiteState(to)
    asyncio.run(other.acquire(key))
    result = run(*sync(to, *wait))
    asyncio.run(other.release(key))
    asyncio.run(other.aclose())
    assert (result.exit_code, small.requests.total) == (10, asked)
    told = json.loads(result.stdout)
    assert (told["profile"], told["end"], told["rows"], told["credits"], told["mark"]) == (key, "locked", 0, 0, None)
    assert (told["sink"], told["state"]) == (str(to), str(to))
    assert f"is held by another run{' after 0.01 s' if wait else ''}; let it end" in result.stderr
    assert f"or wait for it with --wait SECONDS; the profile is {key} in theirstack state show." in result.stderr
    assert run(*sync(to)).exit_code == 0


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_a_state_that_cannot_be_read_is_told_to_programs_too(
    small: FakeTheirStack, run: Run, tmp_path: Path, dry: tuple[str, ...]
) -> None:
    file = tmp_path / "state.json"
    file.write_text("{", "utf-8")
    result = run(*sync(tmp_path / "jobs.jsonl", "--state", file, *dry))
    assert (result.exit_code, small.requests.total, "restore it from a copy" in result.stderr) == (1, 0, True)
    told = json.loads(result.stdout)
    assert (told["end"], told["acknowledged"], told["state"]) == ("state_error", 0, str(file))


@pytest.mark.usefixtures("people")
def test_people_are_told_by_the_error_alone(small: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{", "utf-8")
    result = run(*sync(tmp_path / "jobs.jsonl", "--state", tmp_path / "state.json"))
    assert (result.exit_code, result.stdout) == (1, "")


def test_a_terminal_sees_how_far_it_is(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _draw(monkeypatch)
    result = run(*sync(to, "--budget", 25))
    assert "syncing" in result.stderr
    assert "25/25 jobs, 25 credits" in result.stderr
    again = run(*sync(to))
    assert "15/16 jobs, 15 credits" in again.stderr, "a count has the overlap in it"


def test_where_a_count_costs_nobody_counts(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _draw(monkeypatch)
    run(*sync(to, "--domain", "acme.example"))
    assert [json.loads(request.body)["limit"] for request in small.requests] == [10]
    webhook = small.seed_webhook("https://example.invalid/hook")
    small.seed_events(webhook, 3)
    assert "3 events " in run("sync", "events", webhook, "--to", to).stderr


def test_a_count_that_fails_costs_the_bar_its_end_and_nothing_else(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _draw(monkeypatch)
    small.faults.add(SEARCH, Status(422))
    result = run(*sync(to))
    assert (result.exit_code, "40 jobs, 40 credits" in result.stderr) == (0, True)


def _draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have progress drawn as on a terminal, without colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


class FakeTask:
    """What of a task is drawn."""

    finished_speed = None

    def __init__(
        self, speed: float | None, total: float | None, elapsed: float | None, remaining: float | None
    ) -> None:
        self.speed, self.total, self.elapsed, self.time_remaining = speed, total, elapsed, remaining


@pytest.mark.parametrize(
    ("task", "drawn"),
    [
        (FakeTask(None, None, None, None), ""),
        (FakeTask(None, None, 61.9, None), "0:01:01"),
        (FakeTask(1234.5, None, 3.0, None), "1,234/s 0:00:03"),
        (FakeTask(1234.5, 10, 3.0, None), "1,234/s"),
        (FakeTask(12.0, 10, 3.0, 3_725), "12/s ETA 1:02:05"),
    ],
)
def test_the_pace_is_told_as_far_as_it_is_known(task: Any, drawn: str) -> None:
    assert sync_run.Pace().render(task).plain == drawn
