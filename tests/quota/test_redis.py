"""The store in Redis, with a real server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from tests.quota._redis_server import RedisServer
from tests.unit.quota._changes import count, look, tell_time
from theirstack_async import QuotaError
from theirstack_async.quota import QuotaStore, RedisQuota
from theirstack_async.testing.quota_suite import QuotaSuite


class TestSuite(QuotaSuite):
    @pytest.fixture
    def open_store(self, redis_server: RedisServer) -> Callable[[], QuotaStore]:
        return lambda: RedisQuota(redis_server.url, timeout=30)


@pytest_asyncio.fixture
async def store(redis_server: RedisServer) -> AsyncIterator[RedisQuota]:
    store = RedisQuota(redis_server.url)
    yield store
    await store.aclose()


@pytest_asyncio.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis(port=redis_server.port, decode_responses=True) as client:
        yield client


async def test_a_client_of_your_own_stays_open(client: Redis) -> None:
    store = RedisQuota(client, prefix="mine:")
    assert [await store.update("key", count), await store.update("key", count)] == [1, 2]
    await store.aclose()
    assert await client.keys("*") == ["mine:key"]


async def test_nothing_expires(client: Redis, store: RedisQuota) -> None:
    await store.update("key", count)
    assert await client.ttl("theirstack:key") == -1


async def test_its_time_is_the_servers(store: RedisQuota) -> None:
    before = time.time()
    assert before - 1 <= await store.update("key", tell_time) <= time.time() + 1


async def test_its_time_goes_on_when_the_servers_clock_is_set_back(client: Redis, store: RedisQuota) -> None:
    await store.update("key", count)
    ahead = int((time.time() + 3600) * 1_000_000)
    await client.hset("theirstack:key", mapping={"time": ahead, "wall": ahead})
    assert await store.update("key", tell_time) == ahead / 1_000_000
    assert await store.update("key", count) == 2
    assert ahead <= int(await client.hget("theirstack:key", "time")) < ahead + 60_000_000


async def test_scripts_that_the_server_forgot_are_loaded_again(client: Redis, store: RedisQuota) -> None:
    await store.update("key", count)
    await client.script_flush()
    assert await store.update("key", count) == 2


async def test_a_server_that_was_started_anew_is_no_trouble(redis_server: RedisServer, store: RedisQuota) -> None:
    await asyncio.gather(*(store.update(key, count) for key in "abc"))
    redis_server.stop()
    redis_server.start()
    assert await store.update("a", count) == 2


async def test_a_server_that_ends_and_returns(redis_server: RedisServer, store: RedisQuota) -> None:
    await store.update("key", count)
    redis_server.stop()
    for _ in range(2):
        with pytest.raises(QuotaError, match=rf"127\.0\.0\.1:{redis_server.port} cannot be used: .*connect"):
            await store.update("key", count)
    redis_server.start()
    assert await store.update("key", count) == 2


async def test_a_server_that_falls_silent(redis_server: RedisServer) -> None:
    store = RedisQuota(redis_server.url, timeout=0.1)
    await store.update("key", count)
    redis_server.hold()
    with pytest.raises(QuotaError, match=r"no answer within 0\.1 s"):
        await store.update("key", count)
    redis_server.hold(stop=False)
    await store.aclose()
    patient = RedisQuota(redis_server.url)
    assert (await patient.update("key", look))["n"] in {1, 2}, "the change may have happened"
    await patient.aclose()


async def test_a_server_that_refuses_writes(client: Redis, store: RedisQuota) -> None:
    await store.update("key", count)
    await client.config_set("min-replicas-to-write", 1)
    with pytest.raises(QuotaError, match="Not enough good replicas to write"):
        await store.update("key", count)
    await client.config_set("min-replicas-to-write", 0)
    assert await store.update("key", count) == 2


async def test_a_wrong_password_is_said(client: Redis, redis_server: RedisServer) -> None:
    await client.config_set("requirepass", "right")
    store = RedisQuota(f"redis://:wrong@127.0.0.1:{redis_server.port}")
    with pytest.raises(QuotaError, match="invalid username-password pair") as found:
        await store.update("key", count)
    assert "redis://" not in str(found.value)
    await store.aclose()
