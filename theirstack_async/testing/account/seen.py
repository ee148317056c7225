"""The requests that the API counts and lists: those that came with the key and reached an operation."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, Final

from theirstack_async.testing.billing import QUARTER
from theirstack_async.testing.registry import USER_ID, instant_text

KEPT: Final = 10_000
"""Requests that can be listed; the counts go on without end."""
API_KEY_ID: Final = "8b7f4a52-6c1e-4f0d-9a43-0d5c7e21b6f0"
"""The id of the one key that the fake knows."""


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request."""

    id: int
    at: float
    """Unix time in seconds, on the fake's clock."""
    method: str
    path: str
    status: int

    def shown(self) -> dict[str, Any]:
        """Return a row of the list. Its fields are undocumented; these are presumed."""
        return {
            "id": self.id,
            "created_at": instant_text(self.at),
            "method": self.method,
            "path": self.path,
            "status_code": self.status,
            "origin": "api",
            "api_key_id": API_KEY_ID,
            "user_id": USER_ID,
        }


class Seen:
    """The requests that the API has seen."""

    def __init__(self) -> None:
        self.latest: deque[SeenRequest] = deque(maxlen=KEPT)
        """Oldest first."""
        self.per_quarter: Counter[int] = Counter()
        """By the number of the quarter of an hour: Unix seconds divided by 900."""
        self._ids = itertools.count(1)

    def note(self, at: float, method: str, path: str, status: int) -> None:
        """Note a request that has been answered."""
        self.latest.append(SeenRequest(next(self._ids), at, method, path, status))
        self.per_quarter[int(at) // QUARTER] += 1
