# ruff: noqa: ASYNC240 - a test may wait for its own small files
"""One run at a time writes to a file of JSON lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.incremental.sinks._runs import StubRun, job
from tests.unit.incremental.sinks.test_lines import ids, opened
from theirstack_async.errors import SinkError
from theirstack_async.incremental.sinks._lines import JSONLinesSink
from theirstack_async.models import Job


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out" / "jobs.jsonl"


@pytest.fixture
def run() -> StubRun:
    return StubRun()


async def test_two_runs_of_one_sink_follow_each_other(path: Path, run: StubRun) -> None:
    """The second is refused as long as the first goes on; after a flush the file is free, for other objects too."""
    sink, other = await opened(path, run), JSONLinesSink(path)
    with pytest.raises(SinkError, match=r"jobs\.jsonl'\) is open for another run; let that one end"):
        await sink.open(Job, run.note)
    await sink.write(run.batch(job(1)))
    await sink.flush()
    await other.open(Job, run.note)
    with pytest.raises(SinkError, match="another run writes to"):
        await sink.write(run.batch(job(2)))
    await other.aclose()
    await sink.open(Job, run.note)
    await sink.write(run.batch(job(3)))
    await sink.flush()
    await sink.write(run.batch(job(4)))
    await sink.aclose()
    assert ids(path) == run.ids == [1, 3, 4]


async def test_a_lock_that_cannot_be_had_is_said(path: Path, run: StubRun) -> None:
    Path(f"{path}.lock").mkdir(parents=True)
    with pytest.raises(SinkError, match=r"the lock file .*jobs\.jsonl\.lock cannot be used"):
        await opened(path, run)
