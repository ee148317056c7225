"""Where a store keeps what it keeps, and how that is cut off and comes back."""

from __future__ import annotations

import sqlite3
from typing import Protocol

from tests.quota._redis_server import RedisServer
from theirstack_async.quota import QuotaStore, RedisQuota, SQLiteQuota


def open_store(address: str, timeout: float) -> QuotaStore:
    """Return a store at an address: of Redis, or of a file."""
    return RedisQuota(address, timeout=timeout) if "://" in address else SQLiteQuota(address, timeout=timeout)


class Place(Protocol):
    """One storage, which any number of processes open by its address."""

    address: str

    def cut_off(self) -> None:
        """Make every update fail."""
        ...

    def bring_back(self) -> None:
        """End that."""
        ...


class File:
    """A SQLite file, cut off by somebody who locks it."""

    def __init__(self, path: str) -> None:
        self.address = path
        self._lock: sqlite3.Connection | None = None

    def cut_off(self) -> None:
        """Lock the file."""
        self._lock = sqlite3.connect(self.address, isolation_level=None)
        self._lock.execute("BEGIN EXCLUSIVE")

    def bring_back(self) -> None:
        """Unlock it."""
        assert self._lock is not None
        self._lock.close()


class Fleet:
    """A Redis server, cut off by ending it."""

    def __init__(self, server: RedisServer) -> None:
        self.address = server.url
        self.cut_off = server.stop
        self.bring_back = server.start
