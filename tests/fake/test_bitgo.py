"""The fake BitGo does what its pages say, and what it is told to where they are silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from theirstack_async.testing import FakeBitGo, Hang, ResetBeforeBody, ResetBeforeRead, SystemClock, VirtualClock

TOKEN = "fake-bitgo-token"
V1 = "/api/notifications/v1"
BAD_BODIES = ["", "[]", "{}", "null", '{"webhookNotificationIds": 7}', '{"webhookNotificationIds": [7]}']
ALL = {"limit": "1000", "offset": "0", "start": "2020-01-01", "end": "2030-01-01T00:00:00Z"}


class Caller:
    """Calls the fake as any HTTP client does."""

    def __init__(self, fake: FakeBitGo, session: aiohttp.ClientSession) -> None:
        self.fake = fake
        self.session = session
        self.webhook = fake.seed_webhook()

    def seed(self, n: int = 1, **how: Any) -> list[str]:
        return self.fake.seed_notifications(self.webhook, n, **how)

    async def call(self, method: str, path: str, token: str = TOKEN, **how: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.request(method, self.fake.base_url + V1 + path, headers=headers, **how) as response:
            return response.status, await response.json()

    async def list(self, **query: str) -> tuple[int, Any]:
        return await self.call("GET", f"/webhooks/{self.webhook}/notifications", params={**ALL, **query})

    async def ids(self, **query: str) -> list[str]:
        status, body = await self.list(**query)
        assert status == 200
        return [each["id"] for each in body["notifications"]]

    async def resend(self, *ids: str, admin: str = "") -> tuple[int, Any]:
        path = f"{admin}/webhooks/{self.webhook}/notifications/retrigger"
        return await self.call("POST", path, json={"webhookNotificationIds": ids})

    async def statuses(self) -> list[str]:
        await self.fake.settled()
        _, body = await self.list()
        return [each["status"] for each in body["notifications"]]


@asynccontextmanager
async def calling(**how: Any) -> AsyncIterator[Caller]:
    async with FakeBitGo(**how) as fake, aiohttp.ClientSession() as session:
        yield Caller(fake, session)


def refusal(status: int, name: str, error: str) -> tuple[int, Any]:
    return status, {"name": name, "error": error, "status": status}


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


async def test_a_receiver_that_recovers_for_a_while() -> None:
    async with calling() as api:
        ids = api.seed(4)
        api.fake.receive(api.webhook, takes=True, times=2)
        for each in ids:
            await api.resend(each)
            await api.fake.settled()
        assert await api.statuses() == ["FAILED", "FAILED", "SENT", "SENT"]
        assert api.fake.delivered == {ids[0]: 1, ids[1]: 1}
        assert api.fake.notification(ids[3])["response"] == {"statusCode": 503, "body": "down"}
        api.fake.receive(api.webhook, takes=True)
        await api.resend(*ids[2:])
        assert await api.statuses() == ["SENT"] * 4


async def test_too_many_failures_within_a_week_suspend() -> None:
    async with calling(suspends_after=3) as api:
        ids = api.seed(2)
        api.fake.receive(api.webhook, takes=False)
        await api.resend(*ids)
        await api.fake.settled()
        await api.fake.clock.advance(7 * 86_400)
        await api.resend(*ids)
        await api.fake.settled()
        assert (await api.resend(ids[0]))[0] == 200
        await api.fake.settled()
        assert (await api.resend(ids[0]))[0] == 409
    async with calling(suspends_after=None, id_limit=None) as api:
        ids = api.seed(25)
        api.fake.receive(api.webhook, takes=False)
        for _ in range(5):
            assert (await api.resend(*ids))[0] == 200
            await api.fake.settled()


async def test_a_delivery_takes_its_time() -> None:
    async with calling(delay=30.0) as api:
        [one] = api.seed()
        await api.resend(one)
        assert api.fake.notification(one)["status"] == "PENDING"
        await api.fake.clock.advance(29)
        assert api.fake.notification(one)["status"] == "PENDING"
        await api.fake.clock.advance(1)
        await api.fake.settled()
        assert api.fake.notification(one)["status"] == "SENT"


async def test_deliveries_are_real_on_this_machine() -> None:
    """Only a 200 counts as delivered, and nobody else is sent anything."""
    got: list[str] = []

    async def receive(request: web.BaseRequest) -> web.Response:
        got.append(await request.text())
        return web.Response(status=200 if len(got) == 1 else 201, text="thanks")

    runner = web.ServerRunner(web.Server(receive))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with calling() as api:
            api.webhook = api.fake.seed_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
            one, two = api.seed(2)
            for each in (one, two):
                await api.resend(each)
                await api.fake.settled()
            assert await api.statuses() == ["FAILED", "SENT"]
            assert got == [api.fake.notification(each)["payload"] for each in (one, two)]
            assert api.fake.notification(one)["response"] == {"statusCode": 200, "body": "thanks"}
            api.webhook = api.fake.seed_webhook("https://example.com/hook")
            [far] = api.seed()
            await api.resend(far)
            assert await api.statuses() == ["FAILED"]
            assert "not sent" in api.fake.notification(far)["response"]["body"]
    finally:
        await runner.cleanup()


async def test_rows_appear_and_vanish_between_pages() -> None:
    async with calling() as api:
        one, two, three = api.seed(3)
        new: list[str] = []
        api.fake.after_page(lambda: api.fake.remove_notifications([three]))
        api.fake.after_page(lambda: new.extend(api.seed(age=0)))
        assert await api.ids(limit="1") == [three]
        assert await api.ids(limit="1") == [two]
        assert await api.ids() == [*new, two, one]
        api.fake.settle_as([two], "SKIPPED")
        assert api.fake.notification(two)["status"] == "SKIPPED"
        assert await api.statuses() == ["FAILED", "SKIPPED", "FAILED"]
        with pytest.raises(KeyError):
            api.fake.notification(three)


async def test_accepted_and_not_answered() -> None:
    async with calling() as api:
        one, two, three = api.seed(3)
        api.fake.faults.add("POST *retrigger", ResetBeforeBody(apply=True))
        api.fake.faults.add("POST *retrigger", ResetBeforeRead())
        with pytest.raises(aiohttp.ClientError):
            await api.resend(two)  # reset before it was read, as that fault comes first
        with pytest.raises(aiohttp.ClientError):
            await api.resend(one)
        api.fake.faults.add("POST *retrigger", Hang(apply=True))
        hanging = asyncio.ensure_future(api.resend(three))
        while api.fake.accepted[three] == 0:
            await asyncio.sleep(0)
        hanging.cancel()
        await asyncio.wait([hanging])
        assert api.fake.accepted == {one: 1, three: 1}


async def test_leaving_ends_what_hangs_and_what_is_on_its_way() -> None:
    async with aiohttp.ClientSession() as session:
        async with FakeBitGo(delay=1e9) as fake:
            api = Caller(fake, session)
            await api.resend(*api.seed())
            fake.faults.add("GET *", Hang())
            hanging = asyncio.ensure_future(api.list())
            while fake.requests.in_flight == 0:
                await asyncio.sleep(0)
        with pytest.raises(aiohttp.ClientError):
            await hanging
        await fake.settled()
    assert not fake.delivered


async def test_it_serves_once_and_only_within_async_with() -> None:
    fake = FakeBitGo()
    with pytest.raises(RuntimeError, match="serves only within"):
        _ = fake.base_url
    assert repr(fake) == "FakeBitGo(not serving)"
    async with fake:
        assert repr(fake) == f"FakeBitGo({fake.base_url})"
        assert isinstance(fake.clock, VirtualClock)
    assert repr(fake) == "FakeBitGo(not serving)"
    with pytest.raises(RuntimeError, match="serves once"):
        async with fake:
            raise AssertionError


async def test_on_a_clock_that_moves_by_itself() -> None:
    async with calling(clock=SystemClock()) as api:
        [one] = api.seed()
        await api.resend(one)
        await api.fake.settled()
        assert api.fake.notification(one)["status"] == "SENT"
        with pytest.raises(TypeError, match="cannot be advanced"):
            _ = api.fake.clock
