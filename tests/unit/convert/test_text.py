"""JSON text taken apart without losing a byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async._convert.fast import split
from theirstack_async._convert.text import member, parse, split_array

ITEMS = [
    b"1",
    b" {} ",
    b'{"a" : [ 1,2 ]}',
    b'"a,]\\""',
    b"null",
    b'"\xff\\ud800"',
    b"NaN",
    b"-1.5e+3",
    b"[[],[]]",
    b"\n[ ]\t",
]


@given(st.lists(st.sampled_from(ITEMS)))
def test_an_array_is_split_into_the_texts_of_its_items(items: list[bytes]) -> None:
    body = b"[" + b",".join(items) + b"]"
    for array in (body, b" \t" + body + b"\r\n"):
        assert split_array(array) == [item.strip() for item in items]
        assert split(array) == split_array(array)


@given(st.lists(st.sampled_from(ITEMS)), st.integers(0, 60), st.sampled_from(list(b'[]{},:"x1 ')))
def test_both_ways_of_splitting_agree_on_broken_arrays(items: list[bytes], at: int, sign: int) -> None:
    """What msgspec splits, the standard library splits alike."""
    body = bytearray(b"[" + b",".join(items) + b"]")
    body[at % len(body)] = sign
    try:
        expected = split_array(bytes(body))
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            split(bytes(body))
    else:
        assert split(bytes(body)) == expected


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "\\u0062", '\\"', ""]), st.sampled_from(ITEMS)), min_size=1))
def test_a_member_is_the_last_of_its_name(pairs: list[tuple[str, bytes]]) -> None:
    body = b"{" + b" , ".join(f'"{name}" : '.encode() + item for name, item in pairs) + b"}"
    last = {json.loads(f'"{name}"'): item.strip() for name, item in pairs}
    for name, item in last.items():
        assert member(b"\n" + body, name) == item


@pytest.mark.parametrize("body", [b"", b"[", b"1 1", b"[1,]", b"{'a': 1}", b"\xff", b"\xef\xbb\xbf1", b"[" * 100_000])
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(body)
