"""The fake has the operations of both documents, and this is how its answers are held against the vendor's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.fake._documents import NEWER, VENDORS, described, problems, vendors_document
from theirstack_async.testing.routes import TABLE

GONE = {
    ("GET", "/v0/catalog/technologies"),
    ("GET", "/v1/catalog/technologies/categories"),
    ("GET", "/v1/catalog/technologies/subcategories"),
}
"""Paths that left the official document."""


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the operations of a document as the fake names them: whatever an id is called, it is ``{id}``."""
    return {
        (method.upper(), re.sub(r"\{[^/]+\}", "{id}", path)): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def table() -> set[tuple[str, str]]:
    return {(row.method, row.path) for row in TABLE}


def test_each_operation_is_there_once() -> None:
    assert len(table()) == len(TABLE) == 55


@pytest.mark.skipif(not VENDORS.exists(), reason="the vendor's document is not at ../shared/api")
def test_the_operations_are_those_of_the_vendors_document() -> None:
    document = vendors_document()
    assert document is not None
    theirs = operations(document)
    assert theirs.keys() <= table()
    for row in TABLE:
        operation = theirs.get((row.method, row.path))
        if operation is not None:
            body = str(operation["responses"].get("422", ""))
            assert row.needs_key == ("security" in operation), row.path
            assert (row.errors == "detail") == ("HTTPValidationError" in body or not body), row.path


@pytest.mark.skipif(not NEWER.exists(), reason="the newer document is not at ../shared/api")
def test_the_operations_are_those_of_the_newer_document() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed (pip install pyyaml)")
    theirs = operations(yaml.safe_load(NEWER.read_text("utf-8")))
    assert theirs.keys() == table()
    keyless = {name for name, operation in theirs.items() if operation.get("security") == []}
    assert keyless == {(row.method, row.path) for row in TABLE if not row.needs_key}
    assert keyless >= GONE
    assert len(keyless - GONE) == 10


@pytest.mark.skipif(not VENDORS.exists(), reason="the vendor's document is not at ../shared/api: no answer is compared")
def test_an_answer_off_the_schema_is_noticed() -> None:
    document = vendors_document()
    assert document is not None
    operation = described(document, "GET", "/v0/company_lists/7?limit=1")
    assert operation is not None
    assert operation["operationId"] == "get_company_lists_by_id_v0"
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    good = {"id": 7, "name": "Leads", "created_at": "2026-09-21T14:13:20Z"}
    assert problems(document, schema, good) == []
    for wrong in ({"id": "7"}, {"created_at": "2026-09-21T14:13:20"}, {"created_at": "soon"}, {"type": "OTHER"}):
        assert len(problems(document, schema, good | wrong)) == 1
    assert described(document, "PUT", "/v0/company_lists/7") is None
    assert described(document, "GET", "/v9/nothing") is None
