"""Addresses of states and sinks, such as the command line gives: what each says, without opening anything."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Final

import attrs

from theirstack_async.errors import ArgumentError

_SERVERS: Final = ("postgresql", "postgres")
_BY_SUFFIX: Final = {
    ".db": "sqlite",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".duckdb": "duckdb",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


@attrs.frozen
class Address:
    """What an address says."""

    kind: str
    """``sqlite``, ``duckdb``, ``postgres``, ``json``, ``jsonl`` or ``parquet``; else it is none."""
    path: str | None
    """Of the file or folder, empty where that is missing; None for a server."""


def read_address(text: str) -> Address:
    """Return what an address says. After three slashes a path is relative, after four it is absolute."""
    scheme, separator, rest = text.partition("://")
    if separator:
        path = rest[1:] if rest.startswith("/") else ""
        return Address("postgres", None) if scheme in _SERVERS else Address(scheme, path)
    if text.startswith("parquet:"):
        return Address("parquet", text.removeprefix("parquet:"))
    if text.endswith(("/", os.sep)):
        return Address("parquet", text)
    return Address(_BY_SUFFIX.get(PurePath(text).suffix.lower(), ""), text)


def no_address(text: str, what: str, forms: str, field: str) -> ArgumentError:
    """Return the error of a text that is no address of what was wanted. The text may hold a password."""
    scheme, separator, _ = text.partition("://")
    shown = f"{scheme}://..." if separator else "this" if "@" in text else repr(text)
    return ArgumentError(f"{shown} is no address of a {what}; expected {forms}", field=field)
