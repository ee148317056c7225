"""BitGo's rows, errors and instants."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from theirstack_async._values import Headers
from theirstack_async._wire.message import Response
from theirstack_async.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DecodeError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from theirstack_async.replay._bitgo_api import (
    Notification,
    bitgo_dialect,
    is_uuid,
    parse_error,
    read_page,
    write_instant,
)

ID = "550e8400-e29b-41d4-a716-446655440000"
ROW: dict[str, Any] = {
    "id": ID.upper(),
    "notificationRequestId": "cjld2cjxh0000qzrmn831i7rn",
    "url": "https://receiver.example/hook",
    "payload": '{"a":1}',
    "type": "transfer",
    "status": "failed",
    "retries": 3,
    "createdAt": "2026-11-20T10:00:00.000Z",
    "updatedAt": "2026-11-20T12:30:00.123+02:00",
}
CREATED = datetime(2026, 11, 20, 10, tzinfo=UTC)


def page(*rows: Any) -> bytes:
    return json.dumps({"notifications": rows, "more": 1}).encode()


def one(**changes: Any) -> Notification:
    [row] = read_page(page({**ROW, **changes}), "GET /x")
    return row


def refused(status: int, body: Any, headers: dict[str, str] | None = None) -> APIError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_error(Response(status, Headers(headers or {}), content), "POST /x", now=0.0, hide=["secret-token"])


def test_a_row_in_the_words_of_all_apis() -> None:
    event = one(response={"statusCode": 503, "body": "ü" * 2000}).event("w", CREATED)
    assert (event.id, event.webhook_id, event.type) == (ID, "w", "transfer")
    assert (event.status, event.word) == ("failed", "FAILED")
    assert (event.created_at, event.updated_at) == (CREATED, datetime(2026, 11, 20, 10, 30, 0, 123_000, UTC))
    assert event.updated_at.tzinfo is UTC
    assert event.handle == ROW["notificationRequestId"]
    assert event.response_status == 503
    assert event.response is not None and len(event.response) == 1000 and event.response.endswith("ü")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("SENT", "delivered"), ("sent", "delivered"), ("Failed", "failed"), ("SKIPPED", "skipped"),
        ("PENDING", "pending"), ("PROCESSING", "pending"), ("BRAND_NEW", "pending"),
    ],
)  # fmt: skip
def test_a_status_in_whichever_case(word: str, status: str) -> None:
    event = one(status=word).event("w", CREATED)
    assert (event.status, event.word) == (status, word.upper())


def test_a_group_is_of_type_and_payload() -> None:
    """The id, the url and the times may differ; what is told apart by where type ends and payload begins is apart."""
    group = one().group
    assert one(id="6f1c0f57-5d5b-4a3c-9a55-0b7f0c3f2d11", url="x", createdAt="2026-01-01").group == group
    assert len({group, one(payload="{}").group, one(type="block").group}) == 3
    assert one(type="ab", payload="c").group != one(type="a", payload="bc").group
    assert one(payload="\ud800").group != group


@pytest.mark.parametrize(
    ("response", "status", "text"),
    [
        (None, None, None),
        ({}, None, None),
        ({"status": 200}, 200, '{"status": 200}'),
        ({"httpStatus": 404, "status": "ok"}, 404, '{"httpStatus": 404, "status": "ok"}'),
        ({"status": 99}, None, '{"status": 99}'),
        ({"status": True}, None, '{"status": true}'),
        ("down", None, '"down"'),
    ],
)
def test_what_the_receiver_answered(response: Any, status: int | None, text: str | None) -> None:
    event = one(response=response).event("w", CREATED)
    assert (event.response_status, event.response) == (status, text)


@pytest.mark.parametrize(
    ("retries", "minutes", "expected"),
    [
        (0, 0, 1), (0, 2, 6), (1, 0, 6), (2, 10, 16), (3, 20, 46), (4, 50, 106), (5, 110, 226), (6, 230, 466),
        (6, 465, 466), (6, 466, None), (0, 500, None), (7, 0, None), (9, 0, None), (0, 1, 6),
    ],
)  # fmt: skip
def test_the_next_automatic_attempt(retries: int, minutes: int, expected: int | None) -> None:
    """After 1, 5, 10, 30, 60, 120 and 240 minutes more, 466 in all; one that is overdue counts as the one after it."""
    event = one(retries=retries).event("w", CREATED + timedelta(minutes=minutes))
    assert event.next_attempt == (None if expected is None else CREATED + timedelta(minutes=expected))


@pytest.mark.parametrize(("status", "comes"), [("PENDING", True), ("SENT", False), ("SKIPPED", False)])
def test_what_is_delivered_or_left_out_is_not_tried_again(status: str, *, comes: bool) -> None:
    assert (one(status=status, retries=0).next_attempt(CREATED) is not None) == comes


def test_an_instant_without_a_zone_is_in_utc() -> None:
    assert one(createdAt="2026-11-20T10:00:00").created_at == CREATED


@pytest.mark.parametrize(
    ("changes", "path", "wanted"),
    [
        ({"id": "1"}, "id", "a UUID, got '1'"),
        ({"id": None}, "id", "a UUID, got None"),
        ({"notificationRequestId": 1}, "notificationRequestId", "text, got 1"),
        ({"payload": {}}, "payload", "text, got {}"),
        ({"type": None}, "type", "text, got None"),
        ({"status": 1}, "status", "text, got 1"),
        ({"retries": "1"}, "retries", "a whole number, got '1'"),
        ({"retries": True}, "retries", "a whole number, got True"),
        ({"createdAt": "yesterday"}, "createdAt", "an instant, got 'yesterday'"),
        ({"createdAt": 5}, "createdAt", "an instant, got 5"),
        ({"updatedAt": "0001-01-01T00:00:00+23:00"}, "updatedAt", "an instant, got '0001"),
    ],
)
def test_a_row_that_is_not_as_documented(changes: dict[str, Any], path: str, wanted: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read_page(page(ROW, {**ROW, **changes}), "GET /x")
    assert f"GET /x: the list cannot be read: notifications[1].{path}: expected {wanted}" in str(caught.value)
    assert caught.value.problems[0].path == f"notifications[1].{path}"
    assert json.loads(caught.value.body) == {**ROW, **changes}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"notifications": {}}', b"<html>", b"null", b"[" * 100_000])
def test_a_page_that_is_none(body: bytes) -> None:
    with pytest.raises(DecodeError, match="notifications: expected a list of notifications") as caught:
        read_page(body, "GET /x")
    assert caught.value.body == body


def test_a_row_that_is_no_object() -> None:
    with pytest.raises(DecodeError, match=r"notifications\[0\]\.type: expected text, got None"):
        read_page(page(7), "GET /x")


def test_instants_as_they_are_sent() -> None:
    instant = datetime(2026, 1, 2, 3, 4, 5, 678_999, timezone(timedelta(hours=2)))
    assert write_instant(instant) == "2026-01-02T01:04:05.678Z"


@pytest.mark.parametrize(
    ("value", "good"),
    [
        (ID, True), (ID.upper(), True), (ID + "\n", False), (ID.replace("-", ""), False),
        ("", False), (None, False), (7, False),
    ],
)  # fmt: skip
def test_what_a_uuid_is(value: object, *, good: bool) -> None:
    assert is_uuid(value) is good


def test_the_shape_of_the_notifications_service() -> None:
    error = refused(400, {"name": "ValidationFailed", "error": "bad id", "status": 400})
    assert type(error) is BadRequestError
    assert (error.code, error.description, error.status) == ("ValidationFailed", "bad id", 400)
    assert str(error) == "POST /x was answered 400 (ValidationFailed): bad id."


def test_the_shape_of_the_platform() -> None:
    error = refused(403, {"error": "no", "requestId": "r1", "context": {}})
    assert type(error) is PermissionDeniedError
    assert (error.code, error.description, error.request_id) == (None, "no", "r1")


@pytest.mark.parametrize("status", [400, 429, 500])
def test_the_bound_of_resends_is_no_bad_request(status: int) -> None:
    """Its name counts, whatever the status. Nothing tells when there is room again."""
    error = refused(status, {"name": "RETRIGGER_RATE_LIMITED", "error": "slow down", "status": status})
    assert isinstance(error, RateLimitError)
    assert (error.status, error.retry_after) == (status, 20.0 if status == 429 else None)


@pytest.mark.parametrize(("headers", "seconds"), [({}, 20.0), ({"retry-after": "3"}, 3.0), ({"retry-after": "0"}, 0.0)])
def test_a_429_says_when_or_20_seconds_are_presumed(headers: dict[str, str], seconds: float) -> None:
    error = refused(429, {"error": "many"}, headers)
    assert isinstance(error, RateLimitError) and error.retry_after == seconds


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError), (401, AuthenticationError), (404, NotFoundError), (409, ConflictError),
        (503, ServerError),
    ],
)  # fmt: skip
def test_an_unknown_name_falls_back_on_the_status(status: int, kind: type[APIError]) -> None:
    assert type(refused(status, {"name": "BrandNew", "error": 7, "status": status})) is kind
    assert type(refused(status, b"<html>down</html>")) is kind


def test_an_error_that_echoes_the_token() -> None:
    error = refused(400, {"name": "a secret-token", "error": "b secret-token", "requestId": "c secret-token"})
    assert "secret-token" not in f"{error} {vars(error)}"


def test_the_dialect() -> None:
    dialect = bitgo_dialect("http://h")
    assert dialect.auth_header("t") == ("Authorization", "Bearer t")
    assert {name: (each.method, each.kind) for name, each in dialect.operations.items()} == {
        "notifications.list": ("GET", "read"),
        "notifications.retrigger": ("POST", "once"),
        "notifications.admin_retrigger": ("POST", "once"),
    }
