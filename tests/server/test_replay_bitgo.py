"""What the provider asks BitGo for, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from tests.server._replay_bitgo import RESEND, TOKEN, BitGoWorld, a_world
from theirstack_async.config import RetryPolicy, Timeouts
from theirstack_async.errors import (
    ArgumentError,
    AuthenticationError,
    ClientClosedError,
    ConfigurationError,
    DecodeError,
    NotFoundError,
)
from theirstack_async.hooks import AttemptEnded, HookEvent, WaitStarted
from theirstack_async.replay import BITGO_PRODUCTION, BITGO_TEST, BitGoNotifications, ReplayEvent, Trace
from theirstack_async.testing import FakeBitGo, GarbageJson, Hang, Status

LIST = "GET *notifications"


async def listed(
    world: BitGoWorld, *status: str, start: datetime | None = None, end: datetime | None = None
) -> list[str]:
    return [event.id for event in await events(world, *status, start=start, end=end)]


async def events(
    world: BitGoWorld, *status: str, start: datetime | None = None, end: datetime | None = None
) -> list[ReplayEvent[str]]:
    found = world.provider.list_failed(world.webhook_id, start=start, end=end, status=status or ("FAILED",))
    return [event async for event in found]


def queries(world: BitGoWorld) -> list[dict[str, str]]:
    return [dict(each.query) for each in world.fake.requests if each.method == "GET"]


def seed(world: BitGoWorld, n: int = 1, **how: Any) -> list[str]:
    return world.fake.seed_notifications(world.webhook_id, n, **how)


async def test_every_list_says_what_it_wants() -> None:
    """``start`` and ``end`` default to the last day, and ``limit`` to 25, where they are not sent."""
    async with a_world() as world:
        [old] = seed(world, age=400 * 86_400)
        assert await listed(world) == [old]
        await world.provider.status_of(world.webhook_id, {old: Trace()}, world.now())
        asked = queries(world)
        assert all({"start", "end", "limit", "offset"} <= each.keys() for each in asked)
        assert asked[0] == {
            "start": "2010-01-01T00:00:00.000Z", "end": "2026-09-21T14:13:50.000Z",
            "limit": "1000", "offset": "0", "status": "FAILED",
        }  # fmt: skip


async def test_bounds_are_sent_with_a_margin_and_kept_here() -> None:
    """Whether they are part of the stretch is not documented, and the two clocks may differ."""
    async with a_world() as world:
        ids = seed(world, 4, age=0, spacing=10.0)
        start, end = world.now() - timedelta(seconds=20), world.now()
        assert await listed(world, start=start, end=end) == [ids[2], ids[1]]
        asked = queries(world)[0]
        assert (asked["start"], asked["end"]) == ("2026-09-21T14:12:30.000Z", "2026-09-21T14:13:50.000Z")


async def test_statuses_are_listed_in_the_order_of_a_life() -> None:
    """So that what moves on meanwhile comes twice rather than never."""
    async with a_world() as world:
        for each in ("SENT", "PENDING", "FAILED", "SKIPPED", "PROCESSING"):
            seed(world, status=each)  # type: ignore[arg-type]
        everything = await events(world, "sent", "Failed", "PENDING", "processing", "SKIPPED", "NEW")
        assert [each.word for each in everything] == ["PENDING", "PROCESSING", "FAILED", "SKIPPED", "SENT"]
        asked = [each["status"] for each in queries(world)]
        assert list(dict.fromkeys(asked)) == ["NEW", "new", "PENDING", "PROCESSING", "FAILED", "SKIPPED", "SENT"]


async def test_a_status_that_is_not_asked_for_is_left_out() -> None:
    """Should the API pass the filter over."""
    async with a_world() as world:
        seed(world)
        page = world.fake.notification(seed(world, status="SENT")[0])
        world.fake.faults.add(LIST, Status(200, json.dumps({"notifications": [page]})), times=None)
        assert await listed(world) == []


async def test_delivered_attempts_at_what_failed_follow() -> None:
    """From the first failure on, whatever the end; those of other notifications do not."""
    async with a_world() as world:
        [one, two] = seed(world, 2, payload="same", spacing=3600)
        [other] = seed(world)
        [before] = seed(world, age=20 * 3600, payload="same", status="SENT")
        [after] = seed(world, age=60, payload="same", status="SENT")
        seed(world, age=60, status="SENT")
        found = await events(world, end=world.now() - timedelta(hours=1))
        assert {each.id for each in found[:3]} == {one, two, other}
        [group] = {each.group for each in found[:3] if each.id != other}
        assert [(each.id, each.status, each.group) for each in found[3:]] == [(after, "delivered", group)]
        assert before not in {each.id for each in found}
        assert queries(world)[-1]["status"] == "SENT"


async def test_nothing_more_is_asked_when_nothing_failed() -> None:
    async with a_world() as world:
        seed(world, status="SENT")
        assert await listed(world) == []
        assert [each["status"] for each in queries(world)] == ["FAILED", "failed"]


async def test_a_list_is_read_until_nothing_new_comes() -> None:
    async with a_world() as world:
        [first] = seed(world)
        late: list[str] = []
        world.fake.after_page(lambda: late.extend(seed(world)))
        assert await listed(world) == [first, *late]
        assert len(late) == 1


async def test_a_list_that_cannot_be_read_is_an_error() -> None:
    async with a_world() as world:
        world.fake.faults.add(LIST, GarbageJson(), times=None)
        with pytest.raises(DecodeError, match="expected a list of notifications"):
            await listed(world)
        world.fake.faults.clear()
        world.fake.remove_webhook(world.webhook_id)
        with pytest.raises(NotFoundError):
            await listed(world)


@pytest.mark.parametrize("webhook_id", ["", "..", "a/b", 7])
async def test_a_webhook_id_that_is_none(webhook_id: Any) -> None:
    async with a_world() as world:
        for wanted in (
            anext(world.provider.list_failed(webhook_id, start=None, end=None, status=["FAILED"])),
            world.provider.status_of(webhook_id, {"x": Trace()}, world.now()),
        ):
            with pytest.raises(ArgumentError) as caught:
                await wanted
            assert caught.value.field == "webhook_id"
        assert (await world.provider.resend(webhook_id, world.strangers)).verdict == "refused"
        assert not world.fake.requests


async def test_ids_are_sent_in_lower_case_and_once() -> None:
    async with a_world() as world:
        [one] = seed(world)
        result = await world.provider.resend(world.webhook_id, [one.upper(), one])
        assert result.accepted.keys() == {one}
        assert world.fake.requests[-1].json() == {"webhookNotificationIds": [one]}
        assert world.fake.accepted == {one: 1}


@pytest.mark.parametrize("n", [0, 26])
async def test_none_or_too_many_ids_are_not_sent(n: int) -> None:
    async with a_world() as world:
        result = await world.provider.resend(world.webhook_id, seed(world, n))
        assert (result.verdict, len(world.fake.requests)) == ("refused", 0)
        assert result.reason == f"ids: expected from 1 to 25 ids a call, got {n}"


async def test_each_id_has_an_outcome() -> None:
    async with a_world() as world:
        ids = seed(world, 25)
        world.fake.refuse(ids[3], "too old")
        result = await world.provider.resend(world.webhook_id, ids)
        assert result.rejected == {ids[3]: "too old"}
        assert result.accepted.keys() == {*ids} - {ids[3]}
        assert result.accepted[ids[0]] == world.fake.notification(ids[0])["notificationRequestId"]


async def test_too_many_ids_a_minute_are_throttled() -> None:
    """It is told by a 400, which is no refusal of the ids; the call is made once."""
    async with a_world() as world:
        ids = seed(world, 51)
        for part in (ids[:25], ids[25:50]):
            assert (await world.provider.resend(world.webhook_id, part)).verdict == "answered"
        result = await world.provider.resend(world.webhook_id, ids[50:])
        assert (result.verdict, result.retry_after) == ("throttled", None)
        assert "RETRIGGER_RATE_LIMITED" in result.reason
        await world.fake.clock.advance(60)
        assert (await world.provider.resend(world.webhook_id, ids[50:])).verdict == "answered"
        assert world.fake.requests.total == 4


async def test_too_many_calls_a_minute_are_throttled() -> None:
    """By the one who shares the token. Nothing says when there is room, so 20 seconds are presumed."""
    async with a_world(call_limit=0) as world:
        result = await world.provider.resend(world.webhook_id, seed(world))
        assert (result.verdict, result.retry_after, world.fake.requests.total) == ("throttled", 20.0, 1)


async def test_calls_of_a_minute_are_paced() -> None:
    """The API allows 360 and does not declare it: after 340 the next one waits for its turn."""
    async with a_world() as world:
        clock, told = world.fake.clock, list[HookEvent]()
        async with BitGoNotifications(
            TOKEN, base_url=world.fake.base_url, clock=clock, hooks=[told.append]
        ) as provider:
            for _ in range(340):
                await provider.resend(world.webhook_id, world.strangers[:1])
            assert not any(isinstance(each, WaitStarted) for each in told)
            late = asyncio.ensure_future(provider.resend(world.webhook_id, world.strangers[:1]))
            while not any(isinstance(each, WaitStarted) for each in told):
                await asyncio.sleep(0)
            assert world.fake.requests.total == 340
            await clock.advance(59)
            assert world.fake.requests.total == 340
            while not late.done():
                await clock.advance(1)
                await asyncio.sleep(0)
            await late
            assert world.fake.requests.total == 341


@pytest.mark.parametrize(
    ("spoil", "verdict"),
    [
        (lambda fake, ids: fake.poison(ids[0], 400, "ValidationFailed"), "refused"),
        (lambda fake, ids: fake.poison(ids[0], 400, "USER_CREATION_FAILED"), "closed"),
        (lambda fake, ids: fake.poison(ids[0], 403), "closed"),
        (lambda fake, ids: fake.poison(ids[0], 404), "refused"),
        (lambda fake, ids: fake.poison(ids[0], 409), "unsent"),
        (lambda fake, ids: fake.poison(ids[0], 500), "unknown"),
        (lambda fake, ids: fake.faults.add(RESEND, Status(302)), "unknown"),
        (lambda fake, ids: fake.faults.add(RESEND, Status(503, "<html>")), "unknown"),
        (lambda fake, ids: fake.faults.add(RESEND, GarbageJson(apply=True)), "unknown"),
        (lambda fake, ids: fake.faults.add(RESEND, Hang(apply=True)), "unknown"),
    ],
)  # fmt: skip
async def test_verdicts_on_real_answers(spoil: Callable[[FakeBitGo, list[str]], None], verdict: str) -> None:
    async with a_world() as world:
        ids = seed(world, 2)
        spoil(world.fake, ids)
        timeouts = Timeouts(read=0.2)
        async with BitGoNotifications(TOKEN, base_url=world.fake.base_url, timeouts=timeouts) as provider:
            result = await provider.resend(world.webhook_id, ids)
        assert (result.verdict, result.accepted, bool(result.reason)) == (verdict, {}, True)
        assert sum(each.method == "POST" for each in world.fake.requests) == 1


async def test_a_suspended_webhook_is_unsent() -> None:
    async with a_world() as world:
        world.fake.suspend(world.webhook_id)
        result = await world.provider.resend(world.webhook_id, seed(world))
        assert (result.verdict, world.fake.accepted) == ("unsent", {})


async def test_nobody_there_is_unsent() -> None:
    async with a_world() as world:
        base_url = world.fake.base_url
    async with BitGoNotifications(TOKEN, base_url=base_url) as provider:
        assert (await provider.resend("w", BitGoWorld.strangers)).verdict == "unsent"


async def test_after_a_404_the_list_tells_whose_it_is() -> None:
    """A webhook that is there has a list, which is asked for one row."""
    async with a_world(unknown_ids="sink") as world:
        assert (await world.provider.resend(world.webhook_id, world.strangers)).verdict == "refused"
        assert {**queries(world)[-1], "start": "", "end": ""} == {"start": "", "end": "", "limit": "1", "offset": "0"}
        world.fake.remove_webhook(world.webhook_id)
        gone = await world.provider.resend(world.webhook_id, world.strangers)
        assert gone.verdict == "closed"
        assert "retrigger was answered 404 (NotFound)" in gone.reason


async def test_after_a_404_a_list_that_fails_tells_nothing() -> None:
    async with a_world(unknown_ids="sink") as world:
        world.fake.faults.add(LIST, Status(400), times=None)
        result = await world.provider.resend(world.webhook_id, world.strangers)
        assert result.verdict == "unsent"
        assert "Whether the webhook is there is not clear" in result.reason


async def test_a_wrong_token_ends_it() -> None:
    async with a_world() as world, BitGoNotifications("wrong-token-17", base_url=world.fake.base_url) as provider:
        result = await provider.resend(world.webhook_id, world.strangers)
        assert result.verdict == "over"
        assert "wrong-token-17" not in result.reason
        with pytest.raises(AuthenticationError):
            await anext(provider.list_failed(world.webhook_id, start=None, end=None, status=["FAILED"]))


async def test_a_token_that_is_missing_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BITGO_ACCESS_TOKEN", raising=False)
    monkeypatch.setenv("THEIRSTACK_API_KEY", "the key of another API")
    async with a_world() as world, BitGoNotifications(base_url=world.fake.base_url) as provider:
        result = await provider.resend(world.webhook_id, world.strangers)
        assert result.verdict == "over"
        assert "needs an access token: pass BitGoNotifications(access_token=...) or set BITGO_ACCESS" in result.reason
        assert not world.fake.requests


async def test_where_the_token_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITGO_ACCESS_TOKEN", TOKEN)
    tokens = ["old", TOKEN]
    async with a_world() as world:
        ids = seed(world, 2)
        async with BitGoNotifications(base_url=world.fake.base_url) as provider:
            assert (await provider.resend(world.webhook_id, ids[:1])).verdict == "answered"
        async with BitGoNotifications(lambda: tokens.pop(0), base_url=world.fake.base_url) as provider:
            assert (await provider.resend(world.webhook_id, ids[1:])).verdict == "answered"

        def broken() -> str:
            raise RuntimeError

        async with BitGoNotifications(broken, base_url=world.fake.base_url) as provider:
            reason = (await provider.resend(world.webhook_id, ids)).reason
        assert "access_token() gave no key, it raised RuntimeError" in reason
    with pytest.raises(ConfigurationError, match="access_token: leave out the word Bearer"):
        BitGoNotifications("Bearer x")
    monkeypatch.setenv("BITGO_ACCESS_TOKEN", "a b")
    with pytest.raises(ConfigurationError, match="BITGO_ACCESS_TOKEN: "):
        BitGoNotifications()


async def test_the_operators_path_is_used_when_asked_for() -> None:
    path = "/api/notifications/v1{}/webhooks/{}/notifications/retrigger"
    async with a_world(admin=True) as world, BitGoNotifications(TOKEN, base_url=world.fake.base_url) as plain:
        ids = seed(world, 2)
        assert (await world.provider.resend(world.webhook_id, ids[:1])).verdict == "answered"
        assert (await plain.resend(world.webhook_id, ids[1:])).verdict == "answered"
        paths = [each.path for each in world.fake.requests]
        assert paths == [path.format("/admin", world.webhook_id), path.format("", world.webhook_id)]
        assert repr(world.provider) == f"<BitGoNotifications {world.fake.base_url} admin>"
        assert repr(plain) == f"<BitGoNotifications {world.fake.base_url}>"


async def test_the_test_environment_is_the_default() -> None:
    async with BitGoNotifications("t") as test, BitGoNotifications("t", base_url=BITGO_PRODUCTION) as production:
        assert test.where == BITGO_TEST == "https://app.bitgo-test.com"
        assert production.where == "https://app.bitgo.com"
    with pytest.raises(ConfigurationError, match=r"base_url: expected .* such as https://app\.bitgo-test\.com"):
        BitGoNotifications("t", base_url="app.bitgo.com")


async def test_a_closed_provider_ends_it() -> None:
    async with a_world() as world:
        await world.provider.aclose()
        await world.provider.aclose()
        assert (await world.provider.resend(world.webhook_id, world.strangers)).verdict == "over"
        with pytest.raises(ClientClosedError, match="make a new one"):
            async with world.provider:  # type: ignore[attr-defined]
                raise AssertionError


async def test_a_session_that_is_handed_in_stays_open() -> None:
    seen: list[HookEvent] = []
    async with a_world() as world, aiohttp.ClientSession() as session:
        async with BitGoNotifications(TOKEN, base_url=world.fake.base_url, session=session, hooks=[seen.append]) as it:
            assert (await it.resend(world.webhook_id, seed(world))).verdict == "answered"
        assert not session.closed
        for extra in ({"proxy": "http://p:1"}, {"trust_env": True}):
            with pytest.raises(ArgumentError, match="session: brings its own"):
                BitGoNotifications(TOKEN, session=session, **extra)  # type: ignore[arg-type]
    assert [each.operation for each in seen if isinstance(each, AttemptEnded)] == ["notifications.retrigger"]


async def test_a_listing_is_tried_again() -> None:
    async with a_world() as world:
        [one] = seed(world)
        world.fake.faults.add(LIST, Status(503), times=2)
        async with BitGoNotifications(TOKEN, base_url=world.fake.base_url, retries=RetryPolicy(base=0.0)) as provider:
            found = provider.list_failed(world.webhook_id, start=None, end=None, status=["FAILED"])
            assert [each.id async for each in found] == [one]


async def test_capabilities() -> None:
    async with BitGoNotifications("t") as provider:
        can = provider.capabilities
    assert (can.provider, can.id_type, can.max_ids, can.batch_size, can.outcomes) == ("bitgo", str, 25, 25, "each")
    assert [(each.limit, each.seconds, each.counts, each.per) for each in can.windows] == [
        (45, 60.0, "ids", "webhook"),
        (300, 60.0, "calls", "account"),
    ]
    assert can.statuses == ("FAILED", "PENDING", "PROCESSING", "SENT", "SKIPPED")
    assert (can.status_filter, can.time_filter, can.auto_retry) == (True, True, "skip")
    assert can.stop_when is not None
