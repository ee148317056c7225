"""Addresses of states."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.incremental.state._stub_postgres import SECRET, StubServer
from theirstack_async.errors import ArgumentError
from theirstack_async.incremental import open_state


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("state.db", "SQLiteState('the SQLite file {here}/state.db')"),
        ("a.b/State.SQLite", "SQLiteState('the SQLite file {here}/a.b/State.SQLite')"),
        ("state.sqlite3", "SQLiteState('the SQLite file {here}/state.sqlite3')"),
        ("sqlite:///state", "SQLiteState('the SQLite file {here}/state')"),
        ("sqlite:////data/state.json", "SQLiteState('the SQLite file /data/state.json')"),
        ("state.json", "JSONState('the JSON file {here}/state.json')"),
        ("json:///state.db", "JSONState('the JSON file {here}/state.db')"),
        ("json:////data/state", "JSONState('the JSON file /data/state')"),
        ("postgresql://me:word@localhost/jobs", "PostgresState(\"the PostgreSQL database 'jobs' at localhost:5432\")"),
        ("postgres://localhost:6000/jobs", "PostgresState(\"the PostgreSQL database 'jobs' at localhost:6000\")"),
    ],
)
def test_an_address(url: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert repr(open_state(url)) == shown.replace("{here}", str(tmp_path))
    assert [*tmp_path.iterdir()] == []


def test_a_path(tmp_path: Path) -> None:
    assert repr(open_state(tmp_path / "state.json")) == f"JSONState('the JSON file {tmp_path}/state.json')"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", "''"),
        ("state", "'state'"),
        ("state.duckdb", "'state.duckdb'"),
        ("postgresql", "'postgresql'"),
        ("sqlite", "'sqlite'"),
        ("sqlite://state.db", "sqlite://..."),
        ("sqlite:///", "sqlite://..."),
        ("json:///", "json://..."),
        (f"mysql://me:{SECRET}@localhost/jobs", "mysql://..."),
        (f"me:{SECRET}@localhost/jobs", "this"),
    ],
)
def test_what_is_no_address_is_told_what_is(url: str, shown: str) -> None:
    with pytest.raises(
        ArgumentError, match=r"is no address of a state; expected state\.db .* state\.json .* postgresql:"
    ) as caught:
        open_state(url)
    assert str(caught.value).startswith(shown)
    assert caught.value.field == "state"
    assert SECRET not in str(caught.value)


def test_nothing_big_is_imported_for_a_file() -> None:
    code = "import sys; from theirstack_async import open_state; open_state('state.db'); open_state('state.json')"
    check = f"{code}; sys.exit([name for name in ('psycopg', 'duckdb', 'pyarrow') if name in sys.modules] or 0)"
    subprocess.run([sys.executable, "-c", check], check=True)


async def test_an_address_is_not_connected_to(stub_postgres: StubServer) -> None:
    open_state(stub_postgres.url)
    assert stub_postgres.asked == []
