"""Each status has one class, whatever the body is, and the text of an error stays short."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async import errors
from theirstack_async._values import Headers
from theirstack_async._wire.decode import api_error
from theirstack_async._wire.message import Response
from theirstack_async.errors import APIError, Problem, RateLimitError, ServerError, UnprocessableError

CLASSES: dict[int, type[APIError]] = {
    302: APIError,
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.InsufficientCreditsError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    405: APIError,
    409: errors.ConflictError,
    418: APIError,
    422: UnprocessableError,
    429: RateLimitError,
    500: ServerError,
    502: ServerError,
    503: ServerError,
    599: ServerError,
}
ENVELOPE = {"error": {"title": "Not allowed", "code": "E-001", "description": "No such plan"}, "request_id": 77}
DETAIL = {"detail": [{"loc": ["body", "ids", 0], "msg": "not an integer", "type": "int_type"}, "x", {}, {"loc": 1}]}
BODIES: dict[str, bytes] = {
    "envelope": json.dumps(ENVELOPE).encode(),
    "detail": json.dumps(DETAIL).encode(),
    "html": b"<html><style>p {}</style><h1>Bad   Gateway</h1>" + b"<p>x</p>" * 9000,
    "empty": b"",
    "truncated": b'{"error": {"title": "Not al',
    "not utf-8": b"\xff\xfe\x00",
    "list": b"[1, 2]",
    "number": b"7",
    "deep": b"[" * 60_000,
    "nonsense": json.dumps({"error": {"title": 7, "code": None, "description": ["x"]}, "request_id": []}).encode(),
    "long": json.dumps({"error": {"title": "t" * 9_000, "description": "d" * 9_000}}).encode(),
    "data": b'{"data": [], "metadata": {"truncated_results": 3}}',
}


def made(status: int, body: bytes, headers: dict[str, str] | None = None, hide: tuple[str, ...] = ()) -> Any:
    response = Response(status, Headers(headers or {"content-type": "text/plain"}), body)
    return api_error(response, "GET /v0/webhooks", now=0.0, hide=hide)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(("status", "cls"), CLASSES.items())
def test_a_status_is_one_class_whatever_the_body(status: int, cls: type[APIError], body: bytes) -> None:
    error = made(status, body)
    assert type(error) is cls
    assert (error.status, error.sent) == (status, "yes")
    assert str(error).startswith(f"GET /v0/webhooks was answered {status}")
    assert "\n" not in str(error)
    assert len(str(error)) < 4_300
    assert len(error.body_excerpt) <= 500


def test_the_envelope_is_read() -> None:
    error = made(403, BODIES["envelope"])
    assert (error.title, error.code, error.description) == ("Not allowed", "E-001", "No such plan")
    assert error.request_id == 77
    assert str(error) == (
        "GET /v0/webhooks was answered 403 (E-001): Not allowed: No such plan. "
        "The key is valid, but may not do this. Request id 77."
    )


def test_the_list_of_problems_is_read() -> None:
    error = made(422, BODIES["detail"])
    assert error.problems == (Problem("body.ids[0]", "not an integer"), Problem("", "invalid"))
    assert str(error) == "GET /v0/webhooks was answered 422: body.ids[0]: not an integer; invalid."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (BODIES["html"], "Bad Gateway x x"),
        (b'{"detail": "Not Found"}', "Not Found"),
        (b"plain", "plain"),
        (b"Wait!", "Wait!"),
    ],
)
def test_other_bodies_are_told_in_short(body: bytes, said: str) -> None:
    assert f"answered 404: {said}" in str(made(404, body))
    assert str(made(404, b"Wait!")).endswith("Wait!")
    assert str(made(404, b"")) == "GET /v0/webhooks was answered 404."


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (429, {"retry-after": "3"}, 3.0),
        (503, {"retry-after": "3"}, 3.0),
        (429, {"ratelimit": '"a";r=0;t=9'}, 9),
        (429, {"ratelimit": '"a";r=1;t=9'}, None),
        (429, {"ratelimit": '"a";r=0;t=9', "retry-after": "0"}, 0.0),
        (503, {"ratelimit": '"a";r=0;t=9'}, None),
        (429, {}, None),
    ],
)
def test_how_long_the_api_asks_to_wait(status: int, headers: dict[str, str], expected: float | None) -> None:
    error = made(status, b"", headers)
    assert error.retry_after == expected
    assert (error.rate_limit is not None) == ("ratelimit" in headers)


def test_the_request_id_is_taken_from_the_header_where_the_body_has_none() -> None:
    assert made(500, b"", {"x-request-id": "r-1"}).request_id == "r-1"
    assert made(500, b'{"error": {}, "request_id": "r-2"}', {"x-request-id": "r-1"}).request_id == "r-2"


@given(st.text("KZQ/\\\"'+=<>&7", min_size=8, max_size=12))
def test_what_is_hidden_never_shows_however_it_is_written(word: str) -> None:
    escaped = "".join(f"\\u{ord(ch):04x}" for ch in word)
    bodies = [
        f"Bearer {word}".encode(),
        json.dumps({"error": {"title": word, "code": word, "description": f"x {word}"}, "request_id": word}).encode(),
        f'{{"error": {{"title": "{escaped}", "description": "{escaped}"}}, "request_id": "{escaped}"}}'.encode(),
        f'{{"detail": [{{"loc": ["{escaped}"], "msg": "{escaped}"}}]}}'.encode(),
    ]
    for body in bodies:
        error = made(422, body, {}, hide=("", word))
        assert not [text for text in (str(error), *map(str, vars(error).values())) if word in text]
