"""Keywords and their categories: filters and pages, and counts that agree with the data set."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fake._catalog import ALL, Row, data, rows
from tests.fake._documents import CheckedApi
from theirstack_async.testing.catalog.vocabulary import KEYWORDS

KEYWORD_LIST = "/v0/catalog/keywords"
OLD_LIST = "/v0/catalog/technologies"
SUBCATEGORIES = "/v1/catalog/keywords/subcategories"
SEARCH_ENGINES = "category_slug=data-stores&subcategory_slug=search-engines"


async def test_keywords_come_in_pages_with_a_total(free: CheckedApi) -> None:
    whole = [row["slug"] for row in await rows(free, KEYWORD_LIST)]
    assert len(whole) == len(set(whole)) == len(KEYWORDS) > 250
    first = await free.ok("GET", KEYWORD_LIST)
    assert first["metadata"] == {"total_results": len(whole), "page": 0, "limit": 25}
    assert [row["slug"] for row in first["data"]] == whole[:25]
    second = await free.ok("GET", f"{KEYWORD_LIST}?page=1&limit=7&include_metadata=false")
    assert second["metadata"] == {"total_results": len(whole), "page": 1, "limit": 7}
    assert [row["slug"] for row in second["data"]] == whole[7:14]
    assert [row["slug"] for row in await rows(free, KEYWORD_LIST, "page=0&limit=1")] == whole[:1]
    assert await rows(free, KEYWORD_LIST, "page=99") == []


async def test_keywords_are_counted_in_the_data_set_most_jobs_first(free: CheckedApi) -> None:
    found = await rows(free, KEYWORD_LIST)
    jobs = list(data(free).jobs.values())
    for row in found:
        naming = [job for job in jobs if row["slug"] in (*job.technologies, *job.topics)]
        posted: dict[str, int] = {}
        for job in naming:
            posted[job.company.id] = min(job.posted, posted.get(job.company.id, job.posted))
        assert (row["jobs"], row["companies"]) == (len(naming), len(posted)), row["slug"]
        assert row["companies_found_last_week"] == sum(day > data(free).today - 7 for day in posted.values())
    assert found == sorted(found, key=lambda row: (-row["jobs"], row["slug"]))
    assert found[0]["jobs"] > 10 > found[-1]["jobs"] == 0
    assert any(row["companies_found_last_week"] for row in found)


async def test_new_jobs_count_at_once(free: CheckedApi) -> None:
    before = sum(row["jobs"] for row in await rows(free, KEYWORD_LIST))
    added = [data(free).jobs[job_id] for job_id in data(free).add(3)]
    more = sum(len(job.technologies) + len(job.topics) for job in added)
    assert sum(row["jobs"] for row in await rows(free, KEYWORD_LIST)) == before + more


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("keyword_type=technology", lambda row: row["type"] == "technology"),
        ("keyword_type=event", lambda row: False),
        (
            "keyword_type_not=technology&keyword_type_not=software_product",
            lambda row: row["type"] not in ("technology", "software_product"),
        ),
        ("name_pattern=SQL", lambda row: "sql" in row["name"].lower()),
        ("slug=kafka", lambda row: row["slug"] == "kafka"),
        ("slugs=kafka&slugs=python&slugs=nothing", lambda row: row["slug"] in ("kafka", "python")),
        ("category_pattern=dataBASE", lambda row: "database" in row["category"].lower()),
        ("category_slug=languages", lambda row: row["category"] == "Languages"),
        ("category_slug=Languages", lambda row: False),
        ("parent_category_pattern=DATA", lambda row: "data" in row["parent_category"].lower()),
        ("parent_category_slug=data-stores", lambda row: row["parent_category"] == "Data Stores"),
        ("starts_with=re", lambda row: row["name"].startswith("Re")),
        ("starts_with=__other__", lambda row: row["name"] in ("5G", "3D Printing")),
        ("q=regulation", lambda row: row["type"] == "regulation"),
        ("q=Risks", lambda row: row["parent_category"] == "Risks"),
        ("q=web+frame", lambda row: row["category"] == "Web Frameworks"),
        (
            "name_pattern=a&category_slug=languages",
            lambda row: "a" in row["name"].lower() and row["category"] == "Languages",
        ),
    ],
)
async def test_keywords_are_filtered(free: CheckedApi, query: str, fits: Callable[[Row], bool]) -> None:
    whole = await rows(free, KEYWORD_LIST)
    expected = [row for row in whole if fits(row)]
    assert await rows(free, KEYWORD_LIST, f"{query}&{ALL}") == expected
    assert len(expected) < len(whole)


async def test_names_that_begin_with_the_query_come_first(free: CheckedApi) -> None:
    found = await rows(free, KEYWORD_LIST, f"q=Data&{ALL}")
    begin = [row["name"].lower().startswith("data") for row in found]
    assert begin == sorted(begin, reverse=True)
    assert 0 < sum(begin) < len(begin)
    for part in (found[: sum(begin)], found[sum(begin) :]):
        assert part == sorted(part, key=lambda row: (-row["jobs"], row["slug"]))


@pytest.mark.parametrize(
    "query",
    [
        "keyword_type=tech",
        "keyword_type_not=technology&keyword_type_not=x",
        "page=-1",
        "limit=0",
        "include_metadata=maybe",
    ],
)
async def test_a_bad_question_for_keywords_is_422(free: CheckedApi, query: str) -> None:
    status, answer = await free("GET", f"{KEYWORD_LIST}?{query}")
    assert (status, set(answer)) == (422, {"error", "request_id"})


async def test_the_old_list_has_technologies_only_in_a_bare_array(free: CheckedApi) -> None:
    technologies = await rows(free, KEYWORD_LIST, f"keyword_type=technology&{ALL}")
    expected = [{name: value for name, value in row.items() if name != "type"} for row in technologies]
    assert await free.ok("GET", f"{OLD_LIST}?{ALL}") == expected
    assert await free.ok("GET", f"{OLD_LIST}?page=1&limit=3") == expected[3:6]
    assert await free.ok("GET", OLD_LIST) == expected[:25]
    assert await free.ok("GET", f"{OLD_LIST}?name_pattern=kafka&q=python") == [
        r for r in expected if r["slug"] == "kafka"
    ]
    assert (await free("GET", f"{OLD_LIST}?limit=0"))[0] == 422


@pytest.mark.parametrize("kind", ["keywords", "technologies"])
async def test_categories_count_their_keywords_and_companies(free: CheckedApi, kind: str) -> None:
    query = "keyword_type=technology&" if kind == "technologies" else ""
    keywords = await rows(free, KEYWORD_LIST, f"{query}{ALL}")
    found = await rows(free, f"/v1/catalog/{kind}/categories")
    assert {row["slug"] for row in found} == {keyword["parent_category_slug"] for keyword in keywords}
    for row in found:
        slugs = {keyword["slug"] for keyword in keywords if keyword["parent_category_slug"] == row["slug"]}
        using = {job.company.id for job in data(free).jobs.values() if slugs & {*job.technologies, *job.topics}}
        assert (row["number_of_technologies"], row["number_of_companies"]) == (len(slugs), len(using))
    assert await rows(free, f"/v1/catalog/{kind}/categories", "category_slug=data-stores") == [
        row for row in found if row["slug"] == "data-stores"
    ]
    assert await rows(free, f"/v1/catalog/{kind}/categories", "category_slug=nothing") == []


@pytest.mark.parametrize("kind", ["keywords", "technologies"])
async def test_subcategories_show_the_keywords_of_most_jobs(free: CheckedApi, kind: str) -> None:
    query = "keyword_type=technology&" if kind == "technologies" else ""
    keywords = await rows(free, KEYWORD_LIST, f"{query}{ALL}")
    found = await rows(free, f"/v1/catalog/{kind}/subcategories")
    assert {row["slug"] for row in found} == {keyword["category_slug"] for keyword in keywords}
    for row in found:
        inside = [keyword for keyword in keywords if keyword["category_slug"] == row["slug"]]
        assert [one["slug"] for one in row["technologies"]] == [one["slug"] for one in inside[:5]]
        assert (row["number_of_technologies"], row["category_slug"]) == (len(inside), inside[0]["parent_category_slug"])
        assert row["name"] == inside[0]["category"]
        slugs = {keyword["slug"] for keyword in inside}
        using = {job.company.id for job in data(free).jobs.values() if slugs & {*job.technologies, *job.topics}}
        assert row["number_of_companies"] == len(using)


@pytest.mark.parametrize(
    ("query", "slugs", "most"),
    [
        ("category_slug=data-engineering", ["stream-processing", "workflow-engines", "batch-processing"], 3),
        ("category_slug=data-engineering&subcategory_slug=batch-processing", ["batch-processing"], 3),
        ("category_slug=data-stores&subcategory_slug=batch-processing", [], 0),
        (
            "category_slug=data-stores&subcategory_slug=search-engines&num_technologies_per_category=2",
            ["search-engines"],
            2,
        ),
        (
            "category_slug=data-stores&subcategory_slug=search-engines&num_technologies_per_category=-2",
            ["search-engines"],
            0,
        ),
    ],
)
async def test_subcategories_are_filtered(free: CheckedApi, query: str, slugs: list[str], most: int) -> None:
    found = await rows(free, SUBCATEGORIES, query)
    assert [row["slug"] for row in found] == slugs
    assert all(len(row["technologies"]) == most for row in found)


@pytest.mark.parametrize("query", ["subcategory_slug=kafka", "num_technologies_per_category=five"])
async def test_a_bad_question_for_subcategories_is_422(free: CheckedApi, query: str) -> None:
    assert (await free("GET", f"{SUBCATEGORIES}?{query}"))[0] == 422


async def test_a_query_can_name_thousands_of_slugs(free: CheckedApi) -> None:
    slugs = [f"unknown-{number}" for number in range(5000)]
    query = "&".join(f"slugs={slug}" for slug in [*slugs, "kafka"])
    assert [row["slug"] for row in await rows(free, KEYWORD_LIST, query)] == ["kafka"]
