"""What the fake BitGo answers: success, and the two shapes of its errors."""

from __future__ import annotations

import itertools
from typing import Final

from theirstack_async.testing.answers import Answer, json_answer

_request_ids = itertools.count(1)
NAMES: Final = {400: "ValidationFailed", 403: "AccessDenied", 404: "NotFound", 409: "Conflict", 500: "UnexpectedError"}
"""The names that the notifications service gives to its errors, where there is one for a status."""


class RefusedError(Exception):
    """The request is refused. Never leaves the fake: it becomes an error answer."""

    def __init__(self, status: int, error: str, name: str | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.name: str = name or NAMES[status]


def refusal(status: int, error: str, name: str | None = None) -> Answer:
    """Return an error answer of the notifications service."""
    return json_answer({"name": name or NAMES[status], "error": error, "status": status}, status)


def platform_refusal(status: int, error: str, name: str) -> Answer:
    """Return an error answer of the platform in front of it, which has another shape."""
    return json_answer({"error": error, "name": name, "requestId": f"fake{next(_request_ids):020d}"}, status)
