"""What the fake BitGo does: lists the notifications of a webhook, and sends some of them again.

Sources: https://developers.bitgo.com/reference/getwebhooknotifications,
https://developers.bitgo.com/reference/retriggernotifications and https://developers.bitgo.com/reference/rate-limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

from theirstack_async._clock import Clock
from theirstack_async.testing.answers import Answer, json_answer
from theirstack_async.testing.bitgo.answers import RefusedError, platform_refusal, refusal
from theirstack_async.testing.bitgo.limits import Bound
from theirstack_async.testing.bitgo.rows import Order, Row, Store, Webhook, as_json
from theirstack_async.testing.records import RequestRecord

_PATH: Final = re.compile(r"/api/notifications/v1/(admin/)?webhooks/([^/]+)/notifications(/retrigger)?")
_DAY: Final = 86_400.0
_MOST_ROWS: Final = 1000
_MOST_IDS: Final = 25


@dataclass(frozen=True, kw_only=True)
class Manners:
    """What the pages leave open, or can be raised by the vendor's support. Each is a keyword of the fake."""

    admin: bool = False
    """Whether the operators' path is there."""
    adds_rows: bool = False
    """Whether a resend adds a row, or changes the one that there is."""
    lower_case: bool = False
    """Whether statuses are shown, and filtered by, in lower case."""
    order: Order = "newest"
    """Which notifications are listed first."""
    unknown_ids: Literal["fail", "sink"] = "fail"
    """Whether an id that the webhook does not have fails alone, or sinks its call."""
    id_limit: int | None = 50
    """Ids a minute and webhook that may be sent again."""
    call_limit: int | None = 360
    """Calls a minute."""
    suspends_after: int | None = 100
    """Failures within a week after which a webhook is suspended."""
    delay: float = 0.0
    """Seconds from a resend to its delivery, by the fake's clock."""


class Operations:
    """The requests that the fake understands."""

    def __init__(
        self, store: Store, manners: Manners, clock: Clock, token: str, deliver: Callable[[Webhook, Row], None]
    ) -> None:
        self._store = store
        self._manners = manners
        self._clock = clock
        self._token = token
        self._deliver = deliver
        self._ids = Bound(manners.id_limit, clock)
        self._calls = Bound(manners.call_limit, clock)

    def answer(self, record: RequestRecord) -> Answer:
        """Do what a request asks for."""
        if record.headers.get("authorization") != f"Bearer {self._token}":
            return platform_refusal(401, "unauthorized", "Unauthorized")
        if not self._calls.admit("", 1):
            return platform_refusal(429, "too many requests", "TooManyRequests")
        try:
            return self._route(record)
        except RefusedError as error:
            return refusal(error.status, error.error, error.name)

    def _route(self, record: RequestRecord) -> Answer:
        found = _PATH.fullmatch(record.path)
        admin, webhook_id, retrigger = found.groups() if found else (None, "", None)
        wanted = "POST" if retrigger else "GET"
        webhook = self._store.webhooks.get(webhook_id)
        if webhook is None or record.method != wanted or (admin and not (retrigger and self._manners.admin)):
            raise RefusedError(404, "no such webhook")
        return self._retrigger(webhook, record) if retrigger else self._list(webhook, dict(record.query))

    def _list(self, webhook: Webhook, query: dict[str, str]) -> Answer:
        now = self._clock.now()
        start, end = _instant(query, "start", now - _DAY), _instant(query, "end", now)
        limit, offset = _number(query, "limit", 1, _MOST_ROWS), _number(query, "offset", 0, None)
        if start > end:
            raise RefusedError(400, "start is after end")
        rows = [row for row in webhook.rows.values() if start <= row.created <= end and self._fits(row, query)]
        rows.sort(key=lambda row: row.created, reverse=self._manners.order == "newest")
        page = rows[offset : offset + limit]
        shown = [as_json(row, webhook.url, lower_case=self._manners.lower_case) for row in page]
        if self._store.after_page:
            self._store.after_page.popleft()()
        return json_answer({"notifications": shown})

    def _fits(self, row: Row, query: dict[str, str]) -> bool:
        status = row.status.lower() if self._manners.lower_case else row.status
        return (
            query.get("status", status) == status
            and query.get("webhookNotificationId", row.id) == row.id
            and query.get("notificationRequestId", row.request_id) == row.request_id
        )

    def _retrigger(self, webhook: Webhook, record: RequestRecord) -> Answer:
        ids = _ids(record.body)
        if not self._ids.admit(webhook.id, len(ids)):
            raise RefusedError(400, "too many retriggers of this webhook", "RETRIGGER_RATE_LIMITED")
        if webhook.suspended:
            raise RefusedError(409, "this webhook is suspended")
        for each in ids:
            if each in self._store.poison:
                status, name = self._store.poison[each]
                raise RefusedError(status, "one of the ids is refused", name)
            if each not in webhook.rows and self._manners.unknown_ids == "sink":
                raise RefusedError(404, "one of the ids is not there")
        good: list[dict[str, Any]] = []
        bad: list[dict[str, Any]] = []
        for each in ids:
            error = self._store.refused.get(each) or (None if each in webhook.rows else "not found for this webhook")
            if error is not None:
                bad.append({"webhookNotificationId": each, "error": error})
            else:
                handle = self._accept(webhook, webhook.rows[each])
                good.append({"webhookNotificationId": each, "retriggeredNotificationRequestId": handle})
        totals = {"totalRequested": len(ids), "totalSuccess": len(good), "totalFailed": len(bad)}
        return json_answer({**totals, "successfulNotifications": good, "failedNotifications": bad})

    def _accept(self, webhook: Webhook, row: Row) -> str:
        handle, now = self._store.new_handle(), self._clock.now()
        self._store.accepted[row.id] += 1
        if self._manners.adds_rows:
            row = Row(self._store.new_id(), handle, row.origin, row.type, row.payload, now, now, "PENDING", 0)
            webhook.rows[row.id] = row
        else:
            row.request_id, row.status, row.updated = handle, "PENDING", now
        self._deliver(webhook, row)
        return handle


def _ids(body: bytes) -> list[str]:
    try:
        ids: Any = json.loads(body)["webhookNotificationIds"]
    except (ValueError, TypeError, KeyError):
        ids = None
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in cast("list[object]", ids)):
        raise RefusedError(400, "webhookNotificationIds: expected a list of ids")
    listed = cast("list[str]", ids)
    if not 1 <= len(listed) <= _MOST_IDS:
        raise RefusedError(400, "webhookNotificationIds: expected from 1 to 25 ids")
    return listed


def _instant(query: dict[str, str], name: str, default: float) -> float:
    if name not in query:
        return default
    try:
        instant = datetime.fromisoformat(query[name])
    except ValueError:
        raise RefusedError(400, f"{name}: expected an instant or a date") from None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()


def _number(query: dict[str, str], name: str, least: int, most: int | None) -> int:
    text = query.get(name, "")
    if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
        raise RefusedError(400, f"{name}: expected a number from {least}" + (f" to {most}" if most else ""))
    return int(text)
