"""Each filter of companies lets through exactly the rows that it should, in both searches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.fake._searches import Searches, ids
from theirstack_async.testing.search.company_filters import COMPANY_FILTERS, IDENTIFIERS

Passes = Callable[[Any], bool]


def has(text: str, pattern: str) -> bool:
    return re.search(pattern, text) is not None


def least(row: Any, name: str, bound: float) -> bool:
    return row[name] is not None and row[name] >= bound


def most(row: Any, name: str, bound: float) -> bool:
    return row[name] is not None and row[name] <= bound


LIST_ID: Final = 5
NAMES: Final = ("Amber Analytics", "Basalt Freight")
DATE: Final = "2023-06-01"
"""Splits the funded companies."""

CASES: Final[list[tuple[str, Any, Passes]]] = [
    ("company_name_or", [*NAMES, "amber labs"], lambda row: row["name"] in NAMES),
    ("company_name_case_insensitive_or", ["AMBER analytics"], lambda row: row["name"] == NAMES[0]),
    ("company_name_partial_match_or", ["aMb", "FREIGHT"], lambda row: has(row["name"], "(?i)amb|freight")),
    ("company_id_or", ["MC9jb21wYW55LzM=", "x"], lambda row: row["id"] == "MC9jb21wYW55LzM="),
    ("company_id_not", ["MC9jb21wYW55LzM="], lambda row: row["id"] != "MC9jb21wYW55LzM="),
    ("company_domain_or", ["https://www.Amber-Analytics.example:443/x?y"], lambda row: row["name"] == NAMES[0]),
    ("company_domain_or", ["ada@amber-analytics.example"], lambda row: row["name"] == NAMES[0]),
    ("company_domain_not", ["amber-analytics.example"], lambda row: row["name"] != NAMES[0]),
    ("company_linkedin_url_or", ["https://l.example/company/ASPEN-labs/?a"], lambda row: row["name"] == "Aspen Labs"),
    ("company_linkedin_url_or", ["aspen-labs"], lambda row: row["name"] == "Aspen Labs"),
    ("company_name_not", [NAMES[0], "basalt freight"], lambda row: row["name"] != NAMES[0]),
    ("company_name_partial_match_not", ["AMB"], lambda row: not has(row["name"], "(?i)amb")),
    ("min_revenue_usd", 400_000_000, lambda row: least(row, "annual_revenue_usd", 400_000_000)),
    ("max_revenue_usd", 400_000_000, lambda row: most(row, "annual_revenue_usd", 400_000_000)),
    ("min_employee_count", 100, lambda row: least(row, "employee_count", 100)),
    ("max_employee_count", 100, lambda row: most(row, "employee_count", 100)),
    ("min_employee_count_or_null", 100, lambda row: row["employee_count"] is None or row["employee_count"] >= 100),
    ("max_employee_count_or_null", 100, lambda row: row["employee_count"] is None or row["employee_count"] <= 100),
    ("min_funding_usd", 80_000_000, lambda row: least(row, "total_funding_usd", 80_000_000)),
    ("max_funding_usd", 80_000_000, lambda row: most(row, "total_funding_usd", 80_000_000)),
    ("funding_stage_or", ["seed", "series_a"], lambda row: row["funding_stage"] in ("seed", "series_a")),
    ("last_funding_round_date_gte", DATE, lambda row: (row["last_funding_round_date"] or "") >= DATE),
    ("last_funding_round_date_lte", DATE, lambda row: (row["last_funding_round_date"] or "9") <= DATE),
    ("industry_or", ["computer GAMES"], lambda row: row["industry"] == "Computer Games"),
    ("industry_not", ["computer games"], lambda row: row["industry"] not in ("Computer Games", None)),
    ("industry_id_or", [4, 43], lambda row: row["industry_id"] in (4, 43)),
    ("industry_id_not", [4, 43], lambda row: row["industry_id"] not in (4, 43, None)),
    ("industry_id_not_or_null", [4, 43], lambda row: row["industry_id"] not in (4, 43)),
    ("company_tags_or", ["saas", "b2b"], lambda row: bool({"saas", "b2b"} & set(row["company_tags"]))),
    ("company_type", "recruiting_agency", lambda row: row["is_recruiting_agency"]),
    ("company_type", "direct_employer", lambda row: not row["is_recruiting_agency"]),
    ("company_investors_or", ["Tall Oak Fund"], lambda row: "Tall Oak Fund" in row["investors"]),
    ("company_investors_partial_match_or", ["tall oAk"], lambda row: "Tall Oak Fund" in row["investors"]),
    ("only_yc_companies", True, lambda row: row["yc_batch"] is not None),
    ("company_country_code_or", ["US", "ES"], lambda row: row["country_code"] in ("US", "ES")),
    ("company_country_code_not", ["US"], lambda row: row["country_code"] not in ("US", None)),
    ("company_country_code_not_or_null", ["US"], lambda row: row["country_code"] != "US"),
    ("company_list_id_or", [LIST_ID, 77], lambda row: row["name"] in NAMES),
    ("company_list_id_not", [LIST_ID], lambda row: row["name"] not in NAMES),
    ("company_linkedin_url_exists", True, lambda row: row["linkedin_url"] is not None),
    ("company_linkedin_url_exists", False, lambda row: row["linkedin_url"] is None),
    ("company_technology_slug_or", ["kafka", "gdpr"], lambda row: "kafka" in row["technology_slugs"]),
    ("company_technology_slug_and", ["kafka", "rust"], lambda row: {"kafka", "rust"} <= set(row["technology_slugs"])),
    ("company_technology_slug_not", ["kafka", "gdpr"], lambda row: "kafka" not in row["technology_slugs"]),
    ("company_keyword_slug_or", ["kafka", "gdpr"], lambda row: bool({"kafka", "gdpr"} & set(row["keyword_slugs"]))),
    ("company_keyword_slug_and", ["redis", "gdpr"], lambda row: {"redis", "gdpr"} <= set(row["keyword_slugs"])),
    ("company_keyword_slug_not", ["gdpr"], lambda row: "gdpr" not in row["keyword_slugs"]),
    ("company_location_pattern_or", ["^bERl", "yor"], lambda row: row["city"] in ("Berlin", "New York City")),
    ("company_description_pattern_or", ["in COMPUTER g"], lambda row: row["industry"] == "Computer Games"),
    ("company_description_pattern_not", ["in computer g"], lambda row: row["industry"] != "Computer Games"),
]  # fmt: skip
"""A filter, a value of it, and which rows pass."""

OF_COMPANY_SEARCH: Final[list[tuple[str, Any, Passes]]] = [
    ("property_exists_or", ["linkedin_url"], lambda row: row["linkedin_url"] is not None),
    ("property_exists_and", ["domain", "linkedin_url"], lambda row: bool(row["domain"] and row["linkedin_url"])),
]

NOT_APPLIED: Final = [("company_description_pattern_accent_insensitive", True), ("revealed_company_data", True)]
SWITCHED_OFF: Final[list[tuple[str, Any]]] = [
    ("company_type", "all"),
    ("company_type", None),
    ("only_yc_companies", False),
    ("company_name_or", []),
    ("min_employee_count", None),
]


@pytest.fixture(scope="module")
def searches() -> Searches:
    made = Searches()
    members = {company.id for company in made.backend.data.companies_named(NAMES)}
    made.backend.data.list_members.company_ids[LIST_ID] = members
    return made


@pytest.fixture(scope="module")
def everything(searches: Searches) -> list[Any]:
    found = searches.companies()
    assert len(found) == 80
    return found


@pytest.mark.parametrize(("name", "value", "passes"), CASES + OF_COMPANY_SEARCH)
def test_a_company_filter(searches: Searches, everything: list[Any], name: str, value: Any, passes: Passes) -> None:
    expected = [row for row in everything if passes(row)]
    assert 0 < len(expected) < 80
    assert searches.companies(**{name: value}) == expected


@pytest.mark.parametrize(("name", "value", "passes"), CASES)
def test_a_company_filter_within_job_search(searches: Searches, name: str, value: Any, passes: Passes) -> None:
    assert searches.jobs(**{name: value}) == [row for row in searches.jobs() if passes(row["company_object"])]


@pytest.mark.parametrize(("name", "value"), NOT_APPLIED + SWITCHED_OFF)
def test_what_asks_for_nothing_drops_nothing(searches: Searches, name: str, value: Any) -> None:
    assert len(searches.companies(**{name: value})) == 80


def test_of_two_properties_one_may_do(searches: Searches, everything: list[Any]) -> None:
    both = searches.companies(property_exists_and=["domain", "linkedin_url"])
    assert len(searches.companies(property_exists_or=["domain", "linkedin_url"])) > len(both)
    assert 0 < len(both) < len(everything)


def test_every_filter_is_tested() -> None:
    tested = {name for name, _, _ in CASES + OF_COMPANY_SEARCH} | {name for name, _ in NOT_APPLIED}
    assert tested == set(COMPANY_FILTERS)


def test_identifiers_hold_in_the_alternative_and_all_else_together(searches: Searches, everything: list[Any]) -> None:
    """For the real API that is documented."""
    identifiers = {
        "company_name_or": ["Amber Staffing"],
        "company_name_case_insensitive_or": ["aspen labs"],
        "company_name_partial_match_or": ["basalt"],
        "company_id_or": ["MC9jb21wYW55LzA="],
        "company_domain_or": ["beacon-health.example"],
        "company_linkedin_url_or": ["birch-robotics"],
    }
    assert set(identifiers) == set(IDENTIFIERS)
    found = [row["name"] for row in searches.companies(**identifiers)]
    assert len(found) > len(identifiers)
    either = [one for name, value in identifiers.items() for one in ids(searches.companies(**{name: value}))]
    assert sorted(either) == sorted(ids(searches.companies(**identifiers)))
    known = [row["name"] for row in everything if row["name"] in found and (row["employee_count"] or 0) >= 100]
    assert 0 < len(known) < len(found)
    assert [row["name"] for row in searches.companies(**identifiers, min_employee_count=100)] == known


def test_a_list_that_changes_changes_what_is_found(searches: Searches) -> None:
    members: set[str] = set()
    searches.backend.data.list_members.company_ids[LIST_ID + 1] = members
    assert searches.companies(company_list_id_or=[LIST_ID + 1]) == []
    members.add("MC9jb21wYW55LzM=")
    assert ids(searches.companies(company_list_id_or=[LIST_ID + 1])) == ["MC9jb21wYW55LzM="]


def test_job_and_keyword_filters_hold_together(searches: Searches) -> None:
    found = searches.companies(
        job_filters={"remote": True},
        tech_filters={"keyword_slug_or": ["kafka", "gdpr"]},
        company_country_code_or=["US"],
    )
    assert found
    for row in found:
        assert row["country_code"] == "US" and row["num_jobs_found"] and row["keywords_found"]


def test_without_job_filters_no_jobs_are_found(searches: Searches, everything: list[Any]) -> None:
    assert all(row["num_jobs_found"] is None and row["jobs_found"] == [] for row in everything)
    some = searches.companies(job_filters={})
    assert all(row["num_jobs_found"] == row["num_jobs"] > 0 for row in some)
    without = {row["id"] for row in everything if row["num_jobs"] == 0}
    assert set(ids(some)) == set(ids(everything)) - without
