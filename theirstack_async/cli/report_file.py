"""The file that a retry run's report goes to."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from theirstack_async import ArgumentError


class ReportFile:
    """A file that is found writable before anything is sent, and appears whole or not at all.

    Until then the file of that name stays as it is, so that a run may read its ids from the last run's report.
    """

    def __init__(self, name: str | None) -> None:
        self._path = None if name is None else Path(name)
        self._part = None if name is None else Path(f"{name}.part")

    def __enter__(self) -> Self:
        """Make the file ready.

        Raises:
            ArgumentError: it cannot be written.
        """
        if self._path is not None and self._path.is_dir():
            raise ArgumentError(f"--report: cannot write {self._path}: it is a directory", field="report")
        if self._part is not None:
            try:
                self._part.touch()
            except OSError as error:
                raise ArgumentError(f"--report: cannot write {self._path}: {error.strerror}", field="report") from None
        return self

    def write(self, data: dict[str, Any]) -> None:
        """Write the report and put it in its place."""
        if self._path is not None and self._part is not None:
            self._part.write_text(json.dumps(data) + "\n", encoding="utf-8")
            self._part.replace(self._path)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._part is not None:
            self._part.unlink(missing_ok=True)
