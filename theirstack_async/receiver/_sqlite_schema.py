"""What a SQLite file of deliveries looks like, and whether one is such a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from theirstack_async.errors import DeliveryStoreError

FORMAT: Final = 1
"""Of the file, its ``user_version``. A newer release may write a higher one, which this release refuses."""
APPLICATION: Final = int.from_bytes(b"TSRD", "big")
"""What tells it from other SQLite files: https://www.sqlite.org/pragma.html#pragma_application_id"""

_MAGIC: Final = b"SQLite format 3\0"
_HEAD: Final = 100
"""How each SQLite file begins, and bytes of its header: https://www.sqlite.org/fileformat2.html"""
_VERSION: Final = 18
_APPLICATION_AT: Final = slice(68, 72)

# Bodies are apart, so that what is left of an event that is done lies close together: one row that loses 8 KB leaves
# a gap. `due` is the end of a lease or the next attempt while an event is pending, and when it was settled after that:
# one index on it serves to take, to prune and to count.
_MAKE: Final = (
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {FORMAT}",
    """
    CREATE TABLE delivery (
        id INTEGER PRIMARY KEY,
        state TEXT NOT NULL,
        due REAL NOT NULL,
        owner TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        error TEXT,
        received_at REAL NOT NULL,
        record TEXT
    )
    """,
    "CREATE TABLE body (id INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE INDEX delivery_of_state ON delivery (state, due)",
    "CREATE INDEX delivery_of_record ON delivery (record) WHERE record IS NOT NULL",
)


def check_head(path: str) -> None:
    """Refuse a file that is plainly something else, before SQLite makes it one with a write-ahead log.

    Raises:
        DeliveryStoreError: it is.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        # It is missing, or SQLite will say what is wrong with it.
        return
    # A log may hold what is not in the header yet, so only a file without one is judged by its header.
    has_log = len(head) == _HEAD and head[_VERSION] > 1
    ours = head[_APPLICATION_AT] == APPLICATION.to_bytes(4, "big")
    if head and not (head.startswith(_MAGIC) and (has_log or ours)):
        raise _foreign(path)


def prepare(connection: Any, path: str, *, known: bool) -> None:
    """Make the tables in an empty file, within a transaction.

    Args:
        connection: of SQLite.
        path: of the file, for messages.
        known: whether deliveries were in it before, in the same object's hands.

    Raises:
        DeliveryStoreError: the file is something else, was written by a newer release, or was emptied.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION:
        if version != FORMAT:
            raise DeliveryStoreError(
                f"the store of deliveries {path} has the format {version}, and this release knows {FORMAT}; a newer "
                "release has written it: upgrade theirstack-async"
            )
        return
    if application or connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        raise _foreign(path)
    if known:
        raise DeliveryStoreError(
            f"the store of deliveries {path} was deleted while it was in use; restore it from a copy, or start the "
            "program again to begin with an empty one, and reconcile then"
        )
    for statement in _MAKE:
        connection.execute(statement)


def _foreign(path: str) -> DeliveryStoreError:
    return DeliveryStoreError(f"{path} is no store of deliveries; nothing was changed in it; give another path")
