"""The stores that ``theirstack sync`` is given: rows, how far it is, and pages that are paid for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_sync import ids, small, to
from theirstack_async import ArgumentError, ConfigurationError
from theirstack_async.cli import sync_options
from theirstack_async.cli.sync_options import beside, file_of, open_kept, open_stores
from theirstack_async.incremental import DuckDBSink, JSONState, PostgresSink, PostgresState, SQLiteSink, SQLiteState
from theirstack_async.testing import FakeTheirStack

__all__ = ["small", "to"]

POSTGRES = "postgresql://user:secret@127.0.0.1:1/jobs"


def test_a_database_keeps_beside_the_rows_how_far_it_is() -> None:
    stores = open_stores("jobs.db", None)
    assert isinstance(stores.sink, SQLiteSink)
    assert stores.state is stores.sink.state
    assert (stores.to, stores.kept) == ("jobs.db", "jobs.db")


@pytest.mark.parametrize("state", ["jobs.db", "./jobs.db", "sqlite:///jobs.db"])
def test_the_same_database_is_opened_once(state: str) -> None:
    """So that rows and their acknowledgement are one transaction."""
    stores = open_stores("jobs.db", state)
    assert (stores.state is stores.sink.state, stores.kept) == (True, state)


def test_another_state_is_another_store() -> None:
    stores = open_stores("jobs.db", "state.db")
    assert isinstance(stores.state, SQLiteState)
    assert stores.state is not stores.sink.state
    assert isinstance(open_stores("jobs.db", "state.json").state, JSONState)


def test_a_file_of_rows_needs_a_state() -> None:
    with pytest.raises(ArgumentError, match=r"rows\.jsonl cannot keep how far the sync is; say .* --state state\.db"):
        open_stores("rows.jsonl", None)


def test_passwords_are_not_shown() -> None:
    stores = open_stores(POSTGRES, None)
    other = open_stores("rows.jsonl", POSTGRES)
    assert isinstance(other.state, PostgresState)
    for text in (repr(stores), repr(other), stores.to, stores.kept, other.kept):
        assert "secret" not in text
    assert stores.to == stores.kept == "the PostgreSQL database 'jobs' at 127.0.0.1:1"


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("state.db", "state.db"), ("sqlite:///a/state.db", "a/state.db"), ("json:////a/state.json", "/a/state.json"),
        ("duckdb:///a.duckdb", "a.duckdb"), (POSTGRES, None),
    ],
)  # fmt: skip
def test_the_file_of_an_address(text: str, file: str | None) -> None:
    assert file_of(text) == (None if file is None else Path(file))


def test_pages_are_kept_beside_the_state(tmp_path: Path) -> None:
    for text in (str(tmp_path / "state.db"), f"json:///{tmp_path}/state.json", str(tmp_path / "x.duckdb")):
        state = open_kept(text)
        assert beside(state, text) == f"{file_of(text)}.landing"
    assert beside(open_kept(POSTGRES), POSTGRES) is None
    assert beside(PostgresSink(POSTGRES).state, None) is None
    sink = SQLiteSink(tmp_path / "jobs.db")
    assert beside(sink.state, None) == f"{tmp_path / 'jobs.db'}.landing"


def test_a_duckdb_file_holds_a_state_too(tmp_path: Path) -> None:
    for text in (f"{tmp_path}/x.duckdb", f"{tmp_path}/X.DuckDB", f"duckdb:///{tmp_path}/x.duckdb"):
        stores = open_stores(text, text)
        assert isinstance(stores.sink, DuckDBSink)
        assert stores.state is stores.sink.state


async def test_both_are_closed_though_the_first_fails() -> None:
    closed: list[str] = []

    class Store:
        def __init__(self, name: str) -> None:
            self._name = name

        async def aclose(self) -> None:
            closed.append(self._name)
            raise OSError(self._name)

    stores: Any = sync_options.Stores(Store("sink"), Store("state"), "", "")  # type: ignore[arg-type]
    with pytest.raises(OSError, match="state"):
        await stores.aclose()
    assert closed == ["sink", "state"]


@pytest.mark.parametrize("name", ["jobs.jsonl", "parquet/", "jobs.duckdb", "jobs.db?table=new"])
def test_each_kind_of_store_takes_rows(small: FakeTheirStack, run: Run, tmp_path: Path, name: str) -> None:
    sync = ("sync", "jobs", "--to", tmp_path / name if "/" not in name else f"{tmp_path}/{name}", "--yes")
    state = ("--state", tmp_path / "state.db") if name in ("jobs.jsonl", "parquet/") else ()
    first, second = (run(*sync, *state, "--max-items", number) for number in (15, 500))
    assert (first.exit_code, second.exit_code, small.credits_billed) == (9, 0, 40)
    assert json.loads(second.stdout)["acknowledged"] == 25
    if name.endswith("new"):
        assert len(ids(tmp_path / "jobs.db", "new")) == 40


@pytest.mark.parametrize(("more", "folder"), [((), "rows.db.landing"), (("--landing", "pages"), "pages")])
def test_pages_that_are_paid_for_are_kept_until_they_are_stored(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], folder: str
) -> None:
    monkeypatch.chdir(to.parent)
    assert run("sync", "jobs", "--to", to, "--yes", *more).exit_code == 0
    assert [path.name for path in to.parent.iterdir() if path.is_dir()] == [folder]
    assert [path for path in (to.parent / folder).rglob("*") if path.is_file()] == []


def test_no_page_is_kept_where_that_is_said(small: FakeTheirStack, run: Run, to: Path) -> None:
    assert run("sync", "companies", "--to", to, "--yes", "--no-landing").exit_code == 0
    assert [path for path in to.parent.iterdir() if path.is_dir()] == []
    both = run("sync", "jobs", "--to", to, "--yes", "--landing", "pages", "--no-landing")
    assert (both.exit_code, "--landing, --no-landing: give one of the two" in both.stderr) == (2, True)


def test_without_zstd_it_goes_on_and_says_so(
    small: FakeTheirStack, run: Run, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Any:
        raise ConfigurationError("landing needs zstd; install it, or leave out landing=")

    monkeypatch.setattr("theirstack_async.incremental._landing._zstd", missing)
    plain = run("sync", "jobs", "--to", to, "--max-items", 5)
    assert (plain.exit_code, plain.stderr.startswith("No page is kept on disk, because zstd is missing")) == (9, True)
    silent = run("sync", "jobs", "--to", to, "--max-items", 5, "--no-landing")
    assert (silent.exit_code, "zstd is missing" in silent.stderr) == (9, False)
    asked = small.requests.total
    wanted = run("sync", "jobs", "--to", to, "--max-items", 5, "--landing", "pages")
    assert (wanted.exit_code, small.requests.total) == (2, asked)
    assert "landing needs zstd; install it, or leave out --landing" in wanted.stderr


def test_an_address_that_is_none_is_refused_before_anything_is_asked(
    small: FakeTheirStack, run: Run, tmp_path: Path
) -> None:
    for arguments in (("--to", "jobs.txt"), ("--to", "jobs.jsonl", "--state", "state.txt")):
        result = run("sync", "jobs", *arguments, "--yes")
        assert (result.exit_code, small.requests.total, "is no address of a" in result.stderr) == (2, 0, True)
    for command in ("jobs", "companies", "events"):
        result = run("sync", command, *([7] if command == "events" else []))
        assert (result.exit_code, "Missing option '--to'" in result.stderr) == (2, True)
