"""As much of a Redis client as a quota store uses, in memory: the two scripts, said again in Python."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError


class StubRedis:
    """Hashes, a clock of its own, and failures on cue. Several stores may share one."""

    def __init__(self, *, decode: bool = False) -> None:
        self.hashes: dict[str, list[str]] = {}
        self.wall = itertools.count(1_795_250_000_000_000, 1_000)
        self.failures: list[Exception | None] = []
        self.silent = False
        self.commands: list[str] = []
        self.closed = False
        self._decode = decode

    def register_script(self, script: str) -> Callable[..., Awaitable[Any]]:
        """Return what runs a script: the one with HSET writes."""
        writes = "HSET" in script

        async def run(keys: Sequence[str], args: Sequence[Any] = ()) -> Any:
            self.commands.append("write" if writes else "read")
            await asyncio.sleep(0)
            if self.silent:
                await asyncio.Event().wait()
            if self.failures and (failure := self.failures.pop(0)) is not None:
                raise failure
            answer = self._write(keys[0], [*map(str, args)]) if writes else self._read(keys[0])
            await asyncio.sleep(0)
            return answer

        return run

    def _read(self, key: str) -> list[Any]:
        wall = next(self.wall)
        version, document, time, then = self.hashes.get(key, ["", "{}", str(wall), str(wall)])
        answer = [version, document, str(int(time) + max(0, wall - int(then))), str(wall)]
        return answer if self._decode else [each.encode() for each in answer]

    def _write(self, key: str, args: list[str]) -> int:
        version = self.hashes.get(key, [""])[0]
        if version == args[1]:
            return 1
        if version != args[0]:
            return 0
        self.hashes[key] = args[1:]
        return 1

    async def aclose(self) -> None:
        """Note that somebody closed it."""
        self.closed = True


def gone() -> RedisConnectionError:
    """Return the error of a server that is away."""
    return RedisConnectionError("Connection refused.")
