"""Values become JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.strategies import MODELS, full
from theirstack_async._convert import Converter
from theirstack_async.errors import ArgumentError
from theirstack_async.models import JobClosed, UnknownPayload, WebhookEvent, WebhookEventStatus

CONVERTER = Converter(keep_unknown_fields=True)
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_becomes_the_row_that_it_was(model: type[Any]) -> None:
    row = {**full(model), "new": {"a": [1, None]}}
    assert CONVERTER.unstructure(CONVERTER.decode(json.dumps(row).encode(), model)) == row


def plain(value: Any) -> bool:
    """Tell whether a value is JSON data, and not a subclass of what JSON data is made of."""
    if type(value) is dict:
        return all(type(name) is str and plain(item) for name, item in value.items())
    return all(map(plain, value)) if type(value) is list else type(value) in (str, int, float, bool, type(None))


@pytest.mark.parametrize("model", MODELS)
def test_what_comes_out_is_plain(model: type[Any]) -> None:
    assert plain(CONVERTER.unstructure([CONVERTER.decode(json.dumps(full(model)).encode(), model)]))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        ("text", "text"),
        (NOON, "2026-01-02T12:00:00Z"),
        (NOON.replace(microsecond=5), "2026-01-02T12:00:00.000005Z"),
        (NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-01-02T12:00:00Z"),
        (date(2026, 1, 2), "2026-01-02"),
        (WebhookEventStatus.FAILED, "FAILED"),
        (WebhookEventStatus("LOST"), "LOST"),
        ((1, (2,)), [1, [2]]),
        ([NOON], ["2026-01-02T12:00:00Z"]),
        ({"a": (NOON, {"b": date(2026, 1, 2)})}, {"a": ["2026-01-02T12:00:00Z", {"b": "2026-01-02"}]}),
        (UnknownPayload(b'{"a" : 1.5}'), {"a": 1.5}),
        (JobClosed(id=1, closed_at=NOON), {"id": 1, "closed_at": "2026-01-02T12:00:00Z"}),
    ],
)
def test_values_become_plain_data(value: object, expected: object) -> None:
    got = CONVERTER.unstructure(value)
    assert got == expected
    assert plain(got)
    assert json.loads(CONVERTER.encode(value)) == expected


def test_an_event_with_an_unknown_payload_comes_round() -> None:
    event = {**full(WebhookEvent), "payload": {"id": 1, "text": "\ud800"}}
    got = CONVERTER.decode(json.dumps(event).encode(), WebhookEvent)
    assert CONVERTER.unstructure(got) == event


def test_json_is_written_without_spaces_and_takes_what_json_can_hold() -> None:
    assert CONVERTER.encode({"a": [1, 10**40], "b": "\ud800é"}) == b'{"a":[1,%d],"b":"\\ud800\\u00e9"}' % 10**40


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (NOON.replace(tzinfo=None), "the instant 2026-01-02T12:00:00 has no timezone"),
        ({"a": [NOON.replace(tzinfo=None)]}, "the instant 2026-01-02T12:00:00 has no timezone"),
        (UnknownPayload(b"{"), "UnknownPayload.raw is not valid JSON: "),
        (float("nan"), "cannot be written as JSON: "),
        (object(), "cannot be written as JSON: "),
    ],
)
def test_what_has_no_json_is_refused(value: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        CONVERTER.encode(value)
