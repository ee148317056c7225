"""The technologies and buying intents of one company, over a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.server._searches import Edited, bodies, searching
from theirstack_async import (
    ArgumentError,
    Company,
    CompanyKeyword,
    CompanyKeywords,
    Confidence,
    DecodeError,
    InsufficientCreditsError,
    KeywordSort,
    KeywordSortField,
    OutcomeUnknownError,
    SearchMetadata,
    TheirStack,
    UnprocessableError,
)
from theirstack_async.testing import (
    FakeTheirStack,
    GarbageJson,
    PaymentRequiredData,
    ResetBeforeBody,
    Status,
    TruncatedBody,
)

METHODS = ["technologies", "buying_intents"]
ANY = "POST /v1/companies/*"


@pytest_asyncio.fixture
async def known() -> AsyncIterator[tuple[FakeTheirStack, TheirStack, Company]]:
    """Yield a fake, a client, and a company with a domain and a LinkedIn page; nothing is billed or sent so far."""
    async with searching(jobs=200, companies=5) as (fake, client):
        rows = await client.companies.search(max_items=5).collect()
        company = next(row for row in rows if row.domain and row.linkedin_url)
        fake.requests.clear()
        yield fake, client, company


def paths(fake: FakeTheirStack) -> list[str]:
    return [request.path for request in fake.requests]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("argument", "field", "attribute"),
    [
        ("domain", "company_domain", "domain"),
        ("name", "company_name", "name"),
        ("linkedin_url", "company_linkedin_url", "linkedin_url"),
        ("company_id", "company_id", "id"),
    ],
)
async def test_one_request_brings_all_rows_for_three_credits(
    known: Any, method: str, argument: str, field: str, attribute: str
) -> None:
    fake, client, company = known
    before, value = fake.credits_billed, getattr(company, attribute)
    found = await getattr(client.companies, method)(**{argument: value})
    assert isinstance(found, CompanyKeywords)
    assert found.data
    assert all(type(row) is CompanyKeyword for row in found)
    assert len(found) == len(found.data)
    assert bodies(fake) == [{field: value}]
    assert paths(fake) == [f"/v1/companies/{method}"]
    assert fake.credits_billed - before == 3
    assert isinstance(found.metadata, SearchMetadata)


async def test_the_two_tell_of_different_keywords(known: Any) -> None:
    _, client, company = known
    technologies = {row.technology.slug for row in await client.companies.technologies(name=company.name)}
    topics = {row.technology.slug for row in await client.companies.buying_intents(name=company.name)}
    assert technologies
    assert topics
    assert not technologies & topics


@pytest.mark.parametrize("method", METHODS)
async def test_what_is_not_found_costs_nothing(known: Any, method: str) -> None:
    fake, client, _ = known
    before = fake.credits_billed
    found = await getattr(client.companies, method)(domain="nobody.invalid")
    assert (len(found), list(found), fake.credits_billed) == (0, [], before)


@pytest.mark.parametrize("method", METHODS)
async def test_a_limit_and_filters(known: Any, method: str) -> None:
    fake, client, company = known
    order = [KeywordSort(field=KeywordSortField.JOBS, desc=False)]
    call = getattr(client.companies, method)
    found = await call(name=company.name, limit=2, min_jobs=1, confidence_or=["high", "medium", "low"], order_by=order)
    assert bodies(fake) == [
        {
            "company_name": company.name,
            "min_jobs": 1,
            "confidence_or": ["high", "medium", "low"],
            "order_by": [{"field": "jobs", "desc": False}],
            "limit": 2,
        }
    ]
    assert len(found) == 2
    assert found.data[0].jobs <= found.data[1].jobs
    assert all(row.confidence in Confidence for row in found)


async def test_extra_filters_are_sent_as_they_are() -> None:
    async with searching(unknown_filters="refuse") as (fake, client):
        with pytest.raises(UnprocessableError, match="a_new_filter"):
            await client.companies.technologies(domain="x.example", extra_filters={"a_new_filter": 1})
        assert bodies(fake) == [{"company_domain": "x.example", "a_new_filter": 1}]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "domain"),
        ({"domain": "x.example", "name": "X"}, "domain"),
        ({"name": "X", "company_id": "1"}, "domain"),
        ({"domain": ""}, "domain"),
        ({"name": 7}, "name"),
        ({"linkedin_url": ["x"]}, "linkedin_url"),
        ({"domain": "x.example", "limit": 0}, "limit"),
        ({"domain": "x.example", "limit": "2"}, "limit"),
        ({"domain": "x.example", "keyword_slug": ["x"]}, "keyword_slug"),
        ({"domain": "x.example", "offset": 3}, "offset"),
        ({"domain": "x.example", "min_jobs": "3"}, "min_jobs"),
        ({"domain": "x.example", "extra_filters": {"limit": 3}}, "extra_filters.limit"),
    ],
)
async def test_what_is_refused_is_not_sent(known: Any, method: str, given: dict[str, Any], field: str) -> None:
    fake, client, _ = known
    with pytest.raises(ArgumentError) as caught:
        await getattr(client.companies, method)(**given)
    assert (caught.value.field, fake.requests.total) == (field, 0)


@pytest.mark.parametrize("fault", [ResetBeforeBody(apply=True), TruncatedBody(), Status(500), Status(503)])
async def test_of_an_unknown_outcome_it_is_told_what_is_at_risk(known: Any, fault: Any) -> None:
    fake, client, company = known
    fake.faults.add(ANY, fault, times=None)
    with pytest.raises(OutcomeUnknownError) as caught:
        await client.companies.technologies(name=company.name)
    assert (caught.value.credits_at_risk, fake.requests.total) == (3, 1)


async def test_what_was_turned_away_is_sent_again(known: Any) -> None:
    fake, client, company = known
    fake.faults.add(ANY, Status(429, headers={"Retry-After": "0"}))
    assert await client.companies.technologies(name=company.name)
    assert fake.requests.total == 2


@pytest.mark.parametrize("method", METHODS)
async def test_rows_that_do_not_decode_leave_the_others_and_the_bytes(known: Any, method: str) -> None:
    fake, client, company = known

    def damage(data: dict[str, Any]) -> None:
        data["data"][0]["jobs"] = "many"

    fake.faults.add(ANY, Edited(damage))
    with pytest.raises(DecodeError, match=rf"POST /v1/companies/{method}: row 0 .*jobs") as caught:
        await getattr(client.companies, method)(name=company.name)
    data = json.loads(caught.value.body)["data"]
    assert len(caught.value.items_so_far or []) == len(data) - 1
    assert [problem.path for problem in caught.value.problems] == ["jobs"]


async def test_metadata_that_are_missing_cost_no_row(known: Any) -> None:
    fake, client, company = known
    fake.faults.add(ANY, Edited(lambda data: data.pop("metadata")))
    found = await client.companies.technologies(name=company.name)
    assert found.data
    assert found.metadata == SearchMetadata()


async def test_an_answer_that_is_no_json_keeps_its_bytes(known: Any) -> None:
    fake, client, company = known
    fake.faults.add(ANY, GarbageJson(apply=True))
    with pytest.raises(DecodeError) as caught:
        await client.companies.technologies(name=company.name)
    assert caught.value.body == GarbageJson().body


@pytest.mark.parametrize(("how", "status"), [("402", 402), ("402-data", 402), ("truncate", 200)])
@pytest.mark.parametrize("method", METHODS)
async def test_without_credits_a_company_does_not_seem_to_have_none(how: str, status: int, method: str) -> None:
    async with searching(jobs=200, companies=5, credits=15, out_of_credits=how) as (fake, client):
        (company, *_) = await client.companies.search(max_items=5).collect()
        with pytest.raises(InsufficientCreditsError, match="credits") as caught:
            await getattr(client.companies, method)(name=company.name)
        assert (caught.value.status, caught.value.items_so_far or []) == (status, [])
        assert (fake.credits_left, fake.credits_billed) == (0, 15)


async def test_rows_that_came_although_others_were_held_back(known: Any) -> None:
    fake, client, company = known
    fake.faults.add(ANY, Edited(lambda data: data["metadata"].update(truncated_results=4)))
    with pytest.raises(InsufficientCreditsError, match=r"technologies: .* 4 rows were held back") as caught:
        await client.companies.technologies(name=company.name)
    assert caught.value.items_so_far
    assert all(isinstance(row, CompanyKeyword) for row in caught.value.items_so_far)


async def test_a_402_that_does_not_say_how_many(known: Any) -> None:
    fake, client, company = known
    fake.faults.add(ANY, PaymentRequiredData(truncated_results=0))
    with pytest.raises(InsufficientCreditsError, match="some rows were held back"):
        await client.companies.technologies(name=company.name)
