"""What users write about errors and values, and the types that they get. Checked, never run."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any, Literal, assert_type

from theirstack_async import ALL_HISTORY, APIError, Problem, RateLimit, RateLimitError, RetryPolicy, Timeouts
from theirstack_async.errors import (
    BatchError,
    DecodeError,
    OutcomeUnknownError,
    RequestTimeoutError,
    TheirStackError,
    UnprocessableError,
)


def handle(error: TheirStackError) -> float | None:
    assert_type(error.sent, Literal["no", "maybe", "yes"])
    assert_type(error.attempts, int)
    match error:
        case RateLimitError():
            assert_type(error.status, int | None)
            assert_type(error.rate_limit, RateLimit | None)
            return error.retry_after
        case UnprocessableError() | DecodeError():
            assert_type(error.problems, tuple[Problem, ...])
        case RequestTimeoutError():
            builtin: TimeoutError = error
            assert_type(error.phase, Literal["slot", "connect", "read", "deadline"])
            return handle_any(builtin)
        case OutcomeUnknownError():
            assert_type(error.credits_at_risk, int)
        case APIError():
            assert_type(error.body_excerpt, str)
        case _:
            assert_type(error.items_so_far, list[Any] | None)
    return None


def handle_any(error: Exception) -> float:
    return 0.0 if isinstance(error, BatchError) else 1.0


def tell(problems: Sequence[Problem]) -> str:
    return "; ".join(f"{problem.path}: {problem.message}" for problem in problems)


def configure() -> tuple[Timeouts, RetryPolicy]:
    assert_type(Timeouts(read=None).deadline, float | None)
    return Timeouts(connect=5, read=30), RetryPolicy(attempts=1)


def wait(limit: RateLimit) -> float:
    assert_type([window.remaining for window in limit.windows], list[int | None])
    return limit.wait


copied = pickle.loads(pickle.dumps(ALL_HISTORY))
