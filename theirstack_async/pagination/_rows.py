"""The rows of a page as a paginator tells them apart: by their ids, or else by their bytes."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from theirstack_async._engine.call import Reply
from theirstack_async._walk import Told
from theirstack_async.errors import DecodeError

if TYPE_CHECKING:
    from theirstack_async._convert import Reject, Rows
    from theirstack_async.models import SearchMetadata


def text_key(text: str) -> int:
    """Return a number that stands for a text id: 63 bits of its hash, so that two of a billion ids are hardly alike."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1


def keys_of(rows: Rows[Any], key: Callable[[Any], int]) -> list[int]:
    """Return the ids of a page's rows, in order."""
    if not rows.rejected:
        return list(map(key, rows.rows))
    return [reject_key(row) if is_reject(row) else key(row) for row in rows.rows]


def rows_of(bodies: Iterable[bytes], decode: Callable[[bytes], Rows[Any]]) -> list[Any]:
    """Return the rows of pages. One that cannot be read has none here: it is told of when it is its turn."""
    rows: list[Any] = []
    for body in bodies:
        with suppress(DecodeError):
            rows += decode(body).rows
    return rows


def is_reject(row: object) -> bool:
    """Return whether a row is one that did not decode."""
    from theirstack_async._convert import Reject

    return isinstance(row, Reject)


def rejects_of(rows: Rows[Any], places: Sequence[int], label: str, body: bytes) -> deque[tuple[int, DecodeError]]:
    """Return what of a page did not decode, each with its place: rows among ``places``, and last the metadata."""
    bad = [place for place in places if is_reject(rows.rows[place])]
    rejects = deque((place, rows.rows[place].to_error(label)) for place in bad)
    if rows.metadata_problems:
        said = "; ".join(map(str, rows.metadata_problems))
        message = f"{label}: the rows are good, but not what the page says of the whole list: {said}; .body is the page"
        rejects.append((len(rows.rows), DecodeError(message, problems=rows.metadata_problems, body=body)))
    return rejects


def told_by(reply: Reply, rows: Rows[Any]) -> Told:
    """Return what an answer told of the whole list. A page whose status is 402 holds what the credits sufficed for.

    A number below zero counts nothing, and is taken for one that was not told.
    """
    out_of_credits = reply.meta.status == 402
    metadata = rows.metadata
    if metadata is None:
        return Told(out_of_credits=out_of_credits)
    total = metadata.total_results
    return Told(None if total is None or total < 0 else total, withheld_by(metadata), out_of_credits=out_of_credits)


def withheld_by(metadata: SearchMetadata | None) -> int:
    """Return how many rows were held back because the credits did not suffice."""
    return 0 if metadata is None else max(0, metadata.truncated_results or metadata.truncated_companies or 0)


def reject_key(row: Reject) -> int:
    """Return the row's id, or else a number made of its bytes."""
    return body_key(row.body) if row.id is None else row.id


def body_key(body: bytes) -> int:
    """Return a negative number made of a row's bytes: the same row has the same one again."""
    return -1 - int.from_bytes(hashlib.blake2b(body, digest_size=7).digest())
