"""The fake BitGo does what its pages say, and what it is told to where they are silent."""

from __future__ import annotations

import pytest

from tests.fake._bitgo import ALL, calling, refusal

BAD_BODIES = ["", "[]", "{}", "null", '{"webhookNotificationIds": 7}', '{"webhookNotificationIds": [7]}']


async def test_a_notification_as_it_is_listed() -> None:
    async with calling() as api:
        [id_] = api.seed(age=0.0005, retries=3, type="block", payload="{}")
        _, body = await api.list()
        [row] = body["notifications"]
        assert row == api.fake.notification(id_)
        assert row == {
            "id": id_, "notificationRequestId": row["notificationRequestId"], "url": "http://receiver.invalid/hook",
            "payload": "{}", "type": "block", "status": "FAILED", "retries": 3,
            "createdAt": "2026-09-21T14:13:19.999Z", "updatedAt": "2026-09-21T14:13:19.999Z",
            "response": {"statusCode": 503, "body": "down"},
        }  # fmt: skip


async def test_what_was_delivered_has_no_response_of_a_failure() -> None:
    async with calling() as api:
        assert "response" not in api.fake.notification(api.seed(status="SENT")[0])


async def test_ids_are_the_same_in_each_run_and_never_twice() -> None:
    async with calling() as one, calling() as two:
        assert one.seed(3) == two.seed(3)
        assert len({*one.seed(3), *one.seed(3), *one.fake.seed_notifications(one.fake.seed_webhook(), 3)}) == 9


async def test_the_last_day_is_the_default() -> None:
    async with calling() as api:
        api.seed(age=86_401)
        [recent] = api.seed(age=86_399)
        path, query = f"/webhooks/{api.webhook}/notifications", {"limit": "9", "offset": "0"}
        _, body = await api.call("GET", path, params=query)
        assert [each["id"] for each in body["notifications"]] == [recent]
        api.seed(age=-60)
        _, body = await api.call("GET", path, params=query)
        assert [each["id"] for each in body["notifications"]] == [recent]


async def test_filters_and_pages() -> None:
    async with calling() as api:
        ids = api.seed(5)[::-1]
        assert await api.ids() == ids
        assert await api.ids(limit="2", offset="3") == ids[3:]
        assert await api.ids(status="SENT") == await api.ids(status="failed") == []
        assert await api.ids(webhookNotificationId=ids[2]) == [ids[2]]
        handle = api.fake.notification(ids[1])["notificationRequestId"]
        assert await api.ids(notificationRequestId=handle) == [ids[1]]
        created = api.fake.notification(ids[1])["createdAt"]
        assert await api.ids(start=created, end=created) == [ids[1]]
    async with calling(order="oldest", lower_case=True) as api:
        ids = api.seed(5)
        assert await api.ids() == await api.ids(status="failed") == ids
        assert await api.ids(status="FAILED") == []
        assert (await api.statuses())[0] == "failed"


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"limit": ""}, "limit: expected a number from 1 to 1000"),
        ({"limit": "0"}, "limit: expected a number from 1 to 1000"),
        ({"limit": "1001"}, "limit: expected a number from 1 to 1000"),
        ({"offset": "-1"}, "offset: expected a number from 0"),
        ({"start": "yesterday"}, "start: expected an instant or a date"),
        ({"start": "2031-01-01"}, "start is after end"),
    ],
)
async def test_a_list_that_is_refused(query: dict[str, str], error: str) -> None:
    async with calling() as api:
        assert await api.list(**query) == refusal(400, "ValidationFailed", error)


async def test_limit_and_offset_are_required() -> None:
    async with calling() as api:
        for name in ("limit", "offset"):
            query = {key: value for key, value in ALL.items() if key != name}
            status, _ = await api.call("GET", f"/webhooks/{api.webhook}/notifications", params=query)
            assert status == 400


async def test_a_resend_changes_the_row() -> None:
    async with calling() as api:
        one, two = api.seed(2)
        before = api.fake.notification(one)
        status, body = await api.resend(one, two)
        assert status == 200
        assert {key: value for key, value in body.items() if key.startswith("total")} == {
            "totalRequested": 2, "totalSuccess": 2, "totalFailed": 0,
        }  # fmt: skip
        assert body["failedNotifications"] == []
        await api.fake.settled()
        after = api.fake.notification(one)
        assert body["successfulNotifications"][0] == {
            "webhookNotificationId": one, "retriggeredNotificationRequestId": after["notificationRequestId"],
        }  # fmt: skip
        assert (after["status"], after["createdAt"]) == ("SENT", before["createdAt"])
        assert after["updatedAt"] > before["updatedAt"] and after["response"]["statusCode"] == 200
        assert api.fake.accepted == api.fake.delivered == {one: 1, two: 1}


async def test_a_resend_adds_a_row() -> None:
    async with calling(adds_rows=True) as api:
        [one] = api.seed(payload="same")
        before = api.fake.notification(one)
        _, body = await api.resend(one)
        await api.fake.settled()
        new, old = await api.ids()
        added = api.fake.notification(new)
        assert (old, api.fake.notification(one)) == (one, before)
        assert (added["payload"], added["status"]) == ("same", "SENT")
        assert added["notificationRequestId"] == body["successfulNotifications"][0]["retriggeredNotificationRequestId"]
        assert (api.fake.accepted, api.fake.delivered) == ({one: 1}, {one: 1})
        await api.resend(new)
        await api.fake.settled()
        assert (api.fake.accepted, api.fake.delivered) == ({one: 1, new: 1}, {one: 2})


async def test_an_id_that_comes_twice_is_delivered_twice() -> None:
    async with calling() as api:
        [one] = api.seed()
        await api.resend(one, one)
        await api.fake.settled()
        assert (api.fake.accepted[one], api.fake.delivered[one]) == (2, 2)


async def test_refused_ids() -> None:
    """Those of another webhook are unknown here."""
    async with calling() as api:
        one, two = api.seed(2)
        api.fake.refuse(one, "too old")
        [foreign] = api.fake.seed_notifications(api.fake.seed_webhook(), 1)
        _, body = await api.resend(one, two, foreign)
        assert (body["totalRequested"], body["totalSuccess"], body["totalFailed"]) == (3, 1, 2)
        assert body["failedNotifications"] == [
            {"webhookNotificationId": one, "error": "too old"},
            {"webhookNotificationId": foreign, "error": "not found for this webhook"},
        ]
        assert api.fake.accepted == {two: 1}


async def test_ids_that_sink_their_call() -> None:
    async with calling(unknown_ids="sink") as api:
        one, two, three = api.seed(3)
        api.fake.poison(one)
        api.fake.poison(two, 500, "DatabaseError")
        assert await api.resend(three, one) == refusal(400, "ValidationFailed", "one of the ids is refused")
        assert await api.resend(two, three) == refusal(500, "DatabaseError", "one of the ids is refused")
        assert await api.resend(three, "x") == refusal(404, "NotFound", "one of the ids is not there")
        assert not api.fake.accepted
        assert (await api.resend(three))[0] == 200


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", "null", '{"webhookNotificationIds": 7}', '{"webhookNotificationIds": [7]}']
)
async def test_a_body_that_is_refused(body: str) -> None:
    async with calling() as api:
        answer = await api.call("POST", f"/webhooks/{api.webhook}/notifications/retrigger", data=body)
        assert answer == refusal(400, "ValidationFailed", "webhookNotificationIds: expected a list of ids")


@pytest.mark.parametrize("n", [0, 26])
async def test_from_1_to_25_ids(n: int) -> None:
    async with calling() as api:
        wanted = refusal(400, "ValidationFailed", "webhookNotificationIds: expected from 1 to 25 ids")
        assert await api.resend(*api.seed(n)) == wanted


async def test_50_ids_a_minute_and_webhook() -> None:
    """A call that is too many counts nothing; one that is refused for its ids counts."""
    async with calling() as api:
        ids = api.seed(51)
        api.fake.poison(ids[0])
        assert (await api.resend(*ids[:25]))[0] == 400
        await api.fake.clock.advance(30)
        assert (await api.resend(*ids[25:49]))[0] == 200
        limited = refusal(400, "RETRIGGER_RATE_LIMITED", "too many retriggers of this webhook")
        assert await api.resend(*ids[49:]) == limited
        assert (await api.resend(ids[49]))[0] == 200
        await api.fake.clock.advance(30)
        assert (await api.resend(*ids[25:50]))[0] == 200
        assert await api.resend(ids[50]) == limited
        api.webhook = api.fake.seed_webhook()
        assert (await api.resend(*api.seed(25)))[0] == 200


async def test_360_calls_a_minute() -> None:
    """In the shape of the platform's errors. None of its numbers is in a header."""
    async with calling(call_limit=2, id_limit=None) as api:
        ids = api.seed(25)
        assert [(await api.resend(*ids))[0] for _ in range(3)] == [200, 200, 429]
        status, body = await api.list()
        assert (status, body["error"], body["name"]) == (429, "too many requests", "TooManyRequests")
        assert body.keys() == {"error", "name", "requestId"}
        await api.fake.clock.advance(60)
        assert (await api.resend(*ids))[0] == 200


async def test_throttled_on_cue() -> None:
    async with calling() as api:
        [one] = api.seed()
        api.fake.throttle(2)
        limited = refusal(400, "RETRIGGER_RATE_LIMITED", "too many retriggers of this webhook")
        assert [await api.resend(one), await api.resend(one)] == [limited, limited]
        assert (await api.resend(one))[0] == 200
        assert api.fake.accepted == {one: 1}


async def test_a_wrong_token() -> None:
    async with calling(access_token="other") as api:
        status, body = await api.list()
        assert (status, body["name"], api.fake.access_token) == (401, "Unauthorized", "other")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/webhooks/nobody/notifications"),
        ("POST", "/webhooks/nobody/notifications/retrigger"),
        ("POST", "/webhooks/{}/notifications"),
        ("GET", "/webhooks/{}/notifications/retrigger"),
        ("POST", "/admin/webhooks/{}/notifications/retrigger"),
        ("GET", "/admin/webhooks/{}/notifications"),
        ("GET", "/elsewhere"),
    ],
)
async def test_what_is_not_there(method: str, path: str) -> None:
    async with calling() as api:
        answer = await api.call(method, path.format(api.webhook), params=ALL)
        assert answer == refusal(404, "NotFound", "no such webhook")


async def test_the_operators_path_when_it_is_there() -> None:
    async with calling(admin=True) as api:
        [one] = api.seed()
        assert (await api.resend(one, admin="/admin"))[0] == 200
        assert (await api.call("GET", f"/admin/webhooks/{api.webhook}/notifications", params=ALL))[0] == 404


async def test_a_webhook_that_is_suspended_or_removed() -> None:
    async with calling() as api:
        [one] = api.seed()
        api.fake.suspend(api.webhook)
        assert await api.resend(one) == refusal(409, "Conflict", "this webhook is suspended")
        assert await api.ids() == [one]
        api.fake.remove_webhook(api.webhook)
        assert (await api.list())[0] == 404
