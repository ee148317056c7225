"""From Python values to the parts of a request: address, query, body."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast
from urllib.parse import quote, urlencode

from theirstack_async._values import UNSET
from theirstack_async.errors import ArgumentError

# A dot segment is resolved away by URL libraries and would reach another endpoint (RFC 3986, 5.2.4).
_DOT_SEGMENTS: Final = frozenset({"", ".", ".."})
_JSON: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def build_url(base_url: str, path: str, query: Mapping[str, object]) -> str:
    """Return the absolute address of an operation: its path, as :func:`fill_path` gives it, and the query encoded."""
    pairs = list(_query_pairs(query))
    return f"{base_url}{path}{'?' + urlencode(pairs) if pairs else ''}"


def fill_path(path: str, parts: Mapping[str, object]) -> str:
    """Return the path with each ``{name}`` replaced by its part, quoted so that it stays one segment.

    Raises:
        ArgumentError: a part is empty or a dot segment.
    """
    filled = path
    for name, value in parts.items():
        text = str(value)
        if text in _DOT_SEGMENTS:
            raise ArgumentError(f"{name}: {text!r} cannot be part of a path", field=name)
        filled = filled.replace("{" + name + "}", quote(text, safe=""))
    return filled


def _query_pairs(query: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for name, value in query.items():
        if value is None or value is UNSET:
            continue
        many = cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else (value,)
        for item in many:
            yield name, _query_text(item)


def _query_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return str(value.value)
    return str(value)


def encode_json(value: Any) -> bytes:
    """Return the value as compact JSON.

    Raises:
        ArgumentError: it has no form in JSON, such as an object, a lone surrogate, or not-a-number (RFC 8259, 6).
    """
    try:
        return _JSON.encode(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        why = str(error)
    # Raised outside the handler: the error of an encoding holds the whole text, and with it a secret.
    raise ArgumentError(f"json: cannot be written as JSON: {why}", field="json")


def encode_instant(value: object, field: str) -> str:
    """Return an instant as the API writes it, in UTC with a ``Z``.

    Raises:
        ArgumentError: it is not a datetime, or it has no time zone, so it could mean any of 38 hours.
    """
    if not isinstance(value, datetime):
        raise ArgumentError(f"{field}: expected a datetime with a time zone, got {value!r}", field=field)
    # Some time zones have no offset; such an instant would be taken for one of this machine's.
    if value.utcoffset() is None:
        raise ArgumentError(
            f"{field}: {value.isoformat()} has no time zone; say which one, such as datetime(..., tzinfo=UTC)",
            field=field,
        )
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
