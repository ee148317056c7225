"""Unknown fields never fail, and are kept when asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.strategies import full, minimal
from theirstack_async import DecodeError
from theirstack_async._convert import Converter, Reject
from theirstack_async.models import Company, Job, JobClosed, UnknownPayload, Webhook, WebhookEvent

KEEPING = Converter(keep_unknown_fields=True)


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


def with_unknown_fields() -> dict[str, Any]:
    job = full(Job)
    job["a"] = 1
    job["locations"][0]["b"] = [2, {"c": 3}]
    job["company_object"]["technologies_found"][0]["technology"]["d"] = None
    return {**full(WebhookEvent), "e": "f", "payload": job}


def test_unknown_fields_are_dropped_by_default() -> None:
    row = Converter().decode(text(with_unknown_fields()), WebhookEvent)
    assert row.extra == {}
    assert row == Converter().decode(text(full(WebhookEvent)), WebhookEvent)


@pytest.mark.parametrize("company_name", ["Acme", "\ud800"])
def test_unknown_fields_are_kept_at_every_depth(company_name: str) -> None:
    """On the fast path and, with a text that it cannot read, on the slow one."""
    body = text([{**with_unknown_fields(), "company_name": company_name}, {**full(WebhookEvent), "payload": None}])
    first, second = KEEPING.decode(body, list[WebhookEvent])
    assert first.extra == {"e": "f"}
    job = first.payload
    assert isinstance(job, Job)
    assert job.extra == {"a": 1}
    assert job.locations[0].extra == {"b": [2, {"c": 3}]}
    assert job.company_object.extra == {}
    assert job.company_object.technologies_found[0].technology.extra == {"d": None}
    assert second.extra == {}


def test_the_order_of_the_wire_is_kept() -> None:
    row = KEEPING.decode(b'{"z": 1, "id": 2, "a": 3, "m": 4}', JobClosed)
    assert list(row.extra) == ["z", "a", "m"]


@pytest.mark.parametrize("value", ["NaN", "1e400", '"\\ud800"', "5"])
def test_unknown_fields_of_any_value_are_kept(value: str) -> None:
    row = KEEPING.decode(b'{"id": 1, "new": %s}' % value.encode(), JobClosed)
    assert repr(row.extra) == repr({"new": json.loads(value)}).join(["mappingproxy(", ")"])


def test_what_has_no_unknown_fields_is_left_alone() -> None:
    assert KEEPING.decode(b"5", int) == 5
    assert KEEPING.decode(b'{"a": [1]}', dict[str, Any]) == {"a": [1]}
    row = KEEPING.decode(text({**minimal(WebhookEvent), "payload": {"id": 1}}), WebhookEvent)
    assert row.payload == UnknownPayload(b'{"id": 1}')
    assert KEEPING.decode(text(minimal(Company)), Company).extra == {}


def test_one_bad_row_costs_no_unknown_field_of_the_others() -> None:
    page = KEEPING.decode_rows(text([{**minimal(Webhook), "new": 1}, {"id": 5}]), Webhook)
    assert page.rejected == 1
    assert page.rows[0].extra == {"new": 1}  # type: ignore[union-attr]


def test_a_row_whose_unknown_field_cannot_be_read_costs_no_other_row() -> None:
    """Python turns no whole number of more than 4,300 digits into an int; the fast path skips such a field unread."""
    row = b'{"id": 1, "new": %s}' % (b"9" * 5000)
    page = KEEPING.decode_rows(b'[%s, {"id": 2, "new": 3}]' % row, JobClosed)
    bad, good = page.rows
    assert isinstance(bad, Reject)
    assert (bad.id, bad.body) == (None, row)
    assert isinstance(good, JobClosed)
    assert good.extra == {"new": 3}
    with pytest.raises(DecodeError, match="digits"):
        KEEPING.decode(row, JobClosed)
