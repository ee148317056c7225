"""What a run hands out: a batch of rows, to be acknowledged once they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import attrs

from theirstack_async.models import Model

if TYPE_CHECKING:
    from theirstack_async._wire.message import ResponseMeta
    from theirstack_async.errors import DecodeError
    from theirstack_async.incremental._landing import Landing
    from theirstack_async.incremental.state._state import IncrementalState, Within

T = TypeVar("T", bound=Model)


@attrs.frozen
class Window:
    """The stretch of time in which the rows of a batch were discovered; None where rows have no such instant."""

    start: datetime | None = None
    """The earliest."""
    end: datetime | None = None
    """The latest."""


class Acknowledges(Protocol):
    """What a batch came from, and is told that it is stored."""

    @property
    def state(self) -> IncrementalState:
        """Where acknowledgements are saved."""
        ...

    @property
    def landing(self) -> Landing | None:
        """Where pages are kept until they are acknowledged; None where they are not."""
        ...

    async def ack(
        self, batches: Sequence[Batch[Any]], *, within: Within | None = None, note: Mapping[str, Any] | None = None
    ) -> None:
        """Acknowledge several batches at once, see :meth:`Batch.ack`."""
        ...


@attrs.define(eq=False, kw_only=True)
class Batch(Generic[T]):
    """One page of new rows. Store them, and then acknowledge them: ``await batch.ack()``."""

    run: Acknowledges = attrs.field(repr=False)
    """What it came from."""
    number: int
    """Its place in the run, from 1."""
    rows: list[T] = attrs.field(repr=lambda rows: f"<{len(rows)} rows>")
    """Rows that were not acknowledged before."""
    window: Window = attrs.field(factory=Window)
    """When they were discovered."""
    credits: int = 0
    """Credits that fetching it cost this run: 0 for a page that comes from the landing folder."""
    repeated: int = 0
    """Rows of the page that were known already, and were paid for again."""
    rejects: tuple[DecodeError, ...] = ()
    """Rows that did not decode, each with its bytes; empty unless ``rejects="collect"``. To acknowledge the batch
    says that they are dealt with as well."""
    replayed: bool = False
    """Whether an earlier run bought it, and it comes from the landing folder."""
    meta: ResponseMeta | None = attrs.field(default=None, repr=False)
    """Status, request id, attempts, rate windows of the answer; None for one from the landing folder."""
    acknowledged: bool = False
    """Whether it was acknowledged, and that is saved."""

    async def ack(self, *, within: Within | None = None, note: Mapping[str, Any] | None = None) -> None:
        """Tell that the rows are stored: only now does the mark move. A second time does nothing.

        Args:
            within: for a state that is a database: called with its connection in the transaction that saves the
                acknowledgement, in the database's own thread, so that rows can be stored there with it.
            note: plain JSON data to be saved with it, for sinks; see :class:`Sink`.

        Raises:
            StateError: it could not be saved; the rows come again in the next run.
        """
        await self.run.ack([self], within=within, note=note)
