"""Which requests the searches take, which they refuse, and that their answers are as the documents have them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.fake._documents import NEWER, VENDORS, CheckedApi, checking
from tests.fake._receiver import calling
from tests.fake._searches import SMALL, Searches, job_id
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.search.company_filters import COMPANY_FILTERS, SHARED_FILTERS
from theirstack_async.testing.search.filters import Filter
from theirstack_async.testing.search.job_filters import JOB_FILTERS, NESTED_JOB_FILTERS, REQUIRED, SENIORITIES, STATUSES
from theirstack_async.testing.search.keyword_filters import KEYWORD_FILTERS

JOBS: Final = "jobs/search"
COMPANIES: Final = "companies/search"
TECHNOLOGIES: Final = "companies/technologies"
INTENTS: Final = "companies/buying_intents"
WEEK: Final[dict[str, Any]] = {"posted_at_max_age_days": 7}
NAMED: Final[dict[str, Any]] = {"company_name": "Amber Analytics"}
SWITCHES: Final = {
    "order_by", "page", "offset", "limit", "cursor", "include_total_results", "blur_company_data",
}  # fmt: skip
NESTING: Final = {"job_filters", "tech_filters", "expand_technology_slugs"}
IDENTIFYING: Final = {"company_id", "company_name", "company_domain", "company_linkedin_url", "company_name_or"}


@pytest.fixture(scope="module")
def searches() -> Searches:
    return Searches()


@pytest.mark.parametrize("name", REQUIRED)
def test_one_of_six_filters_is_required(searches: Searches, name: str) -> None:
    values: dict[str, Any] = {"posted_at_max_age_days": 0, "posted_at_gte": "2026-01-01", "posted_at_lte": "2026-01-01"}
    assert searches.post(JOBS, {name: values.get(name, ["x"])})[0] == 200
    for body in ({}, {name: None if name in values else []}, {"discovered_at_gte": "2026-01-01"}):
        description = searches.refused(JOBS, body)
        assert all(one in description for one in REQUIRED)
    assert "required" in searches.refused(JOBS, {"company_name_case_insensitive_or": ["x"]})


BAD: Final[list[tuple[str, Any]]] = [
    ("remote", "true"),
    ("remote", 1),
    ("posted_at_max_age_days", "7"),
    ("posted_at_max_age_days", 7.5),
    ("posted_at_max_age_days", True),
    ("posted_at_gte", "2026-9-1"),
    ("posted_at_gte", "2026-02-30"),
    ("posted_at_gte", "2026-09-01T00:00:00Z"),
    ("posted_at_gte", 20260901),
    ("discovered_at_gte", "yesterday"),
    ("discovered_at_lte", 5),
    ("min_salary_usd", "100000"),
    ("min_salary_usd", True),
    ("job_title_or", "engineer"),
    ("job_title_or", None),
    ("job_title_or", [None]),
    ("job_title_pattern_or", [1]),
    ("job_id_or", ["1"]),
    ("job_seniority_or", ["boss"]),
    ("employment_statuses_or", "full_time"),
    ("property_exists_or", ["company"]),
    ("job_location_or", [5]),
    ("job_location_or", [{"id": "5"}]),
    ("job_country_code_or", [1]),
    ("company_domain_or", [1]),
    ("company_linkedin_url_or", [1]),
    ("company_name_case_insensitive_or", [1]),
    ("company_type", "agency"),
    ("job_export_key_or", ["x"]),
    ("limit", 0),
    ("limit", None),
    ("page", -1),
    ("offset", -1),
    ("offset", "0"),
    ("cursor", 1),
    ("include_total_results", None),
    ("blur_company_data", "yes"),
    ("order_by", "date_posted"),
    ("order_by", ["date_posted"]),
    ("order_by", [{"field": "name"}]),
    ("order_by", [{"field": None}]),
    ("order_by", [{"field": "salary", "desc": None}]),
    ("order_by", [{"field": "salary", "ascending": True}]),
]
"""Values of a job search that are none, by field."""


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_value_of_a_wrong_type_is_refused(searches: Searches, name: str, value: Any) -> None:
    assert searches.refused(JOBS, WEEK | {name: value}).startswith(f"body.{name}: ")


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("order_by", [{"desc": True}], "order_by"),
        ("order_by", [{"field": "salary"}], "order_by"),
        ("property_exists_and", ["final_url"], "property_exists_and"),
        ("expand_technology_slugs", [5], "expand_technology_slugs"),
        ("job_filters", [], "job_filters"),
        ("job_filters", {"remote": "yes"}, "job_filters.remote"),
        ("job_filters", {"remot": True}, "job_filters.remot"),
        ("job_filters", {"company_name_or": ["x"]}, "job_filters.company_name_or"),
        ("job_filters", {"property_exists_or": ["company_object.domain"]}, "job_filters.property_exists_or"),
        ("tech_filters", {"confidence_or": ["sure"]}, "tech_filters.confidence_or"),
        ("tech_filters", {"min_relative_occurrence": "1"}, "tech_filters.min_relative_occurrence"),
    ],
)
def test_a_wrong_value_of_a_company_search_is_refused(searches: Searches, name: str, value: Any, place: str) -> None:
    assert searches.refused(COMPANIES, {name: value}).startswith(f"body.{place}: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("company_name", 5),
        ("company_domain", ["x"]),
        ("order_by", [{"field": "name"}]),
        ("limit", 0),
        ("max_rank", 1.5),
    ],
)
def test_a_wrong_value_of_a_lookup_is_refused(searches: Searches, name: str, value: Any) -> None:
    assert f"body.{name}: " in searches.refused(TECHNOLOGIES, NAMED | {name: value})


def test_all_that_is_wrong_is_told_at_once() -> None:
    searches = Searches()
    description = searches.refused(JOBS, {"remote": 1, "job_titel_or": ["x"]})
    assert description.split(": ")[0] == "body.remote"
    assert "body.job_titel_or: Extra inputs are not permitted" in description
    assert "is required" in description
    assert searches.billed == 0


def test_unknown_fields_are_ignored_where_no_document_forbids_them() -> None:
    """The misspelt filter filters nothing, and its rows are billed: a trap."""
    searches = Searches()
    assert len(searches.ok(COMPANIES, company_nmae_or=["Amber Analytics"])["data"]) == 25
    assert searches.billed == 75
    assert searches.post(COMPANIES, {"tech_filters": {"unknown": 1}})[0] == 200
    assert searches.post(TECHNOLOGIES, NAMED | {"unknown": 1})[0] == 200
    refusing = Searches(unknown_filters="refuse")
    for what, body, name in (
        (COMPANIES, {"company_nmae_or": ["x"]}, "company_nmae_or"),
        (COMPANIES, {"tech_filters": {"unknown": 1}}, "tech_filters.unknown"),
        (TECHNOLOGIES, NAMED | {"unknown": 1}, "unknown"),
    ):
        assert refusing.refused(what, body) == f"body.{name}: Extra inputs are not permitted"
    known = dict.fromkeys(("job_filters", "tech_filters", "cursor"))
    assert refusing.post(COMPANIES, known | {"expand_technology_slugs": [], "company_name_or": []})[0] == 200
    assert refusing.post(TECHNOLOGIES, NAMED | {"company_name_or": [], "order_by": [], "limit": None})[0] == 200


@pytest.mark.parametrize(
    "body", [WEEK, {"company_name_or": ["Amber Analytics"], "limit": 500}, WEEK | {"blur_company_data": True}]
)
async def test_answers_of_job_search_are_as_documented(body: dict[str, Any]) -> None:
    """``discovered_at`` gets its offset here, for that is what the schema says; by default the fake leaves it out."""
    async with checking(FakeTheirStack(naive_instants=False, **SMALL)) as api:
        answer = await api.ok("POST", f"/v1/{JOBS}", body)
    assert answer["data"][0]["discovered_at"].endswith("Z")
    assert len(answer["data"]) > 5


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 500, "include_total_results": True},
        {"limit": 500, "blur_company_data": True},
        {"limit": 500, "job_filters": {"remote": True}, "tech_filters": {"min_jobs": 1}},
    ],
)
async def test_answers_of_company_search_are_as_documented(body: dict[str, Any]) -> None:
    async with checking(FakeTheirStack(**SMALL)) as api:
        assert len((await api.ok("POST", f"/v1/{COMPANIES}", body))["data"]) > 5


@pytest.mark.parametrize("what", [TECHNOLOGIES, INTENTS])
async def test_answers_of_lookups_are_as_documented(what: str) -> None:
    async with checking(FakeTheirStack(**SMALL)) as api:
        assert (await api.ok("POST", f"/v1/{what}", NAMED))["data"]
        assert api.fake.credits_billed == 3


async def test_refusals_are_as_documented(checked: CheckedApi) -> None:
    for what, body, status in (
        (JOBS, {}, 422),
        (JOBS, WEEK | {"job_title_pattern_or": ["("]}, 400),
        (COMPANIES, {"limit": 0}, 422),
        (TECHNOLOGIES, {}, 422),
    ):
        assert (await checked("POST", f"/v1/{what}", body))[0] == status
    assert (await checked("GET", f"/v1/{JOBS}"))[0] == 405


async def test_a_naive_instant_is_the_default() -> None:
    async with calling(FakeTheirStack(jobs=5)) as api:
        answer = await api.ok("POST", f"/v1/{JOBS}", {"posted_at_max_age_days": 999})
    assert answer["data"][0]["id"] == job_id(4)
    assert len(answer["data"][0]["discovered_at"]) == len("2026-09-21T14:13:20")


TABLES: Final[list[tuple[str, str, set[str]]]] = [
    ("JobSearchFilters-Input", "JobSearchRequest", {*JOB_FILTERS, *SHARED_FILTERS, *SWITCHES}),
    ("JobFilters", "JobFilter", {*NESTED_JOB_FILTERS}),
    ("CompanySearchFilters-Input", "CompanySearchRequest", {*COMPANY_FILTERS, *SWITCHES, *NESTING}),
    ("KeywordFilters", "KeywordFilter", {*KEYWORD_FILTERS}),
    (
        "TechnographicsFilters",
        "TechnographicsRequest",
        {*KEYWORD_FILTERS, *IDENTIFYING, *SWITCHES} - {"cursor", "blur_company_data"},
    ),
]


def schemas(newer: bool) -> dict[str, Any]:
    if newer:
        yaml = pytest.importorskip("yaml", reason="PyYAML is not installed (pip install pyyaml)")
        document = yaml.safe_load(NEWER.read_text("utf-8"))
    else:
        document = json.loads(VENDORS.read_text("utf-8"))
    found: dict[str, Any] = document["components"]["schemas"]
    return found


@pytest.mark.skipif(not VENDORS.exists(), reason="the documents are not at ../shared/api")
@pytest.mark.parametrize(("old", "new", "fields"), TABLES)
def test_the_fields_are_those_of_both_documents(old: str, new: str, fields: set[str]) -> None:
    assert fields == {*schemas(newer=False)[old]["properties"], *schemas(newer=True)[new]["properties"]}


def is_nullable(schema: Any) -> bool:
    types = schema.get("type", [])
    return {"type": "null"} in schema.get("anyOf", []) or "null" in types or None in schema.get("enum", [])


@pytest.mark.skipif(not VENDORS.exists(), reason="the documents are not at ../shared/api")
@pytest.mark.parametrize(("old", "new", "fields"), TABLES)
def test_null_is_taken_where_a_document_has_it(old: str, new: str, fields: set[str]) -> None:
    tables: list[Mapping[str, Filter[Any]]] = [
        JOB_FILTERS if "job_title_or" in fields else {},
        SHARED_FILTERS if "company_type" in fields else {},
        KEYWORD_FILTERS if "max_rank" in fields else {},
    ]
    known = {name: one for table in tables for name, one in table.items()}
    described = schemas(newer=True)[new]["properties"] | schemas(newer=False)[old]["properties"]
    for name in known.keys() & described.keys():
        assert known[name].nullable is is_nullable(described[name]), name
    assert known


@pytest.mark.skipif(not VENDORS.exists(), reason="the documents are not at ../shared/api")
def test_enumerations_are_those_of_the_document() -> None:
    found = schemas(newer=False)
    assert (list(SENIORITIES), list(STATUSES)) == (found["Seniority"]["enum"], found["Commitment"]["enum"])


@pytest.mark.skipif(not VENDORS.exists(), reason="the documents are not at ../shared/api")
@pytest.mark.parametrize(
    ("what", "body", "schema"),
    [
        (JOBS, WEEK, "ColumnSortJobSearch"),
        (COMPANIES, {}, "ColumnSortCompanySearch"),
        (TECHNOLOGIES, NAMED, "ColumnSortCompanyTechDetails"),
    ],
)
def test_every_documented_order_is_taken(searches: Searches, what: str, body: dict[str, Any], schema: str) -> None:
    fields = schemas(newer=False)[schema]["properties"]["field"]["enum"]
    for field in fields:
        assert searches.post(what, body | {"order_by": [{"field": field}]})[0] == 200
