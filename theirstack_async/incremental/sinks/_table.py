"""What the table of a class of rows is: its name and its columns, the same in each database."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import date, datetime
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

import attrs

from theirstack_async.errors import ArgumentError
from theirstack_async.models._rows import columns_of

EXTRA: Final = "_extra"
"""The column of the fields that this release does not know."""

_NAMES: Final = {"Job": "jobs", "Company": "companies", "WebhookEvent": "events"}
_LONGEST: Final = 48
"""Characters. PostgreSQL cuts a name to 63 bytes, and other names are made of this one."""
_NAME: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{_LONGEST - 1}}}")
_TAKEN: Final = ("theirstack_", "sqlite_")
"""What the tables of a state begin with, and those of SQLite."""


class Kind(enum.Enum):
    """What the values of a column are. Each may be NULL."""

    INTEGER = "a whole number of 64 bits"
    FLOAT = "a number"
    BOOLEAN = "true or false"
    DATE = "a day"
    INSTANT = "an instant in UTC"
    TEXT = "a text"
    JSON = "a JSON text"


_KINDS: Final[tuple[tuple[type, Kind], ...]] = (
    (bool, Kind.BOOLEAN),
    (int, Kind.INTEGER),
    (float, Kind.FLOAT),
    (str, Kind.TEXT),
    (datetime, Kind.INSTANT),
    (date, Kind.DATE),
)
"""The kinds of plain types; a subclass stands before what it is made from."""


@attrs.frozen
class Column:
    """One column of a table."""

    name: str
    """Its name in the table, such as ``company_object_name``."""
    path: str
    """Where its value is in a row, such as ``company_object.name``."""
    kind: Kind


@attrs.frozen
class Table:
    """The table of a class of rows. Its key is the column ``id``."""

    name: str
    columns: tuple[Column, ...]
    """All but :data:`EXTRA`."""
    parts: tuple[str, ...]
    """The fields that hold a model, whose columns are spread over the table."""

    @property
    def rejects(self) -> str:
        """The name of the table of what could not become a row."""
        return f"{self.name}_rejects"

    @property
    def key(self) -> Column:
        """The column ``id``."""
        return next(column for column in self.columns if column.name == "id")


def check_name(name: str) -> str:
    """Return the name of a table.

    Raises:
        ArgumentError: it is none, or the table is somebody else's.
    """
    if not _NAME.fullmatch(name):
        what = f"expected letters, digits and _, at most {_LONGEST}, no digit first"
        raise ArgumentError(f"table: {what}, got {name!r}", field="table")
    if name.lower().startswith(_TAKEN):
        raise ArgumentError(f"table: {name!r} begins like a table that is not for rows; choose another", field="table")
    return name


def table_of(row_type: type[Any], name: str | None = None) -> Table:
    """Return the table of a class of rows.

    Args:
        row_type: the class, which has an ``id``.
        name: of the table; by default ``jobs``, ``companies`` or ``events``.

    Raises:
        ArgumentError: the class has no name of its own for a table.
    """
    name = name or _NAMES.get(row_type.__name__)
    if name is None:
        raise ArgumentError(f"table: name the table for rows of the class {row_type.__name__}", field="table")
    paths = columns_of(row_type)
    columns = tuple(Column(path.replace(".", "_"), path, _kind(_hint(row_type, path))) for path in paths)
    return Table(name, columns, tuple(dict.fromkeys(path.partition(".")[0] for path in paths if "." in path)))


def quoted(names: Iterable[str]) -> str:
    """Return names as SQL has them, with commas between. None of them has a quotation mark in it."""
    return ", ".join(f'"{name}"' for name in names)


def _hint(row_type: Any, path: str) -> Any:
    for name in path.split("."):
        row_type = _present(get_type_hints(row_type)[name])
    return row_type


def _present(hint: Any) -> Any:
    """Return what a value is when it is not None."""
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    return kinds[0] if NoneType in get_args(hint) and len(kinds) == 1 else hint


def _kind(hint: Any) -> Kind:
    if isinstance(hint, type):
        return next((kind for plain, kind in _KINDS if issubclass(hint, plain)), Kind.JSON)
    return Kind.JSON
