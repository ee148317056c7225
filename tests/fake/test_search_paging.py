"""Pages, orders and totals of the searches, and what a plan allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.fake._searches import ALL, Searches, ids

Key = Callable[[Any], Any]
JOBS: Final = "jobs/search"
COMPANIES: Final = "companies/search"


@pytest.fixture(scope="module")
def searches() -> Searches:
    return Searches()


def salary(row: Any) -> float | None:
    average: float | None = row["avg_annual_salary_usd"]
    return average


JOB_ORDERS: Final[dict[str, Key]] = {
    "date_posted": lambda row: row["date_posted"],
    "discovered_at": lambda row: row["discovered_at"],
    "salary": salary,
    "job_title": lambda row: row["job_title"],
    "company": lambda row: row["company"],
    "num_jobs": lambda row: row["company_object"]["num_jobs"],
}
COMPANY_ORDERS: Final = (
    "name",
    "num_jobs",
    "num_jobs_last_30_days",
    "num_jobs_found",
    "employee_count",
    "alexa_ranking",
    "founded_year",
    "annual_revenue_usd",
    "total_funding_usd",
    "last_funding_round_date",
)


@pytest.mark.parametrize("desc", [True, False])
@pytest.mark.parametrize("field", JOB_ORDERS)
def test_orders_of_jobs(searches: Searches, field: str, desc: bool) -> None:
    """Rows without a value come last either way; equal ones by id, the highest first."""
    rows = searches.jobs(order_by=[{"field": field, "desc": desc}])
    assert len(rows) == 400
    by_id = sorted(rows, key=lambda row: row["id"], reverse=True)
    assert rows == in_order(by_id, JOB_ORDERS[field], desc)


@pytest.mark.parametrize("desc", [True, False])
@pytest.mark.parametrize("field", COMPANY_ORDERS)
def test_orders_of_companies(searches: Searches, field: str, desc: bool) -> None:
    rows = searches.companies(order_by=[{"field": field, "desc": desc}], job_filters={"remote": True})
    assert len({row[field] for row in rows}) > 1
    by_index = [searches.backend.data.companies[number].id for number in range(80)]
    as_made = sorted(rows, key=lambda row: by_index.index(row["id"]))
    assert rows == in_order(as_made, lambda row: row[field], desc)


@pytest.mark.parametrize("field", ["confidence", "jobs", "first_date_found"])
def test_orders_of_companies_by_the_keywords_found(searches: Searches, field: str) -> None:
    """The surest, the most frequent and the first found of a company's keywords stand for it."""
    choose = min if field == "first_date_found" else max
    words = {"low": 0, "medium": 1, "high": 2}
    asked = {"keyword_slug_or": ["kafka", "gdpr", "redis"]}
    rows = searches.companies(order_by=[{"field": field}], tech_filters=asked)
    values = [choose(words.get(one[field], one[field]) for one in row["keywords_found"]) for row in rows]
    assert len(set(values)) > 1
    assert values == sorted(values, reverse=True)
    unfound = searches.companies(order_by=[{"field": field}])
    assert ids(unfound) == [company.id for company in searches.backend.data.companies]


def in_order(rows: list[Any], key: Key, desc: bool) -> list[Any]:
    known = sorted((row for row in rows if key(row) is not None), key=key, reverse=desc)
    return known + [row for row in rows if key(row) is None]


def test_the_usual_order_of_jobs_is_newest_first(searches: Searches) -> None:
    rows = searches.jobs()
    assert rows == searches.jobs(order_by=[{"field": "date_posted"}, {"field": "discovered_at", "desc": True}])
    assert rows == searches.jobs(order_by=[{}, {"field": "discovered_at"}])
    keys = [(row["date_posted"], row["discovered_at"]) for row in rows]
    assert keys == sorted(keys, reverse=True)


def test_the_usual_order_of_companies_is_relevance(searches: Searches) -> None:
    """Here that is by confidence, jobs found, jobs and employees."""
    asked: dict[str, Any] = {"job_filters": {"remote": True}, "tech_filters": {"keyword_slug_or": ["kafka", "redis"]}}
    usual = ["confidence", "num_jobs_found", "num_jobs", "employee_count"]
    rows = searches.companies(**asked)
    assert len(rows) > 10
    assert rows == searches.companies(**asked, order_by=[{"field": "relevance"}])
    assert rows == searches.companies(**asked, order_by=[{"field": field} for field in usual])
    backwards = searches.companies(**asked, order_by=[{"field": "relevance", "desc": False}])
    assert ids(backwards) != ids(rows)


@pytest.mark.parametrize(
    ("what", "body", "of"),
    [(JOBS, ALL, "jobs"), (COMPANIES, {}, "companies")],
)
def test_pages(searches: Searches, what: str, body: dict[str, Any], of: str) -> None:
    """When page and offset are both sent, the page counts unless it is 0."""
    everything = ids(getattr(searches, of)())
    plain = {name: value for name, value in body.items() if name != "limit"}
    for more, expected in (
        ({}, everything[:25]),
        ({"limit": 7}, everything[:7]),
        ({"limit": 7, "page": 2}, everything[14:21]),
        ({"limit": 7, "offset": 3}, everything[3:10]),
        ({"limit": 7, "page": 2, "offset": 3}, everything[14:21]),
        ({"limit": 7, "page": 0, "offset": 3, "cursor": "x"}, everything[3:10]),
        ({"limit": 7, "offset": len(everything) - 2}, everything[-2:]),
        ({"limit": 7, "offset": 10**30}, []),
        ({"limit": 7, "page": 10**30}, []),
    ):
        assert ids(searches.ok(what, **plain, **more)["data"]) == expected


def test_totals_are_told_when_asked_for(searches: Searches) -> None:
    """Those of all rows that pass, whatever page is asked for."""
    nothing = {"total_results": None, "truncated_results": 0, "truncated_companies": 0, "total_companies": None}
    assert searches.ok(JOBS, posted_at_max_age_days=9999)["metadata"] == nothing
    assert searches.ok(COMPANIES)["metadata"] == nothing
    remote = searches.jobs(remote=True)
    told = searches.ok(JOBS, **ALL | {"limit": 1, "page": 99}, remote=True, include_total_results=True)
    companies = {row["company_object"]["id"] for row in remote}
    assert told["data"] == []
    assert told["metadata"] == nothing | {"total_results": len(remote), "total_companies": len(companies)}
    told = searches.ok(COMPANIES, limit=1, job_filters={"remote": True}, include_total_results=True)
    assert told["metadata"] == nothing | {"total_results": len(companies)}


@pytest.mark.parametrize("what", [JOBS, COMPANIES])
def test_a_page_has_at_most_500_rows(what: str) -> None:
    searches = Searches(jobs=600, companies=600)
    body = {"posted_at_max_age_days": 9999} if what == JOBS else {}
    assert len(searches.ok(what, **body, limit=501)["data"]) == 500
    assert len(searches.ok(what, **body, limit=501, page=1)["data"]) == 100
    refusing = Searches(jobs=600, over_plan="refuse")
    assert len(refusing.ok(what, **body, limit=500)["data"]) <= 500
    assert "The paid plan allows 500 rows a page" in refusing.refused(what, body | {"limit": 501}, 403)
    assert refusing.billed < 1500


@pytest.mark.parametrize("what", [JOBS, COMPANIES])
def test_the_free_plan_has_5_pages_of_25_rows(what: str) -> None:
    body = {"posted_at_max_age_days": 9999} if what == JOBS else {}
    searches = Searches(plan="free", companies=300)
    sizes = [len(searches.ok(what, **body, limit=100, page=page)["data"]) for page in range(6)]
    assert sizes == [25, 25, 25, 25, 25, 0]
    offsets = [len(searches.ok(what, **body, limit=10, offset=offset)["data"]) for offset in (0, 115, 125)]
    assert offsets == [10, 10, 0]
    assert searches.billed == 145 * (1 if what == JOBS else 3)
    answer = searches.ok(what, **body, page=5, include_total_results=True)
    assert answer["metadata"]["total_results"] > 125


@pytest.mark.parametrize("what", [JOBS, COMPANIES])
def test_the_free_plan_may_refuse(what: str) -> None:
    body = {"posted_at_max_age_days": 9999} if what == JOBS else {}
    searches = Searches(plan="free", over_plan="refuse")
    assert len(searches.ok(what, **body, limit=25, page=2)["data"]) == 25
    for more in ({"limit": 26}, {"page": 5}, {"offset": 125}):
        description = searches.refused(what, body | more, 403)
        assert description == "The free plan allows 25 rows a page and 5 pages"
    assert searches.billed == 25 * (1 if what == JOBS else 3)
