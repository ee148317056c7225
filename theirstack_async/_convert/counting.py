"""How many rows an answer holds, by which it is paid for: counted, and not decoded."""

from __future__ import annotations

from typing import Final, cast

import msgspec

from theirstack_async._convert.fast import attempt
from theirstack_async._convert.problems import RefusedError
from theirstack_async._convert.text import parse


class _Counted(msgspec.Struct):
    data: list[msgspec.Raw]


_COUNTED: Final = msgspec.json.Decoder(_Counted)


def count_rows(body: bytes) -> int | None:
    """Return the number of rows in ``data``, or None where the answer has no such list."""
    try:
        return len(attempt(_COUNTED, body).data)
    except RefusedError:
        rows = read_slowly(body)
    return None if rows is None else len(rows)


def read_slowly(body: bytes) -> list[object] | None:
    """Return ``data`` as the slow reader has it, which takes what the fast one refuses; None where there is no list."""
    try:
        page = parse(body)
    except RefusedError:
        return None
    rows = cast("dict[str, object]", page).get("data") if isinstance(page, dict) else None
    return cast("list[object]", rows) if isinstance(rows, list) else None
