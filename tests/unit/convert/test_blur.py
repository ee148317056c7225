"""Whether rows are blurred is read without decoding them, from whatever a page of rows may be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async._convert.blur import unblurred

FLAG = "has_blurred_data"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], 0),
        ([{FLAG: True}, {FLAG: False}, {FLAG: False, "id": 7}], 2),
        ([{}, {"id": 7}, {FLAG: None}, {FLAG: "false"}, {FLAG: 0}], 0),
        ([{"company_object": {FLAG: False}, FLAG: True}], 0),
        ([7, None, [], "x", {FLAG: False}, {FLAG: 0}], 1),
    ],
)
def test_only_rows_that_say_so_are_counted(rows: list[Any], expected: int) -> None:
    assert unblurred(json.dumps({"data": rows, "metadata": {}}).encode()) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"data": [{"title": "\\ud800", "has_blurred_data": false}]}', 1),
        (b'{"data": [{"score": NaN, "has_blurred_data": false}]}', 1),
        (b'{"data": [{"name": "\xff", "has_blurred_data": false}, {"has_blurred_data": true}]}', 1),
        (b'{"data": {"has_blurred_data": false}}', 0),
        (b'{"data": null}', 0),
        (b'{"error": {"title": "no"}}', 0),
        (b"[]", 0),
        (b"7", 0),
        (b'{"data": [{"has_blurred_data": false}', 0),
        (b"", 0),
        (b"<html>", 0),
    ],
)
def test_what_is_no_ordinary_page(body: bytes, expected: int) -> None:
    assert unblurred(body) == expected


@given(st.lists(st.sampled_from([True, False, None, 7]), max_size=8), st.sampled_from(["", "\ud800"]))
def test_both_readers_agree(flags: list[Any], text: str) -> None:
    """A lone surrogate sends a page to the slow one."""
    body = json.dumps({"data": [{FLAG: flag, "text": text} for flag in flags]}).encode()
    assert unblurred(body) == sum(flag is False for flag in flags)
