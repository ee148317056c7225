"""Schemas and operations are read whether they are written in the way of OpenAPI 3.0 or of 3.1."""

from __future__ import annotations

from typing import Any

import pytest

from theirstack_async.contract import DocumentError
from theirstack_async.contract.operations import Described, operations
from theirstack_async.contract.schemas import Node, Schemas
from theirstack_async.contract.shapes import Shape, describe

COMPONENTS: dict[str, Any] = {
    "Kind": {"type": "string", "enum": ["a", "b"]},
    "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
    "Alias": {"$ref": "#/components/schemas/Kind"},
    "odd/na~me": {"type": "boolean"},
    "Tree": {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    },
    "Old": {"type": "string", "deprecated": True},
}


RING = "#/components/schemas/Ring"


def reader(components: dict[str, Any] = COMPONENTS) -> Schemas:
    return Schemas(Node({"components": {"schemas": components}}, "#"))


def shape(schema: object) -> Shape:
    return reader().shape(Node(schema, "#/x"))


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({}, "anything"),
        (True, "anything"),
        (None, "anything"),
        ({"description": "no type"}, "anything"),
        ({"type": "integer"}, "integer"),
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date"}, "date"),
        ({"type": "string", "format": "date-time"}, "date-time"),
        ({"type": "string", "format": "uuid"}, "string"),
        ({"type": "string", "format": ["date"]}, "string"),
        ({"type": "string", "nullable": True}, "string or null"),
        ({"type": "string", "nullable": False}, "string"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": ["string", "integer"]}, "integer or string"),
        ({"type": "null"}, "null"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"oneOf": [{"type": "string", "format": "date"}, {"type": "integer"}]}, "integer or date"),
        ({"anyOf": [{"type": "string"}, {}]}, "anything"),
        ({"allOf": [ref("Kind")], "nullable": True}, "string or null"),
        ({"allOf": [{"type": ["string", "null"]}, {"type": "string"}]}, "string"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "nothing"),
        ({"allOf": [{"description": "anything"}, {"type": ["integer", "null"]}]}, "integer or null"),
        (ref("Alias"), "string"),
        (ref("odd~1na~0me"), "boolean"),
        (ref("odd~1na%7E0me"), "boolean"),
        ({**ref("Kind"), "nullable": True}, "string or null"),
        ({"type": "array"}, "array"),
        ({"type": "array", "items": {}}, "array"),
        ({"type": "array", "items": {"type": "integer"}}, "array of integer"),
        ({"type": "array", "items": {"type": ["integer", "null"]}}, "array of (integer or null)"),
        ({"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "array", "items": {"type": "string"}}]},
         "array of (integer or string)"),
        ({"items": {"type": "integer"}}, "array of integer"),
        ({"properties": {}}, "object"),
        ({"additionalProperties": True}, "object"),
        ({"const": "x"}, "string"),
        ({"const": None}, "null"),
        ({"enum": ["a", None]}, "string or null"),
        ({"enum": [1, 2.5, True, [], {}]}, "array or boolean or integer or number or object"),
    ],
)  # fmt: skip
def test_a_schema_has_a_shape(schema: object, said: str) -> None:
    assert describe(shape(schema)) == said


@pytest.mark.parametrize(
    ("schema", "members"),
    [
        (ref("Kind"), {"a", "b"}),
        ({"anyOf": [ref("Kind"), {"type": "null"}]}, {"a", "b"}),
        ({"anyOf": [ref("Kind"), {"const": "c"}]}, {"a", "b", "c"}),
        ({"anyOf": [ref("Kind"), {"type": "string"}]}, None),
        ({"anyOf": [ref("Kind"), {"type": "integer"}]}, {"a", "b"}),
        ({"allOf": [ref("Kind"), {"enum": ["b", "c"]}]}, {"b"}),
        ({"allOf": [{"type": "string"}, ref("Kind")]}, {"a", "b"}),
        ({"type": ["string", "null"], "enum": ["a", None]}, {"a"}),
        ({"type": "integer", "enum": [1, 2]}, None),
    ],
)
def test_an_enumeration_has_members(schema: object, members: set[str] | None) -> None:
    assert shape(schema).members == members


def test_all_of_joins_fields() -> None:
    found = shape({"allOf": [ref("Base"), {"type": "object", "properties": {"name": {"type": "string"}}}]})
    (joined,) = found.objects
    assert {name: (describe(field.shape), field.required) for name, field in joined.fields.items()} == {
        "id": ("integer", True),
        "name": ("string", False),
    }


def test_all_of_joins_items() -> None:
    found = shape({"allOf": [{"type": "array"}, {"type": "array", "items": {"type": "integer"}}]})
    assert describe(found) == "array of integer"


def test_any_of_keeps_each_object() -> None:
    found = shape({"anyOf": [ref("Base"), ref("Tree"), {"type": "null"}]})
    assert [(each.name, each.at) for each in found.objects] == [
        ("Base", "#/components/schemas/Base"),
        ("Tree", "#/components/schemas/Tree"),
    ]


def test_a_schema_inside_itself_ends() -> None:
    (tree,) = shape(ref("Tree")).objects
    assert describe(tree.fields["children"].shape) == "array"


def test_a_field_is_deprecated_by_its_schema_too() -> None:
    found = shape({"properties": {"own": {"type": "string", "deprecated": True}, "by": ref("Old"), "no": ref("Kind")}})
    fields = found.objects[0].fields
    assert [name for name, field in fields.items() if field.deprecated] == ["own", "by"]


def test_pointers_lead_to_where_it_is_written() -> None:
    found = shape({"properties": {"a/b": {"type": "string"}}})
    assert found.objects[0].fields["a/b"].at == "#/x/properties/a~1b"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("other.yaml#/Kind", "#/x: other.yaml#/Kind is outside the document; bundle all into one file first."),
        ("#Kind", "#/x: #Kind is outside the document; bundle all into one file first."),
        ("#/components/schemas/None", "#/x: the reference #/components/schemas/None leads nowhere."),
        (RING, f"{RING}: the reference {RING} leads back to itself."),
    ],
)  # fmt: skip
def test_a_reference_that_cannot_be_followed(target: str, said: str) -> None:
    ring = {"Ring": {"$ref": RING}}
    with pytest.raises(DocumentError) as caught:
        reader(ring).shape(Node({"$ref": target}, "#/x"))
    assert str(caught.value) == said


def read(paths: dict[str, Any], **more: object) -> dict[str, Described]:
    return operations(Node({"openapi": "3.0.3", "paths": paths, **more}, "#"))


def test_parameters_stand_with_the_path_or_the_operation() -> None:
    found = read(
        {
            "/a/{id}": {
                "summary": "no operation",
                "parameters": [
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}},
                    {"in": "query", "name": "q", "schema": {"type": "integer"}},
                ],
                "get": {
                    "parameters": [
                        {"$ref": "#/components/parameters/Q"},
                        {
                            "in": "query",
                            "name": "json",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        },
                        {"in": "query", "name": "none"},
                        {"in": "header", "name": "Authorization", "required": True, "schema": {}},
                    ],
                },
            }
        },
        components={
            "parameters": {"Q": {"in": "query", "name": "q", "deprecated": True, "schema": {"type": "string"}}}
        },
    )
    assert list(found) == ["GET /a/{}"]
    parameters = found["GET /a/{}"].parameters
    assert {name: describe(each.shape) for name, each in parameters.items()} == {
        ("path", "id"): "integer",
        ("query", "q"): "string",
        ("query", "json"): "object",
        ("query", "none"): "anything",
    }
    assert [name for name, each in parameters.items() if each.required] == [("path", "id")]
    assert [name for name, each in parameters.items() if each.deprecated] == [("query", "q")]


def test_bodies_and_answers_are_followed() -> None:
    """Of the answers of success the first counts, and YAML reads statuses as numbers."""
    found = read(
        {
            "/a": {
                "post": {
                    "requestBody": {"$ref": "#/components/requestBodies/A"},
                    "responses": {404: {}, 201: {}, 200: {"$ref": "#/components/responses/A"}},
                }
            }
        },
        components={
            "requestBodies": {"A": {"required": True, "content": {"Application/JSON; charset=utf-8": {"schema": {}}}}},
            "responses": {"A": {"content": {"text/html": {"schema": {"type": "string"}}}}},
        },
    )["POST /a"]
    assert found.request is not None
    assert found.request.required
    assert list(found.request.content) == ["application/json"]
    assert found.answer is not None
    assert {media: describe(each) for media, each in found.answer.content.items()} == {"text/html": "string"}


@pytest.mark.parametrize(
    ("own", "whole", "needed"),
    [
        (None, None, False),
        (None, [{"bearer": []}], True),
        ([], [{"bearer": []}], False),
        ([{"bearer": []}], None, True),
        ([{"bearer": []}, {"query": []}], None, True),
        ([{}, {"bearer": []}], None, False),
    ],
)
def test_whether_a_key_is_needed(own: object, whole: object, needed: bool) -> None:
    operation = {} if own is None else {"security": own}
    found = read({"/a": {"get": operation}}, **({} if whole is None else {"security": whole}))
    assert found["GET /a"].needs_key is needed


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "this is no OpenAPI 3 document: it has no field openapi."),
        ({"swagger": "2.0", "paths": {}}, "this is no OpenAPI 3 document: it has no field openapi."),
        ({"openapi": "2.0"}, "this is no OpenAPI 3 document: openapi is '2.0'."),
        ({"openapi": 3.1}, "this is no OpenAPI 3 document: openapi is 3.1."),
        ({"openapi": "3.1.0"}, "this OpenAPI document describes no paths."),
        ({"openapi": "3.1.0", "paths": {"/a": {"$ref": "a.yaml"}}},
         "#/paths/~1a: a.yaml is outside the document; bundle all into one file first."),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(document: object, said: str) -> None:
    with pytest.raises(DocumentError) as caught:
        operations(Node(document, "#"))
    assert str(caught.value) == said
