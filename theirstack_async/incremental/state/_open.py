"""Opening a state by an address, such as the command line gives."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from theirstack_async.errors import ArgumentError

if TYPE_CHECKING:
    from theirstack_async.incremental.state._state import IncrementalState

_FORMS: Final = (
    "state.db (.sqlite, .sqlite3) or sqlite:///PATH for SQLite, state.json or json:///PATH for JSON, "
    "postgresql://USER:PASSWORD@HOST/DATABASE for PostgreSQL; a path is relative after three slashes, and absolute "
    "after four"
)
_BY_SUFFIX: Final = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".json": "json"}


def open_state(url: str | os.PathLike[str]) -> IncrementalState:
    """Return the state at an address. Nothing is opened yet.

    Args:
        url: ``state.db`` (also ``.sqlite``, ``.sqlite3``) or ``sqlite:///state.db``, ``state.json`` or
            ``json:///state.json``, ``postgresql://user:password@host/database``. After three slashes a path is
            relative, after four it is absolute.

    Raises:
        ArgumentError: it is none of these.
        ConfigurationError: a package that it needs is not installed.
    """
    text = os.fspath(url)
    scheme, separator, rest = text.partition("://")
    if scheme in ("postgresql", "postgres") and separator:
        from theirstack_async.incremental.state._sql import PostgresState

        return PostgresState(text)
    kind, path = (scheme, rest[1:]) if separator else (_BY_SUFFIX.get(PurePath(text).suffix.lower(), ""), text)
    if kind not in ("sqlite", "json") or not path or (separator and not rest.startswith("/")):
        # An address may hold a password.
        shown = f"{scheme}://..." if separator else repr(text) if "@" not in text else "this"
        raise ArgumentError(f"{shown} is no address of a state; expected {_FORMS}", field="state")
    if kind == "sqlite":
        from theirstack_async.incremental.state._sql import SQLiteState

        return SQLiteState(path)
    from theirstack_async.incremental.state._json import JSONState

    return JSONState(path)
