"""The twelve webhooks operations: each checks a request, acts on the backend, and returns an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, cast

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, FieldProblem, InvalidError, RefusedError, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call, Route
from theirstack_async.testing.counts import daily_counts
from theirstack_async.testing.registry import EVENT_TYPES, KIND_OF_TYPE, Webhook
from theirstack_async.testing.rows import listing
from theirstack_async.testing.signing import sign
from theirstack_async.testing.store import STATUSES, Place, Status

_DAY: Final = 86400
_MAX_PAGE: Final = 500


def list_webhooks(backend: Backend, _call: Call) -> Answer:
    """GET /v0/webhooks: all that are not archived."""
    shown = backend.registry.shown
    return json_answer([shown(webhook) for webhook in backend.registry.webhooks.values() if not webhook.is_archived])


def get_webhook(backend: Backend, call: Call) -> Answer:
    """GET /v0/webhooks/{webhook_id}: an archived one as well."""
    return json_answer(backend.registry.shown(_webhook(backend, call)))


def create_webhook(backend: Backend, call: Call) -> Answer:
    """POST /v0/webhooks: past matches from ``listening_start_time`` on are delivered, all of them when it is null."""
    fields = read.body_fields(call.body, call.content_type)
    values = _webhook_fields(fields)
    values["secret"] = fields.optional("secret", read.secret)
    fields.check()
    webhook = backend.registry.add(now=backend.clock.now(), **values)
    backend.match_history(webhook)
    return json_answer(backend.registry.shown(webhook))


def update_webhook(backend: Backend, call: Call) -> Answer:
    """PATCH /v0/webhooks/{webhook_id}: url and search_id are required, a secret left out is kept, null removes it.

    What other left-out fields do is undocumented: they are kept, or fall back to their defaults, by option. A changed
    ``listening_start_time`` is only stored: past matches are dispatched when a webhook is created.
    """
    webhook = _live_webhook(backend, call)
    fields = read.body_fields(call.body, call.content_type)
    values = _webhook_fields(fields)
    secret = fields.optional("secret", read.secret)
    fields.check()
    for name, value in values.items():
        if fields.has(name) or backend.options.left_out == "default":
            setattr(webhook, name, value)
    if fields.has("secret"):
        webhook.secret = secret
    webhook.updated = backend.clock.now()
    return json_answer(backend.registry.shown(webhook))


def set_status(backend: Backend, call: Call) -> Answer:
    """PATCH /v0/webhooks/{webhook_id}/status: enabling processes what matched meanwhile."""
    webhook = _live_webhook(backend, call)
    fields = read.body_fields(call.body, call.content_type)
    active = fields.required("is_active", read.boolean)
    fields.check()
    webhook.is_active = bool(active)
    webhook.updated = backend.clock.now()
    if webhook.is_active:
        backend.match_waiting(webhook)
    return json_answer(backend.registry.shown(webhook))


def archive_webhook(backend: Backend, call: Call) -> Answer:
    """PATCH /v0/webhooks/{webhook_id}/archive: delivery ends for good, the event history stays."""
    webhook = _webhook(backend, call)
    webhook.is_archived = True
    webhook.is_active = False
    webhook.updated = backend.clock.now()
    return json_answer(backend.registry.shown(webhook))


async def send_test(backend: Backend, call: Call) -> Answer:
    """POST /v0/webhooks/test: sends a sample with the event id 0, which is not stored, and waits for the answer.

    ``status`` is what the receiver answered, or 0 when nothing was sent or nothing came back.
    """
    fields = read.body_fields(call.body, call.content_type)
    webhook_id = fields.optional("webhook_id", read.integer)
    url = fields.optional("url", read.url)
    event_type = fields.optional("event_type", read.one_of(*EVENT_TYPES))
    secret = fields.optional("secret", read.secret)
    if webhook_id is None:
        for name, value in (("url", url), ("event_type", event_type)):
            if value is None and not fields.problems:
                fields.refuse(name, "Field required when webhook_id is not provided")
    fields.check()
    kind = KIND_OF_TYPE[event_type or "job_new"]
    if webhook_id is not None:
        webhook = _known(backend, webhook_id)
        url, secret = url or webhook.url, secret or webhook.secret
        kind = KIND_OF_TYPE[event_type] if event_type else backend.registry.main_kind(webhook)
    body = backend.envelope(kind, 0)
    outcome = await backend.sender.send(cast("str", url), body, secret)
    signature = None if secret is None else sign(body, secret)
    return json_answer({"status": outcome.status_code or 0, "message": outcome.body, "signature": signature})


def event_types(_backend: Backend, call: Call) -> Answer:
    """GET /v0/webhooks/event-types: the response shape is undocumented; this one is presumed."""
    fields = read.query_fields(call.query)
    wanted = fields.optional("search_type", read.one_of("jobs", "companies"))
    fields.check()
    return json_answer(
        [
            {"event_type": name, "search_type": kind}
            for name, kind in EVENT_TYPES.items()
            if wanted is None or kind == wanted
        ]
    )


def list_events(backend: Backend, call: Call) -> Answer:
    """GET /v0/webhooks/{webhook_id}/events: newest id first, or oldest, by option; the real order is undocumented."""
    webhook = _webhook(backend, call)
    fields = read.query_fields(call.query)
    status = fields.optional("status", read.one_of(*STATUSES))
    offset = fields.defaulted("offset", partial(read.number_text, least=0), 0)
    limit = fields.defaulted("limit", partial(read.number_text, least=1, most=_MAX_PAGE), 25)
    fields.check()
    places = backend.store.page(webhook.id, cast("Status | None", status), offset, limit, backend.options.order)
    return Answer(body=listing(places, backend.store, backend.payloads))


def count_events(backend: Backend, call: Call) -> Answer:
    """GET /v0/webhooks/{webhook_id}/events/count: a bare integer."""
    return json_answer(backend.store.count(_webhook(backend, call).id))


def daily_event_counts(backend: Backend, call: Call) -> Answer:
    """GET /v0/webhooks/events/count: by day and group, of the last 30 days unless told otherwise."""
    group_by = [value for name, value in call.query if name == "group_by" and value] or ["status"]
    fields = read.query_fields(call.query)
    now = backend.clock.now()
    end = fields.defaulted("end_datetime", read.instant, datetime.fromtimestamp(now, UTC))
    start = fields.defaulted("start_datetime", read.instant, datetime.fromtimestamp(now - 30 * _DAY, UTC))
    zone = fields.defaulted("timezone", read.timezone, read.timezone("UTC"))
    webhook_id = fields.optional("webhook_id", read.number_text)
    if not set(group_by) <= {"status", "webhook_id", "event_type"}:
        fields.refuse("group_by", "Input should be 'status', 'webhook_id' or 'event_type'")
    fields.check()
    return json_answer(daily_counts(backend.store.segments(webhook_id), start, end, zone, group_by))


def retry_events(backend: Backend, call: Call) -> Answer:
    """POST /v0/webhooks/events/retry: answers null; unless all ids can be retried, none is."""
    fields = read.body_fields(call.body, call.content_type)
    ids = fields.required("webhook_event_ids", read.integers) or []
    fields.check()
    places: list[Place] = []
    for event_id in ids:
        if backend.store.knows(event_id):
            places.append(backend.store.find(event_id))
        elif backend.options.unknown_ids == "404":
            raise RefusedError(404, f"Webhook event {event_id} not found")
        elif backend.options.unknown_ids == "422":
            problem = FieldProblem(
                ("body", "webhook_event_ids"), f"Webhook event {event_id} does not exist", "value_error"
            )
            raise InvalidError([problem])
    for place in places:
        if backend.registry.webhooks[place.segment.webhook_id].is_archived:
            raise RefusedError(400, f"Webhook event {place.event_id} belongs to an archived webhook")
    backend.retry(places)
    return Answer()


def _webhook_fields(fields: read.Fields) -> dict[str, Any]:
    return {
        "url": fields.required("url", read.url),
        "search_id": fields.required("search_id", read.integer),
        "description": fields.optional("description", read.string),
        "listening_start_time": fields.optional("listening_start_time", read.instant),
        "trigger_once_per_company": fields.defaulted("trigger_once_per_company", read.boolean, False),
        "active_event_types": fields.optional("active_event_types", _event_types),
    }


def _event_types(value: Any) -> list[str]:
    return [read.one_of(*EVENT_TYPES)(item) for item in read.items(value)]


def _webhook(backend: Backend, call: Call) -> Webhook:
    fields = read.Fields("path", {"webhook_id": call.path_id})
    webhook_id = fields.required("webhook_id", read.number_text)
    fields.check()
    return _known(backend, cast("int", webhook_id))


def _known(backend: Backend, webhook_id: int) -> Webhook:
    webhook = backend.registry.webhooks.get(webhook_id)
    if webhook is None:
        raise RefusedError(404, f"Webhook {webhook_id} not found")
    return webhook


def _live_webhook(backend: Backend, call: Call) -> Webhook:
    webhook = _webhook(backend, call)
    if webhook.is_archived:
        raise RefusedError(400, f"Webhook {webhook.id} is archived")
    return webhook


ROUTES: Final = (
    Route("GET", "/v0/webhooks", list_webhooks),
    Route("POST", "/v0/webhooks", create_webhook),
    Route("POST", "/v0/webhooks/test", send_test),
    Route("GET", "/v0/webhooks/event-types", event_types),
    Route("GET", "/v0/webhooks/events/count", daily_event_counts),
    Route("POST", "/v0/webhooks/events/retry", retry_events),
    Route("GET", "/v0/webhooks/{id}", get_webhook),
    Route("PATCH", "/v0/webhooks/{id}", update_webhook),
    Route("PATCH", "/v0/webhooks/{id}/status", set_status),
    Route("PATCH", "/v0/webhooks/{id}/archive", archive_webhook),
    Route("GET", "/v0/webhooks/{id}/events", list_events),
    Route("GET", "/v0/webhooks/{id}/events/count", count_events),
)
"""Fixed paths come before those with an id that they would fit as well."""
