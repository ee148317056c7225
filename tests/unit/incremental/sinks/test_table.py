"""What the table of a class of rows is."""

from __future__ import annotations

import attrs
import pytest

from theirstack_async import ArgumentError, Company, CompanyPreview, Job, JobPreview, WebhookEvent
from theirstack_async.incremental.sinks._table import Kind, check_name, table_of
from theirstack_async.models import KeywordReference


@pytest.mark.parametrize(("row_type", "name"), [(Job, "jobs"), (Company, "companies"), (WebhookEvent, "events")])
def test_each_class_of_rows_has_a_name(row_type: type[object], name: str) -> None:
    table = table_of(row_type)
    assert (table.name, table.rejects, table.key.name) == (name, f"{name}_rejects", "id")


def test_a_class_without_a_name_needs_one() -> None:
    with pytest.raises(ArgumentError, match="name the table for rows of the class KeywordReference") as caught:
        table_of(KeywordReference)
    assert caught.value.field == "table"
    assert table_of(KeywordReference, "words").name == "words"


def test_types_follow_the_fields() -> None:
    kinds = {column.name: column.kind for column in table_of(Job).columns}
    assert {name: kinds[name] for name in ("id", "latitude", "remote", "date_posted", "closed_at", "url")} == {
        "id": Kind.INTEGER,
        "latitude": Kind.FLOAT,
        "remote": Kind.BOOLEAN,
        "date_posted": Kind.DATE,
        "closed_at": Kind.INSTANT,
        "url": Kind.TEXT,
    }
    assert kinds["seniority"] is Kind.TEXT
    assert kinds["locations"] is kinds["cities"] is Kind.JSON


def test_a_payload_of_several_kinds_is_json() -> None:
    kinds = {column.name: column.kind for column in table_of(WebhookEvent).columns}
    assert (kinds["payload"], kinds["status"], kinds["id"]) == (Kind.JSON, Kind.TEXT, Kind.INTEGER)


def test_a_model_within_is_spread() -> None:
    table = table_of(Job)
    found = {column.name: column for column in table.columns}
    assert found["company_object_name"].path == "company_object.name"
    assert found["company_object_founded_year"].kind is Kind.INTEGER
    assert "company_object" not in found
    assert table.parts == ("company_object",)
    assert table_of(Company).parts == ()


@pytest.mark.parametrize("row_type", [Job, Company, WebhookEvent, JobPreview, CompanyPreview])
def test_names_are_unique_and_short_enough(row_type: type[object]) -> None:
    """SQLite and DuckDB take no two that differ in case only, and PostgreSQL cuts them to 63 bytes."""
    names = [column.name.lower() for column in table_of(row_type, "rows").columns]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 63
    assert attrs.has(row_type) and "_extra" not in names


@pytest.mark.parametrize("name", ["jobs", "_x", "Jobs2", "a" * 48])
def test_names_that_are_taken(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "2jobs", 'a"b', "a b", "a.b", "é", "a" * 49, "jobs\n", "jobs; DROP TABLE x"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ArgumentError, match="expected letters, digits and _, at most 48") as caught:
        check_name(name)
    assert caught.value.field == "table"


@pytest.mark.parametrize("name", ["theirstack_state", "TheirStack_seen", "sqlite_x"])
def test_names_of_others(name: str) -> None:
    with pytest.raises(ArgumentError, match="choose another"):
        check_name(name)
