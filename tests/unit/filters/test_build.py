"""The body of a search, from an object, keywords and extra fields."""

from __future__ import annotations

import json
import warnings
from datetime import date
from typing import Any

import pytest

from theirstack_async import UNSET
from theirstack_async.errors import ArgumentError
from theirstack_async.filters import CompanyFilters, JobFilters, build, check_required, identifiers
from theirstack_async.filters._base import SWITCHES
from theirstack_async.filters._build import REQUIRED
from theirstack_async.filters._kinds import rules


def test_keywords_alone() -> None:
    assert build(JobFilters, None, {"job_title_or": ["x"], "posted_at_gte": date(2026, 1, 31)}) == {
        "job_title_or": ["x"],
        "posted_at_gte": "2026-01-31",
    }
    assert build(JobFilters, None, {}) == {}


def test_keywords_add_to_an_object_and_count_where_both_name_a_filter() -> None:
    query = CompanyFilters(job_filters={"remote": True}, company_type="all", only_yc_companies=True)
    keywords = {"job_filters": {"remote": False}, "only_yc_companies": UNSET, "company_name_or": ["x"]}
    assert build(CompanyFilters, query, keywords) == {
        "job_filters": {"remote": False},
        "company_type": "all",
        "company_name_or": ["x"],
    }
    assert query.only_yc_companies is True


def test_an_object_that_was_made_does_not_warn_again() -> None:
    with pytest.warns(DeprecationWarning, match="job_ids"):
        query = JobFilters(job_ids=[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert build(JobFilters, query, {"remote": True}) == {"job_ids": [1], "remote": True}
        assert build(JobFilters, query, {}) == {"job_ids": [1]}


@pytest.mark.parametrize("query", [{"remote": True}, CompanyFilters(), "data engineer"], ids=str)
def test_another_object_is_refused(query: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^query: expected JobFilters, got .*JobFilters\.from_dict") as caught:
        build(JobFilters, query, {})
    assert caught.value.field == "query"


def test_a_keyword_is_checked() -> None:
    for query in (None, JobFilters()):
        with pytest.raises(ArgumentError, match=r"^remote: expected True or False"):
            build(JobFilters, query, {"remote": "yes"})
        with pytest.raises(ArgumentError, match=r"^job_titel_or: no such filter"):
            build(JobFilters, query, {"job_titel_or": ["x"]})


def test_extra_fields_come_last_and_are_plain_data_of_their_own() -> None:
    moods = ["happy"]
    extra = {"job_mood_or": moods, "remote": None, "pair": (1, 2)}
    body = build(JobFilters, JobFilters(remote=True), {"easy_apply": False}, extra)
    assert body == {"remote": None, "easy_apply": False, "job_mood_or": ["happy"], "pair": [1, 2]}
    moods.append("sad")
    assert body["job_mood_or"] == ["happy"]
    json.dumps(body)


def test_extra_fields_in_nested_filters_take_no_condition_away() -> None:
    given = {"job_filters": {"job_title_or": ["engineer"], "remote": False}, "min_employee_count": 5}
    extra = {"job_filters": {"remote": True, "job_mood_or": ["happy"]}, "tech_filters": {"new": 1}}
    assert build(CompanyFilters, None, given, extra) == {
        "min_employee_count": 5,
        "job_filters": {"job_title_or": ["engineer"], "remote": True, "job_mood_or": ["happy"]},
        "tech_filters": {"new": 1},
    }
    assert build(CompanyFilters, None, given, {"job_filters": None})["job_filters"] is None


@pytest.mark.parametrize("name", SWITCHES)
def test_the_switches_are_not_extra(name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"^extra_filters\.{name}: this is no filter") as caught:
        build(JobFilters, None, {}, {name: 1})
    assert caught.value.field == f"extra_filters.{name}"


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ([("a", 1)], "expected a mapping of names to JSON data, got"),
        ({7: 1}, "expected a mapping of names to JSON data, got"),
        ({"on": date(2026, 1, 31)}, "type date is not JSON serializable; write dates and instants as texts"),
        ({"at": float("nan")}, "cannot be written as JSON: Out of range float"),
    ],
    ids=str,
)
def test_extra_that_is_no_json_is_refused(extra: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=f"^extra_filters: .*{message}") as caught:
        build(JobFilters, None, {}, extra)
    assert caught.value.field == "extra_filters"


@pytest.mark.parametrize("name", REQUIRED)
def test_each_of_six_filters_makes_a_job_search(name: str) -> None:
    check_required({name: 0})
    check_required({name: ["x"], "remote": True})
    for nothing in ([], None):
        with pytest.raises(ArgumentError) as caught:
            check_required({name: nothing, "discovered_at_gte": "2026-01-31", "company_name_not": ["x"]})
        assert all(each in str(caught.value) for each in REQUIRED)
        assert "such as posted_at_max_age_days=30" in str(caught.value)
        assert caught.value.field == "query"


def test_the_filters_that_say_which_company_it_is() -> None:
    found = [name for name in rules(JobFilters) if identifiers({name: ["x"]})]
    assert found == [
        "company_name_or",
        "company_name_case_insensitive_or",
        "company_id_or",
        "company_domain_or",
        "company_name_partial_match_or",
        "company_linkedin_url_or",
    ]
    assert identifiers({"remote": True, **{name: [] for name in found}}) == []
    assert identifiers({"remote": True, **dict.fromkeys(found, None)}) == []
    assert identifiers({"company_id_or": ["x"], "company_domain_or": ["y"]}) == ["company_id_or", "company_domain_or"]
    assert identifiers({"company_domain_partial_match_or": ["unknown here"]}) == ["company_domain_partial_match_or"]
