"""The models against both documents of the API: what an answer may hold is taken, and nothing else is.

Whatever either document allows is allowed: its types, null, and that a field is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

import attrs
import pytest

from tests._documents import DOCUMENTS, HERE
from tests.unit.models._schemas import ENUMS, MODELS, OBJECTS, PAGES, PLAIN, Field, answered, described
from theirstack_async._convert import Converter, Reject
from theirstack_async.errors import DecodeError
from theirstack_async.models import JobClosed, JobLocation, OpenEnum, WebhookEvent, WebhookEventTypeInfo

pytestmark = HERE

STRICT: Final = Converter()
KEEPING: Final = Converter(keep_unknown_fields=True)
WRONG: Final[dict[str, Any]] = {
    "boolean": True,
    "integer": 7,
    "number": 1.5,
    "string": "text",
    "array": ["text"],
    "object": {"text": 1},
    "null": None,
}
"""A value of each type of JSON."""
CASES: Final = [(model, name, field) for model in MODELS for name, field in described(model).items()]
NAMES: Final = [f"{model.__name__}.{name}" for model, name, _ in CASES]
# A payload is never refused, see DESIGN's word on decoding: what is no record is an UnknownPayload.
TAKES_ALL: Final = {(WebhookEvent, "payload")}
# Neither document gives these a format; the SDK takes them for what they are called.
INSTANTS: Final = {(JobClosed, "closed_at")}
# Deliveries leave these out, says the model of deliveries in the vendor's document.
LEFT_OUT: Final = {(JobLocation, "display_name"), (JobLocation, "country_name")}
# By this a closed job is told, and from a job; without it, the payload is an UnknownPayload.
DEMANDED: Final = {(JobClosed, "id")}
# Deprecated, and always null by now; a text is what they were.
ONCE_TEXTS: Final = {(JobLocation, "address"), (JobLocation, "postal_code")}
# Rows without any documented field: what there is was seen by users.
UNDOCUMENTED: Final = {WebhookEventTypeInfo: {"event_type": "job_new"}}


def left_out(model: type[Any], name: str, field: Field) -> bool:
    """Return whether a field may be missing and is None then."""
    may = field.optional or (model, name) in LEFT_OUT
    return may and attrs.fields_dict(model)[name].default is None


def holds(written: Any, row: Any) -> bool:
    """Return whether what was written has all of what came in; a nested record may have more fields of its model."""
    if isinstance(row, dict) and isinstance(written, dict):
        return all(name in written and holds(written[name], value) for name, value in row.items())
    if isinstance(row, list) and isinstance(written, list):
        return len(row) == len(written) and all(map(holds, written, row))
    return bool(written == row)


def row_of(model: type[Any]) -> dict[str, Any]:
    """Return a row of a model with all fields that the documents have."""
    row = {name: field.sample for name, field in described(model).items()} | UNDOCUMENTED.get(model, {})
    return row | {name: "2026-01-02T03:04:05Z" for each, name in INSTANTS if each is model}


def decode(model: type[Any], row: Any, converter: Converter = STRICT) -> Any:
    return converter.decode(json.dumps(row).encode(), model)


@pytest.mark.parametrize("which", DOCUMENTS)
def test_no_schema_of_an_answer_is_left_out(which: str) -> None:
    tables = [set(OBJECTS[which]), set(ENUMS[which]), set(PAGES[which]), set(PLAIN[which])]
    assert set.union(*tables) == answered(DOCUMENTS[which])
    assert sum(map(len, tables)) == len(set.union(*tables))


@pytest.mark.parametrize("model", MODELS)
def test_a_model_has_the_fields_of_its_schemas_and_no_others(model: type[Any]) -> None:
    assert set(attrs.fields_dict(model)) == set(row_of(model))


@pytest.mark.parametrize("model", MODELS)
def test_a_row_with_all_fields_is_taken_and_written_as_it_came(model: type[Any]) -> None:
    row = row_of(model)
    made = decode(model, row)
    assert type(made) is model
    assert holds(made.to_dict(), row)
    assert decode(model, made.to_dict()) == made


@pytest.mark.parametrize("model", MODELS)
def test_an_unknown_field_is_ignored_or_kept(model: type[Any]) -> None:
    row = row_of(model)
    more = {**row, "brand_new": [1, {"deep": None}]}
    assert decode(model, more) == decode(model, row)
    assert decode(model, more).extra == {}
    kept = decode(model, more, KEEPING)
    assert dict(kept.extra) == {"brand_new": [1, {"deep": None}]}
    assert holds(kept.to_dict(), more)


@pytest.mark.parametrize(("model", "name", "field"), CASES, ids=NAMES)
def test_null_is_taken_where_a_document_says_so_and_nowhere_else(model: type[Any], name: str, field: Field) -> None:
    """Null also stands for a field that may be missing, where None is what the model then says."""
    row = {**row_of(model), name: None}
    if field.types & {"null", "any"} or left_out(model, name, field):
        assert getattr(decode(model, row), name) is None
    else:
        refused(model, row, name)


@pytest.mark.parametrize(("model", "name", "field"), CASES, ids=NAMES)
def test_a_field_may_be_missing_where_a_document_says_so_and_nowhere_else(
    model: type[Any], name: str, field: Field
) -> None:
    row = row_of(model)
    del row[name]
    if (field.optional or (model, name) in LEFT_OUT) and (model, name) not in DEMANDED:
        made = decode(model, row)
        assert decode(model, made.to_dict()) == made
    else:
        refused(model, row, name)


def wrong(field: Field) -> Iterator[Any]:
    """Yield values that are of no type of the field's, and texts that are not of its format."""
    taken = field.types | ({"integer"} if "number" in field.types else set())
    for type_, value in WRONG.items():
        if type_ not in taken and type_ != "null":
            yield value
    if field.formats & {"date", "date-time"}:
        yield from ("text", "2026-13-01", "")
    if "array" in field.types and field.sample:
        kind = type(field.sample[0])
        yield [next(value for value in WRONG.values() if type(value) not in (kind, list, type(None)))]


@pytest.mark.parametrize(("model", "name", "field"), CASES, ids=NAMES)
def test_a_wrong_type_is_refused_with_its_path_and_costs_no_other_row(
    model: type[Any], name: str, field: Field
) -> None:
    row = row_of(model)
    if (model, name) in TAKES_ALL:
        made = decode(model, {**row, name: 7})
        assert getattr(made, name).problems
        return
    field = attrs.evolve(field, types={*field.types, "string"}) if (model, name) in ONCE_TEXTS else field
    for value in wrong(field):
        refused(model, {**row, name: value}, name)


def refused(model: type[Any], row: Any, name: str) -> None:
    """Assert that a row is refused for one field, alone, in a list and on a page."""
    with pytest.raises(DecodeError) as caught:
        decode(model, row)
    paths = {problem.path for problem in caught.value.problems}
    assert {path.partition(".")[0].partition("[")[0] for path in paths} == {name}
    assert any(name in line for line in str(caught.value).splitlines())
    assert json.loads(caught.value.body) == row
    good = row_of(model)
    bodies = json.dumps([good, row, good])
    answers = [STRICT.decode_rows(bodies.encode(), model)]
    if model is not WebhookEvent:  # their list is a bare array
        page = f'{{"data": {bodies}, "metadata": {{"total_results": 3}}}}'
        answers.append(STRICT.decode_page(page.encode(), model))
    for rows in answers:
        first, bad, last = rows.rows
        assert first == last == decode(model, good)
        assert isinstance(bad, Reject)
        assert ({problem.path for problem in bad.problems}, rows.rejected) == (paths, 1)
        assert json.loads(bad.body) == row
        assert rows.metadata is None or rows.metadata.total_results == 3


@pytest.mark.parametrize(
    ("which", "name"), [(which, name) for which, table in ENUMS.items() for name in table], ids=lambda each: each
)
def test_an_enumeration_has_all_members_and_keeps_others(which: str, name: str) -> None:
    enum, members = ENUMS[which][name], DOCUMENTS[which].schemas[name]["enum"]
    assert members
    for text in members:
        assert STRICT.decode(json.dumps(text).encode(), enum) is enum(text)
        assert enum(text).is_known
    unknown = STRICT.decode(b'"brand-new"', enum)
    assert unknown == "brand-new"
    assert not unknown.is_known
    assert STRICT.unstructure(unknown) == "brand-new"
    for value in (7, True, None, ["brand-new"]):
        with pytest.raises(DecodeError):
            STRICT.decode(json.dumps(value).encode(), enum)


ENUM_CASES: Final = [(model, name, field) for model, name, field in CASES if field.enum]


@pytest.mark.parametrize(
    ("model", "name", "field"), ENUM_CASES, ids=[f"{model.__name__}.{name}" for model, name, _ in ENUM_CASES]
)
def test_a_field_of_an_enumeration_keeps_an_unknown_member(model: type[Any], name: str, field: Field) -> None:
    many = "array" in field.types
    row = {**row_of(model), name: ["brand-new"] if many else "brand-new"}
    made = decode(model, row)
    value = getattr(made, name)
    assert isinstance(value[0] if many else value, OpenEnum)
    assert value == (("brand-new",) if many else "brand-new")
    assert holds(made.to_dict(), row)
    assert decode(model, made.to_dict()) == made


def test_instants_and_days_are_of_their_types() -> None:
    for model, name, field in CASES:
        value = getattr(decode(model, row_of(model)), name)
        if "date-time" in field.formats:
            assert isinstance(value, datetime)
            assert value.utcoffset() is not None
        elif "date" in field.formats:
            assert type(value) is date


@pytest.mark.parametrize(
    ("which", "name"), [(which, name) for which, table in PAGES.items() for name in table], ids=lambda each: each
)
def test_a_page_is_decoded_with_what_it_tells(which: str, name: str) -> None:
    row = PAGES[which][name]
    assert set(DOCUMENTS[which].schemas[name]["properties"]) == {"data", "metadata"}
    body = {"data": [row_of(row)] * 2, "metadata": {"total_results": 7, "brand_new": 1}}
    page = STRICT.decode_page(json.dumps(body).encode(), row)
    assert page.rows == [decode(row, row_of(row))] * 2
    assert page.metadata is not None
    assert (page.metadata.total_results, page.metadata_problems) == (7, ())
    for data in ({"text": 1}, "text", 7):
        with pytest.raises(DecodeError, match=r"array"):
            STRICT.decode_page(json.dumps({"data": data, "metadata": {}}).encode(), row)
