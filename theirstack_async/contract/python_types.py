"""From the SDK's classes and annotations to shapes, so that nothing is written down twice."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, Literal, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

import attrs

from theirstack_async._values import Secret, Unset
from theirstack_async.contract.shapes import ANYTHING, NOTHING, Field, Object, Shape, either, scalar
from theirstack_async.filters import Deprecated
from theirstack_async.models import UnknownPayload

_SCALARS: Final[Mapping[Any, Shape]] = {
    str: scalar("string"),
    Secret: scalar("string"),
    datetime: scalar("string", "date-time"),
    date: scalar("string", "date"),
    bool: scalar("boolean"),
    int: scalar("integer"),
    float: scalar("number"),
    None: NOTHING,
    types.NoneType: NOTHING,
    Any: ANYTHING,
    object: ANYTHING,
    UnknownPayload: Shape(kinds=frozenset(), catch_all=True),
}


@cache
def shape_of(hint: Any) -> Shape:
    """Return what a value of a type is on the wire.

    Raises:
        TypeError: nothing is known of such a type.
    """
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin = get_origin(hint)
    if origin is None:
        return _class(hint)
    arguments = get_args(hint)
    if origin in (Annotated, Required):
        return shape_of(arguments[0])
    if origin in (Union, types.UnionType):
        return either(shape_of(each) for each in arguments if each is not Unset)
    if origin is Literal:
        return attrs.evolve(scalar("string"), members=frozenset(arguments))
    if issubclass(origin, Mapping):
        return scalar("object")
    if issubclass(origin, Sequence):
        return attrs.evolve(scalar("array"), items=shape_of(arguments[0]))
    raise _unknown(hint)


def fields_of(cls: type[Any]) -> dict[str, Field]:
    """Return the fields of a model, a filter or a TypedDict by their names on the wire."""
    hints = get_type_hints(cls, include_extras=True)
    if is_typeddict(cls):
        return {name: Field(shape_of(hint), get_origin(hint) is Required) for name, hint in hints.items()}
    return {
        each.name: Field(shape_of(hints[each.name]), each.default is attrs.NOTHING, _is_deprecated(hints[each.name]))
        for each in attrs.fields(cls)
    }


def _class(cls: Any) -> Shape:
    if isinstance(cls, type) and issubclass(cls, Enum):
        members = frozenset(str(member.value) for member in cls)
        return attrs.evolve(scalar("string"), members=members, enum=cls.__name__)
    if isinstance(cls, type) and attrs.has(cls):
        found = Object(cls.__name__, "", fields_of(cls))
        return attrs.evolve(scalar("object"), objects=(found,))
    raise _unknown(cls)


def _unknown(hint: object) -> TypeError:
    return TypeError(f"{hint!r}: no shape on the wire is known for this type")


def _is_deprecated(hint: Any) -> bool:
    return any(isinstance(mark, Deprecated) for mark in get_args(hint)[1:]) and get_origin(hint) is Annotated
