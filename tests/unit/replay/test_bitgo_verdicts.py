"""What an answer to a resend call means for the ids in it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from theirstack_async.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    ConfigurationError,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeoutError,
    TheirStackError,
)
from theirstack_async.replay._bitgo_verdicts import read_resent, verdict_of

A, B, C = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abc")


def answer(good: list[Any], bad: list[Any], **totals: int) -> bytes:
    counts = {"totalRequested": len(good) + len(bad), "totalSuccess": len(good), "totalFailed": len(bad)}
    return json.dumps({**counts, **totals, "successfulNotifications": good, "failedNotifications": bad}).encode()


def took(id_: str, handle: Any = "c1") -> dict[str, Any]:
    return {"webhookNotificationId": id_, "retriggeredNotificationRequestId": handle}


def failed(id_: str, error: Any = "gone") -> dict[str, Any]:
    return {"webhookNotificationId": id_, "error": error}


def test_both_lists(caplog: pytest.LogCaptureFixture) -> None:
    result = read_resent(answer([took(A.upper()), took(B, None)], [failed(C)]), [A, B, C], "POST /x")
    assert (result.verdict, result.reason) == ("answered", "")
    assert result.accepted == {A: "c1", B: None}
    assert result.rejected == {C: "gone"}
    assert not caplog.records


@pytest.mark.parametrize("error", ["", None, 7])
def test_a_rejection_has_a_reason(error: object) -> None:
    assert read_resent(answer([], [failed(A, error)]), [A], "POST /x").rejected == {A: "refused without a reason"}


def test_an_id_on_neither_or_on_both_lists_is_unknown() -> None:
    result = read_resent(answer([took(A)], [failed(A)]), [A, B], "POST /x")
    assert (result.verdict, result.accepted, result.rejected) == ("answered", {}, {})


def test_what_nobody_asked_for_is_left_out() -> None:
    result = read_resent(answer([took(B), {}, 7, {"webhookNotificationId": 5}], [failed(C)]), [A], "POST /x")
    assert (result.accepted, result.rejected) == ({}, {})


@pytest.mark.parametrize("totals", [{"totalSuccess": 2}, {"totalFailed": 1}, {"totalRequested": 3}])
def test_the_lists_count_and_not_the_totals(totals: dict[str, int], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "theirstack_async"):
        result = read_resent(answer([took(A)], [], **totals), [A], "POST /x")
    assert result.accepted == {A: "c1"}
    assert "POST /x: the totals" in caplog.text


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"null", b"[]", b"{}", b'{"successfulNotifications": []}', b'{"failedNotifications": []}'],
)
def test_an_answer_without_lists_is_unknown(body: bytes) -> None:
    result = read_resent(body, [A], "POST /x")
    assert (result.verdict, result.accepted) == ("unknown", {})
    assert result.reason == "POST /x: the answer does not tell which ids were taken"


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        *((BadRequestError("x", status=400, code=code), "refused") for code in (
            "ValidationFailed", "IllegalArgument", "BadRequest", "DataIntegrityError", "BrandNew", None
        )),
        *((BadRequestError("x", status=400, code=code), "closed") for code in (
            "NotImplementedError", "USER_CREATION_FAILED", "USER_FALLBACK_FAILED"
        )),
        (RateLimitError("x", status=400, code="RETRIGGER_RATE_LIMITED"), "throttled"),
        (RateLimitError("x", status=429), "throttled"),
        (RateLimitError("x", sent="no"), "throttled"),
        (AuthenticationError("x", status=401), "over"),
        (PermissionDeniedError("x", status=403), "closed"),
        (NotFoundError("x", status=404), "refused"),
        (ConflictError("x", status=409), "unsent"),
        (APIError("x", status=408), "unsent"),
        (APIError("x", status=413), "refused"),
        (APIError("x", status=422), "refused"),
        (APIError("x", status=425), "unsent"),
        (APIError("x", status=402), "closed"),
        (APIError("x", status=405), "closed"),
        (OutcomeUnknownError("x"), "unknown"),
        (DecodeError("too large"), "unknown"),
        (ConnectionLostError("x", sent="maybe"), "unknown"),
        (RequestTimeoutError("x", phase="slot"), "unsent"),
        (ConnectError("x"), "unsent"),
        (ConnectError("x", permanent=True), "over"),
        (ConfigurationError("x"), "over"),
        (ClientClosedError("x"), "over"),
    ],
)  # fmt: skip
def test_what_an_error_means(error: TheirStackError, verdict: str) -> None:
    result = verdict_of(error)
    assert (result.verdict, result.reason) == (verdict, str(error))
    assert (result.accepted, result.rejected, result.retry_after) == ({}, {}, None)


def test_how_long_to_wait_is_passed_on() -> None:
    assert verdict_of(RateLimitError("x", status=429, retry_after=7.0)).retry_after == 7.0
