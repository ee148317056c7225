"""What values filters take, what becomes of them, and what they say of others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from unittest.mock import ANY

import pytest

from theirstack_async import UNSET
from theirstack_async.errors import ArgumentError
from theirstack_async.filters import (
    CompanyFilters,
    CompanySort,
    CompanyType,
    JobExportKey,
    JobFilters,
    JobSort,
    JobSortField,
    KeywordFilters,
    KeywordSort,
    LocationFilter,
    NestedJobFilters,
    TechFilters,
)
from theirstack_async.models import EmploymentStatus, FundingStage, JobSeniority

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
INFINITE = float("inf")

TAKEN: list[tuple[str, object, object]] = [
    ("job_title_or", ["a", "b"], ("a", "b")),
    ("job_title_or", ("a",), ("a",)),
    ("job_title_or", {"b", "a"}, ("a", "b")),
    ("job_title_or", frozenset({"b", "a"}), ("a", "b")),
    ("job_title_or", {"b": 1, "a": 2}.keys(), ("a", "b")),
    ("job_title_not", [], ()),
    ("job_id_or", range(3), (0, 1, 2)),
    ("job_seniority_or", ["senior", JobSeniority.STAFF], (JobSeniority.SENIOR, JobSeniority.STAFF)),
    ("funding_stage_or", ["seed"], (FundingStage.SEED,)),
    ("employment_statuses_or", ["contract"], (EmploymentStatus.CONTRACT,)),
    ("employment_statuses_or", None, None),
    ("company_type", "all", CompanyType.ALL),
    ("company_type", None, None),
    ("remote", False, False),
    ("remote", None, None),
    ("posted_at_max_age_days", 0, 0),
    ("posted_at_max_age_days", None, None),
    ("min_employee_count", -1, -1),
    ("min_salary_usd", 100_000, 100_000),
    ("min_salary_usd", 0.5, 0.5),
    ("min_salary_usd", 10**400, 10**400),
    ("min_salary_usd", None, None),
    ("posted_at_gte", date(2026, 1, 31), date(2026, 1, 31)),
    ("posted_at_gte", None, None),
    ("discovered_at_gte", NOON, NOON),
    ("discovered_at_gte", NOON.astimezone(timezone(timedelta(hours=5))), NOON),
    ("discovered_at_gte", date(2026, 1, 31), date(2026, 1, 31)),
    ("discovered_at_gte", None, None),
    ("job_location_or", [7, LocationFilter(id=8), {"id": 9}], tuple(LocationFilter(id=n) for n in (7, 8, 9))),
    ("order_by", (JobSort(field="salary"),), (JobSort(field=JobSortField.SALARY, desc=True),)),
]

REFUSED: list[tuple[str, object, str]] = [
    ("job_title_or", "engineer", "expected a list, got the text 'engineer'; write ['engineer']"),
    ("job_title_or", b"ab", "expected a list, got b'ab'"),
    ("job_title_or", 7, "expected a list, got 7"),
    ("job_title_or", iter(["a"]), "expected a list, got <list_iter"),
    ("job_title_or", {"a": 1}, "expected a list, got {'a': 1}"),
    ("job_title_or", [7], "expected a text, got 7"),
    ("job_title_or", None, "expected a list of texts, got None; leave it out instead"),
    ("job_id_not", [-1], "expected an id, a whole number from 0, got -1"),
    ("job_id_not", [True], "expected an id"),
    ("job_id_not", ["7"], "expected an id"),
    ("job_id_not", bytearray(b"ab"), "expected a list"),
    ("job_id_not", None, "expected a list of ids, got None"),
    ("job_seniority_or", "senior", "expected a list, got the text 'senior'"),
    ("job_seniority_or", [7], "expected one of 'c_level'"),
    ("job_seniority_or", None, "expected a list of JobSeniority, got None"),
    ("company_type", 7, "expected one of 'recruiting_agency'"),
    ("remote", "yes", "expected True or False, got 'yes'"),
    ("remote", 1, "expected True or False, got 1"),
    ("posted_at_max_age_days", "30", "expected a whole number, got '30'"),
    ("posted_at_max_age_days", 30.0, "expected a whole number, got 30.0"),
    ("posted_at_max_age_days", True, "expected a whole number, got True"),
    ("min_salary_usd", "100k", "expected a number, got '100k'"),
    ("min_salary_usd", True, "expected a number, got True"),
    ("min_salary_usd", INFINITE, "expected a finite number, got inf"),
    ("min_salary_usd", float("nan"), "expected a finite number, got nan"),
    ("posted_at_gte", "2026-01-31", "the text '2026-01-31'; write date.fromisoformat('2026-01-31')"),
    ("posted_at_gte", "yesterday", "expected a date, got 'yesterday'; write date(2026, 1, 31)"),
    ("posted_at_gte", 20260131, "expected a date, got 20260131"),
    ("posted_at_gte", NOON, "expected a date, got the instant 2026-01-31 12:00:00+00:00"),
    ("discovered_at_gte", NOON.replace(tzinfo=None), "2026-01-31 12:00:00 has no time zone"),
    ("discovered_at_gte", "2026-01-31", "expected a datetime with a time zone, or a date, got '2026-01-31'"),
    ("discovered_at_gte", datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "is outside the years 1 to 9999"),
    ("job_location_or", ["Madrid"], "expected LocationFilter, got 'Madrid'; write LocationFilter(...)"),
    ("job_location_or", [True], "expected LocationFilter, got True"),
    ("order_by", JobSort(field="salary"), "expected a list, got JobSort("),
    ("order_by", [CompanySort(field="name")], "expected JobSort, got CompanySort("),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "value", "kept"), TAKEN, ids=str)
def test_what_is_taken(name: str, value: Any, kept: object) -> None:
    found = getattr(JobFilters(**{name: value}), name)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "value", "message"), REFUSED, ids=lambda each: str(each).partition(" object at")[0])
def test_what_is_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        JobFilters(**{name: value})
    assert str(caught.value).startswith(f"{name}: ")
    assert message in str(caught.value)
    assert caught.value.field == name


def test_instants_are_kept_in_utc() -> None:
    found = JobFilters(discovered_at_lte=NOON.astimezone(timezone(timedelta(hours=5))))
    assert found.to_dict() == {"discovered_at_lte": "2026-01-31T12:00:00Z"}


def test_an_unknown_member_of_an_enumeration_passes_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="job_seniority_or: 'senor' is not known to this .*; did you mean 'senior'"):
        found = JobFilters(job_seniority_or=["senor"])
    assert found.to_dict() == {"job_seniority_or": ["senor"]}


def test_a_long_value_is_cut_short_in_a_message() -> None:
    with pytest.raises(ArgumentError) as caught:
        JobFilters(remote="x" * 10_000)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"job_filters": {"remote": "yes"}}, "job_filters.remote"),
        ({"job_filters": {"job_location_or": [{"id": "Madrid"}]}}, "job_filters.job_location_or.id"),
        ({"job_filters": {"job_location_or": [-7]}}, "job_filters.job_location_or.id"),
        ({"job_filters": TechFilters()}, "job_filters"),
        ({"tech_filters": {"max_rank": "1"}}, "tech_filters.max_rank"),
        ({"tech_filters": KeywordFilters()}, "tech_filters"),
        ({"tech_filters": ["python"]}, "tech_filters"),
        ({"order_by": [{"field": 7}]}, "order_by.field"),
        ({"order_by": [{"desc": True}]}, "order_by.field"),
        ({"order_by": [{"field": "name", "desc": "yes"}]}, "order_by.desc"),
        ({"order_by": [{"field": "name", "asc": True}]}, "order_by.asc"),
    ],
    ids=str,
)
def test_an_error_inside_names_the_whole_way(values: Any, field: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        CompanyFilters(**values)
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")


def test_filters_inside_may_be_objects_mappings_or_none() -> None:
    inner = NestedJobFilters(remote=True)
    assert CompanyFilters(job_filters=inner) == CompanyFilters(job_filters={"remote": True})
    assert CompanyFilters(job_filters=inner).to_dict() == {"job_filters": {"remote": True}}
    assert CompanyFilters(job_filters=None, tech_filters={}).to_dict() == {"job_filters": None, "tech_filters": {}}


def test_the_parts_of_filters() -> None:
    assert LocationFilter(id=7).to_dict() == {"id": 7}
    assert LocationFilter(id=None).to_dict() == {"id": None}
    assert CompanySort(field="name", desc=False).to_dict() == {"field": "name", "desc": False}
    assert KeywordSort(field="jobs").to_dict() == {"field": "jobs", "desc": True}
    key = JobExportKey(neg_posted_at_timestamp=-1, url_hashed=-(2**63), company_name_slug="x")
    assert JobFilters(job_export_key_or=[key]).to_dict() == {
        "job_export_key_or": [{"neg_posted_at_timestamp": -1, "url_hashed": -(2**63), "company_name_slug": "x"}]
    }
    with pytest.raises(ArgumentError, match=r"^url_hashed: expected a whole number, got None; leave it out instead$"):
        JobExportKey(neg_posted_at_timestamp=-1, url_hashed=None, company_name_slug="x")  # type: ignore[arg-type]


def test_what_was_not_given_is_unset() -> None:
    found = JobFilters(remote=None, min_salary_usd=UNSET)  # type: ignore[arg-type]
    assert found.job_title_or is UNSET
    assert found.min_salary_usd is UNSET
    assert found.to_dict() == {"remote": None}


def test_what_is_no_filter_says_itself_whether_it_equals_one() -> None:
    assert JobFilters() == ANY
    assert JobFilters() not in (CompanyFilters(), {}, None)


def test_sets_are_put_in_order_so_that_each_run_asks_the_same() -> None:
    names = [f"name {n}" for n in range(100)]
    many: list[Iterable[str]] = [set(names), frozenset(names), sorted(names)]
    assert len({JobFilters(job_title_or=each).job_title_or for each in many}) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["job_id_or", "job_keyword_slug_and", "company_domain_or", "property_exists_or"])
def test_nothing_chosen_is_not_everything(name: str) -> None:
    """The API takes an empty list for no condition, and would bill every row that there is."""
    with pytest.raises(ArgumentError, match=f"^{name}: an empty list .*everything would match") as caught:
        JobFilters(**{name: []})
    assert caught.value.field == name
    with pytest.raises(ArgumentError) as caught:
        CompanyFilters(job_filters={"job_title_or": ()})
    assert caught.value.field == "job_filters.job_title_or"
    assert JobFilters.from_dict({name: [], "job_id_not": []}) == JobFilters(job_id_not=[])
