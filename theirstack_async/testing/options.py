"""How a fake server behaves where the real one's behaviour is undocumented, or where a test wants to choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from theirstack_async.testing.answers import ErrorStyle
from theirstack_async.testing.rate import Tier
from theirstack_async.testing.store import Order

UnknownIds = Literal["422", "404", "ignore"]
LeftOut = Literal["keep", "default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The behaviour of a :class:`~theirstack_async.testing.FakeTheirStack`, frozen."""

    seed: int = 0
    """Payloads are the same for the same seed and event id."""
    naive_instants: bool = True
    """Whether ``discovered_at`` of jobs has no offset and means UTC, as users with live accounts have seen it, or ends
    in Z, as the vendor's schema demands."""
    order: Order = "desc"
    """Events are listed newest id first (``"desc"``) or oldest first (``"asc"``). The real order is undocumented."""
    unknown_ids: UnknownIds = "422"
    """What a retry of unknown ids answers: 422 or 404, naming the first such id and doing nothing of the batch, or
    ``"ignore"``: success, and the known ones are done. Undocumented."""
    left_out: LeftOut = "keep"
    """What an update does to left-out fields other than the secret: keep them or reset them. Undocumented."""
    error_style: ErrorStyle = "envelope"
    """``"detail"`` makes 422 answers FastAPI's list, as the real API has it outside of webhooks."""
    rate_tier: Tier | None = None
    """``"free"`` or ``"paid"`` enforces that tier's published windows with 429, on the fake's clock, over all
    requests together. None enforces nothing, and the headers tell of a window too wide to matter."""
    compression: bool = False
    """Whether bodies from 500 bytes on are sent as gzip to clients that accept it."""
    deliver: bool = True
    """False sends no delivery at all: each counts as answered 200 at once. For runs with millions of events."""
    max_deliveries_in_flight: int = 2
    """Deliveries on their way to one webhook at a time. "Be ready for at least 2" is all that is documented
    (https://theirstack.com/en/docs/webhooks/receive-theirstack-events-in-your-webhook-endpoint)."""
    delivery_timeout: float = 10.0
    """Seconds until an unanswered delivery counts as failed. The real limit is undocumented."""
    credits: int | None = None
    """Credits to start with; events that they do not suffice for become NOT_TRIGGERED. None is without end."""


class OptionKwargs(TypedDict, total=False):
    """The fields of :class:`Options`, as keywords of :class:`~theirstack_async.testing.FakeTheirStack`."""

    seed: int
    naive_instants: bool
    order: Order
    unknown_ids: UnknownIds
    left_out: LeftOut
    error_style: ErrorStyle
    rate_tier: Tier | None
    compression: bool
    deliver: bool
    max_deliveries_in_flight: int
    delivery_timeout: float
    credits: int | None
