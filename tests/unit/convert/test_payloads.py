"""An event is never lost for its payload."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.strategies import full, minimal
from theirstack_async._convert import Converter
from theirstack_async._convert.reference import Reference
from theirstack_async.errors import Problem
from theirstack_async.models import Company, Job, JobClosed, UnknownPayload, WebhookEvent

CONVERTER = Converter()
REFERENCE = Reference()
CLOSED = {"id": 7, "closed_at": "2026-01-02T03:04:05"}
NO_KIND = (Problem("payload", "neither a job, nor a company, nor a closed job"),)


def event(payload: Any, index: int = 0) -> str:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return json.dumps({**minimal(WebhookEvent), "id": index})[:-1] + f', "payload": {text}' + "}"


def decode(*payloads: Any) -> list[WebhookEvent]:
    """Decode a page of events; check that rows by themselves, and the reference, give the same."""
    rows = [event(payload, index) for index, payload in enumerate(payloads)]
    got = CONVERTER.decode(f"[{','.join(rows)}]".encode("utf-8", "surrogateescape"), list[WebhookEvent])
    for row, text in zip(got, rows, strict=True):
        body = text.encode("utf-8", "surrogateescape")
        assert type(row) is WebhookEvent
        for other in (REFERENCE.decode(body, WebhookEvent), CONVERTER.decode(body, WebhookEvent)):
            assert row == other
            assert repr(row) == repr(other)
    return got


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (full(Job), Job),
        (minimal(Job), Job),
        ({**full(Job), "closed_at": None}, Job),
        ({**full(Job), "name": "Acme"}, Job),
        (full(Company), Company),
        (minimal(Company), Company),
        ({**minimal(Company), "closed_at": None, "job_title": "x"}, Company),
        (CLOSED, JobClosed),
        ({**CLOSED, "name": "x", "url": "y"}, JobClosed),
        ({"id": 7, "closed_at": None}, JobClosed),
        (None, type(None)),
    ],
)
@pytest.mark.parametrize("page", ["alone", "among its like", "among others"])
def test_the_kind_of_a_payload_is_found(payload: Any, kind: type[Any], page: str) -> None:
    around = {"alone": [], "among its like": [payload, None], "among others": [CLOSED, full(Job), 5, full(Company)]}[
        page
    ]
    assert type(decode(*around, payload)[-1].payload) is kind


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"id": 7},
        {"id": "acme"},
        {"closed_at": None},
        {"name": "Acme"},
        {"id": 7, "name": "Acme"},
        {"id": None, "name": "Acme"},
        {"job_title": "Engineer"},
        {**CLOSED, "job_title": "Engineer"},
        {**CLOSED, "job_title": None},
        {**CLOSED, "id": "x"},
        {**CLOSED, "id": 7.5},
        {**CLOSED, "closed_at": "yesterday"},
        {**full(Job), "id": "acme"},
        {**full(Company), "id": 5},
    ],
)
def test_what_could_be_something_else_is_unknown(payload: Any) -> None:
    (row,) = decode(payload)
    assert isinstance(row.payload, UnknownPayload)
    assert json.loads(row.payload.raw) == payload
    assert row.payload.problems


@pytest.mark.parametrize("kind", [Job, Company])
def test_a_record_without_one_of_its_required_fields_is_never_of_another_kind(kind: type[Any]) -> None:
    for name in minimal(kind):
        for whole in (minimal(kind), full(kind), {**minimal(kind), "closed_at": None}):
            (row,) = decode({key: value for key, value in whole.items() if key != name})
            assert isinstance(row.payload, UnknownPayload)


def test_a_damaged_payload_is_kept_and_explained() -> None:
    damaged = full(Job)
    damaged["locations"][0]["latitude"] = "north"
    del damaged["company_object"]["name"]
    first, second, third = decode(full(Job), damaged, full(Job))
    assert isinstance(first.payload, Job)
    assert isinstance(third.payload, Job)
    assert isinstance(second.payload, UnknownPayload)
    assert {str(problem) for problem in second.payload.problems} == {
        'payload.locations[0].latitude: expected float, got "north"',
        "payload.company_object.name: required, and missing",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{ "id" : 1 ,"x":[ 1.50 , 1e5 ,"\\u00e9\\/" ] }', str(NO_KIND[0])),
        ('{"id": 1, "x": "\\ud800"}', str(NO_KIND[0])),
        ('{"id": 1, "x": "\udcff"}', str(NO_KIND[0])),
        ('{"id": 1, "x": NaN}', str(NO_KIND[0])),
        ("5", "payload: expected object, got 5"),
        ('"text"', 'payload: expected object, got "text"'),
        ("[1, 2]", "payload: expected object, got an array"),
        ("[]", "payload: expected object, got an array"),
        ("true", "payload: expected object, got true"),
    ],
)
def test_the_text_of_an_unknown_payload_is_kept_as_received(text: str, problem: str) -> None:
    for row in (decode(text)[0], decode(CLOSED, text)[1], decode('{"x": "\\ud800"}', text)[1]):
        assert isinstance(row.payload, UnknownPayload)
        assert row.payload.raw == text.encode("utf-8", "surrogateescape")
        assert [str(p) for p in row.payload.problems] == [problem]


def test_a_payload_that_cannot_be_read_is_kept() -> None:
    text = '{"id": %s}' % ("1" * 5000)
    (row,) = CONVERTER.decode(f"[{event(text)}]".encode(), list[WebhookEvent])
    assert isinstance(row.payload, UnknownPayload)
    assert row.payload.raw == text.encode()
    assert row.payload.problems[0].message.startswith("not valid JSON: ")


def test_of_two_payloads_the_last_counts() -> None:
    for first, last, kind in ((full(Job), CLOSED, JobClosed), (5, full(Job), Job), (full(Job), None, type(None))):
        text = event(first)[:-1] + f', "payload": {json.dumps(last)}' + "}"
        body = text.encode()
        assert type(CONVERTER.decode(body, WebhookEvent).payload) is kind
        assert CONVERTER.decode(body, WebhookEvent) == REFERENCE.decode(body, WebhookEvent)


def test_a_null_payload_is_none_also_on_the_slow_path() -> None:
    row = REFERENCE.decode(event(None).encode(), WebhookEvent)
    assert row.payload is None
    assert REFERENCE.decode(json.dumps(minimal(WebhookEvent)).encode(), WebhookEvent).payload is None
