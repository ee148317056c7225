"""Data sets of Parquet files: made by whole runs, and read as others read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.unit.incremental.sinks._runs import StubRun
from theirstack_async.errors import DecodeError, Problem
from theirstack_async.incremental._batch import Batch
from theirstack_async.incremental.sinks._parquet import ParquetSink
from theirstack_async.models import Job

REJECT = DecodeError("a row", problems=[Problem("id", "expected int")], body=b"{}")
LANDING = object()


async def opened(folder: Path, run: StubRun, **options: Any) -> ParquetSink:
    sink = ParquetSink(folder, **options)
    await sink.open(Job, run.note)
    return sink


async def store(folder: Path, run: StubRun, *batches: Batch[Any], **options: Any) -> None:
    """Make one whole run."""
    sink = await opened(folder, run, **options)
    for batch in batches:
        await sink.write(batch)
    await sink.flush()
    await sink.aclose()


def files(folder: Path) -> list[str]:
    """Return the files, without the random part of their names."""
    paths = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    return sorted("-".join(p for p in path.relative_to(folder).as_posix().split("-") if len(p) != 8) for path in paths)


def ids(folder: Path) -> list[int]:
    """Return the ids as a reader of the data set finds them."""
    tables = [pq.ParquetFile(path).read(["id"]) for path in sorted(folder.rglob("*.parquet"))]
    return sorted(id_ for table in tables for id_ in table["id"].to_pylist())


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
