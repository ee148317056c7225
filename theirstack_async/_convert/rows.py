"""The rows of a page: those that decoded, and those that did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from theirstack_async._convert.problems import summary
from theirstack_async._values import Value
from theirstack_async.errors import DecodeError, Problem

if TYPE_CHECKING:
    from theirstack_async.models import SearchMetadata

T = TypeVar("T")


@attrs.frozen(eq=False, repr=False)
class Reject(Value):
    """A row that is not what its model says. Its bytes are kept, because it may have been paid for."""

    index: int
    """Its place in the page, from 0."""
    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")
    """The JSON text of the row, exactly as received."""
    problems: tuple[Problem, ...]
    """What is wrong with it, with paths into the row. At least one."""
    id: int | None
    """The row's ``id`` where it has one that is a whole number."""

    def to_error(self, context: str) -> DecodeError:
        """Return the error that tells of this row; ``context`` says which call it came from."""
        message = f"{context}: {self} does not decode: {summary(self.problems)}; its bytes are in .body"
        return DecodeError(message, problems=self.problems, body=self.body, sent="yes")

    def __str__(self) -> str:
        return f"row {self.index}" + ("" if self.id is None else f" (id {self.id})")


@attrs.frozen(eq=False, repr=False)
class Rows(Value, Generic[T]):
    """The rows of one page, in the order of the wire."""

    rows: list[T | Reject]
    rejected: int
    """How many of the rows are rejects."""
    metadata: SearchMetadata | None = None
    """What a search told beside its rows; None for a bare array, and where nothing was told."""
    metadata_problems: tuple[Problem, ...] = ()
    """What is wrong with the metadata, with paths such as ``metadata.total_results``. What is wrong is None there."""
