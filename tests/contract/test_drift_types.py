"""The SDK's own annotations as shapes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Required, TypedDict

import attrs
import pytest

from theirstack_async._values import Secret, Unset
from theirstack_async.contract.python_types import fields_of, shape_of
from theirstack_async.contract.shapes import describe
from theirstack_async.filters import Deprecated
from theirstack_async.models import Confidence, UnknownPayload


@attrs.frozen
class Thing:
    """A class with each kind of field."""

    name: str
    old: Annotated[int, Deprecated("use name")] = 0
    noted: Annotated[int, "a note"] = 0


class Sent(TypedDict, total=False):
    """A query."""

    id: Required[int]
    name: str


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (str, "string"),
        (Secret, "string"),
        (datetime, "date-time"),
        (date, "date"),
        (datetime | date | None, "date or date-time or null"),
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (None, "null"),
        (Any, "anything"),
        (object, "anything"),
        (str | Unset, "string"),
        (int | str | None, "integer or string or null"),
        (Annotated[int, "a note"], "integer"),
        (Literal["a", "b"], "string"),
        (Confidence, "string"),
        (list[int], "array of integer"),
        (tuple[str | None, ...], "array of (string or null)"),
        (dict[str, Any], "object"),
        (Mapping[str, int], "object"),
        (Thing, "object"),
    ],
)
def test_a_type_has_a_shape(hint: Any, said: str) -> None:
    assert describe(shape_of(hint)) == said


def test_enumerations_have_members() -> None:
    assert shape_of(Confidence).members == {"low", "medium", "high"}
    assert shape_of(Confidence | None).enum == "Confidence"
    assert shape_of(Literal["a", "b"]).members == {"a", "b"}


def test_fields_say_whether_they_are_always_there_and_deprecated() -> None:
    assert {name: (field.required, field.deprecated) for name, field in fields_of(Thing).items()} == {
        "name": (True, False),
        "old": (False, True),
        "noted": (False, False),
    }
    assert {name: field.required for name, field in fields_of(Sent).items()} == {"id": True, "name": False}


def test_unknown_payloads_are_anything_else() -> None:
    found = shape_of(Thing | UnknownPayload)
    assert [each.name for each in found.objects] == ["Thing"]
    assert found.catch_all


@pytest.mark.parametrize("hint", [complex, set[int], Unset | complex, "text"])
def test_a_type_without_a_shape_is_refused(hint: Any) -> None:
    with pytest.raises(TypeError, match="no shape on the wire is known for this type"):
        shape_of(hint)
