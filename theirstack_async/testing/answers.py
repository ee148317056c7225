"""What the fake answers: success, and the two shapes of error bodies of the real API."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

ErrorStyle = Literal["envelope", "detail"]
"""``envelope`` is what the webhooks operations use; ``detail`` is FastAPI's own list, which other operations use."""

JSON: Final = "application/json"

TITLES: Final = {
    400: "Bad request",
    401: "Not authenticated",
    402: "Payment required",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    422: "Validation error",
    429: "Too many requests",
    500: "Internal server error",
}
"""The titles that the fake gives to its errors. The real ones are documented by a few examples only."""

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
_request_ids = itertools.count(700_001)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer before it is sent."""

    status: int = 200
    body: bytes = b"null"
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    rows: int = 0
    """Rows in the body that were billed."""
    credits: int = 0
    """Credits that were billed for them."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong with a request, as FastAPI words it."""

    loc: tuple[str | int, ...]
    """Where: ``("body", "url")``, ``("query", "limit")``, ``("path", "webhook_id")``."""
    msg: str
    """What is wrong, for people."""
    type: str
    """What is wrong, for programs, such as ``missing`` or ``int_parsing``."""


class RefusedError(Exception):
    """The request is refused. Never leaves the fake: it becomes an error answer."""

    def __init__(self, status: int, description: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.headers: dict[str, str] = dict(headers or {})


class InvalidError(RefusedError):
    """The request is refused with 422, for one or more reasons."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__(422, "; ".join(f"{'.'.join(map(str, p.loc))}: {p.msg}" for p in problems))
        self.problems = problems


def json_text(value: Any) -> str:
    """Return ``value`` as JSON, in ASCII and without spaces."""
    return _ENCODER.encode(value)


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return ``value`` as a JSON answer."""
    return Answer(status, json_text(value).encode(), headers=headers or {})


def envelope(status: int, description: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an error answer in the API's envelope, with an integer ``request_id``.

    The shape is documented for 400, 402, 422 and 500; that 401, 403, 404, 405 and 429 share it is presumed. Of the
    codes E-001 to E-016 only the names are public, so every error has E-001.
    """
    error = {"title": TITLES.get(status, "Error"), "code": "E-001", "description": description}
    return json_answer({"error": error, "request_id": next(_request_ids)}, status, headers)


def detail(problems: list[FieldProblem]) -> Answer:
    """Return a 422 in FastAPI's own shape."""
    return json_answer({"detail": [{"loc": p.loc, "msg": p.msg, "type": p.type} for p in problems]}, 422)


def refusal(error: RefusedError, style: ErrorStyle) -> Answer:
    """Return the answer that tells of ``error``."""
    if style == "detail" and isinstance(error, InvalidError):
        return detail(error.problems)
    return envelope(error.status, error.description, error.headers)
