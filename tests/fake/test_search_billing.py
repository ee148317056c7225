"""What searches cost, what happens when credits run out, and previews."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.fake._searches import ALL, Searches, ids
from theirstack_async.testing.search.blur import COMPANY, COMPANY_OF_JOB, JOB
from theirstack_async.testing.search.company_filters import IDENTIFIERS

JOBS: Final = "jobs/search"
COMPANIES: Final = "companies/search"
WEEK: Final[dict[str, Any]] = {"posted_at_max_age_days": 7}


def test_each_row_is_billed_every_time() -> None:
    searches = Searches()
    for _ in range(2):
        searches.ok(JOBS, **WEEK, limit=7)
    assert searches.billed == 14
    searches.ok(COMPANIES, limit=7)
    assert searches.billed == 14 + 21
    assert searches.ok(JOBS, **WEEK, job_title_or=["nothing like it"])["data"] == []
    assert searches.ok(COMPANIES, company_name_or=["nobody"])["data"] == []
    searches.refused(JOBS, {})
    assert searches.billed == 35
    assert list(searches.backend.billing.spent.values()) == [35]
    assert searches.backend.billing.left is None


@pytest.mark.parametrize(("how", "status"), [("truncate", 200), ("402-data", 402)])
def test_rows_that_are_not_paid_for_are_held_back(how: str, status: int) -> None:
    searches = Searches(credits=10, out_of_credits=how)
    expected = Searches().ok(JOBS, **WEEK, limit=25)["data"]
    assert searches.post(JOBS, WEEK | {"limit": 6})[0] == 200
    found, answer = searches.post(JOBS, WEEK | {"limit": 25})
    assert (found, answer["data"]) == (status, expected[:4])
    held_back = expected[4:25]
    assert answer["metadata"]["truncated_results"] == len(held_back) == 21
    assert answer["metadata"]["truncated_companies"] == len({row["company_object"]["id"] for row in held_back}) < 21
    assert (searches.billed, searches.backend.billing.left) == (10, 0)
    found, answer = searches.post(JOBS, WEEK | {"limit": 25})
    assert (found, answer["data"], answer["metadata"]["truncated_results"]) == (status, [], 25)
    assert searches.post(JOBS, WEEK | {"page": 99})[0] == 200
    assert searches.billed == 10


@pytest.mark.parametrize(("how", "status"), [("truncate", 200), ("402-data", 402)])
def test_companies_that_are_not_paid_for_are_held_back(how: str, status: int) -> None:
    searches = Searches(credits=10, out_of_credits=how)
    found, answer = searches.post(COMPANIES, {"limit": 5})
    assert (found, len(answer["data"]), searches.billed) == (status, 3, 9)
    assert (answer["metadata"]["truncated_results"], answer["metadata"]["truncated_companies"]) == (2, 2)


@pytest.mark.parametrize(("what", "body", "price"), [(JOBS, WEEK, 1), (COMPANIES, {}, 3)])
def test_the_whole_page_may_be_refused(what: str, body: dict[str, Any], price: int) -> None:
    searches = Searches(credits=10 * price, out_of_credits="402")
    description = searches.refused(what, body | {"limit": 11}, 402)
    assert description == f"Not enough credits: {11 * price} needed, {10 * price} left"
    assert searches.billed == 0
    assert len(searches.ok(what, **body, limit=10)["data"]) == 10
    assert searches.billed == 10 * price


def blurred(shown: Any, real: Any) -> bool:
    if isinstance(real, list):
        return len(shown) == len(real) and all(blurred(*pair) for pair in zip(shown, real, strict=True))
    if real is None:
        return shown is None
    letters = [(one, other) for one, other in zip(shown, real, strict=True) if other.isalnum()]
    rest = [(one, other) for one, other in zip(shown, real, strict=True) if not other.isalnum()]
    return all(one == ("X" if other.isupper() else "x") for one, other in letters) and all(a == b for a, b in rest)


def test_a_preview_of_jobs_is_free_and_blurred() -> None:
    searches = Searches(credits=0)
    previews = searches.jobs(blur_company_data=True)
    assert searches.billed == 0
    real = Searches().jobs()
    assert ids(previews) == ids(real)
    for shown, row in zip(previews, real, strict=True):
        assert shown["has_blurred_data"] is shown["company_object"]["has_blurred_data"] is True
        assert row["has_blurred_data"] is row["company_object"]["has_blurred_data"] is False
        for name in row:
            if name in JOB:
                assert blurred(shown[name], row[name])
            elif name not in ("has_blurred_data", "company_object"):
                assert shown[name] == row[name]
        for name, value in row["company_object"].items():
            expected = blurred(shown["company_object"][name], value) if name in COMPANY_OF_JOB else True
            assert expected and (
                name in COMPANY_OF_JOB or name == "has_blurred_data" or shown["company_object"][name] == value
            )
    assert previews[0]["url"] == "xxxxx://xxxx.xxxxxxx/xxxxxxxxx"


def test_a_preview_of_companies_is_free_and_blurred() -> None:
    searches = Searches(credits=0)
    previews = searches.companies(blur_company_data=True)
    assert searches.billed == 0
    for shown, row in zip(previews, Searches().companies(), strict=True):
        assert shown["has_blurred_data"] is True
        assert row["has_blurred_data"] is False
        for name in row:
            if name in COMPANY:
                assert blurred(shown[name], row[name])
            elif name != "has_blurred_data":
                assert shown[name] == row[name]
    assert previews[0]["name"] != "Amber Analytics"
    assert {len(row["name"]) for row in previews} == {len(row["name"]) for row in Searches().companies()}


def test_a_count_is_free() -> None:
    searches = Searches(credits=0)
    asked = {"include_total_results": True, "blur_company_data": True, "limit": 1}
    assert searches.ok(JOBS, **ALL | asked)["metadata"]["total_results"] == 400
    assert searches.ok(COMPANIES, **asked)["metadata"]["total_results"] == 80
    assert searches.billed == 0


VALUES: Final = {
    "company_name_or": "Amber Analytics",
    "company_name_case_insensitive_or": "amber analytics",
    "company_name_partial_match_or": "Analytics",
    "company_id_or": "MC9jb21wYW55LzA=",
    "company_domain_or": "amber-analytics.example",
    "company_linkedin_url_or": "amber-analytics",
}


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_a_preview_of_named_companies_is_no_preview(name: str) -> None:
    """The real rows come, and are billed: a user's finding, and a trap."""
    searches = Searches()
    asked = {name: [VALUES[name]], "blur_company_data": True, "limit": 500}
    rows = searches.ok(JOBS, **ALL | asked)["data"]
    assert rows and not rows[0]["has_blurred_data"] and rows[0]["company"] == "Amber Analytics"
    assert searches.billed == len(rows)
    companies = searches.ok(COMPANIES, **asked)["data"]
    assert companies and "Amber Analytics" in [row["name"] for row in companies]
    assert searches.billed == len(rows) + 3 * len(companies)


def test_an_empty_identifier_and_one_that_leaves_out_keep_a_preview() -> None:
    searches = Searches()
    searches.ok(COMPANIES, blur_company_data=True, company_name_or=[], company_name_not=["Amber Analytics"])
    assert searches.billed == 0
