"""What became of each id of a batch run."""

from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import islice
from types import MappingProxyType
from typing import Any

from theirstack_async._ids import IdSet, IdView
from theirstack_async.errors import BatchError, TheirStackError

_SHOWN = 20


class RetryReport:
    """What became of each id. Every distinct id is in exactly one of accepted, rejected, unknown and skipped.

    It is live: ``on_progress`` receives the object that is returned in the end. While a run is under way, the ids in
    flight are in none of the four yet, and those that are taken are counted by whole batches. Ids that were never taken
    from an iterator are not counted: they are still in it. A pickle or a copy is a snapshot.
    """

    def __init__(self, accepted: IdSet, rejected: dict[int, TheirStackError], unknown: IdSet, skipped: IdSet) -> None:
        self._accepted = accepted
        self._rejected = rejected
        self._unknown = unknown
        self._skipped = skipped
        self.requested: int = 0
        """How many distinct ids were taken from the source."""
        self.duplicates: int = 0
        """How many ids came again, and were dropped."""
        self.batches: int = 0
        """How many requests were answered or given up, halves of refused batches included."""
        self.elapsed: float = 0.0
        """Seconds since the run began."""
        self.stopped_by: TheirStackError | None = None
        """The error that ended the run early; None when every id was tried."""
        self.last_error: TheirStackError | None = None
        """The last error of a batch for another reason than its content: why ids are unknown, or skipped. None without
        such a batch."""
        self.complete: bool = False
        """Whether the source was read to its end and every id was tried. It is not while the run is under way, nor
        after one that was cancelled or stopped, whose source may hold ids that were never taken from it."""

    @property
    def accepted(self) -> Set[int]:
        """The ids that the API took. It will deliver them again; whether they arrive is another question."""
        return IdView(self._accepted)

    @property
    def rejected(self) -> Mapping[int, TheirStackError]:
        """The ids that the API refused, each with its error."""
        return MappingProxyType(self._rejected)

    @property
    def unknown(self) -> Set[int]:
        """The ids that were sent with an unknown outcome: they may have been taken, or not."""
        return IdView(self._unknown)

    @property
    def skipped(self) -> Set[int]:
        """The ids that were never sent, because the run ended early."""
        return IdView(self._skipped)

    @property
    def settled(self) -> int:
        """How many ids are in one of the four sets."""
        return len(self._accepted) + len(self._rejected) + len(self._unknown) + len(self._skipped)

    @property
    def ok(self) -> bool:
        """Whether the run is complete and every id was accepted."""
        return self.complete and len(self._accepted) == self.requested

    def raise_for_failures(self) -> None:
        """Return when all is well.

        Raises:
            BatchError: an id was rejected, is of unknown outcome, or was skipped, or the run is not complete.
                ``__cause__`` is what ended the run, or else ``last_error``.
        """
        if self.ok:
            return
        raise BatchError(
            str(self), failures=self._rejected, unknown=tuple(self._unknown), skipped=tuple(self._skipped)
        ) from (self.stopped_by or self.last_error)

    def __str__(self) -> str:
        parts = [f"{len(self._accepted):,} of {self.requested:,} accepted"]
        parts += [
            f"{len(ids):,} {word} ({_sample(ids)})"
            for word, ids in (("rejected", self._rejected), ("unknown", self._unknown), ("skipped", self._skipped))
            if ids
        ]
        if self.stopped_by is not None:
            parts.append(f"stopped by: {self.stopped_by}")
        elif self.last_error is not None:
            parts.append(f"the last error: {self.last_error}")
        if self.stopped_by is None and not self.complete:
            parts.append("not complete")
        return "; ".join(parts)

    def __repr__(self) -> str:
        return f"<RetryReport {self}>"


def _sample(ids: Any) -> str:
    shown = ", ".join(str(value) for value in islice(ids, _SHOWN))
    return shown if len(ids) <= _SHOWN else f"{shown}, ..."
