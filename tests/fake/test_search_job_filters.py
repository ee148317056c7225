"""Each filter of jobs lets through exactly the rows that it should, in job search and in company search."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.fake._searches import Searches, ids, job_id
from theirstack_async.testing.search.job_filters import JOB_FILTERS, NESTED_JOB_FILTERS

Passes = Callable[[Any], bool]


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def has(text: str, pattern: str) -> bool:
    return re.search(pattern, text) is not None


def host(row: Any) -> str:
    return str(row["source_url"]).split("/")[2]


def place(row: Any) -> Any:
    return row["locations"][0]


SALARIED: Final[Passes] = lambda row: row["min_annual_salary_usd"] is not None  # noqa: E731
CASES: Final[list[tuple[str, Any, Passes]]] = [
    ("job_id_or", [job_id(3), job_id(5), 1], lambda row: row["id"] in (job_id(3), job_id(5))),
    ("job_ids", [job_id(3)], lambda row: row["id"] == job_id(3)),
    ("job_id_not", [job_id(3), job_id(5)], lambda row: row["id"] not in (job_id(3), job_id(5))),
    ("posted_at_max_age_days", 7, lambda row: row["date_posted"] >= "2026-09-14"),
    ("posted_at_gte", "2026-09-14", lambda row: row["date_posted"] >= "2026-09-14"),
    ("posted_at_lte", "2026-09-14", lambda row: row["date_posted"] <= "2026-09-14"),
    ("discovered_at_max_age_days", 0, lambda row: row["discovered_at"] >= "2026-09-21"),
    ("discovered_at_max_age_days", 1, lambda row: row["discovered_at"] >= "2026-09-20"),
    ("discovered_at_min_age_days", 1, lambda row: row["discovered_at"] < "2026-09-21"),
    ("discovered_at_min_age_days", 30, lambda row: row["discovered_at"] < "2026-08-23"),
    ("discovered_at_gte", "2026-09-01T12:00:00Z", lambda row: row["discovered_at"] >= "2026-09-01T12:00:00"),
    ("discovered_at_gte", "2026-09-01T14:00:00+02:00", lambda row: row["discovered_at"] >= "2026-09-01T12:00:00"),
    ("discovered_at_gte", "2026-09-01", lambda row: row["discovered_at"] >= "2026-09-01"),
    ("discovered_at_lte", "2026-09-01T12:00:00", lambda row: row["discovered_at"] <= "2026-09-01T12:00:00"),
    ("discovered_at_lte", "2026-09-01", lambda row: row["discovered_at"] < "2026-09-02"),
    ("is_closed", True, lambda row: row["closed_at"] is not None),
    ("is_closed", False, lambda row: row["closed_at"] is None),
    ("closed_at_gte", "2026-08-20", lambda row: (row["closed_at"] or "") >= "2026-08-20"),
    ("closed_at_lte", "2026-08-20", lambda row: (row["closed_at"] or "9") < "2026-08-21"),
    ("job_country_code_or", ["ES", "JP"], lambda row: row["country_code"] in ("ES", "JP")),
    ("job_country_code_not", ["ES", "JP"], lambda row: row["country_code"] not in ("ES", "JP")),
    ("job_location_or", [{"id": 2950159}], lambda row: place(row)["id"] == 2950159),
    ("job_location_or", [{"id": 4736286}, {}], lambda row: place(row)["admin1_name"] == "Texas"),
    ("job_location_or", [{"id": 6252001}], lambda row: row["country_code"] == "US"),
    ("job_location_not", [{"id": 6252001}], lambda row: row["country_code"] != "US"),
    ("job_location_pattern_or", ["^den", "japan$"], lambda row: row["location"] in ("Denver", "Osaka")),
    ("job_location_pattern_not", ["^den"], lambda row: row["location"] != "Denver"),
    ("remote", True, lambda row: row["remote"] is True),
    ("remote", False, lambda row: row["remote"] is False),
    ("easy_apply", True, lambda row: row["easy_apply"] is True),
    ("easy_apply", False, lambda row: row["easy_apply"] is False),
    ("job_seniority_or", ["senior", "c_level"], lambda row: row["seniority"] in ("senior", "c_level")),
    ("employment_statuses_or", ["contract"], lambda row: row["employment_statuses"] == ["contract"]),
    ("min_salary_usd", 100_000, lambda row: SALARIED(row) and row["min_annual_salary_usd"] >= 100_000),
    ("max_salary_usd", 99_999.5, lambda row: SALARIED(row) and row["max_annual_salary_usd"] <= 99_999.5),
    ("job_technology_slug_or", ["kafka", "rust"], lambda row: bool({"kafka", "rust"} & set(row["technology_slugs"]))),
    ("job_technology_slug_and", ["kafka", "rust"], lambda row: {"kafka", "rust"} <= set(row["technology_slugs"])),
    ("job_technology_slug_not", ["kafka"], lambda row: "kafka" not in row["technology_slugs"]),
    ("job_keyword_slug_or", ["gdpr", "rust"], lambda row: bool({"gdpr", "rust"} & set(row["keyword_slugs"]))),
    ("job_keyword_slug_and", ["gdpr", "redis"], lambda row: {"gdpr", "redis"} <= set(row["keyword_slugs"])),
    ("job_keyword_slug_not", ["gdpr", "rust"], lambda row: not {"gdpr", "rust"} & set(row["keyword_slugs"])),
    ("url_domain_or", ["BOARD.example"], lambda row: host(row) == "board.example"),
    ("url_domain_not", ["board.example"], lambda row: host(row) != "board.example"),
    ("only_jobs_with_reports_to", True, lambda row: bool(row["manager_roles"])),
    ("reports_to_exists", False, lambda row: not row["manager_roles"]),
    ("final_url_exists", True, lambda row: row["final_url"] is not None),
    ("only_jobs_with_hiring_managers", True, lambda row: row["hiring_team"] is not None),
    ("hiring_managers_exists", False, lambda row: row["hiring_team"] is None),
    ("scraper_name_pattern_or", ["^LIST"], lambda row: host(row) == "listings.example"),
    ("job_title_or", ["ENGINEER data", "analyst"], lambda row: has(row["job_title"], "Data Engineer|Analyst")),
    ("job_title_not", ["engineer data"], lambda row: not {"data", "engineer"} <= words(row["job_title"])),
    ("job_title_pattern_or", ["^senior", "manager$"], lambda row: has(row["job_title"], "^Senior|Manager$")),
    ("job_title_pattern_and", ["^senior", "engineer$"], lambda row: has(row["job_title"], "^Senior.*Engineer$")),
    ("job_title_pattern_not", ["^senior"], lambda row: not has(row["job_title"], "^Senior")),
    ("job_description_contains_or", ["kafka"], lambda row: "kafka" in words(row["description"])),
    ("job_description_contains_or", ["paid exercise", "x-ray"], lambda row: "paid exercise" in row["description"]),
    ("job_description_contains_or", ["GDPR", "Gdp"], lambda row: has(row["description"], r"\bGDPR\b")),
    ("job_description_contains_or", ["day"], lambda row: "day" in words(row["description"])),
    ("job_description_contains_not", ["kafka"], lambda row: "kafka" not in words(row["description"])),
    ("job_description_pattern_or", ["K[a]fka", "Rust"], lambda row: has(row["description"], "Kafka|Rust")),
    ("job_description_pattern_or", ["(?i)KAFKA"], lambda row: "kafka" in row["description"].lower()),
    ("job_description_pattern_case_sensitive_or", ["Kafka"], lambda row: "Kafka" in row["description"]),
    ("job_description_pattern_and", ["Kafka", "Rust"], lambda row: has(row["description"], "Kafka.*Rust|Rust.*Kafka")),
    ("job_description_pattern_not", ["Kafka"], lambda row: "Kafka" not in row["description"]),
    ("property_exists_or", ["final_url", "hiring_team"], lambda row: bool(row["final_url"] or row["hiring_team"])),
    ("property_exists_and", ["final_url", "hiring_team"], lambda row: bool(row["final_url"] and row["hiring_team"])),
    ("property_exists_and", ["employment_statuses"], lambda row: bool(row["employment_statuses"])),
]  # fmt: skip
"""A filter, a value of it, and which rows pass."""

OF_COMPANIES: Final[list[tuple[str, Any, Passes]]] = [
    ("property_exists_or", ["company_object.domain"], lambda row: row["company_domain"] is not None),
    ("property_exists_and", ["company_object.linkedin_url"], lambda row: bool(row["company_object"]["linkedin_url"])),
]  # fmt: skip
"""As above, for job search alone."""

NOT_APPLIED: Final[list[tuple[str, Any]]] = [
    ("job_description_pattern_is_case_insensitive", True),
    ("job_export_key_or", [{"neg_posted_at_timestamp": -1, "url_hashed": 2, "company_name_slug": "x"}]),
]
"""Filters that are only checked."""

SWITCHED_OFF: Final[list[tuple[str, Any]]] = [
    ("only_jobs_with_reports_to", False),
    ("job_title_or", []),
    ("remote", None),
    ("employment_statuses_or", None),
]
"""Values that ask for nothing."""


@pytest.fixture(scope="module")
def searches() -> Searches:
    return Searches()


@pytest.fixture(scope="module")
def everything(searches: Searches) -> list[Any]:
    found = searches.jobs()
    assert len(found) == 400
    return found


@pytest.mark.parametrize(("name", "value", "passes"), CASES + OF_COMPANIES)
def test_a_job_filter(searches: Searches, everything: list[Any], name: str, value: Any, passes: Passes) -> None:
    expected = [row for row in everything if passes(row)]
    assert 0 < len(expected) < 400
    assert searches.jobs(**{name: value}) == expected


@pytest.mark.parametrize(("name", "value", "passes"), CASES)
def test_a_job_filter_within_company_search(
    searches: Searches, everything: list[Any], name: str, value: Any, passes: Passes
) -> None:
    """A company with a job that passes is found, with the number of those jobs and the newest five of them."""
    expected = [row for row in everything if passes(row)]
    found = searches.companies(job_filters={name: value})
    assert {row["id"]: row["num_jobs_found"] for row in found} == Counter(
        row["company_object"]["id"] for row in expected
    )
    for row in found:
        of_company = [job for job in expected if job["company_object"]["id"] == row["id"]]
        assert ids(row["jobs_found"]) == ids(of_company)[:5]


@pytest.mark.parametrize(("name", "value"), NOT_APPLIED + SWITCHED_OFF)
def test_what_asks_for_nothing_drops_nothing(searches: Searches, name: str, value: Any) -> None:
    assert len(searches.jobs(**{name: value})) == 400


def test_every_filter_is_tested() -> None:
    assert (
        {name for name, _, _ in CASES} | {name for name, _ in NOT_APPLIED}
        == set(JOB_FILTERS)
        == set(NESTED_JOB_FILTERS)
    )


def test_all_filters_hold_together(searches: Searches, everything: list[Any]) -> None:
    found = searches.jobs(remote=True, job_country_code_or=["US"], job_title_not=["engineer"])
    assert found == [
        row
        for row in everything
        if row["remote"] and row["country_code"] == "US" and "engineer" not in words(row["job_title"])
    ]
    assert found


def test_bounds_are_inclusive(searches: Searches, everything: list[Any]) -> None:
    """For the real API that is documented for dates, and presumed for instants."""
    row = everything[100]
    found = searches.jobs(discovered_at_gte=row["discovered_at"], discovered_at_lte=row["discovered_at"])
    assert ids(found) == [row["id"]]
    assert row["id"] in ids(searches.jobs(posted_at_gte=row["date_posted"], posted_at_lte=row["date_posted"]))


@pytest.mark.parametrize("pattern", ["(", "(?=a)", "(?<!a)b", r"(a)\1", "a{99999999999}", "(?P<x>a)(?P=x)"])
def test_an_expression_that_re2_does_not_know(searches: Searches, pattern: str) -> None:
    body = {"posted_at_max_age_days": 1, "job_title_pattern_or": [pattern]}
    assert "Invalid re2 expression" in searches.refused("jobs/search", body, 400)


def test_an_expression_at_which_python_would_warn(searches: Searches) -> None:
    assert searches.jobs(job_title_pattern_or=["[[a]"])


@pytest.mark.parametrize("code", ["USA", "", "U1"])
def test_a_country_code_that_is_none(searches: Searches, code: str) -> None:
    body = {"posted_at_max_age_days": 1, "job_country_code_or": [code]}
    assert "Invalid country code" in searches.refused("jobs/search", body, 400)
