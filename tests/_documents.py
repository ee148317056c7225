"""The two documents of the API that the project is tested against; they are not part of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from theirstack_async._engine.dialect import Operation

FOLDER: Final = Path(__file__).parents[2] / "shared" / "api"
METHODS: Final = ("get", "post", "put", "patch", "delete")
Schema = dict[str, Any]
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Document:
    """An OpenAPI document."""

    def __init__(self, name: str) -> None:
        self.path: Final = FOLDER / name

    @cached_property
    def data(self) -> dict[str, Any]:
        """All of it; an empty one where it is missing."""
        if not self.path.exists():
            return {"paths": {}, "components": {"schemas": {}}}
        text = self.path.read_text("utf-8")
        return json.loads(text) if self.path.suffix == ".json" else yaml.load(text, _LOADER)

    @property
    def schemas(self) -> dict[str, Schema]:
        """By name."""
        return self.data["components"]["schemas"]

    @property
    def calls(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method, path and description of each operation."""
        for path, item in self.data["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item[method]

    @property
    def operations(self) -> set[tuple[str, str]]:
        """Method and path of each operation, the latter without the names of its parts."""
        return {(method, nameless(path)) for method, path, _ in self.calls}

    def has(self, operation: Operation) -> bool:
        """Return whether it describes an operation."""
        return (operation.method, nameless(operation.path)) in self.operations

    def answers(self, operation: Operation) -> dict[str, Any]:
        """Return what it says of the successful answer of an operation: ``schema``, ``example``, ``examples``."""
        for method, path, call in self.calls:
            if (method, nameless(path)) == (operation.method, nameless(operation.path)):
                good = next(answer for status, answer in call["responses"].items() if status.startswith("2"))
                return next(iter(good["content"].values()))
        raise KeyError(operation.name)

    def resolved(self, schema: Schema) -> Schema:
        """Return a schema, or the one that it refers to."""
        while "$ref" in schema:
            schema = self.schemas[name_of(schema)]
        return schema

    def reached(self, schema: Any, seen: set[str] | None = None) -> set[str]:
        """Return the names of the schemas that one refers to, at any depth."""
        seen = set() if seen is None else seen
        if isinstance(schema, dict):
            name = name_of(schema) if isinstance(schema.get("$ref"), str) else None
            if name is not None and name not in seen:
                seen.add(name)
                self.reached(self.schemas[name], seen)
            for key, inner in schema.items():
                if key not in ("example", "examples", "default", "description"):
                    self.reached(inner, seen)
        elif isinstance(schema, list):
            for inner in schema:
                self.reached(inner, seen)
        return seen


def nameless(path: str) -> str:
    """Return a path without the names of its parts."""
    return re.sub(r"{\w+}", "{}", path)


def name_of(schema: Schema) -> str:
    """Return the name of the schema that one refers to."""
    return schema["$ref"].rpartition("/")[2]


VENDOR: Final = Document("theirstack.openapi.json")
"""The vendor's own, of May 2026."""
AUGUST: Final = Document("theirstack-2026-08.openapi.yaml")
"""An independent one, of August 2026, with what was added since."""
DOCUMENTS: Final = {"vendor": VENDOR, "august": AUGUST}

HERE: Final = pytest.mark.skipif(
    not (VENDOR.path.exists() and AUGUST.path.exists()), reason="the documents of the API, ../shared/api, are not here"
)
"""Marks tests that need both."""
