"""Opening a state by an address, such as the command line gives."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from theirstack_async.incremental._address import no_address, read_address

if TYPE_CHECKING:
    from theirstack_async.incremental.state._state import IncrementalState

_FORMS: Final = (
    "state.db (.sqlite, .sqlite3) or sqlite:///PATH for SQLite, state.json or json:///PATH for JSON, "
    "postgresql://USER:PASSWORD@HOST/DATABASE for PostgreSQL; a path is relative after three slashes, and absolute "
    "after four"
)


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
    address = read_address(text)
    if address.path is None:
        from theirstack_async.incremental.state._sql import PostgresState

        return PostgresState(text)
    if address.kind not in ("sqlite", "json") or not address.path:
        raise no_address(text, "state", _FORMS, "state")
    if address.kind == "sqlite":
        from theirstack_async.incremental.state._sql import SQLiteState

        return SQLiteState(address.path)
    from theirstack_async.incremental.state._json import JSONState

    return JSONState(address.path)
