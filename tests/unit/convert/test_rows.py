"""One row that does not decode costs no other."""

from __future__ import annotations

import gc
import json
import pickle
import subprocess
import sys
from typing import Any

import pytest

from tests.strategies import full, minimal
from theirstack_async._convert import Converter, Reject, Rows
from theirstack_async.errors import DecodeError, Problem
from theirstack_async.models import Company, Job, Webhook, WebhookEvent
from theirstack_async.models.webhook_event import EventId

CONVERTER = Converter()


def events(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**full(WebhookEvent), "id": index, **change} for index, change in enumerate(changes)]


def body_of(rows: list[Any]) -> bytes:
    return json.dumps(rows).encode()


def test_the_good_rows_come_out_in_order_around_the_bad_ones() -> None:
    rows = events({}, {"webhook_id": None}, {}, {"id": "x"}, {"status": 1, "created_at": "never"}, {})
    page = CONVERTER.decode_rows(body_of(rows), WebhookEvent)
    assert page.rejected == 3
    assert [row.id for row in page.rows] == [0, 1, 2, None, 4, 5]
    bad = [row for row in page.rows if isinstance(row, Reject)]
    assert [row.index for row in bad] == [1, 3, 4]
    assert [json.loads(row.body) for row in bad] == [rows[1], rows[3], rows[4]]
    assert bad[0].problems == (Problem("webhook_id", "expected int, got null"),)
    assert [problem.path for problem in bad[2].problems] == ["status", "created_at"]


def test_a_page_without_fault_has_no_rejects() -> None:
    assert CONVERTER.decode_rows(body_of(events({}, {})), WebhookEvent).rejected == 0
    assert CONVERTER.decode_rows(b" [ ] ", WebhookEvent) == Rows([], 0)


def test_rows_that_are_no_objects_are_rejected() -> None:
    page = CONVERTER.decode_rows(b'[null, 5, "x", [1], true]', WebhookEvent)
    assert page.rejected == 5
    assert [str(row.problems[0]) for row in page.rows if isinstance(row, Reject)] == [
        "expected object, got null",
        "expected object, got 5",
        'expected object, got "x"',
        "expected object, got an array",
        "expected object, got true",
    ]


def test_a_text_that_the_fast_decoder_cannot_read_costs_nothing() -> None:
    """A lone surrogate is JSON; the others are not, and a paid row is taken nevertheless."""
    rows = events({}, {"response_body": "\ud800"}, {"company_name": "!"}, {"payload": None})
    body = body_of(rows).replace(b'"!"', b'"a\tb\xff"').replace(b'"response_status_code": 7', b'"new": NaN')
    page = CONVERTER.decode_rows(body, WebhookEvent)
    assert page.rejected == 0
    assert [row.id for row in page.rows] == [0, 1, 2, 3]
    assert page.rows[1].response_body == "\ud800"  # type: ignore[union-attr]
    assert page.rows[2].company_name == "a\tb\udcff"  # type: ignore[union-attr]


def test_a_byte_that_is_no_utf8_costs_nothing() -> None:
    payload = {**full(Job), "description": "!"}
    body = body_of(events({"company_name": "!"}, {"payload": payload}, {})).replace(b'"!"', b'"\xff"')
    first, second, third = CONVERTER.decode(body, list[WebhookEvent])
    assert first.company_name == "\udcff"
    assert isinstance(second.payload, Job)
    assert second.payload.description == "\udcff"
    assert third.company_name == "text"


def test_nesting_that_nothing_can_read_is_an_error_of_ours() -> None:
    deep = b'[{"id": 1, "new": %s%s}]' % (b"[" * 100_000, b"]" * 100_000)
    with pytest.raises(DecodeError, match="nested too deeply"):
        CONVERTER.decode_rows(deep, EventId)


def test_a_reject_keeps_its_bytes_as_received() -> None:
    good = json.dumps(minimal(Webhook)).encode()
    for bad in (b'{"id" : 3 ,\n"x":[ 1e5, "\\u00e9\\/" ] }', b'{"id": 3, "x": "\xff\\ud800", "y": NaN}'):
        page = CONVERTER.decode_rows(b"[ " + good + b" , " + bad + b"\n]", Webhook)
        assert page.rows[0] == CONVERTER.decode(good, Webhook)
        reject = page.rows[1]
        assert isinstance(reject, Reject)
        assert (reject.index, reject.body, reject.id) == (1, bad, 3)


@pytest.mark.parametrize(
    ("row", "id_"),
    [(b'{"id": 3}', 3), (b'{"id": "3"}', None), (b'{"id": true}', None), (b"{}", None), (b"[1]", None), (b"7", None)],
)
def test_a_reject_has_the_id_where_there_is_one(row: bytes, id_: int | None) -> None:
    (reject,) = CONVERTER.decode_rows(b"[%s]" % row, Webhook).rows
    assert isinstance(reject, Reject)
    assert reject.id == id_


def test_a_row_that_cannot_be_read_at_all_is_rejected() -> None:
    """A number of more digits than Python reads; the array can be split all the same."""
    number = b'{"id": %s}' % (b"1" * 5000)
    page = CONVERTER.decode_rows(b"[%s, 5]" % number, int)
    assert isinstance(page.rows[0], Reject)
    assert page.rows[0].body == number
    assert page.rows[0].id is None
    assert page.rows[0].problems[0].message.startswith("not valid JSON: ")
    assert page.rows[1] == 5


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{}", b"[1", b"[1,]", b"[1 2]", b"[1]]", b"<html>", b"[,]", b"[1,,2]", b"5"]
)
def test_only_what_is_no_array_is_an_error(body: bytes) -> None:
    with pytest.raises(DecodeError, match="the answer is not an array that can be read: ") as error:
        CONVERTER.decode_rows(body, int)
    assert error.value.body == body
    assert error.value.problems


def test_the_error_of_a_reject_says_which_row_of_which_call() -> None:
    reject = Reject(7, b'{"id":12}', (Problem("payload.id", "expected int, got null"), Problem("b", "missing")), 12)
    error = reject.to_error("GET /v0/webhooks/1/events")
    assert str(error) == (
        "GET /v0/webhooks/1/events: row 7 (id 12) does not decode: payload.id: expected int, got null (and 1 more); "
        "its bytes are in .body"
    )
    assert (error.body, error.problems, error.sent) == (reject.body, reject.problems, "yes")
    assert str(Reject(0, b"", (Problem("", "x"),), None)) == "row 0"
    assert repr(reject).startswith("Reject(index=7, body=<9 bytes>, ")
    assert pickle.loads(pickle.dumps(reject)) == reject


def test_a_whole_list_is_refused_for_one_row_and_names_it() -> None:
    body = body_of([minimal(Webhook), {**minimal(Webhook), "id": 9, "url": None}, 5])
    with pytest.raises(DecodeError) as error:
        CONVERTER.decode(body, list[Webhook])
    assert str(error.value) == (
        "row 1 (id 9) does not decode: url: expected str, got null; 1 more rows do not; the whole answer is in .body"
    )
    assert [str(p) for p in error.value.problems] == [
        "[1].url: expected str, got null",
        "[2]: expected object, got 5",
    ]
    assert error.value.body == body
    with pytest.raises(DecodeError, match=r"^row 0 does not decode: expected int, got null; the whole"):
        CONVERTER.decode(b"[null]", list[int])


def test_ids_are_read_and_nothing_else() -> None:
    page = CONVERTER.decode_rows(body_of(events({"status": None}, {"payload": 5}, {"id": None})), EventId)
    assert page.rows[:2] == [EventId(id=0), EventId(id=1)]
    assert page.rejected == 1


def test_a_bad_page_leaves_no_garbage() -> None:
    """What is wrong with rows is found by exceptions; their frames must not keep the page alive in a cycle."""
    damaged = full(Job)
    damaged["locations"][0]["latitude"] = "north"
    body = body_of(events({}, {"id": None, "status": 5}, {"payload": damaged}, {"payload": 5}))
    CONVERTER.decode_rows(body, WebhookEvent)
    gc.collect()
    gc.disable()
    try:
        CONVERTER.decode_rows(body, WebhookEvent)
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("model", [Job, Company])
def test_decoders_are_built_once_and_at_the_first_use(model: type[Any]) -> None:
    converter = Converter()
    assert converter._codecs == {}

    def decode() -> None:
        converter.decode(json.dumps(full(model)).encode(), model)
        converter.decode(b"[]", list[Webhook])
        converter.decode_rows(b"[]", WebhookEvent)

    decode()
    built = dict(converter._codecs)
    assert set(built) == {model, Webhook, WebhookEvent}
    decode()
    assert all(converter._codecs[type_] is codec for type_, codec in built.items())
    assert set(converter._codecs) == set(built)


def test_making_a_converter_imports_and_builds_nothing() -> None:
    code = "import sys\nfrom theirstack_async._convert import Converter\nConverter()\n"
    code += "print({'msgspec', 'cattrs', 'aiohttp'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("body", "type_"), [(b"{", Webhook), (b"[]", Webhook), (b"{", list[Webhook]), (b"[7", list[Webhook])]
)
def test_no_error_of_a_decoder_hangs_on_ours(body: bytes, type_: type[Any]) -> None:
    """The standard library's holds the whole answer."""
    with pytest.raises(DecodeError) as caught:
        Converter().decode(body, type_)
    assert caught.value.__context__ is None
