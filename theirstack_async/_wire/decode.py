"""From an answer that is not a success to an exception: the one place that maps a status to a class."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

import attrs

from theirstack_async._values import MASK, RateLimit, Value
from theirstack_async._wire.dates import parse_retry_after
from theirstack_async._wire.message import Response
from theirstack_async._wire.ratelimit import parse_rate_limit
from theirstack_async.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    Problem,
    RateLimitError,
    ServerError,
    UnprocessableError,
)

EXCERPT: Final = 500
"""Characters of an answer that an error keeps."""
_READ_AT_MOST: Final = 65_536
"""Bytes of an error's body that are looked at; a real envelope has a few hundred."""
_ROWS: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{.*?"data"\s*:\s*\[', re.DOTALL)
_TAGS: Final = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)

_CLASSES: Final[Mapping[int, type[APIError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: InsufficientCreditsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableError,
    429: RateLimitError,
}
_ADVICE: Final[Mapping[int, str]] = {
    401: "Check the API key: it may be wrong, expired or revoked.",
    402: "The account has no credits left, or its plan does not include this.",
    403: "The key is valid, but may not do this.",
}


@attrs.frozen(eq=False, repr=False)
class ErrorBody(Value):
    """What an error's body says, in whichever of its shapes it came."""

    title: str | None = None
    code: str | None = None
    description: str | None = None
    request_id: int | str | None = None
    problems: tuple[Problem, ...] = ()


Text = Callable[[object], str | None]
"""Returns a value as a text that may be shown, or None for what is no text or an empty one."""
ReadError = Callable[[Mapping[str, object], Text], ErrorBody]
"""Reads an error's body, of which nothing is known but that it is JSON."""


def api_error(
    response: Response,
    label: str,
    *,
    now: float,
    hide: Iterable[str] = (),
    read: ReadError | None = None,
    by_code: Mapping[str, type[APIError]] = {},
) -> APIError:
    """Return the exception for an answer whose status is not 2xx.

    ``label`` names the request, ``now`` is a Unix timestamp, and ``hide`` are the key and secrets, which a server may
    echo. ``read`` reads another API's bodies, and ``by_code`` are codes that tell more than their status does.
    """
    hidden = tuple(hide)
    text = mask(response.body[:_READ_AT_MOST].decode("utf-8", "replace"), hidden)
    body = _parse(text, hidden, read or _envelope)
    rate_limit = parse_rate_limit(response.headers)
    by_status = _CLASSES.get(response.status) or (ServerError if response.status >= 500 else APIError)
    cls = by_code.get(body.code or "", by_status)
    details: dict[str, Any] = {
        "status": response.status,
        "code": body.code,
        "title": body.title,
        "description": body.description,
        "request_id": body.request_id or response.headers.get("x-request-id"),
        "body_excerpt": text[:EXCERPT],
        "rate_limit": rate_limit,
    }
    if cls is UnprocessableError:
        details["problems"] = body.problems
    if issubclass(cls, (RateLimitError, ServerError)):
        details["retry_after"] = _retry_after(response, rate_limit if cls is RateLimitError else None, now)
    return cls(_message(label, response.status, body, text, details["request_id"]), **details)


def holds_rows(response: Response) -> bool:
    """Return whether the body is that of a page of rows, ``{"data": [...]}``, whatever the status says.

    One that cannot be read as JSON counts when it looks like such a page: its rows may have been paid for, and an error
    would keep no more than the beginning of them.
    """
    try:
        data = _mapping(json.loads(response.body.decode("utf-8", "surrogateescape"), strict=False))
    except (ValueError, RecursionError):
        return _ROWS.match(response.body) is not None
    return isinstance(data.get("data"), list)


def _retry_after(response: Response, rate_limit: RateLimit | None, now: float) -> float | None:
    stated = parse_retry_after(response.headers.get("retry-after"), now)
    return stated if stated is not None else (rate_limit.wait or None if rate_limit else None)


def _message(label: str, status: int, body: ErrorBody, text: str, request_id: object) -> str:
    said = ": ".join(part for part in (body.title, body.description) if part)
    if not said and body.problems:
        said = "; ".join(str(problem) for problem in body.problems[:5])
    if not said:
        said = " ".join(_TAGS.sub(" ", text[: EXCERPT * 4]).split())[:200]
    code = f" ({body.code})" if body.code else ""
    parts = [f"{label} was answered {status}{code}" + (f": {said}" if said else "")]
    if status in _ADVICE:
        parts.append(_ADVICE[status])
    if request_id is not None:
        parts.append(f"Request id {request_id}.")
    return _plain(" ".join(part if part.endswith((".", "!", "?")) else part + "." for part in parts))


def _plain(text: str) -> str:
    """Return a server's words as one line that any terminal and log can take."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def mask(text: str, hide: Iterable[str]) -> str:
    """Return the text with each of the hidden words replaced by ``***``."""
    for word in hide:
        text = text.replace(word, MASK) if word else text
    return text


def _parse(text: str, hide: Iterable[str], read: ReadError) -> ErrorBody:
    try:
        data = _mapping(json.loads(text))
    except (ValueError, RecursionError):
        return ErrorBody()

    def string(value: object) -> str | None:
        # Masked once more: JSON can write each letter in several ways.
        return mask(value, hide)[:2000] if isinstance(value, str) and value else None

    return read(data, string)


def _envelope(data: Mapping[str, object], string: Text) -> ErrorBody:
    error = _mapping(data.get("error"))
    request_id = data.get("request_id")
    return ErrorBody(
        title=string(error.get("title")),
        code=string(error.get("code")),
        description=string(error.get("description") or data.get("detail")),
        request_id=request_id if isinstance(request_id, int) else string(request_id),
        problems=tuple(
            Problem((string(_path(item.get("loc"))) or "")[:200], (string(item.get("msg")) or "invalid")[:EXCERPT])
            for item in map(_mapping, _sequence(data.get("detail"))[:50])
            if item
        ),
    )


def _path(loc: object) -> str:
    path = ""
    for part in _sequence(loc):
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _sequence(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
