"""What the provider has BitGo send again, and what it makes of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.server._replay_bitgo import LIST, RESEND, TOKEN, BitGoWorld, a_world, queries, seed
from theirstack_async.config import Timeouts
from theirstack_async.errors import (
    ArgumentError,
)
from theirstack_async.hooks import HookEvent, WaitStarted
from theirstack_async.replay import BitGoNotifications, Trace
from theirstack_async.testing import FakeBitGo, GarbageJson, Hang, Status


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


async def test_what_is_not_clear_is_told_by_its_first_error() -> None:
    async with a_world() as world:
        world.fake.faults.add(RESEND, Status(502))
        result = await world.provider.resend(world.webhook_id, seed(world))
    assert result.reason.startswith(f"POST /api/notifications/v1/webhooks/{world.webhook_id}/")
    assert " was answered 502" in result.reason


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
