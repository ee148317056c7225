"""What a sink must be able to do: store the rows of batches, and acknowledge them once they are safe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from theirstack_async.incremental._batch import Batch
    from theirstack_async.incremental.state._state import IncrementalState
    from theirstack_async.models import Model


class Sink(Protocol):
    """Stores rows for those who want no code of their own: ``await run.into(sink)``."""

    @property
    def name(self) -> str:
        """What and where it is, without secrets, the same in every run: a run warns when it is another than before."""
        ...

    @property
    def state(self) -> IncrementalState | None:
        """A state in the same store, whose acknowledgements are one transaction with the rows; None without one."""
        ...

    async def open(self, row_type: type[Model], saved: Mapping[str, Any] | None) -> None:
        """Make ready for rows of a class, and put the store back to where the last acknowledgement left it.

        Args:
            row_type: the class of the rows.
            saved: what the sink noted with the last acknowledgement; None before the first.

        Raises:
            SinkError: the store cannot be used.
        """
        ...

    async def write(self, batch: Batch[Any]) -> None:
        """Store a batch, rejects included, and acknowledge it, now or with a later one.

        Raises:
            SinkError: it could not be stored. It is not acknowledged.
        """
        ...

    async def flush(self) -> None:
        """Store and acknowledge everything that was written."""
        ...

    async def aclose(self) -> None:
        """Let go of files and connections, without storing anything more."""
        ...
