"""Every exception of the package, in one tree under :class:`TheirStackError`.

They carry plain data only, and never the API key, so each can be pickled, copied and sent to another process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from theirstack_async._problem import Phase as Phase
from theirstack_async._problem import Problem as Problem
from theirstack_async._problem import Sent as Sent
from theirstack_async._problem import SignatureFault as SignatureFault
from theirstack_async._problem import rebuild

if TYPE_CHECKING:
    from theirstack_async._checkpoint import Checkpoint
    from theirstack_async._values import RateLimit


class TheirStackError(Exception):
    """The root: ``except TheirStackError`` catches all that this package raises."""

    sent: Sent = "no"
    """Whether the API can have acted on the request."""
    attempts: int = 0
    """How many times the request was sent, hidden re-sends of aiohttp included; 0 where the answer was the trouble."""
    elapsed: float = 0.0
    """Seconds from the start of the call to this error; 0.0 where the answer was the trouble."""
    items_so_far: list[Any] | None = None
    """The items that ``Paginator.collect()`` had gathered when this error ended it."""
    checkpoint: Checkpoint | None = None
    """Where a listing stood when this error ended it; pass it as ``resume=`` to go on from there."""

    def __init__(self, message: str = "", *, sent: Sent = "no") -> None:
        super().__init__(message)
        self.sent = sent

    def __reduce__(self) -> tuple[Any, ...]:
        cause = self.__cause__ if isinstance(self.__cause__, TheirStackError) else None
        return rebuild, (type(self), self.args, dict(self.__dict__), cause)


class ConfigurationError(TheirStackError):
    """The client was set up in a way that cannot work: no key, a bad address, a session that cannot be used."""


class ArgumentError(TheirStackError, ValueError):
    """An argument was refused before anything was sent. Nothing was spent."""

    field: str
    """The name of the argument that was refused."""

    def __init__(self, message: str = "", *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ClientClosedError(TheirStackError):
    """The client, or the session that was handed to it, is closed."""


class TransportError(TheirStackError):
    """No complete answer came back."""


class ConnectError(TransportError):
    """No connection came about (address look-up, TCP, TLS, proxy), so nothing was sent. Always safe to repeat."""

    permanent: bool
    """Whether asking again cannot help: the server's certificate was refused."""

    def __init__(self, message: str = "", *, permanent: bool = False, sent: Sent = "no") -> None:
        super().__init__(message, sent=sent)
        self.permanent = permanent


class RequestTimeoutError(TransportError, TimeoutError):
    """A time limit ran out. ``phase`` tells which one: ``slot``, ``connect``, ``read`` or ``deadline``."""

    phase: Phase

    def __init__(self, message: str = "", *, phase: Phase = "deadline", sent: Sent = "no") -> None:
        super().__init__(message, sent=sent)
        self.phase = phase


class ConnectionLostError(TransportError):
    """The connection broke, or the answer was cut off or was not HTTP."""


class OutcomeUnknownError(TheirStackError):
    """A request that must not be sent twice got no clear answer: it may have been carried out, or not.

    It was not sent again. ``__cause__`` is the first error (time-out, reset, truncation, any 5xx). Look before you
    repeat the call; for the retry endpoint, list the events and see which of them are still FAILED; for a search,
    compare the balance (:meth:`CreditBudget.reconcile`).
    """

    credits_at_risk: int
    """Credits that the request may have cost; 0 for a free operation."""
    fingerprint: str
    """A digest of the request, by which :attr:`CreditBudget.doubts` names it; empty for a free operation."""

    def __init__(self, message: str = "", *, credits_at_risk: int = 0, fingerprint: str = "") -> None:
        super().__init__(message, sent="maybe")
        self.credits_at_risk = credits_at_risk
        self.fingerprint = fingerprint


class BudgetExceededError(TheirStackError):
    """A :class:`CreditBudget` has no room for even one row of a billed call. Nothing was sent, and nothing spent."""

    def __init__(self, message: str = "", *, limit: int = 0, spent: int = 0, uncertain: int = 0) -> None:
        super().__init__(message)
        self.limit = limit
        """Credits that the budget allows, its reserve taken off."""
        self.spent = spent
        """Credits that were spent of it."""
        self.uncertain = uncertain
        """Credits that calls of unknown outcome may have spent; see :attr:`CreditBudget.doubts`."""


class QuotaError(TheirStackError):
    """A :class:`QuotaStore` cannot be reached, so nobody knows what other processes have spent or sent."""


class StateError(TheirStackError):
    """The state of an incremental extraction cannot be read or written, or is not what this run left there."""

    def __init__(self, message: str = "", *, body: bytes = b"", sent: Sent = "no") -> None:
        super().__init__(message, sent=sent)
        self.body = body
        """A page that was paid for and could not be kept in the landing folder; empty for other failures."""


class StateLockedError(StateError):
    """Another run of the same profile is under way. Nothing was asked for, and nothing spent."""


class SinkError(TheirStackError):
    """Rows could not be stored. They are not acknowledged, so the next run brings them again."""


class ReplayError(TheirStackError):
    """A replay was refused, or cannot go on. What was sent before is in its journal."""


class JournalError(ReplayError):
    """The journal of a replay cannot be read or written, or is none."""


class ReplayLockedError(ReplayError):
    """Another replay has this journal, or one of these webhooks. Nothing was sent."""


class SignatureError(TheirStackError):
    """A delivery is not signed with any of the secrets, so nothing says that TheirStack sent it. Answer it with 403."""

    def __init__(self, message: str = "", *, reason: SignatureFault = "mismatch") -> None:
        super().__init__(message)
        self.reason: SignatureFault = reason
        """``no_secret`` (none was given to check with), ``missing``, ``malformed`` or ``mismatch``."""


class DeliveryError(TheirStackError):
    """The body of a delivery is too large, or is no event. Answer it with 413 or 400."""

    def __init__(self, message: str = "", *, too_large: bool = False, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.too_large = too_large
        """Whether it has more bytes than were allowed. It was not looked into then."""
        self.problems: tuple[Problem, ...] = tuple(problems)
        """What is wrong with it, and where."""


class DeliveryStoreError(TheirStackError):
    """A store of deliveries cannot be read or written. What it could not take was not accepted, and is sent again."""


class APIError(TheirStackError):
    """The API answered, and the answer was no. The class tells the status; see the subclasses."""

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        title: str | None = None,
        description: str | None = None,
        request_id: int | str | None = None,
        body_excerpt: str = "",
        rate_limit: RateLimit | None = None,
        sent: Sent = "yes",
    ) -> None:
        super().__init__(message, sent=sent)
        self.status = status
        """The HTTP status; None when the error was raised before sending."""
        self.code = code
        """The API's own code, such as ``E-001``, where it gave one."""
        self.title = title
        """The API's short text, such as ``Not allowed``."""
        self.description = description
        """The API's longer text."""
        self.request_id = request_id
        """What to quote to the vendor's support."""
        self.body_excerpt = body_excerpt
        """The beginning of the answer as text, at most 500 characters."""
        self.rate_limit = rate_limit
        """What the answer's rate headers said, where it had any."""


class BadRequestError(APIError):
    """400: the API did not accept the request."""


class AuthenticationError(APIError):
    """401: the API key is missing, wrong, expired or revoked."""


class InsufficientCreditsError(APIError):
    """402: the account has no credits left, or its plan does not include this."""


class PermissionDeniedError(APIError):
    """403: the key is valid, and may not do this."""


class NotFoundError(APIError):
    """404: there is no such thing."""


class ConflictError(APIError):
    """409: the thing is not in a state that allows this."""


class UnprocessableError(APIError):
    """422: the request was read and found invalid; ``problems`` says where, when the API told."""

    def __init__(self, message: str = "", *, problems: Sequence[Problem] = (), **details: Any) -> None:
        super().__init__(message, **details)
        self.problems: tuple[Problem, ...] = tuple(problems)


class RateLimitError(APIError):
    """429, or a wait for a rate window that would take longer than allowed (then ``status`` is None, and unsent)."""

    def __init__(self, message: str = "", *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after
        """Seconds until the API said that it will accept calls again; None when it did not say."""


class ServerError(APIError):
    """5xx: the API failed."""

    def __init__(self, message: str = "", *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after
        """Seconds that the API asked to wait (``Retry-After``); None when it did not say."""


class DecodeError(TheirStackError):
    """The API answered with success, and the answer is not what the model says. What was paid for is in ``body``."""

    def __init__(
        self, message: str = "", *, problems: Sequence[Problem] = (), body: bytes = b"", sent: Sent = "yes"
    ) -> None:
        super().__init__(message, sent=sent)
        self.problems: tuple[Problem, ...] = tuple(problems)
        """What is wrong, and where."""
        self.body = body
        """The bytes that did not decode: one row of a list, or else the whole answer."""


class PaginationError(TheirStackError):
    """A listing ended before its rows did, or could not go on without risking to lose some.

    It is raised after all rows that were fetched have been handed out. ``checkpoint`` tells how far it got.
    """

    def __init__(
        self,
        message: str = "",
        *,
        reason: str = "",
        checkpoint: Checkpoint | None = None,
        not_fetched: int | None = None,
    ) -> None:
        super().__init__(message, sent="yes")
        self.reason = reason
        """``plan_limit``, ``truncated_by_credits``, ``repeated_page``, ``unreadable_page`` or ``moving_list``."""
        self.checkpoint = checkpoint
        self.not_fetched = not_fetched
        """How many rows there are that were not fetched; None where that is not known."""


class BatchError(TheirStackError):
    """Raised by ``RetryReport.raise_for_failures()``: not every id was accepted."""

    def __init__(
        self,
        message: str = "",
        *,
        failures: Mapping[int, TheirStackError] | None = None,
        unknown: Sequence[int] = (),
        skipped: Sequence[int] = (),
        sent: Sent = "yes",
    ) -> None:
        super().__init__(message, sent=sent)
        self.failures: dict[int, TheirStackError] = dict(failures or {})
        """The ids that the API refused, each with its error."""
        self.unknown: tuple[int, ...] = tuple(unknown)
        """The ids that were sent with an unknown outcome."""
        self.skipped: tuple[int, ...] = tuple(skipped)
        """The ids that were never sent."""
