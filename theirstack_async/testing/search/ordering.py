"""``order_by``: which fields may be named, and how rows are put in that order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from theirstack_async.testing import validation as read
from theirstack_async.testing.search.readers import Reader

Row = TypeVar("Row")
Key = Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Sort:
    """One item of ``order_by``."""

    field: str | None
    """None asks for no order."""
    desc: bool = True


def sorts(fields: Iterable[str | None], default: str | None = None) -> Reader[list[Sort]]:
    """Return a reader of ``order_by``; ``default`` is the field of an item that names none.

    None makes the field required, and an empty text makes it null.
    """
    choices: Final = tuple(fields)

    def read_sort(value: Any) -> Sort:
        item = read.mapping(value)
        if unknown := set(item) - {"field", "desc"}:
            raise read.BadValueError(f"Extra inputs are not permitted: {', '.join(sorted(unknown))}", "extra_forbidden")
        if "field" not in item and default is None:
            raise read.BadValueError("Each item needs a field", "missing")
        field = item.get("field", default or None)
        if field is not None or None not in choices:
            field = read.one_of(*(one for one in choices if one is not None))(field)
        return Sort(field, read.boolean(item.get("desc", True)))

    return lambda value: [read_sort(item) for item in read.items(value)]


def ordered(rows: Iterable[Row], wanted: Sequence[Sort], keys: Mapping[str, Key[Row]]) -> list[Row]:
    """Return rows in an order. Those without a value come last either way, and equal ones stay as they were."""
    result = list(rows)
    for sort in reversed(wanted):
        if sort.field is not None:
            key = keys[sort.field]
            known = [row for row in result if key(row) is not None]
            unknown = [row for row in result if key(row) is None] if len(known) < len(result) else []
            known.sort(key=key, reverse=sort.desc)
            result = known + unknown
    return result
