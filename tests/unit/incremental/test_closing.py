"""``async with`` closes states and sinks, whatever happens within."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from theirstack_async import StateError
from theirstack_async.incremental import (
    DuckDBSink,
    JSONLinesSink,
    JSONState,
    ParquetSink,
    PostgresSink,
    PostgresState,
    SQLiteSink,
    SQLiteState,
    StateChange,
)

URL = "postgresql://db.invalid/jobs"
STORES: list[Callable[[Path], Any]] = [
    lambda folder: SQLiteState(folder / "a.db"),
    lambda folder: JSONState(folder / "a.json"),
    lambda _: PostgresState(URL),
    lambda folder: SQLiteSink(folder / "a.db"),
    lambda folder: DuckDBSink(folder / "a.duckdb"),
    lambda _: PostgresSink(URL),
    lambda folder: JSONLinesSink(folder / "a.jsonl"),
    lambda folder: ParquetSink(folder / "a"),
]


def listed(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("make", STORES)
async def test_it_is_closed(make: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, closed = make(tmp_path), list[str]()
    real = store.aclose

    async def aclose() -> None:
        closed.append("closed")
        await real()

    monkeypatch.setattr(store, "aclose", aclose)
    with pytest.raises(LookupError):
        async with store as entered:
            assert (entered is store, closed) == (True, [])
            raise LookupError
    async with store:
        closed.append("entered again")
    assert (closed, listed(tmp_path)) == (["closed", "entered again", "closed"], [])


async def test_a_state_lets_go_of_its_file(tmp_path: Path) -> None:
    async with SQLiteState(tmp_path / "state.db") as state:
        await state.save("a", StateChange(0, {}))
        assert "state.db-wal" in listed(tmp_path)
    assert listed(tmp_path) == ["state.db"]


async def test_a_state_that_a_run_has_is_not_closed(tmp_path: Path) -> None:
    state = SQLiteState(tmp_path / "state.db")
    with pytest.raises(StateError, match="a run has the profile a still; leave its `async with` first"):
        async with state:
            await state.acquire("a")
    await state.release("a")
    await state.aclose()
