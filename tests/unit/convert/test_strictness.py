"""No value is coerced: for each field of each model, what its type does not take is refused, by both decoders."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.strategies import DAY, INSTANT, MODELS, accepts, fields, minimal
from theirstack_async._convert import Converter
from theirstack_async._convert.problems import RefusedError
from theirstack_async._convert.reference import Reference
from theirstack_async.errors import DecodeError
from theirstack_async.models import UnknownPayload

VALUES = [
    None,
    True,
    False,
    0,
    1,
    7.9,
    1.0,
    "",
    "1",
    "abc",
    "false",
    "None",
    INSTANT,
    DAY,
    [],
    ["abc"],
    [None],
    [1],
    {},
]
FIELDS = [(model, name, type_) for model in MODELS for name, type_, _ in fields(model)]
CONVERTER = Converter()
REFERENCE = Reference()


@pytest.mark.parametrize(("model", "name", "type_"), FIELDS)
def test_a_field_takes_what_its_type_says_and_nothing_else(model: type[Any], name: str, type_: Any) -> None:
    for value in VALUES:
        body = json.dumps({**minimal(model), name: value}).encode()
        if accepts(type_, value):
            decoded = CONVERTER.decode(body, model)
            assert decoded == REFERENCE.decode(body, model)
            assert isinstance(getattr(decoded, name), UnknownPayload) == (name == "payload" and value is not None)
        else:
            with pytest.raises(DecodeError) as error:
                CONVERTER.decode(body, model)
            assert error.value.problems
            assert all(problem.path.startswith(name) for problem in error.value.problems)
            assert error.value.body == body
            assert error.value.sent == "yes"
            with pytest.raises(RefusedError):
                REFERENCE.decode(body, model)


@pytest.mark.parametrize(
    ("model", "name"), [(model, name) for model in MODELS for name, _, required in fields(model) if required]
)
def test_a_required_field_that_is_missing_is_named(model: type[Any], name: str) -> None:
    body = json.dumps({key: value for key, value in minimal(model).items() if key != name}).encode()
    with pytest.raises(DecodeError, match=f"the answer is no {model.__name__}: {name}: required, and missing") as error:
        CONVERTER.decode(body, model)
    assert [str(problem) for problem in error.value.problems] == [f"{name}: required, and missing"]


@pytest.mark.parametrize(
    ("body", "type_", "value"),
    [
        (b"5", int, 5),
        (b" -1 ", int, -1),
        (b"1", float, 1.0),
        (b"true", bool, True),
        (b'"a"', str, "a"),
        (b"null", type(None), None),
        (b"", type(None), None),
        (b" \n", type(None), None),
        (b'{"a": [1, null]}', dict[str, Any], {"a": [1, None]}),
        (b'{"a": "\\ud800"}', dict[str, Any], {"a": "\ud800"}),
        (b'{"a": "\\ud800"}', dict[str, str], {"a": "\ud800"}),
        (b'["\\ud800", 1]', list[Any], ["\ud800", 1]),
        (b'["\\ud800", "a"]', tuple[str, ...], ("\ud800", "a")),
        (b'{"a": "\\ud800"}', dict, {"a": "\ud800"}),
        (b'["\\ud800"]', list, ["\ud800"]),
        (b'["\\ud800"]', object, ["\ud800"]),
        (b'["\\ud800"]', Any, ["\ud800"]),
        (b'["\\ud800"]', list[object], ["\ud800"]),
        (b"[1, 2]", list[int], [1, 2]),
        (b"[]", list[int], []),
    ],
)
def test_plain_types_are_decoded(body: bytes, type_: Any, value: object) -> None:
    got = CONVERTER.decode(body, type_)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("body", "type_", "problem"),
    [
        (b"7.9", int, "expected int, got 7.9"),
        (b'"1"', int, 'expected int, got "1"'),
        (b"true", int, "expected int, got true"),
        (b"1", bool, "expected bool, got 1"),
        (b"null", str, "expected str, got null"),
        (b"0", type(None), "expected null, got 0"),
        (b"[]", dict[str, Any], "expected object, got an array"),
        (b"{}", tuple[int, ...], "expected array, got an object"),
        (b'{"a": {"b": 1}, "c": 2}', dict[str, int], "a: expected int, got an object"),
        (b"[[1, null], [2]]", tuple[tuple[int, ...], ...], "[0][1]: expected int, got null"),
        (b'"' + b"x" * 99 + b'"', int, f'expected int, got "{"x" * 59}…'),
        (b"NaN", float, "expected finite float, got NaN"),
        (b"1e400", float, "expected finite float, got Infinity"),
        (b"1" * 400, float, f"expected float, got {'1' * 60}…"),
        (b"", int, "not valid JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"{", int, "not valid JSON: Expecting property name"),
        (b"1 2", int, "not valid JSON: expected the end at character 2"),
        (b"<html>", int, "not valid JSON: Expecting value"),
        (b"[" * 200_000, int, "not valid JSON: nested too deeply"),
    ],
)
def test_the_explanation_says_what_was_expected_and_what_was_found(body: bytes, type_: Any, problem: str) -> None:
    with pytest.raises(DecodeError) as error:
        CONVERTER.decode(body, type_)
    assert str(error.value.problems[0]).startswith(problem)
    assert str(error.value).startswith(f"the answer is no {getattr(type_, '__name__', type_)}: {problem}")
    assert str(error.value).endswith("; the whole answer is in .body")


def test_all_problems_are_told() -> None:
    with pytest.raises(DecodeError, match=r"a: expected int, got null \(and 1 more\);") as error:
        CONVERTER.decode(b'{"a": null, "b": 1, "c": "x"}', dict[str, int])
    assert [problem.path for problem in error.value.problems] == ["a", "c"]
