"""What is particular to the store in Redis, with a stub in the server's place; ``tests/quota`` has a real one."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from typing import Any
from unittest import mock

import pytest
from redis.asyncio import Redis

from tests.unit.quota._changes import count, look, tell_time
from tests.unit.quota._stub_redis import StubRedis, gone
from theirstack_async import ArgumentError, ConfigurationError, QuotaError
from theirstack_async.quota import RedisQuota


@pytest.fixture
def client() -> StubRedis:
    return StubRedis()


def on(client: Any, **options: Any) -> RedisQuota:
    return RedisQuota(client, **options)


@pytest.mark.parametrize("decode", [False, True])
async def test_a_client_may_decode_or_not(decode: bool) -> None:
    store = on(StubRedis(decode=decode))
    assert [await store.update("key", count), await store.update("key", count)] == [1, 2]


async def test_the_keys_have_a_prefix(client: StubRedis) -> None:
    await on(client).update("one", count)
    await on(client, prefix="mine/").update("two", count)
    assert [*client.hashes] == ["theirstack:one", "mine/two"]


async def test_its_time_is_the_servers_in_seconds(client: StubRedis) -> None:
    assert await on(client).update("key", tell_time) == pytest.approx(1_795_250_000.0)


async def test_who_only_looks_writes_nothing(client: StubRedis) -> None:
    store = on(client)
    await store.update("key", count)
    client.commands.clear()
    assert await store.update("key", look) == {"n": 1}
    assert client.commands == ["read"]


async def test_who_was_too_late_begins_anew(client: StubRedis) -> None:
    stores = [on(client) for _ in range(8)]
    pause = mock.AsyncMock()
    with mock.patch("theirstack_async.quota._redis._pause", pause):
        results = await asyncio.gather(*(store.update("key", count) for store in stores))
    assert sorted(results) == [*range(1, 9)]
    assert sorted({call.args[0] for call in pause.await_args_list}) == [*range(7)]


@pytest.mark.parametrize(("attempt", "longest"), [(0, 0.001), (3, 0.008), (6, 0.05), (5000, 0.05)])
async def test_the_pause_grows_with_jitter_up_to_a_bound(attempt: int, longest: float) -> None:
    from theirstack_async.quota._redis import _pause

    with (
        mock.patch("random.uniform", side_effect=lambda low, high: (low, high)),
        mock.patch("asyncio.sleep", mock.AsyncMock()) as sleep,
    ):
        await _pause(attempt)
    assert sleep.await_args == mock.call((0.0, longest))


async def test_tasks_of_one_store_wait_for_each_other_and_not_at_the_server(client: StubRedis) -> None:
    store = on(client)
    assert await asyncio.gather(*(store.update("key", count) for _ in range(50))) == [*range(1, 51)]
    assert client.commands == ["read", "write"] * 50


async def test_keys_do_not_wait_for_each_other(client: StubRedis) -> None:
    store = on(client)
    await asyncio.gather(*(store.update(key, count) for key in "abc"))
    assert client.commands == ["read"] * 3 + ["write"] * 3


async def test_a_connection_that_ended_long_ago_is_no_trouble(client: StubRedis) -> None:
    client.failures = [gone()]
    assert await on(client).update("key", count) == 1


async def test_a_server_that_is_away_is_said_and_used_again_when_it_is_back(client: StubRedis) -> None:
    store = on(client)
    await store.update("key", count)
    client.failures = [gone(), OSError("No route to host")]
    with pytest.raises(QuotaError, match="the Redis server cannot be used: No route to host; see that it runs"):
        await store.update("key", count)
    assert await store.update("key", count) == 2


async def test_a_write_is_not_repeated(client: StubRedis) -> None:
    """Whether it was carried out is not known, and the next change sees what became of it."""
    store = on(client)
    client.failures = [None, gone()]
    with pytest.raises(QuotaError, match="Connection refused; see"):
        await store.update("key", count)
    assert client.commands == ["read", "write"]


async def test_a_silent_server_is_given_up(client: StubRedis) -> None:
    store = on(client, timeout=0.01)
    client.silent = True
    with pytest.raises(QuotaError, match=r"no answer within 0\.01 s"):
        await store.update("key", count)
    client.silent = False
    assert await store.update("key", count) == 1


async def test_the_wait_for_other_tasks_counts(client: StubRedis) -> None:
    store = on(client, timeout=0.01)
    client.silent = True
    ends = await asyncio.gather(*(store.update("key", count) for _ in range(5)), return_exceptions=True)
    assert [type(end) for end in ends] == [QuotaError] * 5


@pytest.mark.parametrize("error", [TimeoutError("mine"), OSError("mine")])
async def test_the_errors_of_a_change_are_its_own(client: StubRedis, error: Exception) -> None:
    def fail(document: dict[str, Any], now: float) -> None:
        raise error

    with pytest.raises(type(error), match="mine") as found:
        await on(client).update("key", fail)
    assert found.value is error


async def test_a_document_of_another_make_is_refused(client: StubRedis) -> None:
    client.hashes["theirstack:key"] = ["version", "nonsense", "0", "0"]
    with pytest.raises(QuotaError, match="a document of another make: Expecting value"):
        await on(client).update("key", count)


async def test_your_own_client_is_not_closed(client: StubRedis) -> None:
    store = on(client)
    await store.update("key", count)
    await store.aclose()
    assert not client.closed
    assert await store.update("key", count) == 2


async def test_its_own_client_is_closed_and_made_again() -> None:
    made = [StubRedis(), StubRedis(), StubRedis()]
    with mock.patch("theirstack_async.quota._redis._client", side_effect=made):
        store = RedisQuota("redis://localhost")
        await store.aclose()
        await store.update("key", count)
        await store.aclose()
        await store.aclose()
        await store.update("key", count)
    assert [each.closed for each in made] == [False, True, False]
    assert [bool(each.commands) for each in made] == [False, True, True]


def test_another_loop_is_refused_while_the_first_one_lives(client: StubRedis) -> None:
    store = on(client)
    first = asyncio.new_event_loop()
    first.run_until_complete(store.update("key", count))
    with pytest.raises(ConfigurationError, match="open on another event loop"):
        asyncio.run(store.update("key", count))
    first.close()
    assert asyncio.run(store.update("key", count)) == 2


def test_a_child_that_was_forked_connects_anew(client: StubRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    store = on(client)
    first = asyncio.new_event_loop()
    first.run_until_complete(store.update("key", count))
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert asyncio.run(store.update("key", count)) == 2
    first.close()


def test_closing_on_another_loop_leaves_the_connections_alone() -> None:
    made = [StubRedis(), StubRedis()]
    with mock.patch("theirstack_async.quota._redis._client", side_effect=made):
        store = RedisQuota("redis://localhost")
        asyncio.run(store.update("key", count))
        asyncio.run(store.aclose())
    assert not made[1].closed


def test_without_the_package_its_extra_is_named() -> None:
    with (
        mock.patch.dict(sys.modules, {"redis.asyncio": None}),
        pytest.raises(ConfigurationError, match=r"pip install 'theirstack-async\[redis\]'"),
    ):
        RedisQuota("redis://localhost")


@pytest.mark.parametrize("address", ["localhost:6379", "http://localhost", "redis://:hidden@localhost:port", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="expected an address such as redis://localhost") as found:
        RedisQuota(address)
    assert "hidden" not in str(found.value)
    assert found.value.__cause__ is None


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("redis://user:hidden@localhost:6390/1", "localhost:6390"),
        ("rediss://:hidden@localhost", "localhost:6379"),
        ("redis://", "localhost:6379"),
        ("unix://user@/run/redis.sock?password=hidden", "/run/redis.sock"),
    ],
)
async def test_errors_name_the_server_and_not_its_password(address: str, place: str) -> None:
    store = RedisQuota(address)
    with (
        mock.patch.object(Redis, "evalsha", mock.AsyncMock(side_effect=gone())),
        pytest.raises(QuotaError, match=f"the Redis server at {place} cannot be used") as found,
    ):
        await store.update("key", count)
    assert "hidden" not in f"{found.value} {store!r} {vars(store)}"
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(store)


@pytest.mark.parametrize("timeout", [-1, float("inf"), float("nan"), None])
def test_a_timeout_that_is_none_is_refused(timeout: float) -> None:
    with pytest.raises(ArgumentError, match="timeout: expected seconds"):
        RedisQuota("redis://localhost", timeout=timeout)
