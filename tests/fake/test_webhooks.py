"""Making, changing, switching, archiving and testing webhooks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fake._receiver import Api, Receiver, calling
from theirstack_async.testing import FakeTheirStack, sign

URL = "https://hooks.example/in"
SECRET = "a-secret-of-some-length"


async def test_create_get_and_list(api: Api) -> None:
    body = {"url": URL, "search_id": 7, "description": "new", "listening_start_time": "2026-09-01T02:00:00+02:00"}
    made = await api.ok("POST", "/v0/webhooks", body | {"secret": SECRET, "active_event_types": ["job_closed"]})
    assert made["listening_start_time"] == "2026-09-01T00:00:00Z"
    assert (made["url"], made["search_id"], made["description"]) == (URL, 7, "new")
    assert (made["has_secret"], made["is_active"], made["is_archived"]) == (True, True, False)
    assert (made["event_type"], made["active_event_types"]) == ("job_new", ["job_closed"])
    assert SECRET not in json.dumps(made)
    assert await api.ok("GET", f"/v0/webhooks/{made['id']}") == made
    assert await api.ok("GET", "/v0/webhooks") == [made]


async def test_the_search_gives_the_name_and_the_event_type(api: Api) -> None:
    api.fake.seed_search(9, name="Fintechs", kind="companies")
    made = await api.ok("POST", "/v0/webhooks", {"url": URL, "search_id": 9})
    assert (made["search_name"], made["event_type"], made["has_secret"]) == ("Fintechs", "company_new", False)


@pytest.mark.parametrize(
    ("start", "matches"),
    [(None, 5), ("2026-09-21T11:00:00Z", 3), ("2020-01-01", 5), ("2027-01-01T00:00:00Z", 0)],
)
async def test_listening_from_the_past_dispatches_and_bills_past_matches(
    api: Api, start: str | None, matches: int
) -> None:
    api.fake.seed_search(3, past_matches=5)
    body = {"url": URL, "search_id": 3, "listening_start_time": start}
    made = await api.ok("POST", "/v0/webhooks", body)
    assert await api.ok("GET", f"/v0/webhooks/{made['id']}/events/count") == matches
    assert api.fake.credits_billed == matches


async def test_update_keeps_what_is_left_out_and_null_removes_the_secret(api: Api) -> None:
    body = {"url": URL, "search_id": 7, "description": "old", "secret": SECRET}
    path = f"/v0/webhooks/{(await api.ok('POST', '/v0/webhooks', body))['id']}"
    changed = await api.ok("PATCH", path, {"url": URL + "/2", "search_id": 8})
    assert (changed["url"], changed["search_id"], changed["description"]) == (URL + "/2", 8, "old")
    assert changed["has_secret"]
    changed = await api.ok("PATCH", path, {"url": URL, "search_id": 8, "description": None, "secret": None})
    assert (changed["description"], changed["has_secret"]) == (None, False)


async def test_update_can_reset_what_is_left_out_but_never_the_secret() -> None:
    async with calling(FakeTheirStack(left_out="default")) as api:
        body = {"url": URL, "search_id": 7, "description": "old", "secret": SECRET, "trigger_once_per_company": True}
        path = f"/v0/webhooks/{(await api.ok('POST', '/v0/webhooks', body))['id']}"
        changed = await api.ok("PATCH", path, {"url": URL, "search_id": 7})
    assert (changed["description"], changed["trigger_once_per_company"]) == (None, False)
    assert changed["has_secret"]


async def test_update_requires_url_and_search_id(api: Api) -> None:
    webhook_id = api.fake.seed_webhook(URL)
    status, answer = await api("PATCH", f"/v0/webhooks/{webhook_id}", {"description": "only"})
    assert status == 422
    assert answer["error"]["description"] == "body.url: Field required; body.search_id: Field required"


async def test_matches_wait_while_disabled_and_are_delivered_when_enabled(api: Api, receiver: Receiver) -> None:
    webhook_id = api.fake.seed_webhook(receiver.url)
    path = f"/v0/webhooks/{webhook_id}/status"
    assert not (await api.ok("PATCH", path, {"is_active": False}))["is_active"]
    assert list(api.fake.trigger(webhook_id, 2)) == []
    await api.fake.settled()
    assert receiver.bodies == []
    assert (await api.ok("PATCH", path, {"is_active": True}))["is_active"]
    await api.fake.settled()
    assert len(receiver.bodies) == api.fake.credits_billed == 2
    await api.ok("PATCH", path, {"is_active": True})
    assert api.fake.credits_billed == 2


async def test_an_archived_webhook_leaves_the_list_and_keeps_its_events(api: Api) -> None:
    webhook_id = api.fake.seed_webhook(URL)
    (event_id,) = api.fake.seed_events(webhook_id, 1)
    path = f"/v0/webhooks/{webhook_id}"
    for _ in range(2):
        archived = await api.ok("PATCH", f"{path}/archive")
        assert (archived["is_archived"], archived["is_active"]) == (True, False)
    assert await api.ok("GET", "/v0/webhooks") == []
    assert (await api.ok("GET", path))["is_archived"]
    assert [row["id"] for row in await api.ok("GET", f"{path}/events")] == [event_id]
    assert list(api.fake.trigger(webhook_id, 2)) == []
    assert (await api("PATCH", path, {"url": URL, "search_id": 1}))[0] == 400
    assert (await api("PATCH", f"{path}/status", {"is_active": True}))[0] == 400
    assert (await api.retry(event_id))[0] == 400


async def test_the_next_webhook_never_takes_an_id_of_an_archived_one(api: Api) -> None:
    first = api.fake.seed_webhook(URL)
    await api.ok("PATCH", f"/v0/webhooks/{first}/archive")
    assert (await api.ok("POST", "/v0/webhooks", {"url": URL, "search_id": 1}))["id"] == first + 1


@pytest.mark.parametrize(
    ("search_type", "names"),
    [
        ("", ["job_new", "job_closed", "company_new"]),
        ("?search_type=jobs", ["job_new", "job_closed"]),
        ("?search_type=companies", ["company_new"]),
    ],
)
async def test_event_types(api: Api, search_type: str, names: list[str]) -> None:
    rows = await api.ok("GET", f"/v0/webhooks/event-types{search_type}")
    assert [row["event_type"] for row in rows] == names


async def test_a_test_event_is_signed_sent_and_not_stored(api: Api, receiver: Receiver) -> None:
    body = {"url": receiver.url, "event_type": "company_new", "secret": SECRET}
    answer = await api.ok("POST", "/v0/webhooks/test", body)
    assert answer == {"status": 200, "message": "said 200", "signature": sign(receiver.bodies[0], SECRET)}
    assert receiver.signatures == [answer["signature"]]
    sent = json.loads(receiver.bodies[0])
    assert (sent["id"], sent["type"]) == (0, "company.new")
    assert api.fake.credits_billed == 0


@pytest.mark.parametrize(
    ("more", "delivery_type", "signed"),
    [({}, "job.new", False), ({"event_type": "job_closed", "secret": SECRET}, "job.closed", True)],
)
async def test_a_stored_webhook_can_be_tested(
    api: Api, receiver: Receiver, more: dict[str, Any], delivery_type: str, signed: bool
) -> None:
    webhook_id = api.fake.seed_webhook(receiver.url)
    receiver.status = 500
    answer = await api.ok("POST", "/v0/webhooks/test", {"webhook_id": webhook_id} | more)
    assert (answer["status"], answer["signature"] is not None) == (500, signed)
    assert json.loads(receiver.bodies[0])["type"] == delivery_type


async def test_url_and_secret_of_a_stored_webhook_can_be_overridden_for_a_test(api: Api, receiver: Receiver) -> None:
    signed = {"webhook_id": api.fake.seed_webhook(receiver.url, secret=SECRET)}
    elsewhere = {"webhook_id": api.fake.seed_webhook("http://127.0.0.1:1/"), "url": receiver.url}
    for body in (signed, signed | {"secret": SECRET * 2}, elsewhere):
        assert (await api.ok("POST", "/v0/webhooks/test", body))["status"] == 200
    (sample,) = set(receiver.bodies)
    assert receiver.signatures == [sign(sample, SECRET), sign(sample, SECRET * 2), None]


async def test_every_change_is_dated(api: Api) -> None:
    path = f"/v0/webhooks/{api.fake.seed_webhook(URL)}"
    changes = [("", {"url": URL, "search_id": 1}), ("/status", {"is_active": True}), ("/archive", ...)]
    for minute, (end, body) in enumerate(changes, start=14):
        shown = await api.ok("PATCH", path + end, body)
        assert (shown["created_at"], shown["updated_at"]) == ("2026-09-21T14:13:20Z", f"2026-09-21T14:{minute - 1}:20Z")
        await api.fake.clock.advance(60)


async def test_a_test_to_another_machine_is_not_sent(api: Api) -> None:
    answer = await api.ok("POST", "/v0/webhooks/test", {"url": URL, "event_type": "job_new"})
    assert answer["status"] == 0
    assert answer["message"].startswith("not sent")


@pytest.mark.parametrize("body", [{}, {"url": URL}, {"event_type": "job_new"}, {"url": 3}])
async def test_a_test_needs_a_webhook_or_url_and_event_type(api: Api, body: dict[str, Any]) -> None:
    assert (await api("POST", "/v0/webhooks/test", body))[0] == 422


async def test_an_unknown_webhook_is_404_and_a_bad_id_422(api: Api) -> None:
    for method, path in [
        ("GET", ""),
        ("PATCH", ""),
        ("PATCH", "/status"),
        ("PATCH", "/archive"),
        ("GET", "/events"),
        ("GET", "/events/count"),
    ]:
        assert (await api(method, f"/v0/webhooks/99{path}"))[0] == 404
        assert (await api(method, f"/v0/webhooks/abc{path}"))[0] == 422
    assert (await api("POST", "/v0/webhooks/test", {"webhook_id": 99}))[0] == 404
