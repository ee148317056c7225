"""Every state passes the suite, and the suite finds a state that breaks a promise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.unit.incremental.state._stub_postgres import StubServer
from theirstack_async._database.duckdb import DuckDBDatabase
from theirstack_async.errors import ArgumentError, StateError, StateLockedError
from theirstack_async.incremental import (
    IncrementalState,
    JSONState,
    PostgresState,
    SavedState,
    SQLiteState,
    StateChange,
)
from theirstack_async.incremental.state._sql import SQLState
from theirstack_async.incremental.state._state import Id, Within
from theirstack_async.testing import state_suite
from theirstack_async.testing.state_suite import StateSuite


class TestSQLite(StateSuite):
    @pytest.fixture
    def open_state(self, tmp_path: Path) -> Callable[[], IncrementalState]:
        return lambda: SQLiteState(tmp_path / "state.db")


class TestDuckDB(StateSuite):
    @pytest.fixture
    def open_state(self, tmp_path: Path) -> Callable[[], IncrementalState]:
        return lambda: SQLState(DuckDBDatabase(tmp_path / "state.duckdb"))


class TestJSON(StateSuite):
    @pytest.fixture
    def open_state(self, tmp_path: Path) -> Callable[[], IncrementalState]:
        return lambda: JSONState(tmp_path / "state.json")


class TestPostgres(StateSuite):
    """What is done beside the server; ``tests/incremental`` has a real one."""

    @pytest.fixture
    def open_state(self, stub_postgres: StubServer) -> Callable[[], IncrementalState]:
        return lambda: PostgresState(stub_postgres.url)


class Flawed:
    """A state in memory that suspends in the middle of its work, and breaks the promise that it is told to."""

    def __init__(self, flaw: str, saved: dict[str, SavedState], held: dict[str, Flawed]) -> None:
        self._flaw = flaw
        self._saved = saved
        self._held = held
        self._closed = False

    async def acquire(self, key: str, *, wait: float = 0.0) -> None:
        deadline = asyncio.get_running_loop().time() + wait
        while key in self._held and not (self._flaw == "twice in one object" and self._held[key] is self):
            if self._flaw == "locks nothing":
                return
            if self._flaw == "never waits" or asyncio.get_running_loop().time() >= deadline:
                raise StateLockedError
            await asyncio.sleep(0.001)
        if self._flaw == "keeps what it took":
            self._held[key] = self
        await asyncio.sleep(0)
        self._held["one for all" if self._flaw == "one lock" else key] = self

    async def release(self, key: str) -> None:
        if self._held.get(key) is self or self._flaw == "lets go for others":
            self._held.pop(key, None)

    async def load(self, key: str) -> SavedState:
        await asyncio.sleep(0)
        if self._flaw == "forgets when closed" and self._closed:
            return SavedState()
        return self._saved.get(key, SavedState(1 if self._flaw == "begins with something" else 0))

    async def save(self, key: str, change: StateChange, *, within: Within | None = None) -> None:
        before = self._saved.get(key, SavedState())
        if self._flaw == "waits before it looks":
            await asyncio.sleep(0)
        if before.revision != change.revision and self._flaw != "overwrites":
            raise StateError
        after = SavedState(before.revision + 1, self._document(before, change), self._seen(before, change))
        if within is not None:
            if self._flaw == "refuses late":
                self._saved[key] = after
            if self._flaw in ("refuses within", "refuses late"):
                raise ArgumentError(field="within")
            if self._flaw == "saves in spite of within":
                self._saved[key] = after
            if self._flaw != "never calls within":
                within(None)
        if self._flaw == "saves in pieces":
            self._saved[key] = SavedState(after.revision, after.document, before.seen)
            await asyncio.sleep(0)
        self._saved["one" if self._flaw == "one for all" else key] = after
        await asyncio.sleep(0)

    def _document(self, before: SavedState, change: StateChange) -> Mapping[str, Any]:
        if self._flaw == "merges documents":
            return {**before.document, **change.document}
        if self._flaw == "rounds numbers":
            rounded: dict[str, Any] = json.loads(
                json.dumps(change.document), parse_float=lambda text: round(float(text))
            )
            return rounded
        return dict(change.document)

    def _seen(self, before: SavedState, change: StateChange) -> dict[Id, float]:
        seen = {**({} if self._flaw == "forgets ids" else before.seen), **change.seen}
        if self._flaw == "makes texts of ids":
            seen = {str(each): at for each, at in seen.items()}
        if self._flaw == "keeps a thousand":
            seen = dict([*seen.items()][:1000])
        oldest = change.forget_before
        if oldest is None or self._flaw == "keeps old ids":
            return seen
        if self._flaw == "forgets one too many":
            return {each: at for each, at in seen.items() if at > oldest}
        return {each: at for each, at in seen.items() if at >= oldest}

    async def profiles(self) -> Mapping[str, Mapping[str, Any]]:
        if self._flaw == "lists nothing":
            return {}
        return {key: saved.document for key, saved in self._saved.items()}

    async def forget(self, key: str) -> None:
        if self._flaw != "never forgets":
            self._saved.pop(key, None)

    async def aclose(self) -> None:
        if self in self._held.values() and self._flaw != "closes under a run":
            raise StateError("held")
        self._closed = True


TESTS = [name for name in vars(StateSuite) if name.startswith("test_")]
FOUND_BY = {
    "begins with something": "test_nothing_is_saved_at_first",
    "forgets when closed": "test_what_was_saved_stays",
    "rounds numbers": "test_what_was_saved_stays",
    "makes texts of ids": "test_what_was_saved_stays",
    "merges documents": "test_a_document_replaces_the_last_and_ids_are_added",
    "forgets ids": "test_a_document_replaces_the_last_and_ids_are_added",
    "keeps old ids": "test_old_ids_are_forgotten",
    "forgets one too many": "test_old_ids_are_forgotten",
    "keeps a thousand": "test_many_ids",
    "one for all": "test_profiles_are_apart",
    "lists nothing": "test_profiles_are_apart",
    "never forgets": "test_profiles_are_apart",
    "overwrites": "test_another_revision_is_refused",
    "waits before it looks": "test_of_changes_at_once_one_is_saved",
    "never calls within": "test_within_is_part_of_the_change",
    "saves in spite of within": "test_within_is_part_of_the_change",
    "refuses late": "test_within_is_part_of_the_change",
    "locks nothing": "test_a_profile_has_one_run",
    "twice in one object": "test_a_profile_has_one_run",
    "lets go for others": "test_a_profile_has_one_run",
    "never waits": "test_a_run_waits_for_another",
    "closes under a run": "test_a_run_waits_for_another",
    "keeps what it took": "test_a_cancelled_wait_holds_nothing",
    "saves in pieces": "test_a_cancelled_change_is_whole_or_not_at_all",
}


def flawed(flaw: str) -> Callable[[], IncrementalState]:
    saved: dict[str, SavedState] = {}
    held: dict[str, Flawed] = {}
    return lambda: Flawed(flaw, saved, held)


@pytest.mark.parametrize("name", TESTS)
@pytest.mark.parametrize("kind", ["", "refuses within"])
async def test_a_state_without_a_flaw_passes(name: str, kind: str) -> None:
    await getattr(StateSuite(), name)(flawed(kind))


@pytest.mark.parametrize("flaw", FOUND_BY)
async def test_a_flaw_is_found(flaw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_suite, "_PATIENCE", 0.05)
    with pytest.raises((AssertionError, StateError)):
        await getattr(StateSuite(), FOUND_BY[flaw])(flawed(flaw))


def test_every_promise_is_tested_against_a_state_that_breaks_it() -> None:
    assert {*FOUND_BY.values()} == {*TESTS}
