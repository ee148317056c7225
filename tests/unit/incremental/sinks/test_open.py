"""An address says which sink is meant, and nothing of a password is ever shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from theirstack_async.errors import ArgumentError
from theirstack_async.incremental.sinks import _sql
from theirstack_async.incremental.sinks._open import open_sink


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("jobs.jsonl", "JSONLinesSink('{}/jobs.jsonl')"),
        ("out/Jobs.NDJSON", "JSONLinesSink('{}/out/Jobs.NDJSON')"),
        ("data/", "ParquetSink('{}/data')"),
        ("data.parquet", "ParquetSink('{}/data.parquet')"),
        ("parquet:data", "ParquetSink('{}/data')"),
        ("parquet:///data", "ParquetSink('{}/data')"),
        ("parquet:data.db", "ParquetSink('{}/data.db')"),
        ("jsonl:////a/b", "JSONLinesSink('/a/b')"),
    ],
)
def test_files(url: str, shown: str, tmp_path: Path) -> None:
    assert repr(open_sink(url)) == shown.format(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_will_do(tmp_path: Path) -> None:
    assert repr(open_sink(tmp_path / "jobs.jsonl")) == f"JSONLinesSink('{tmp_path}/jobs.jsonl')"


@pytest.mark.parametrize(
    ("url", "kind", "arguments"),
    [
        ("jobs.db", "SQLiteSink", ("jobs.db", None)),
        ("Jobs.SQLITE", "SQLiteSink", ("Jobs.SQLITE", None)),
        ("a#b/jobs.sqlite3", "SQLiteSink", ("a#b/jobs.sqlite3", None)),
        ("jobs.db#mine", "SQLiteSink", ("jobs.db", "mine")),
        ("jobs.db?table=mine", "SQLiteSink", ("jobs.db", "mine")),
        ("sqlite:///jobs.db", "SQLiteSink", ("jobs.db", None)),
        ("sqlite:////a/jobs", "SQLiteSink", ("/a/jobs", None)),
        ("sqlite:///jobs.db?table=mine", "SQLiteSink", ("jobs.db", "mine")),
        ("x.duckdb", "DuckDBSink", ("x.duckdb", None)),
        ("duckdb:///x.db#mine", "DuckDBSink", ("x.db", "mine")),
        ("postgresql://u:p@h/db", "PostgresSink", ("postgresql://u:p@h/db", None)),
        ("postgres://h/db#mine", "PostgresSink", ("postgres://h/db", "mine")),
        ("postgresql://u:p#w@h/db", "PostgresSink", ("postgresql://u:p#w@h/db", None)),
        ("postgresql://h/db?table=mine", "PostgresSink", ("postgresql://h/db", "mine")),
        ("postgresql://h/?a=1&table=a%62&b=2", "PostgresSink", ("postgresql://h/?a=1&b=2", "ab")),
        ("postgresql://h/db?sslmode=require", "PostgresSink", ("postgresql://h/db?sslmode=require", None)),
    ],
)
def test_databases(url: str, kind: str, arguments: tuple[Any, ...]) -> None:
    with mock.patch.object(_sql, kind) as sink:
        assert open_sink(url) is sink.return_value
    sink.assert_called_once_with(*arguments)


@pytest.mark.parametrize(
    "url", ["", "jobs", "jobs.csv", "jobs.json", "s3://bucket/jobs", "sqlite://jobs.db", "sqlite:///", "parquet:", "-"]
)
def test_anything_else_is_told_what_there_is(url: str) -> None:
    with pytest.raises(ArgumentError, match=r"is no address of a sink; expected jobs\.jsonl .*\?table=NAME") as caught:
        open_sink(url)
    assert caught.value.field == "to"


@pytest.mark.parametrize("url", ["mysql://me:secret@host/db", "me:secret@host/db", "postgresql:/me:secret@host/db"])
def test_a_password_is_not_shown(url: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        open_sink(url)
    assert "secret" not in str(caught.value)


def test_a_table_that_cannot_be_is_refused() -> None:
    with pytest.raises(ArgumentError, match="table: expected letters"):
        open_sink("jobs.db?table=1st")


def test_nothing_heavy_is_loaded_for_a_file_of_lines() -> None:
    code = (
        "import sys; before = set(sys.modules); "  # whoever measures coverage loads some by itself
        "from theirstack_async.incremental import open_sink; open_sink('jobs.jsonl'); "
        "sys.exit(bool({'pyarrow', 'duckdb', 'psycopg', 'sqlite3', 'filelock'} & (sys.modules.keys() - before)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
