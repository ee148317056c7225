"""What the fake refuses, and how it says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fake._receiver import Api, calling
from theirstack_async.testing import FakeTheirStack

GOOD: dict[str, Any] = {"url": "http://127.0.0.1:1/", "search_id": 1}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("url", "ftp://x.example/", "valid URL"),
        ("url", "", "valid URL"),
        ("url", "http://", "valid URL"),
        ("url", "http://[::1", "valid URL"),
        ("url", "http://x.example:99999/", "valid URL"),
        ("url", "http://x.example\\@127.0.0.1/", "valid URL"),
        ("url", "http://x.example/" + "a" * 2083, "at most 2083"),
        ("url", 5, "valid string"),
        ("url", None, "valid string"),
        ("search_id", "1", "valid integer"),
        ("search_id", True, "valid integer"),
        ("search_id", 1.0, "valid integer"),
        ("description", 4, "valid string"),
        ("secret", "short", "at least 16"),
        ("trigger_once_per_company", "false", "valid boolean"),
        ("active_event_types", "job_new", "valid list"),
        ("active_event_types", ["tech_new"], "Input should be 'job_new' or"),
        ("listening_start_time", "yesterday", "valid datetime"),
        ("listening_start_time", "2026-13-01T00:00:00Z", "valid datetime"),
        ("listening_start_time", "0001-01-01T00:00:00+10:00", "valid datetime"),
        ("listening_start_time", 1_790_000_000, "valid string"),
    ],
)
async def test_a_bad_field_is_named(api: Api, field: str, value: Any, message: str) -> None:
    status, answer = await api("POST", "/v0/webhooks", GOOD | {field: value})
    assert status == 422
    assert answer["error"]["title"] == "Validation error"
    description = answer["error"]["description"]
    assert description.startswith(f"body.{field}")
    assert message in description


async def test_a_charset_in_the_content_type_is_no_matter(api: Api) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    body = b'{"webhook_event_ids": []}'
    assert await api("POST", "/v0/webhooks/events/retry", data=body, headers=headers) == (200, None)


async def test_the_bounds_themselves_are_allowed(api: Api) -> None:
    url = "http://127.0.0.1/".ljust(2083, "a")
    assert (await api("POST", "/v0/webhooks", {"url": url, "search_id": 1, "secret": "s" * 16}))[0] == 200


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"{}", "text/plain", "Content-Type"),
        (b"{", "application/json", "JSON decode error"),
        (b"\xff", "application/json", "JSON decode error"),
        (b"[" * 100_000, "application/json", "JSON decode error"),
        (b'{"url": NaN}', "application/json", "JSON decode error"),
        (b'{"url": -Infinity}', "application/json", "JSON decode error"),
        (b'{"url": 1e999}', "application/json", "JSON decode error"),
        (b"[]", "application/json", "valid dictionary"),
    ],
)
async def test_a_body_that_is_no_json_object(api: Api, body: bytes, content_type: str, message: str) -> None:
    headers = {"Content-Type": content_type}
    status, answer = await api("POST", "/v0/webhooks", data=body, headers=headers)
    assert status == 422
    assert message in answer["error"]["description"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=ten",
        "limit=1.0",
        "offset=-1",
        "status=failed",
        "offset=" + "9" * 30,
        "limit=%D9%A3",
    ],
)
async def test_a_bad_query_is_422(api: Api, query: str) -> None:
    webhook_id = api.fake.seed_webhook(GOOD["url"])
    assert (await api("GET", f"/v0/webhooks/{webhook_id}/events?{query}"))[0] == 422


@pytest.mark.parametrize(
    "query",
    ["group_by=company", "timezone=Mars/Olympus", "timezone=../etc", "start_datetime=x", "webhook_id=x"],
)
async def test_bad_counts_are_422(api: Api, query: str) -> None:
    assert (await api("GET", f"/v0/webhooks/events/count?{query}"))[0] == 422


async def test_a_422_can_have_the_other_shape() -> None:
    async with calling(FakeTheirStack(error_style="detail")) as api:
        status, answer = await api("POST", "/v0/webhooks", {"url": GOOD["url"]})
        assert status == 422
        assert answer == {"detail": [{"loc": ["body", "search_id"], "msg": "Field required", "type": "missing"}]}
        assert set((await api("GET", "/v0/webhooks/1"))[1]) == {"error", "request_id"}
