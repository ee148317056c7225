"""The rows of a report as JSON lines and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import attrs

from theirstack_async.replay._report_rows import ReplayRow
from theirstack_async.replay._whole_file import write_whole

_COLUMNS: Final = tuple(attrs.fields_dict(ReplayRow))
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a text begins that a spreadsheet may run: https://owasp.org/www-community/attacks/CSV_Injection, which names the
full-width forms too."""


def save_jsonl(path: Path, rows: Iterable[ReplayRow]) -> None:
    """Write one JSON object a row.

    Raises:
        ReplayError: the file cannot be written.
    """
    lines = (_bytes(json.dumps(_values(row), ensure_ascii=False) + "\n") for row in rows)
    write_whole(path, lines, what="the report")


def save_csv(path: Path, rows: Iterable[ReplayRow]) -> None:
    """Write the names of the columns, and one line a row.

    Raises:
        ReplayError: the file cannot be written.
    """
    write_whole(path, _csv_lines(rows), what="the report")


def _csv_lines(rows: Iterable[ReplayRow]) -> Iterator[bytes]:
    yield _csv_line(_COLUMNS)
    for row in rows:
        yield _csv_line(_cell(value) for value in _values(row).values())


def _csv_line(cells: Iterable[Any]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return _bytes(line.getvalue())


def _values(row: ReplayRow) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in _COLUMNS}


def _plain(value: Any) -> Any:
    """Return an instant as ISO 8601 with a ``Z``, and all else as it is. A state is a text already."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def _bytes(text: str) -> bytes:
    """Return UTF-8. Half a surrogate pair, which a receiver may have answered, is written as JSON escapes it."""
    return text.encode("utf-8", errors="backslashreplace")
