"""Rows as a data set of Parquet files."""

from __future__ import annotations

import os
import re
import secrets
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from theirstack_async._tasks import run_to_end
from theirstack_async.errors import ArgumentError
from theirstack_async.incremental._closing import Closing
from theirstack_async.incremental.sinks._arrow import Layout, arrow, layout_of
from theirstack_async.incremental.sinks._line_file import LineFile
from theirstack_async.incremental.sinks._lines import already_open, in_thread, not_open, reject_lines
from theirstack_async.incremental.sinks._parts import Part, settle

if TYPE_CHECKING:
    from theirstack_async.incremental._batch import Batch
    from theirstack_async.models import Model

T = TypeVar("T")

_WRITER: Final = re.compile("[0-9a-f]{8}")
_USUAL_DAY: Final = ("discovered_at", "triggered_at")
_NO_DAY: Final = "__HIVE_DEFAULT_PARTITION__"
_GROUP: Final = 10_000
"""Rows of a row group, at most: of jobs some 60 MB."""
_CUT: Final = 1_000
"""Rows that are kept as models until there are enough to be made columns."""


class ParquetSink(Closing):
    """Writes rows to a folder of Parquet files: ``<folder>/date=2026-01-02/part-00000001-<id>-0000.parquet``.

    A folder for each day, as Hive, DuckDB, pyarrow, Polars and Spark read them: of ``discovered_at`` for jobs and of
    ``triggered_at`` for events; none for companies. The columns are always the same ones: a model within is spread
    over columns such as ``company_object_name``, lists of texts are lists, other lists and payloads are JSON texts,
    instants have microseconds and are in UTC. ``_extra`` has the unknown fields as a JSON text, and under ``_exact``
    what a column could not hold, such as a whole number beyond 64 bits, which is null there. Rows that did not decode
    go to ``_rejects-<id>.jsonl``. A row that comes again, such as after the state was reset, is there twice: read the
    newest by its ``id``.

    **When rows are acknowledged.** The batches of a part are acknowledged together, once its files are on disk; they
    are out of sight, in ``_unfinished``, until that is saved, and then get their names. So after a crash each
    acknowledged row is there once, and the others come again. For rows that were paid for, that would be at your cost:
    only with ``landing=`` are they kept meanwhile. Without it, each batch that cost credits closes its part at once,
    which makes many small files. Free rows, and all rows with ``landing=``, wait for ``rows_per_file``, and for the
    end of the run.

    No file with a name of its own is ever changed or deleted, so several profiles may share a folder, each with an
    ``<id>`` of its own.

    Args:
        folder: the folder; it is made when it is missing.
        rows_per_file: rows of a part, over all of its days. At least 1.
        partition_by: a column that holds a day or an instant in UTC, such as ``date_posted``; None for no folders;
            ``auto`` for what is said above.

    Raises:
        ArgumentError: ``rows_per_file`` is no whole number from 1.
        ConfigurationError: pyarrow is not installed; it names the extra to install.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        rows_per_file: int = 100_000,
        partition_by: str | None = "auto",
    ) -> None:
        if type(rows_per_file) is not int or rows_per_file < 1:
            said = f"rows_per_file: expected a whole number from 1, got {rows_per_file!r}"
            raise ArgumentError(said, field="rows_per_file")
        self._errors: Final[tuple[type[Exception], ...]] = (OSError, arrow().ArrowException)
        self._folder: Final = Path(os.path.abspath(folder))  # noqa: PTH100 - it asks for nothing but the current folder
        self._rows_per_file: Final = rows_per_file
        self._partition_by: Final = partition_by
        self._files: _Files | None = None
        self._batches: list[_Waiting] = []
        self._in_use = False

    def __repr__(self) -> str:
        return f"ParquetSink({str(self._folder)!r})"

    @property
    def name(self) -> str:
        """What and where it is. See :attr:`Sink.name`."""
        return repr(self)

    @property
    def state(self) -> None:
        """None: files keep no state."""
        return

    async def open(self, row_type: type[Model], saved: Mapping[str, Any] | None) -> None:
        """Put parts that were acknowledged in their places, and delete unfinished ones; see :class:`Sink`.

        Raises:
            ArgumentError: the class has no such column to partition by.
            SinkError: the folder cannot be written, or a run writes to this sink.
        """
        if self._in_use:
            raise already_open(self)
        layout = layout_of(row_type)
        files = _Files(self._folder, layout, _day(row_type, layout.days, self._partition_by))
        self._in_use = True
        try:
            await self._do(partial(files.open, saved or {}))
        except BaseException:
            self._in_use = False
            raise
        self._files, self._batches = files, []

    async def write(self, batch: Batch[Any]) -> None:
        """Write a batch. It is acknowledged with its part: see the class. A cancellation is raised when that is done.

        Raises:
            SinkError: it cannot be written. Nothing of its part is acknowledged.
            StateError: the acknowledgement cannot be saved.
        """
        await run_to_end(self._write(batch))

    async def flush(self) -> None:
        """Close the part, and acknowledge its batches.

        Raises:
            SinkError: it cannot be written.
            StateError: the acknowledgement cannot be saved.
        """
        try:
            if self._files is not None and self._batches:
                await run_to_end(self._close_part(self._files))
        finally:
            self._in_use = False

    async def aclose(self) -> None:
        """Delete what is not acknowledged: it comes again."""
        files, self._files, self._batches, self._in_use = self._files, None, [], False
        if files is not None:
            await self._do(files.abort)

    async def _write(self, batch: Batch[Any]) -> None:
        files = self._files
        if files is None:
            raise not_open(self)
        try:
            await self._do(partial(files.add, batch))
        except BaseException:
            await self.aclose()
            raise
        self._batches.append(_Waiting(batch))
        paid = any(waiting.light.credits for waiting in self._batches)
        if files.rows >= self._rows_per_file or (paid and batch.run.landing is None):
            await self._close_part(files)

    async def _close_part(self, files: _Files) -> None:
        # Whether an acknowledgement that failed was saved is unknown: the next open() finds out, and does what is due.
        self._files = None
        waiting, self._batches = self._batches, []
        try:
            note = await self._do(files.finish)
        except BaseException:
            await self._do(files.abort)
            raise
        await waiting[0].light.run.ack([one.light for one in waiting], note=note)
        for one in waiting:
            one.tell()
        await self._do(files.settle)
        self._files = files

    async def _do(self, work: Callable[[], T]) -> T:
        return await in_thread(work, self._folder, self._errors)


class _Waiting:
    """A batch that waits for its part, without its rows: of 100,000 jobs they are more than a gigabyte."""

    def __init__(self, batch: Batch[Any]) -> None:
        self.light: Final = attrs.evolve(batch, rows=[], rejects=())
        self._whole: Final = weakref.ref(batch)

    def tell(self) -> None:
        """Tell whoever still has the batch that it is acknowledged."""
        if (batch := self._whole()) is not None:
            batch.acknowledged = True


class _Files:
    """What is on disk. Its methods wait for it."""

    def __init__(self, folder: Path, layout: Layout, day: str | None) -> None:
        self._folder: Final = folder
        self._layout: Final = layout
        self._day_of: Final = None if day is None else attrgetter(day)
        self.rows = 0
        """How many rows there are in the part."""
        self._models: list[Model] = []
        self._cut: dict[str, list[Any]] = defaultdict(list)
        self._cut_rows = 0

    def open(self, saved: Mapping[str, Any]) -> None:
        writer, part = saved.get("writer"), saved.get("part")
        self._writer, self._number = secrets.token_hex(4), 0
        if isinstance(writer, str) and isinstance(part, int) and _WRITER.fullmatch(writer):
            self._writer, self._number = writer, part
        self._rejects = LineFile(self._folder / f"_rejects-{self._writer}.jsonl")
        self._rejects.open(saved.get("rejects") or {})
        settle(self._folder, self._writer, self._number)
        self._part = self._new_part()

    def add(self, batch: Batch[Any]) -> None:
        self._rejects.append(reject_lines(batch.rejects))
        self._models += batch.rows
        self.rows += len(batch.rows)
        if len(self._models) >= _CUT:
            self._to_columns()
        if self._cut_rows >= _GROUP:
            self._to_disk()

    def finish(self) -> dict[str, Any]:
        """Make all that was added last, and return what to note with its acknowledgement."""
        self._to_columns()
        self._to_disk()
        self._part.finish()
        return {"part": self._part.number, "writer": self._writer, "rejects": self._rejects.note()}

    def settle(self) -> None:
        """Give the files their names: they are acknowledged."""
        self._number = self._part.number
        self._rejects.settle()
        settle(self._folder, self._writer, self._number)
        self._part, self.rows = self._new_part(), 0

    def abort(self) -> None:
        self._part.abort()
        self._rejects.close()

    def _new_part(self) -> Part:
        return Part(self._folder, self._writer, self._number + 1, self._layout.schema)

    def _to_columns(self) -> None:
        if not self._models:
            return
        rows = sorted(self._models, key=self._day)
        cut, start = self._layout.cut(rows), 0
        for day, days_rows in groupby(rows, self._day):
            count = sum(1 for _ in days_rows)
            self._cut[day].append(cut.slice(start, count))
            start += count
        self._cut_rows += len(rows)
        self._models = []

    def _to_disk(self) -> None:
        for day, batches in self._cut.items():
            self._part.add(day, batches)
        self._cut.clear()
        self._cut_rows = 0

    def _day(self, row: Model) -> str:
        """Return the name of the folder of a row's day; empty where there are no such folders."""
        if self._day_of is None:
            return ""
        value: date | None = self._day_of(row)
        day = value.date() if isinstance(value, datetime) else value
        return f"date={_NO_DAY if day is None else day.isoformat()}"


def _day(row_type: type[Model], days: Iterable[str], partition_by: str | None) -> str | None:
    if partition_by == "auto":
        return next((day for day in _USUAL_DAY if day in days), None)
    if partition_by is not None and partition_by not in days:
        what = f"a {row_type.__name__} has no day or instant {partition_by!r}"
        raise ArgumentError(f"partition_by: {what}; there are {', '.join(days)}, and None", field="partition_by")
    return partition_by
