"""Industries, countries and locations: filters and pages, and counts that agree with the data set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.fake._catalog import ALL, COMPANIES, JOBS, Row, data, rows
from tests.fake._documents import CheckedApi, checking
from theirstack_async.testing import FakeTheirStack

INDUSTRIES = "/v0/catalog/industries"
COMPANY_COUNTRIES = "/v0/catalog/companies_per_company_country_code"
JOB_COUNTRIES = "/v0/catalog/jobs_companies_per_job_country_code"
LOCATIONS = "/v0/catalog/locations"
PATHS = (
    "/v0/catalog/keywords",
    "/v1/catalog/keywords/categories",
    "/v1/catalog/keywords/subcategories",
    INDUSTRIES,
    COMPANY_COUNTRIES,
    JOB_COUNTRIES,
)
"""The six lists that need no key."""


@pytest_asyncio.fixture
async def places() -> AsyncIterator[CheckedApi]:
    """Give a caller with a key, and next to no data."""
    async with checking(FakeTheirStack(jobs=0, companies=1)) as api:
        yield api


async def test_nothing_is_billed_and_nothing_is_counted_as_the_teams(free: CheckedApi) -> None:
    for path in PATHS:
        assert len(await rows(free, path, "")) > 0
    assert free.fake.credits_billed == 0
    assert not free.fake._backend.account.seen.latest
    assert not any(record.needs_key for record in free.fake.requests)


async def test_industries_are_counted_in_the_data_set(free: CheckedApi) -> None:
    found = await rows(free, INDUSTRIES)
    assert [row["industry_id"] for row in found] == sorted(row["industry_id"] for row in found)
    for row in found:
        companies = [one for one in data(free).companies if one.industry_id == row["industry_id"]]
        assert (row["companies"], row["jobs"]) == (len(companies), sum(len(one.jobs) for one in companies))
    assert any(row["jobs"] for row in found)
    assert await rows(free, INDUSTRIES, "") == found[:25]
    assert await rows(free, INDUSTRIES, "page=1&limit=10") == found[10:20]
    by_id = {row["industry_id"]: row for row in found}
    assert (by_id[4]["industry"], by_id[4]["parent_id"]) == ("Software Development", None)
    assert (by_id[15]["hierarchy"], by_id[15]["parent_id"]) == ("Manufacturing > Pharmaceutical Manufacturing", 25)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("INSUR", lambda row: row["industry"] == "Insurance"),
        ("Manufacturing", lambda row: row["industry_id"] == 25 or row["parent_id"] == 25),
        ("Retail+%3E", lambda row: row["parent_id"] == 27),
        ("main+business+is+law", lambda row: row["industry_id"] == 9),
        ("nothing+of+that+name", lambda row: False),
    ],
)
async def test_industries_are_searched_by_name_hierarchy_and_description(
    free: CheckedApi, text: str, fits: Callable[[Row], bool]
) -> None:
    expected = [row for row in await rows(free, INDUSTRIES) if fits(row)]
    assert await rows(free, INDUSTRIES, f"industry={text}&{ALL}") == expected


async def test_a_bad_question_for_industries_is_422_with_a_list(free: CheckedApi) -> None:
    status, answer = await free("GET", f"{INDUSTRIES}?limit=0&page=x")
    assert (status, [problem["loc"][1] for problem in answer["detail"]]) == (422, ["page", "limit"])


async def test_companies_are_counted_by_country(free: CheckedApi) -> None:
    found = await rows(free, COMPANY_COUNTRIES)
    assert None in {row["iso2"] for row in found}
    for row in found:
        inside = [one for one in data(free).companies if (one.place and one.place.country.code) == row["iso2"]]
        assert row["num_companies"] == len(inside)
        assert row["country"] == (inside[0].place and inside[0].place.country.name)
    assert sum(row["num_companies"] for row in found) == COMPANIES
    numbers = [row["num_companies"] for row in found]
    assert numbers == sorted(numbers, reverse=True)


async def test_jobs_are_counted_by_country(free: CheckedApi) -> None:
    found = await rows(free, JOB_COUNTRIES)
    for row in found:
        inside = [job for job in data(free).jobs.values() if job.place.country.code == row["iso2"]]
        assert (row["num_jobs"], row["num_companies"]) == (len(inside), len({job.company.id for job in inside}))
        assert row["country"] == inside[0].place.country.name
    assert sum(row["num_jobs"] for row in found) == JOBS
    numbers = [row["num_jobs"] for row in found]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize("path", [COMPANY_COUNTRIES, JOB_COUNTRIES])
async def test_countries_come_in_pages_and_by_name(free: CheckedApi, path: str) -> None:
    whole = await rows(free, path)
    assert await rows(free, path, "page=1&limit=4") == whole[4:8]
    assert await rows(free, path, f"country=united&{ALL}") == [
        row for row in whole if row["country"] in ("United States", "United Kingdom")
    ]
    assert (await free("GET", f"{path}?limit=0"))[0] == 422


async def test_locations_need_a_key(free: CheckedApi) -> None:
    assert (await free("GET", LOCATIONS))[0] == 401


async def test_locations_hold_every_place_and_what_it_lies_in(places: CheckedApi) -> None:
    found = await places.ok("GET", f"{LOCATIONS}?{ALL}")
    assert len({row["id"] for row in found}) == len(found)
    by_id = {row["id"]: row for row in found}
    city, region, country, continent = (by_id[number] for number in (3117735, 3117732, 2510769, 6255148))
    assert (city["display_name"], city["feature_name"]) == ("Madrid, Madrid, Spain", "city")
    assert (region["display_name"], region["feature_name"], region["feature_code"]) == (
        "Madrid, Spain",
        "region",
        "ADM1",
    )
    assert (country["name"], country["feature_name"], country["admin1_name"]) == ("Spain", "country", None)
    assert (continent["name"], continent["feature_name"], continent["country_name"]) == ("Europe", "continent", None)
    assert await places.ok("GET", LOCATIONS) == found[:5]
    assert await places.ok("GET", f"{LOCATIONS}?offset=3&limit=4") == found[3:7]
    assert await places.ok("GET", f"{LOCATIONS}?offset=1000") == []


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("id=3117735", lambda row: row["id"] == 3117735),
        ("id=3117735&id=6255148&id=1", lambda row: row["id"] in (3117735, 6255148)),
        ("name=madr", lambda row: row["name"] == "Madrid"),
        ("country_code=CA", lambda row: row["country_code"] == "CA"),
        ("feature_code=PCLI", lambda row: row["feature_name"] == "country"),
        ("feature_code=ADM1&feature_code=CONT", lambda row: row["feature_name"] in ("region", "continent")),
        ("name=madrid&feature_code=PPLA", lambda row: row["id"] == 3117735),
        ("country_code=XX", lambda row: False),
    ],
)
async def test_locations_are_filtered(places: CheckedApi, query: str, fits: Callable[[Row], bool]) -> None:
    whole = await places.ok("GET", f"{LOCATIONS}?{ALL}")
    expected = [row for row in whole if fits(row)]
    assert await places.ok("GET", f"{LOCATIONS}?{query}&{ALL}") == expected


@pytest.mark.parametrize("query", ["limit=100001", "limit=0", "offset=-1", "id=Madrid"])
async def test_a_bad_question_for_locations_is_422(places: CheckedApi, query: str) -> None:
    assert (await places("GET", f"{LOCATIONS}?{query}"))[0] == 422
