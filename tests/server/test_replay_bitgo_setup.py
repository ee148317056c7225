"""How the provider of BitGo is made, and closed."""

from __future__ import annotations

import aiohttp
import pytest

from tests.server._replay_bitgo import LIST, TOKEN, a_world, seed
from theirstack_async.config import RetryPolicy
from theirstack_async.errors import (
    ArgumentError,
    AuthenticationError,
    ClientClosedError,
    ConfigurationError,
)
from theirstack_async.hooks import AttemptEnded, HookEvent
from theirstack_async.replay import BITGO_PRODUCTION, BITGO_TEST, BitGoNotifications
from theirstack_async.testing import Status


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
