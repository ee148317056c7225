"""BitGo's notifications service as the engine sees it: its operations, its errors, its rows, and what its answers mean.

Sources: https://developers.bitgo.com/reference/getwebhooknotifications,
https://developers.bitgo.com/reference/retriggernotifications, https://developers.bitgo.com/reference/rate-limits and
https://developers.bitgo.com/guides/webhooks/overview.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn, cast

import attrs

from theirstack_async._engine.dialect import Dialect, Operation
from theirstack_async._wire.decode import ErrorBody, api_error
from theirstack_async._wire.message import Response
from theirstack_async.errors import APIError, DecodeError, Problem, RateLimitError
from theirstack_async.replay._provider import DeliveryStatus, ReplayEvent

BITGO_TEST: Final = "https://app.bitgo-test.com"
"""BitGo's test environment. Accounts, tokens and data are not shared with the production one
(https://developers.bitgo.com/docs/get-started-environments)."""
BITGO_PRODUCTION: Final = "https://app.bitgo.com"
TOKEN_VARIABLE: Final = "BITGO_ACCESS_TOKEN"  # noqa: S105  # its name, not itself
STATUSES: Final = ("FAILED", "PENDING", "PROCESSING", "SENT", "SKIPPED")

_ACCOUNT: Final = "account"
_PER_MINUTE: Final = (("per-minute", 340, 60.0),)
"""All calls of one user: 360 are allowed in 60 s (https://developers.bitgo.com/reference/rate-limits)."""
_PAUSE: Final = 20.0
"""Seconds until a call is repeated that came too fast. The answers do not say when there is room, and the window is 60
seconds long."""
_RATE_LIMITED: Final = "RETRIGGER_RATE_LIMITED"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_RESPONSE: Final = 1000
_RESPONSE_STATUS: Final = ("statusCode", "status", "httpStatus")
"""What the receiver's status may be called in ``response``, whose fields are not documented."""
_DELIVERY: Final[Mapping[str, DeliveryStatus]] = {"SENT": "delivered", "FAILED": "failed", "SKIPPED": "skipped"}
_DELAYS: Final = (1, 5, 10, 30, 60, 120, 240)
"""Minutes between the automatic attempts (https://developers.bitgo.com/guides/webhooks/overview)."""

_PATH: Final = "webhooks/{webhook_id}/notifications"
LIST: Final = Operation("notifications.list", "GET", f"/api/notifications/v1/{_PATH}", "read", rate_group=_ACCOUNT)
RETRIGGER: Final = Operation(
    "notifications.retrigger", "POST", f"/api/notifications/v1/{_PATH}/retrigger", "once", rate_group=_ACCOUNT
)
ADMIN_RETRIGGER: Final = Operation(
    "notifications.admin_retrigger", "POST", f"/api/notifications/v1/admin/{_PATH}/retrigger", "once",
    rate_group=_ACCOUNT,
)  # fmt: skip


def bitgo_dialect(base_url: str) -> Dialect:
    """Return BitGo's dialect at an address."""
    return Dialect(
        base_url=base_url,
        auth_header=_bearer,
        parse_error=parse_error,
        operations={each.name: each for each in (LIST, RETRIGGER, ADMIN_RETRIGGER)},
        missing_key=f"an access token: pass BitGoNotifications(access_token=...) or set {TOKEN_VARIABLE}",
        key_argument="access_token",
        assumed_windows={_ACCOUNT: _PER_MINUTE},
        declares_windows=False,
    )


def parse_error(response: Response, label: str, *, now: float, hide: Iterable[str] = ()) -> APIError:
    """Return the exception for an answer that is not a success, in either of BitGo's two shapes.

    The bound of resends is told by a 400 whose name says so. Such a :class:`RateLimitError` has the status 400.
    """
    error = api_error(response, label, now=now, hide=hide, read=_read_error, by_code={_RATE_LIMITED: RateLimitError})
    if isinstance(error, RateLimitError) and error.status == 429 and error.retry_after is None:
        error.retry_after = _PAUSE
    return error


def is_uuid(value: object) -> bool:
    """Return whether a value is the id of a notification, in letters of either case."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


@attrs.frozen
class Notification:
    """A row of the list: one notification, or one attempt at one."""

    id: str
    request_id: str
    """The ``notificationRequestId``, which is what a resend's answer names."""
    type: str
    status: str
    """In upper case, whichever the API used."""
    retries: int
    """How often the API has tried it again by itself."""
    created_at: datetime
    updated_at: datetime
    group: str
    """A digest of type and payload, which all attempts at one notification have in common."""
    response_status: int | None
    response: str | None

    def event(self, webhook_id: str, now: datetime) -> ReplayEvent[str]:
        """Return it in the words that all APIs share."""
        return ReplayEvent(
            id=self.id,
            webhook_id=webhook_id,
            type=self.type,
            status=_DELIVERY.get(self.status, "pending"),
            word=self.status,
            created_at=self.created_at,
            updated_at=self.updated_at,
            next_attempt=self.next_attempt(now),
            group=self.group,
            handle=self.request_id,
            response_status=self.response_status,
            response=self.response,
        )

    def next_attempt(self, now: datetime) -> datetime | None:
        """Return when the API tries it again by itself; None when it is delivered, left out or out of attempts."""
        if self.status in ("SENT", "SKIPPED"):
            return None
        at = self.created_at
        for number, minutes in enumerate(_DELAYS):
            at += timedelta(minutes=minutes)
            # One that is overdue may be a little late, or never come; the next one is waited for.
            if number >= self.retries and at > now:
                return at
        return None


def load_json(body: bytes) -> Any:
    """Return what JSON says; None for what is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object of JSON; an empty one for what is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def items(value: object) -> list[object] | None:
    """Return a list of JSON; None for what is none."""
    return cast("list[object]", value) if isinstance(value, list) else None


def read_page(body: bytes, label: str) -> list[Notification]:
    """Return the rows of a page.

    Raises:
        DecodeError: it is none, or one of its rows is not as documented. It says which, and what is wrong.
    """
    rows = items(mapping(load_json(body)).get("notifications"))
    if rows is None:
        _refuse(label, "notifications", "expected a list of notifications", body)
    return [_read_row(row, f"notifications[{place}]", label) for place, row in enumerate(rows)]


def _read_row(row: Any, path: str, label: str) -> Notification:
    fields = mapping(row)

    def take(name: str, wanted: str, good: Callable[[Any], Any]) -> Any:
        found = fields.get(name)
        if (value := good(found)) is None:
            _refuse(label, f"{path}.{name}", f"expected {wanted}, got {found!r:.80}", json.dumps(row).encode())
        return value

    type_ = take("type", "text", _text)
    payload = take("payload", "text", _text)
    said = fields.get("response")
    return Notification(
        id=take("id", "a UUID", lambda value: value.lower() if is_uuid(value) else None),
        request_id=take("notificationRequestId", "text", _text),
        type=type_,
        status=take("status", "text", _text).upper(),
        retries=take("retries", "a whole number", lambda value: value if type(value) is int else None),
        created_at=take("createdAt", "an instant", _instant),
        updated_at=take("updatedAt", "an instant", _instant),
        group=hashlib.sha256(f"{type_}\0{payload}".encode("utf-8", "surrogatepass")).hexdigest()[:32],
        response_status=_response_status(said),
        response=json.dumps(said, ensure_ascii=False)[:_RESPONSE] if said else None,
    )


def write_instant(instant: datetime) -> str:
    """Return an instant as BitGo's pages write it, in UTC to the millisecond."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _refuse(label: str, path: str, what: str, body: bytes) -> NoReturn:
    problem = Problem(path, what)
    raise DecodeError(f"{label}: the list cannot be read: {problem}; .body has it", problems=[problem], body=body)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _instant(value: object) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        if instant is None:
            return None
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _response_status(said: object) -> int | None:
    found = (mapping(said).get(name) for name in _RESPONSE_STATUS)
    return next((value for value in found if type(value) is int and 100 <= value <= 599), None)


def _read_error(data: Mapping[str, object], text: Callable[[object], str | None]) -> ErrorBody:
    code, description, request_id = (text(data.get(name)) for name in ("name", "error", "requestId"))
    return ErrorBody(code=code, description=description, request_id=request_id)


def _bearer(token: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {token}"
