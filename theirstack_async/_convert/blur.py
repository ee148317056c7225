"""Whether the rows of an answer are blurred, as they are wherever nothing is billed: one field is read of each."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec

from theirstack_async._convert.counting import read_slowly
from theirstack_async._convert.fast import attempt
from theirstack_async._convert.problems import RefusedError


class _Row(msgspec.Struct):
    has_blurred_data: Any = None


class _Page(msgspec.Struct):
    data: list[_Row]


_FAST: Final = msgspec.json.Decoder(_Page)


def unblurred(body: bytes) -> int:
    """Return how many rows in ``data`` say that they are not blurred. A row that says nothing is not counted."""
    try:
        return sum(row.has_blurred_data is False for row in attempt(_FAST, body).data)
    except RefusedError:
        return sum(map(_is_unblurred, read_slowly(body) or ()))


def _is_unblurred(row: object) -> bool:
    return isinstance(row, dict) and cast("dict[str, object]", row).get("has_blurred_data") is False
