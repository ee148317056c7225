"""A request by method and path: which operation it is, or else what is presumed of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import attrs

from theirstack_async._engine.dialect import Dialect, Operation
from theirstack_async._wire.message import Kind
from theirstack_async.errors import ArgumentError

_KINDS: Final[Mapping[str, Kind]] = {
    "GET": "read",
    "HEAD": "read",
    "PUT": "idempotent",
    "PATCH": "idempotent",
    "DELETE": "idempotent",
    "POST": "once",
}
_DEFAULT_LIMIT: Final = 25
"""Rows of a search that does not say how many (the API's schema)."""


def raw_operation(dialect: Dialect, method: str, path: str, kind: Kind | None) -> Operation:
    """Return the operation of a raw request: the one that calls the same path here, or one by its HTTP method.

    Raises:
        ArgumentError: method, path or kind is none.
    """
    method = method.upper()
    if not re.fullmatch(r"/(?!/)[!-~]*", path) or set("?#\\") & set(path) or {"..", "."} & set(path.split("/")):
        raise ArgumentError(f"path: expected a path such as /v0/webhooks, got {path!r}", field="path")
    if method not in _KINDS:
        raise ArgumentError(f"method: expected one of {', '.join(_KINDS)}, got {method!r}", field="method")
    if kind is not None and kind not in ("read", "idempotent", "once", "billed"):
        raise ArgumentError(f"kind: expected read, idempotent, once or billed, got {kind!r}", field="kind")
    known = dialect.find(method, path)
    return attrs.evolve(known, path=path) if known else Operation(f"{method} {path}", method, path, _KINDS[method])


def rows_asked(json: Any) -> int:
    """Return how many rows a raw search may be billed for, by which its price is known; 0 for a free preview."""
    from theirstack_async.filters import identifiers

    body = cast("Mapping[str, Any]", json if isinstance(json, Mapping) else {})
    limit = body.get("limit", _DEFAULT_LIMIT)
    if body.get("blur_company_data") is True and not identifiers(body):
        return 0
    return limit if type(limit) is int and limit > 0 else _DEFAULT_LIMIT
