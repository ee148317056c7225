"""The operations of an OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

from theirstack_async.contract.schemas import DocumentError, Node, Schemas
from theirstack_async.contract.shapes import Field, Shape

_IGNORED: Final = ("accept", "content-type", "authorization")
"""Headers that OpenAPI forbids to describe as parameters (https://spec.openapis.org/oas/v3.1.0#parameter-object)."""
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@attrs.frozen
class Call:
    """What tells operations apart: the method, and the path whatever its parts are called."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def key(self) -> str:
        """The same text for the same operation."""
        return f"{self.method} {re.sub(r'{[^{}]*}', '{}', self.path)}"

    @property
    def parts(self) -> list[str]:
        """The names of the path's parts, in order."""
        return re.findall(r"{([^{}]*)}", self.path)


@attrs.frozen
class Body:
    """What is sent or answered, by media type."""

    required: bool
    content: dict[str, Shape]


@attrs.frozen
class Described:
    """An operation as a document describes it."""

    call: Call
    at: str
    deprecated: bool
    needs_key: bool
    parameters: dict[tuple[str, str], Field]
    """By where they are sent (path, query, header, cookie) and their names."""
    request: Body | None
    answer: Body | None
    """The first answer of success."""


def operations(root: Node) -> dict[str, Described]:
    """Return all operations of a document by :attr:`Call.key`.

    Raises:
        DocumentError: it is no OpenAPI 3 document, or one of its references cannot be followed.
    """
    version = root.get("openapi").value
    if not isinstance(version, str) or not version.startswith("3."):
        found = f"openapi is {version!r}" if version is not None else "it has no field openapi"
        raise DocumentError(f"this is no OpenAPI 3 document: {found}.")
    if not root.get("paths").fields():
        raise DocumentError("this OpenAPI document describes no paths.")
    reader = _Reader(root)
    return {each.call.key: each for each in reader.read()}


class _Reader:
    def __init__(self, root: Node) -> None:
        self._root = root
        self._schemas = Schemas(root)

    def read(self) -> Iterator[Described]:
        for path, item in self._root.get("paths").members():
            shared = self._schemas.resolve(item)
            for method, node in shared.members():
                if method.lower() in _METHODS:
                    yield self._operation(Call(method.upper(), path), node, shared)

    def _operation(self, call: Call, node: Node, item: Node) -> Described:
        parameters = [*item.get("parameters").items(), *node.get("parameters").items()]
        return Described(
            call=call,
            at=node.at,
            deprecated=node.get("deprecated").is_true,
            needs_key=self._needs_key(node),
            parameters=dict(filter(_counts, map(self._parameter, parameters))),
            request=self._body(node.get("requestBody")),
            answer=self._answer(node.get("responses")),
        )

    def _parameter(self, node: Node) -> tuple[tuple[str, str], Field]:
        found = self._schemas.resolve(node)
        schema = found.get("schema")
        if schema.value is None:
            schema = next((each.get("schema") for _, each in found.get("content").members()), schema)
        field = self._schemas.field(schema, required=found.get("required").is_true)
        deprecated = field.deprecated or found.get("deprecated").is_true
        name = str(found.get("in").value), str(found.get("name").value)
        return name, attrs.evolve(field, deprecated=deprecated, at=found.at)

    def _body(self, node: Node) -> Body | None:
        if node.value is None:
            return None
        found = self._schemas.resolve(node)
        content = {
            media.partition(";")[0].strip().lower(): self._schemas.shape(each.get("schema"))
            for media, each in found.get("content").members()
        }
        return Body(found.get("required").is_true, content)

    def _answer(self, responses: Node) -> Body | None:
        for status, node in sorted(responses.members()):
            if status.startswith("2"):
                return self._body(node)
        return None

    def _needs_key(self, node: Node) -> bool:
        named = node.get("security")
        wanted = (named if named.value is not None else self._root.get("security")).items()
        return bool(wanted) and all(each.fields() for each in wanted)


def _counts(parameter: tuple[tuple[str, str], Field]) -> bool:
    (place, name), _ = parameter
    return place != "header" or name.lower() not in _IGNORED
