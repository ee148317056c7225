"""Deliveries: the envelope first, which says of what type the record in it is, and then the record."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypeVar

import attrs
import msgspec

from theirstack_async._convert.converter import Converter, reference
from theirstack_async._convert.fast import attempt
from theirstack_async._convert.problems import RefusedError, found, join, summary
from theirstack_async._convert.text import member
from theirstack_async.errors import DecodeError, DeliveryError, Problem
from theirstack_async.models import UnknownPayload

T = TypeVar("T")

TYPE_LIMIT: Final = 100
"""Characters of a type at the most: the known ones have about ten."""
_IDS: Final = range(-(2**63), 2**63)


class _Envelope(msgspec.Struct):
    """What the fast decoder reads; the text of the payload stays as it is."""

    id: int
    type: str
    payload: msgspec.Raw


@attrs.frozen
class _Shape:
    """The same for the reference, which tells what is wrong with it."""

    id: int
    type: str
    payload: object


_FAST: Final = msgspec.json.Decoder(_Envelope)


@cache
def _decoder(model: Any) -> msgspec.json.Decoder[Any]:
    """Return what decodes deliveries of one kind of record in one go."""
    members: list[tuple[str, Any]] = [("id", int), ("type", str), ("payload", model)]
    return msgspec.json.Decoder(msgspec.defstruct(f"_{model.__name__}Delivery", members))


def read_at_once(body: bytes, type_: str, model: Any) -> tuple[int, Any] | None:
    """Return the id and the record of a delivery that is of this type, and in good order; None for any other.

    It says the same as :func:`read_envelope` and :func:`read_payload`, in two thirds of their time.
    """
    try:
        _check_text(body)
        whole = attempt(_decoder(model), body)
    except RefusedError:
        return None
    return (whole.id, whole.payload) if whole.type == type_ and whole.id in _IDS else None


def read_envelope(body: bytes) -> tuple[int, str, bytes]:
    """Return the id and the type of a delivery, and the text of its payload exactly as it is written.

    Raises:
        DeliveryError: it is no JSON object in UTF-8, one of the three is missing or wrong, or it is nested too deeply.
    """
    try:
        _check_text(body)
        id_, type_, payload = _members(body)
        _check_bounds(id_, type_)
    except RefusedError as refused:
        problems = refused.problems
    else:
        return id_, type_, payload
    # Raised outside the handler: the decoders' errors hold the whole body, and would hang on it as its context.
    raise DeliveryError(f"the body is no delivery: {summary(problems)}", problems=problems)


def read_payload(raw: bytes, model: type[T], *, keep_unknown_fields: bool = False) -> T | UnknownPayload:
    """Return the record that a payload is, or, if it is not what the model says, its text and what is wrong with it."""
    try:
        return _converter(keep_unknown_fields).decode(raw, model)
    except DecodeError as error:
        return UnknownPayload(
            raw, tuple(attrs.evolve(each, path=join("payload", each.path)) for each in error.problems)
        )


@cache
def _converter(keep_unknown_fields: bool) -> Converter:
    return Converter(keep_unknown_fields=keep_unknown_fields)


def _check_text(body: bytes) -> None:
    """Refuse what is not UTF-8: the fast decoder does not look into what it passes over."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise RefusedError([Problem("", f"not UTF-8, at byte {error.start}")]) from None


def _members(body: bytes) -> tuple[int, str, bytes]:
    try:
        fast = attempt(_FAST, body)
    except RefusedError:
        shape = reference().decode(body, _Shape)
        return shape.id, shape.type, member(body, "payload")
    return fast.id, fast.type, bytes(fast.payload)


def _check_bounds(id_: int, type_: str) -> None:
    """Refuse an id that no store has room for, and a type that could not be shown on a line."""
    problems: list[Problem] = []
    if id_ not in _IDS:
        problems.append(Problem("id", "expected a whole number of 64 bits, got a larger one"))
    if len(type_) > TYPE_LIMIT or not type_.isprintable():
        problems.append(Problem("type", f"expected at most {TYPE_LIMIT} printable characters, got {found(type_)}"))
    if problems:
        raise RefusedError(problems)
