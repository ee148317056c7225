"""The options made of the credentials, used as they are by the tools that read datasets, against a real S3 server.

The server refuses what is not signed with the key, the secret and the token, and its address has no host for each
bucket (``http://127.0.0.1:PORT/datasets/...``), so a tool that reads was told all that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.datasets._storage import BUCKET, CSV, FILES, PARQUET, ROWS
from theirstack_async.models import DatasetCredentials

TOOLS = ("moto", "boto3", "s3fs", "pandas", "pyarrow", "polars", "duckdb", "duckdb_extension_httpfs")
MISSING = [name for name in TOOLS if find_spec(name) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING) and os.environ.get("DATASET_TOOLS") != "required",
    reason=f"not installed: {', '.join(MISSING)}; `nox -s datasets` brings them",
)

ROOT = f"s3://{BUCKET}"
TITLES = [title for _, title in ROWS]


@pytest.fixture
def s3(credentials: DatasetCredentials) -> Any:
    import s3fs

    return s3fs.S3FileSystem(**credentials.storage_options())


@pytest.fixture
def duckdb(bucket: object) -> Iterator[Any]:
    """DuckDB with the extension that reads from S3 out of a package, since by itself it would download it."""
    import duckdb
    import duckdb_extension_httpfs

    extension = next(Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension"))
    offline = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    with duckdb.connect(config=offline) as connection:
        connection.load_extension(str(extension))
        yield connection


def test_s3fs_lists_a_prefix(s3: Any) -> None:
    assert s3.find(f"{ROOT}/jobs/") == [f"{BUCKET}/{name}" for name in FILES]
    assert s3.ls(f"{ROOT}/jobs/") == [f"{BUCKET}/jobs/daily", f"{BUCKET}/jobs/hourly"]


def test_s3fs_reads_a_file(s3: Any) -> None:
    with s3.open(f"{ROOT}/{CSV}", "rt", encoding="utf-8") as file:
        assert file.readline() == "id,title\n"
    with s3.open(f"{ROOT}/{PARQUET}", "rb") as file:
        assert file.read(4) == b"PAR1"


def test_fsspec_opens_an_address(credentials: DatasetCredentials) -> None:
    import fsspec

    with fsspec.open(f"{ROOT}/{CSV}", "rt", encoding="utf-8", **credentials.storage_options("fsspec")) as file:
        assert file.readline() == "id,title\n"


def test_pandas_reads_parquet_and_csv(credentials: DatasetCredentials) -> None:
    import pandas as pd

    options = credentials.storage_options("pandas")
    for read, name in ((pd.read_parquet, PARQUET), (pd.read_csv, CSV)):
        table = read(f"{ROOT}/{name}", storage_options=options)
        assert list(table.itertuples(index=False, name=None)) == ROWS


def test_pyarrow_reads_parquet_and_csv_through_s3fs(s3: Any) -> None:
    import pyarrow.dataset as ds

    for name in FILES:
        table = ds.dataset(f"{BUCKET}/{name}", filesystem=s3, format=name.rpartition(".")[2]).to_table()
        assert table["title"].to_pylist() == TITLES


def test_polars_reads_parquet_and_csv(credentials: DatasetCredentials) -> None:
    import polars as pl

    options = credentials.storage_options("polars")
    for read, name in ((pl.read_parquet, PARQUET), (pl.read_csv, CSV)):
        assert read(f"{ROOT}/{name}", storage_options=options).rows() == ROWS


def test_polars_scans_parquet_and_csv(credentials: DatasetCredentials) -> None:
    """A folder and a pattern make it list the bucket."""
    import polars as pl

    options = credentials.storage_options("polars")
    folder = pl.scan_parquet(f"{ROOT}/jobs/hourly/", storage_options=options).select("id", "title")
    pattern = pl.scan_csv(f"{ROOT}/jobs/**/*.csv", storage_options=options)
    assert folder.collect().rows() == pattern.collect().rows() == ROWS


def test_duckdb_lists_a_prefix(credentials: DatasetCredentials, duckdb: Any) -> None:
    duckdb.execute(credentials.duckdb_secret())
    listed = duckdb.execute(f"FROM glob('{ROOT}/jobs/**')").fetchall()
    assert listed == [(f"{ROOT}/{name}",) for name in FILES]


def test_duckdb_reads_parquet_and_csv(credentials: DatasetCredentials, duckdb: Any) -> None:
    duckdb.execute(credentials.duckdb_secret())
    for read, name in (("read_parquet", PARQUET), ("read_csv", CSV)):
        assert duckdb.execute(f"SELECT id, title FROM {read}('{ROOT}/{name}')").fetchall() == ROWS


def test_duckdb_takes_any_name_and_replaces_the_secret_of_that_name(
    credentials: DatasetCredentials, duckdb: Any
) -> None:
    name = 'it\'s "mine"'
    for token in ("it's of last week", credentials.session_token):
        duckdb.execute(attrs.evolve(credentials, session_token=token).duckdb_secret(name))
    assert duckdb.execute("SELECT name, persistent FROM duckdb_secrets()").fetchall() == [(name, False)]
    assert duckdb.execute(f"SELECT title FROM '{ROOT}/{CSV}'").fetchall() == [(title,) for title in TITLES]


def test_duckdb_uses_the_secret_for_this_bucket_only(credentials: DatasetCredentials, duckdb: Any) -> None:
    """Another bucket may be somebody else's, with a name that begins alike."""
    duckdb.execute(credentials.duckdb_secret())
    found = "SELECT name FROM which_secret(?, 's3')"
    assert duckdb.execute(found, [f"{ROOT}/{CSV}"]).fetchall() == [("theirstack",)]
    assert duckdb.execute(found, [f"{ROOT}-of-mine/{CSV}"]).fetchall() == []


@pytest.mark.parametrize("name", ["access_key_id", "secret_access_key", "session_token"])
def test_the_server_demands_each_part_of_the_credentials(credentials: DatasetCredentials, name: str) -> None:
    """Without this the other tests would prove nothing about what they send."""
    import s3fs

    wrong = attrs.evolve(credentials, **{name: "wrong"})
    with pytest.raises(OSError, match=r"Forbidden|Bad Request"):
        s3fs.S3FileSystem(**wrong.storage_options()).cat_file(f"{ROOT}/{CSV}")
