"""What the fake remembers of the requests that it served."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload
from urllib.parse import parse_qsl

from theirstack_async._values import Headers


@dataclass(slots=True)
class RequestRecord:
    """One request, as it arrived. The key is masked in its repr."""

    method: str
    path: str
    """The decoded path, without the query."""
    query_string: str
    headers: Headers
    """Names in any case; the key is in ``headers["authorization"]``, and masked in the repr."""
    began: float
    """``time.monotonic()`` when the headers had arrived, in seconds."""
    body: bytes = b""
    """Empty for a request whose body was not read."""
    ended: float | None = None
    """``time.monotonic()`` when the answer was handed to the socket, in seconds; None while in flight."""
    status: int | None = None
    """The status that was answered; None when none was, or not yet."""
    rows: int = 0
    """Rows that a search or lookup was billed for."""
    credits: int = 0
    """Credits that a search or lookup was billed. Events, which a request may set off, are billed apart."""
    answered: bool = False
    """Whether the true answer was written to the socket whole. A client can have missed it even so; it cannot have
    seen the rows of a request of which this is False, such as one whose answer a fault has spoilt."""
    needs_key: bool | None = None
    """Whether the operation needs a key; None when none was carried out. A client must send none where none is needed:
    ``all(r.needs_key or "authorization" not in r.headers for r in fake.requests)``."""

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query as decoded pairs, in order."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    def json(self) -> Any:
        """Return the decoded body. Raises ValueError when it is not JSON."""
        return json.loads(self.body)


class RequestLog(Sequence[RequestRecord]):
    """The requests served, oldest first. Counts go on when ``keep`` is False, only the records are left out."""

    def __init__(self, *, keep: bool = True) -> None:
        self._keep = keep
        self._records: list[RequestRecord] = []
        self.total: int = 0
        """Requests that arrived."""
        self.in_flight: int = 0
        """Requests that are being served now."""
        self.max_in_flight: int = 0
        """The most requests that were being served at one time."""

    @overload
    def __getitem__(self, index: int) -> RequestRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[RequestRecord]: ...
    def __getitem__(self, index: int | slice) -> RequestRecord | list[RequestRecord]:
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return f"RequestLog(total={self.total}, kept={len(self)}, max_in_flight={self.max_in_flight})"

    def clear(self) -> None:
        """Forget the records and start the counts anew; requests in flight stay counted."""
        self._records.clear()
        self.total = 0
        self.max_in_flight = self.in_flight

    def begin(self, record: RequestRecord) -> None:
        """Note that a request has arrived."""
        self.total += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        if self._keep:
            self._records.append(record)

    def end(self, record: RequestRecord) -> None:
        """Note that a request has been answered, or has broken off."""
        self.in_flight -= 1
        record.ended = time.monotonic()
