"""Rows as tables of Arrow, a column at a time: what is done to a whole column at once costs next to nothing a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from operator import attrgetter
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

from theirstack_async.errors import ConfigurationError
from theirstack_async.incremental.sinks._cells import EXACT, SURROGATE, encoded, unknown_of
from theirstack_async.incremental.sinks._table import EXTRA, Column, Kind, table_of
from theirstack_async.models import Model

_EMPTY: Final[Mapping[str, Any]] = {}


class Layout:
    """The schema of a class of rows, and how they are cut into its columns.

    Args:
        row_type: the class.

    Raises:
        ConfigurationError: pyarrow is not installed.
    """

    def __init__(self, row_type: type[Model]) -> None:
        self._arrow: Final = arrow()
        table = table_of(row_type, "rows")
        self.columns: Final = table.columns
        self.days: Final = tuple(one.path for one in table.columns if one.kind in (Kind.DATE, Kind.INSTANT))
        """The columns that hold a day or an instant."""
        self._parts: Final = table.parts
        self._lists: Final = [column.kind is Kind.JSON and _of_texts(row_type, column) for column in table.columns]
        kinds = zip(self.columns, self._lists, strict=True)
        fields = [(column.name, self._type(column.kind, is_list=is_list)) for column, is_list in kinds]
        self.schema: Final[Any] = self._arrow.schema([*fields, (EXTRA, self._arrow.string())])
        self._get: Final[Callable[[Any], tuple[Any, ...]]] = attrgetter(*(column.path for column in self.columns))

    def cut(self, rows: Iterable[Any]) -> Any:
        """Return rows as a record batch of the schema.

        A value that its column cannot hold is stored as near as it can be, a lone surrogate as U+FFFD and anything
        else as null, and exactly, as JSON text, in ``_extra`` under ``_exact``.
        """
        rows = list(rows)
        exact: dict[int, dict[str, str]] = {}
        columns = zip(*map(self._get, rows), strict=True) if rows else ((),) * len(self.columns)
        arrays = [
            self._array(place, list(values) if is_list or column.kind is not Kind.JSON else _texts(values), exact)
            for place, (column, is_list, values) in enumerate(zip(self.columns, self._lists, columns, strict=True))
        ]
        unknown: list[str | None] = [_extra_of(row, self._parts, _EMPTY) for row in rows]
        for number, values in exact.items():
            unknown[number] = _extra_of(rows[number], self._parts, values)
        return self._arrow.record_batch([*arrays, self._arrow.array(unknown, self._arrow.string())], schema=self.schema)

    def _type(self, kind: Kind, *, is_list: bool) -> Any:
        arrow = self._arrow
        if is_list:
            return arrow.list_(arrow.string())
        return {
            Kind.INTEGER: arrow.int64,
            Kind.FLOAT: arrow.float64,
            Kind.BOOLEAN: arrow.bool_,
            Kind.DATE: arrow.date32,
            Kind.INSTANT: lambda: arrow.timestamp("us", "UTC"),
        }.get(kind, arrow.string)()

    def _array(self, place: int, values: list[Any], exact: dict[int, dict[str, str]]) -> Any:
        field = self.schema.field(place)
        try:
            return self._arrow.array(values, field.type)
        except (ValueError, TypeError, OverflowError):
            fitted = [self._fitted(value, field.type) for value in values]
        for number, (value, near) in enumerate(zip(values, fitted, strict=True)):
            if near is not value:
                exact.setdefault(number, {})[field.name] = json.dumps(value)
        return self._arrow.array(fitted, field.type)

    def _fitted(self, value: Any, type_: Any) -> Any:
        """Return the value if the type can hold it, or else what comes next to it."""
        for near in (value, _clean(value)):
            try:
                self._arrow.array([near], type_)
            except (ValueError, TypeError, OverflowError):
                continue
            return near
        return None


_LAYOUTS: Final[dict[type[Model], Layout]] = {}


def arrow(module: str = "pyarrow") -> Any:
    """Return a module of pyarrow.

    Raises:
        ConfigurationError: it is not installed; it names the extra to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigurationError("Parquet needs pyarrow: pip install 'theirstack-async[parquet]'") from error


def layout_of(row_type: type[Model]) -> Layout:
    """Return the layout of a class of rows, which is worked out once.

    Raises:
        ConfigurationError: pyarrow is not installed.
    """
    if row_type not in _LAYOUTS:
        _LAYOUTS[row_type] = Layout(row_type)
    return _LAYOUTS[row_type]


def _of_texts(row_type: Any, column: Column) -> bool:
    """Tell whether the values of a column are lists of texts."""
    for name in column.path.split("."):
        row_type = get_type_hints(row_type)[name]
    hints = (row_type, *get_args(row_type))
    items = [get_args(hint)[0] for hint in hints if get_origin(hint) is tuple]
    return bool(items) and all(
        item is type(None) or (isinstance(item, type) and issubclass(item, str))
        for item in (get_args(items[0]) or (items[0],))
    )


def _texts(values: Sequence[Any]) -> list[str | None]:
    return [None if value is None else encoded(value) for value in values]


def _extra_of(row: Model, parts: Iterable[str], exact: Mapping[str, str]) -> str | None:
    """Return what of a row has no place in the columns, with escapes for what UTF-8 does not have."""
    unknown = unknown_of(row, parts) or {}
    if exact:
        unknown[EXACT] = exact
    return None if not unknown else SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", encoded(unknown))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in cast("Sequence[object]", value)]
    return None
