# ruff: noqa: ASYNC240 - a test may wait for its own small files
"""A file of JSON lines holds what was acknowledged, each row once, and nobody's lines are ever cut but ours."""

from __future__ import annotations

import asyncio
import errno
import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.incremental.sinks._crashes import CrashingRun
from tests.unit.incremental.sinks._runs import StubRun, job
from theirstack_async.errors import DecodeError, Problem, SinkError, StateError
from theirstack_async.incremental._batch import Batch
from theirstack_async.incremental.sinks._lines import JSONLinesSink
from theirstack_async.incremental.sinks._sink import Sink
from theirstack_async.models import Job, UnknownPayload, WebhookEvent, WebhookEventStatus
from theirstack_async.models._base import keep_extra

FULL = OSError(errno.ENOSPC, "No space left on device")
REJECT = DecodeError("a row", problems=[Problem("id", 'expected int, got "x"')], body=b'{"id": "x\xff\n"}')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out" / "jobs.jsonl"


@pytest.fixture
def run() -> StubRun:
    return StubRun()


async def opened(path: Path, run: StubRun) -> JSONLinesSink:
    sink = JSONLinesSink(path)
    await sink.open(Job, run.note)
    return sink


async def store(path: Path, run: StubRun, *batches: Batch[Any]) -> None:
    """Make one whole run."""
    sink = await opened(path, run)
    for batch in batches:
        await sink.write(batch)
    await sink.flush()
    await sink.aclose()


def ids(path: Path) -> list[int]:
    return [json.loads(line)["id"] for line in path.read_text("ascii").splitlines()] if path.exists() else []


def names(path: Path) -> list[str]:
    """Return the names beside the file, but for its lock, which stays there."""
    return sorted(file.name for file in path.parent.iterdir() if file.name != f"{path.name}.lock")


async def test_runs_add_to_one_another(path: Path, run: StubRun) -> None:
    await store(path, run, run.batch(job(1), job(2)), run.batch(job(3)))
    await store(path, run, run.batch(job(4)))
    assert ids(path) == run.ids == [1, 2, 3, 4]
    assert run.acknowledged == [[1, 2], [3], [4]]
    assert names(path) == ["jobs.jsonl"]
    sink: Sink = JSONLinesSink(path)
    assert sink.state is None
    assert repr(sink) == f"JSONLinesSink({str(path)!r})"


async def test_a_line_is_the_row_with_all_that_is_in_it(path: Path, run: StubRun) -> None:
    row = job(1, min_annual_salary=2**70, job_title="Ä \ud800\u2028\n\0", latitude=1.5)
    keep_extra(row, {"new": [1, {"a": None}]})
    await store(path, run, run.batch(row))
    [line] = path.read_bytes().split(b"\n")[:-1]
    assert json.loads(line) == row.to_dict()
    assert line.decode("ascii") == row.to_json()


async def test_numbers_that_json_has_not_are_null(path: Path, run: StubRun) -> None:
    row = job(1, latitude=float("inf"), longitude=float("nan"))
    keep_extra(row, {"far": [float("-inf"), 1.5]})
    await store(path, run, run.batch(row))
    assert json.loads(path.read_bytes()) == {**row.to_dict(), "latitude": None, "longitude": None, "far": [None, 1.5]}


async def test_a_run_without_rows_leaves_nothing(path: Path, run: StubRun) -> None:
    await store(path, run)
    await store(path, run, run.batch())
    assert run.acknowledged == [[]]
    assert names(path) == []


async def test_rejects_stand_beside(path: Path, run: StubRun) -> None:
    await store(path, run, run.batch(job(1), rejects=(REJECT,)))
    await store(path, run, run.batch(rejects=(REJECT,)))
    assert ids(path) == [1]
    first, second = map(json.loads, Path(f"{path}.rejects.jsonl").read_text("ascii").splitlines())
    assert (
        first
        == second
        == {
            "problems": [{"path": "id", "message": 'expected int, got "x"'}],
            "body": REJECT.body.decode("utf-8", "surrogateescape"),
        }
    )
    assert first["body"].encode("utf-8", "surrogateescape") == REJECT.body


async def test_rejects_that_were_not_acknowledged_come_once(path: Path, run: StubRun) -> None:
    await store(path, run, run.batch(rejects=(REJECT,)))
    run.error = StateError("no")
    with pytest.raises(StateError):
        await store(path, run, run.batch(rejects=(REJECT,)))
    await store(path, run, run.batch(rejects=(REJECT,)))
    assert Path(f"{path}.rejects.jsonl").read_bytes().count(b"\n") == 2


async def test_until_the_first_acknowledgement_the_file_is_not_there(path: Path, run: StubRun) -> None:
    sink = await opened(path, run)
    run.error = StateError("the disk of the state is full")
    with pytest.raises(StateError):
        await sink.write(run.batch(job(1)))
    assert (path.exists(), "jobs.jsonl.new" in names(path)) == (False, True)
    await store(path, run, run.batch(job(1)))
    assert ids(path) == [1]


async def test_an_acknowledgement_that_was_saved_but_failed_counts(path: Path, run: StubRun) -> None:
    """As when the machine stops right after it: the file has not got its name yet."""
    sink = await opened(path, run)
    run.error, run.saves = StateError("the answer of the database was lost"), True
    with pytest.raises(StateError):
        await sink.write(run.batch(job(1)))
    with pytest.raises(SinkError, match="is not open; open it with what was noted"):
        await sink.write(run.batch(job(2)))
    await sink.aclose()
    assert not path.exists()
    await store(path, run, run.batch(job(2)))
    assert ids(path) == [1, 2]


async def test_what_was_not_acknowledged_is_cut_off(path: Path, run: StubRun) -> None:
    await store(path, run, run.batch(job(1)))
    run.error = StateError("no")
    with pytest.raises(StateError):
        await store(path, run, run.batch(job(2), job(3)))
    assert ids(path) == [1, 2, 3]
    await store(path, run, run.batch(job(2)))
    assert ids(path) == [1, 2]


async def test_a_line_that_was_half_written_is_cut_off(path: Path, run: StubRun) -> None:
    await store(path, run, run.batch(job(1)))
    with path.open("ab") as file:
        file.write(b'{"id": 2, "job')
    await store(path, run, run.batch(job(2)))
    assert ids(path) == [1, 2]


@pytest.mark.parametrize("content", [b"", b"{}\n", b"x" * 50_000])
async def test_a_file_that_is_another_one_is_refused_and_stays(path: Path, run: StubRun, content: bytes) -> None:
    await store(path, run, run.batch(*map(job, range(20))))
    path.write_bytes(content)
    with pytest.raises(SinkError, match=r"jobs\.jsonl is not the file that the last run wrote: .*Put it back; or move"):
        await opened(path, run)
    assert path.read_bytes() == content


async def test_a_file_that_the_state_does_not_know_is_refused_and_stays(path: Path, run: StubRun) -> None:
    """A state that was reset, or other filters, must not cut or double a user's file."""
    await store(path, run, run.batch(job(1)))
    before = path.read_bytes()
    for note in (None, {}, {"part": 3, "bytes": "7"}):
        sink = JSONLinesSink(path)
        with pytest.raises(SinkError, match=r"jobs\.jsonl is there already, and the state knows nothing of it"):
            await sink.open(Job, note)
        await sink.aclose()
    assert path.read_bytes() == before
    assert names(path) == ["jobs.jsonl"]


async def test_an_empty_file_may_be_there(path: Path, run: StubRun) -> None:
    path.parent.mkdir()
    path.touch()
    await store(path, run, run.batch(job(1)))
    assert ids(path) == [1]


async def test_a_file_that_was_moved_away_is_begun_anew(path: Path, run: StubRun) -> None:
    await store(path, run, run.batch(job(1)), run.batch(job(2)))
    path.rename(path.with_name("monday.jsonl"))
    run.error = StateError("no")
    with pytest.raises(StateError):
        await store(path, run, run.batch(job(3)), run.batch(job(4)))
    await store(path, run, run.batch(job(3)), run.batch(job(4)))
    await store(path, run, run.batch(job(5)))
    assert (ids(path.with_name("monday.jsonl")), ids(path)) == ([1, 2], [3, 4, 5])


async def test_of_two_that_begin_a_file_one_is_refused(path: Path, run: StubRun) -> None:
    mine, theirs = await opened(path, run), JSONLinesSink(path)
    with pytest.raises(SinkError, match=r"another run writes to .*jobs\.jsonl; let it end, or give each a file of its"):
        await theirs.open(Job, None)
    await theirs.aclose()
    await mine.write(run.batch(job(1)))
    assert (ids(path), run.ids) == ([1], [1])


async def test_a_file_that_is_made_before_the_first_line_stays(path: Path, run: StubRun) -> None:
    sink = await opened(path, run)
    path.write_bytes(b"{}\n")
    with pytest.raises(SinkError, match=r"somebody else writes to .*jobs\.jsonl\.new: jobs\.jsonl was made meanwhile"):
        await sink.write(run.batch(job(1)))
    assert (path.read_bytes(), run.ids) == (b"{}\n", [])


async def test_a_file_that_is_made_at_the_last_moment_stays(path: Path, run: StubRun) -> None:
    sink = await opened(path, run)

    def another_begins() -> None:
        path.write_bytes(b"{}\n")

    run.saving = another_begins
    with pytest.raises(SinkError, match="was made meanwhile"):
        await sink.write(run.batch(job(1)))
    assert path.read_bytes() == b"{}\n"


async def test_somebody_who_writes_to_the_file_is_told_of(path: Path, run: StubRun) -> None:
    sink = await opened(path, run)
    await sink.write(run.batch(job(1)))
    with path.open("ab") as file:
        file.write(b"{}\n")
    size = path.stat().st_size
    with pytest.raises(SinkError, match=rf"somebody else writes to .*: it has {size} bytes, and {size - 3} were writ"):
        await sink.write(run.batch(job(3)))
    assert run.ids == [1]


async def test_a_full_disk_acknowledges_nothing(path: Path, run: StubRun) -> None:
    await store(path, run, run.batch(job(1)))
    sink = await opened(path, run)
    with (
        mock.patch("os.fsync", side_effect=FULL),
        pytest.raises(SinkError, match=r"cannot store rows in .*jobs\.jsonl: .*No space .*not acknowledged") as caught,
    ):
        await sink.write(run.batch(job(2)))
    assert caught.value.__cause__ is FULL
    assert ids(path) == run.ids == [1]
    await store(path, run, run.batch(job(2)))
    assert ids(path) == [1, 2]


async def test_a_disk_that_cannot_be_shortened_either_is_put_right_by_the_next_run(path: Path, run: StubRun) -> None:
    await store(path, run, run.batch(job(1)))
    sink = await opened(path, run)
    with (
        mock.patch("os.fsync", side_effect=FULL),
        mock.patch("os.truncate", side_effect=FULL),
        pytest.raises(SinkError, match="No space"),
    ):
        await sink.write(run.batch(job(2)))
    assert ids(path) == [1, 2]
    await store(path, run, run.batch(job(2)))
    assert ids(path) == [1, 2]


async def test_a_folder_that_is_none_is_said_before_anything_is_asked_for(tmp_path: Path, run: StubRun) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match=r"cannot store rows in .*jobs\.jsonl: .*see that the folder"):
        await opened(tmp_path / "file" / "jobs.jsonl", run)


async def test_what_has_no_form_in_json_is_named(path: Path, run: StubRun) -> None:
    row: dict[str, Any] = {"id": 7, "webhook_id": 1, "status": WebhookEventStatus.FAILED}
    instants = dict.fromkeys(("triggered_at", "created_at", "updated_at"), job(1).discovered_at)
    event = WebhookEvent(**row, **instants, payload=UnknownPayload(b"{"))
    sink = await opened(path, run)
    with pytest.raises(SinkError, match=r"WebhookEvent 7 cannot be written: UnknownPayload\.raw is not valid JSON"):
        await sink.write(run.batch(event))
    assert run.ids == []


async def test_the_loop_runs_on_and_a_cancellation_waits(path: Path, run: StubRun) -> None:
    sink = await opened(path, run)
    writing = asyncio.create_task(sink.write(run.batch(job(1))))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert ids(path) == run.ids == [1]


@given(crashes=st.lists(st.integers(0, 40), max_size=6), sizes=st.lists(st.integers(0, 3), min_size=1, max_size=6))
async def test_whatever_crashes_when_each_row_is_there_once(
    tmp_path_factory: pytest.TempPathFactory, crashes: list[int], sizes: list[int]
) -> None:
    path, run = tmp_path_factory.mktemp("lines") / "jobs.jsonl", CrashingRun()
    wanted = [list(range(10 * number, 10 * number + size)) for number, size in enumerate(sizes)]
    for crash in [*crashes, 10_000]:
        rest = [
            run.batch(*map(job, rows), rejects=(REJECT,) * len(rows), number=number)
            for number, rows in enumerate(wanted)
            if number not in run.numbers
        ]
        with run.dying_after(crash):
            await store(path, run, *rest)
    assert ids(path) == run.ids == [id_ for rows in wanted for id_ in rows]
    rejects = Path(f"{path}.rejects.jsonl")
    assert (rejects.read_bytes().count(b"\n") if rejects.exists() else 0) == sum(sizes)
    assert {name.removesuffix(".rejects.jsonl") for name in names(path)} <= {"jobs.jsonl"}
