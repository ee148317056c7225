"""Whatever a body is, it is a delivery or a :class:`DeliveryError`, and nothing else comes out of it."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import Members, Token, damaged, minimal, rows, write
from theirstack_async.errors import ArgumentError, DeliveryError, Problem
from theirstack_async.models import Company, Job, JobClosed
from theirstack_async.receiver import CompanyNew, Delivery, JobNew, UnknownDelivery, parse_delivery
from theirstack_async.receiver import JobClosed as ClosedDelivery
from theirstack_async.receiver._deliveries import MAX_BYTES

MANY: Final = settings.default.max_examples * 10
"""A thousand by default, ten thousand in the deep profile."""
ROOM: Final = MAX_BYTES // 2
CLASSES: Final[dict[str, tuple[type[Delivery], type[Any]]]] = {
    "job.new": (JobNew, Job),
    "company.new": (CompanyNew, Company),
    "job.closed": (ClosedDelivery, JobClosed),
}


def refused(body: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        parse_delivery(body)
    error = caught.value
    assert type(error) is DeliveryError
    assert not error.too_large
    assert error.problems
    assert str(error.problems[0]) in str(error)
    assert len(str(error)) < 300
    assert error.__context__ is None
    return error


def outcome(body: bytes, *, keep_unknown_fields: bool = False) -> Delivery | DeliveryError:
    """Return what comes out of a body; that nothing else does is what these tests are about."""
    try:
        found = parse_delivery(body, keep_unknown_fields=keep_unknown_fields)
    except DeliveryError as error:
        found = error
    assert isinstance(found, Delivery) or found.problems
    return found


def delivery(text: bytes, type_: bytes = b"job.closed") -> bytes:
    return b'{"id":41,"type":"' + type_ + b'","payload":' + text + b"}"


NO_OBJECT: Final[dict[str, bytes]] = {
    "empty": b"",
    "space": b" \n\t\r",
    "null": b"null",
    "a number": b"7",
    "a text": b'"job.new"',
    "an array": b'[{"id":41,"type":"x","payload":{}}]',
    "cut off": delivery(b'{"id":7}')[:-1],
    "cut off within": delivery(b'{"id":7}')[:-5],
    "two": delivery(b'{"id":7}') * 2,
    "something behind": delivery(b'{"id":7}') + b";",
    "nul behind": delivery(b'{"id":7}') + b"\0",
    "a comma too many": b'{"id":41,"type":"x","payload":{},}',
    "no quotes": b"{id:41,type:x,payload:{}}",
    "single quotes": b"{'id':41,'type':'x','payload':{}}",
    "a form": b"id=41&type=job.new",
    "XML": b"<delivery/>",
    "a comment": b'{"id":41,"type":"x","payload":{}} // done',
    "BOM": b"\xef\xbb\xbf" + delivery(b'{"id":7}'),
    "UTF-16": delivery(b'{"id":7}').decode().encode("utf-16"),
    "UTF-16 without BOM": delivery(b'{"id":7}').decode().encode("utf-16-le"),
    "UTF-32": delivery(b'{"id":7}').decode().encode("utf-32"),
    "gzip": b"\x1f\x8b\x08\x00" + bytes(range(256)),
    "Latin-1 in a payload": delivery(b'{"id":7,"a":"\xe9"}'),
    "Latin-1 in a member that nobody reads": b'{"id":41,"type":"x","payload":{},"a":"\xe9"}',
    "Latin-1 in a name": b'{"id":41,"type":"x","payload":{},"\xe9":1}',
    "Latin-1 in a type": delivery(b"{}", b"\xe9"),
    "an overlong slash": delivery(b'{"id":7,"a":"\xc0\xaf"}'),
    "a surrogate in UTF-8": delivery(b'{"id":7,"a":"\xed\xa0\x80"}'),
    "bytes outside of a text": b"\xff" + delivery(b'{"id":7}'),
    "a bomb": b"[" * ROOM,
    "a closed bomb": b"[" * (ROOM // 2) + b"]" * (ROOM // 2),
    "a bomb of objects": b'{"a":' * (ROOM // 5),
    "a bomb of payloads": b'{"id":1,"type":"x","payload":' * (ROOM // 30),
    "a bomb in the payload": delivery(b"[" * ROOM),
    "a closed bomb in the payload": delivery(b"[" * (ROOM // 2) + b"]" * (ROOM // 2)),
    "a bomb of objects in the payload": delivery(b'{"a":' * (ROOM // 6) + b"1" + b"}" * (ROOM // 6)),
    "a bomb in the id": b'{"id":' + b"[" * ROOM,
    "a bomb beside the payload": b'{"a":'
    + b"[" * (ROOM // 2)
    + b"]" * (ROOM // 2)
    + b',"id":1,"type":"x","payload":1}',
    "a bomb of both": b'[{"a":' * (ROOM // 6),
}


@pytest.mark.parametrize("name", NO_OBJECT)
def test_what_is_no_object_in_utf_8_is_refused(name: str) -> None:
    assert refused(NO_OBJECT[name]).problems[0].path == ""


@pytest.mark.parametrize("depth", [10, 100, 300])
def test_a_record_may_be_nested_as_deeply_as_records_are(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    assert isinstance(parse_delivery(delivery(b'{"id":7,"a":' + deep + b"}")), ClosedDelivery)
    assert isinstance(parse_delivery(delivery(deep)), UnknownDelivery)


def test_every_depth_is_read_or_refused() -> None:
    """Between what is read and what is refused nothing breaks, whichever decoder gives up first."""
    for depth in [*range(900, 1100, 7), 2000, 5000, 20_000, 60_000]:
        deep = b'{"a":[' * depth + b"]}" * depth
        for body in (delivery(b'{"id":7,"a":' + deep + b"}"), delivery(deep), delivery(deep, b"x")):
            for keep in (False, True):
                found = outcome(body, keep_unknown_fields=keep)
                assert isinstance(found, Delivery) or "nested too deeply" in str(found)
    assert "nested too deeply" in str(outcome(body))


def test_depth_is_told_from_a_deep_stack_too() -> None:
    """A handler that runs deep in a framework has less room than a test."""

    def deeper(levels: int) -> object:
        if levels:
            return deeper(levels - 1)
        return refused(delivery(b"[" * 5000)), parse_delivery(delivery(b'{"id":7}'))

    deeper(500)


@pytest.mark.parametrize(
    "value", ["null", "true", "false", "1.0", "1e3", '"41"', '""', "[]", "[41]", "{}", "NaN", "-Infinity"]
)
def test_an_id_is_a_whole_number(value: str) -> None:
    error = refused(f'{{"id":{value},"type":"job.closed","payload":{{"id":7}}}}'.encode())
    assert [problem.path for problem in error.problems] == ["id"]


@pytest.mark.parametrize("id_", [2**63, -(2**63) - 1, 2**64, 10**40, -(10**300), 10**4000])
def test_an_id_has_64_bits(id_: int) -> None:
    """A database has room for no more."""
    error = refused(b'{"id":%d,"type":"job.closed","payload":{"id":7}}' % id_)
    assert error.problems == (Problem("id", "expected a whole number of 64 bits, got a larger one"),)


@pytest.mark.parametrize("id_", [0, -1, 1, 2**63 - 1, -(2**63), 2**53 + 1])
def test_an_id_within_64_bits_is_exact(id_: int) -> None:
    assert parse_delivery(b'{"id":%d,"type":"job.closed","payload":{"id":7}}' % id_).id == id_


@pytest.mark.parametrize("digits", [b"9" * 5000, b"9" * ROOM, b"-" + b"9" * 5000])
def test_digits_without_end_are_refused(digits: bytes) -> None:
    """To read them takes time that grows with the square of their number, so Python and msgspec both refuse."""
    refused(b'{"id":' + digits + b',"type":"x","payload":{}}')
    kept = parse_delivery(delivery(b'{"id":' + digits + b"}"))
    assert isinstance(kept, UnknownDelivery)
    assert kept.payload.raw == b'{"id":' + digits + b"}"


@pytest.mark.parametrize("value", ["null", "true", "7", "[]", '["job.new"]', "{}", "NaN"])
def test_a_type_is_a_text(value: str) -> None:
    error = refused(f'{{"id":41,"type":{value},"payload":{{"id":7}}}}'.encode())
    assert [problem.path for problem in error.problems] == ["type"]


@pytest.mark.parametrize(
    "type_",
    ["x" * 101, "x" * ROOM, "job.new\n", "job\r\nSet-Cookie: a=b", "\0", "\x1b[2J", "\ud800", "\u202ejob", "\u2028"],
)
def test_a_type_can_be_shown_on_a_line(type_: str) -> None:
    """It appears in logs, in answers and in names of counters."""
    error = refused(json.dumps({"id": 41, "type": type_, "payload": {}}).encode())
    assert [problem.path for problem in error.problems] == ["type"]
    assert "at most 100 printable characters" in str(error)
    assert str(error).isprintable()


def test_all_that_is_missing_is_told() -> None:
    for body in (b"{}", b'{"ID":41,"Type":"job.new","data":{}}'):
        error = refused(body)
        assert [str(problem) for problem in error.problems] == [
            "id: required, and missing",
            "type: required, and missing",
            "payload: required, and missing",
        ]
        assert str(error) == "the body is no delivery: id: required, and missing (and 2 more)"
    assert [problem.path for problem in refused(b'{"id":1,"type":"x"}').problems] == ["payload"]
    assert [problem.path for problem in refused(b'{"id":2e400,"type":"\\ud800"}').problems] == ["id", "payload"]


@pytest.mark.parametrize("value", [None, "text", 7, {"id": 1}, object()])
def test_a_body_that_is_not_bytes_is_a_mistake_of_the_caller(value: Any) -> None:
    with pytest.raises(ArgumentError, match="body: expected the raw bytes"):
        parse_delivery(value)


@pytest.mark.parametrize("value", [b"NaN", b"-Infinity", b'"\\ud800"', b'"a\tb"', b"1e999", b'"\\u0000"'])
def test_what_only_the_standard_library_reads_costs_no_delivery(value: bytes) -> None:
    """It was signed, so TheirStack wrote it, and would write it again each time that it is sent."""
    read = parse_delivery(delivery(b'{"id":7,"new":' + value + b"}"))
    assert isinstance(read, ClosedDelivery)
    assert read.payload == JobClosed(id=7)
    kept = parse_delivery(delivery(b'{"id":7,"closed_at":' + value + b"}"))
    assert isinstance(kept, UnknownDelivery)
    assert kept.payload.raw == b'{"id":7,"closed_at":' + value + b"}"
    assert {problem.path for problem in kept.payload.problems} == {"payload.closed_at"}
    beside = parse_delivery(b'{"new":' + value + b',"payload":{"id":7},"id":41,"type":"job.closed"}')
    assert isinstance(beside, ClosedDelivery)


def test_what_a_record_is_called_has_a_form_in_utf_8() -> None:
    """A store keeps it as text, and databases take no lone surrogate."""
    for id_, name in (("\ud800", "\\ud800"), ("ключ", "ключ"), ("a\\b", "a\\b"), ("\U0001f511", "\U0001f511")):
        found = parse_delivery(delivery(json.dumps({**minimal(Company), "id": id_}).encode(), b"company.new"))
        assert isinstance(found, CompanyNew)
        assert found.payload.id == id_
        assert found.record == f"company.new:{name}"


def test_of_names_that_stand_twice_the_last_counts() -> None:
    """For both decoders: a lone surrogate sends the same body to the other one."""
    for more in (b"1", b'"\\ud800"'):
        body = (
            b'{"id":1,"type":"a","payload":{"id":1},"a":'
            + more
            + b',"id":2,"type":"job.closed","payload":{"id":3,"id":4}}'
        )
        assert parse_delivery(body) == ClosedDelivery(id=2, type="job.closed", payload=JobClosed(id=4))
        last_wrong = b'{"id":1,"type":"job.closed","payload":{"id":1},"a":' + more + b',"id":"2"}'
        assert [problem.path for problem in refused(last_wrong).problems] == ["id"]
        first_wrong = b'{"id":"1","type":7,"a":' + more + b',"type":"job.closed","payload":{"id":1},"id":2}'
        assert parse_delivery(first_wrong) == ClosedDelivery(id=2, type="job.closed", payload=JobClosed(id=1))


@pytest.mark.parametrize("body", [b"", delivery(b"[" * 1000), b'{"id":true}'])
def test_an_error_survives_every_trip(body: bytes) -> None:
    error = refused(body)
    trips = [copy.copy(error), copy.deepcopy(error)]
    trips += [pickle.loads(pickle.dumps(error, n)) for n in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for clone in trips:
        assert type(clone) is DeliveryError
        assert (str(clone), vars(clone)) == (str(error), vars(error))


_tokens: Final = (
    rb"""{"id": 41 ,"type": "job.new" "job.closed" ,"payload": {"id":7} } [ ] , null true -1e9 NaN " \ \ud800"""
)
_pieces: Final = st.sampled_from(_tokens.split())
_bodies: Final = (
    st.binary(max_size=300)
    | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.lists(_pieces | st.binary(max_size=1), max_size=20).map(b"".join)
    | st.lists(_pieces, max_size=3).map(lambda pieces: delivery(b"".join(pieces)))
)


@settings(max_examples=MANY)
@given(_bodies)
def test_whatever_comes_is_a_delivery_or_is_refused(body: bytes) -> None:
    found = outcome(body)
    if isinstance(found, UnknownDelivery):
        assert found.body == body


_types: Final = st.sampled_from([*CLASSES, "job.opened"])


@given(st.data())
def test_a_damaged_delivery_is_read_kept_or_refused(data: st.DataObject) -> None:
    type_ = data.draw(_types)
    model = CLASSES.get(type_, CLASSES["job.closed"])[1]
    row = st.fixed_dictionaries({"id": st.integers(-9, 9), "type": st.just(type_), "payload": rows(model)})
    text = write(data.draw(damaged(row, tokens=True)))
    body = text.encode("utf-8", "surrogatepass")
    found = outcome(body)
    if isinstance(found, DeliveryError):
        return
    assert type(found) in ([CLASSES[found.type][0], UnknownDelivery] if found.type in CLASSES else [UnknownDelivery])
    if isinstance(found, UnknownDelivery):
        assert found.body == body
        assert found.payload.raw in body
        assert found.payload.problems


@given(st.data())
def test_a_sound_delivery_is_always_read(data: st.DataObject) -> None:
    type_ = data.draw(st.sampled_from(sorted(CLASSES)))
    cls, model = CLASSES[type_]
    members = {"id": data.draw(st.integers(-(2**63), 2**63 - 1)), "type": type_, "payload": data.draw(rows(model))}
    order = data.draw(st.permutations([*members.items(), ("new", Token('"\\ud800"'))][: data.draw(st.integers(3, 4))]))
    found = parse_delivery(write(Members(tuple(order))).encode())
    assert type(found) is cls
    assert found.id == members["id"]


@given(st.binary(max_size=40), st.integers(0, 10**6), st.sampled_from(sorted(CLASSES)))
def test_a_delivery_with_bytes_overwritten_is_read_kept_or_refused(noise: bytes, at: int, type_: str) -> None:
    body = bytearray(delivery(b'{"id":7,"closed_at":"2026-01-02T03:04:05Z","name":"x"}', type_.encode()))
    body[at % len(body) : at % len(body) + len(noise)] = noise
    outcome(bytes(body))
