"""Opening a sink by an address, such as the command line gives."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from theirstack_async.incremental._address import no_address, read_address

if TYPE_CHECKING:
    from theirstack_async.incremental.sinks._sink import Sink

_FORMS: Final = (
    "jobs.jsonl (.ndjson) for JSON lines; FOLDER/, a name that ends in .parquet, or parquet:FOLDER for Parquet; "
    "jobs.db (.sqlite, .sqlite3) or sqlite:///PATH for SQLite; jobs.duckdb or duckdb:///PATH for DuckDB; "
    "postgresql://USER:PASSWORD@HOST/DATABASE for PostgreSQL. A path is relative after three slashes, and absolute "
    "after four. ?table=NAME or #NAME at the end of a database's address names the table"
)
_WITH_TABLE: Final = re.compile(r"(.+\.(?:db|sqlite3?|duckdb))(?:\?table=|#)(\w*)", re.IGNORECASE | re.DOTALL)
_FRAGMENT: Final = re.compile(r"#(\w*)$")


def open_sink(url: str | os.PathLike[str]) -> Sink:
    """Return the sink at an address. Nothing is opened yet.

    Args:
        url: ``jobs.jsonl`` (also ``.ndjson``) for a :class:`JSONLinesSink`; ``folder/``, ``jobs.parquet`` (a folder
            too) or ``parquet:folder`` for a :class:`ParquetSink`; ``jobs.db`` (also ``.sqlite``, ``.sqlite3``) or
            ``sqlite:///jobs.db`` for a :class:`SQLiteSink`; ``jobs.duckdb`` or ``duckdb:///jobs.duckdb`` for a
            :class:`DuckDBSink`; ``postgresql://user:password@host/database`` for a :class:`PostgresSink`. After three
            slashes a path is relative, after four it is absolute. At the end of a database's address ``?table=name``,
            or ``#name``, names the table.

    Raises:
        ArgumentError: it is none of these, or names a table that cannot be.
        ConfigurationError: a package that it needs is not installed.
    """
    text = os.fspath(url)
    if read_address(text).path is None:
        from theirstack_async.incremental.sinks._sql import PostgresSink

        return PostgresSink(*_postgres(text))
    path, table = _table(text)
    address = read_address(path)
    if not address.path or address.kind not in ("jsonl", "parquet", "sqlite", "duckdb"):
        raise no_address(text, "sink", _FORMS, "to")
    return _file(address.kind, address.path, table)


def _file(kind: str, path: str, table: str | None) -> Sink:
    if kind == "jsonl":
        from theirstack_async.incremental.sinks._lines import JSONLinesSink

        return JSONLinesSink(path)
    if kind == "parquet":
        from theirstack_async.incremental.sinks._parquet import ParquetSink

        return ParquetSink(path)
    from theirstack_async.incremental.sinks._sql import DuckDBSink, SQLiteSink

    return (SQLiteSink if kind == "sqlite" else DuckDBSink)(path, table)


def _table(text: str) -> tuple[str, str | None]:
    """Return the address of a file without the name of a table, and that name."""
    match = _WITH_TABLE.fullmatch(text)
    return (match[1], match[2]) if match else (text, None)


def _postgres(url: str) -> tuple[str, str | None]:
    """Return an address of PostgreSQL without the name of a table, and that name; the driver would refuse it."""
    if match := _FRAGMENT.search(url):
        return url[: match.start()], match[1]
    head, separator, query = url.rpartition("?")
    options = query.split("&") if separator else []
    tables = [unquote(option.removeprefix("table=")) for option in options if option.startswith("table=")]
    if not tables:
        return url, None
    rest = "&".join(option for option in options if not option.startswith("table="))
    return f"{head}?{rest}" if rest else head, tables[-1]
