"""What a replay reads of TheirStack's event rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from theirstack_async._convert import Converter, Reject
from theirstack_async.replay import ReplayEvent
from theirstack_async.replay._theirstack_rows import EventRow, decode, to_event

TRIGGERED = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROW: dict[str, Any] = {
    "id": 7,
    "webhook_id": 3,
    "job_id": None,
    "company_name": None,
    "triggered_at": "2026-11-20T12:00:00Z",
    "status": "FAILED",
    "payload": None,
    "created_at": "2026-11-20T12:00:30Z",
    "updated_at": "2026-11-20T14:00:00.000001+02:00",
    "response_status_code": None,
    "response_body": None,
}


def rows_of(*changes: dict[str, Any]) -> list[EventRow | Reject]:
    return decode(Converter(), json.dumps([{**ROW, **change} for change in changes]).encode()).rows


def event_of(now: datetime = TRIGGERED, **changes: Any) -> ReplayEvent[int]:
    [row] = rows_of(changes)
    assert isinstance(row, EventRow)
    return to_event(row, 3, now)


def test_a_row_in_words_that_all_share() -> None:
    """It is created when it was triggered, not when it was noted, and times are in UTC."""
    found = event_of(response_status_code=500, response_body="x" * 1001)
    assert found == ReplayEvent(
        id=7,
        webhook_id=3,
        type="",
        status="failed",
        word="FAILED",
        created_at=TRIGGERED,
        updated_at=TRIGGERED + timedelta(microseconds=1),
        next_attempt=TRIGGERED + HOUR + timedelta(microseconds=1),
        response_status=500,
        response="x" * 1000,
    )
    assert found.created_at.tzinfo is found.updated_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("FAILED", "failed"),
        ("SUCCESS", "delivered"),
        ("IN_PROGRESS", "pending"),
        ("NOT_TRIGGERED", "skipped"),
        ("PAUSED", "pending"),
    ],
)
def test_statuses(word: str, status: str) -> None:
    """One that is not known passes for neither failed nor delivered, and only what failed is tried again."""
    found = event_of(status=word)
    assert (found.word, found.status) == (word, status)
    assert (found.next_attempt is not None) == (word == "FAILED")


@pytest.mark.parametrize(
    ("updated", "now", "again"),
    [
        (0, 0, 1),
        (5, 5.5, 6),
        (5, 20, 6),  # overdue, and it may still come
        (47, 47.5, 48),
        (47.1, 47.5, None),
        (5, 47.9, 6),
        (5, 48, None),
        (5, 500, None),
    ],
)
def test_the_next_attempt_is_within_48_hours(updated: float, now: float, again: float | None) -> None:
    found = event_of(TRIGGERED + now * HOUR, updated_at=(TRIGGERED + updated * HOUR).isoformat())
    assert found.next_attempt == (None if again is None else TRIGGERED + again * HOUR)


JOB = {"id": 1, "job_title": "Cook", "company_object": {"name": "Ada"}, "name": "x", "closed_at": None}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (JOB, "job.new"),
        ({"id": 1, "job_title": "Cook"}, "job.new"),
        ({"id": 1, "company_object": {}, "closed_at": None}, "job.new"),
        ({**JOB, "closed_at": "2026-11-20"}, ""),
        ({"id": 1, "closed_at": "2026-11-20"}, "job.closed"),
        ({"id": 1, "closed_at": None, "company_object": None}, "job.closed"),
        ({"id": "ada", "name": "Ada"}, "company.new"),
        ({"id": "ada"}, ""),
        ({"id": 1}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_type_is_read_off_the_record(payload: object, expected: str) -> None:
    assert event_of(payload=payload).type == expected


@pytest.mark.parametrize("payload", [5, "text", [JOB], {**JOB, "company_object": 5}])
def test_a_strange_record_costs_the_types_of_a_page_and_no_row(payload: object) -> None:
    rows = rows_of({"id": 1, "payload": JOB}, {"id": 2, "payload": payload})
    assert [(row.id, row.event_type) for row in rows if isinstance(row, EventRow)] == [(1, ""), (2, "")]


def test_a_row_that_cannot_be_read_is_told_of() -> None:
    good, bad = rows_of({"id": 1}, {"id": 2, "updated_at": None})
    assert isinstance(good, EventRow) and isinstance(bad, Reject)
    assert (good.id, bad.id) == (1, 2)
