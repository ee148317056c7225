"""What came of a run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from theirstack_async._walk import EndReason


@attrs.frozen(kw_only=True)
class Summary:
    """What came of a run."""

    rows: int = 0
    """Rows that were handed out."""
    acknowledged: int = 0
    """Rows that were acknowledged."""
    credits: int = 0
    """Credits that it cost."""
    repeated: int = 0
    """Rows that were known already and were paid for again; 0 as long as the API obeys the filters."""
    replayed: int = 0
    """Rows that an earlier run had bought, and that came from the landing folder."""
    rejected: int = 0
    """Rows that did not decode and were collected."""
    batches: int = 0
    mark: datetime | None = None
    """Up to where every row is acknowledged; None before the first, and where rows have no instant."""
    end: EndReason | None = None
    """Why it ended; None if it has not, or ended in an error."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        mark = None if self.mark is None else self.mark.isoformat().replace("+00:00", "Z")
        return {**attrs.asdict(self), "mark": mark, "end": None if self.end is None else self.end.value}
