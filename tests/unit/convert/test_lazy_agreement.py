"""Payloads decoded when they are used are what they are decoded at once, whatever is wrong with a page."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import damaged, full, minimal, payloads, rows, write
from theirstack_async._convert import Converter
from theirstack_async._convert.lazy import read_lazily
from theirstack_async.errors import DecodeError
from theirstack_async.models import Company, Job, WebhookEvent

CONVERTER = Converter()
EVENTS = rows(WebhookEvent)
SPLINTERS = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\xed\xa0\x80", b"\x00", b"null"]


def text(value: Any) -> bytes:
    return write(value).encode("utf-8", "surrogateescape")


def outcome(read: Callable[[bytes], Any], body: bytes) -> Any:
    """Return what a page gives: its rows, or what is wrong with it as a whole."""
    try:
        return read(body)
    except DecodeError as error:
        return str(error), error.problems, error.body


def lazily(body: bytes) -> Any:
    return outcome(lambda body: read_lazily(body, CONVERTER), body)


def check(body: bytes) -> None:
    """Decode a page in both ways and compare; anew each time, since comparing decodes."""
    expected = outcome(lambda body: CONVERTER.decode_rows(body, WebhookEvent), body)
    got = lazily(body)
    assert type(got) is type(expected)
    if isinstance(expected, tuple):
        assert got == expected
        return
    assert [getattr(row, "id", None) for row in got.rows] == [getattr(row, "id", None) for row in expected.rows]
    assert repr(lazily(body)) == repr(expected)
    assert lazily(body) == expected
    assert expected == lazily(body)
    assert pickle.loads(pickle.dumps(lazily(body))) == expected
    for row, other in zip(got.rows, expected.rows, strict=True):
        assert row == other
        assert type(row) is type(other)
        if isinstance(row, WebhookEvent):
            assert type(row.payload) is type(other.payload)


@given(st.lists(EVENTS, max_size=4))
def test_good_pages(page: list[Any]) -> None:
    check(text(page))


@given(st.lists(damaged(EVENTS, tokens=True), max_size=4))
def test_damaged_pages(page: list[Any]) -> None:
    check(text(page))


@given(st.lists(damaged(payloads(), tokens=True), min_size=1, max_size=4))
def test_damaged_payloads_in_good_rows(page: list[Any]) -> None:
    check(text([{**minimal(WebhookEvent), "payload": payload} for payload in page]))


@given(st.lists(EVENTS, min_size=1, max_size=3), st.data())
def test_pages_with_bytes_in_them_that_do_not_belong_there(page: list[Any], data: st.DataObject) -> None:
    body = text(page)
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(start + 40, len(body))))
    wrong = data.draw(
        st.binary(max_size=4) | st.sampled_from([b'"', b"\\", b"}", b"]", b",", b"\xed\xa0\x80", b"\x00"])
    )
    check(body[:start] + wrong + body[end:])


def event(payload: bytes, **fields: Any) -> bytes:
    """Return the text of an event with this text for its payload."""
    return json.dumps({**minimal(WebhookEvent), **fields}).encode()[:-1] + b', "payload": ' + payload + b"}"


JOB = json.dumps(full(Job)).encode()
HOSTILE = {
    "a lone surrogate": JOB.replace(b'"text"', b'"\\ud800"', 1),
    "a lone surrogate in a name": JOB[:-1] + b', "\\udfff": 1}',
    "a surrogate as bytes": JOB.replace(b'"text"', b'"\xed\xa0\x80"', 1),
    "no UTF-8": JOB.replace(b'"text"', b'"\xff\xfe"', 1),
    "no UTF-8 in a name": JOB[:-1] + b', "\xff": 1}',
    "no UTF-8 in a field that nobody knows": JOB[:-1] + b', "new": "\xff"}',
    "a raw control character": JOB.replace(b'"text"', b'"a\tb\x00"', 1),
    "a name twice": JOB[:-1] + b', "job_title": "another"}',
    "a name twice, the last wrong": JOB[:-1] + b', "job_title": 5}',
    "a name twice, the first wrong": b'{"job_title": 5, ' + JOB[1:],
    "two kinds of id": b'{"id": "acme", ' + JOB[1:],
    "NaN": JOB[:-1] + b', "min_annual_salary": NaN}',
    "NaN in a field that nobody knows": JOB[:-1] + b', "new": NaN}',
    "infinity": JOB[:-1] + b', "min_annual_salary": -Infinity}',
    "a float out of range": JOB[:-1] + b', "min_annual_salary": 1e400}',
    "a number of too many digits": b'{"id": %s}' % (b"1" * 5000),
    "nested": b'{"id": 1, "new": %s%s}' % (b"[" * 100, b"]" * 100),
    "nested deeper": b'{"id": 1, "new": %s%s}' % (b'{"a":[' * 300, b"]}" * 300),
    "nested too deeply": b'{"id": 1, "new": %s%s}' % (b"[" * 100_000, b"]" * 100_000),
    "a job that is nested too deeply": JOB[:-1] + b', "new": %s%s}' % (b"[" * 100_000, b"]" * 100_000),
    "no JSON": b"{id: 1}",
    "no JSON at all": b"<html>",
    "cut off": JOB[: len(JOB) // 2],
    "left empty": b"",
    "two values": b"1 2",
    "a comma too many": b'{"id": 1,}',
    "null": b"null",
    "null among spaces": b" \n null\t ",
    "nothing in it": b"{}",
    "a text": b'"text"',
    "true": b"true",
    "minus": b"-",
    "an array": b"[null]",
    "a company": json.dumps(full(Company)).encode(),
    "a closed job": b'{"closed_at": "2026-01-02T03:04:05", "id": 7}',
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_hostile_payloads(payload: bytes) -> None:
    bad, good = event(payload), event(JOB)
    check(b"[%s]" % bad)
    check(b"[%s, %s , %s]" % (good, bad, good))
    check(b"[%s]" % event(payload, webhook_id=None))
    check(b"[%s]" % (bad[:-1] + b', "payload": 5}'))
    check(b"[%s]" % (event(b"5")[:-1] + b', "payload": ' + payload + b"}"))


@pytest.mark.parametrize("field", [b'"company_name": %s', b'"new": %s', b'"payload\xff": %s', b'"pay\\u006coad": %s'])
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_values_elsewhere(value: bytes, field: bytes) -> None:
    """One of the names is the payload's own, written another way."""
    check(b"[%s, %s]" % (event(JOB)[:-1] + b", " + field % value + b"}", event(JOB)))


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"{}", b"[1", b"[,]", b"[]", b" [ ] ", b"[null, 5]", b"[" * 100_000, b"\xef\xbb\xbf[]", b"\xff"],
)
def test_hostile_pages(body: bytes) -> None:
    check(body)


@pytest.mark.parametrize(
    "instant", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "2026-01-02T03:04:05+14:00"]
)
def test_instants_far_off(instant: str) -> None:
    """In UTC the first two lie outside the years that there are."""
    check(b"[%s, %s]" % (event(JOB, created_at=instant), event(JOB)))
