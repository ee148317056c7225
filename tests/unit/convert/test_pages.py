"""The pages of searches: rows, and what is told beside them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import MODELS, Members, damaged, full, minimal, rows, write
from theirstack_async._convert import Converter, Reject
from theirstack_async.errors import DecodeError, Problem
from theirstack_async.models import Job, JobClosed, JobPreview, SearchMetadata, WebhookEvent

CONVERTER = Converter()
KEEPING = Converter(keep_unknown_fields=True)
BOTH = pytest.mark.parametrize("converter", [CONVERTER, KEEPING])
ROW_TYPES = [model for model in MODELS if model is not WebhookEvent]


def text(value: Any) -> bytes:
    return write(value).encode("utf-8", "surrogateescape")


def page(*ids: Any, **metadata: Any) -> dict[str, Any]:
    return {"data": [{"id": each} for each in ids], "metadata": metadata}


@BOTH
def test_a_page_is_its_rows_and_its_metadata(converter: Converter) -> None:
    got = converter.decode_page(text(page(1, 2, total_results=9, truncated_results=3)), JobClosed)
    assert got.rows == [JobClosed(id=1), JobClosed(id=2)]
    assert got.rejected == 0
    assert got.metadata == SearchMetadata(total_results=9, truncated_results=3)
    assert got.metadata_problems == ()


@BOTH
@pytest.mark.parametrize("bare", [{"data": [{"id": 1}]}, {"data": [{"id": 1}], "metadata": None}])
def test_what_is_not_told_is_none(converter: Converter, bare: Any) -> None:
    got = converter.decode_page(text(bare), JobClosed)
    assert got.rows == [JobClosed(id=1)]
    assert got.metadata is None
    assert got.metadata_problems == ()


@BOTH
def test_a_row_that_does_not_decode_costs_neither_the_others_nor_the_metadata(converter: Converter) -> None:
    got = converter.decode_page(text(page(1, "x", 3, total_results=9)), JobClosed)
    first, bad, last = got.rows
    assert (first, last) == (JobClosed(id=1), JobClosed(id=3))
    assert isinstance(bad, Reject)
    assert (bad.index, json.loads(bad.body), got.rejected) == (1, {"id": "x"}, 1)
    assert bad.problems == (Problem("id", 'expected int, got "x"'),)
    assert got.metadata == SearchMetadata(total_results=9)


@BOTH
@pytest.mark.parametrize("ids", [(1, 2), (1, "x")])
def test_metadata_that_do_not_decode_cost_no_row(converter: Converter, ids: tuple[Any, ...]) -> None:
    body = text(page(*ids, total_results="9", truncated_results=3, total_companies=1.5))
    got = converter.decode_page(body, JobClosed)
    assert got.rows[0] == JobClosed(id=1)
    assert got.rejected == (ids[1] == "x")
    assert got.metadata == SearchMetadata(truncated_results=3)
    assert got.metadata_problems == (
        Problem("metadata.total_results", 'expected int, got "9"'),
        Problem("metadata.total_companies", "expected int, got 1.5"),
    )


@BOTH
@pytest.mark.parametrize("metadata", [5, [], "text"])
def test_metadata_that_are_no_object_cost_no_row(converter: Converter, metadata: Any) -> None:
    got = converter.decode_page(text({"data": [{"id": 1}], "metadata": metadata}), JobClosed)
    assert (got.rows, got.metadata) == ([JobClosed(id=1)], SearchMetadata())
    assert [problem.path for problem in got.metadata_problems] == ["metadata"]


@BOTH
def test_metadata_that_no_one_can_read_cost_no_row(converter: Converter) -> None:
    """Python turns no whole number of more than 4,300 digits into an int."""
    body = b'{"data": [{"id": 1}], "metadata": {"total_results": %s}}' % (b"9" * 5000)
    got = converter.decode_page(body, JobClosed)
    assert (got.rows, got.metadata) == ([JobClosed(id=1)], SearchMetadata())
    assert got.metadata_problems[0].path == "metadata"


@pytest.mark.parametrize("title", ["text", "\ud800"])
@pytest.mark.parametrize("ids", [(1, 2), (1, "x")])
def test_unknown_fields_are_kept_in_rows_and_metadata(title: str, ids: tuple[Any, ...]) -> None:
    data = [{"id": each, "new": title} for each in ids]
    got = KEEPING.decode_page(text({"data": data, "metadata": {"total_results": 5, "new": 1}, "more": 2}), JobClosed)
    first: Any = got.rows[0]
    assert first.extra == {"new": title}
    assert got.metadata is not None
    assert got.metadata.extra == {"new": 1}
    damaged_one = KEEPING.decode_page(text({"data": [], "metadata": {"total_results": "5", "new": 1}}), JobClosed)
    assert damaged_one.metadata is not None
    assert damaged_one.metadata.extra == {"new": 1}
    assert CONVERTER.decode_page(text(page(1, new=1)), JobClosed).metadata.extra == {}  # type: ignore[union-attr]


@BOTH
@pytest.mark.parametrize(
    ("body", "message", "path"),
    [
        (b"[]", "no page that can be read: expected object, got an array", ""),
        (b"5", "no page that can be read: expected object, got 5", ""),
        (b"", "no page that can be read: not valid JSON", ""),
        (b'{"data": [{"id": 1}', "no page that can be read: not valid JSON", ""),
        (b"{}", "no page that can be read: data: required, and missing", "data"),
        (b'{"error": {"title": "no"}}', "no page that can be read: data: required, and missing", "data"),
        (b'{"metadata": {"total_results": 0}}', "no page that can be read: data: required, and missing", "data"),
        (b'{"data": null}', "no page that can be read: data: expected array, got null", "data"),
        (b'{"data": {"id": 1}, "metadata": {}}', "no page that can be read: data: expected array", "data"),
    ],
)
def test_what_is_no_page_is_an_error_with_the_whole_answer(
    converter: Converter, body: bytes, message: str, path: str
) -> None:
    with pytest.raises(DecodeError, match=message) as caught:
        converter.decode_page(body, JobClosed)
    assert caught.value.body == body
    assert [problem.path for problem in caught.value.problems] == [path]
    assert caught.value.__context__ is None


@BOTH
def test_data_may_be_missing_where_the_api_says_so(converter: Converter) -> None:
    got = converter.decode_page(b'{"metadata": {"total_results": 0}}', JobClosed, data_required=False)
    assert (got.rows, got.metadata) == ([], SearchMetadata(total_results=0))
    for body in (b"{}", b'{"error": {}}', b'{"data": null, "metadata": {}}'):
        with pytest.raises(DecodeError):
            converter.decode_page(body, JobClosed, data_required=False)


@BOTH
def test_of_two_members_of_one_name_the_last_counts(converter: Converter) -> None:
    for last in (1, "\ud800"):
        twice = Members((("data", [{"id": 5}]), ("data", [{"id": 6, "closed_at": None, "new": last}])))
        assert converter.decode_page(text(twice), JobClosed).rows[0].id == 6


@pytest.mark.parametrize("model", [Job, JobPreview])
def test_rows_are_of_the_type_that_was_asked_for(model: type[Any]) -> None:
    got = CONVERTER.decode_page(text({"data": [full(model), minimal(model)]}), model)
    assert [type(row) for row in got.rows] == [model, model]


@given(
    st.sampled_from(ROW_TYPES).flatmap(
        lambda m: st.tuples(
            st.just(m),
            st.lists(damaged(rows(m), tokens=True), max_size=3),
            damaged(rows(SearchMetadata), tokens=True),
        )
    )
)
def test_a_page_has_the_rows_of_the_array_in_it(case: tuple[type[Any], list[Any], Any]) -> None:
    """Whatever is wrong with the rows or with the metadata, and whichever of the two comes first."""
    model, data, metadata = case
    expected = KEEPING.decode_rows(text(data), model)
    members = (("data", data), ("metadata", metadata))
    for order in (members, members[::-1]):
        got = KEEPING.decode_page(text(Members(order)), model)
        assert repr(got.rows) == repr(expected.rows)
        assert got.rejected == expected.rejected
        assert bool(got.metadata_problems) <= (got.metadata is not None)
