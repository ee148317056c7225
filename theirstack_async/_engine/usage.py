"""What a client has spent so far, by operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs


@attrs.define
class OperationUsage:
    """What the calls of one operation came to."""

    calls: int = 0
    """Calls that ended, well or not."""
    requests: int = 0
    """Requests for them that were sent, or were to be sent and could not, each time anew."""
    rows: int = 0
    """Rows that came, where rows have a price."""
    credits: int = 0
    """Credits that their answers cost."""
    uncertain: int = 0
    """Credits at the most that requests of unknown outcome cost on top."""

    def add(self, other: OperationUsage) -> None:
        """Add what other calls came to."""
        self.calls += other.calls
        self.requests += other.requests
        self.rows += other.rows
        self.credits += other.credits
        self.uncertain += other.uncertain


class Usage(Mapping[str, OperationUsage]):
    """By the name of the operation, such as ``jobs.search``: what its calls came to. ``total`` is the sum of all."""

    def __init__(self) -> None:
        self._by_operation: dict[str, OperationUsage] = {}

    def note(self, operation: str, usage: OperationUsage) -> None:
        """Add what a call came to."""
        self._by_operation.setdefault(operation, OperationUsage()).add(usage)

    @property
    def total(self) -> OperationUsage:
        """The sum over all operations."""
        total = OperationUsage()
        for usage in self._by_operation.values():
            total.add(usage)
        return total

    def __getitem__(self, operation: str) -> OperationUsage:
        return self._by_operation[operation]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_operation)

    def __len__(self) -> int:
        return len(self._by_operation)

    def __repr__(self) -> str:
        return f"Usage({self._by_operation!r})"
