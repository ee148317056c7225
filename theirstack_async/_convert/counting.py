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
        # The slow reader takes what the fast one refuses, as it does for the rows themselves.
        try:
            found = parse(body)
        except RefusedError:
            return None
    rows = cast("dict[str, object]", found).get("data") if isinstance(found, dict) else None
    return len(cast("list[object]", rows)) if isinstance(rows, list) else None
