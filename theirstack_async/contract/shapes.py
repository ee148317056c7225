"""What a value may be: the one language into which a document's schemas and the SDK's own classes are translated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

import attrs


@attrs.frozen
class Object:
    """A JSON object with the fields that are described; it may have others."""

    name: str
    """Its schema or class."""
    at: str
    """Where it is described: a JSON pointer into the document, empty for a class of the SDK."""
    fields: Mapping[str, Field]


@attrs.frozen
class Shape:
    """What a value may be. A shape of which nothing is known lets anything pass."""

    kinds: frozenset[str] | None = None
    """JSON types but for null. Empty: nothing but null; None: anything."""
    nullable: bool = False
    formats: frozenset[str] = frozenset()
    """How its texts are written: ``date``, ``date-time``, or an empty text for any way."""
    members: frozenset[str] | None = None
    """The texts of an enumeration; None where any text is good."""
    enum: str = ""
    """The SDK's enumeration by its name, or where the document has the members: a JSON pointer."""
    items: Shape | None = None
    """What an array holds."""
    objects: tuple[Object, ...] = ()
    """The objects that it may be, where their fields are described."""
    catch_all: bool = False
    """Whether the SDK keeps a value of any other shape too, so that nothing breaks."""


@attrs.frozen
class Field:
    """A field of an object, or a parameter of an operation."""

    shape: Shape
    required: bool
    """In an answer: always there. In a request: has to be sent; of the SDK: always sent."""
    deprecated: bool = False
    at: str = ""
    """As :attr:`Object.at`."""


ANYTHING = Shape(nullable=True)
NOTHING = Shape(kinds=frozenset(), nullable=True)
"""Null, and nothing else."""


def scalar(kind: str, text: str = "") -> Shape:
    """Return the shape of one JSON type; ``text`` is how a text is written, as in :attr:`Shape.formats`."""
    return Shape(kinds=frozenset({kind}), formats=frozenset({text}) if kind == "string" else frozenset())


def either(shapes: Iterable[Shape]) -> Shape:
    """Return the shape of a value that has one of several shapes; of none when there are none."""
    return reduce(_either, shapes, Shape(kinds=frozenset()))


def both(shapes: Iterable[Shape]) -> Shape:
    """Return the shape of a value that has all of several shapes."""
    return reduce(_both, shapes, ANYTHING)


def describe(shape: Shape) -> str:
    """Return a shape in words, such as ``array of integer or null``."""
    if shape.kinds is None:
        return "anything"
    words = [_kind(kind, shape) for kind in sorted(shape.kinds)]
    return " or ".join([*words, "null"] if shape.nullable else words) or "nothing"


def _kind(kind: str, shape: Shape) -> str:
    if kind == "string":
        return "string" if "" in shape.formats else " or ".join(sorted(shape.formats)) or "string"
    if kind == "array" and shape.items is not None and shape.items.kinds is not None:
        inner = describe(shape.items)
        return f"array of ({inner})" if " or " in inner else f"array of {inner}"
    return kind


def _either(one: Shape, other: Shape) -> Shape:
    if one.kinds is None or other.kinds is None:
        return ANYTHING
    free = any("string" in each.kinds and each.members is None for each in (one, other) if each.kinds)
    items = [each.items for each in (one, other) if each.kinds and "array" in each.kinds]
    return Shape(
        kinds=one.kinds | other.kinds,
        nullable=one.nullable or other.nullable,
        formats=one.formats | other.formats,
        members=None if free else _joined(one.members, other.members),
        enum=one.enum or other.enum,
        items=(either([each or ANYTHING for each in items]) if items else None),
        objects=one.objects + other.objects,
        catch_all=one.catch_all or other.catch_all,
    )


def _joined(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None and other is None else (one or frozenset()) | (other or frozenset())


def _common(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return other if one is None else one if other is None else one & other


def _both(one: Shape, other: Shape) -> Shape:
    # A keyword next to a reference often says only "or null", or nothing of the type: what says more counts.
    if one.kinds is None or other.kinds is None:
        known, other = (other, one) if one.kinds is None else (one, other)
        return attrs.evolve(known, nullable=known.nullable and other.nullable)
    return Shape(
        kinds=one.kinds & other.kinds,
        nullable=one.nullable and other.nullable,
        formats=(one.formats & other.formats) or one.formats | other.formats,
        members=_common(one.members, other.members),
        enum=one.enum or other.enum,
        items=both([each.items for each in (one, other) if each.items is not None]),
        objects=_merged(one.objects, other.objects),
    )


def _merged(one: tuple[Object, ...], other: tuple[Object, ...]) -> tuple[Object, ...]:
    if not one or not other:
        return one + other
    return tuple(attrs.evolve(a, fields={**a.fields, **b.fields}) for a in one for b in other)
