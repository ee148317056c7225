"""What the drift tool finds in documents that were changed: each thing once, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract._got import GOT
from tests.contract._made import Change, Document, fields, made, media, operation, parameter, schema
from tests.contract._sent import EVENTS, JOBS, SENT
from theirstack_async.contract import DocumentError, Report, check, parse
from theirstack_async.contract.findings import Change as Kind

CHANGES = SENT | GOT


def report_on(document: Document) -> Report:
    return check("made", parse("made", json.dumps(document).encode()))


def changed(*changes: Change) -> Report:
    document = made()
    for change in changes:
        change(document)
    return report_on(document)


def test_nothing_is_found_in_what_the_sdk_supports() -> None:
    report = report_on(made())
    assert report.findings == ()
    assert report.exit_code == 0
    assert report.operations == 55


@pytest.mark.parametrize("name", CHANGES)
def test_one_change_is_one_finding(name: str) -> None:
    change, breaks, line = CHANGES[name]
    report = changed(change)
    assert [str(finding) for finding in report.findings] == [line]
    assert report.breaks == list(report.findings) * breaks
    assert report.notes == list(report.findings) * (not breaks)
    assert report.exit_code == int(breaks)


def test_every_kind_of_change_is_tried() -> None:
    told = "".join(line for _, _, line in CHANGES.values())
    assert [kind for kind in Kind if f": {kind.label}; " not in told] == []
    assert [kind for kind in Kind if kind.advice not in told] == []


WIDER: dict[str, Change] = {
    "a body of which nothing is said": lambda d: media(d, JOBS).update({"application/json": {}}),
    "a filter taking more": lambda d: fields(d, "JobFilters").update(remote={"type": ["boolean", "null", "string"]}),
    "an enumeration that takes any text": lambda d: schema(d, "JobSortField").pop("enum"),
    "a field that need not be sent": lambda d: schema(d, "ListCreate").pop("required"),
    "a parameter of which nothing is said": lambda d: parameter(d, EVENTS, "status").pop("schema"),
    "a part of the path that is called otherwise": lambda d: d["paths"].update(
        {"/v0/webhooks/{id}/events": d["paths"].pop("/v0/webhooks/{webhook_id}/events")}
    ),
    "an answer that is never null": lambda d: fields(d, "Job").update(remote={"type": "boolean"}),
    "an answer in whole numbers": lambda d: fields(d, "Job").update(latitude={"type": "integer", "deprecated": True}),
    "an answer that is always there": lambda d: schema(d, "Job")["required"].append("remote"),
    "a text that is a date": lambda d: fields(d, "Webhook").update(url={"type": "string", "format": "date-time"}),
    "a text of which all are named": lambda d: fields(d, "Webhook").update(scanning_frequency={"enum": ["10m"]}),
    "an enumeration that is any text": lambda d: schema(d, "DatasetFormat").pop("enum"),
    "an answer that says nothing": lambda d: operation(d, "DELETE /v0/company_lists/{list_id}").pop("responses"),
}
"""What asks less of the SDK, or promises it more, than it expects."""


@pytest.mark.parametrize("name", WIDER)
def test_what_fits_is_no_finding(name: str) -> None:
    assert changed(WIDER[name]).findings == ()


def test_several_changes_are_listed_exactly() -> None:
    """A removed and an added operation, parameter, field and member, and a changed type."""
    names = [
        "operation added", "operation deprecated", "parameter removed", "parameter added", "path part of another type",
        "request field removed", "request field added", "request member added", "answer field removed",
        "answer field may be missing", "answer member removed",
    ]  # fmt: skip
    document = made()
    del document["paths"]["/v0/webhooks"]
    for name in names:
        CHANGES[name][0](document)
    report = report_on(document)
    gone = [str(each) for each in report.findings if each.change is Kind.OPERATION_REMOVED]
    assert [line.partition(":")[0] for line in gone] == [
        "GET /v0/webhooks (webhooks.list)",
        "POST /v0/webhooks (webhooks.create)",
    ]
    assert sorted(map(str, report.findings)) == sorted([*gone, *(CHANGES[name][2] for name in names)])
    assert len(report.breaks) == 2 + sum(CHANGES[name][1] for name in names)
    assert report.exit_code == 1


def small() -> Document:
    """Return a document with a few operations, which is read sooner."""
    document = made()
    kept = ("/v0/company_lists", "/v0/requests/count", "/v0/webhooks/{webhook_id}", "/v0/billing/credit-balance")
    document["paths"] = {path: document["paths"][path] for path in kept}
    used = ("AppUrl", "CompanyList", "CompanyListType", "CreditBalance", "ListCreate", "RequestCount", "RequestOrigin",
            "Webhook", "WebhookEventType", "WebhookUpdate")  # fmt: skip
    document["components"] = {"schemas": {name: schema(document, name) for name in used}}
    return document


def places(node: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(node, (dict, list)):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from places(value, (*path, key))


PLACES = list(places(small()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(["#/paths", "object", "string"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$ref", "type", "enum", "items", "properties", "allOf", "x"]), inner)
    ),
    max_leaves=5,
)


@given(st.sampled_from(PLACES[1:]), JSON)
def test_no_damage_is_more_than_an_unreadable_document(place: tuple[Any, ...], value: object) -> None:
    """Whatever stands wherever in a document, it is reported on, or refused in a sentence."""
    document: Any = small()
    node = document
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    refused, report = None, None
    try:
        report = report_on(document)
    except DocumentError as error:
        refused = str(error)
    assert report.text() if report is not None else str(refused).endswith(".")
