"""The two descriptions of the API against the SDK, and the facts that the drift tool is told about them."""

from __future__ import annotations

import ast
import copy
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.contract._made import Document, fields, operation, remove_parameter
from theirstack_async import models
from theirstack_async.contract import Report, check, findings, known, parse
from theirstack_async.contract.__main__ import main
from theirstack_async.contract.compare import compare
from theirstack_async.contract.operations import operations
from theirstack_async.contract.supported import SUPPORTED

API = Path(__file__).parents[3] / "shared" / "api"
PATHS = {"May": API / "theirstack.openapi.json", "August": API / "theirstack-2026-08.openapi.yaml"}
needs_documents = pytest.mark.skipif(
    not all(path.exists() for path in PATHS.values()), reason="the API's documents, ../shared/api, are not here"
)


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {name: cast("Document", parse(name, path.read_bytes()).value) for name, path in PATHS.items()}


def report_on(document: Document) -> Report:
    return check("it", parse("it", json.dumps(document, default=str).encode()))


@needs_documents
@pytest.mark.parametrize("name", PATHS)
def test_the_sdk_gets_nothing_wrong(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(PATHS[name])]) == 0
    assert capsys.readouterr().out.endswith("The SDK gets nothing of it wrong.\n")


@needs_documents
def test_what_is_noted_of_them(documents: dict[str, Document]) -> None:
    """The fields of a closed job are not documented, and described in the newer document as guessed."""
    assert report_on(documents["May"]).notes == []
    assert [each.where for each in report_on(documents["August"]).notes] == [
        "answer field [].payload.id",
        "answer field [].payload.closed_at",
    ]


def change(document: Document) -> None:
    """Remove an operation, a parameter, a field and a member, add as many, and change two types."""
    del document["paths"]["/v0/billing/credit-balance"]
    document["paths"]["/v0/new"] = {"get": {"responses": {}}}
    events = "GET /v0/webhooks/{webhook_id}/events"
    remove_parameter(document, events, "status")
    operation(document, events)["parameters"].append({"in": "query", "name": "new", "schema": {"type": "string"}})
    option = fields(document, "DatasetOption")
    option["format"]["enum"] = ["parquet", "avro"]
    option["version"] = {"type": "integer"}
    option["new"] = option.pop("size")
    created = fields(document, "CompanyListCreate")
    created["name"] = {"type": "integer"}
    created["new"] = {"type": "string"}


CHANGED = [
    "BREAKS GET /v0/billing/credit-balance: operation removed",
    "BREAKS GET /v0/new: operation added",
    "BREAKS GET /v0/webhooks/{webhook_id}/events query parameter status: removed",
    "BREAKS GET /v1/datasets answer field [].options[].version: type changed",
    "BREAKS POST /v0/company_lists request field name: type changed",
    "note GET /v0/webhooks/{webhook_id}/events query parameter new: added",
    "note GET /v1/datasets answer field [].options[].format: member added",
    "note GET /v1/datasets answer field [].options[].format: member removed",
    "note GET /v1/datasets answer field [].options[].new: added",
    "note GET /v1/datasets answer field [].options[].size: removed",
    "note POST /v0/company_lists request field new: added",
]


@needs_documents
@pytest.mark.parametrize("name", PATHS)
def test_drift_in_them_is_listed_exactly(name: str, documents: dict[str, Document]) -> None:
    before = report_on(documents[name])
    changed = copy.deepcopy(documents[name])
    change(changed)
    report = report_on(changed)
    new = [each for each in report.findings if each not in before.findings]
    assert [each for each in before.findings if each not in report.findings] == []
    said = (
        f"{'BREAKS' if each.breaks else 'note'} {' '.join(filter(None, (each.call, each.where)))}: {each.change.label}"
        for each in new
    )
    assert sorted(said) == CHANGED
    assert report.exit_code == 1


@needs_documents
def test_no_fact_is_idle(documents: dict[str, Document], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a name in :mod:`known` one of the documents would show drift, or a note."""
    described = [operations(parse("it", json.dumps(each, default=str).encode())) for each in documents.values()]
    idle: list[str] = []
    for facts in ("SOMEWHERE", "UNUSED"):
        names: frozenset[str] = getattr(known, facts)
        for name in names:
            monkeypatch.setattr(findings, facts, names - {name})
            if all(each.known for one in described for each in compare(one, SUPPORTED) if not _noted(each.where)):
                idle.append(name)
        monkeypatch.setattr(findings, facts, names)
    assert idle == []


def _noted(where: str) -> bool:
    return where in ("answer field [].payload.id", "answer field [].payload.closed_at")


@needs_documents
def test_what_is_somewhere_is_in_one_of_them(documents: dict[str, Document]) -> None:
    """A thing that neither document has would be a mistake of the SDK's."""
    missing = [
        {(each.call, each.where, each.change) for each in report_on(one).known if each.change.known is known.SOMEWHERE}
        for one in documents.values()
    ]
    shared = {where.rpartition(".")[2] for _, where, _ in missing[0] & missing[1]}
    assert shared == {"jobs_found", "keywords_found", "technologies_found"}


def deprecated_fields(cls: type[Any]) -> Iterator[str]:
    """Yield the fields that a model's own words call deprecated."""
    for base in cls.__mro__:
        if not base.__module__.startswith(models.__name__):
            continue
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        statements = cast("ast.ClassDef", definition).body
        for field, said in itertools.pairwise(statements):
            if isinstance(field, ast.AnnAssign) and isinstance(said, ast.Expr) and isinstance(field.target, ast.Name):
                text = ast.literal_eval(said.value)
                if text.startswith("Deprecated by the API"):
                    yield f"{cls.__name__}.{field.target.id}"


def test_fields_are_known_as_deprecated_where_they_are_documented_so() -> None:
    classes = [each for name in models.__all__ if isinstance(each := getattr(models, name), type)]
    found = {field for cls in classes if issubclass(cls, models.Model) for field in deprecated_fields(cls)}
    previews = {each for each in found if "Preview." in each}
    assert {each.replace("Preview", "") for each in previews} <= found
    assert (found - previews) | {"ListAdd.company_names"} == known.DEPRECATED_FIELDS
