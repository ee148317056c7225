# ruff: noqa: ASYNC240 - a test may wait for its own small files
"""A folder of Parquet files holds each acknowledged row once, and nobody's files are ever touched."""

from __future__ import annotations

import gc
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.incremental.sinks._crashes import CrashingRun
from tests.unit.incremental.sinks._datasets import LANDING, REJECT, files, ids, names, opened, store
from tests.unit.incremental.sinks._runs import StubRun, company, job
from theirstack_async.errors import ArgumentError, SinkError, StateError
from theirstack_async.incremental.sinks import _parquet, _parts
from theirstack_async.incremental.sinks._parquet import ParquetSink
from theirstack_async.models import Company, Job, WebhookEvent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "jobs"


@pytest.fixture
def run() -> StubRun:
    return StubRun(landing=LANDING)


async def test_a_part_has_a_file_for_each_day(folder: Path, run: StubRun) -> None:
    await store(folder, run, run.batch(job(1), job(20), job(2)), run.batch(job(21), job(40)))
    assert [Path(name).parts[0] for name in files(folder)] == [f"date=2026-01-0{day}" for day in (1, 2, 3)]
    days = {path.parent.name: ids(path.parent) for path in folder.rglob("*.parquet")}
    assert days == {"date=2026-01-01": [1, 2], "date=2026-01-02": [20, 21], "date=2026-01-03": [40]}
    assert [note for name, note in (run.note or {}).items() if name in ("part", "rejects")] == [1, {}]
    assert not (folder / "_unfinished").exists() or not list((folder / "_unfinished").iterdir())


async def test_the_name_of_a_file_tells_its_part_and_its_profile(folder: Path, run: StubRun) -> None:
    await store(folder, run, run.batch(job(1)))
    await store(folder, run, run.batch(job(2)))
    writer = (run.note or {})["writer"]
    assert sorted(path.name for path in folder.rglob("*.parquet")) == [
        f"part-00000001-{writer}-0000.parquet",
        f"part-00000002-{writer}-0000.parquet",
    ]
    [path, _] = sorted(folder.rglob("*.parquet"))
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    assert (column.compression, column.is_stats_set) == ("ZSTD", True)


async def test_batches_are_acknowledged_together_once_their_part_is_full(folder: Path, run: StubRun) -> None:
    sink = await opened(folder, run, rows_per_file=3)
    kept = run.batch(job(1), job(2), credits_=2)
    await sink.write(kept)
    assert (run.acknowledged, kept.acknowledged, ids(folder)) == ([], False, [])
    await sink.write(run.batch(job(3), job(4)))
    assert (kept.acknowledged, ids(folder)) == (True, [1, 2, 3, 4])
    await sink.write(run.batch(job(5)))
    await sink.flush()
    await sink.flush()
    await sink.aclose()
    assert (run.acknowledged, ids(folder)) == ([[1, 2, 3, 4], [5]], [1, 2, 3, 4, 5])


async def test_rows_are_not_kept_in_memory_until_their_part_is_full(folder: Path, run: StubRun) -> None:
    sink = await opened(folder, run, partition_by=None)
    with mock.patch.object(_parquet, "_CUT", 2), mock.patch.object(_parquet, "_GROUP", 4):
        for number in range(5000, 5012, 2):
            await sink.write(run.batch(job(number), job(number + 1)))
    gc.collect()
    # The thread that does the work may not have let go of the last batch yet.
    assert sum(type(one) is Job and 5000 <= one.id < 5012 for one in gc.get_objects()) <= 2
    await sink.flush()
    await sink.aclose()
    assert ids(folder) == list(range(5000, 5012))
    [path] = folder.rglob("*.parquet")
    assert pq.ParquetFile(path).num_row_groups == 3


async def test_rows_that_were_paid_for_are_not_risked_without_landing(folder: Path) -> None:
    """A crash would cost them, so each of their batches is a part of its own."""
    run = StubRun()
    sink = await opened(folder, run)
    await sink.write(run.batch(job(1)))
    assert run.acknowledged == []
    await sink.write(run.batch(job(2), credits_=1))
    assert (run.acknowledged, ids(folder)) == ([[1, 2]], [1, 2])
    await sink.aclose()


async def test_free_rows_wait(folder: Path) -> None:
    run = StubRun()
    sink = await opened(folder, run)
    await sink.write(run.batch(job(1)))
    assert (run.acknowledged, ids(folder)) == ([], [])
    await sink.aclose()
    assert names(folder) in ([], ["_unfinished"])


async def test_a_crash_before_the_acknowledgement_leaves_nothing_to_be_seen(folder: Path, run: StubRun) -> None:
    run.error = StateError("no")
    with pytest.raises(StateError):
        await store(folder, run, run.batch(job(1)))
    assert (ids(folder), run.ids) == ([], [])
    await store(folder, run, run.batch(job(1)))
    assert ids(folder) == [1]


async def test_unfinished_parts_are_deleted_by_the_next_run(folder: Path, run: StubRun) -> None:
    await store(folder, run, run.batch(job(1)))
    run.error = StateError("no")
    with pytest.raises(StateError):
        await store(folder, run, run.batch(job(2)))
    assert [name.rpartition(".")[2] for name in files(folder)] == ["tmp", "parquet"]
    await store(folder, run)
    assert [name.rpartition(".")[2] for name in files(folder)] == ["parquet"]


async def test_an_acknowledgement_that_was_saved_but_failed_counts(folder: Path, run: StubRun) -> None:
    """As when the machine stops right after it."""
    run.error, run.saves = StateError("the answer was lost"), True
    sink = await opened(folder, run)
    await sink.write(run.batch(job(1), job(30)))
    with pytest.raises(StateError):
        await sink.flush()
    await sink.flush()
    with pytest.raises(SinkError, match="is not open"):
        await sink.write(run.batch(job(2)))
    await sink.aclose()
    assert ids(folder) == []
    await store(folder, run)
    assert ids(folder) == [1, 30]


async def test_what_is_no_part_stays(folder: Path, run: StubRun) -> None:
    run.error, run.saves = StateError("no"), True
    with pytest.raises(StateError):
        await store(folder, run, run.batch(job(1)))
    writer = (run.note or {})["writer"]
    mine = folder / "_unfinished" / writer
    theirs = [folder / "mine.parquet", mine / "notes.txt", folder / "_unfinished" / "0badcafe" / "00000001" / "a.tmp"]
    for path in theirs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"of somebody else")
    await store(folder, run, run.batch(job(2)))
    assert [path.read_bytes() for path in theirs] == [b"of somebody else"] * 3
    (folder / "mine.parquet").unlink()
    assert ids(folder) == [1, 2]


@pytest.mark.parametrize("note", [None, {}, {"bytes": 7}, {"part": 1, "writer": "../../x"}, {"part": "1"}])
async def test_after_a_reset_of_the_state_nothing_is_deleted(
    folder: Path, run: StubRun, note: dict[str, Any] | None
) -> None:
    await store(folder, run, run.batch(job(1)), run.batch(job(2)))
    again = StubRun(landing=LANDING, note=note)
    await store(folder, again, again.batch(job(1)))
    assert ids(folder) == [1, 1, 2]


async def test_profiles_share_a_folder(folder: Path, run: StubRun) -> None:
    other = StubRun(landing=LANDING)
    mine, theirs = await opened(folder, run), await opened(folder, other)
    for number in range(3):
        await mine.write(run.batch(job(number), rejects=(REJECT,)))
        await theirs.write(other.batch(job(10 + number), rejects=(REJECT,)))
        await mine.flush()
        await theirs.flush()
    await mine.write(run.batch(job(99)))
    await mine.aclose()
    await theirs.aclose()
    await store(folder, run)
    await store(folder, other)
    assert ids(folder) == [0, 1, 2, 10, 11, 12]
    assert [path.read_bytes().count(b"\n") for path in folder.glob("_rejects-*.jsonl")] == [3, 3]


async def test_two_copies_of_one_state_write_over_nothing(folder: Path, run: StubRun) -> None:
    await store(folder, run, run.batch(job(1)))
    copy = StubRun(landing=LANDING, note=run.note)
    await store(folder, run, run.batch(job(2)))
    await store(folder, copy, copy.batch(job(3)))
    assert ids(folder) == [1, 2, 3]


async def test_rejects_are_cut_back_to_what_was_acknowledged(folder: Path, run: StubRun) -> None:
    await store(folder, run, run.batch(job(1), rejects=(REJECT,)))
    run.error = StateError("no")
    with pytest.raises(StateError):
        await store(folder, run, run.batch(rejects=(REJECT,)))
    await store(folder, run, run.batch(rejects=(REJECT,)))
    [path] = folder.glob("_rejects-*.jsonl")
    assert [json.loads(line)["body"] for line in path.read_text().splitlines()] == ["{}", "{}"]


async def test_other_partitions(folder: Path, run: StubRun) -> None:
    rows = [job(1), job(2, closed_at=job(50).discovered_at)]
    await store(folder / "a", run, run.batch(*rows), partition_by="closed_at")
    await store(folder / "b", run, run.batch(*rows), partition_by="date_posted")
    await store(folder / "c", run, run.batch(*rows), partition_by=None)
    found = sorted({path.parent.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")})
    assert found == ["a/date=2026-01-03", "a/date=__HIVE_DEFAULT_PARTITION__", "b/date=2025-12-01", "c"]
    with pytest.raises(ArgumentError, match=r"a Job has no day or instant 'id'; there are date_posted, .*, and None"):
        await opened(folder, run, partition_by="id")


async def test_companies_and_events_have_their_own(folder: Path, run: StubRun) -> None:
    companies, events = ParquetSink(folder / "companies"), ParquetSink(folder / "events")
    await companies.open(Company, None)
    await companies.write(run.batch(company()))
    instants = dict.fromkeys(("triggered_at", "created_at", "updated_at"), job(30).discovered_at)
    await events.open(WebhookEvent, None)
    await events.write(run.batch(WebhookEvent(id=1, webhook_id=2, status="FAILED", payload=job(5), **instants)))
    for sink in (companies, events):
        await sink.flush()
        await sink.aclose()
    assert [path.parent.name for path in sorted(folder.rglob("*.parquet"))] == ["companies", "date=2026-01-02"]


async def test_many_days_need_few_open_files(folder: Path, run: StubRun) -> None:
    with mock.patch.object(_parts, "_OPEN_FILES", 3), mock.patch.object(_parquet, "_GROUP", 1):
        batches = [run.batch(*(job(24 * day + hour) for day in range(7))) for hour in range(2)]
        with mock.patch.object(_parquet, "_CUT", 1):
            await store(folder, run, *batches)
    assert ids(folder) == sorted(24 * day + hour for day in range(7) for hour in range(2))


@given(
    crashes=st.lists(st.integers(0, 80), max_size=6),
    sizes=st.lists(st.integers(0, 3), min_size=1, max_size=6),
    rows_per_file=st.integers(1, 6),
)
async def test_whatever_crashes_when_each_row_is_there_once(
    tmp_path_factory: pytest.TempPathFactory, crashes: Sequence[int], sizes: Sequence[int], rows_per_file: int
) -> None:
    folder, run = tmp_path_factory.mktemp("parquet") / "jobs", CrashingRun(landing=LANDING)
    wanted = {number: list(range(20 * number, 20 * number + size)) for number, size in enumerate(sizes)}
    for crash in [*crashes, 10_000]:
        rest = [
            run.batch(*map(job, rows), rejects=(REJECT,) * len(rows), number=number)
            for number, rows in wanted.items()
            if number not in run.numbers
        ]
        with run.dying_after(crash):
            await store(folder, run, *rest, rows_per_file=rows_per_file)
    assert ids(folder) == [id_ for rows in wanted.values() for id_ in rows]
    assert sum(path.read_bytes().count(b"\n") for path in folder.glob("_rejects-*.jsonl")) == sum(sizes)


async def test_two_runs_of_one_sink_follow_each_other(tmp_path: Path) -> None:
    """The second is refused as long as the first goes on, and takes none of its rows."""
    run, sink = StubRun(landing=object()), ParquetSink(tmp_path / "rows")
    await sink.open(Job, None)
    await sink.write(run.batch(job(1)))
    with pytest.raises(SinkError, match=r"rows'\) is open for another run; let that one end, or give each a sink"):
        await sink.open(Job, None)
    await sink.flush()
    assert run.ids == [1]
    await sink.open(Job, run.note)
    await sink.aclose()
    await sink.open(Job, run.note)
    await sink.aclose()
