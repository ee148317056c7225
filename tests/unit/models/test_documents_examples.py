"""Each example in both documents of the API decodes, and survives being written and decoded again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import jsonschema
import pytest

from tests._documents import AUGUST, DOCUMENTS, HERE, VENDOR, Document, Schema
from tests._operations import CALLS
from tests.unit.models._schemas import OBJECTS, answered
from tests.unit.models.test_documents import STRICT, decode, holds, row_of
from theirstack_async._engine.theirstack import OPERATIONS
from theirstack_async._values import Headers
from theirstack_async._wire.decode import api_error
from theirstack_async._wire.message import Response
from theirstack_async._wire.ratelimit import parse_rate_limit
from theirstack_async.filters import CompanyFilters, JobFilters, KeywordFilters, NestedJobFilters, Part, TechFilters
from theirstack_async.models import Model

pytestmark = [
    HERE,
    pytest.mark.filterwarnings("ignore:.*is not known to this release:UserWarning"),
]

FILTERS: Final[dict[str, type[Part]]] = {
    "CompanySearchFilters-Input": CompanyFilters,
    "CompanySearchFilters-Output": CompanyFilters,
    "JobFilters": NestedJobFilters,
    "JobSearchFilters-Input": JobFilters,
    "JobSearchFilters-Output": JobFilters,
    "KeywordFilters": TechFilters,
    "TechnographicsFilters": KeywordFilters,
}
"""Schemas of the vendor's document that classes of filters stand for."""
SEARCHES: Final[dict[str, type[Part]]] = {
    "/v1/jobs/search": JobFilters,
    "/v1/companies/search": CompanyFilters,
    "/v1/companies/technologies": KeywordFilters,
    "/v1/companies/buying_intents": KeywordFilters,
}
# A look-up names its company by an argument of the method.
NO_FILTERS: Final = {
    "company_id", "company_name", "company_domain", "company_linkedin_url", "company_name_or",
}  # fmt: skip
# Two examples of look-ups have these, and no schema does; extra_filters= can send them.
IN_NO_SCHEMA: Final = {"keyword_type_or", "keyword_type_not"}
BREAKING: Final = {
    ("JobFilters", "job_seniority_or"): "intern, entry, mid and principal are no members: they pass with a warning",
    ("JobSearchFilters-Input", "job_seniority_or"): "the same",
    ("JobSearchFilters-Output", "job_seniority_or"): "the same",
    ("JobWithMatchingPhrasesResponse-Input", "discovered_at"): "no offset: UTC is meant, as in what the API sends",
    ("JobWithMatchingPhrasesResponse-Output", "discovered_at"): "the same",
}
"""The examples that break the vendor's own schema, and what becomes of them here."""
RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def given(document: Document) -> Iterator[tuple[str, str, Any]]:
    """Yield the examples of fields: schema, field, example."""
    for name, schema in document.schemas.items():
        for field, each in schema.get("properties", {}).items():
            for example in each.get("examples", []):
                yield name, field, example


FIELDS: Final = list(given(VENDOR))
OF_MODELS: Final = [each for each in FIELDS if each[0] in OBJECTS["vendor"]]
OF_FILTERS: Final = [each for each in FIELDS if each[0] in FILTERS]


def label(value: Any) -> str:
    return value if isinstance(value, str) and value.isidentifier() else ""


def same(written: Any, example: Any) -> bool:
    """Return whether a value was written as it came in; an instant may be written in another way."""
    if isinstance(written, str) and isinstance(example, str) and written != example:
        first, second = (datetime.fromisoformat(text) for text in (written, example))
        return first == (second if second.tzinfo else second.replace(tzinfo=first.tzinfo))
    return holds(written, example)


@pytest.mark.parametrize(("schema", "field", "example"), OF_MODELS, ids=label)
def test_an_example_of_an_answers_field(schema: str, field: str, example: Any) -> None:
    model = OBJECTS["vendor"][schema]
    made = decode(model, {**row_of(model), field: example})
    assert same(made.to_dict()[field], example)
    assert decode(model, made.to_dict()) == made


@pytest.mark.filterwarnings("error")
@pytest.mark.filterwarnings("ignore:.*is not known to this release:UserWarning")
@pytest.mark.parametrize(("schema", "field", "example"), OF_FILTERS, ids=label)
def test_an_example_of_a_filter(schema: str, field: str, example: Any) -> None:
    if field in NO_FILTERS and FILTERS[schema] is KeywordFilters:
        return
    cls = FILTERS[schema]
    made = cls.from_dict({field: example})
    assert cls.from_dict(made.to_dict()) == made
    if made.to_dict():
        assert same(made.to_dict()[field], example)


def test_there_is_no_other_field_with_an_example() -> None:
    """What is left are bodies that methods make of their arguments, errors, and envelopes with no rows in them."""
    rest = {name for name, _, _ in FIELDS} - set(OBJECTS["vendor"]) - set(FILTERS)
    assert rest & answered(VENDOR) <= {"ColumnSortCompanySearch", "ColumnSortJobSearch", "JobLocationFilter"}
    assert (len(OF_MODELS), len(OF_FILTERS)) > (100, 100)


AUGUST_ANSWERS: Final = [name for name, each in OPERATIONS.items() if AUGUST.has(each)]


@pytest.mark.parametrize("name", AUGUST_ANSWERS)
def test_an_example_of_an_answer(name: str) -> None:
    example, type_ = AUGUST.answers(OPERATIONS[name])["example"], CALLS[name].answer
    if type_ in (str, int, type(None), set) or not issubclass(type_, Model):
        assert example is None or isinstance(example, (str, int, dict, list))
        return
    body = json.dumps(example).encode()
    if isinstance(example, list):
        rows = STRICT.decode(body, list[type_])  # type: ignore[valid-type]
        sent = example
    elif isinstance(example.get("data"), list):
        page = STRICT.decode_page(body, type_)
        assert page.rejected == 0
        assert page.metadata is not None
        assert not page.metadata_problems
        assert holds(page.metadata.to_dict(), example["metadata"])
        rows, sent = page.rows, example["data"]
    else:
        rows, sent = [STRICT.decode(body, type_)], [example]
    assert rows
    for row, came in zip(rows, sent, strict=True):
        assert type(row) is type_
        assert decode(type_, row.to_dict()) == row
        assert all(same_tree(row.to_dict()[field], value) for field, value in came.items())


def same_tree(written: Any, came: Any) -> bool:
    """Return whether what was written has all that came in, at any depth."""
    if isinstance(came, dict):
        return all(same_tree(written[name], value) for name, value in came.items())
    if isinstance(came, list):
        return len(came) == len(written) and all(map(same_tree, written, came))
    return same(written, came)


def bodies(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the examples of what searches ask: path and body."""
    for _, path, call in document.calls:
        for media in call.get("requestBody", {}).get("content", {}).values():
            if path in SEARCHES:
                examples = [media["example"]] if "example" in media else []
                for each in [*examples, *(each["value"] for each in media.get("examples", {}).values())]:
                    yield path, each


BODIES: Final = [each for document in DOCUMENTS.values() for each in bodies(document)]


@pytest.mark.parametrize(("path", "body"), BODIES, ids=label)
def test_an_example_of_a_search(path: str, body: dict[str, Any]) -> None:
    cls = SEARCHES[path]
    left_out = NO_FILTERS | IN_NO_SCHEMA if cls is KeywordFilters else set()
    made = cls.from_dict({name: value for name, value in body.items() if name not in left_out})
    assert cls.from_dict(made.to_dict()) == made


def test_what_is_in_no_schema_is_in_examples_only() -> None:
    schemas = [*VENDOR.schemas.values(), *AUGUST.schemas.values()]
    assert not IN_NO_SCHEMA & {field for schema in schemas for field in schema.get("properties", {})}
    assert {name for path, body in BODIES for name in body if "technol" in path or "intents" in path} >= IN_NO_SCHEMA


@pytest.mark.parametrize("name", AUGUST.data["components"].get("responses", {}))
def test_an_example_of_an_error(name: str) -> None:
    (media,) = AUGUST.data["components"]["responses"][name]["content"].values()
    body = json.dumps(media["example"]).encode()
    error = api_error(Response(422, Headers(), body), "GET /", now=0)
    if "error" in media["example"]:
        assert error.title == media["example"]["error"]["title"]
        assert error.code == media["example"]["error"]["code"]
        assert error.request_id == media["example"]["request_id"]
    else:
        (problem,) = error.problems  # type: ignore[attr-defined]
        assert (problem.path, problem.message) == ("query.limit", media["example"]["detail"][0]["msg"])


def test_the_examples_of_the_rate_headers() -> None:
    headers = AUGUST.data["components"]["headers"]
    limit = parse_rate_limit(Headers([(name, each["example"]) for name, each in headers.items()]))
    assert limit is not None
    assert limit.windows


def test_the_examples_that_break_the_vendors_own_schema_are_these() -> None:
    """A test that fails when one of them is mended: then what is said of it here is not true any more."""
    broken = {(name, field) for name, field, example in FIELDS if not conforms(field, name, example)}
    assert broken == set(BREAKING)
    others = [(name, field) for name, field, _ in given(AUGUST)]
    assert others == []


def conforms(field: str, name: str, example: Any) -> bool:
    """Return whether an example fits its schema."""
    formats = jsonschema.FormatChecker()
    formats.checks("date-time")(lambda value: not isinstance(value, str) or bool(RFC3339.fullmatch(value)))
    schema: Schema = {**VENDOR.schemas[name]["properties"][field], "components": VENDOR.data["components"]}
    return bool(jsonschema.Draft202012Validator(schema, format_checker=formats).is_valid(example))
