"""Every store passes the suite, and the suite finds a store that breaks a promise."""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.quota._stub_redis import StubRedis
from theirstack_async.quota import Change, Document, MemoryQuota, QuotaStore, RedisQuota, SQLiteQuota
from theirstack_async.quota._store import T
from theirstack_async.testing.quota_suite import QuotaSuite


class TestMemory(QuotaSuite):
    @pytest.fixture
    def open_store(self) -> Callable[[], QuotaStore]:
        store = MemoryQuota()
        return lambda: store


class TestSQLite(QuotaSuite):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Callable[[], QuotaStore]:
        return lambda: SQLiteQuota(tmp_path / "quota.db")


class TestRedis(QuotaSuite):
    """The logic beside the server; ``tests/quota`` has a real one."""

    @pytest.fixture
    def open_store(self) -> Callable[[], QuotaStore]:
        client: Any = StubRedis()
        return lambda: RedisQuota(client)


class Flawed:
    """A store in memory that suspends in the middle of its work, and breaks the promise that it is told to."""

    def __init__(self, flaw: str, documents: dict[str, Document], lock: asyncio.Lock) -> None:
        self._flaw = flaw
        self._documents = documents
        self._lock = lock
        self._times = itertools.count(100, -1) if flaw == "time goes back" else itertools.count()
        self._closed = False

    async def update(self, key: str, change: Change[T]) -> T:
        if self._flaw == "loses changes":
            return await self._change(key, change)
        async with self._lock:
            try:
                return await self._change(key, change)
            except asyncio.CancelledError:
                if self._flaw == "forgets when cancelled":
                    self._documents.clear()
                raise

    async def _change(self, key: str, change: Change[T]) -> T:
        key = key.lower() if self._flaw == "mixes keys up" else key
        document = copy.deepcopy(self._documents.get(key, {"old": 1} if self._flaw == "begins with something" else {}))
        if self._flaw == "forgets when closed" and self._closed:
            document = {}
        await asyncio.sleep(0)
        now = float("inf") if self._flaw == "endless time" else float(next(self._times))
        if self._flaw == "calls twice on one document":
            change(document, now)
        try:
            result = change(document, now)
        except Exception:
            if self._flaw == "hides errors":
                return cast("T", None)
            if self._flaw == "writes after errors":
                self._documents[key] = {"n": 2}
            raise
        await self._write(key, document)
        return cast("T", None) if self._flaw == "returns nothing" else result

    async def _write(self, key: str, document: Document) -> None:
        if self._flaw == "merges":
            self._documents[key] = {**self._documents.get(key, {}), **document}
        elif self._flaw == "rounds numbers":
            self._documents[key] = json.loads(json.dumps(document), parse_float=lambda text: round(float(text), 3))
        elif self._flaw == "writes in pieces":
            for name, value in document.items():
                self._documents.setdefault(key, {})[name] = value
                await asyncio.sleep(0)
        else:
            self._documents[key] = document

    async def aclose(self) -> None:
        self._closed = True


TESTS = [name for name in vars(QuotaSuite) if name.startswith("test_")]
FOUND_BY = {
    "begins with something": "test_a_document_is_empty_at_first",
    "returns nothing": "test_what_was_written_stays",
    "forgets when closed": "test_what_was_written_stays",
    "merges": "test_what_was_removed_is_gone",
    "rounds numbers": "test_json_survives",
    "mixes keys up": "test_keys_are_apart",
    "loses changes": "test_no_change_is_lost",
    "calls twice on one document": "test_no_change_is_lost",
    "time goes back": "test_time_never_goes_back",
    "endless time": "test_time_never_goes_back",
    "hides errors": "test_a_change_that_raises_changes_nothing",
    "writes after errors": "test_a_change_that_raises_changes_nothing",
    "forgets when cancelled": "test_a_cancelled_change_is_whole_or_not_at_all",
    "writes in pieces": "test_a_cancelled_change_is_whole_or_not_at_all",
}


def flawed(flaw: str) -> Callable[[], QuotaStore]:
    documents: dict[str, Document] = {}
    lock = asyncio.Lock()
    stores = itertools.cycle([Flawed(flaw, documents, lock)])
    return lambda: next(stores)


@pytest.mark.parametrize("name", TESTS)
async def test_a_store_without_a_flaw_passes(name: str) -> None:
    await getattr(QuotaSuite(), name)(flawed(""))


@pytest.mark.parametrize("flaw", FOUND_BY)
async def test_a_flaw_is_found(flaw: str) -> None:
    with pytest.raises(AssertionError):
        await getattr(QuotaSuite(), FOUND_BY[flaw])(flawed(flaw))


def test_every_promise_is_tested_against_a_store_that_breaks_it() -> None:
    assert {*FOUND_BY.values()} == {*TESTS}
