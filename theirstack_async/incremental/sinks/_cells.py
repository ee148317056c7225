"""Rows as the cells of a table, a column at a time: what is done to a whole column at once costs next to nothing a row.

Whatever the API sends is stored. A value that its column cannot hold is stored as near as it can be (a character that
the database refuses becomes U+FFFD; a number becomes NULL), and exactly, as JSON text, in ``_extra`` under ``_exact``.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import attrs

from theirstack_async.errors import ArgumentError
from theirstack_async.incremental.sinks._table import EXTRA, Column, Kind, Table
from theirstack_async.models._base import Model, field_names
from theirstack_async.models._writing import plain
from theirstack_async.models.unknown_payload import UnknownPayload

EXACT: Final = "_exact"
"""Where in ``_extra`` the values are that their columns could not hold."""

SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""A half of a pair of UTF-16. No encoding of Unicode has it, but JSON does (RFC 8259, section 8.2)."""
_NUL_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_TEXTS: Final = (Kind.TEXT, Kind.JSON)

Exact = dict[int, dict[str, str]]
"""The values that their columns cannot hold, as JSON text: by the place of the row, by the name of the column."""


def _shallow(value: object) -> Any:
    """Return what the encoder does not know as something nearer to JSON, one level of it; :func:`plain` is slower."""
    if isinstance(value, Model):
        fields = {name: getattr(value, name) for name in field_names(type(value))}
        return {**fields, **value.extra} if value.extra else fields
    try:
        return plain(value)
    except ArgumentError:
        if isinstance(value, UnknownPayload):
            # It is no JSON, and kept all the same, as a text.
            return value.raw.decode("utf-8", "surrogateescape")
        raise


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_shallow)


@attrs.frozen
class Cells:
    """What is stored of some rows."""

    columns: list[Sequence[Any]]
    """The values of each column of the table, and at last those of ``_extra``; all of one length."""
    left_out: list[Model]
    """Rows that cannot be found by their id, since the table cannot hold it."""


@attrs.frozen
class Cutter:
    """Makes cells of the rows of one class, for one kind of database."""

    table: Table
    times_as_text: bool = False
    """Whether the database has no types for days and instants. Texts of one length are in the order of time."""
    refuses_nul: bool = False
    """Whether a text must not contain the character NUL."""
    _get: Callable[[Any], tuple[Any, ...]] = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: attrgetter(*(column.path for column in self.table.columns)), True),
    )

    def cut(self, rows: Iterable[Any]) -> Cells:
        """Return the cells of rows in the order of their ids, each row once, for a statement may meet an id once only.

        In one order, for two programs that lock rows in two orders would wait for one another.
        """
        last = {row.id: row for row in rows}
        key = self.table.key
        left_out = [row for id_, row in last.items() if self._fitted(key, id_)[1] is not None]
        for row in left_out:
            del last[row.id]
        kept = [last[id_] for id_ in sorted(last)]
        if not kept:
            return Cells([() for _ in range(len(self.table.columns) + 1)], left_out)
        columns = [
            self._written(column, values)
            for column, values in zip(self.table.columns, zip(*map(self._get, kept), strict=True), strict=True)
        ]
        columns.append(_optional(encoded, [unknown_of(row, self.table.parts) for row in kept]))
        return Cells(self._fit(columns), left_out)

    def document(self, row: Any) -> str:
        """Return all of a row as JSON text in ASCII, with the name of each column."""
        values = zip(self.table.columns, self._get(row), strict=True)
        cells = {column.name: self._written(column, (value,))[0] for column, value in values}
        return json.dumps({**cells, EXTRA: encoded(unknown_of(row, self.table.parts))}, default=plain)

    def clean(self, text: str) -> str:
        """Return a text with U+FFFD in the place of characters that the database refuses."""
        text = SURROGATE.sub("\ufffd", text)
        return text.replace("\0", "\ufffd") if self.refuses_nul else text

    def _written(self, column: Column, values: Sequence[Any]) -> Sequence[Any]:
        match column.kind:
            case Kind.JSON:
                return _optional(encoded, values)
            case Kind.TEXT:
                # Members of enumerations are texts to Python, and not to every driver.
                return values if set(map(type, values)) <= {str, type(None)} else _optional(str.__str__, values)
            case Kind.INSTANT if self.times_as_text:
                return _optional(_instant, values)
            case Kind.DATE if self.times_as_text:
                return _optional(date.isoformat, values)
            case _:
                return values

    def _fit(self, columns: list[Sequence[Any]]) -> list[Sequence[Any]]:
        kinds = [*self.table.columns, Column(EXTRA, EXTRA, Kind.JSON)]
        texts = [values for column, values in zip(kinds, columns, strict=True) if column.kind in _TEXTS]
        present: Iterable[str] = filter(None, chain.from_iterable(texts))
        clean = self._are_clean(present)
        exact: Exact = defaultdict(dict)
        for place, (column, values) in enumerate(zip(kinds, columns, strict=True)):
            if not (clean if column.kind in _TEXTS else _all_fit(column.kind, values)):
                columns[place] = self._fit_each(column, values, exact)
        if exact:
            columns[-1] = [_with_exact(text, exact.get(number)) for number, text in enumerate(columns[-1])]
        return columns

    def _fit_each(self, column: Column, values: Sequence[Any], exact: Exact) -> list[Any]:
        fitted: list[Any] = []
        for number, value in enumerate(values):
            stored, text = self._fitted(column, value)
            fitted.append(stored)
            if text is not None:
                exact[number][column.name] = text
        return fitted

    def _fitted(self, column: Column, value: Any) -> tuple[Any, str | None]:
        """Return what the column can hold of a value, and where that is not the value itself, that as JSON text."""
        if value is None:
            return None, None
        if column.kind not in _TEXTS:
            return (value, None) if _all_fit(column.kind, (value,)) else (None, json.dumps(value))
        text = self.clean(value)
        if self.refuses_nul and column.kind is Kind.JSON:
            text = _NUL_ESCAPE.sub("\\1\ufffd", text)
        if text == value:
            return value, None
        return text, json.dumps(value if column.kind is Kind.TEXT else json.loads(value))

    def _are_clean(self, texts: Iterable[str]) -> bool:
        """Tell whether texts fit as they are. To say no of some that do costs only time."""
        if self.refuses_nul:
            texts = ["".join(texts)]
            if "\0" in texts[0] or "\\u0000" in texts[0]:
                return False
        try:
            "".join(text for text in texts if not text.isascii()).encode()
        except UnicodeEncodeError:
            return False
        return True


def _optional(write: Callable[[Any], str], values: Iterable[Any]) -> list[str | None]:
    return [None if value is None else write(value) for value in values]


def unknown_of(row: Model, parts: Iterable[str]) -> dict[str, Any] | None:
    """Return the fields that the row, and the models that are spread over its columns, do not know; None without."""
    unknown = dict(row.extra)
    for part in parts:
        if inner := getattr(row, part).extra:
            unknown[part] = dict(inner)
    return unknown or None


def encoded(value: Any) -> str:
    """Return a value as JSON text (RFC 8259), whatever the API sent.

    What it sent as JSON although it is none becomes a text: a number that is not finite, or all of a payload. Halves of
    a pair of UTF-16 are left as they are.
    """
    try:
        if value.__class__ is tuple:
            # Nearly all are of texts, and a text by itself is written several times as fast.
            return f"[{','.join(map(_ENCODER.encode, value))}]"
        return _ENCODER.encode(value)
    except ValueError:
        return _ENCODER.encode(json.loads(json.dumps(value, default=_shallow), parse_constant=str))


def _instant(value: datetime) -> str:
    return value.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _all_fit(kind: Kind, values: Iterable[Any]) -> bool:
    if kind is Kind.INTEGER:
        return all(-(2**63) <= value < 2**63 for value in values if value)
    return kind is not Kind.FLOAT or all(math.isfinite(value) for value in values if value)


def _with_exact(extra: str | None, exact: dict[str, str] | None) -> str | None:
    if exact is None:
        return extra
    return _ENCODER.encode({**json.loads(extra or "{}"), EXACT: exact})
