"""Technologies and buying intents of one company, and the keyword filters of company search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.fake._searches import Searches
from theirstack_async.testing.search.keyword_filters import KEYWORD_FILTERS

Passes = Callable[[Any], bool]
NAME: Final = "Amber Analytics"
TECHNOLOGIES: Final = "companies/technologies"
INTENTS: Final = "companies/buying_intents"
HIGH_FIRST: Final = ("high", "medium", "low")


def slug(row: Any) -> str:
    return str(row["technology"]["slug"])


CASES: Final[list[tuple[str, Any, Passes]]] = [
    ("keyword_slug_or", ["kafka", "gdpr"], lambda row: slug(row) in ("kafka", "gdpr")),
    (
        "keyword_category_slug_or",
        ["key-value-stores", "privacy"],
        lambda row: row["technology"]["category_slug"] in ("key-value-stores", "privacy"),
    ),
    (
        "keyword_parent_category_slug_or",
        ["data-stores"],
        lambda row: row["technology"]["parent_category_slug"] == "data-stores",
    ),
    ("technology_slug_or", ["kafka", "gdpr"], lambda row: slug(row) == "kafka"),
    (
        "technology_category_slug_or",
        ["key-value-stores", "privacy"],
        lambda row: row["technology"]["category_slug"] == "key-value-stores",
    ),
    (
        "technology_parent_category_slug_or",
        ["data-stores", "compliance"],
        lambda row: row["technology"]["parent_category_slug"] == "data-stores",
    ),
    ("max_rank", 1, lambda row: row["rank_within_category"] == 1),
    ("min_jobs", 3, lambda row: row["jobs"] >= 3),
    ("max_jobs", 3, lambda row: row["jobs"] <= 3),
    ("min_relative_occurrence", 0.5, lambda row: row["relative_occurrence_within_category"] >= 0.5),
    ("first_date_found_gte", "2026-08-01", lambda row: row["first_date_found"] >= "2026-08-01"),
    ("first_date_found_lte", "2026-08-01", lambda row: row["first_date_found"] <= "2026-08-01"),
    ("last_date_found_gte", "2026-09-10", lambda row: row["last_date_found"] >= "2026-09-10"),
    ("last_date_found_lte", "2026-09-10", lambda row: row["last_date_found"] <= "2026-09-10"),
    ("confidence_or", ["low", "medium"], lambda row: row["confidence"] in ("low", "medium")),
]
"""A filter, a value of it, and which rows pass."""


@pytest.fixture(scope="module")
def searches() -> Searches:
    return Searches()


@pytest.fixture(scope="module")
def everything(searches: Searches) -> dict[str, list[Any]]:
    """All keywords of all companies that have any, by the company's id."""
    return {row["id"]: row["keywords_found"] for row in searches.companies(tech_filters={})}


@pytest.mark.parametrize(("name", "value", "passes"), CASES)
def test_a_keyword_filter(
    searches: Searches, everything: dict[str, list[Any]], name: str, value: Any, passes: Passes
) -> None:
    found = {row["id"]: row for row in searches.companies(tech_filters={name: value})}
    expected = {
        company: rows for company in everything if (rows := [one for one in everything[company] if passes(one)])
    }
    assert {company: row["keywords_found"] for company, row in found.items()} == expected
    assert 0 < sum(map(len, expected.values())) < sum(map(len, everything.values()))
    for row in found.values():
        assert row["technologies_found"] == [
            one for one in row["keywords_found"] if one["technology"]["type"] == "technology"
        ]


def test_every_filter_is_tested() -> None:
    assert {name for name, _, _ in CASES} == set(KEYWORD_FILTERS)


@pytest.mark.parametrize(("name", "value", "passes"), CASES)
def test_a_keyword_filter_of_a_lookup(searches: Searches, name: str, value: Any, passes: Passes) -> None:
    for what in (TECHNOLOGIES, INTENTS):
        rows = searches.ok(what, company_name=NAME)["data"]
        assert searches.ok(what, company_name=NAME, **{name: value})["data"] == [one for one in rows if passes(one)]


def test_rows_are_counted_from_the_companys_jobs(searches: Searches) -> None:
    jobs = searches.jobs(company_name_or=[NAME])
    for what, column in ((TECHNOLOGIES, "technology_slugs"), (INTENTS, "keyword_slugs")):
        for row in searches.ok(what, company_name=NAME)["data"]:
            dates = sorted(job["date_posted"] for job in jobs if slug(row) in job[column])
            assert row["jobs"] == row["jobs_last_180_days"] == len(dates)
            assert row["jobs_last_7_days"] == sum(date > "2026-09-14" for date in dates)
            assert row["jobs_last_30_days"] == sum(date > "2026-08-22" for date in dates)
            assert (row["first_date_found"], row["last_date_found"]) == (dates[0], dates[-1])
    company = jobs[0]["company_object"]
    assert company["num_jobs"] == len(jobs)
    assert company["num_jobs_last_30_days"] == sum(job["date_posted"] > "2026-08-22" for job in jobs)
    assert company["technology_slugs"] != company["keyword_slugs"]
    assert company["num_keywords"] == company["num_technologies"] + company["num_buying_intent_topics"]


def test_ranks_and_shares_are_within_a_category(searches: Searches) -> None:
    shares: dict[str, float] = {}
    best: dict[str, int] = {}
    for row in searches.ok(TECHNOLOGIES, company_name=NAME, order_by=[{"field": "jobs"}])["data"]:
        category = row["technology"]["category_slug"]
        best[category] = best.get(category, 0) + 1
        assert row["rank_within_category"] == best[category]
        shares[category] = shares.get(category, 0) + row["relative_occurrence_within_category"]
    assert max(best.values()) > 1
    assert list(shares.values()) == [pytest.approx(1, abs=0.001)] * len(shares)


def test_technologies_and_intents_are_apart(searches: Searches) -> None:
    types = [
        {row["technology"]["type"] for row in searches.ok(what, company_name=NAME)["data"]}
        for what in (TECHNOLOGIES, INTENTS)
    ]
    assert types[0] == {"technology"} and types[1] and "technology" not in types[1]


@pytest.mark.parametrize(
    "named",
    [
        {"company_id": "MC9jb21wYW55LzA="},
        {"company_domain": "http://amber-analytics.example/"},
        {"company_linkedin_url": "https://www.linkedin.com/company/amber-analytics"},
        {"company_name_or": ["nobody", NAME]},
        {"company_name": NAME, "company_id": None, "company_name_or": []},
    ],
)
def test_ways_to_name_a_company(searches: Searches, named: dict[str, Any]) -> None:
    rows = searches.ok(TECHNOLOGIES, **named)["data"]
    assert rows and rows == searches.ok(TECHNOLOGIES, company_name=NAME)["data"]


@pytest.mark.parametrize("named", [{}, {"company_name": None}, {"company_name": ""}, {"company_name_or": []}])
def test_a_company_must_be_named(searches: Searches, named: dict[str, Any]) -> None:
    description = searches.refused(TECHNOLOGIES, named)
    assert "company_id, company_name, company_domain, company_linkedin_url" in description


def test_a_lookup_costs_three_credits_and_an_empty_one_none() -> None:
    searches = Searches()
    assert searches.ok(TECHNOLOGIES, company_name="amber analytics")["data"] == []
    assert searches.ok(TECHNOLOGIES, company_name=NAME, min_jobs=10_000)["data"] == []
    assert searches.ok(INTENTS, company_name=NAME, limit=5, page=9)["data"] == []
    assert searches.billed == 0
    assert len(searches.ok(TECHNOLOGIES, company_name=NAME)["data"]) > 3
    assert searches.billed == 3
    searches.ok(INTENTS, company_name=NAME, limit=1)
    assert searches.billed == 6


@pytest.mark.parametrize(("how", "status"), [("truncate", 200), ("402-data", 402)])
def test_a_lookup_without_credits(how: str, status: int) -> None:
    searches = Searches(credits=2, out_of_credits=how)
    found, answer = searches.post(TECHNOLOGIES, {"company_name": NAME})
    assert (found, answer["data"], searches.billed) == (status, [], 0)
    assert answer["metadata"]["truncated_results"] > 0
    assert "Not enough credits" in Searches(credits=2, out_of_credits="402").refused(
        TECHNOLOGIES, {"company_name": NAME}, 402
    )


def test_pages_of_a_lookup(searches: Searches) -> None:
    rows = searches.ok(TECHNOLOGIES, company_name=NAME)["data"]
    for body, expected in (
        ({"limit": None, "offset": None, "page": None}, rows),
        ({"limit": 2}, rows[:2]),
        ({"limit": 2, "page": 1}, rows[2:4]),
        ({"limit": 2, "offset": 1}, rows[1:3]),
        ({"offset": 3}, rows[3:]),
        ({"limit": 2, "page": 2, "offset": 1}, rows[4:6]),
    ):
        assert searches.ok(TECHNOLOGIES, company_name=NAME, **body)["data"] == expected
    answer = searches.ok(TECHNOLOGIES, company_name=NAME, limit=2, include_total_results=True)
    assert answer["metadata"]["total_results"] == len(rows)
    assert searches.ok(TECHNOLOGIES, company_name=NAME)["metadata"]["total_results"] is None


@pytest.mark.parametrize(
    "field",
    [
        "jobs",
        "jobs_last_7_days",
        "jobs_last_30_days",
        "jobs_last_180_days",
        "last_date_found",
        "first_date_found",
        "relative_occurrence_within_category",
    ],
)
def test_orders_of_a_lookup(searches: Searches, field: str) -> None:
    for desc in (True, False):
        rows = searches.ok(TECHNOLOGIES, company_name=NAME, order_by=[{"field": field, "desc": desc}])["data"]
        values = [row[field] for row in rows]
        assert len(set(values)) > 1
        assert values == sorted(values, reverse=desc)


def test_the_usual_order_of_a_lookup_is_by_confidence_and_jobs(searches: Searches) -> None:
    found = searches.ok(TECHNOLOGIES, company_name="Basalt Freight")["data"]
    keys = [(HIGH_FIRST.index(row["confidence"]), -row["jobs"]) for row in found]
    assert len(set(keys)) > 1
    assert keys == sorted(keys)
    for order in ([{"field": "confidence"}, {"field": "jobs"}], [{"field": None}, {}, {"field": "jobs"}]):
        assert searches.ok(TECHNOLOGIES, company_name="Basalt Freight", order_by=order)["data"] == found
    low_first = searches.ok(
        TECHNOLOGIES, company_name="Basalt Freight", order_by=[{"field": "confidence", "desc": False}]
    )
    assert low_first["data"][0]["confidence"] != found[0]["confidence"]
    unscored = searches.ok(TECHNOLOGIES, company_name=NAME, order_by=[{"field": "theirstack_score"}])["data"]
    assert unscored == searches.ok(TECHNOLOGIES, company_name=NAME, order_by=[{"field": "jobs"}])["data"]


def test_technologies_can_be_detailed_without_filtering(searches: Searches) -> None:
    plain, expanded = searches.companies(), searches.companies(expand_technology_slugs=["kafka", "gdpr"])
    assert [row["id"] for row in expanded] == [row["id"] for row in plain]
    for row in expanded:
        assert [slug(one) for one in row["technologies_found"]] == ["kafka"] * ("kafka" in row["technology_slugs"])
    assert any(row["technologies_found"] for row in expanded)
    both = searches.companies(expand_technology_slugs=["kafka"], tech_filters={"keyword_slug_or": ["kafka"]})
    assert both == searches.companies(tech_filters={"keyword_slug_or": ["kafka"]})
    assert all(one["company_name"] == row["name"] for row in both for one in row["keywords_found"])
