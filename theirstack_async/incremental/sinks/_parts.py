"""Parts of a data set: the files of one acknowledgement, out of sight until it is saved."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from theirstack_async._files import make_folder, remove_empty, sync_folder
from theirstack_async.incremental.sinks._arrow import arrow

UNFINISHED: Final = "_unfinished"
"""Where parts are that are not acknowledged. Readers of data sets pass over names that begin so."""

_SUFFIX: Final = ".tmp"
_NUMBER: Final = re.compile(r"\d{8,}")
_OPEN_FILES: Final = 100
"""How many files of a part are open at once."""


class Part:
    """The files of one acknowledgement, a file for each day, all of them unfinished. Its methods wait for the disk.

    Args:
        folder: that of the data set.
        writer: tells the parts of one profile from those of others in the same folder.
        number: of the part, from 1.
        schema: of the rows.
    """

    def __init__(self, folder: Path, writer: str, number: int, schema: Any) -> None:
        self.number: Final = number
        self._folder: Final = _unfinished(folder, writer) / f"{number:08}"
        self._name: Final = f"part-{number:08}-{writer}"
        self._schema: Final = schema
        self._table: Final = arrow("pyarrow").Table
        self._writer: Final = arrow("pyarrow.parquet").ParquetWriter
        self._open: Final[dict[str, tuple[Path, Any]]] = {}
        self._files: list[Path] = []

    def add(self, day: str, batches: list[Any]) -> None:
        """Write record batches as one row group of the file of a day; the day is ``date=...``, or empty for none."""
        if day not in self._open:
            if len(self._open) >= _OPEN_FILES:
                self._finish(next(iter(self._open)))
            self._begin(day)
        self._open[day][1].write_table(self._table.from_batches(batches, self._schema))

    def finish(self) -> None:
        """Make all files last."""
        for day in tuple(self._open):
            self._finish(day)

    def abort(self) -> None:
        """Delete all files: their rows come again."""
        for _, writer in self._open.values():
            with suppress(OSError, ValueError):
                writer.close()
        self._open.clear()
        shutil.rmtree(self._folder, ignore_errors=True)
        remove_empty(self._folder.parent)

    def _begin(self, day: str) -> None:
        path = self._folder / day / f"{self._name}-{len(self._files):04}.parquet{_SUFFIX}"
        make_folder(path.parent)
        self._files.append(path)
        self._open[day] = path, self._writer(str(path), self._schema, compression="zstd")

    def _finish(self, day: str) -> None:
        path, writer = self._open.pop(day)
        writer.close()
        with path.open("r+b") as file:
            os.fsync(file.fileno())
        sync_folder(path.parent)


def settle(folder: Path, writer: str, acknowledged: int) -> None:
    """Put a profile's unfinished parts in their places up to an acknowledged one, and delete those after it.

    Nothing else is ever deleted, and no file is written over.

    Raises:
        OSError: a file cannot be moved or deleted. The next call goes on.
    """
    unfinished = _unfinished(folder, writer)
    if not unfinished.is_dir():
        return
    for part in sorted(unfinished.iterdir()):
        if _NUMBER.fullmatch(part.name):
            if int(part.name) <= acknowledged:
                _publish(part, folder)
            shutil.rmtree(part)
    remove_empty(unfinished)


def _publish(part: Path, folder: Path) -> None:
    for path in sorted(part.rglob(f"*.parquet{_SUFFIX}")):
        target = folder / path.relative_to(part).with_suffix("")
        make_folder(target.parent)
        while target.exists():
            # Two runs with two copies of one state give the same names to different rows.
            target = target.with_name(f"{target.stem}-again.parquet")
        path.replace(target)
        sync_folder(target.parent)


def _unfinished(folder: Path, writer: str) -> Path:
    return folder / UNFINISHED / writer
