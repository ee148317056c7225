"""What an API has to offer so that its events can be replayed. A further API is one more class of this kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, get_args

import attrs

from theirstack_async.errors import ArgumentError, OutcomeUnknownError, TheirStackError

I = TypeVar("I", bound=int | str)  # noqa: E741  # an id; a provider has one kind
WebhookId = int | str

DeliveryStatus = Literal["delivered", "failed", "pending", "skipped"]
"""Where a delivery stands, in words that all APIs share. ``skipped``: the API has left it out, and will not try it."""
AutoRetry = Literal["include", "skip"]
"""What becomes of events that the API may still deliver by itself: sent all the same, or left to it."""
OnUnknown = Literal["report", "resend"]
"""What becomes of events of unknown outcome: reported, or, after a look and a grace time, sent again."""

_NONE: Final[Mapping[Any, Any]] = MappingProxyType({})


@attrs.frozen
class ReplayWindow:
    """A bound that the API sets: so many in any stretch of so many seconds."""

    limit: int
    """From 1, a margin already taken off."""
    seconds: float
    counts: Literal["ids", "calls"]
    """What is counted: the ids within resend calls, or the calls."""
    per: Literal["webhook", "account"]


@attrs.frozen(kw_only=True)
class StopWhen:
    """When the deliveries of a webhook keep failing, so that it is not sent to any longer.

    While a run is under way, what it has sent is looked at every ``every`` seconds. Of the last ``of`` deliveries of a
    webhook whose end is known, a share of ``failed`` or more ends it.
    """

    failed: float = 0.5
    """Above 0, at most 1."""
    of: int = 20
    """From 1."""
    every: float = 60.0
    """Seconds, above 0."""


@attrs.frozen(kw_only=True)
class ReplayCapabilities:
    """What an API can do, as data."""

    provider: str
    """A short name of it, such as ``theirstack``; plans and journals of another one are refused."""
    id_type: type[int | str]
    max_ids: int | None
    """Ids that a resend call takes at the most; None where no bound is stated."""
    batch_size: int
    """Ids a call unless the user says otherwise, at most ``max_ids``."""
    outcomes: Literal["each", "all"]
    """Whether the answer of a resend call tells of each id, or of all at once."""
    windows: tuple[ReplayWindow, ...] = ()
    """The bounds of resend calls that the engine has to keep; what the transport paces by itself is not in here."""
    status_filter: bool
    """Whether the API lists by status; where it does not, the engine filters."""
    time_filter: bool
    """Whether the API lists by time; where it does not, the engine filters, and reads the whole list."""
    statuses: tuple[str, ...]
    """The API's own words for the statuses that a plan can ask for. The first is the default: what failed."""
    auto_retry: AutoRetry
    """What becomes of events that the API may still deliver by itself, unless the user says otherwise."""
    stop_when: StopWhen | None = None
    """When a webhook is not sent to any longer, unless the user says otherwise."""


@attrs.frozen(kw_only=True)
class ReplayEvent(Generic[I]):
    """An event as the API lists it: what is the same for all APIs."""

    id: I
    webhook_id: WebhookId
    type: str
    """Such as ``job.new``; empty where the API does not tell."""
    status: DeliveryStatus
    word: str
    """The API's own word for the status."""
    created_at: datetime
    updated_at: datetime
    """When its delivery was tried last, as far as the API tells."""
    next_attempt: datetime | None = None
    """When the API will try it again by itself, as far as is known; None when it will not."""
    group: str | None = None
    """What all rows about one event have in common, where the API adds a row for each attempt; None where it does not.
    """
    handle: str | None = None
    """What the answer to a resend call named the delivery, where it names one."""
    response_status: int | None = None
    """The HTTP status that the receiver answered with."""
    response: str | None = None
    """What the receiver answered, at most 1,000 characters."""


@attrs.frozen(kw_only=True)
class Trace:
    """By what else than its id an event that was sent can be found again."""

    group: str | None = None
    handle: str | None = None


Verdict = Literal["answered", "refused", "throttled", "unsent", "unknown", "closed", "over"]


@attrs.frozen(kw_only=True)
class Resent(Generic[I]):
    """What came of one resend call.

    - ``answered``: the API took the call; ids in neither ``accepted`` nor ``rejected`` are of unknown outcome.
    - ``refused``: it refused the call as a whole for what is in it, and did nothing. One of the ids may be at fault.
    - ``throttled``: it did nothing, because calls came too fast.
    - ``unsent``: it did nothing, and may do it another time: it was not reached, or was busy with these events.
    - ``unknown``: nobody knows whether it did it.
    - ``closed``: it did nothing, and will not for this webhook: it is gone, suspended or somebody else's.
    - ``over``: it did nothing, and will not do anything: the key is refused, or the client is closed.

    Raises:
        ArgumentError: there is no such verdict.
    """

    verdict: Verdict
    accepted: Mapping[I, str | None] = _NONE
    """The ids that it will deliver, each with the handle of the delivery where it gave one."""
    rejected: Mapping[I, str] = _NONE
    """The ids that it refused, each with its reason."""
    reason: str = ""
    """For people. Empty for ``answered``."""
    retry_after: float | None = None
    """Seconds to wait, where the API said so."""

    def __attrs_post_init__(self) -> None:
        # A word of the provider's own would pass for one of these, and what was sent for unsent.
        if self.verdict not in get_args(Verdict):
            words = ", ".join(get_args(Verdict))
            raise ArgumentError(f"verdict: expected one of {words}, got {self.verdict!r}", field="verdict")


class ReplayProvider(Protocol[I]):
    """An API whose events can be replayed."""

    @property
    def capabilities(self) -> ReplayCapabilities:
        """What it can do."""
        ...

    @property
    def where(self) -> str:
        """Its base URL. Together with its name it tells one account's environment from another; never a secret."""
        ...

    def list_failed(
        self, webhook_id: WebhookId, *, start: datetime | None, end: datetime | None, status: Collection[str]
    ) -> AsyncIterator[ReplayEvent[I]]:
        """Yield the events of a webhook that have one of these statuses, and may yield others.

        Where the API adds a row for each attempt, it yields after them the delivered rows that may be attempts of the
        same events. Neither order nor time can be relied on: the caller filters by both.

        Raises:
            TheirStackError: the list could not be read to its end.
        """
        ...

    async def resend(self, webhook_id: WebhookId, ids: Collection[I]) -> Resent[I]:
        """Have events delivered again, in one call, and return what came of it. Errors of the API are returned too."""
        ...

    async def status_of(
        self, webhook_id: WebhookId, ids: Mapping[I, Trace], since: datetime
    ) -> Mapping[I, ReplayEvent[I]]:
        """Return where events stand now, as one look at the API for all of them together. What it does not list is
        left out.

        Args:
            webhook_id: whose events.
            ids: what to look for.
            since: the earliest time, by this machine's clock, at which one of them was sent.

        Raises:
            TheirStackError: the list could not be read to its end.
        """
        ...

    def check_id(self, field: str, value: object) -> I:
        """Return an event's id, as it is sent.

        Raises:
            ArgumentError: it is none; its ``field`` is the one that was given.
        """
        ...

    def check_webhook_id(self, field: str, value: object) -> WebhookId:
        """Return a webhook's id, as it is sent.

        Raises:
            ArgumentError: it is none; its ``field`` is the one that was given.
        """
        ...

    async def aclose(self) -> None:
        """Let go of what it opened itself. A client that was handed in stays open."""
        ...


def reason_of(error: TheirStackError) -> str:
    """Return what went wrong in a resend call.

    Of a call without a clear answer that is its first error: what to do about one, the engine knows and does.
    """
    first = error.__cause__ if isinstance(error, OutcomeUnknownError) else None
    return str(first or error)
