"""The two documents of the API, and what their schemas allow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[4] / "shared" / "api"
VENDORS = "theirstack.openapi.json"
NEWER = "theirstack-2026-08.openapi.yaml"

Schema = dict[str, Any]


@cache
def _schemas(name: str) -> dict[str, Schema]:
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the API's document, ../shared/api/{name}, is not here")
    text = path.read_text("utf-8")
    loaded = json.loads(text) if name.endswith(".json") else pytest.importorskip("yaml").safe_load(text)
    found: dict[str, Schema] = loaded["components"]["schemas"]
    return found


class Document:
    """One of the documents."""

    def __init__(self, name: str) -> None:
        self.schemas = _schemas(name)

    def fields(self, schema: str) -> dict[str, Schema]:
        """Return the schemas of an object's fields."""
        found: dict[str, Schema] = self.schemas[schema]["properties"]
        return found

    def resolved(self, schema: Schema) -> Schema:
        """Return a schema, or the one that it refers to."""
        return self.schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def variants(self, schema: Schema) -> Iterator[Schema]:
        """Yield the schemas of which one has to hold, and those of their items."""
        schema = self.resolved(schema)
        for each in schema.get("anyOf", [schema]):
            found = self.resolved(each)
            yield found
            if "items" in found:
                yield from self.variants(found["items"])

    def members(self, schema: Schema) -> set[str]:
        """Return the texts that an enumeration within a schema has."""
        return {text for each in self.variants(schema) for text in each.get("enum", []) if text is not None}

    def allows(self, schema: Schema, value: object) -> bool:
        """Return whether a value is of the type that a schema says. The members of enumerations do not count."""
        schema = self.resolved(schema)
        if "anyOf" in schema:
            return any(self.allows(each, value) for each in schema["anyOf"])
        # The vendor's document states no type for an object of which it lists the fields.
        types = schema.get("type", "string" if "enum" in schema else "object")
        return any(self._is(name, schema, value) for name in ([types] if isinstance(types, str) else types))

    def _is(self, name: str, schema: Schema, value: object) -> bool:
        match value:
            case None:
                return name == "null"
            case bool():
                return name == "boolean"
            case int():
                return name in ("integer", "number")
            case float():
                return name == "number"
            case str():
                return name == "string" and _has_form(schema.get("format"), value)
            case list():
                return name == "array" and all(self.allows(schema["items"], each) for each in value)
            case _:
                return name == "object" and isinstance(value, dict) and self._has_fields(schema, value)

    def _has_fields(self, schema: Schema, value: dict[str, object]) -> bool:
        known = schema["properties"]
        return set(schema.get("required", [])) <= set(value) <= set(known) and all(
            self.allows(known[name], each) for name, each in value.items()
        )


def _has_form(form: str | None, text: str) -> bool:
    parse = {"date": date.fromisoformat, "date-time": datetime.fromisoformat}.get(form or "")
    try:
        return parse is None or bool(parse(text))
    except ValueError:
        return False
