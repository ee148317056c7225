"""The value objects on both sides of the transport seam."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from theirstack_async._values import Headers, RateLimit, Value

Kind = Literal["read", "idempotent", "once", "billed"]
"""What a repeated request does: nothing (``read``), the same again (``idempotent``), a second thing (``once``), or a
second bill (``billed``). Only the first two are sent again after an unknown outcome."""


@attrs.frozen(eq=False, repr=False)
class Request(Value):
    """One request, ready to be sent. Its text form hides the key and the body."""

    method: str
    url: str
    """Absolute, with its query."""
    kind: Kind
    headers: Headers = attrs.field(factory=Headers)
    body: bytes | None = attrs.field(default=None, repr=lambda body: "None" if body is None else f"<{len(body)} bytes>")
    connect: float | None = None
    """Seconds for look-up, TCP and TLS; None for no limit."""
    read: float | None = None
    """Seconds of silence between bytes; None for no limit."""
    deadline: float | None = None
    """Seconds for the whole exchange; None for no limit."""

    def ready(self, headers: Headers, deadline: float | None) -> Request:
        """Return the request with these headers, to be answered within so many seconds."""
        return Request(self.method, self.url, self.kind, headers, self.body, self.connect, self.read, deadline)

    @property
    def label(self) -> str:
        """What an error calls it, such as ``GET /v0/webhooks/7``: method and path, without host and query."""
        path = self.url.partition("://")[2].partition("?")[0]
        return f"{self.method} /{path.partition('/')[2]}"

    def is_refused_by(self, status: int) -> bool:
        """Return whether an answer of this status holds an error only, and no row that was paid for.

        A search that the credits did not suffice for may be answered 402 with the rows that they did suffice for.
        """
        return status >= 300 and not (status == 402 and self.kind == "billed")


@attrs.frozen(eq=False, repr=False)
class Response(Value):
    """One complete answer."""

    status: int
    headers: Headers
    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")
    """Decompressed."""
    sends: int = 1
    """How many times the HTTP library put the request on a connection; above 1 it re-sent by itself."""


@attrs.frozen(eq=False, repr=False)
class ResponseMeta(Value):
    """What an answer told beside its contents."""

    status: int
    """The HTTP status."""
    request_id: str | None
    """The ``x-request-id`` header, for the vendor's support; None where the API sent none."""
    attempts: int
    """How many times the request was sent."""
    elapsed: float
    """Seconds from the start of the call to the complete answer, waits included."""
    rate_limit: RateLimit | None
    """What the rate headers said; None where there were none."""
    rows: int | None = None
    """Rows in the answer of an operation that has a price; None for any other, and where they cannot be counted."""
    credits: int = 0
    """Credits that the answer cost, by its rows and the price list
    (https://theirstack.com/en/docs/pricing/credits.md). When an earlier attempt of the same call may have been billed
    as well (``retry_paid``), that is not in it; see :attr:`CreditBudget.doubts`."""
    date: datetime | None = None
    """The server's time of the answer, in UTC (the ``Date`` header, RFC 9110, 6.6.1); None where it sent none."""
