"""The one place that decides whether a request is sent again. Pure: values in, a value with a reason out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from theirstack_async._values import Value
from theirstack_async._wire.message import Kind
from theirstack_async.config import RetryPolicy
from theirstack_async.errors import ConnectError, RateLimitError, ServerError, TheirStackError, TransportError

_RESENDABLE: Final = frozenset[Kind]({"read", "idempotent"})


@attrs.frozen(eq=False, repr=False)
class Retry(Value):
    """Send it again after ``delay`` seconds."""

    delay: float
    reason: str


@attrs.frozen(eq=False, repr=False)
class Stop(Value):
    """Do not send it again."""

    reason: str


def decide(
    policy: RetryPolicy,
    kind: Kind,
    error: TheirStackError,
    *,
    attempt: int,
    remaining: float | None,
    max_wait: float | None,
    random: Callable[[], float],
) -> Retry | Stop:
    """Return what to do after attempt number ``attempt`` (from 1) of an operation ended in ``error``.

    ``remaining`` is what is left of the deadline in seconds (None: no deadline), ``max_wait`` the longest wait that the
    API may impose (None: any), and ``random`` returns a float from 0 up to 1.
    """
    reason = _worth_repeating(policy, kind, error)
    if isinstance(reason, Stop):
        return reason
    if attempt >= policy.attempts:
        return Stop(f"{attempt} of {policy.attempts} attempts are used up")
    stated = _stated_delay(error)
    if not stated:
        # Asked to wait 0 s, which says nothing: a pause all the same, or all attempts are used up at once.
        ceiling = min(policy.cap, policy.base * 2.0 ** min(attempt - 1, 60))
        delay = random() * ceiling
    else:
        # A little spread, so that tasks that were refused together do not return together.
        delay = stated + random() * min(policy.base, stated / 10)
        reason = f"{reason}, and the API asked for {stated:g} s"
        if max_wait is not None and stated > max_wait:
            return Stop(f"the API asked for {stated:g} s, more than max_rate_wait allows ({max_wait:g} s)")
    if remaining is not None and delay >= remaining:
        return Stop(f"the pause of {delay:.3g} s would outlast the deadline ({max(0.0, remaining):.3g} s left)")
    return Retry(delay, reason)


def _worth_repeating(policy: RetryPolicy, kind: Kind, error: TheirStackError) -> str | Stop:
    """Return why the request may be sent again, or why not."""
    if isinstance(error, RateLimitError):
        if error.status is None:
            return Stop("its turn in the rate windows would come too late")
        return "refused by the rate limit (429)"
    if isinstance(error, ConnectError) and error.permanent:
        return Stop("the certificate will not change by asking again")
    if not isinstance(error, (TransportError, ServerError)):
        return Stop(f"{type(error).__name__} will not change by asking again")
    if error.sent == "no":
        return "it was never sent"
    if kind in _RESENDABLE:
        return f"{kind} operations may be sent again"
    if kind == "billed" and policy.retry_paid:
        return "retry_paid allows to pay twice"
    return Stop(f"the outcome is unknown, and {kind!r} operations must not act twice")


def _stated_delay(error: TheirStackError) -> float | None:
    return error.retry_after if isinstance(error, (RateLimitError, ServerError)) else None
