"""A delivery becomes the class of its type, whole."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime
from typing import Any, Final, get_type_hints

import attrs
import pytest

from tests.strategies import INSTANT, full, minimal
from theirstack_async import models
from theirstack_async.errors import DeliveryError, Problem
from theirstack_async.models import Company, Job, UnknownPayload
from theirstack_async.receiver import CompanyNew, Delivery, JobClosed, JobNew, UnknownDelivery, parse_delivery
from theirstack_async.receiver._deliveries import MAX_BYTES
from theirstack_async.testing.payloads import JOB_ID_OFFSET, VARIANTS, Payloads

KINDS: Final[dict[str, tuple[type[Delivery], type[Any]]]] = {
    "job.new": (JobNew, Job),
    "company.new": (CompanyNew, Company),
    "job.closed": (JobClosed, models.JobClosed),
}
CLOSED: Final = models.JobClosed(id=7, closed_at=datetime(2026, 9, 21, tzinfo=UTC))


def envelope(type_: Any, payload: Any, id_: Any = 41) -> bytes:
    return json.dumps({"id": id_, "type": type_, "payload": payload}).encode()


def unknown(body: bytes) -> UnknownDelivery:
    delivery = parse_delivery(body)
    assert type(delivery) is UnknownDelivery
    assert delivery.body == body
    assert delivery.record is None
    assert delivery.payload.problems
    return delivery


@pytest.mark.parametrize("naive", [True, False])
@pytest.mark.parametrize(
    ("kind", "type_"), [("job", "job.new"), ("company", "company.new"), ("job_closed", "job.closed")]
)
def test_what_the_fake_delivers_is_read(kind: Any, type_: str, naive: bool) -> None:
    payloads = Payloads(7, naive=naive)
    cls, model = KINDS[type_]
    for event_id in range(1, 4 * VARIANTS):
        record = payloads.delivered(kind, event_id)
        body = b'{"id":%d,"type":"%s","payload":%s}' % (event_id, type_.encode(), record)
        delivery = parse_delivery(body)
        assert type(delivery) is cls
        assert type(delivery.payload) is model
        assert (delivery.id, delivery.type) == (event_id, type_)
        assert delivery.record == f"{type_}:{json.loads(record)['id']}"
        if kind != "company":
            assert delivery.record == f"{type_}:{event_id + JOB_ID_OFFSET}"


@pytest.mark.parametrize("fill", [full, minimal])
@pytest.mark.parametrize("type_", KINDS)
def test_every_model_makes_the_round_trip(type_: str, fill: Any) -> None:
    cls, model = KINDS[type_]
    delivery = parse_delivery(envelope(type_, fill(model)))
    assert type(delivery) is cls
    assert type(delivery.payload) is model
    for name, value in fill(model).items():
        assert getattr(delivery.payload, name) is not None, name
        if not isinstance(value, (dict, list)) and value != INSTANT:
            assert str(getattr(delivery.payload, name)) == str(value)
    again = parse_delivery(envelope(type_, delivery.payload.to_dict()))  # type: ignore[union-attr]
    assert again == delivery
    assert hash(again) == hash(delivery)
    assert repr(again) == repr(delivery)


def test_members_stand_in_any_order_and_others_are_passed_over() -> None:
    body = b'\n{ "new": [1, {"id": 9}],\t"payload" : {"id": 7} , "type":"job.closed","attempt": 3, "id" : 41 }\r\n'
    assert parse_delivery(body) == JobClosed(id=41, type="job.closed", payload=models.JobClosed(id=7))


@pytest.mark.parametrize("cast", [bytes, bytearray, memoryview])
def test_a_body_may_be_any_bytes(cast: Any) -> None:
    for type_ in ("job.closed", "job.opened"):
        body = envelope(type_, {"id": 7})
        delivery = parse_delivery(cast(body))
        assert delivery == parse_delivery(body)
        assert type(getattr(delivery, "body", b"")) is bytes


@pytest.mark.parametrize(
    "type_", ["job.opened", "tech.new", "job_new", "JOB.NEW", "job.new ", "", "неизвестно", "x" * 100]
)
@pytest.mark.parametrize("payload", [full(Job), {"id": 7}, None, [], "text", 1.5])
def test_a_type_that_is_not_known_is_kept_whole(type_: str, payload: Any) -> None:
    delivery = unknown(envelope(type_, payload))
    assert (delivery.id, delivery.type) == (41, type_)
    assert json.loads(delivery.payload.raw) == payload
    assert delivery.payload.problems == (Problem("type", f"{type_!r} is not known to this release"),)


@pytest.mark.parametrize("type_", KINDS)
@pytest.mark.parametrize(
    "payload", [None, [], {}, "text", 7, True, [{"id": 7}], {"id": None}, {"id": [7]}, {"id": 7.5}]
)
def test_a_payload_that_is_no_record_is_kept_whole(type_: str, payload: Any) -> None:
    delivery = unknown(envelope(type_, payload))
    assert delivery.type == type_
    assert json.loads(delivery.payload.raw) == payload
    assert all(problem.path.startswith("payload") for problem in delivery.payload.problems)


def test_the_record_of_another_type_is_kept_whole() -> None:
    unknown(envelope("job.new", full(Company)))
    unknown(envelope("company.new", full(Job)))
    unknown(envelope("job.new", {"id": 7, "closed_at": INSTANT}))
    unknown(envelope("job.closed", full(Company)))


def test_a_closed_job_may_have_all_the_fields_of_a_job() -> None:
    """Its fields are not documented, so those of a job may well be among them."""
    delivery = parse_delivery(envelope("job.closed", full(Job)))
    assert isinstance(delivery, JobClosed)
    assert delivery.payload.id == 7


@pytest.mark.parametrize(
    ("kind", "type_"), [("job", "job.new"), ("company", "company.new"), ("job_closed", "job.closed")]
)
def test_a_record_with_one_field_damaged_is_kept_whole(kind: Any, type_: str) -> None:
    """No field takes an object of this shape; those of models and lists take none either."""
    record = json.loads(Payloads(7).delivered(kind, 41))
    model = KINDS[type_][1]
    for name in record:
        damaged = {**record, name: {"?": [41]}}
        body = envelope(type_, damaged)
        if name not in attrs.fields_dict(model):
            assert type(parse_delivery(body)) is KINDS[type_][0]
            continue
        delivery = unknown(body)
        assert json.loads(delivery.payload.raw) == damaged
        assert all(problem.path.startswith(f"payload.{name}") for problem in delivery.payload.problems)


@pytest.mark.parametrize("type_", KINDS)
def test_a_record_that_lacks_what_is_required_is_kept_whole(type_: str) -> None:
    record = minimal(KINDS[type_][1])
    for name in record:
        delivery = unknown(envelope(type_, {key: value for key, value in record.items() if key != name}))
        assert delivery.payload.problems == (Problem(f"payload.{name}", "required, and missing"),)


def test_the_text_of_a_payload_is_exactly_as_it_came() -> None:
    raw = b'{ "id":  1e2, "a":"\\u00e9\xc3\xa9" }'
    body = b'{"id":41,"type":"job.new","payload": ' + raw + b" }"
    assert unknown(body).payload == UnknownPayload(raw)


@pytest.mark.parametrize("type_", ["job.new", "job.closed"])
def test_unknown_fields_are_kept_when_asked_for(type_: str) -> None:
    record = {**minimal(KINDS[type_][1]), "url_hashed": "0a", "more": {"a": [None]}}
    body = envelope(type_, record)
    kept = parse_delivery(body, keep_unknown_fields=True)
    assert isinstance(kept.payload, models.Model)
    assert kept.payload.extra == {"url_hashed": "0a", "more": {"a": [None]}}
    assert envelope(type_, kept.payload.to_dict() | record) == envelope(type_, kept.payload.to_dict())
    plain = parse_delivery(body)
    assert isinstance(plain.payload, models.Model)
    assert plain.payload.extra == {}
    assert kept != plain


@pytest.mark.parametrize(
    "body", [envelope("job.new", full(Job)), envelope("company.new", full(Company)), envelope("x", {"id": 7})]
)
def test_deliveries_survive_every_trip(body: bytes) -> None:
    delivery = parse_delivery(body)
    trips = [copy.copy(delivery), copy.deepcopy(delivery)]
    trips += [pickle.loads(pickle.dumps(delivery, n)) for n in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for clone in trips:
        assert type(clone) is type(delivery)
        assert clone == delivery
        assert hash(clone) == hash(delivery)
    assert delivery != attrs.evolve(delivery, id=42)
    assert len({delivery, *trips, attrs.evolve(delivery, id=42)}) == 2


def test_deliveries_are_immutable() -> None:
    delivery = JobClosed(id=1, type="job.closed", payload=CLOSED)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        delivery.id = 2  # type: ignore[misc]
    assert not hasattr(delivery, "__dict__")


def test_the_classes_are_told_apart() -> None:
    """Two deliveries of the same values and of different classes are not equal, and each is a :class:`Delivery`."""
    closed = JobClosed(id=1, type="job.closed", payload=CLOSED)
    base = Delivery(id=1, type="job.closed", payload=CLOSED)
    assert closed != base
    assert base.record is None
    assert isinstance(closed, Delivery)
    assert {cls.__name__ for cls in Delivery.__subclasses__()} == {
        "JobNew",
        "CompanyNew",
        "JobClosed",
        "UnknownDelivery",
    }


@pytest.mark.parametrize("cls", [Delivery, JobNew, CompanyNew, JobClosed, UnknownDelivery])
def test_the_types_of_fields_can_be_looked_up(cls: type[Any]) -> None:
    assert set(get_type_hints(cls)) == set(attrs.fields_dict(cls))


def test_a_body_is_not_printed() -> None:
    body = envelope("job.opened", {"id": 7, "text": "x" * 500})
    assert f"body=<{len(body)} bytes>" in repr(parse_delivery(body))


@pytest.mark.parametrize("size", [0, 1, 100])
def test_the_bound_comes_before_the_parser(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("theirstack_async._convert.deliveries.read_envelope", lambda body: pytest.fail("it was read"))
    with pytest.raises(DeliveryError, match=rf"has {size + 1} bytes, and at most {size} are read") as caught:
        parse_delivery(b"[" * (size + 1), max_bytes=size)
    assert caught.value.too_large
    assert caught.value.problems == ()


def test_a_body_as_long_as_the_bound_is_read() -> None:
    body = envelope("job.closed", {"id": 7})
    assert parse_delivery(body, max_bytes=len(body)) == parse_delivery(body)
    padded = body + b" " * (MAX_BYTES - len(body))
    assert parse_delivery(padded) == parse_delivery(body)
    with pytest.raises(DeliveryError, match="has 1,048,577 bytes, and at most 1,048,576 are read"):
        parse_delivery(padded + b" ")


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":1,"type":"job.new","payload":{"id":2,"closed_at":null},"type":"job.closed"}',
        b'{"id":1,"type":"job.closed","payload":{"id":2},"type":"job.archived"}',
        b'{"note":"job.closed","id":1,"type":"other","payload":{"id":2}}',
        b'{"payload":{"id":2},"type":"job.closed","id":1}' + b" " * 200,
        b" " * 200 + b'{"id":1,"type":"job.closed","payload":{"id":2}}',
    ],
)
def test_the_short_way_says_what_the_long_one_does(body: bytes) -> None:
    """Where the type stands does not matter, nor what else looks like one."""
    assert parse_delivery(body) == parse_delivery(body, keep_unknown_fields=True)
