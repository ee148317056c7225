"""How values become JSON: models, filters, and what they are made of. All that the package writes is written here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, cast

import attrs

from theirstack_async._values import UNSET
from theirstack_async.errors import ArgumentError
from theirstack_async.models.unknown_payload import UnknownPayload


def plain(value: object) -> Any:
    """Return a value as plain JSON data, under the names of the wire.

    Members of enumerations become their text, instants RFC 3339 texts in UTC with ``Z``, dates ISO 8601 texts, tuples
    lists; kept unknown fields and unknown payloads become what they were. Fields that are ``UNSET`` are left out.

    Raises:
        ArgumentError: an instant has no timezone, an unknown payload is not JSON, or something has no form in JSON.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, datetime):
        return _rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {plain(name): plain(item) for name, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in cast("list[object]", value)]
    if isinstance(value, UnknownPayload):
        return _json_of(value)
    if attrs.has(type(value)):
        return _fields_of(type(value), value)
    raise ArgumentError(f"cannot be written as JSON: {type(value).__name__}")


def compact(value: object) -> str:
    """Return a value as JSON text in ASCII. Lone surrogates and whole numbers of any size pass, so json writes it.

    Raises:
        ArgumentError: as for :func:`plain`, or a number is not finite.
    """
    try:
        return json.dumps(plain(value), separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise ArgumentError(f"cannot be written as JSON: {error}") from None


def _fields_of(cls: type[Any], value: object) -> dict[str, Any]:
    given = {name: getattr(value, name) for name in attrs.fields_dict(cls)}
    known = {name: plain(item) for name, item in given.items() if item is not UNSET}
    return {**known, **plain(getattr(value, "_extra", {}))}


def _rfc3339(instant: datetime) -> str:
    if instant.tzinfo is None:
        raise ArgumentError(f"the instant {instant.isoformat()} has no timezone; give it one, such as datetime.UTC")
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json_of(payload: UnknownPayload) -> Any:
    try:
        return json.loads(payload.raw.decode("utf-8", "surrogateescape"), strict=False)
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"UnknownPayload.raw is not valid JSON: {error}", field="raw") from None
