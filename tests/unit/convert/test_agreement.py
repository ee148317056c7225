"""The fast path and the reference agree on every row, whatever is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import MODELS, damaged, rows, write
from theirstack_async._convert import Converter, Reject
from theirstack_async._convert.events import EventCodec
from theirstack_async._convert.fast import Codec
from theirstack_async._convert.problems import RefusedError
from theirstack_async._convert.reference import Reference
from theirstack_async.models import WebhookEvent

REFERENCE = Reference()
CODECS: dict[type[Any], Any] = {
    model: EventCodec(REFERENCE.payload) if model is WebhookEvent else Codec(model) for model in MODELS
}
CONVERTER = Converter()
KEEPING = Converter(keep_unknown_fields=True)
ANY_MODEL = st.sampled_from([*MODELS, *[WebhookEvent] * len(MODELS)])


def text(value: Any) -> bytes:
    return write(value).encode("utf-8", "surrogateescape")


def verdict(decode: Any, *args: Any) -> Any:
    """Return what a decoder makes of a row; None when it refuses."""
    try:
        return decode(*args)
    except RefusedError:
        return None


def same(one: object, other: object) -> bool:
    """Compare by the representation too: a text equals the member of an enumeration, and is none."""
    return one == other and repr(one) == repr(other)


@given(ANY_MODEL.flatmap(lambda m: st.tuples(st.just(m), rows(m))))
def test_valid_rows_are_accepted_by_both_and_equal(case: tuple[type[Any], Any]) -> None:
    model, row = case
    fast = CODECS[model].one(text(row))
    assert type(fast) is model
    assert same(fast, REFERENCE.decode(text(row), model))


@given(ANY_MODEL.flatmap(lambda m: st.tuples(st.just(m), damaged(rows(m), tokens=False))))
def test_both_refuse_the_same_rows(case: tuple[type[Any], Any]) -> None:
    model, row = case
    assert same(verdict(CODECS[model].one, text(row)), verdict(REFERENCE.decode, text(row), model))


@given(ANY_MODEL.flatmap(lambda m: st.tuples(st.just(m), damaged(rows(m), tokens=True))))
def test_the_fast_path_accepts_nothing_else_than_the_reference(case: tuple[type[Any], Any]) -> None:
    """What no JSON value stands for, and a name that stands twice, it may leave to the reference."""
    model, row = case
    fast = verdict(CODECS[model].one, text(row))
    assert fast is None or same(fast, REFERENCE.decode(text(row), model))


@given(ANY_MODEL.flatmap(lambda m: st.tuples(st.just(m), st.lists(damaged(rows(m), tokens=True), max_size=4))))
def test_a_page_is_what_the_reference_makes_of_each_of_its_rows(case: tuple[type[Any], list[Any]]) -> None:
    model, page = case
    result = CONVERTER.decode_rows(text(page), model)
    assert len(result.rows) == len(page)
    assert result.rejected == sum(isinstance(row, Reject) for row in result.rows)
    for index, (got, row) in enumerate(zip(result.rows, page, strict=True)):
        expected = verdict(REFERENCE.decode, text(row), model)
        if expected is None:
            assert isinstance(got, Reject)
            assert got.index == index
            assert got.body == text(row)
            assert got.problems
        else:
            assert type(got) is model
            assert same(got, expected)


@given(ANY_MODEL.flatmap(lambda m: st.tuples(st.just(m), st.lists(rows(m), max_size=3))))
def test_what_is_kept_of_valid_rows_is_written_back(case: tuple[type[Any], list[dict[str, Any]]]) -> None:
    """A row that was decoded with its unknown fields, and encoded, decodes to the same row again."""
    model, page = case
    result: list[Any] = KEEPING.decode(text(page), list[model])  # type: ignore[valid-type]
    for got, row in zip(result, page, strict=True):
        assert got.extra == {name: row[name] for name in row if name in ("extra", "_extra", "new")}
    again: Any = KEEPING.decode(KEEPING.encode(result), list[model])  # type: ignore[valid-type]
    assert KEEPING.unstructure(again) == KEEPING.unstructure(result)


@pytest.mark.parametrize("model", MODELS)
def test_no_model_can_be_filled_from_a_field_named_extra(model: type[Any]) -> None:
    from tests.strategies import minimal

    row = {**minimal(model), "extra": 5, "_extra": 6}
    for converter in (CONVERTER, KEEPING):
        (got,) = converter.decode_rows(text([row]), model).rows
        assert got.extra == ({"extra": 5, "_extra": 6} if converter is KEEPING else {})
