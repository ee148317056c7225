"""Which operation answers which request, and who may ask."""

from __future__ import annotations

import re
from typing import Final

from theirstack_async.testing import operations as webhooks
from theirstack_async.testing.account import app_urls, datasets, emails, lists, saved_searches, usage
from theirstack_async.testing.answers import RefusedError
from theirstack_async.testing.call import Route
from theirstack_async.testing.catalog import categories, counts, keywords, locations
from theirstack_async.testing.search import operations as searches

_PARTS: Final = (
    webhooks,
    searches,
    saved_searches,
    lists,
    datasets,
    usage,
    emails,
    app_urls,
    keywords,
    categories,
    counts,
    locations,
)
TABLE: Final = tuple(Route(*row) for part in _PARTS for row in part.ROUTES)
"""All operations of the fake."""

_COMPILED: Final = [(re.compile(re.escape(row.path).replace(r"\{id\}", "([^/]+)")), row) for row in TABLE]


def route(method: str, path: str) -> tuple[Route, str]:
    """Return the operation's row and the id in the path, or an empty text. Raises RefusedError 404 or 405."""
    allowed: set[str] = set()
    for pattern, row in _COMPILED:
        if found := pattern.fullmatch(path):
            if row.method == method:
                return row, found.group(1) if pattern.groups else ""
            allowed.add(row.method)
    if allowed:
        headers = {"Allow": ", ".join(sorted(allowed))}
        raise RefusedError(405, f"{method} is not allowed for {path}", headers=headers)
    raise RefusedError(404, f"There is nothing at {path}")


def check_key(authorization: str | None, api_key: str) -> None:
    """Raise RefusedError 401 unless the header carries the key."""
    if authorization is None:
        raise RefusedError(401, "An Authorization header with a bearer token is required")
    if authorization != f"Bearer {api_key}":
        raise RefusedError(401, "The API key is not valid")
