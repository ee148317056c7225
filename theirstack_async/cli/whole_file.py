"""A file that a command writes: the report of a retry run, or the checkpoint of a search."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from theirstack_async import ArgumentError


class WholeFile:
    """A file that is found writable before anything is sent, and appears whole or not at all.

    Until then the file of that name stays as it is, so that a run may read its ids from the last run's report.
    """

    def __init__(self, name: str | None, option: str) -> None:
        """``name`` is None for no file at all; ``option`` is what errors call it."""
        self._option = option
        self._path = None if name is None else Path(name)
        self._part = None if name is None else Path(f"{name}.part")

    def __enter__(self) -> Self:
        """Make the file ready.

        Raises:
            ArgumentError: it cannot be written.
        """
        if self._path is not None and self._path.is_dir():
            raise self._refuse("it is a directory")
        if self._part is not None:
            try:
                self._part.touch()
            except OSError as error:
                raise self._refuse(error.strerror) from None
        return self

    def write(self, text: str) -> None:
        """Write the text and a line break, and put the file in its place."""
        if self._path is not None and self._part is not None:
            self._part.write_text(f"{text}\n", encoding="utf-8")
            self._part.replace(self._path)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._part is not None:
            self._part.unlink(missing_ok=True)

    def _refuse(self, why: str | None) -> ArgumentError:
        return ArgumentError(f"{self._option}: cannot write {self._path}: {why}", field=self._option.lstrip("-"))
