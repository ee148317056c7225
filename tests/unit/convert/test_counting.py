"""How many rows an answer was paid for: counted whether or not they decode."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async._convert.counting import count_rows


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b'{"data": []}', 0),
        (b'{"data": [{"id": 1}, {"id": "no number"}, null, 3]}', 4),
        (b'{"metadata": {"total_results": 9}, "data": [{"data": [1, 2, 3]}]}', 1),
        (b'{"data": [{"title": "\\ud83d"}, {"title": "x"}]}', 2),
        (b'{"data": [{"min_salary": NaN}]}', 1),
    ],
    ids=["none", "whatever they are", "nested", "lone surrogate", "NaN"],
)
def test_rows(body: bytes, rows: int | None) -> None:
    assert count_rows(body) == rows


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"null", b"[1, 2]", b"3", b"{}", b'{"data": null}', b'{"data": {"id": 1}}', b'{"data": 7}',
     b'{"data": [1, 2', b'{"data": [1}', b"\xff\xfe", b"[" * 100_000, b'{"rows": [1]}', b'\xef\xbb\xbf{"data": [1]}'],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_what_has_no_rows_to_count(body: bytes) -> None:
    assert count_rows(body) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(rows=st.lists(json_values), beside=st.dictionaries(st.text(), json_values, max_size=3), ascii_only=st.booleans())
def test_whatever_is_in_them(rows: object, beside: dict[str, object], ascii_only: bool) -> None:
    """Surrogates without a partner, huge numbers, and names that come twice included."""
    body = json.dumps({**beside, "data": rows}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    count = count_rows(body)
    assert count == len(json.loads(json.dumps(rows))) or (not ascii_only and count is None)


@given(st.binary())
def test_never_raises(body: bytes) -> None:
    assert count_rows(body) is None or body.lstrip().startswith(b"{")
