"""What each of the twelve webhooks operations puts on the wire: method, address, query, body and headers."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests._mocking import aioresponses
from tests.strategies import full, minimal
from theirstack_async import ALL_HISTORY, ArgumentError, RequestOptions, TheirStack, WebhookEventType
from theirstack_async.models import Webhook, WebhookEvent, WebhookEventCount, WebhookTestResult

BASE = "http://theirstack.invalid"
KEY = "canary-key-5f3a"
SECRET = "canary-secret-01"
HOOK = {**full(Webhook), "id": 7, "url": "https://h/x", "search_id": 3, "listening_start_time": "2026-01-02T03:04:05Z"}
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EVERY = re.compile(".*")
Made = Callable[[TheirStack], Awaitable[Any]]
Sent = tuple[str, str, Any]


async def made(do: Made, *answers: Any, **settings: Any) -> tuple[list[Sent], Any]:
    """Make a call that gets these answers, and return what was sent and what came back.

    The queries of ``aioresponses`` are sorted by name and value.
    """
    sent: list[Sent] = []

    def note(url: Any, **kwargs: Any) -> None:
        body = kwargs["data"].decode() if kwargs["data"] is not None else ""
        expected = {"accept": "application/json", "authorization": f"Bearer {KEY}"}
        if body:
            expected["content-type"] = "application/json"
        rest = dict(kwargs["headers"])
        assert rest.pop("user-agent").startswith("theirstack-async/")
        assert rest == expected
        assert kwargs["allow_redirects"] is False
        sent.append((methods.pop(0), str(url).removeprefix(BASE), json.loads(body) if body else None))

    methods: list[str] = []
    with aioresponses() as mocked:
        for method, payload in answers:
            methods.append(method)
            mocked.add(EVERY, method, payload=payload, callback=note)
        async with TheirStack(KEY, base_url=BASE, **settings) as client:
            result = await do(client)
    return sent, result


CREATED = {
    "url": "https://h/x",
    "search_id": 3,
    "listening_start_time": "2026-01-02T03:04:05Z",
    "trigger_once_per_company": False,
}
STANDING = {
    "url": "https://h/x",
    "search_id": 3,
    "description": "text",
    "listening_start_time": "2026-01-02T03:04:05Z",
    "trigger_once_per_company": True,
    "active_event_types": HOOK["active_event_types"],
}
BARE = {key: value for key, value in HOOK.items() if key != "active_event_types"}
COUNTS = (
    "end_datetime=2026-01-02T03:04:05Z&group_by=event_type&group_by=status"
    "&start_datetime=2025-12-03T03:04:05Z&timezone=UTC&webhook_id=7"
)
OPERATIONS: dict[str, tuple[Made, list[tuple[str, Any]], list[Sent]]] = {
    "list": (lambda c: c.webhooks.list(), [("GET", [HOOK])], [("GET", "/v0/webhooks", None)]),
    "get": (lambda c: c.webhooks.get(7), [("GET", HOOK)], [("GET", "/v0/webhooks/7", None)]),
    "create": (
        lambda c: c.webhooks.create(url="https://h/x", search_id=3, listening_start_time=WHEN),
        [("POST", HOOK)],
        [("POST", "/v0/webhooks", CREATED)],
    ),
    "create with all": (
        lambda c: c.webhooks.create(
            url="https://h/x",
            search_id=3,
            listening_start_time=ALL_HISTORY,
            description="d",
            trigger_once_per_company=True,
            secret=SECRET,
            active_event_types=["job.new", WebhookEventType("job_closed")],
        ),
        [("POST", HOOK)],
        [("POST", "/v0/webhooks", {
            "url": "https://h/x",
            "search_id": 3,
            "listening_start_time": None,
            "trigger_once_per_company": True,
            "description": "d",
            "secret": SECRET,
            "active_event_types": ["job_new", "job_closed"],
        })],
    ),
    "update of one field reads first": (
        lambda c: c.webhooks.update(7, description=None),
        [("GET", HOOK), ("PATCH", HOOK)],
        [("GET", "/v0/webhooks/7", None), ("PATCH", "/v0/webhooks/7", {**STANDING, "description": None})],
    ),
    "update of a webhook without event types": (
        lambda c: c.webhooks.update(7, url="https://h/y", secret=None, active_event_types=None),
        [("GET", BARE), ("PATCH", HOOK)],
        [("GET", "/v0/webhooks/7", None),
         ("PATCH", "/v0/webhooks/7", {**STANDING, "url": "https://h/y", "secret": None, "active_event_types": None})],
    ),
    "update with url and search_id sends only what is named": (
        lambda c: c.webhooks.update(7, url="https://h/y", search_id=4, secret=SECRET),
        [("PATCH", HOOK)],
        [("PATCH", "/v0/webhooks/7", {"url": "https://h/y", "search_id": 4, "secret": SECRET})],
    ),
    "enable": (
        lambda c: c.webhooks.enable(7), [("PATCH", HOOK)], [("PATCH", "/v0/webhooks/7/status", {"is_active": True})]
    ),
    "disable": (
        lambda c: c.webhooks.disable(7), [("PATCH", HOOK)], [("PATCH", "/v0/webhooks/7/status", {"is_active": False})]
    ),
    "archive": (lambda c: c.webhooks.archive(7), [("PATCH", HOOK)], [("PATCH", "/v0/webhooks/7/archive", None)]),
    "test of a webhook": (
        lambda c: c.webhooks.test(webhook_id=7, secret=SECRET),
        [("POST", full(WebhookTestResult))],
        [("POST", "/v0/webhooks/test", {"webhook_id": 7, "secret": SECRET})],
    ),
    "test of an address": (
        lambda c: c.webhooks.test(url="https://h/x", event_type="company.new"),
        [("POST", full(WebhookTestResult))],
        [("POST", "/v0/webhooks/test", {"url": "https://h/x", "event_type": "company_new"})],
    ),
    "event types": (
        lambda c: c.webhooks.event_types(), [("GET", [])], [("GET", "/v0/webhooks/event-types", None)]
    ),
    "event types of a search": (
        lambda c: c.webhooks.event_types("jobs"),
        [("GET", [{"event_type": "job_new"}])],
        [("GET", "/v0/webhooks/event-types?search_type=jobs", None)],
    ),
    "events": (
        lambda c: c.webhooks.events.list(7, status="FAILED", page_size=2).collect(),
        [("GET", [full(WebhookEvent)])],
        [("GET", "/v0/webhooks/7/events?limit=2&offset=0&status=FAILED", None)],
    ),
    "count": (
        lambda c: c.webhooks.events.count(7), [("GET", 12)], [("GET", "/v0/webhooks/7/events/count", None)]
    ),
    "counts": (
        lambda c: c.webhooks.events.counts(end=WHEN, webhook_id=7, group_by=["status", "event_type"]),
        [("GET", [minimal(WebhookEventCount)])],
        [("GET", f"/v0/webhooks/events/count?{COUNTS}", None)],
    ),
    "retry": (
        lambda c: c.webhooks.events.retry([3, 1, 3]),
        [("POST", None)],
        [("POST", "/v0/webhooks/events/retry", {"webhook_event_ids": [3, 1]})],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
async def test_an_operation_on_the_wire(name: str) -> None:
    do, answers, expected = OPERATIONS[name]
    sent, _ = await made(do, *answers)
    assert sent == expected


async def test_answers_become_models() -> None:
    _, webhooks = await made(lambda c: c.webhooks.list(), ("GET", [HOOK]))
    assert [type(each) for each in webhooks] == [Webhook]
    _, types = await made(lambda c: c.webhooks.event_types(), ("GET", [{"event_type": "job_new"}]))
    assert [each.event_type for each in types] == ["job_new"]
    _, types = await made(lambda c: c.webhooks.event_types(), ("GET", {"job_new": {}, "brand_new": 1}))
    assert [each.event_type for each in types] == ["job_new", "brand_new"]


async def test_now_is_the_moment_of_the_call() -> None:
    create: Made = lambda c: c.webhooks.create(url="https://h", search_id=3, listening_start_time="now")  # noqa: E731
    before = datetime.now(UTC)
    sent, _ = await made(create, ("POST", HOOK))
    assert before <= datetime.fromisoformat(sent[0][2]["listening_start_time"]) <= datetime.now(UTC)


async def test_unknown_fields_are_kept_when_asked() -> None:
    _, hook = await made(lambda c: c.webhooks.get(7), ("GET", {**HOOK, "new": 1}), keep_unknown_fields=True)
    assert hook.extra == {"new": 1}


NAIVE = WHEN.replace(tzinfo=None)
GOOD: dict[str, Any] = {"url": "https://h", "search_id": 3, "listening_start_time": "now"}


@pytest.mark.parametrize(
    ("do", "field"),
    [
        (lambda c: c.webhooks.get("7"), "webhook_id"),
        (lambda c: c.webhooks.create(url="https://h", search_id=3), "listening_start_time"),
        (lambda c: c.webhooks.create(**{**GOOD, "listening_start_time": None}), "listening_start_time"),
        (lambda c: c.webhooks.create(**{**GOOD, "listening_start_time": NAIVE}), "listening_start_time"),
        (lambda c: c.webhooks.create(**{**GOOD, "url": "h"}), "url"),
        (lambda c: c.webhooks.create(**{**GOOD, "search_id": "3"}), "search_id"),
        (lambda c: c.webhooks.create(**GOOD, secret="short"), "secret"),
        (lambda c: c.webhooks.create(**GOOD, description=3), "description"),
        (lambda c: c.webhooks.create(**GOOD, description="\ud800"), "json"),
        (lambda c: c.webhooks.create(**GOOD, trigger_once_per_company="no"), "trigger_once_per_company"),
        (lambda c: c.webhooks.create(**GOOD, active_event_types="job_new"), "active_event_types"),
        (lambda c: c.webhooks.create(**GOOD, active_event_types=7), "active_event_types"),
        (lambda c: c.webhooks.create(**GOOD, active_event_types=[7]), "active_event_types"),
        (lambda c: c.webhooks.update(7), "changes"),
        (lambda c: c.webhooks.update(7, ulr="x"), "ulr"),
        (lambda c: c.webhooks.update(-7, url="x"), "webhook_id"),
        (lambda c: c.webhooks.test(), "webhook_id"),
        (lambda c: c.webhooks.test(url="https://h"), "webhook_id"),
        (lambda c: c.webhooks.test(event_type="job_new"), "webhook_id"),
        (lambda c: c.request("GET", "v0/webhooks"), "path"),
        (lambda c: c.request("GET", "//evil/v0"), "path"),
        (lambda c: c.request("GET", "/v0/../x"), "path"),
        (lambda c: c.request("GET", "/v0/x?y"), "path"),
        (lambda c: c.request("GET", "/v0/é"), "path"),
        (lambda c: c.request("FETCH", "/v0"), "method"),
        (lambda c: c.request("GET", "/v0", kind="free"), "kind"),
    ],
)  # fmt: skip
async def test_what_is_refused_is_not_sent(do: Made, field: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        await made(do)
    assert caught.value.field == field


async def test_a_type_that_is_not_known_passes_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="active_event_types: 'brand_new' is not known") as caught:
        sent, _ = await made(lambda c: c.webhooks.create(**GOOD, active_event_types=["brand_new"]), ("POST", HOOK))
    assert sent[0][2]["active_event_types"] == ["brand_new"]
    assert len(caught) == 1


async def test_the_raw_way() -> None:
    do: Made = lambda c: c.request("get", "/v9/new", query={"a": [1, 2], "b": None})  # noqa: E731
    sent, reply = await made(do, ("GET", {"x": 1}))
    assert sent == [("GET", "/v9/new?a=1&a=2", None)]
    assert reply.json() == {"x": 1}
    sent, _ = await made(lambda c: c.request("PUT", "/v9/new", json=None), ("PUT", None))
    assert sent == [("PUT", "/v9/new", None)]
    options = RequestOptions(headers={})
    sent, _ = await made(lambda c: c.request("PATCH", "/v0/webhooks/7", json={}, options=options), ("PATCH", None))
    assert sent == [("PATCH", "/v0/webhooks/7", {})]


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/v9", "read"),
        ("HEAD", "/v9", "read"),
        ("PUT", "/v9", "idempotent"),
        ("DELETE", "/v9", "idempotent"),
        ("PATCH", "/v0/webhooks/7/status", "idempotent"),
        ("POST", "/v9", "once"),
        ("POST", "/v0/webhooks/events/retry", "once"),
    ],
)
async def test_what_the_raw_way_takes_a_request_for(method: str, path: str, kind: str) -> None:
    seen: list[Any] = []
    await made(lambda c: c.request(method, path), (method, None), hooks=[seen.append])
    assert seen[0].kind == kind
