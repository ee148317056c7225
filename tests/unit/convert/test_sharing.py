"""Shared texts are one object each, and nothing else about a row changes."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import MODELS, damaged, full, minimal, rows, write
from theirstack_async import TheirStack
from theirstack_async._convert import Converter, Reject, sharing
from theirstack_async._convert.lazy import read_lazily
from theirstack_async.models import (
    Company,
    DatasetCredentials,
    Job,
    Model,
    SavedSearch,
    UnknownPayload,
    WebhookEvent,
    WebhookEventStatus,
)
from theirstack_async.models._base import field_names

PLAIN = Converter()
ANY_MODEL = st.sampled_from([*MODELS, *[WebhookEvent] * len(MODELS)])
SHORT = "x" * sharing.LONGEST


def text(value: Any) -> bytes:
    return write(value).encode("utf-8", "surrogateescape")


def event(payload: Any = None, **fields: Any) -> dict[str, Any]:
    return {**minimal(WebhookEvent), "payload": payload, **fields}


def job(**fields: Any) -> dict[str, Any]:
    return {**minimal(Job), "company_object": {**minimal(Company), "name": "Acme"}, **fields}


def decoded(converter: Converter, *page: dict[str, Any]) -> list[WebhookEvent]:
    return converter.decode(json.dumps(page).encode(), list[WebhookEvent])


def jobs(converter: Converter, *page: dict[str, Any]) -> list[Job]:
    return converter.decode(json.dumps(page).encode(), list[Job])


def types(value: Any) -> Iterator[Any]:
    """Yield the type of a value and of all that is in it."""
    yield type(value)
    if isinstance(value, Model):
        for name in field_names(type(value)):
            yield from types(getattr(value, name))
        yield from types(dict(value.extra))
    elif isinstance(value, dict):
        for name in value:
            yield from types(value[name])
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from types(item)


def written(row: Any) -> str:
    """Return a row with its unknown fields; one whose payload is none has no JSON, and is shown otherwise."""
    if isinstance(row, Reject):
        return repr(row)
    damaged_payload = isinstance(getattr(row, "payload", None), UnknownPayload)
    return f"{row} {dict(row.extra)}" if damaged_payload else str(row.to_dict())


def check_same(got: list[Any], expected: list[Any]) -> None:
    equal = "nan" not in str([*map(written, expected)])  # NaN, as an unknown field may be, equals nothing
    assert not equal or got == expected
    assert repr(got) == repr(expected)
    assert list(types(got)) == list(types(expected))
    assert list(map(written, got)) == list(map(written, expected))
    if any(isinstance(row, DatasetCredentials) for row in got):
        return  # they refuse to be pickled
    again = pickle.loads(pickle.dumps(got))
    assert not equal or again == expected
    assert repr(again) == repr(expected)


@pytest.mark.parametrize("keep", [False, True])
@given(data=st.data())
def test_a_shared_page_is_the_page(keep: bool, data: st.DataObject) -> None:
    """Of good rows and damaged ones, lone surrogates, empty texts and rows that come twice; also of the next page."""
    model = data.draw(ANY_MODEL)
    row = st.one_of(rows(model), st.just(full(model)), damaged(rows(model), tokens=True))
    plain, shared = (Converter(keep_unknown_fields=keep, share_strings=share) for share in (False, True))
    for _ in range(2):
        page = data.draw(st.lists(row, max_size=4))
        body = text([*page, *page[:1]])
        check_same(shared.decode_rows(body, model).rows, plain.decode_rows(body, model).rows)


def test_equal_texts_are_one_object_in_all_rows_of_all_pages() -> None:
    converter = Converter(share_strings=True)
    place = {"name": "Acme", "country_name": "Acme"}
    first, second = decoded(converter, event(job(locations=[place]), company_name="Acme"), event(company_name="Acme"))
    (third,) = decoded(converter, event(job(location="Acme", technology_slugs=["b", "Acme"])))
    one, other = first.payload, third.payload
    assert isinstance(one, Job)
    assert isinstance(other, Job)
    found = [
        first.company_name, second.company_name, one.company_object.name, one.locations[0].name,
        one.locations[0].country_name, other.location, other.technology_slugs[1], other.company_object.name,
    ]  # fmt: skip
    assert found == ["Acme"] * 8
    assert len(set(map(id, found))) == 1


def test_rows_without_a_text_keep_none_from_being_shared() -> None:
    page = jobs(
        Converter(share_strings=True), *[job(location=name, cities=name and [name]) for name in ("ab", None, "ab")]
    )
    assert [(row.location, row.cities) for row in page] == [("ab", ("ab",)), (None, None), ("ab", ("ab",))]
    assert page[0].location is page[2].location
    assert page[0].cities is page[2].cities


def test_equal_tuples_of_texts_are_one_object() -> None:
    converter = Converter(share_strings=True)
    (one,) = jobs(converter, job(technology_slugs=["b", "c"], country_codes=[None, "b"]))
    (two,) = jobs(converter, job(keyword_slugs=["b", "c"], country_codes=[None, "b"]))
    assert one.technology_slugs is two.keyword_slugs
    assert one.country_codes is two.country_codes
    assert one.country_codes == (None, "b")
    assert one.country_codes[1] is one.technology_slugs[0]


def test_nothing_is_shared_unless_asked_for() -> None:
    one, two = jobs(PLAIN, job(location="Acme", cities=["b"]), job(location="Acme", cities=["b"]))
    assert one.location is not two.location
    assert one.cities is not two.cities


@pytest.mark.parametrize(("length", "shared"), [(sharing.LONGEST, True), (sharing.LONGEST + 1, False)])
def test_long_texts_are_left_alone(length: int, shared: bool) -> None:
    row = job(location="x" * length, cities=["x" * length])
    one, two = jobs(Converter(share_strings=True), row, row)
    assert (one.location is two.location) is shared
    assert (one.cities is two.cities) is shared
    assert one == two


@pytest.mark.parametrize(("items", "shared"), [(sharing.LONGEST, True), (sharing.LONGEST + 1, False)])
def test_of_long_tuples_the_texts_are_shared(items: int, shared: bool) -> None:
    row = job(cities=["ab"] * items)
    one, two = jobs(Converter(share_strings=True), row, row)
    assert (one.cities is two.cities) is shared
    assert one.cities
    assert two.cities
    assert one.cities[0] is two.cities[-1]


def test_what_hardly_comes_twice_is_left_alone() -> None:
    one, two = jobs(Converter(share_strings=True), *[job(description="ab", url="abc")] * 2)
    assert one.description is not two.description
    assert one.url is not two.url


def test_secrets_are_left_alone() -> None:
    """They must not stay in a pool when their row is gone."""
    converter = Converter(share_strings=True)
    one, two = (converter.decode(text(full(DatasetCredentials)), DatasetCredentials) for _ in range(2))
    assert one.access_key_id is two.access_key_id is two.storage.bucket_name
    assert len({id(each.secret_access_key) for each in (one, two)}) == 2
    assert len({id(each.session_token) for each in (one, two)}) == 2


def test_members_of_enumerations_stay_members() -> None:
    """They equal their texts, and hash like them."""
    converter = Converter(share_strings=True)
    page = [event(company_name=name, status=name, response_body=name) for name in ("FAILED", "NEW")] * 2
    for row, name in zip(decoded(converter, *page), ["FAILED", "NEW"] * 2, strict=True):
        assert type(row.status) is WebhookEventStatus
        assert type(row.company_name) is type(row.response_body) is str
        assert row.status == row.company_name == name
    (one,) = jobs(converter, job(employment_statuses=["full_time"], cities=["full_time"]))
    assert repr(one.employment_statuses) != repr(one.cities) == "('full_time',)"


def test_equal_numbers_of_several_types_stay_apart() -> None:
    body = {"a": 1, "b": True, "c": 1.0, "d": "a", "e": 0.0, "f": -0.0}
    row = {**full(SavedSearch), "body": body, "new": [1, True, 1.0, -0.0]}
    converter = Converter(share_strings=True, keep_unknown_fields=True)
    for got in converter.decode(json.dumps([row, row]).encode(), list[SavedSearch]):
        assert repr(got.body) == repr(body)
        assert repr(got.extra["new"]) == "[1, True, 1.0, -0.0]"


def test_texts_are_shared_however_a_row_was_decoded() -> None:
    """Alone, in a page of a search, in a page with a damaged row, and by the reference."""
    converter = Converter(share_strings=True)
    row = job(location="ab")
    search = {"data": [row], "metadata": {"total_results": 1}}
    found: list[Any] = [
        converter.decode(text(row), Job),
        *converter.decode_page(text(search), Job).rows,
        converter.decode_rows(text([row, {"id": 1}]), Job).rows[0],
        converter.decode_page(text({"data": [5, row]}), Job).rows[1],
        *converter.decode(json.dumps([{**row, "company": "\ud800"}]).encode(), list[Job]),
    ]
    assert len({id(each.location) for each in found}) == 1


def test_what_is_no_model_is_left_alone() -> None:
    converter = Converter(share_strings=True)
    assert converter.decode(b"5", int) == 5
    assert converter.decode(b'{"a": ["b", "b"]}', dict[str, Any]) == {"a": ["b", "b"]}
    assert converter.decode(b'[{"a": 1}, 2]', list[Any]) == [{"a": 1}, 2]


def test_a_payload_that_is_to_be_decoded_later_is_not_decoded_for_this() -> None:
    (row,) = read_lazily(text([event(job(), company_name="ab")]), PLAIN).rows
    lazy = type(row)
    sharing.TextPool().share([row])
    assert type(row) is lazy is not WebhookEvent
    assert row == PLAIN.decode(text(event(job(), company_name="ab")), WebhookEvent)


def test_a_pool_that_is_full_is_emptied_at_the_next_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST", 3)
    converter = Converter(share_strings=True)

    def name(*more: str) -> str | None:
        return decoded(converter, event(company_name="ab"), *[event(company_name=each) for each in more])[
            0
        ].company_name

    first = name("c1", "c2")
    second = name("c3")
    third = name()
    assert first == second == third == "ab"
    assert first is second
    assert second is not third
    assert name() is third


def test_long_texts_take_no_room_in_a_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST", 3)
    converter = Converter(share_strings=True)
    (first,) = decoded(converter, event(company_name="ab"))
    decoded(converter, *[event(company_name=f"{SHORT}{n}") for n in range(9)])
    (last,) = decoded(converter, event(company_name="ab"))
    assert first.company_name is last.company_name


@pytest.mark.parametrize("asked", [True, False])
def test_a_client_shares_when_asked_and_its_views_with_it(asked: bool) -> None:
    client = TheirStack("key", share_strings=asked)
    view = client.with_options(max_concurrency=1)
    found = [decoded(each._converter, event(company_name="ab"))[0].company_name for each in (client, view)]
    assert (found[0] is found[1]) is asked
