"""The rows of a page as a paginator tells them apart: by their ids, or else by their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from theirstack_async._engine.call import Reply
from theirstack_async._walk import Told

if TYPE_CHECKING:
    from theirstack_async._convert import Reject, Rows


def text_key(text: str) -> int:
    """Return a number that stands for a text id: 63 bits of its hash, so that two of a billion ids are hardly alike."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1


def keys_of(rows: Rows[Any], key: Callable[[Any], int]) -> list[int]:
    """Return the ids of a page's rows, in order."""
    if not rows.rejected:
        return [key(row) for row in rows.rows]
    return [_reject_key(row) if is_reject(row) else key(row) for row in rows.rows]


def is_reject(row: object) -> bool:
    """Return whether a row is one that did not decode."""
    from theirstack_async._convert import Reject

    return isinstance(row, Reject)


def told_by(reply: Reply, rows: Rows[Any]) -> Told:
    """Return what an answer told of the whole list. A page whose status is 402 holds what the credits sufficed for."""
    metadata = rows.metadata
    if metadata is None:
        return Told()
    withheld = metadata.truncated_results or metadata.truncated_companies or 0
    return Told(metadata.total_results, withheld, out_of_credits=reply.meta.status == 402)


def _reject_key(row: Reject) -> int:
    """Return the row's id, or else a negative number made of its bytes: the same row has the same key again."""
    if row.id is not None:
        return row.id
    return -1 - int.from_bytes(hashlib.blake2b(row.body, digest_size=7).digest())
