"""Windows and budgets that a fleet shares, in Redis."""

from __future__ import annotations

import asyncio
import json
import os
import random
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import urlsplit

from theirstack_async._values import Secret
from theirstack_async.config import check_seconds
from theirstack_async.errors import ConfigurationError, QuotaError
from theirstack_async.quota._store import Change, Document

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")

# A document is a hash. Its time goes on from where it was when the server's clock was set back, or another server took
# over. Microseconds, for whole numbers up to 2^53 are exact in Lua; "%.0f", for by itself Lua writes 14 digits.
_READ: Final = """
local clock = redis.call('TIME')
local wall = clock[1] * 1000000 + clock[2]
local time = wall
local kept = redis.call('HMGET', KEYS[1], 'version', 'document', 'time', 'wall')
if kept[1] then
  time = kept[3] + math.max(0, wall - kept[4])
end
return {kept[1] or '', kept[2] or '{}', string.format('%.0f', time), string.format('%.0f', wall)}
"""
# 1: written. A version is a random text, so a script that the network made run twice is known by it.
_WRITE: Final = """
local version = redis.call('HGET', KEYS[1], 'version') or ''
if version == ARGV[2] then
  return 1
end
if version ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'document', ARGV[3], 'time', ARGV[4], 'wall', ARGV[5])
return 1
"""


class RedisQuota:
    """A :class:`QuotaStore` for any number of machines, kept in a Redis server (the extra ``redis``).

    The store's time is the server's. Nothing that is kept expires, for a budget must not be forgotten: use a server
    that persists its data and evicts nothing (``maxmemory-policy noeviction``). While the server is away every update
    is a :class:`QuotaError`, and the first one after its return succeeds. An object serves one event loop at a time.

    Args:
        url_or_client: ``redis://``, ``rediss://`` or ``unix://``, or a ``redis.asyncio.Redis`` of your own, which is
            never closed here. A client of your own should not repeat commands by itself, or a call waits for that.
        prefix: what the keys in Redis begin with.
        timeout: seconds that an update may take, waiting for others included.

    Raises:
        ConfigurationError: the package ``redis`` is not installed, or the address is none.
        ArgumentError: ``timeout`` is no number of seconds.
    """

    def __init__(self, url_or_client: str | Redis, *, prefix: str = "theirstack:", timeout: float = 5.0) -> None:
        check_seconds("timeout", timeout)
        self._prefix: Final = prefix
        self._timeout: Final = timeout
        self._link: _Link | None = None
        if isinstance(url_or_client, str):
            url = Secret(url_or_client)
            _client(url, timeout)  # it opens nothing, and what cannot work is found here
            self._client: Callable[[], Redis] = lambda: _client(url, timeout)
            self._where = f"the Redis server at {_place(url)}"
        else:
            self._client = lambda: url_or_client
            self._where = "the Redis server"
        self._owned: Final = isinstance(url_or_client, str)

    async def update(self, key: str, change: Change[T]) -> T:
        """Apply ``change`` to the document of ``key``, and write it if nobody was faster. See :class:`QuotaStore`.

        Raises:
            QuotaError: the server did not answer within ``timeout``, or refused.
            ConfigurationError: the store is in use on another event loop.
        """
        link = self._linked()
        limit = asyncio.timeout(self._timeout)
        try:
            # Tasks of one process wait here and not at the server, where each would make the others begin anew.
            async with limit, link.turns[key]:
                return await _update(link, self._prefix + key, change)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise self._trouble(f"no answer within {self._timeout:g} s") from error
        except _RedisFailedError as error:
            raise self._trouble(str(error).rstrip(".")) from error.__cause__

    async def aclose(self) -> None:
        """Close the connections, unless the client is your own. A further update opens them again."""
        link, self._link = self._link, None
        if link is not None and self._owned and link.is_of(asyncio.get_running_loop()):
            await link.client.aclose()

    def _linked(self) -> _Link:
        loop = asyncio.get_running_loop()
        if self._link is None or not self._link.is_of(loop):
            if self._link is not None and self._link.is_alive():
                raise ConfigurationError(
                    "the RedisQuota is open on another event loop; use one store a loop, or close it there first"
                )
            self._link = _Link(self._client(), loop)
        return self._link

    def _trouble(self, what: str) -> QuotaError:
        return QuotaError(f"{self._where} cannot be used: {what}; see that it runs and may be written to")


class _RedisFailedError(Exception):
    """A command failed, with the text of its error; the error itself is the cause."""


class _Link:
    """What belongs to one event loop: the client with its connections, the scripts, and who waits."""

    def __init__(self, client: Redis, loop: asyncio.AbstractEventLoop) -> None:
        self.client: Final = client
        self.turns: Final[defaultdict[str, asyncio.Lock]] = defaultdict(asyncio.Lock)
        self._loop: Final = loop
        self._pid: Final = os.getpid()
        self._read: Final = client.register_script(_READ)
        self._write: Final = client.register_script(_WRITE)

    def is_of(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Return whether the connections can be used on a loop."""
        return self._loop is loop

    def is_alive(self) -> bool:
        """Return whether somebody may be using the connections; after a fork that is the parent, with its own."""
        return not self._loop.is_closed() and self._pid == os.getpid()

    async def read(self, key: str) -> tuple[str, str, int, int]:
        """Return version, document, the store's time and the server's, both in microseconds."""
        try:
            answer = await _done(self._read(keys=[key]))
        except _RedisFailedError:
            # Once more: the first try may have found out that a connection of the pool ended long ago.
            answer = await _done(self._read(keys=[key]))
        # Whether a client decodes is its owner's choice.
        version, document, time, wall = [each.decode() if isinstance(each, bytes) else each for each in answer]
        return version, document, int(time), int(wall)

    async def write(self, key: str, version: str, document: str, time: int, wall: int) -> bool:
        """Return whether the document was written: not when its version is another one by now."""
        return bool(await _done(self._write(keys=[key], args=[version, uuid.uuid4().hex, document, time, wall])))


async def _done(command: Awaitable[Any]) -> Any:
    from redis.exceptions import RedisError

    try:
        return await command
    except (RedisError, OSError) as error:
        raise _RedisFailedError(str(error)) from error


async def _update(link: _Link, key: str, change: Change[T]) -> T:
    attempt = 0
    while True:
        version, text, time, wall = await link.read(key)
        document = _loaded(text)
        result = change(document, time / 1_000_000)
        written = json.dumps(document, separators=(",", ":"))
        # What did not change need not be written, such as when somebody only looks.
        if written == text or await link.write(key, version, written, time, wall):
            return result
        await _pause(attempt)
        attempt += 1


def _loaded(text: str) -> Document:
    try:
        document: Document = json.loads(text)
    except ValueError as error:
        raise _RedisFailedError(f"a document of another make: {error}") from error
    return document


async def _pause(attempt: int) -> None:
    """Let others go first, for 50 ms at most."""
    await asyncio.sleep(random.uniform(0.0, min(0.05, 0.001 * 2 ** min(attempt, 6))))


def _client(url: Secret, timeout: float) -> Redis:
    """Return a client that repeats nothing: whether a command that failed was carried out is for us to find out."""
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise ConfigurationError("RedisQuota needs the package redis: pip install 'theirstack-async[redis]'") from error
    try:
        made: Redis = cast("Any", Redis).from_url(
            url.reveal(), retry=Retry(NoBackoff(), 0), socket_connect_timeout=timeout
        )
    except ValueError:
        # Without the error, whose text may hold the password.
        raise ConfigurationError("RedisQuota: expected an address such as redis://localhost:6379/0") from None
    return made


def _place(url: Secret) -> str:
    """Return where a server is, without its password."""
    parts = urlsplit(url.reveal())
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}" if parts.scheme != "unix" else parts.path
