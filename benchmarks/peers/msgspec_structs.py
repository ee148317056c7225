"""The same fields as msgspec's own Structs, which it fills fastest: the floor of typed rows. For decoding alone.

They promise less than this package's models: no instant is brought into UTC, an enumeration has no new values, and of
the kinds of payload there is but one, for msgspec cannot tell records apart that bear no tag.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import msgspec

from theirstack_async.models import EventPayload, Job, OpenEnum, WebhookEvent


@cache
def struct(model: type[Any]) -> type[msgspec.Struct]:
    """Return a Struct with the fields of a model."""
    hints = get_type_hints(model)
    fields: list[Any] = []
    for field in attrs.fields(model):
        type_ = translated(hints[field.name])
        fields.append((field.name, type_) if field.default is attrs.NOTHING else (field.name, type_, field.default))
    return msgspec.defstruct(model.__name__, fields, frozen=True, kw_only=True)


@cache
def closed(type_: type[OpenEnum]) -> type[StrEnum]:
    """Return an enumeration with the same members that takes no others."""
    return StrEnum(type_.__name__, {member.name: member.value for member in type_})


def translated(type_: Any) -> Any:
    """Return a type with Structs in the place of models."""
    if type_ == EventPayload:
        return struct(Job) | None
    if get_origin(type_) is UnionType:
        union, *others = map(translated, get_args(type_))
        for other in others:
            union |= other
        return union
    if get_origin(type_) is tuple:
        return tuple[translated(get_args(type_)[0]), ...]
    if attrs.has(type_):
        return struct(type_)
    return closed(type_) if issubclass(type_, OpenEnum) else type_


decode = msgspec.json.Decoder(list[struct(WebhookEvent)]).decode
