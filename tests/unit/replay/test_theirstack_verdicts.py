"""What an error of a resend call means."""

from __future__ import annotations

import pytest

from theirstack_async import errors
from theirstack_async.replay._provider import Verdict
from theirstack_async.replay._theirstack import _verdict

CASES: list[tuple[errors.TheirStackError, Verdict]] = [
    (errors.BadRequestError(status=400), "refused"),
    (errors.NotFoundError(status=404), "refused"),
    (errors.UnprocessableError(status=422), "refused"),
    (errors.APIError(status=413), "refused"),
    (errors.ArgumentError("no id"), "refused"),
    (errors.AuthenticationError(status=401), "over"),
    (errors.InsufficientCreditsError(status=402), "over"),
    (errors.PermissionDeniedError(status=403), "over"),
    (errors.ConfigurationError("no key"), "over"),
    (errors.ClientClosedError("closed"), "over"),
    (errors.ConnectError("certificate", permanent=True), "over"),
    (errors.ConnectError("refused"), "unsent"),
    (errors.ConflictError(status=409), "unsent"),
    (errors.RequestTimeoutError("no slot", phase="slot"), "unsent"),
    (errors.QuotaError("not reached"), "unsent"),
    (errors.RateLimitError(status=429), "throttled"),
    (errors.RateLimitError(sent="no"), "throttled"),
    (errors.OutcomeUnknownError("lost"), "unknown"),
    (errors.ServerError(status=500), "unknown"),
    (errors.ConnectionLostError("reset", sent="maybe"), "unknown"),
    (errors.RequestTimeoutError("late", phase="read", sent="maybe"), "unknown"),
    (errors.DecodeError("garbage"), "unknown"),
]


@pytest.mark.parametrize(
    ("error", "verdict"), CASES, ids=lambda value: value if isinstance(value, str) else repr(value)
)
def test_errors_and_verdicts(error: errors.TheirStackError, verdict: Verdict) -> None:
    assert _verdict(error) == verdict
