"""Results on stdout: JSON lines for programs, tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import attrs
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from theirstack_async.cli.text import shown
from theirstack_async.models._writing import plain

_GAP: Final = 2
"""Characters between two columns."""
_COLOURS: Final = {
    "SUCCESS": "green",
    "FAILED": "red",
    "IN_PROGRESS": "yellow",
    "NOT_TRIGGERED": "magenta",
    "yes": "green",
}


@attrs.frozen
class Column:
    """One column of a table."""

    title: str
    value: Callable[[Any], Any]
    width: int | None = None
    """Characters, fixed; None for the space that is left."""
    right: bool = False
    least: int = 12
    """Characters that a column without a width needs at the least."""


class Output:
    """Where results go. ``json`` tells how: one JSON object a line when asked for or when stdout is no terminal."""

    def __init__(self, *, json: bool) -> None:
        self.json: bool = json or not sys.stdout.isatty()
        self._console = Console(highlight=False, emoji=False)

    def line(self, data: Any) -> None:
        """Write one JSON object."""
        # Escapes beyond ASCII are right in every encoding, and in the face of a lone surrogate.
        sys.stdout.write(json.dumps(plain(data), separators=(",", ":")) + "\n")

    def record(self, data: Any, fields: Mapping[str, Any] | None = None) -> None:
        """Write one thing: a JSON object, or its fields (all of them by default), one a line."""
        if self.json:
            self.line(data)
            return
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in (plain(data) if fields is None else fields).items():
            grid.add_row(name, Text(shown(value), _COLOURS.get(shown(value), "")))
        self._console.print(grid)

    def records(self, rows: Iterable[Any], columns: Iterable[Column], *, header: bool = True) -> None:
        """Write many things: a JSON object each, or a table, of which a narrow terminal shows the first columns."""
        if self.json:
            for row in rows:
                self.line(row)
            return
        columns = _fitting(columns, self._console.width)
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_header=header)
        table.header_style = "bold"
        table.expand = any(column.width is None for column in columns)
        for column in columns:
            table.add_column(
                column.title,
                width=column.width,
                ratio=1 if column.width is None else None,
                justify="right" if column.right else "left",
                no_wrap=True,
                overflow="ellipsis",
            )
        for row in rows:
            cells = (shown(column.value(row)) for column in columns)
            table.add_row(*(Text(cell, _COLOURS.get(cell, "")) for cell in cells))
        self._console.print(table)

    def say(self, text: str, *, whole: bool = False) -> None:
        """Write a line for people only; ``whole`` leaves it unwrapped, so that it can be copied."""
        if not self.json:
            self._console.print(Text(text), soft_wrap=whole)

    def flush(self) -> None:
        """Hand over what was written, for a reader that waits for it."""
        sys.stdout.flush()


def _fitting(columns: Iterable[Column], width: int) -> list[Column]:
    """Return the first columns that fit whole, but one at the least."""
    fitting: list[Column] = []
    for column in columns:
        width -= column.width or column.least
        if fitting and width < 0:
            break
        width -= _GAP
        fitting.append(column)
    return fitting


def drawn(progress: Progress) -> AbstractContextManager[object]:
    """Return what draws a progress bar while it is entered.

    A disabled one is not begun at all: older releases of rich end it with an empty line.
    """
    return nullcontext() if progress.disable else progress
