"""Which operation answers which request, and who may ask."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from theirstack_async.testing import operations as ops
from theirstack_async.testing.answers import Answer, RefusedError
from theirstack_async.testing.backend import Backend

Operation = Callable[[Backend, ops.Call], Answer | Awaitable[Answer]]

_ROUTES: Final[tuple[tuple[str, str, Operation], ...]] = (
    ("GET", "/v0/webhooks", ops.list_webhooks),
    ("POST", "/v0/webhooks", ops.create_webhook),
    ("POST", "/v0/webhooks/test", ops.send_test),
    ("GET", "/v0/webhooks/event-types", ops.event_types),
    ("GET", "/v0/webhooks/events/count", ops.daily_event_counts),
    ("POST", "/v0/webhooks/events/retry", ops.retry_events),
    ("GET", "/v0/webhooks/{id}", ops.get_webhook),
    ("PATCH", "/v0/webhooks/{id}", ops.update_webhook),
    ("PATCH", "/v0/webhooks/{id}/status", ops.set_status),
    ("PATCH", "/v0/webhooks/{id}/archive", ops.archive_webhook),
    ("GET", "/v0/webhooks/{id}/events", ops.list_events),
    ("GET", "/v0/webhooks/{id}/events/count", ops.count_events),
)
_COMPILED: Final = [
    (method, re.compile(re.escape(path).replace(r"\{id\}", "([^/]+)")), operation)
    for method, path, operation in _ROUTES
]


def route(method: str, path: str) -> tuple[Operation, str]:
    """Return the operation and the id in the path, or an empty text. Raises RefusedError 404 or 405."""
    allowed: list[str] = []
    for route_method, pattern, operation in _COMPILED:
        if found := pattern.fullmatch(path):
            if route_method == method:
                return operation, found.group(1) if pattern.groups else ""
            allowed.append(route_method)
    if allowed:
        headers = {"Allow": ", ".join(sorted(set(allowed)))}
        raise RefusedError(405, f"{method} is not allowed for {path}", headers=headers)
    raise RefusedError(404, f"There is nothing at {path}")


def check_key(authorization: str | None, api_key: str) -> None:
    """Raise RefusedError 401 unless the header carries the key."""
    if authorization is None:
        raise RefusedError(401, "An Authorization header with a bearer token is required")
    if authorization != f"Bearer {api_key}":
        raise RefusedError(401, "The API key is not valid")
