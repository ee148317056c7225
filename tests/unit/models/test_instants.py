"""Instants are aware and in UTC, however the API writes them and whichever way they came in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.strategies import MODELS, fields, full
from theirstack_async._convert import Converter
from theirstack_async._convert.reference import Reference
from theirstack_async.errors import DecodeError
from theirstack_async.models import JobClosed

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
TEXTS = [
    ("2026-01-02T12:00:00Z", NOON),
    ("2026-01-02T12:00:00z", NOON),
    ("2026-01-02T12:00:00", NOON),
    ("2026-01-02 12:00:00", NOON),
    ("2026-01-02T12:00:00+00:00", NOON),
    ("2026-01-02T17:30:00+05:30", NOON),
    ("2026-01-02T04:00:00-08:00", NOON),
    ("2026-01-02T12:00:00.5Z", NOON.replace(microsecond=500_000)),
    ("2026-01-02T12:00:00.123456", NOON.replace(microsecond=123_456)),
    ("2026-01-02T12:00:00.123456789Z", NOON.replace(microsecond=123_457)),
    ("0001-01-01T00:00:00", datetime(1, 1, 1, tzinfo=UTC)),
    ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
]
NO_INSTANTS = ["", "2026-01-02", "12:00:00Z", "2026-13-02T12:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T12:00:60Z"]
NO_INSTANTS += [
    "now",
    "1700000000",
    "0001-01-01T00:00:00+05:30",
    "9999-12-31T23:59:59-05:30",
    "\ud800",
    " 2026-01-02T12:00:00Z",
]
HOLDERS = [(model, name) for model in MODELS for name, type_, _ in fields(model) if "datetime.datetime" in repr(type_)]


@pytest.mark.parametrize(("text", "instant"), TEXTS)
@pytest.mark.parametrize(("model", "name"), HOLDERS)
def test_every_instant_of_every_model_is_utc(model: type[Any], name: str, text: str, instant: datetime) -> None:
    body = json.dumps({**full(model), name: text}).encode()
    for row in (Converter().decode(body, model), Reference().decode(body, model)):
        got = getattr(row, name)
        assert got == instant
        assert got.tzinfo is UTC


@pytest.mark.parametrize("text", NO_INSTANTS)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match=r"closed_at: expected instant \(RFC 3339\), got "):
        Converter().decode(json.dumps({"id": 1, "closed_at": text}).encode(), JobClosed)


def test_there_are_instants_to_test() -> None:
    assert len(HOLDERS) == 22


def test_an_instant_given_by_hand_becomes_utc() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    assert JobClosed(id=1, closed_at=NOON.astimezone(east)).closed_at == NOON
    assert JobClosed(id=1, closed_at=NOON.replace(tzinfo=None)).closed_at == NOON
    assert JobClosed(id=1, closed_at=NOON.astimezone(east)).closed_at.tzinfo is UTC  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        JobClosed(id=1, closed_at=datetime(1, 1, 1, tzinfo=east))
