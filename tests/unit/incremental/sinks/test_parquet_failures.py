# ruff: noqa: ASYNC240 - a test may wait for its own small files
"""What goes wrong with a folder of Parquet files is said, and nothing of it is acknowledged."""

from __future__ import annotations

import asyncio
import errno
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.incremental.sinks._datasets import LANDING, REJECT, files, ids, opened, store
from tests.unit.incremental.sinks._runs import StubRun, job
from theirstack_async.errors import ArgumentError, ConfigurationError, SinkError
from theirstack_async.incremental.sinks._parquet import ParquetSink
from theirstack_async.incremental.sinks._sink import Sink

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "jobs"


@pytest.fixture
def run() -> StubRun:
    return StubRun(landing=LANDING)


@pytest.mark.parametrize("rows", [0, -1, 1.5, True, "9"])
def test_nonsense_is_refused(folder: Path, rows: Any) -> None:
    with pytest.raises(ArgumentError, match="rows_per_file: expected a whole number from 1") as caught:
        ParquetSink(folder, rows_per_file=rows)
    assert caught.value.field == "rows_per_file"


def test_without_pyarrow_the_extra_is_named(folder: Path) -> None:
    with (
        mock.patch.dict(sys.modules, {"pyarrow": None}),
        pytest.raises(ConfigurationError, match=r"pip install 'theirstack-async\[parquet\]'"),
    ):
        ParquetSink(folder)


async def test_nothing_is_touched_before_it_is_opened(folder: Path) -> None:
    sink: Sink = ParquetSink(folder)
    await sink.flush()
    await sink.aclose()
    assert sink.state is None
    assert repr(sink) == f"ParquetSink({str(folder)!r})"
    assert not folder.exists()


async def test_a_folder_that_is_none_is_said(tmp_path: Path, run: StubRun) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match=r"cannot store rows in .*file.jobs: .*see that the folder"):
        await opened(tmp_path / "file" / "jobs", run)


@pytest.mark.parametrize("error", [FULL, pa.ArrowInvalid("a bad column")])
@pytest.mark.parametrize("where", ["write_table", "close", "fsync"])
async def test_what_cannot_be_written_is_not_acknowledged(
    folder: Path, run: StubRun, where: str, error: Exception
) -> None:
    await store(folder, run, run.batch(job(1)))
    sink = await opened(folder, run)
    await sink.write(run.batch(job(2)))
    target = mock.patch("os.fsync", side_effect=error)
    if where != "fsync":
        target = mock.patch.object(pq.ParquetWriter, where, side_effect=error)
    with target, pytest.raises(SinkError, match=r"cannot store rows in .*jobs: .*not acknowledged") as caught:
        await sink.flush()
    assert caught.value.__cause__ is error
    await sink.aclose()
    assert ids(folder) == run.ids == [1]
    assert len(files(folder)) == 1
    await store(folder, run, run.batch(job(2)))
    assert ids(folder) == [1, 2]


async def test_a_batch_that_cannot_be_written_ends_its_part(folder: Path, run: StubRun) -> None:
    sink = await opened(folder, run)
    await sink.write(run.batch(job(1)))
    with mock.patch("os.fsync", side_effect=FULL), pytest.raises(SinkError, match="No space"):
        await sink.write(run.batch(job(2), rejects=(REJECT,)))
    await sink.flush()
    await sink.aclose()
    assert (run.acknowledged, ids(folder)) == ([], [])


async def test_a_cancellation_waits_for_the_part(folder: Path, run: StubRun) -> None:
    sink = await opened(folder, run, rows_per_file=1)
    writing = asyncio.create_task(sink.write(run.batch(job(1))))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await sink.write(run.batch(job(2)))
    await sink.aclose()
    assert ids(folder) == [1, 2]
