"""A document made of what the SDK supports, to be changed by tests. Of the API itself it knows nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from theirstack_async.contract.known import DEPRECATED_FIELDS
from theirstack_async.contract.shapes import Field, Object, Shape
from theirstack_async.contract.supported import SUPPORTED, Supported

Document = dict[str, Any]
Change = Callable[[Document], object]


def made() -> dict[str, Any]:
    """Return a document that describes exactly what the SDK supports."""
    maker = _Maker()
    paths: dict[str, Any] = {}
    for each in SUPPORTED:
        paths.setdefault(each.call.path, {})[each.call.method.lower()] = maker.operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Made", "version": "1"},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {"schemas": maker.schemas},
    }


class _Maker:
    """Makes operations, and the schemas that they share."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}

    def operation(self, supported: Supported) -> dict[str, Any]:
        sent = {"path": supported.path, "query": supported.query} if supported.has_method else {}
        made: dict[str, Any] = {
            "deprecated": supported.deprecated,
            "parameters": [
                {"in": place, "name": name, "required": field.required, "schema": self._schema(field.shape)}
                for place, fields in sent.items()
                for name, field in fields.items()
            ],
            "responses": {"200": {"content": {supported.accept: {"schema": self._answer(supported)}}}},
        }
        if not supported.needs_key:
            made["security"] = []
        if supported.body is not None:
            made["requestBody"] = {
                "required": True,
                "content": {supported.media: {"schema": self._schema(supported.body)}},
            }
        return made

    def _answer(self, supported: Supported) -> dict[str, Any]:
        return self._schema(supported.answers[0]) if supported.answers else {}

    def _schema(self, shape: Shape) -> dict[str, Any]:
        if shape.kinds is None:
            return {}
        kinds = [made for kind in sorted(shape.kinds) for made in self._kind(kind, shape)]
        choices = [*kinds, {"type": "null"}] if shape.nullable else kinds
        return choices[0] if len(choices) == 1 else {"anyOf": choices}

    def _kind(self, kind: str, shape: Shape) -> list[dict[str, Any]]:
        if kind == "array":
            return [{"type": "array", "items": self._schema(shape.items or Shape())}]
        if kind == "object":
            return [self._shared(each.name, self._object(each)) for each in shape.objects] or [{"type": "object"}]
        if shape.members is not None:
            return [self._shared(shape.enum, {"type": "string", "enum": sorted(shape.members)})]
        if kind == "string":
            return [{"type": kind, "format": each} if each else {"type": kind} for each in sorted(shape.formats)]
        return [{"type": kind}]

    def _shared(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        if not name or name == "Page":  # each page has rows of its own
            return schema
        if self.schemas.setdefault(name, schema) != schema:
            return schema
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, made_of: Object) -> dict[str, Any]:
        return {
            "type": "object",
            "required": [name for name, field in made_of.fields.items() if field.required],
            "properties": {name: self._field(made_of.name, name, field) for name, field in made_of.fields.items()},
        }

    def _field(self, owner: str, name: str, field: Field) -> dict[str, Any]:
        deprecated = field.deprecated or f"{owner}.{name}" in DEPRECATED_FIELDS
        schema: Mapping[str, Any] = self._schema(field.shape)
        return {**schema, "deprecated": True} if deprecated else dict(schema)


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def fields(document: Document, name: str) -> Document:
    found: Document = schema(document, name)["properties"]
    return found


def operation(document: Document, call: str) -> Document:
    method, path = call.split()
    found: Document = document["paths"][path][method.lower()]
    return found


def parameter(document: Document, call: str, name: str) -> Document:
    found: Document = next(each for each in operation(document, call)["parameters"] if each["name"] == name)
    return found


def remove_parameter(document: Document, call: str, name: str) -> None:
    operation(document, call)["parameters"].remove(parameter(document, call, name))


def media(document: Document, call: str) -> Document:
    found: Document = operation(document, call)["requestBody"]["content"]
    return found
