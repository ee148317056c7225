"""``theirstack events retry`` and ``retry-failed``."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.cli.conftest import Run
from theirstack_async.cli import retrying
from theirstack_async.cli.whole_file import WholeFile
from theirstack_async.testing import FakeTheirStack, Status

URL = "https://example.invalid/hook"
RETRY = "POST /v0/webhooks/events/retry"


def list_files(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def seeded(fake: FakeTheirStack, n: int) -> tuple[int, list[int]]:
    webhook = fake.seed_webhook(URL)
    return webhook, [*fake.seed_events(webhook, n)]


def test_all_accepted(fake: FakeTheirStack, run: Run) -> None:
    _, ids = seeded(fake, 5)
    result = run("events", "retry", *ids, ids[0])
    report = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    del report["seconds"]
    assert report == {
        "requested": 5, "duplicates": 1, "requests": 1, "ok": True, "complete": True, "stopped_by": None,
        "accepted": 5, "rejected": {}, "unknown": [], "skipped": [],
    }  # fmt: skip
    assert {fake.event(id_).status for id_ in ids} == {"SUCCESS"}


@pytest.mark.parametrize("form", ["{0}\n", "{0} ", "{0},", '{{"id":{0},"payload":{{"id":9}}}}\n'])
def test_ids_come_from_stdin(fake: FakeTheirStack, run: Run, form: str) -> None:
    _, ids = seeded(fake, 250)
    result = run("events", "retry", "-", stdin="".join(form.format(id_) for id_ in ids))
    assert (result.exit_code, json.loads(result.stdout)["accepted"]) == (0, 250)


def test_a_listing_is_food_for_a_retry(fake: FakeTheirStack, run: Run) -> None:
    webhook, ids = seeded(fake, 60)
    listed = run("events", "list", webhook, "--status", "FAILED").stdout
    assert json.loads(run("events", "retry", "-", stdin=listed).stdout)["accepted"] == len(ids)
    assert run("events", "list", webhook, "--status", "FAILED").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["x1"], None, "ids: expected an event id, a whole number, got 'x1'"),
        (["1.5"], None, "got '1.5'"),
        (["-"], "1\n2 x\n", "stdin, line 2: expected an event id, a whole number, got 'x'"),
        (["-"], '{"id":1}\n{"id":\n', "stdin, line 2: expected a JSON object on one line"),
        (["-"], '{"name":1}\n', 'stdin, line 1: the JSON object has no "id"'),
    ],
)
def test_what_is_no_id_is_refused_before_anything_is_sent(
    fake: FakeTheirStack, run: Run, arguments: list[str], stdin: str | None, said: str
) -> None:
    result = run("events", "retry", *arguments, stdin=stdin)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert said in result.stderr


def test_nothing_to_retry_is_no_failure(fake: FakeTheirStack, run: Run) -> None:
    result = run("events", "retry", "-", stdin="")
    assert (result.exit_code, json.loads(result.stdout)["requested"]) == (0, 0)


def test_bad_ids_are_named(fake: FakeTheirStack, run: Run) -> None:
    _, ids = seeded(fake, 5)
    result = run("events", "retry", 7, *ids)
    report = json.loads(result.stdout)
    assert (result.exit_code, report["accepted"], [*report["rejected"]]) == (1, 5, ["7"])
    assert "422" in report["rejected"]["7"]
    assert "Some ids were refused. The last:" in result.stderr


def test_an_unknown_outcome_has_its_own_code(fake: FakeTheirStack, run: Run) -> None:
    _, ids = seeded(fake, 4)
    fake.faults.add(RETRY, Status(503))
    result = run("events", "retry", "--batch-size", 2, "--max-concurrency", 1, *ids)
    report = json.loads(result.stdout)
    assert (result.exit_code, report["accepted"], len(report["unknown"])) == (7, 2, 2)
    assert "nobody knows" in result.stderr


def test_an_unknown_outcome_can_be_sent_again(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _, ids = seeded(fake, 4)
    asked: list[str] = []
    from theirstack_async.resources.webhook_events import WebhookEvents

    real = WebhookEvents.retry

    async def retry(self: WebhookEvents, ids: Any, **options: Any) -> Any:
        asked.append(options["on_unknown"])
        return await real(self, ids, **options)

    monkeypatch.setattr(WebhookEvents, "retry", retry)
    assert run("events", "retry", "--resend-unknown", *ids).exit_code == 0
    assert run("events", "retry", *ids).exit_code == 0
    assert asked == ["resend", "report"]


@pytest.mark.parametrize(("status", "code"), [(401, 3), (402, 4), (403, 3)])
def test_what_stops_a_run_gives_the_code(fake: FakeTheirStack, run: Run, status: int, code: int) -> None:
    _, ids = seeded(fake, 6)
    fake.faults.add(RETRY, Status(status), times=9)
    result = run("events", "retry", "--batch-size", 2, "--max-concurrency", 1, *ids)
    report = json.loads(result.stdout)
    assert (result.exit_code, len(report["skipped"]), len(report["rejected"])) == (code, 4, 2)
    assert report["stopped_by"] in result.stderr


def test_what_was_never_sent_says_why(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from theirstack_async import RetryPolicy, TheirStack

    make = TheirStack.__init__

    def without_pauses(self: TheirStack, *args: Any, **settings: Any) -> None:
        make(self, *args, **settings, retries=RetryPolicy(attempts=1))

    monkeypatch.setattr(TheirStack, "__init__", without_pauses)
    result = run("--api-key", "key", "--base-url", "http://127.0.0.1:9", "events", "retry", 1, 2)
    assert (result.exit_code, json.loads(result.stdout)["skipped"]) == (6, [1, 2])
    assert "Not everything could be sent. The last failure: " in result.stderr
    assert "no connection" in result.stderr


def test_retry_failed_takes_the_failed_ones(fake: FakeTheirStack, run: Run) -> None:
    webhook, ids = seeded(fake, 1203)
    fake.seed_events(webhook, 10, status="SUCCESS")
    result = run("events", "retry-failed", webhook, "--batch-size", 500)
    report = json.loads(result.stdout)
    assert (result.exit_code, report["accepted"], report["requests"]) == (0, len(ids), 3)


def test_the_report_names_every_id(fake: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    _, ids = seeded(fake, 5)
    file = tmp_path / "run.json"
    assert run("events", "retry", 7, *ids, "--report", file).exit_code == 1
    report = json.loads(file.read_text("utf-8"))
    assert (report["accepted"], [*report["rejected"]], report["unknown"], report["skipped"]) == (ids, ["7"], [], [])
    assert [*tmp_path.iterdir()] == [file]


def test_a_report_that_cannot_be_written_is_found_out_first(fake: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    _, ids = seeded(fake, 5)
    result = run("events", "retry", *ids, "--report", tmp_path / "missing" / "run.json")
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "--report: cannot write" in result.stderr


def test_a_report_must_not_be_a_directory(fake: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    _, ids = seeded(fake, 5)
    result = run("events", "retry", *ids, "--report", tmp_path)
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert f"--report: cannot write {tmp_path}: it is a directory." in result.stderr


def test_a_full_disk_leaves_the_report_on_stdout(
    fake: FakeTheirStack, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(WholeFile, "write", fail)
    _, ids = seeded(fake, 5)
    result = run("events", "retry", *ids, 7, "--report", tmp_path / "run.json")
    assert (result.exit_code, "No space left" in result.stderr) == (1, True)
    assert (json.loads(result.stdout)["accepted"], [*json.loads(result.stdout)["rejected"]]) == (5, ["7"])


def test_a_refused_run_leaves_the_last_report_alone(fake: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text("the last one")
    assert run("events", "retry", 2**80, "x", "--report", file).exit_code == 2
    assert run("--base-url", fake.base_url, "events", "retry-failed", 999, "--report", file).exit_code == 1
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("run.json", "the last one")]


@pytest.mark.usefixtures("people")
def test_people_read_sentences(fake: FakeTheirStack, run: Run) -> None:
    _, ids = seeded(fake, 3)
    fake.faults.add(RETRY, Status(503))
    shown = run("events", "retry", "--batch-size", 25, "--max-concurrency", 1, *range(25), *ids, ids[0]).stdout
    assert "3 of 28 accepted in " in shown
    assert "2 requests, 1 duplicates dropped" in shown
    assert "25 unknown, sent, and perhaps taken: see which are still FAILED before you retry them: 0, 1, 2" in shown
    assert "19, ... (--report FILE names them all)" in shown


def test_a_terminal_gets_a_bar(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(
        retrying, "Console", lambda **_: Console(file=screen, force_terminal=True, width=80, color_system=None)
    )
    _, ids = seeded(fake, 5)
    assert run("events", "retry", 7, *ids).exit_code == 1
    assert "retrying" in screen.getvalue()
    assert "6/6" in screen.getvalue()
    assert "1 failed" in screen.getvalue()


async def test_a_list_that_is_refused_leaves_nothing_to_report(tmp_path: Path) -> None:
    from theirstack_async import ArgumentError, TheirStack
    from theirstack_async.cli.output import Output

    file = tmp_path / "run.json"
    options = retrying.RetryOptions(100, 4, False, str(file), Output(json=True))
    async with TheirStack("key", base_url="http://127.0.0.1:9") as client:
        with pytest.raises(ArgumentError):
            await retrying.retry(client, [-1], options)
    assert not list_files(tmp_path)


def test_ids_typed_on_a_terminal_are_announced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from theirstack_async.cli.ids import read_ids

    typed = io.StringIO("3\n4\n")
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", typed)
    assert read_ids(["2", "-"], "an event id") == [2, 3, 4]
    assert capsys.readouterr().err == "Reading ids from the terminal; Ctrl-D ends them.\n"
