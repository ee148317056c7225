"""From the schemas of an OpenAPI document to shapes, whether written in the way of 3.0 or of 3.1."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final, cast
from urllib.parse import unquote

import attrs

from theirstack_async.contract.shapes import ANYTHING, NOTHING, Field, Object, Shape, both, either, scalar

_TEXTS: Final = ("date", "date-time")
"""The formats of which the SDK makes something else than a text."""


class DocumentError(Exception):
    """A document cannot be read; the message says why, in one sentence."""


@attrs.frozen
class Node:
    """A part of the document, and where it stands."""

    value: object
    at: str

    def get(self, key: str) -> Node:
        """Return the member of an object; of anything else, and where there is none, the value is None."""
        return Node(self.fields().get(key), f"{self.at}/{key.replace('~', '~0').replace('/', '~1')}")

    def fields(self) -> Mapping[str, object]:
        """Return the members by name; nothing, where it is no object."""
        value = self.value
        if not isinstance(value, Mapping):
            return {}
        # YAML reads the statuses of answers as numbers, and a field called "on" as true.
        return {_name(key): value for key, value in cast("Mapping[object, object]", value).items()}

    def members(self) -> Iterator[tuple[str, Node]]:
        """Yield the members with their names."""
        for name in self.fields():
            yield name, self.get(name)

    def items(self) -> list[Node]:
        """Return the items of an array; nothing, where it is none."""
        value = self.value
        values = cast("list[object]", value) if isinstance(value, list) else []
        return [Node(each, f"{self.at}/{index}") for index, each in enumerate(values)]

    @property
    def is_true(self) -> bool:
        """Whether it is true, and not only something that counts as such."""
        return self.value is True


def _name(key: object) -> str:
    return key if isinstance(key, str) else json.dumps(key, default=str)


class Schemas:
    """Reads the schemas of one document."""

    def __init__(self, root: Node) -> None:
        self._root = root
        # By the identity of the parsed node, so that a schema is read once, however often it is referred to.
        self._known: dict[int, Shape] = {}

    def resolve(self, node: Node) -> Node:
        """Return what a node stands for: itself, or what its ``$ref`` leads to.

        Raises:
            DocumentError: the reference leads nowhere, in a circle, or out of the document.
        """
        seen: list[str] = []
        while isinstance(target := node.fields().get("$ref"), str):
            if target in seen:
                raise DocumentError(f"{node.at}: the reference {target} leads back to itself.")
            seen.append(target)
            node = self._find(node.at, target)
        return node

    def _find(self, at: str, target: str) -> Node:
        if target != "#" and not target.startswith("#/"):
            raise DocumentError(f"{at}: {target} is outside the document; bundle all into one file first.")
        found = self._root
        for part in target.split("/")[1:]:
            found = found.get(unquote(part).replace("~1", "/").replace("~0", "~"))
        if found.value is None:
            raise DocumentError(f"{at}: the reference {target} leads nowhere.")
        return found

    def shape(self, node: Node) -> Shape:
        """Return what a value that fits a schema may be. A schema inside itself counts as anything."""
        if not node.fields():
            return ANYTHING
        identity = id(node.value)
        if identity not in self._known:
            self._known[identity] = ANYTHING
            self._known[identity] = self._read(node)
        return self._known[identity]

    def field(self, node: Node, *, required: bool) -> Field:
        """Return the field of an object whose schema this is."""
        deprecated = node.get("deprecated").is_true or self.resolve(node).get("deprecated").is_true
        return Field(self.shape(node), required, deprecated, node.at)

    def _read(self, node: Node) -> Shape:
        parts = [self.shape(part) for part in node.get("allOf").items()]
        if "$ref" in node.fields():
            parts.append(self.shape(self.resolve(node)))
        choices = [node.get(key).items() for key in ("anyOf", "oneOf")]
        parts += [either(map(self.shape, alternatives)) for alternatives in choices if alternatives]
        found = both([*parts, self._own(node)])
        return attrs.evolve(found, nullable=True) if node.get("nullable").is_true else found

    def _own(self, node: Node) -> Shape:
        """Return what the keywords of this very schema say, those that combine others apart."""
        kinds = _kinds(node)
        if kinds is None:
            return ANYTHING
        shapes = [self._kind(kind, node) for kind in kinds]
        members = _members(node)
        return attrs.evolve(either(shapes), members=members, enum=node.at if members else "")

    def _kind(self, kind: str, node: Node) -> Shape:
        if kind == "null":
            return NOTHING
        if kind == "object":
            return attrs.evolve(scalar(kind), objects=(self._object(node),))
        if kind == "array":
            return attrs.evolve(scalar(kind), items=self.shape(node.get("items")))
        text = node.get("format").value
        return scalar(kind, str(text) if text in _TEXTS else "")

    def _object(self, node: Node) -> Object:
        required = [each.value for each in node.get("required").items()]
        fields = {name: self.field(each, required=name in required) for name, each in node.get("properties").members()}
        return Object(node.at.rpartition("/")[2], node.at, fields)


def _kinds(node: Node) -> list[str] | None:
    """Return the JSON types that a schema names, or lets one conclude; None when it says nothing of them."""
    named = node.get("type")
    if isinstance(named.value, list):
        return [str(each.value) for each in named.items()]
    if isinstance(named.value, str):
        return [named.value]
    if values := _values(node):
        return sorted({_type_of(value) for value in values})
    for key, kind in (("properties", "object"), ("additionalProperties", "object"), ("items", "array")):
        if key in node.fields():
            return [kind]
    return None


def _values(node: Node) -> list[object]:
    if "const" in node.fields():
        return [node.get("const").value]
    return [each.value for each in node.get("enum").items()]


def _members(node: Node) -> frozenset[str] | None:
    texts = [value for value in _values(node) if isinstance(value, str)]
    return frozenset(texts) or None


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for type_, kind in ((int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, type_):
            return kind
    return "object"
