"""What brings new rows to a run, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import attrs

from theirstack_async._walk import EndReason
from theirstack_async.incremental._batch import Window
from theirstack_async.incremental.state._state import Id

if TYPE_CHECKING:
    from theirstack_async._wire.message import ResponseMeta
    from theirstack_async.errors import DecodeError

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Found(Generic[T]):
    """One page, without the rows that were known."""

    rows: list[T]
    ids: Mapping[Id, float]
    """The ids of the rows, and of the rejects where they have one, each with its instant."""
    mark: float | None = None
    """How far every row is known once it is stored; None if it does not say."""
    window: Window = attrs.field(factory=Window)
    credits: int = 0
    """What it cost this run."""
    cost: int = 0
    """What it cost whichever run bought it."""
    repeated: int = 0
    rejects: tuple[DecodeError, ...] = ()
    landed: str | None = None
    """The name of its page in the landing folder, to be deleted once it is acknowledged."""
    replayed: bool = False
    meta: ResponseMeta | None = None


class Reader(Protocol[T]):
    """Brings the rows of one run."""

    @property
    def end(self) -> EndReason | None:
        """Why there is nothing more; None while there is."""
        ...

    @property
    def mark(self) -> float | None:
        """How far every row is known at the end."""
        ...

    async def pull(self) -> Found[T] | None:
        """Return the next page, None at the end.

        Raises:
            TheirStackError: what went wrong. Everything that came has been returned before.
        """
        ...

    def keeps_from(self, mark: float | None) -> float | None:
        """Return from which instant on the ids of stored rows are needed with a mark; None for all of them."""
        ...

    async def discard(self, landed: list[str]) -> None:
        """Delete acknowledged pages from the landing folder."""
        ...
