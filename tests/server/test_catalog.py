"""The catalog, over real sockets: numbered pages without a key, and places by offset with one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server._account import Do, account, keys, refused, sent
from tests.strategies import full
from theirstack_async import Checkpoint, ConfigurationError, DecodeError, EndReason, TheirStack, UnprocessableError
from theirstack_async.models import Industry, Keyword, KeywordCategory, KeywordSubcategory, KeywordType, Location
from theirstack_async.testing.faults import GarbageJson, Status

NUMBERED = ["keywords", "industries", "company_countries", "job_countries"]


def plain(rows: list[Any]) -> list[Any]:
    return [row.to_dict() for row in rows]


@pytest.mark.parametrize("key", [None, "fake-theirstack-key"])
@pytest.mark.parametrize("name", NUMBERED)
async def test_numbered_pages_are_read_to_the_end_without_a_key(name: str, key: str | None) -> None:
    async with account(key=key) as (fake, client):
        rows = getattr(client.catalog, name)(page_size=7)
        found = await rows.collect()
        assert rows.end is EndReason.EXHAUSTED
        assert rows.total == len(found) > 7
        assert plain(found) == plain(await getattr(client.catalog, name)(page_size=1000).collect())
        asked = [request.query_string for request in fake.requests]
        assert asked == [*(f"page={number}&limit=7" for number in range(len(asked) - 1)), "page=0&limit=1000"]
        assert keys(fake) == {False}


@pytest.mark.parametrize("name", NUMBERED)
async def test_a_page_that_the_api_cuts_short_loses_no_row(name: str) -> None:
    """A server that gives five rows a page whatever the limit is read in pages of five from then on."""
    async with account(key=None) as (fake, client):
        everything = await getattr(client.catalog, name)().collect()
        short = await getattr(client.catalog, name)(page_size=5).raw_pages().__anext__()
        fake.faults.add("GET *", GarbageJson(short.body))
        assert plain(await getattr(client.catalog, name)(page_size=40).collect()) == plain(everything)


async def test_it_goes_on_where_it_stopped() -> None:
    async with account() as (fake, client):
        everything = await client.catalog.keywords().collect()
        rows = client.catalog.keywords(page_size=7)
        taken = await rows.collect(10)
        point = Checkpoint.from_json(rows.checkpoint().to_json())
        taken_here = taken + await rows.collect()
        asked = len(fake.requests)
        taken_there = taken + await client.catalog.keywords(page_size=4, resume=point).collect()
        assert taken_here == taken_there == everything
        assert [request.query_string for request in fake.requests][asked] == "page=2&limit=4"
        assert await refused(lambda c: c.catalog.keywords(q="x", resume=point)) == "resume"


async def test_it_stops_and_goes_on_many_times() -> None:
    """Checkpoints lie in the middle of pages, and pages have another size each time; no row is lost or comes twice."""
    async with account() as (_, client):
        everything = await client.catalog.keywords().collect(60)
        taken: list[Keyword] = []
        point = None
        for turn in range(12):
            rows = client.catalog.keywords(page_size=4 + turn % 3, resume=point)
            taken += await rows.collect(5)
            point = rows.checkpoint()
        assert taken == everything


async def test_no_more_is_handed_out_than_wanted() -> None:
    async with account() as (fake, client):
        rows = client.catalog.industries(page_size=5, max_items=6)
        assert len(await rows.collect()) == 6
        assert rows.end is EndReason.MAX_ITEMS
        assert [request.query_string for request in fake.requests] == ["page=0&limit=5", "page=1&limit=5"]
        async with client.catalog.industries(page_size=5).prefetch(3) as ahead:
            assert [row async for row in ahead] == await client.catalog.industries().collect()


async def test_keywords_of_a_kind() -> None:
    async with account() as (_, client):
        catalog = client.catalog
        everything = await catalog.keywords().collect()
        assert all(isinstance(row, Keyword) for row in everything)
        technologies = await catalog.keywords(keyword_type=KeywordType.TECHNOLOGY).collect()
        topics = await catalog.keywords(keyword_type_not=["technology"]).collect()
        assert {row.type for row in technologies} == {"technology"}
        assert {row.slug for row in technologies} | {row.slug for row in topics} == {row.slug for row in everything}
        assert len(technologies) + len(topics) == len(everything)
        one = technologies[3]
        assert [row.slug for row in await catalog.keywords(slugs=[one.slug]).collect()] == [one.slug]
        assert one in await catalog.keywords(q=one.name, category_slug=one.category_slug).collect()
        assert one in await catalog.keywords(starts_with=one.name[:2], name_pattern=one.name).collect()
        assert one in await catalog.keywords(category_pattern=one.category).collect()
        parent = catalog.keywords(
            parent_category_slug=one.parent_category_slug, parent_category_pattern=one.parent_category
        )
        assert one in await parent.collect()


async def test_countries_without_a_name_are_told_apart() -> None:
    """The API has a row with nulls for companies of which no country is known; two such rows are two rows."""
    rows = [{"iso2": "FR"}, {"num_companies": 1}, {"num_companies": 2}, {"num_companies": 1}]
    body = json.dumps({"data": rows, "metadata": {}}).encode()
    async with account() as (fake, client):
        fake.faults.add("GET *", GarbageJson(body))
        found = await client.catalog.company_countries().collect()
        assert [(row.iso2, row.num_companies) for row in found] == [("FR", None), (None, 1), (None, 2)]


async def test_industries_and_countries_by_name() -> None:
    async with account() as (_, client):
        law = await client.catalog.industries(industry="LAW").collect()
        assert [row.industry for row in law] == ["Law Practice"]
        assert isinstance(law[0], Industry)
        first = (await client.catalog.job_countries().collect(1))[0]
        assert await client.catalog.job_countries(country=first.country).collect() == [first]
        known = [row for row in await client.catalog.company_countries().collect() if row.country]
        assert await client.catalog.company_countries(country=known[0].country).collect() == known[:1]


async def test_categories_and_subcategories() -> None:
    async with account(key=None) as (fake, client):
        categories = await client.catalog.categories()
        assert all(isinstance(each, KeywordCategory) for each in categories)
        slug = categories[0].slug
        assert await client.catalog.categories(category_slug=slug) == categories[:1]
        everything = await client.catalog.subcategories()
        assert all(isinstance(each, KeywordSubcategory) for each in everything)
        here = await client.catalog.subcategories(category_slug=slug)
        assert here == [each for each in everything if each.category_slug == slug]
        one = await client.catalog.subcategories(
            category_slug=slug, subcategory_slug=here[0].slug, num_technologies_per_category=1
        )
        assert [(each.slug, len(each.technologies)) for each in one] == [(here[0].slug, 1)]
        assert keys(fake) == {False}


async def test_rows_of_a_whole_answer_that_do_not_decode() -> None:
    body = json.dumps({"data": [full(KeywordCategory), {"name": 7}], "metadata": {"total_results": "many"}}).encode()
    async with account() as (fake, client):
        fake.faults.add("GET *", GarbageJson(body))
        with pytest.raises(DecodeError, match="GET /v1/catalog/keywords/categories: row 1 does not decode") as caught:
            await client.catalog.categories()
        assert caught.value.body == body
        assert [each.slug for each in caught.value.items_so_far or []] == ["text"]


async def test_rows_of_a_page_that_do_not_decode() -> None:
    body = json.dumps({"data": [{"industry_id": "x"}, {"industry_id": 4}], "metadata": {}}).encode()
    async with account() as (fake, client):
        fake.faults.add("GET *", GarbageJson(body), times=2)
        rows = client.catalog.industries(rejects="collect")
        assert [row.industry_id for row in await rows.collect()] == [4]
        assert [error.body for error in rows.rejects] == [b'{"industry_id": "x"}']
        with pytest.raises(DecodeError, match="GET /v0/catalog/industries"):
            await client.catalog.industries().collect()


async def test_keywords_without_data_are_an_empty_page() -> None:
    """The document of the keywords alone does not require ``data``."""
    async with account() as (fake, client):
        fake.faults.add("GET *", GarbageJson(b'{"metadata": {"total_results": 0}}'), times=2)
        assert await client.catalog.keywords().collect() == []
        with pytest.raises(DecodeError):
            await client.catalog.industries().collect()


async def test_places() -> None:
    async with account() as (fake, client):
        rows = client.catalog.locations(page_size=20)
        everything = await rows.collect()
        assert all(isinstance(row, Location) for row in everything)
        assert rows.end is EndReason.EXHAUSTED
        assert [request.query_string for request in fake.requests] == [
            f"offset={offset}&limit=20" for offset in (0, 19, 38)
        ]
        assert keys(fake) == {True}
        one, two = everything[3], everything[5]
        assert await client.catalog.locations(id=one.id).collect() == [one]
        assert await client.catalog.locations(id=(one.id, two.id), offset=1).collect() == [two]
        assert one in await client.catalog.locations(name=one.name, country_code=one.country_code).collect()
        kinds = await client.catalog.locations(feature_code={"CONT", "PCLI"}).collect()
        assert {row.feature_code for row in kinds} == {"CONT", "PCLI"}
        assert {row.feature_code for row in await client.catalog.locations(feature_code="CONT").collect()} == {"CONT"}


async def test_places_need_the_key() -> None:
    async with account(key=None) as (fake, client):
        with pytest.raises(ConfigurationError, match="GET /v0/catalog/locations needs an API key"):
            await client.catalog.locations().collect()
        assert sent(fake) == []


async def test_both_shapes_of_a_422() -> None:
    """Industries answer FastAPI's list, the others the envelope."""
    async with account() as (fake, client):
        listed = b'{"detail": [{"loc": ["query", "limit"], "msg": "too many", "type": "x"}]}'
        fake.faults.add("GET *", Status(422, listed))
        with pytest.raises(UnprocessableError) as caught:
            await client.catalog.industries().collect()
        assert [str(problem) for problem in caught.value.problems] == ["query.limit: too many"]
        fake.faults.add("GET *", Status(422))
        with pytest.raises(UnprocessableError) as caught:
            await client.catalog.keywords().collect()
        assert (caught.value.problems, caught.value.description) == ((), "on cue")


async def test_a_type_that_is_not_known_passes_with_a_warning() -> None:
    async with account() as (fake, client):
        fake.faults.add("GET *", GarbageJson(b'{"data": [], "metadata": {}}'))
        with pytest.warns(UserWarning, match="keyword_type: 'tecnology'.*did you mean 'technology'") as caught:
            assert await client.catalog.keywords(keyword_type="tecnology").collect() == []
        assert [each.filename for each in caught] == [__file__]
        assert fake.requests[0].query_string == "keyword_type=tecnology&page=0&limit=100"


def texts_of_keywords() -> list[str]:
    return [
        "q", "name_pattern", "starts_with", "category_slug", "category_pattern", "parent_category_slug",
        "parent_category_pattern",
    ]  # fmt: skip


@pytest.mark.parametrize("field", texts_of_keywords())
async def test_texts_of_keywords_are_texts(field: str) -> None:
    for wrong in ("", " ", 7, ["a"]):
        assert await refused(lambda c, wrong=wrong: c.catalog.keywords(**{field: wrong})) == field  # type: ignore[misc]


@pytest.mark.parametrize("name", [*NUMBERED, "locations"])
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"page_size": 0}, "page_size"),
        ({"page_size": "9"}, "page_size"),
        ({"max_items": -1}, "max_items"),
        ({"resume": 7}, "resume"),
        ({"rejects": "drop"}, "rejects"),
    ],
)
async def test_how_a_list_is_read_is_checked(name: str, wrong: dict[str, Any], field: str) -> None:
    do: Do = lambda c: getattr(c.catalog, name)(**wrong)  # noqa: E731
    assert await refused(do) == field


@pytest.mark.parametrize(
    ("do", "field"),
    [
        (lambda c: c.catalog.keywords(slugs="abc"), "slugs"),
        (lambda c: c.catalog.keywords(slugs=[]), "slugs"),
        (lambda c: c.catalog.keywords(slugs=[7]), "slugs"),
        (lambda c: c.catalog.keywords(keyword_type=7), "keyword_type"),
        (lambda c: c.catalog.keywords(keyword_type_not="technology"), "keyword_type_not"),
        (lambda c: c.catalog.categories(category_slug=""), "category_slug"),
        (lambda c: c.catalog.subcategories(category_slug=7), "category_slug"),
        (lambda c: c.catalog.subcategories(subcategory_slug="a"), "subcategory_slug"),
        (lambda c: c.catalog.subcategories(category_slug="a", subcategory_slug=""), "subcategory_slug"),
        (lambda c: c.catalog.subcategories(num_technologies_per_category=-1), "num_technologies_per_category"),
        (lambda c: c.catalog.industries(industry=""), "industry"),
        (lambda c: c.catalog.company_countries(country=7), "country"),
        (lambda c: c.catalog.job_countries(country=""), "country"),
        (lambda c: c.catalog.locations(id="7"), "id"),
        (lambda c: c.catalog.locations(id=[]), "id"),
        (lambda c: c.catalog.locations(id=["7"]), "id"),
        (lambda c: c.catalog.locations(id=1.5), "id"),
        (lambda c: c.catalog.locations(name=""), "name"),
        (lambda c: c.catalog.locations(country_code=7), "country_code"),
        (lambda c: c.catalog.locations(feature_code=7), "feature_code"),
        (lambda c: c.catalog.locations(feature_code=[7]), "feature_code"),
        (lambda c: c.catalog.locations(page_size=100_001), "page_size"),
        (lambda c: c.catalog.locations(offset=-1), "offset"),
    ],
)
async def test_what_is_refused_is_not_sent(do: Do, field: str) -> None:
    assert await refused(do) == field


async def test_nothing_is_sent_before_a_row_is_asked_for() -> None:
    async with account() as (fake, client):
        unread: TheirStack = client
        unread.catalog.keywords()
        unread.catalog.locations()
        assert sent(fake) == []
