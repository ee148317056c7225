"""A request as an operation sees it, and the row that says which requests an operation answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from theirstack_async.testing.answers import Answer, ErrorStyle
from theirstack_async.testing.backend import Backend


@dataclass(frozen=True, slots=True)
class Call:
    """A request as an operation sees it."""

    path_id: str
    """The text that stands where the path has an id; empty in a path without one."""
    query: list[tuple[str, str]]
    body: bytes
    content_type: str
    """In lower case, without parameters."""


Operation = Callable[[Backend, Call], Answer | Awaitable[Answer]]


class Route(NamedTuple):
    """One row of the table of operations. A plain tuple of the first three will do."""

    method: str
    path: str
    """With ``{id}`` where an id or a key stands; no path of the API has two."""
    operation: Operation
    needs_key: bool = True
    errors: ErrorStyle = "envelope"
    """The shape of the operation's 422 answers."""
