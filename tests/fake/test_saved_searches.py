"""Saved searches: made, changed, archived, and followed by webhooks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fake._documents import CheckedApi, checking
from theirstack_async.testing import FakeTheirStack

PATH = "/v0/saved_searches"
BODY = {"posted_at_max_age_days": 7, "job_country_code_or": ["ES"]}


async def make(api: CheckedApi, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = await api.ok("POST", PATH, {"type": "jobs", "body": BODY} | more)
    return made


async def names(api: CheckedApi, query: str = "") -> list[str]:
    return [row["name"] for row in await api.ok("GET", PATH + query)]


async def test_create_get_and_list(checked: CheckedApi) -> None:
    made = await make(checked, name="Jobs in Spain", is_alert_active=True)
    assert (made["name"], made["type"], made["body"], made["is_alert_active"]) == ("Jobs in Spain", "jobs", BODY, True)
    assert made["created_at"] == made["updated_at"] == "2026-09-21T14:13:20Z"
    assert (made["is_archived"], made["has_active_webhooks"], made["frequency"]) == (False, False, None)
    assert made["creator"]["id"] == made["user_id"]
    assert await checked.ok("GET", f"{PATH}/{made['id']}") == made
    assert await checked.ok("GET", PATH) == [made]


async def test_one_without_a_name_is_called_after_its_id(checked: CheckedApi) -> None:
    for more in ({}, {"name": None}):
        made = await make(checked, **more)
        assert made["name"] == f"Search {made['id']}"
        assert made["is_alert_active"] is False


async def test_ids_are_new_also_next_to_seeded_ones_and_those_that_webhooks_name(checked: CheckedApi) -> None:
    checked.fake.seed_search(9001, name="Seeded", kind="companies")
    checked.fake.seed_webhook("http://127.0.0.1:1/", search_id=9002)
    assert [(await make(checked))["id"] for _ in range(2)] == [9003, 9004]
    shown = await checked.ok("GET", f"{PATH}/9001")
    assert (shown["name"], shown["type"], shown["created_at"]) == ("Seeded", "companies", "2026-09-21T14:13:20Z")


async def test_update_keeps_what_is_left_out_and_what_cannot_be_null(checked: CheckedApi) -> None:
    made = await make(checked, name="Old", is_alert_active=True)
    path = f"{PATH}/{made['id']}"
    await checked.fake.clock.advance(60)
    changed = await checked.ok(
        "PATCH", path, {"name": "New", "frequency": "daily", "emails_subscribed": ["a@b.example"]}
    )
    expected = made | {"name": "New", "frequency": "daily", "emails_subscribed": ["a@b.example"]}
    assert changed == expected | {"updated_at": "2026-09-21T14:14:20Z"}
    nulls = {"name": None, "body": None, "type": None, "is_alert_active": None}
    assert await checked.ok("PATCH", path, nulls) == changed
    emptied = await checked.ok("PATCH", path, {"frequency": None, "emails_subscribed": None, "is_alert_active": False})
    assert emptied == changed | {"frequency": None, "emails_subscribed": None, "is_alert_active": False}


async def test_body_and_type_can_be_changed_together(checked: CheckedApi) -> None:
    path = f"{PATH}/{(await make(checked))['id']}"
    changed = await checked.ok("PATCH", path, {"type": "companies", "body": {"min_employee_count": 5}})
    assert (changed["type"], changed["body"]) == ("companies", {"min_employee_count": 5})
    assert await checked.ok("GET", path) == changed


async def test_an_archived_search_leaves_the_list_and_can_still_be_read(checked: CheckedApi) -> None:
    made = await make(checked, name="Gone")
    await make(checked, name="Here")
    for _ in range(2):
        assert await checked.ok("PATCH", f"{PATH}/{made['id']}/archive") == {"message": "archived"}
    assert await names(checked) == ["Here"]
    assert (await checked.ok("GET", f"{PATH}/{made['id']}"))["is_archived"] is True
    assert (await checked("PATCH", f"{PATH}/{made['id']}", {"name": "Back"}))[0] == 400


async def test_archiving_a_search_silences_its_webhooks(checked: CheckedApi) -> None:
    search_id = (await make(checked))["id"]
    webhook_id = checked.fake.seed_webhook("https://hooks.example/", search_id=search_id)
    assert (await checked.ok("GET", f"{PATH}/{search_id}"))["has_active_webhooks"] is True
    assert len(checked.fake.trigger(webhook_id, 2)) == 2
    await checked.ok("PATCH", f"{PATH}/{search_id}/archive")
    assert (await checked.ok("GET", f"{PATH}/{search_id}"))["has_active_webhooks"] is False
    assert len(checked.fake.trigger(webhook_id, 2)) == 0
    assert checked.fake.credits_billed == 2


async def test_a_disabled_webhook_and_one_of_another_search_do_not_count_as_active(checked: CheckedApi) -> None:
    search_id = (await make(checked))["id"]
    checked.fake.seed_webhook("https://hooks.example/", search_id=1)
    webhook_id = checked.fake.seed_webhook("https://hooks.example/", search_id=search_id)
    await checked.ok("PATCH", f"/v0/webhooks/{webhook_id}/status", {"is_active": False})
    assert (await checked.ok("GET", f"{PATH}/{search_id}"))["has_active_webhooks"] is False


async def test_a_made_search_gives_its_name_and_kind_to_a_webhook(checked: CheckedApi) -> None:
    made = await make(checked, name="Mine", type="companies", body={})
    webhook = await checked.ok("POST", "/v0/webhooks", {"url": "https://hooks.example/", "search_id": made["id"]})
    assert (webhook["search_name"], webhook["event_type"]) == ("Mine", "company_new")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["alpha", "Gamma", "Beta"]),
        ("?order_direction=asc", ["Beta", "Gamma", "alpha"]),
        ("?order_by=created_at", ["Gamma", "Beta", "alpha"]),
        ("?order_by=name&order_direction=asc", ["alpha", "Beta", "Gamma"]),
        ("?types=companies", ["Beta"]),
        ("?types=companies&types=jobs", ["alpha", "Gamma", "Beta"]),
        ("?user_ids=1234&user_ids=5", ["alpha", "Gamma", "Beta"]),
        ("?user_ids=5", []),
    ],
)
async def test_list_orders_and_filters(checked: CheckedApi, query: str, expected: list[str]) -> None:
    """Searches that changed in the same second are ordered by id."""
    first = await make(checked, name="alpha")
    await checked.fake.clock.advance(60)
    await make(checked, name="Beta", type="companies", body={})
    await make(checked, name="Gamma")
    await checked.fake.clock.advance(60)
    await checked.ok("PATCH", f"{PATH}/{first['id']}", {})
    assert await names(checked, query) == expected


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", PATH, {"type": "jobs"}),
        ("POST", PATH, {"body": {}}),
        ("POST", PATH, {"type": "people", "body": {}}),
        ("POST", PATH, {"type": "jobs", "body": []}),
        ("POST", PATH, {"type": "jobs", "body": {}, "name": 5}),
        ("POST", PATH, {"type": "jobs", "body": {}, "is_alert_active": None}),
        ("PATCH", f"{PATH}/1", {"frequency": "hourly"}),
        ("PATCH", f"{PATH}/1", {"emails_subscribed": "a@b.example"}),
        ("PATCH", f"{PATH}/1", {"is_alert_active": "true"}),
        ("GET", f"{PATH}/abc", ...),
        ("GET", f"{PATH}?order_by=id", ...),
        ("GET", f"{PATH}?order_direction=up", ...),
        ("GET", f"{PATH}?types=people", ...),
        ("GET", f"{PATH}?user_ids=1&user_ids=me", ...),
    ],
)
async def test_a_bad_request_is_422_with_the_envelope(checked: CheckedApi, method: str, path: str, body: Any) -> None:
    checked.fake.seed_search(1)
    before = await checked.ok("GET", PATH)
    status, answer = await checked(method, path, body)
    assert (status, set(answer)) == (422, {"error", "request_id"})
    assert await checked.ok("GET", PATH) == before


GOOD: dict[str, list[dict[str, Any]]] = {
    "jobs": [
        {"order_by": [{"field": "salary", "desc": False}], "page": 1, "limit": 5},
        {"company_domain_or": ["acme.example"], "include_total_results": True, "blur_company_data": True},
    ],
    "companies": [
        {"job_filters": {"remote": True}, "tech_filters": {"keyword_slug_or": ["kafka"]}, "offset": 5},
        {"expand_technology_slugs": ["kafka"], "order_by": [{"field": "name", "desc": True}]},
        {"something_new": 7},
    ],
}
BAD: dict[str, list[tuple[dict[str, Any], str]]] = {
    "jobs": [
        ({"remote": "yes"}, "remote"),
        ({"min_employee_count": "5"}, "min_employee_count"),
        ({"something_new": 7}, "something_new"),
        ({"job_filters": {}}, "job_filters"),
        ({"order_by": [{"field": "shoe_size", "desc": True}]}, "order_by"),
        ({"limit": 0}, "limit"),
        ({"blur_company_data": 1}, "blur_company_data"),
        ({"include_total_results": None}, "include_total_results"),
    ],
    "companies": [
        ({"min_employee_count": True}, "min_employee_count"),
        ({"job_filters": {"remote": 1}}, "job_filters.remote"),
        ({"job_filters": {"something_new": 1}}, "job_filters.something_new"),
        ({"tech_filters": {"min_jobs": "1"}}, "tech_filters.min_jobs"),
        ({"expand_technology_slugs": "kafka"}, "expand_technology_slugs"),
        ({"order_by": [{"field": "salary", "desc": True}]}, "order_by"),
        ({"page": -1}, "page"),
    ],
}


@pytest.mark.parametrize(("kind", "body"), [(kind, body) for kind, bodies in GOOD.items() for body in bodies])
async def test_a_body_is_kept_as_it_came(checked: CheckedApi, kind: str, body: dict[str, Any]) -> None:
    """None of these for jobs has one of the six filters that a job search needs."""
    assert (await make(checked, type=kind, body=body))["body"] == body


async def test_a_cursor_does_not_come_back(checked: CheckedApi) -> None:
    assert (await make(checked, body=BODY | {"cursor": "x"}))["body"] == BODY
    assert (await checked("POST", PATH, {"type": "jobs", "body": {"cursor": 7}}))[0] == 422


@pytest.mark.parametrize(("kind", "body", "field"), [(kind, *one) for kind, bodies in BAD.items() for one in bodies])
async def test_a_body_is_checked_as_the_search_checks_it(
    checked: CheckedApi, kind: str, body: dict[str, Any], field: str
) -> None:
    checked.fake.seed_search(1, kind="companies" if kind == "jobs" else "jobs")
    before = await checked.ok("GET", PATH)
    for method, path in (("POST", PATH), ("PATCH", f"{PATH}/1")):
        status, answer = await checked(method, path, {"type": kind, "body": body})
        assert (status, answer["error"]["description"].partition(": ")[0]) == (422, f"body.body.{field}")
    assert await checked.ok("GET", PATH) == before


async def test_a_new_body_alone_is_checked_by_the_type_that_the_search_has(checked: CheckedApi) -> None:
    checked.fake.seed_search(1, kind="companies")
    assert (await checked("PATCH", f"{PATH}/1", {"body": {"job_filters": {"remote": True}}}))[0] == 200
    assert (await checked("PATCH", f"{PATH}/1", {"body": {"min_revenue_usd": "1"}}))[0] == 422


async def test_unknown_filters_for_companies_can_be_refused() -> None:
    async with checking(FakeTheirStack(unknown_filters="refuse")) as api:
        for body in ({"something_new": 7}, {"tech_filters": {"something_new": 7}}):
            assert (await api("POST", PATH, {"type": "companies", "body": body}))[0] == 422
        assert (await api("POST", PATH, {"type": "companies", "body": GOOD["companies"][0]}))[0] == 200


async def test_an_expression_that_is_none_is_400(checked: CheckedApi) -> None:
    body = {"job_title_pattern_or": ["(?=x)"]}
    assert (await checked("POST", PATH, {"type": "jobs", "body": body}))[0] == 400


async def test_an_unknown_search_is_404(checked: CheckedApi) -> None:
    for method, path in (("GET", "77"), ("PATCH", "77"), ("PATCH", "77/archive")):
        assert (await checked(method, f"{PATH}/{path}", {}))[0] == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_alert_is_ended_without_a_key(method: str) -> None:
    async with checking(FakeTheirStack(), key=False) as api:
        bearer = {"Authorization": f"Bearer {api.fake.api_key}"}
        body = {"type": "jobs", "body": {}, "is_alert_active": True}
        ids = [(await api("POST", PATH, body, headers=bearer))[1]["id"] for _ in range(2)]
        form = {"List-Unsubscribe": "One-Click"} if method == "POST" else None
        path = f"{PATH}/alerts/unsubscribe?token="
        assert await api(method, f"{path}{ids[0]}", data=form) == (200, {"ok": True})
        assert await api(method, f"{path}nobody", data=form) == (200, {"ok": True})
        assert (await api(method, path))[0] == 422
        _, shown = await api("GET", PATH, headers=bearer)
        assert {row["id"]: row["is_alert_active"] for row in shown} == {ids[0]: False, ids[1]: True}
        unsubscribed = [record for record in api.fake.requests if "unsubscribe" in record.path]
        assert [record.needs_key for record in unsubscribed] == [False] * 3


async def test_a_one_click_that_is_no_form_is_refused(checked: CheckedApi) -> None:
    assert (await checked("POST", f"{PATH}/alerts/unsubscribe?token=x", {}))[0] == 422
