"""Models as flat rows of tables."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from datetime import date
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import attrs

from theirstack_async.errors import ArgumentError
from theirstack_async.models._writing import plain
from theirstack_async.models.unknown_payload import UnknownPayload

_CELLS: Final = (int, float, date, type(None))
"""What a cell holds as it is, bools and instants included."""
_UNIONS: Final = (Union, UnionType)
_COLUMNS: Final[dict[type[Any], tuple[str, ...]]] = {}
_PATHS: Final[dict[type[Any], dict[str, None]]] = {}


def row_of(model: object, columns: Iterable[str] | None) -> dict[str, Any]:
    """Return the cells of a model; see :meth:`Model.to_row`."""
    cls = type(model)
    if isinstance(columns, str):
        raise ArgumentError(f"columns: expected a list, got the text {columns!r}; write [{columns!r}]", field="columns")
    chosen = columns_of(cls) if columns is None else tuple(columns)
    for column in chosen:
        if column not in paths_of(cls):
            raise _unknown(cls, column)
    return {column: _cell(_value(model, column)) for column in chosen}


def columns_of(cls: type[Any]) -> tuple[str, ...]:
    """Return the columns of a class: its fields in order, a model within replaced by its own columns."""
    if cls not in _COLUMNS:
        _COLUMNS[cls] = tuple(_spread(cls))
    return _COLUMNS[cls]


def paths_of(cls: type[Any]) -> dict[str, None]:
    """Return all columns that a class can give; as a dict to be looked up fast."""
    if cls not in _PATHS:
        _PATHS[cls] = dict.fromkeys(_walk(cls))
    return _PATHS[cls]


def _spread(cls: type[Any]) -> Iterator[str]:
    for name, kinds in _fields(cls):
        if len(kinds) == 1:
            yield from (f"{name}.{inner}" for inner in columns_of(kinds[0]))
        else:
            yield name


def _walk(cls: type[Any]) -> Iterator[str]:
    for name, kinds in _fields(cls):
        yield name
        for kind in kinds:
            yield from (f"{name}.{inner}" for inner in paths_of(kind))


def _fields(cls: type[Any]) -> Iterator[tuple[str, list[type[Any]]]]:
    """Yield the name of each field, and the models that its value can be: none, one, or records of several kinds."""
    hints = get_type_hints(cls)
    for name in attrs.fields_dict(cls):
        hint = hints[name]
        kinds = get_args(hint) if get_origin(hint) in _UNIONS else (hint,)
        yield name, [kind for kind in kinds if attrs.has(kind) and kind is not UnknownPayload]


def _value(model: object, column: str) -> Any:
    value: Any = model
    for name in column.split("."):
        value = getattr(value, name, None)
    return value


def _cell(value: object) -> Any:
    if isinstance(value, _CELLS):
        return value
    if isinstance(value, str):
        return plain(value)
    return json.dumps(plain(value), ensure_ascii=False)


def _unknown(cls: type[Any], column: object) -> ArgumentError:
    if isinstance(getattr(cls, str(column), None), property):
        said = f"{column} of a {cls.__name__} is worked out, and no column; put it into the row yourself"
        return ArgumentError(f"columns: {said}", field="columns")
    near = difflib.get_close_matches(str(column), paths_of(cls), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(attrs.fields_dict(cls))}"
    return ArgumentError(f"columns: {cls.__name__} has no {column!r}; {hint}", field="columns")
