"""The filter classes against both documents: names, types, nullability, members, deprecations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest

from tests.unit.filters._documents import NEWER, VENDORS, Document, Schema
from theirstack_async.errors import ArgumentError
from theirstack_async.filters import (
    CompanyFilters,
    CompanySort,
    JobExportKey,
    JobFilters,
    JobSort,
    KeywordFilters,
    KeywordSort,
    LocationFilter,
    NestedJobFilters,
    Part,
    TechFilters,
)
from theirstack_async.filters._base import SWITCHES
from theirstack_async.filters._kinds import rules
from theirstack_async.models import OpenEnum

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*is not known to this release:UserWarning"),
]

CLASSES: dict[type[Part], tuple[str, ...]] = {
    JobFilters: ("JobSearchFilters-Input", "JobSearchRequest"),
    CompanyFilters: ("CompanySearchFilters-Input", "CompanySearchRequest"),
    NestedJobFilters: ("JobFilters", "JobFilter"),
    TechFilters: ("KeywordFilters", "KeywordFilter"),
    KeywordFilters: ("TechnographicsFilters", "TechnographicsRequest", "BuyingIntentRequest"),
    JobSort: ("ColumnSortJobSearch", "JobSort"),
    CompanySort: ("ColumnSortCompanySearch", "CompanySort"),
    KeywordSort: ("ColumnSortCompanyTechDetails", "CompanyKeywordSort"),
    LocationFilter: ("JobLocationFilter", "JobLocationFilter"),
    JobExportKey: ("", "JobExportKey"),
}
"""What the classes are called in the vendor's document and, after it, in the newer one."""

FIELDS = [(cls, name) for cls in CLASSES for name in rules(cls)]

LOOKED_UP = {"company_id", "company_name", "company_domain", "company_linkedin_url", "company_name_or"}
"""Whose keywords are looked up, which is no filter but an argument of the method."""

PROBES: list[Any] = [
    None, True, False, 0, 7, 1.5, "text", "2026-01-31", "2026-01-31T12:00:00Z", {}, {"id": 7},
    [], [None], [True], [7], [1.5], ["text"], [[]], [{"id": 7}], [{"id": None}], [{"id": "text"}], ["text", 7],
    {"remote": True}, {"remote": "text"}, {"max_rank": 1}, {"max_rank": "text"}, {"keyword_slug_or": None},
    [{"field": "jobs"}], [{"field": "jobs", "desc": False}], [{"field": 7}], [{"field": "jobs", "desc": None}],
    [{"neg_posted_at_timestamp": 1, "url_hashed": 2, "company_name_slug": "text"}], [{"url_hashed": 2}],
]  # fmt: skip


def described(cls: type[Part]) -> Iterator[tuple[Document, dict[str, Schema]]]:
    """Yield each document with what it says of the fields of a class."""
    vendors, *newer = CLASSES[cls]
    if vendors:
        document = Document(VENDORS)
        yield document, document.fields(vendors)
    for name in newer:
        document = Document(NEWER)
        yield document, document.fields(name)


@pytest.mark.parametrize("cls", CLASSES)
def test_there_is_each_field_of_either_document_and_no_other(cls: type[Part]) -> None:
    names = {name for _, fields in described(cls) for name in fields}
    elsewhere = SWITCHES.keys() | (LOOKED_UP if cls is KeywordFilters else set())
    assert set(rules(cls)) == names - elsewhere


def test_the_counts_that_are_known() -> None:
    assert [len(rules(cls)) for cls in (JobFilters, CompanyFilters, NestedJobFilters, TechFilters)] == [103, 54, 54, 15]


@pytest.mark.parametrize(("cls", "name"), FIELDS)
def test_a_value_is_taken_just_when_a_document_allows_it(cls: type[Part], name: str) -> None:
    schemas = [(document, fields[name]) for document, fields in described(cls) if name in fields]
    for probe in PROBES:
        allowed = any(document.allows(schema, probe) for document, schema in schemas)
        assert taken(cls, name, probe) == _expected(name, probe, allowed=allowed), repr(probe)


def taken(cls: type[Part], name: str, value: object) -> bool:
    needed = {each: 7 for each, rule in rules(cls).items() if rule.kind.accepts == "int"}
    needed |= {"field": "text"} if "field" in rules(cls) else {}
    needed |= {"company_name_slug": "text"} if cls is JobExportKey else {}
    try:
        made = cls.from_dict({**needed, name: value})
    except ArgumentError:
        return False
    written = made.to_dict().get(name, [])
    assert written == value or isinstance(value, list | dict)
    return True


def _expected(name: str, probe: object, *, allowed: bool) -> bool:
    """Return whether a value is to be taken: a sort by nothing is not, and a place may be said by its id alone."""
    if name == "field":
        return allowed and probe is not None
    return allowed or (name.startswith("job_location_") and "pattern" not in name and probe == [7])


@pytest.mark.parametrize(("cls", "name"), FIELDS)
def test_the_members_of_an_enumeration_are_those_of_both_documents(cls: type[Part], name: str) -> None:
    members: set[str] = set()
    for document, fields in described(cls):
        members |= document.members(fields[name]) if name in fields else set()
        if name == "funding_stage_or":
            members |= document.members(document.schemas["FundingStage"])
    enums = list(_enums(get_type_hints(cls)[name]))
    assert {str(member) for enum in enums for member in enum} == members


def _enums(hint: Any) -> Iterator[type[OpenEnum]]:
    if isinstance(hint, type) and issubclass(hint, OpenEnum):
        yield hint
    for each in get_args(hint):
        yield from _enums(each)


@pytest.mark.parametrize(("cls", "name"), FIELDS)
def test_a_filter_is_deprecated_when_a_document_says_so_and_names_the_successor(cls: type[Part], name: str) -> None:
    advice = rules(cls)[name].deprecated
    schemas = [fields[name] for _, fields in described(cls) if name in fields]
    assert (advice is not None) == any(schema.get("deprecated", False) for schema in schemas)
    for schema in schemas if advice else []:
        named = re.findall(r"[Uu]se (?:the )?`?(\w+_\w+)", schema.get("description", ""))
        assert set(named) <= set(re.findall(r"\w+", str(advice)))


@pytest.mark.parametrize(("cls", "name"), FIELDS)
def test_the_documents_state_no_bounds_that_would_have_to_be_checked(cls: type[Part], name: str) -> None:
    bounds = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern"}
    for document, fields in described(cls):
        for each in document.variants(fields[name]) if name in fields else ():
            assert not (bounds | {"minItems", "maxItems", "uniqueItems"}) & set(each)
