"""Every error survives every trip, and says what it says."""

from __future__ import annotations

import copy
import inspect
import multiprocessing
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from theirstack_async import errors
from theirstack_async._checkpoint import Checkpoint
from theirstack_async._values import RateLimit, RateWindow
from theirstack_async.errors import (
    ArgumentError,
    BatchError,
    BudgetExceededError,
    ConnectError,
    DecodeError,
    NotFoundError,
    OutcomeUnknownError,
    PaginationError,
    Problem,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TheirStackError,
    UnprocessableError,
)

POINT = Checkpoint(1, "d", 3, (1, 2))
SPECIAL: dict[type[TheirStackError], dict[str, Any]] = {
    ArgumentError: {"field": "url"},
    ConnectError: {"permanent": True},
    RequestTimeoutError: {"phase": "read", "sent": "maybe"},
    OutcomeUnknownError: {"credits_at_risk": 3, "fingerprint": "f"},
    BudgetExceededError: {"limit": 100, "spent": 90, "uncertain": 10},
    UnprocessableError: {"problems": [Problem("a[0]", "bad")], "rate_limit": RateLimit((RateWindow("s"),))},
    RateLimitError: {"status": 429, "retry_after": 2.5},
    ServerError: {"status": 503, "retry_after": 2.5, "request_id": 7, "title": "t", "code": "c", "description": "d"},
    DecodeError: {"problems": [Problem("", "bad")], "body": b"\x00x"},
    PaginationError: {"reason": "repeated_page", "checkpoint": POINT},
    BatchError: {"failures": {1: NotFoundError("gone", status=404)}, "unknown": [2], "skipped": [3]},
}
CLASSES = [
    cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, TheirStackError)
]  # fmt: skip
TRIPS: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy]
TRIPS += [lambda error, n=n: pickle.loads(pickle.dumps(error, n)) for n in range(2, pickle.HIGHEST_PROTOCOL + 1)]


def example(cls: type[TheirStackError]) -> TheirStackError:
    error = cls("what happened", **SPECIAL.get(cls, {}))
    error.attempts, error.elapsed = 2, 1.5
    error.items_so_far, error.checkpoint = [1, 2], POINT
    error.add_note("a note")
    error.__cause__ = ConnectError("first")
    return error


def told(error: BaseException | None) -> Any:
    """Return all that an error says, as plain data that can be compared."""
    if error is None:
        return None
    plain = {name: told(value) if isinstance(value, Exception) else value for name, value in vars(error).items()}
    if isinstance(error, BatchError):
        plain["failures"] = {key: told(value) for key, value in error.failures.items()}
    return type(error), error.args, plain, told(error.__cause__)


@pytest.mark.parametrize("trip", TRIPS)
@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_survives_the_trip(cls: type[TheirStackError], trip: Callable[[Any], Any]) -> None:
    error = example(cls)
    clone = trip(error)
    assert clone is not error
    assert told(clone) == told(error)
    assert str(clone) == "what happened"
    assert clone.__notes__ == ["a note"]


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_can_be_made_without_arguments(cls: type[TheirStackError]) -> None:
    assert cls.__name__.endswith("Error")
    assert told(pickle.loads(pickle.dumps(cls()))) == told(cls())
    assert cls().sent in ("no", "maybe", "yes")


def test_a_cause_that_is_not_ours_stays_behind() -> None:
    """It may hold anything, a request with its key or what cannot be pickled."""
    error = ConnectError("x")
    error.__cause__ = OSError(lambda: None)
    assert pickle.loads(pickle.dumps(error)).__cause__ is None


def _answer(queue: Any) -> None:
    queue.put(example(queue.get()))


def test_an_error_crosses_to_another_process_and_back() -> None:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_answer, args=(queue,))
    process.start()
    queue.put(RequestTimeoutError)
    process.join()
    assert told(queue.get()) == told(example(RequestTimeoutError))
    queue.close()
    queue.join_thread()
    process.close()


def test_who_is_who() -> None:
    assert issubclass(RequestTimeoutError, TimeoutError)
    assert issubclass(ArgumentError, ValueError)
    for cls in (ConnectError, RequestTimeoutError, errors.ConnectionLostError):
        assert issubclass(cls, errors.TransportError)
    assert (ConnectError().sent, OutcomeUnknownError().sent, NotFoundError().sent) == ("no", "maybe", "yes")


def test_a_problem_as_text() -> None:
    assert str(Problem("a.b", "bad")) == "a.b: bad"
    assert str(Problem("", "bad")) == "bad"
