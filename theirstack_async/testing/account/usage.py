"""What was spent and asked: the credit balance, and credits and requests by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.account.seen import API_KEY_ID
from theirstack_async.testing.answers import Answer, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.billing import QUARTER
from theirstack_async.testing.call import Call, Route
from theirstack_async.testing.counts import day_start
from theirstack_async.testing.registry import instant_text

DAY: Final = 86_400
UI_CREDITS: Final = 50
"""Company credits of the app. Nothing that the fake does uses any."""
ENDLESS: Final = 1_000_000
"""What the balance tells when the credits have no end."""


def credit_balance(backend: Backend, _call: Call) -> Answer:
    """GET /v0/billing/credit-balance: what ``api_credits`` are is an option."""
    left = ENDLESS if backend.billing.left is None else backend.billing.left
    used = backend.billing.billed
    return json_answer(
        {
            "ui_credits": UI_CREDITS,
            "used_ui_credits": 0,
            "api_credits": left + used if backend.options.balance == "allowance" else left,
            "used_api_credits": used,
            "earliest_expiration": instant_text(backend.account.opened + 365 * DAY),
        }
    )


def credits_consumption(backend: Backend, call: Call) -> Answer:
    """GET /v0/teams/credits_consumption: by day, of the last 30 days unless told otherwise."""
    fields = call.parameters()
    days = _Days(backend, fields, days=30)
    fields.check()
    return json_answer(
        [
            {"period_start": start, "api_credits_consumed": spent, "ui_credits_consumed": 0}
            for start, spent in days.sums(backend.billing.spent)
        ]
    )


def list_requests(backend: Backend, call: Call) -> Answer:
    """GET /v0/requests/: the latest first, of the last five days unless told otherwise. A bare array (presumed)."""
    fields = call.parameters()
    first, last = _range(backend, fields, days=5)
    ours = _asks_for_ours(fields)
    page = fields.defaulted("page", partial(read.number_text, least=0), 0)
    limit = fields.defaulted("limit", partial(read.number_text, least=1), 50)
    fields.check()
    found = [one for one in reversed(backend.account.seen.latest) if ours and first <= one.at <= last]
    return json_answer([one.shown() for one in found[page * limit : (page + 1) * limit]])


def count_requests(backend: Backend, call: Call) -> Answer:
    """GET /v0/requests/count: by day, of the last 30 days unless told otherwise."""
    fields = call.parameters()
    days = _Days(backend, fields, days=30)
    ours = _asks_for_ours(fields)
    fields.check()
    counts = days.sums(backend.account.seen.per_quarter) if ours else []
    return json_answer([{"period_start": start, "number_of_requests": count} for start, count in counts])


class _Days:
    """The days that a query asks for, in its time zone."""

    def __init__(self, backend: Backend, fields: read.Fields, *, days: int) -> None:
        self._first, self._last = _range(backend, fields, days=days)
        self._zone = fields.defaulted("timezone", read.timezone, read.timezone("UTC"))

    def sums(self, quarters: Mapping[int, int]) -> list[tuple[str, int]]:
        """Return the beginning of each day on which something was counted, and the sum; whole quarters count."""
        sums: dict[str, int] = {}
        for quarter, number in sorted(quarters.items()):
            if self._first < (quarter + 1) * QUARTER and quarter * QUARTER <= self._last:
                start = day_start(quarter * QUARTER, self._zone)
                sums[start] = sums.get(start, 0) + number
        return list(sums.items())


def _range(backend: Backend, fields: read.Fields, *, days: int) -> tuple[float, float]:
    now = backend.clock.now()
    end = fields.defaulted("end_datetime", read.instant, datetime.fromtimestamp(now, UTC))
    start = fields.defaulted("start_datetime", read.instant, datetime.fromtimestamp(now - days * DAY, UTC))
    return start.timestamp(), end.timestamp()


def _asks_for_ours(fields: read.Fields) -> bool:
    """Return whether the query's filters fit the fake's requests: all come from the API, with one key."""
    app = fields.optional("is_origin_app", read.boolean_text)
    origin = fields.optional("origin", read.one_of("api", "app", "web", "mcp"))
    key_id = fields.optional("api_key_id", read.uuid_text)
    return not app and origin in (None, "api") and key_id in (None, API_KEY_ID)


ROUTES: Final = (
    Route("GET", "/v0/billing/credit-balance", credit_balance),
    Route("GET", "/v0/teams/credits_consumption", credits_consumption),
    Route("GET", "/v0/requests/", list_requests),
    Route("GET", "/v0/requests/count", count_requests),
)
